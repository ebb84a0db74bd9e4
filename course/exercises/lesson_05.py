"""Checks of lesson 05, free-running forecasts."""

from collections.abc import Callable

from course.exercises.answers import array, ask_for_same, called, number, numbers
from course.exercises.hints import (
    Hint,
    Slips,
    close,
    diagnosis,
    exercise,
    hint_by_part,
    worked_out,
)

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

BAND = 0.8  # of exercise 3
DAYS = 250  # of exercise 4, about a year


_LONG_RUN = (0.8**3 * 5, 0.1 / (1 - 0.8))
_OTHER_RUNS: Slips = {
    "that is the mean one step ahead: multiply by the memory once per step.": (4.0, 0.5),
    "that is two steps ahead.": (3.2, 0.5),
    "that is four steps ahead.": (2.048, 0.5),
    "each step takes its share of what is left, so steps multiply.": (2.0, 0.5),
    "0.8 to the power of three, not three times 0.8: steps multiply.": (12.0, 0.5),
    "that is the share which is left: of which value?": (0.8**3, 0.5),
    "that is what is lost after three steps, not what is left.": (5 - 2.56, 0.5),
    "the memory is 0.8: each step keeps 0.8 of the value, not 0.2.": (5 * 0.2**3, 0.5),
    "that is the mean in the long run: three steps ahead is sooner.": (0.0, 0.5),
    "the error of 0.1 belongs to the second number only.": (2.56 + 0.1 * 2.44, 0.5),
    "the 0.1 belongs to the second number only.": (2.66, 0.5),
    "that is the value now.": (5.0, 0.5),
    "that is what one step adds; 0.8 of what was added before stays.": (2.56, 0.1),
    "sum 0.1 + 0.8 × 0.1 + 0.8² × 0.1 + ...: divide by 1 - 0.8.": (2.56, 0.125),
    "the first 0.1 counts, too.": (2.56, 0.4),
    "that is three steps of 0.1; a resting point is where all steps end.": (2.56, 0.3),
    "that is the error after three steps; let them go on.": (2.56, 0.1 * 2.44),
    "divide by 1 - 0.8, do not multiply by it.": (2.56, 0.02),
    "that is 1 / (1 - 0.8): each step adds 0.1, not 1.": (2.56, 5.0),
    "1 - 0.8 is 0.2, and 1 + 0.8 is something else.": (2.56, 0.1 / 1.8),
    "the process itself rests at 0; the model adds 0.1 in each step.": (2.56, 0.0),
}


@exercise(
    "05-1",
    "One step ahead the mean is 0.8 times the value now. What is it one step later?",
    "Steps multiply, so the memory comes in to the power of three.",
    "At the resting point x a step gives x again: x = 0.8 x + 0.1. Solve for x.",
    slips=_OTHER_RUNS,
)
def _long_run(answer: object) -> str:
    found = numbers(answer, 2)
    if close(found, _LONG_RUN, atol=5e-4):
        return "A bias of 0.1 became five times as much."
    general = {
        "Conditional mean": "each step keeps 0.8 of the value before, on average.",
        "Resting point": "there a step changes nothing, so x = 0.8 x + 0.1.",
    }
    raise hint_by_part(found, _LONG_RUN, _OTHER_RUNS, general, atol=5e-4)


def _generated(
    forecast: Callable,
    window: NDArray,
    steps: int,
    keep: Callable[[NDArray], NDArray] = lambda values: values[1:],
    late: int = 0,
) -> NDArray:
    """Values of a loop that makes room for each new one, from the one after `late` others on."""
    values, made = np.asarray(window, dtype=float), []
    for _ in range(steps + late):
        made.append(forecast(values))
        values = np.append(keep(values), made[-1])
    return np.array(made[late:])


