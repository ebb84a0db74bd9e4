"""Checks of lesson 10, volatility."""

from collections.abc import Callable, Iterable

from course.exercises.answers import (
    ask_for_finite,
    ask_for_past_only,
    ask_for_same,
    numbers,
    series_by_day,
)
from course.exercises.hints import Hint, Slips, close, exercise, hint_by_part
from course_utils.evaluation import skill, skill_interval
from course_utils.volatility import HAR, SPANS
from course_utils.windows import make_windows

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MONTH = max(SPANS)
TOO_GOOD = 0.5
_HIGH, _LOW, _FORECAST = 102.0, 100.0, -4.0
_SPREAD = np.log(_HIGH / _LOW)
_BOTH = (np.log(_SPREAD), np.exp(np.exp(_FORECAST)) - 1)
_OTHER_RANGES: Slips = {
    "that is the log of high over low: one more log makes it the log range.": (_SPREAD, _BOTH[1]),
    "that is the log of the difference in dollars: take high over low.": (np.log(2), _BOTH[1]),
    "that is the log of 2%: the inner log is missing.": (np.log(_HIGH / _LOW - 1), _BOTH[1]),
    "that is with logs to base 10: take natural ones.": (np.log10(np.log10(1.02)), _BOTH[1]),
    "high over low, not low over high; its log is above 0.": (np.log(1 - 1 / 1.02), _BOTH[1]),
    "that undoes one log only: high over low is exp(exp(-4)).": (_BOTH[0], np.exp(_FORECAST)),
    "that is high over low: by how much is it above 1?": (_BOTH[0], _BOTH[1] + 1),
    "that is in per cent: give a share.": (_BOTH[0], 100 * _BOTH[1]),
    "that is the log of the log of a difference: take high over low.": (
        np.log(np.log(2)),
        _BOTH[1],
    ),
    "that is how far the low is below the high: take the low as the base.": (
        _BOTH[0],
        1 - np.exp(-np.exp(_FORECAST)),
    ),
    "a log is undone by np.exp, not by another log.": (_BOTH[0], np.log(-_FORECAST)),
}


@exercise(
    "10-1",
    "Two logs: the inner one makes a ratio a distance, the outer one makes distances normal.",
    "The first is np.log of np.log of high over low.",
    "To undo two logs takes two times np.exp; then see how far the ratio is above 1.",
    slips=_OTHER_RANGES,
)
def _there_and_back(answer: object) -> str:
    found = numbers(answer, 2)
    if close(found, _BOTH, atol=5e-5):
        return "A range of 2% is about -3.9, and -4 means 1.8%."
    general = {
        "Log range": "take the log of the log of high over low.",
        "Back again": "undo both logs, and give how far the high is above.",
    }
    raise hint_by_part(found, _BOTH, _OTHER_RANGES, general, atol=5e-5)


def _means(
    values: NDArray, spans: Iterable[int] = SPANS, mean: Callable[[NDArray], float] = np.mean
) -> NDArray:
    return np.array([mean(values[-days:]) for days in spans])


def _apart(values: NDArray, week: slice, month: slice) -> NDArray:
    """The last day, and the means of two other slices of days."""
    return np.array([values[-1], values[week].mean(), values[month].mean()])


_OTHER_MEANS: Slips = {
    "those are single days: take the mean of the last 5 and of the last 22.": lambda values: _means(
        values, mean=lambda last: last[0]
    ),
    "those are the first days of the series: the newest are at its end.": lambda values: _means(
        values[::-1]
    ),
    "your means leave out the last day, which is known.": lambda values: _means(values[:-1]),
    "those are sums: divide by the number of days.": lambda values: _means(values, mean=np.sum),
    "the month comes first: order them day, week, month.": lambda values: _means(values)[::-1],
    "the spans follow each other in yours; in HAR all three end on the last day.": lambda values: (
        _apart(values, slice(-6, -1), slice(-28, -6))
    ),
    "the month includes its last week, and the week its last day.": lambda values: _apart(
        values, slice(-5, -1), slice(-22, -5)
    ),
    "a month has 22 trading days: yours takes 20.": lambda values: _means(values, (1, 5, 20)),
    "that is the median: HAR takes means.": lambda values: _means(values, mean=np.median),
    "a week has 5 trading days, and a month 22.": lambda values: _means(values, (1, 7, 30)),
    "the week and the month end on the last day, too.": lambda values: _apart(
        values, slice(-6, -1), slice(-23, -1)
    ),
    "a slice that ends at -1 leaves the last day out: end it with the colon.": lambda values: (
        _apart(values, slice(-5, -1), slice(-22, -1))
    ),
    "a month has 22 days: yours takes all.": lambda values: _means(values, (1, 5, len(values))),
    "log ranges stay as they are: do not take exponentials.": lambda values: _means(np.exp(values)),
    "take the mean of the log ranges, without exponentials.": lambda values: np.log(
        _means(np.exp(values))
    ),
    "the month includes its last week: yours begins before it.": lambda values: _apart(
        values, slice(-6, -1), slice(-22, -6)
    ),
}


@exercise(
    "10-2",
    "All three spans end on the last day, and the day is part of its week and of its month.",
    "A slice that begins with a minus counts from the end.",
    "Three means in one array, for 1, 5 and 22 days.",
    slips=_OTHER_MEANS,
)
def _three_means(answer: object) -> str:
    draw = np.random.default_rng(0).normal(-4.3, 0.4, 60)
    cases = {"For 60 days": (draw,), "For 30 days": (draw[30:],)}
    ask_for_same(
        answer,
        _means,
        cases,
        _OTHER_MEANS,
        "take the means of the last 1, 5 and 22 days.",
        axes="(3,)",
        rows=("day", "week", "month"),
    )
    return "That is all that HAR sees."


