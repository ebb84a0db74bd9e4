"""What the cheat sheet takes from the course itself: code from lesson 13, messages from checks."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from course.lessons.lesson import NOTEBOOKS, lessons_in
from course.lessons.readme import markdown_table
from course_utils.checks import check_same_days, check_windows
from course_utils.data import load_prices, read_series
from course_utils.evaluation import LeakError, check_past_only, check_scaler
from course_utils.windows import fit_scaler_on, make_windows

import numpy as np
import pandas as pd

DAYS = pd.Series(np.arange(30.0), pd.date_range("2017-01-01", periods=30), name="value")
TABLE = DAYS.to_frame()


def whole_way() -> str:
    """The lines of lesson 13 that lead from a CSV file to a score.

    Raises:
        ValueError: the lesson has no such block any more.
    """
    (lesson,) = (one for one in lessons_in(NOTEBOOKS) if one.number == "13")
    source = "\n".join(cell["source"] for cell in lesson.cells)
    block = r"^\*\*The whole way, to copy\.\*\*.*?^```python\n(.*?)^```"
    found = re.search(block, source, re.M | re.S)
    if not found:
        raise ValueError("lesson 13 has no block 'The whole way, to copy' any more")
    return found[1].rstrip()


def messages() -> str:
    """A Markdown table of errors, each said by the check that says it, and of their causes."""
    rows = [(f"*{_said(call)}*", cause) for cause, call in CAUSES.items()]
    return markdown_table(["what the course says", "what is behind it, and what to do"], rows)


def _said(call: Callable[[], object]) -> str:
    try:
        call()
    except (ValueError, LeakError) as error:
        return str(error).replace("*", r"\*").replace("_", r"\_")
    raise ValueError("an example of the cheat sheet raises nothing any more")


def _two_readings() -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "sales.csv"
        file.write_text("date,sales\n03/04/2017,1\n04/04/2017,2\n05/04/2017,3\n", encoding="utf-8")
        read_series(file)


CAUSES: dict[str, Callable[[], object]] = {
    "A value is missing. `table.ffill()` fills it from the past; `bfill` and `interpolate` look "
    "into the future.": lambda: make_windows(DAYS.mask(DAYS == 3), 5),
    "The series has fewer rows than lookback and horizon together.": lambda: make_windows(DAYS, 50),
    "The file runs from the newest day to the oldest.": lambda: make_windows(DAYS[::-1], 5),
    "A network reads windows with an axis of features: `values[..., np.newaxis]` adds it.": (
        lambda: check_windows(np.zeros((25, 5)))
    ),
    "A leak: the scaler has seen the test part. Split, then fit it on the training part.": (
        lambda: check_scaler(fit_scaler_on(TABLE), TABLE[:20])
    ),
    "A leak: a forecast uses a value of its own day or later. Look for a missing `shift`, a "
    "centred mean, a scaler fitted on everything.": (
        lambda: check_past_only(
            lambda table: table["value"].rolling(5, center=True).mean().dropna(),
            TABLE,
            DAYS.index[20],
        )
    ),
    "Forecasts and truth are of other days: select both by the same index.": (
        lambda: check_same_days(DAYS, DAYS.shift(freq="D"))
    ),
    "The file could mean two things. Say which: `day_first=True`.": _two_readings,
    "`load_prices` takes a ticker; a file of your own has a reader of its own.": (
        lambda: load_prices("shop.csv")
    ),
}
"""the cause of each error, and a call that raises it"""
