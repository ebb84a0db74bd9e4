"""Checks of lesson 05, free-running generation."""

from collections.abc import Callable

from course.exercises.answers import array, called, number, numbers, shaped
from course.exercises.hints import Hint, close, exercise, known_mistake
from course_utils.evaluation import coverage, crps

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

ORIGINS, STEPS, PATHS = 300, 20, 500  # of exercise 4


@exercise(
    "05-1",
    "One step ahead the mean is 0.8 times the value now. What is it one step later?",
    "Steps multiply, so the memory comes in to the power of three.",
    "At the resting point x a step gives x again: x = 0.8 x + 0.1. Solve for x.",
)
def _long_run(answer: object) -> str:
    mean, resting = numbers(answer, 2)
    if not close(mean, 2.56, atol=5e-4):
        mistakes = {
            "that is the mean one step ahead: multiply by the memory once per step.": 0.8 * 5,
            "that is two steps ahead.": 0.8**2 * 5,
            "that is four steps ahead.": 0.8**4 * 5,
            "each step takes its share of what is left, so steps multiply.": 5 - 3 * 0.2 * 5,
        }
        hint = known_mistake(mean, mistakes, atol=5e-4)
        raise Hint(
            f"Conditional mean: {hint or 'each step keeps 0.8 of the value before, on average.'}"
        )
    if not close(resting, 0.5, atol=5e-4):
        mistakes = {
            "that is what one step adds; 0.8 of what was added before stays.": 0.1,
            "sum 0.1 + 0.8 × 0.1 + 0.8² × 0.1 + ...: divide by 1 - 0.8.": 0.1 / 0.8,
            "the first 0.1 counts, too.": 0.1 * 0.8 / 0.2,
        }
        hint = known_mistake(resting, mistakes, atol=5e-4)
        raise Hint(f"Resting point: {hint or 'there a step changes nothing, so x = 0.8 x + 0.1.'}")
    return "A bias of 0.1 became five times as much."


@exercise(
    "05-2",
    "Keep a list that begins as a copy of the window, and let it grow.",
    "In each step, hand `forecast` the last `len(window)` values of the list as an array.",
    "Append what it returns. At the end, leave out the values that you started with.",
)
def _loop(answer: object) -> str:
    forecasts = {
        "the last value and half of the last change": lambda w: w[-1] + 0.5 * (w[-1] - w[-2]),
        "the window's mean": np.mean,
        "the window's oldest value": lambda w: w[0],
    }
    window, steps = np.array([1.0, 2.0, 4.0]), 6
    for name, forecast in forecasts.items():
        sizes: set[int] = set()
        found = called(answer, _watched(forecast, sizes), window, steps, keep=True)
        found = np.ravel(array(found))
        if wrong := sizes - {3}:
            raise Hint(f"`forecast` was given {max(wrong)} values, and the window has 3.")
        if len(found) != steps:
            extra = " Leave out the window you started from." if len(found) == steps + 3 else ""
            raise Hint(f"{steps} steps must give {steps} values, not {len(found)}.{extra}")
        expected = window
        for _ in range(steps):
            expected = np.append(expected, forecast(expected[-3:]))
        right = expected[3:]
        case = f"When `forecast` gives {name}, "
        if not close(found[0], right[0], rtol=1e-5):
            raise Hint(f"{case}the first value should be {right[0]:.3g}, not {found[0]:.3g}.")
        if close(found, right, rtol=1e-5):
            continue
        if np.ptp(found) == 0:
            raise Hint(f"{case}all your values are the same: feed each forecast back.")
        step = int(np.argmin(np.isclose(found, right))) + 1
        raise Hint(
            f"{case}step {step} is off: drop the oldest value and append the newest, in order."
        )
    return "The window moves by one, and the forecast is believed."


def _watched(forecast: Callable[[NDArray], float], sizes: set[int]) -> Callable[[ArrayLike], float]:
    """A forecast that notes how many values it is given."""

    def ask(values: ArrayLike) -> float:
        sizes.add(np.size(values))
        return float(forecast(np.ravel(values)))

    return ask


@exercise(
    "05-3",
    "A central band of 80% leaves as much above it as below it: how much on either side?",
    "`np.quantile` with a list of two shares and `axis=0` gives both edges for every day.",
    "A day is inside if the truth is between the edges. The mean over the days is the share.",
)
def _share_inside(answer: object, paths: ArrayLike, truth: ArrayLike) -> str:
    found = number(answer)
    samples, truth = np.transpose(np.asarray(paths)), np.asarray(truth)
    right = coverage(truth, samples, 0.8)
    if close(found, right, atol=5e-4):
        return f"{found:.0%} of the days; one year is one occasion, and its days hang together."
    if close(found, 100 * right, atol=0.05):
        raise Hint("Give a share between 0 and 1, not per cent.")
    if close(found, right * len(truth)):
        raise Hint("That is the number of days: give their share.")
    if not 0 <= found <= 1:
        raise Hint(f"{found:.4g} is not a share: a share is between 0 and 1.")
    below_upper_edge = float((truth <= np.quantile(samples, 0.8, axis=-1)).mean())
    mistakes = {
        "Between the 20% and the 80% quantile lie 60% of the paths.": coverage(truth, samples, 0.6),
        "That is the 95% band.": coverage(truth, samples, 0.95),
        "A central band has two edges, with 10% of the paths on either side.": below_upper_edge,
        "That is the share outside.": 1 - right,
    }
    raise Hint(
        known_mistake(found, mistakes, atol=5e-4)
        or "Take the 10% and the 90% quantile over the paths, axis 0, and count the days between."
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
        raise Hint(
            f"{scores}: not half a per cent below it yet. Your 95% band holds {inside:.0%} of the "
            "days."
        )
    return f"{scores}; your 95% band holds {inside:.0%} of the days."
