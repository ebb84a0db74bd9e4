"""What several test files share: price tables, programs, waiting, and finding processes."""

import os
import subprocess
import sys
import time
from contextlib import suppress

from course_utils.data.price_table import COLUMNS

import numpy as np
import pandas as pd
import psutil

TABLE = """\
Date,Open,High,Low,Close,Volume,Name
2016-12-30,166.44,166.7,165.5,165.99,2957155,IBM
2017-01-03,167.0,167.87,166.01,167.19,2935248,IBM
2017-01-04,167.77,169.87,167.36,169.26,3382395,IBM
2017-01-05,169.25,169.39,167.26,168.7,2682279,IBM
"""


def check_is_price_table(prices):
    assert tuple(prices.columns) in (COLUMNS, COLUMNS[:-1])  # Volume may be missing
    assert all(dtype == "float64" for dtype in prices.dtypes)
    assert prices.index.name == "Date"
    assert prices.index.dtype == "datetime64[ns]"
    assert prices.index.is_monotonic_increasing
    assert prices.index.is_unique
    values = prices.to_numpy()
    assert (np.isnan(values) | (np.isfinite(values) & (values >= 0))).all()
    names = {"ticker", "source", "file", "sha256", "test_year", "missing", "slips"}
    assert names == set(prices.attrs)


def made_up_prices(start, end, seed=0, ticker="IBM"):
    """Return a full price table of working days, a random walk with a plausible day around it."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range(start, end, name="Date", unit="s")
    close = 100 * np.exp(rng.normal(0, 0.01, len(days)).cumsum())
    opening = close * np.exp(rng.normal(0, 0.005, len(days)))
    above, below = np.exp(rng.uniform(0, 0.01, (2, len(days))))
    table = pd.DataFrame(
        {
            "Open": opening,
            "High": np.maximum(opening, close) * above,
            "Low": np.minimum(opening, close) / below,
            "Close": close,
            "Volume": rng.integers(1_000, 9_000, len(days)).astype(float),
        },
        index=days,
    )
    table.attrs = {"ticker": ticker, "source": "full", "sha256": f"{seed:064x}"}
    return table


def python(program, *arguments, cwd=None, **env):
    """Run a program in a Python of its own; returns the finished process."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", **env},
        check=False,
    )


def wait_for(condition, seconds=120):
    """Wait for what must happen soon, and return it; the limit only tells what hangs."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"it did not happen in {seconds} s"
        time.sleep(0.02)
    return found


def processes_below(process, text):
    """Processes started by a psutil process, at any depth, whose command contains the text."""

    def contains(child):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            return text in " ".join(child.cmdline())

    return [child for child in process.children(recursive=True) if contains(child)]
