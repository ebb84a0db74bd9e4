"""Checks of lesson 05, free-running generation."""

from collections.abc import Callable

from course.exercises.hints import Hint, array, called, number, numbers
from course_utils.evaluation import coverage, crps

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

ORIGINS, STEPS, PATHS = 300, 20, 500  # of exercise 4


def _long_run(answer: object) -> str:
    mean, resting = numbers(answer, 2)
    mean_mistakes = {
        0.8 * 5: "That is the mean one step ahead: multiply by the memory once for each step.",
        0.8**2 * 5: "That is two steps ahead.",
        0.8**4 * 5: "That is four steps ahead.",
        5 - 3 * 0.2 * 5: "The share is of what is left each time, so steps multiply.",
    }
    for mistake, hint in mean_mistakes.items():
        if np.isclose(mean, mistake, atol=5e-4):
            raise Hint(f"Conditional mean: {hint}")
    if not np.isclose(mean, 2.56, atol=5e-4):
        raise Hint("Conditional mean: each step keeps 0.8 of the value before, on average.")
    resting_mistakes = {
        0.1: "That is what one step adds; what was added before stays, to 0.8.",
        0.1 / 0.8: "Sum 0.1 + 0.8 × 0.1 + 0.8² × 0.1 + ...: divide by 1 - 0.8.",
        0.1 * 0.8 / 0.2: "The first 0.1 counts, too.",
    }
    for mistake, hint in resting_mistakes.items():
        if np.isclose(resting, mistake, atol=5e-4):
            raise Hint(f"Resting point: {hint}")
    if not np.isclose(resting, 0.5, atol=5e-4):
        raise Hint("Resting point: there a step changes nothing, so x = 0.8 x + 0.1.")
    return "A bias of 0.1 became five times as much."


def _loop(answer: object) -> str:
    window = np.array([1.0, 2.0, 4.0])
    sizes: set[int] = set()

    def watched(forecast: Callable[[NDArray], float]) -> Callable[[NDArray], float]:
        def ask(values: ArrayLike) -> float:
            sizes.add(np.size(values))
            return float(forecast(np.ravel(values)))

        return ask

    forecasts = {
        "the last value and half of the last change": lambda w: w[-1] + 0.5 * (w[-1] - w[-2]),
        "the window's mean": np.mean,
        "the window's oldest value": lambda w: w[0],
    }
    for name, forecast in forecasts.items():
        given = window.copy()
        found = np.ravel(array(called(answer, watched(forecast), given, 6)))
        if not np.array_equal(given, window):
            raise Hint("Your function changed the caller's window: work on a copy.")
        if sizes and sizes != {3}:
            raise Hint(f"`forecast` was given {max(sizes - {3})} values, and the window has 3.")
        if len(found) != 6:
            extra = " Leave out the window you started from." if len(found) == 9 else ""
            raise Hint(f"6 steps were asked for, and {len(found)} values came back.{extra}")
        expected = list(window)
        for _ in range(6):
            expected.append(float(forecast(np.array(expected[-3:]))))
        case = f"When `forecast` gives {name}, "
        if not np.isclose(found[0], expected[3]):
            raise Hint(f"{case}the first value should be {expected[3]:.3g}, not {found[0]:.3g}.")
        if np.allclose(found, found[0]) and not np.allclose(expected[3:], expected[3]):
            raise Hint(f"{case}all your values are the same: feed each forecast back.")
        if not np.allclose(found, expected[3:]):
            step = int(np.argmin(np.isclose(found, expected[3:]))) + 1
            raise Hint(
                f"{case}step {step} is off: drop the oldest value and append the newest, in order."
            )
    return "The window moves by one, and the forecast is believed."


