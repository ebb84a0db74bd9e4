"""Checks of lesson 00, Start here."""

from course.exercises.answers import ask_for_same_series, number, series_by_day, whole_numbers
from course.exercises.hints import (
    Hint,
    Slips,
    close,
    diagnosis,
    exercise,
    off,
    worked_out,
)

import numpy as np
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
        "Windows overlap: a new one begins on each day, not after five.": days // 5,
    }
    raise Hint(
        diagnosis(found[0], right[0], mistakes)
        or f"The first number, {found[0]:,}, is off: how many windows fit, each with a target?"
    )


def _changes(prices: pd.DataFrame, column: str = "High") -> pd.Series:
    return prices[column].diff().loc[str(prices.attrs["test_year"])]


def _shares(prices: pd.DataFrame) -> pd.Series:
    return prices["High"].pct_change().loc[str(prices.attrs["test_year"])]


_NOT_THE_FALL: Slips = {
    "That is the change, with its sign: by how many dollars did it fall?": lambda prices: _changes(
        prices
    ).min(),
    "That is the largest rise: falls are the negative changes.": lambda prices: _changes(
        prices
    ).max(),
    "That is the largest fall of all years: take the test year.": lambda prices: (
        -prices["High"].diff().min()
    ),
    "That is the change of all years, with its sign: take the fall in the test year.": (
        lambda prices: prices["High"].diff().min()
    ),
    "That is the mean change: take the lowest.": lambda prices: _changes(prices).mean(),
    "That is a share: give the fall in dollars.": lambda prices: -_shares(prices).min(),
    "That is a share, with its sign: give the fall in dollars.": lambda prices: _shares(
        prices
    ).min(),
    "That is in per cent: give the fall in dollars.": lambda prices: -100 * _shares(prices).min(),
    "That is the highest price: take the change from day to day.": lambda prices: (
        prices["High"].loc[str(prices.attrs["test_year"])].max()
    ),
    "That is the sum of all changes: take the lowest.": lambda prices: _changes(prices).sum(),
    "That lies between the year's lowest and its highest high: take a change of one day.": (
        lambda prices: np.ptp(prices["High"].loc[str(prices.attrs["test_year"])])
    ),
    "That is the largest move within a day: take the change from the day before.": (
        lambda prices: (prices["High"] - prices["Low"]).loc[str(prices.attrs["test_year"])].max()
    ),
    "That is the mean size of the changes: take the largest fall.": lambda prices: (
        _changes(prices).abs().mean()
    ),
    "That is the column Close: take High.": lambda prices: -_changes(prices, "Close").min(),
    "That is the column Open: take High.": lambda prices: -_changes(prices, "Open").min(),
    "That is the column Low: take High.": lambda prices: -_changes(prices, "Low").min(),
    "That is the largest fall within a day: take the change from the day before.": (
        lambda prices: (prices["Open"] - prices["Close"]).loc[str(prices.attrs["test_year"])].max()
    ),
    "That is a logarithm: give the fall in dollars.": lambda prices: (
        -np.log1p(_shares(prices)).min()
    ),
    "That is the high of that day: how far is it below the day before?": lambda prices: prices[
        "High"
    ][_changes(prices).idxmin()],
    "That is the largest fall of the year before: take the test year.": lambda prices: (
        -prices["High"].diff().loc[str(prices.attrs["test_year"] - 1)].min()
    ),
    "That is the mean of the falls: take the largest.": lambda prices: (
        -_changes(prices)[_changes(prices) < 0].mean()
    ),
    "That is the number of days with a fall: take the largest fall, in dollars.": lambda prices: (
        _changes(prices) < 0
    ).sum(),
    "That is what the price lost over the whole year: take one day.": lambda prices: (
        -_changes(prices).sum()
    ),
}


@exercise(
    "00-2",
    "Build it up in three steps and look at each: all changes, those of one year, the lowest.",
    "`.loc[str(year)]` on a series indexed by days keeps the days of that year.",
    "The changes of a year are a series, and a series has a method for its lowest value.",
    slips=_NOT_THE_FALL,
)
def _largest_fall(answer: object, prices: pd.DataFrame) -> str:
    found = number(answer)
    changes = _changes(prices)
    right = -changes.min()
    if close(found, right, rtol=1e-5, atol=0.005):
        return f"{right:.2f} dollars, on {changes.idxmin():%d %B %Y}."
    slips = worked_out(_NOT_THE_FALL, prices=prices)
    rtol = 1e-3 if found == round(found, 2) else 1e-6  # in cents, a slip is known as well
    raise Hint(diagnosis(found, right, slips, rtol=rtol) or off(found, right))


_ANOTHER_DAY: Slips = {
    "Today's high is not known until the day is over: take the day before.": lambda t: t["High"],
    "That is the high of the day after: the future. Shift the other way.": lambda t: t[
        "High"
    ].shift(-1),
    "That is the high of two days before: shift by one day.": lambda t: t["High"].shift(2),
    "That is the change from the day before: return the price.": lambda t: t["High"].diff(),
    "That is the change as a share: return the price.": lambda t: t["High"].pct_change(),
    "That is the Open of the day before: return the High.": lambda t: t["Open"].shift(),
    "That is the Low of the day before: return the High.": lambda t: t["Low"].shift(),
    "That is the Close of the day before: return the High.": lambda t: t["Close"].shift(),
    "The first day has no day before: leave its value missing.": lambda t: (
        t["High"].shift().bfill()
    ),
    "The first day has no day before: leave nan there, not 0.": lambda t: t["High"].shift(
        fill_value=0
    ),
    "The first day has no day before: yours shows the last day, which comes after it.": lambda t: (
        pd.Series(np.roll(t["High"], 1), t.index)
    ),
    "That is a mean of days: take the day before alone.": lambda t: t["High"].rolling(2).mean(),
}


@exercise(
    "00-3",
    "The check calls your function with a whole price table and wants one value for each day.",
    "You need the column `High`, moved so that each day shows the value of the day before.",
    "pandas moves a series along its index with `shift`. Write `def`, one line, `return`.",
    slips=_ANOTHER_DAY,
)
def _same_as_yesterday(answer: object, prices: pd.DataFrame) -> str:
    found = series_by_day(answer, prices)
    if not found.index.equals(prices.index):
        raise Hint(f"Return one value for each of the {len(prices):,} days, in their order.")
    ask_for_same_series(
        answer,
        [lambda table: table["High"].shift()],
        prices,
        _ANOTHER_DAY,
        "some differ from the High of the day before.",
    )
    return f"On the last day it forecasts {found.iloc[-1]:.2f} dollars."