_OTHER_LOOPS: Slips = {
    "all your values are the same: feed each forecast back.": lambda forecast, window, steps: (
        np.full(steps, forecast(window))
    ),
    "drop the oldest value, not the newest, and append the new one.": lambda *given: _generated(
        *given, keep=lambda values: values[:-1]
    ),
    "the new value goes to the end of the window, not to its beginning.": (
        lambda forecast, window, steps: _generated(
            lambda values: forecast(values[::-1]), window[::-1], steps
        )
    ),
    "that is one step too late: the first value comes from the window itself.": lambda *given: (
        _generated(*given, late=1)
    ),
    "the first value is the window's last: return the new ones only.": (
        lambda forecast, window, steps: np.append(
            window[-1], _generated(forecast, window, steps - 1)
        )
    ),
    "your values are in reverse order.": lambda *given: _generated(*given)[::-1],
    "an array of whole numbers cuts off decimals of what is fed back: copy it as floats.": (
        lambda forecast, window, steps: _generated(
            lambda values: forecast(values.astype(window.dtype)), window, steps
        )
    ),
    "an array of whole numbers cuts decimals off: copy the window as floats.": (
        lambda forecast, window, steps: _generated(
            lambda values: np.array(forecast(values)).astype(window.dtype), window, steps
        )
    ),
    "the forecast is not fed back: your window goes on with its last value.": (
        lambda forecast, window, steps: np.array(
            [
                forecast(np.append(window, np.repeat(window[-1], step))[step:])
                for step in range(steps)
            ]
        )
    ),
    "`forecast` gives a value, not a change: do not add values up.": lambda *given: np.cumsum(
        _generated(*given)
    ),
    "you turned the window round: it is oldest first.": lambda forecast, window, steps: _generated(
        forecast, window[::-1], steps
    ),
}


@exercise(
    "05-2",
    "Keep a list that begins as a copy of the window, and let it grow.",
    "In each step, hand `forecast` the last `len(window)` values of the list as an array.",
    "Append what it returns. At the end, leave out the values that you started with.",
    slips=_OTHER_LOOPS,
)
def _loop(answer: object) -> str:
    forecasts = {
        "the last value and half of the last change": lambda w: w[-1] + 0.5 * (w[-1] - w[-2]),
        "the window's mean": np.mean,
        "the window's oldest value": lambda w: w[0],
    }
    cases = {
        f"When `forecast` gives {name}": (_watched(forecast, 3), np.array([1.0, 2.0, 4.0]), 6)
        for name, forecast in forecasts.items()
    }
    whole = np.array([1, 2, 4])
    cases["From a window of whole numbers"] = (_watched(lambda w: w.mean() + 0.3, 3), whole, 6)
    for case, given in cases.items():
        found = np.ravel(array(called(answer, *given, case=case, keep=True)))
        if len(found) != 6:
            extra = " Leave out the window you started from." * (len(found) == 9)
            extra += " Are those of an earlier call among them?" * (len(found) == 12)
            raise Hint(f"6 steps must give 6 values, not {len(found)}.{extra}")
    ask_for_same(
        lambda *given: np.ravel(array(answer(*given))),
        _generated,
        cases,
        _OTHER_LOOPS,
        "some values are off: drop the oldest value and append the newest, in order.",
        axes="(steps,)",
    )
    return "The window moves by one, and the forecast is believed."


def _watched(forecast: Callable[[NDArray], float], lookback: int) -> Callable[[NDArray], float]:
    """A forecast that takes nothing but an array of a window's length."""

    def ask(values: NDArray) -> float:
        if not isinstance(values, np.ndarray):
            raise Hint(f"`forecast` was given a {type(values).__name__}: hand it an array.")
        if values.shape != (lookback,):
            raise Hint(
                f"`forecast` was given shape {values.shape}, and the window has ({lookback},)."
            )
        return float(forecast(values))

    return ask


def _inside(paths: NDArray, truth: NDArray, low: float, high: float) -> float:
    """Share of days within two quantiles of the paths, shape (paths, days)."""
    edges = np.quantile(paths, [low, high], axis=0)
    return float(((edges[0] <= truth) & (truth <= edges[1])).mean())