def _share_inside(answer: object, paths: ArrayLike, truth: ArrayLike) -> str:
    found = number(answer)
    samples, truth = np.transpose(np.asarray(paths)), np.asarray(truth)
    expected = coverage(truth, samples, 0.8)
    if np.isclose(found, 100 * expected, atol=0.05) and expected:
        raise Hint("Give a share between 0 and 1, not per cent.")
    if np.isclose(found, expected * len(truth)) and expected:
        raise Hint("That is the number of days: give their share.")
    if not 0 <= found <= 1:
        raise Hint(f"{found:.4g} is no share: it lies between 0 and 1.")
    if np.isclose(found, expected, atol=5e-4):
        return f"{found:.0%} of the days; one year is one occasion, and its days hang together."
    mistakes = {
        coverage(truth, samples, 0.6): "Between the 20% and the 80% quantile lie 60% of the paths.",
        coverage(truth, samples, 0.95): "That is the 95% band.",
        float((truth <= np.quantile(samples, 0.8, axis=-1)).mean()): (
            "A central band has two edges, with 10% of the paths on either side."
        ),
        1 - expected: "That is the share outside.",
    }
    for mistake, hint in mistakes.items():
        if np.isclose(found, mistake, atol=5e-4):
            raise Hint(hint)
    raise Hint(
        "Take the 10% and the 90% quantile over the paths, axis 0, and count the days between."
    )


def _sampled(function: object, past: pd.Series, seed: int) -> NDArray:
    """Call a learner's sampler and take its paths, or say what came instead."""
    paths = array(called(function, past.copy(), STEPS, PATHS, np.random.default_rng(seed)))
    if paths.shape != (PATHS, STEPS):
        raise Hint(f"Shape (paths, steps) is ({PATHS}, {STEPS}) here; yours is {paths.shape}.")
    if not np.isfinite(paths).all():
        raise Hint("Not every price is finite: did a missing first return get drawn?")
    if not 0.2 < np.median(paths[:, 0]) / past.iloc[-1] < 5:
        raise Hint("The paths are not on the scale of the prices: start from the last one.")
    return paths


def _sharper_bands(answer: object, prices: pd.DataFrame) -> str:
    high, year = prices["High"], prices.attrs["test_year"]
    last = len(high) - 1 - STEPS
    first = high.index.searchsorted(pd.Timestamp(f"{year - 5}-01-01")) - 1
    origins = np.linspace(first, last, ORIGINS).round().astype(int)
    past = high.iloc[: origins[0] + 1]
    once, again = _sampled(answer, past, 0), _sampled(answer, past, 0)
    if not np.array_equal(once, again):
        raise Hint("The same rng gave other paths: draw from `rng` and from nothing else.")
    if np.ptp(once[:, -1]) == 0:
        raise Hint("All paths end at the same price: a distribution is asked for.")
    if np.array_equal(once, _sampled(answer, past, 1)):
        raise Hint("Another rng gave the same paths: draw from `rng`.")
    _sampled(answer, 10 * past, 0)  # one that looks at other prices is not on this scale
    truth, samples, walks = [], [], []
    for number_, origin in enumerate(origins):
        past = high.iloc[: origin + 1]
        truth.append(high.iloc[origin + 1 : origin + 1 + STEPS].to_numpy())
        samples.append(_sampled(answer, past, number_).T)
        returns = np.log(past).diff().dropna()
        drawn = np.random.default_rng(number_).choice(returns - returns.mean(), (PATHS, STEPS))
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


CHECKS: dict[str, Callable[..., str]] = {
    "05-1": _long_run,
    "05-2": _loop,
    "05-3": _share_inside,
    "05-4": _sharper_bands,
}

HINTS: dict[str, tuple[str, ...]] = {
    "05-1": (
        "One step ahead the mean is 0.8 times where it stands now. What is the step after that?",
        "Steps multiply, so the memory comes in to the power of three.",
        "At the resting point x a step gives x again: x = 0.8 x + 0.1. Solve for x.",
    ),
    "05-2": (
        "Keep a list that begins as a copy of the window, and let it grow.",
        "In each step, hand `forecast` the last `len(window)` values of the list as an array.",
        "Append what it says. At the end, leave out the values that you started with.",
    ),
    "05-3": (
        "A central band of 80% leaves as much above it as below it: how much on either side?",
        "`np.quantile` with a list of two shares and `axis=0` gives both edges for every day.",
        "A day is inside if the truth is not below the lower edge and not above the upper one. "
        "The mean of these is the share.",
    ),
    "05-4": (
        "Begin with the rival itself: log returns of `past`, drawn with `rng.choice`, added up.",
        "Prices come back with the last price times the exponential of the summed returns.",
        "Draw from the last year or so instead of all years, and subtract the mean of what you "
        "draw from.",
    ),
}
