"""Checks of lesson 05, free-running generation."""

from collections.abc import Callable

from course.exercises.answers import array, ask_for_same, called, number, numbers, shaped
from course.exercises.hints import (
    Hint,
    Slips,
    close,
    diagnosis,
    diagnosis_by_part,
    exercise,
    worked_out,
)
from course_utils.evaluation import coverage, crps

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

ORIGINS, STEPS, PATHS = 300, 20, 500  # of exercise 4


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
    hint = diagnosis_by_part(found, _LONG_RUN, _OTHER_RUNS, atol=5e-4)
    if not close(found[0], _LONG_RUN[0], atol=5e-4):
        hint = hint or "each step keeps 0.8 of the value before, on average."
        raise Hint(f"Conditional mean: {hint}")
    raise Hint(f"Resting point: {hint or 'there a step changes nothing, so x = 0.8 x + 0.1.'}")


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
    "an array of whole numbers cuts decimals off: copy the window as floats.": (
        lambda forecast, window, steps: _generated(
            lambda values: np.array(forecast(values)).astype(window.dtype), window, steps
        )
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
            extra = " Leave out the window you started from." if len(found) == 9 else ""
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
    right = _inside(np.asarray(paths), np.asarray(truth), 0.1, 0.9)
    if close(found, right, atol=5e-4):
        return f"{found:.0%} of the days; one year is one occasion, and its days hang together."
    slips = worked_out(_OTHER_SHARES, paths=paths, truth=truth)
    if hint := diagnosis(found, right, slips, atol=5e-4):
        raise Hint(hint)
    if not 0 <= found <= 1:
        raise Hint(f"{found:.4g} is not a share: a share is between 0 and 1.")
    raise Hint(
        "Take the 10% and the 90% quantile over the paths, axis 0, and count the days between."
    )


def _sampled(function: object, past: pd.Series, seed: int) -> NDArray:
    """Call a learner's sampler and take prices on the scale of the past."""
    found = called(function, past, STEPS, PATHS, np.random.default_rng(seed))
    paths = shaped(found, (PATHS, STEPS), "(paths, steps)")
    if not 0.2 < np.median(paths[:, 0]) / past.iloc[-1] < 5:
        raise Hint("The paths are not on the scale of the prices: start from the last one.")
    return paths


def _ask_for_sampler(function: object, past: pd.Series) -> None:
    """Raise a hint unless a function draws from its rng alone and starts from the past it gets."""
    once, again = _sampled(function, past, 0), _sampled(function, past, 0)
    if not np.array_equal(once, again):
        raise Hint("The same rng gave different paths: draw from `rng` and from nothing else.")
    if np.ptp(once[:, -1]) == 0:
        raise Hint("All paths end at the same price: return a distribution.")
    if np.array_equal(once, _sampled(function, past, 1)):
        raise Hint("A different rng gave the same paths: draw from `rng`.")
    _sampled(function, 10 * past, 0)  # one that looks at other prices is not on this scale
    last = past.iloc[-1]
    calm, wild = (
        np.log(_sampled(function, last * (past / last) ** size, 0)[:, -1]).std()
        for size in (0.5, 2)
    )
    if wild < 1.5 * calm:
        raise Hint(
            "Your paths spread as far after a calm past as after a wild one: take the noise from "
            "`past`, and from no table of the notebook."
        )


def _fault(paths: NDArray, last: float) -> str:
    """What is odd about paths, shape (paths, steps), that begin after a last price."""
    logs = np.log(paths / last)
    spread = logs.std(axis=0)
    moves = np.diff(logs, axis=1)
    if np.corrcoef(logs[:-1, 0], logs[1:, 0])[0, 1] > 0.9:
        return "Each path goes on where the one above ended: add up along the steps, axis=1."
    if np.corrcoef(moves[:, 0], moves[:, 1])[0, 1] > 0.9:
        return "Each path repeats one draw: draw for every step of every path."
    if spread[-1] < 1.5 * spread[0]:
        return "The last day is no less certain than the first: add the returns up, with cumsum."
    if abs(np.median(logs[:, 0])) > 3 * spread[0]:
        return "Your paths do not start from the last price."
    if abs(rise := logs[:, -1].mean()) > 4 * spread[-1] / len(logs) ** 0.5:
        return f"Your paths move by {rise:.1%} on average: leave the mean of the returns out."
    return ""


@exercise(
    "05-4",
    "Begin with the rival itself: log returns of `past`, drawn with `rng.choice`, added up.",
    "The last price times the exponential of the summed returns gives prices again.",
    "Draw from the last year or so, not from all years, and subtract the mean of those returns.",
)
def _sharper_bands(answer: object, prices: pd.DataFrame) -> str:
    high, year = prices["High"], prices.attrs["test_year"]
    last = len(high) - 1 - STEPS
    first = high.index.searchsorted(pd.Timestamp(f"{year - 5}-01-01")) - 1
    origins = np.linspace(first, last, ORIGINS).round().astype(int)
    _ask_for_sampler(answer, high.iloc[: origins[0] + 1])
    truth, samples, walks = [], [], []
    for seed, origin in enumerate(origins):
        past = high.iloc[: origin + 1]
        truth.append(high.iloc[origin + 1 : origin + 1 + STEPS].to_numpy())
        samples.append(_sampled(answer, past, seed).T)
        returns = np.log(past).diff().dropna()
        drawn = np.random.default_rng(seed).choice(returns - returns.mean(), (PATHS, STEPS))
        walks.append((past.iloc[-1] * np.exp(drawn.cumsum(axis=1))).T)
    truth, samples, walks = np.array(truth), np.array(samples), np.array(walks)
    yours, rival = crps(truth[:, -1], samples[:, -1]), crps(truth[:, -1], walks[:, -1])
    inside = coverage(truth, samples, 0.95)
    scores = f"CRPS {yours:.3f} dollars, the random walk's {rival:.3f}"
    if yours < 0.9 * rival:
        raise Hint(f"{scores}: too good to be true. Use `past` only, no table from the notebook.")
    if yours > 0.995 * rival:  # the luck of the draw alone reaches three tenths of a per cent
        held = f"Your 95% band holds {inside:.0%} of the days."
        fault = _fault(samples[-1].T, past.iloc[-1])
        raise Hint(f"{scores}: not half a per cent below it yet. {fault or held}")
    return f"{scores}; your 95% band holds {inside:.0%} of the days."
