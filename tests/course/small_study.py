"""Studies that take no time: regressions and tiny networks on made-up prices, or random walks."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from course.studies import running
from course.studies.bands import Walk
from course.studies.one_step import OneStep
from course.studies.study import Study
from course_utils.recipes import RECIPES, Recipe
from course_utils.studies import read_study

import pandas as pd
from helpers import made_up_prices

LINEAR = [
    OneStep("linear, last day", ticker, column, 2017, 0)
    for ticker in ("AAPL", "IBM")
    for column in ("High", "Close")
]
TINY = Recipe("returns", lookback=5, cell="SimpleRNN", units=2, epochs=1)
NETWORK = [OneStep("tiny", "IBM", "High", 2017, seed) for seed in (0, 1)]
WALKS = [Walk("IBM", column, 2017) for column in ("High", "Low", "Close")]
"""of years of prices; a process of their own loads no TensorFlow"""


@dataclass(frozen=True)
class Waits:
    """A fit that says by a file that it has begun, and then takes long."""

    file: str
    version: ClassVar[int] = 1

    def measure(self, prices):
        Path(self.file).touch()
        time.sleep(100)


def some_prices(ticker):
    return made_up_prices("2016-10-03", "2017-03-31", seed=len(ticker), ticker=ticker)


def years_of_prices(ticker):
    return made_up_prices("2015-06-01", "2017-06-30", seed=len(ticker), ticker=ticker)


def use_made_up_prices(monkeypatch, prices=some_prices):
    """Replace what a study fits, not its machinery: its prices, and one recipe more."""
    monkeypatch.setattr(running, "load_prices", prices)
    monkeypatch.setitem(RECIPES, "tiny", TINY)


def run(folder, fits, name="small", **options):
    """Run a study of these fits in a folder; returns its table."""
    study = Study(name, "", lambda: fits)
    folders = {"fits_folder": folder / "fits", "tables_folder": folder / "tables"}
    written = running.run_study(study, **{"jobs": 1, **options}, **folders)
    assert written == [folder / "tables" / f"{name}.csv"]
    return read_study(name, folder / "tables")


def counts(reports):
    """A report that collects what it is told."""
    return lambda *done_and_total: reports.append(done_and_total)


def assert_same_results(one, other, **tolerance):
    """All columns except how long it took."""
    timeless = (table.drop(columns="seconds") for table in (one, other))
    pd.testing.assert_frame_equal(*timeless, **tolerance)
