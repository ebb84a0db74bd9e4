"""The checks of lesson 00: right answers pass, known mistakes get their own hint."""

from course_utils.windows import make_windows

import pytest
from exercise_verdict import assert_verdict
from helpers import made_up_prices

PRICES = made_up_prices("2015-01-01", "2017-12-31")
PRICES.attrs["test_year"] = 2017
GIVEN = {name: {"prices": PRICES} for name in ("00-1", "00-2", "00-3")}
HIGH, DAYS = PRICES["High"], len(PRICES)
CHANGES, SHARES = HIGH.diff().loc["2017"], HIGH.pct_change().loc["2017"]
SHAPE = make_windows(PRICES[["Open", "High", "Low", "Close"]], lookback=5)[0].shape


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("00-1", SHAPE, "✓"),
        ("00-1", list(SHAPE), "✓"),
        ("00-2", -CHANGES.min(), "✓"),
        ("00-2", round(-CHANGES.min(), 2), "✓"),
        ("00-3", lambda table: table["High"].shift(), "✓"),
        ("00-1", (DAYS - 5, 5), "three axes"),
        ("00-1", (DAYS - 5, 4, 5), "wrong order"),
        ("00-1", (DAYS - 5, 60, 4), "days in a window"),
        ("00-1", (DAYS - 5, 5, 1), "number of columns"),
        ("00-1", (DAYS, 5, 4), "only fill a window"),
        ("00-1", (DAYS - 4, 5, 4), "One too many"),
        ("00-1", (7, 5, 4), "is off"),
        ("00-1", "abc", "tuple of whole numbers"),
        ("00-1", (DAYS - 5.5, 5, 4), "tuple of whole numbers"),
        ("00-2", 1e6, "too large"),
        ("00-2", 0, "0 is too small"),
        ("00-3", lambda table: table["High"].shift() + 1, "some differ"),
        ("00-3", lambda table: table["High"].shift().dropna(), "one value for each"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)