def _pinball(truth: NDArray, forecast: NDArray, level: float) -> float:
    above = truth - forecast
    return np.maximum(level * above, (level - 1) * above).mean()


def _of_distances(cost: Callable[[NDArray, float], NDArray]) -> Callable[..., float]:
    """The mean of a cost that follows from how far truths are above, and from the level."""
    return lambda truth, forecast, level: cost(truth - forecast, level).mean()


_OTHER_LOSSES: Slips = {
    "the sides are swapped: a truth above the quantile costs the level times the distance.": (
        lambda truth, forecast, level: _pinball(truth, forecast, 1 - level)
    ),
    "a loss is never negative: take the larger of the two, not the smaller.": _of_distances(
        lambda above, level: np.minimum(level * above, (level - 1) * above)
    ),
    "below the quantile the distance is negative, so multiply it by level - 1.": _of_distances(
        lambda above, level: np.maximum(level * above, (1 - level) * above)
    ),
    "both sides cost the same in yours, as in the mean absolute error.": _of_distances(
        lambda above, level: np.abs(above)
    ),
    "that is half the mean absolute error: right for the median only.": _of_distances(
        lambda above, level: np.abs(above) / 2
    ),
    "that is the sum: take the mean.": lambda *given: _pinball(*given) * len(given[0]),
    "distances count as they are, not squared.": _of_distances(
        lambda above, level: np.where(above > 0, level, 1 - level) * above**2
    ),
    "a truth below the quantile costs something, too: 1 - level times the distance.": _of_distances(
        lambda above, level: level * np.maximum(above, 0)
    ),
    "a truth below the quantile makes the loss smaller in yours: no distance is negative.": (
        _of_distances(lambda above, level: np.where(above > 0, level, 1 - level) * above)
    ),
    "that is twice the loss.": lambda *given: 2 * _pinball(*given),
    "both sides cost `level` in yours: below the quantile it is 1 - level.": _of_distances(
        lambda above, level: level * np.abs(above)
    ),
    "that is the share of truths below: their distances count.": _of_distances(
        lambda above, level: above < 0
    ),
    "that is the median: take the mean.": lambda truth, forecast, level: np.median(
        np.maximum(level * (truth - forecast), (level - 1) * (truth - forecast))
    ),
    "`level` is an argument: yours is always 0.9.": lambda truth, forecast, level: _pinball(
        truth, forecast, 0.9
    ),
    "those are the weights alone: multiply by the distances.": _of_distances(
        lambda above, level: np.where(above > 0, level, 1 - level)
    ),
    "take one mean over all days, not one for each side.": lambda truth, forecast, level: (
        level * (truth - forecast)[truth > forecast].mean()
        + (1 - level) * (forecast - truth)[truth <= forecast].mean()
    ),
}


@exercise(
    "10-3",
    "Two cases: the truth is above the forecast, or below it.",
    "Above, the cost is `level` times the distance; below, 1 - level times the distance.",
    "`np.maximum` of two products says both cases at once; then the mean.",
    slips=_OTHER_LOSSES,
)
def _loss_of_a_quantile(answer: object) -> str:
    truth, forecast = np.random.default_rng(0).normal(0.2, 1, (2, 50))
    few = np.array([3.0, 0.0]), np.array([1.0, 1.0])
    cases = {"For truths 3 and 0, forecasts 1 and 1, and level 0.9": (*few, 0.9)}
    cases |= {f"For level {level}": (truth, forecast, level) for level in (0.1, 0.5, 0.95)}
    ask_for_same(
        answer,
        _pinball,
        cases,
        _OTHER_LOSSES,
        "Above the quantile a distance costs the level, below it 1 - level.",
    )
    return "The minimum of this loss is the quantile."


def har_of(table: pd.DataFrame, first: int) -> pd.Series:
    """HAR's forecasts from a year on, fitted before it, from a share's own ranges alone."""
    ranges = table[["log range"]]
    known = int((table.index.year < first).sum())
    model = HAR().fit(*make_windows(ranges.iloc[:known], MONTH))
    windows, _ = make_windows(ranges.iloc[known - MONTH :], MONTH)
    return pd.Series(model.predict(windows)[:, 0], ranges.index[known:])


@exercise(
    "10-4",
    "Split inside the function, and fit on the days before the first year only.",
    "What does the table hold besides the share's own range? HAR takes further columns.",
    "Windows of both `log range` and `market`, 22 days each, made with `make_windows`.",
)
def _better_than_har(answer: object, table: pd.DataFrame, first: int) -> str:
    found = series_by_day(answer, table)
    rival = har_of(table, first)
    if not found.index.equals(rival.index):
        raise Hint(f"Forecast each of the {len(rival):,} days from {first} on, and no others.")
    ask_for_finite(found)
    middle = rival.index[len(rival) // 2]
    ask_for_past_only(lambda given: series_by_day(answer, given), table, middle)
    truth = table["log range"].loc[rival.index]
    if np.allclose(found, rival, rtol=1e-6):
        raise Hint("No leak, but these are HAR's own forecasts: give it more to see.")
    gain = skill(truth, found, rival)
    if gain <= 0:
        raise Hint(f"No leak, but HAR's error is smaller: your skill against it is {gain:.1%}.")
    if gain > TOO_GOOD:
        raise Hint(
            f"A skill of {gain:.0%} against HAR is too good to be true: use the table that the "
            "function is given, and nothing else of the notebook."
        )
    low, high = skill_interval(truth, found, rival)
    said = f"a skill of {gain:.1%} against HAR, from {low:.1%} to {high:.1%}"
    if low <= 0:
        raise Hint(f"No leak, but chance may have given {said}: HAR is not beaten.")
    return f"No leak, and {said}: above 0 throughout."