def _in_pooled_band(paths: NDArray, truth: NDArray) -> float:
    low, high = np.quantile(paths, [0.1, 0.9])
    return float(((low <= truth) & (truth <= high)).mean())


_OTHER_SHARES: Slips = {
    "Between the 20% and the 80% quantile lie 60% of the paths.": lambda paths, truth: _inside(
        paths, truth, 0.2, 0.8
    ),
    "That is the 95% band.": lambda paths, truth: _inside(paths, truth, 0.025, 0.975),
    "That is the 90% band: 5% are missing on either side.": lambda paths, truth: _inside(
        paths, truth, 0.05, 0.95
    ),
    "A central band has two edges, with 10% of the paths on either side.": lambda paths, truth: (
        _inside(paths, truth, 0, 0.8)
    ),
    "That is below the upper edge: the lower edge counts, too.": lambda paths, truth: _inside(
        paths, truth, 0, 0.9
    ),
    "That is above the lower edge: the upper edge counts, too.": lambda paths, truth: _inside(
        paths, truth, 0.1, 1
    ),
    "That is the share outside.": lambda paths, truth: 1 - _inside(paths, truth, 0.1, 0.9),
    "Your edges are those of all days together: take them day by day, with axis=0.": (
        lambda paths, truth: _in_pooled_band(np.asarray(paths), np.asarray(truth))
    ),
    "Your edges are those of the first path: the quantiles run over the paths, axis=0.": (
        lambda paths, truth: _in_pooled_band(np.asarray(paths)[:1], np.asarray(truth))
    ),
    "That is the number of days: give their share.": lambda paths, truth: (
        len(truth) * _inside(paths, truth, 0.1, 0.9)
    ),
    "That is 80% by construction: the edges come from the paths, the days from the truth.": (
        lambda paths, truth: 0.8
    ),
    "That takes in every day: a day must be above one quantile and (&) below the other.": (
        lambda paths, truth: 1.0
    ),
    "That is the mean and one deviation on either side: take quantiles.": lambda paths, truth: (
        np.abs(truth - np.mean(paths, axis=0)) < np.std(paths, axis=0)
    ).mean(),
    "Your edges are those of the last day: take them day by day.": lambda paths, truth: (
        _in_pooled_band(np.asarray(paths)[:, -1:], np.asarray(truth))
    ),
}


@exercise(
    "05-3",
    "A central band of 80% leaves as much above it as below it: how much on either side?",
    "`np.quantile` with a list of two shares and `axis=0` gives both edges for every day.",
    "A day is inside if the truth is between the edges. The mean over the days is the share.",
    slips=_OTHER_SHARES,
)
def _share_inside(answer: object, paths: ArrayLike, truth: ArrayLike) -> str:
    found = number(answer)
    right = _inside(np.asarray(paths), np.asarray(truth), (1 - BAND) / 2, (1 + BAND) / 2)
    if close(found, right, atol=5e-4):
        return f"{found:.0%} of the days. One year is one occasion: its days are not independent."
    slips = worked_out(_OTHER_SHARES, paths=paths, truth=truth)
    if found == 0:
        raise Hint(
            "No day is between your edges: which is the lower one? And `np.quantile` takes shares, "
            "`np.percentile` per cent."
        )
    if hint := diagnosis(found, right, slips, atol=5e-4):
        raise Hint(hint)
    if not 0 <= found <= 1:
        raise Hint(f"{found:.4g} is not a share: a share is between 0 and 1.")
    raise Hint(
        "Take the 10% and the 90% quantile over the paths, axis 0, and count the days between."
    )


def _half_width(errors: NDArray, level: float) -> float:
    """The half width of a split conformal interval (Vovk, Gammerman and Shafer, 2005)."""
    return float(_by_size(errors)[_rank(errors, level) - 1])


def _rank(errors: NDArray, level: float) -> int:
    return int(np.ceil(round((len(errors) + 1) * level, 9)))


def _by_size(errors: NDArray) -> NDArray:
    return np.sort(np.abs(errors))


