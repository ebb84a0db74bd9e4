"""How a study is run, stopped, gone on with, stored and read.

Every finished fit is written at once to a file of its own, named after all that it depends on, so
that a study can be stopped at any moment, goes on where it was, and never mixes old with new.
`workers` measures the fits, on this machine or on others; what they find is written here.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course.studies.fits import Fit
from course.studies.plans import plan
from course.studies.workers import Task, measured, result_name, versions_here
from course_utils.data.prices import load_prices
from course_utils.data.registry import find_file, is_set, price_file_name
from course_utils.files import ROOT, DataError, write_noted, write_whole
from course_utils.recipes import CLASSIC
from course_utils.studies import TABLES

import pandas as pd

FITS = ROOT / "build" / "studies"
WITH_SERIES = {"ibm": CLASSIC, "free_run": CLASSIC}
"""studies with a second table of forecasts day by day, and the recipes in it"""


def _is_result(path: Path) -> bool:
    """Whether a fit's result is there and whole; one that a power cut has cut is run again."""
    try:
        return "seconds" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def run_study(
    study: str,
    jobs: int = -1,
    report: Callable[[int, int], Any] = lambda done, total: None,
    fits_folder: Path = FITS,
    tables_folder: Path = TABLES,
    scheduler: str | None = None,
) -> Path:
    """Run what is missing of a study and write its table.

    Args:
        study: its name, a key of `plans.PLANS`.
        jobs: fits run side by side on this machine; -1 is one a core.
        report: called with the number of finished fits and of all fits, after each fit.
        fits_folder: where single results are kept between runs.
        tables_folder: where the finished table goes.
        scheduler: the address of a Dask scheduler, whose workers then do the fits in place of
            this machine; they need the same course and packages, and are sent the prices.

    Returns:
        the path of the table.

    Raises:
        ValueError: there is no such study.
        DataError: no full data is at hand; a study does not run on sample data. Of several
            tickers, those that cannot be had are named in the table's header and on the screen.
        StudyError: a worker was killed on this machine; or the cluster cannot be reached, has no
            worker, lost several on the same fit, or has one with other packages.
    """
    fits = plan(study)
    prices, absent = _all_prices(sorted({_ticker(fit) for fit in fits} - {None}))
    fits = [fit for fit in fits if _ticker(fit) in (None, *prices)]
    versions = versions_here()
    data = {ticker: frame.attrs["sha256"] for ticker, frame in sorted(prices.items())}
    tasks = {}
    for fit in fits:
        ticker = _ticker(fit)
        name = result_name(fit, data.get(ticker), versions)
        tasks[fits_folder / name] = Task(fit, prices.get(ticker), data.get(ticker), name)
    for folder in (fits_folder, tables_folder):
        folder.mkdir(parents=True, exist_ok=True)
    missing = [task for path, task in tasks.items() if not _is_result(path)]
    done = len(tasks) - len(missing)
    report(done, len(tasks))
    for name, result in measured(missing, jobs, scheduler):
        write_whole(fits_folder / name, json.dumps(result))
        done += 1
        report(done, len(tasks))
    results = [json.loads(path.read_text(encoding="utf-8")) for path in tasks]
    header = [
        f"made by: course study {study}",
        "versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()),
        *(f"data: {ticker} sha256 {digest}" for ticker, digest in data.items()),
        *([f"not at hand: {', '.join(absent)}"] if absent else []),
    ]
    path = tables_folder / f"{study}.csv"
    write_noted(path, header, pd.DataFrame(results).drop(columns="series"), float_format="%.4f")
    if study in WITH_SERIES:
        kept = [result for result in results if result["recipe"] in WITH_SERIES[study]]
        series = path.with_stem(f"{study}_forecasts")
        write_noted(series, header, _series_table(kept), float_format="%.4f")
    return path


def _ticker(fit: Fit) -> str | None:
    """The ticker that a fit needs prices of, if it needs any."""
    return getattr(fit, "ticker", None)


def _series_table(results: list[dict[str, Any]]) -> pd.DataFrame:
    """Put forecasts day by day beside the truth and the naive forecast, which they share."""
    shared = {name: days for name, days in results[0]["series"].items() if name != "forecast"}
    forecasts = {
        f"{result['recipe']}, seed {result['seed']}": result["series"]["forecast"]
        for result in results
    }
    return pd.DataFrame(shared | forecasts).rename_axis("Date").reset_index()


def _all_prices(names: list[str]) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Load the full prices of each ticker, gaps filled from the past, and name those not had."""
    prices, absent = {}, []
    for ticker in names:
        find_file(price_file_name(ticker))  # a damaged file stops the study, an absent one not
        try:
            table = load_prices(ticker)
        except DataError as error:
            print(error)
            absent.append(ticker)
            continue
        if table.attrs["source"] == "full":
            prices[ticker] = table.ffill()
        else:
            absent.append(ticker)
    if names and not prices and is_set("COURSE_EMBEDDED"):
        raise DataError("A study needs full prices, and COURSE_EMBEDDED=1 forbids them: unset it.")
    if names and not prices:
        raise DataError(
            f"A study needs full prices, not the embedded sample, and has none of "
            f"{', '.join(names)}: get them with `course data get {' '.join(names)}`, or name their "
            "folder in COURSE_DATA_DIR."
        )
    return prices, absent
