"""Checks of lesson 00, Start here."""

from course.exercises.answers import number, series_by_day, whole_numbers
from course.exercises.hints import Hint, close, exercise, known_mistake, off

import pandas as pd


@exercise(
    "00-1",
    "Windows have three axes: the number of windows, the days in each, and the columns.",
    "Two of the three numbers are in the call: the lookback, and the list of columns.",
    "Like every array, `few_windows` knows its own shape.",
)
def _shape(answer: object, prices: pd.DataFrame) -> str:
    found = whole_numbers(answer, "A shape is a tuple of whole numbers.")
    days = len(prices)
    right = (days - 5, 5, 4)
    if found == right:
        return f"{right[0]:,} windows of 5 days with 4 columns."
    if len(found) != 3:
        raise Hint(f"Windows have three axes: samples, days, columns. Yours has {len(found)}.")
    if sorted(found) == sorted(right):
        raise Hint("The right numbers in the wrong order: samples, days, columns.")
    if found[1] != 5:
        raise Hint(f"The second number is the number of days in a window, not {found[1]}.")
    if found[2] != 4:
        raise Hint(f"The third number is the number of columns, not {found[2]}.")
    mistakes = {
        f"{days:,} is the number of days, but the first days only fill a window.": days,
        "One too many: no day follows the last window, so it has no target.": days - 4,
    }
    raise Hint(
        known_mistake(found[0], mistakes)
        or f"The first number, {found[0]:,}, is off: how many windows fit, each with a target?"
    )


@exercise(
    "00-2",
    "Build it up in three steps and look at each: all changes, those of one year, the largest.",
    "`.loc[str(year)]` on a series indexed by days keeps the days of that year.",
    "The changes of a year are a series, and a series has a method for its largest value.",
)
def _largest_rise(answer: object, prices: pd.DataFrame) -> str:
    found = number(answer)
    year, high = str(prices.attrs["test_year"]), prices["High"]
    changes, shares = high.diff().loc[year], high.pct_change().loc[year]
    right = changes.max()
    if close(found, right, rtol=1e-5, atol=0.005):
        return f"{right:.2f} dollars, on {changes.idxmax():%d %B %Y}."
    mistakes = {
        "That is the largest rise of all years: take the test year.": high.diff().max(),
        "That is the largest fall: rises are the positive changes.": changes.min(),
        "That is the largest fall, without its sign.": -changes.min(),
        "That is the mean change: take the largest.": changes.mean(),
        "That is a share: give the rise in dollars.": shares.max(),
        "That is in per cent: give the rise in dollars.": 100 * shares.max(),
        "That is the highest price: take the change from day to day.": high.loc[year].max(),
    }
    raise Hint(known_mistake(found, mistakes, rtol=1e-3) or off(found, right))


@exercise(
    "00-3",
    "The check calls your function with a whole price table and wants one value for each day.",
    "You need the column `High`, moved so that each day shows the value of the day before.",
    "pandas moves a series along its index with `shift`. Write `def`, one line, `return`.",
)
def _same_as_yesterday(answer: object, prices: pd.DataFrame) -> str:
    found, high = series_by_day(answer, prices), prices["High"]
    if not found.index.equals(prices.index):
        raise Hint(f"Return one value for each of the {len(prices):,} days, in their order.")
    if close(found, high.shift()):
        return f"On the last day it forecasts {found.iloc[-1]:.2f} dollars."
    mistakes = {
        "Today's high is not known until the day is over: take the day before.": high,
        "That is the high of the day after: the future. Shift the other way.": high.shift(-1),
        "That is the high of two days before: shift by one day.": high.shift(2),
        "That is the change from the day before: return the price.": high.diff(),
        "That is the Open of the day before: return the High.": prices["Open"].shift(),
        "That is the Low of the day before: return the High.": prices["Low"].shift(),
        "That is the Close of the day before: return the High.": prices["Close"].shift(),
    }
    raise Hint(
        known_mistake(found, mistakes) or "Some values differ from the High of the day before."
    )