_OTHER_WIDTHS: Slips = {
    "that is a quantile of the signed errors: take absolute ones.": np.quantile,
    "those are the smallest of the signed errors: take absolute ones.": lambda errors, level: (
        np.sort(errors)[_rank(errors, level) - 1]
    ),
    "count the new error, too: k = (errors + 1) × level, rounded up.": lambda errors, level: (
        np.quantile(np.abs(errors), level)
    ),
    "1 belongs to the number of errors: k = (errors + 1) × level.": lambda errors, level: _by_size(
        errors
    )[int(np.ceil(len(errors) * level)) - 1],
    "k is always rounded up, with `np.ceil`: yours goes to the nearest.": lambda errors, level: (
        _by_size(errors)[round(round((len(errors) + 1) * level, 9)) - 1]
    ),
    "k is rounded up, with `np.ceil`: yours is cut off.": lambda errors, level: _by_size(errors)[
        int((len(errors) + 1) * level + 1e-9) - 1
    ],
    "the k-th smallest has index k - 1.": lambda errors, level: _by_size(errors)[
        min(_rank(errors, level), len(errors) - 1)
    ],
    "that is the whole width: return half of it.": lambda errors, level: (
        2 * _half_width(errors, level)
    ),
    "sort the sizes before you take the k-th.": lambda errors, level: np.abs(errors)[
        _rank(errors, level) - 1
    ],
    "that assumes normal errors: count the errors instead.": lambda errors, level: (
        1.28 * np.std(errors)
    ),
    "that is k: return the k-th smallest size.": _rank,
    "the k-th smallest counts from the smallest on: yours are sorted the other way.": (
        lambda errors, level: _by_size(errors)[::-1][_rank(errors, level) - 1]
    ),
    "those are squared errors: take absolute ones.": lambda errors, level: (
        _half_width(errors, level) ** 2
    ),
    "take the errors as they are, without subtracting their mean.": lambda errors, level: (
        _half_width(errors - errors.mean(), level)
    ),
    "that is one side of the signed errors: take absolute ones.": lambda errors, level: np.quantile(
        errors, (1 + level) / 2
    ),
}


@exercise(
    "05-4",
    "Take the absolute errors and sort them.",
    "The k-th smallest has index k - 1, with k = (errors + 1) × level rounded up: `np.ceil`.",
    "If k is larger than the number of errors, return `np.inf`.",
    slips=_OTHER_WIDTHS,
)
def _conformal(answer: object, errors: pd.Series) -> str:
    sizes = ((10, 0.8), (24, 0.5), (250, 0.9), (19, 0.95), (14, 0.3))
    some = {"For the errors 1, -4, 2, 3 and a level of 0.6": (np.array([1, -4, 2, 3]), 0.6)}
    some |= {
        f"For {count} errors and a level of {level}": (
            np.random.default_rng(count).normal(0.2, 1, count),
            level,
        )
        for count, level in sizes
    }
    wanted = "your function must return one number, or `np.inf`."
    for case, given in some.items():
        found = called(answer, *given, case=case)
        if np.isposinf(array(found, f"{case}, {wanted}")).any():
            raise Hint(
                f"{case}, k is not larger than the number of errors: the 1 is added to their "
                "number, and the k-th smallest has index k - 1."
            )
    ask_for_same(answer, _half_width, some, _OTHER_WIDTHS, "Sort the sizes and count to the k-th.")
    few = "For 4 errors and a level of 0.9"
    found = called(answer, np.arange(4.0), 0.9, case=few)
    if not np.isposinf(array(found, f"{few}, {wanted}")).all():
        raise Hint(f"{few}, k is larger than the number of errors: return `np.inf`.")
    year = errors.index[-1].year
    before, after = errors[errors.index.year < year][-DAYS:], errors[errors.index.year == year]
    inside = (np.abs(after) <= _half_width(before.to_numpy(), 0.8)).mean()
    return (
        f"An 80% interval from the {DAYS} days before held {inside:.0%} of {year}: the promise "
        "needs a year that is like the one before."
    )
