"""Checks of lesson 00, Start here."""

from collections.abc import Callable
from numbers import Integral

from course.exercises.hints import Hint, number, series_by_day

import numpy as np
import pandas as pd


def _shape(answer: object, prices: pd.DataFrame) -> str:
    if not isinstance(answer, (tuple, list)):
        raise Hint(f"A shape is a tuple of whole numbers, not {type(answer).__name__}.")
    if other := [part for part in answer if not isinstance(part, Integral)]:
        raise Hint(f"A shape is a tuple of whole numbers, and {str(other[0])[:20]} is none.")
    found = tuple(map(int, answer))
    right = (len(prices) - 5, 5, 4)
    if len(found) != 3:
        raise Hint(f"Windows have three axes, yours has {len(found)}: samples, days, columns.")
    if sorted(found) == sorted(right) and found != right:
        raise Hint("The right numbers, in another order: samples, days, columns.")
    if found[1] != 5:
        raise Hint(f"The second number is the days in a window, not {found[1]}.")
    if found[2] != 4:
        raise Hint(f"The third number is the columns, not {found[2]}.")
    if found[0] == len(prices):
        raise Hint(f"{found[0]:,} is the number of days: the first days only fill a window.")
    if found[0] == len(prices) - 4:
        raise Hint("One too many: the last window has no day after it to be its target.")
    if found != right:
        raise Hint(f"The first number, {found[0]:,}, is off: how many windows fit, with a target?")
    return f"{right[0]:,} windows of 5 days with 4 columns."


def _largest_rise(answer: object, prices: pd.DataFrame) -> str:
    found = number(answer)
    year, high = prices.attrs["test_year"], prices["High"]
    changes = high.diff().loc[str(year)]
    right = changes.max()
    mistakes = {
        high.diff().max(): "That is the largest rise of all years: take the test year.",
        changes.min(): "That is the largest fall: rises are the positive changes.",
        -changes.min(): "That is the largest fall, without its sign.",
        changes.mean(): "That is the mean change: take the largest.",
        high.pct_change().loc[str(year)].max(): "That is a share: give the rise in dollars.",
        100 * high.pct_change().loc[str(year)].max(): "That is in per cent: dollars are asked for.",
        high.loc[str(year)].max(): "That is the highest price: take the change from day to day.",
    }
    if np.isclose(found, right, atol=0.005):
        return f"{right:.2f} dollars, on {changes.idxmax():%d %B %Y}."
    for mistake, hint in mistakes.items():
        if np.isclose(found, mistake, rtol=1e-3):
            raise Hint(hint)
    raise Hint(f"{found:.4g} is too {'small' if found < right else 'large'}.")


def _same_as_yesterday(answer: object, prices: pd.DataFrame) -> str:
    found = series_by_day(answer, prices)
    high = prices["High"]
    if not found.index.equals(prices.index):
        raise Hint(f"Give one value for each of the {len(prices):,} days, in their order.")
    mistakes = {
        0: "Today's high is not known before the day is over: take the day before.",
        -1: "That is the high of the day after: the future. Shift the other way.",
        2: "That is the high two days before: shift by one day.",
    }
    for days, hint in mistakes.items():
        if found.equals(high.shift(days)):
            raise Hint(hint)
    for column in ("Open", "Low", "Close"):
        if found.equals(prices[column].shift()):
            raise Hint(f"That is the {column} of the day before: the High is asked for.")
    if found.equals(high.diff()):
        raise Hint("That is the change from the day before: give the price.")
    if not found.equals(high.shift()):
        raise Hint("Some values differ from the High of the day before.")
    return f"On the last day it forecasts {found.iloc[-1]:.2f} dollars."


CHECKS: dict[str, Callable[..., str]] = {
    "00-1": _shape,
    "00-2": _largest_rise,
    "00-3": _same_as_yesterday,
}

HINTS: dict[str, tuple[str, ...]] = {
    "00-1": (
        "Windows have three axes: how many there are, how many days each holds, how many columns.",
        "Two of the three numbers are in the call: the lookback, and the list of columns.",
        "Like every array, `few_windows` carries its shape with it.",
    ),
    "00-2": (
        "Build it up in three steps and look at each: all changes, those of one year, the largest.",
        "`.loc[str(year)]` on a series with days as its index leaves the days of that year.",
        "The changes of a year are a series, and a series has a method for its largest value.",
    ),
    "00-3": (
        "The check calls your function with a whole price table and wants one value for each day.",
        "You need the column `High`, moved so that each day shows what stood one day earlier.",
        "pandas moves a series along its index with `shift`. Write `def`, one line, `return`.",
    ),
}
