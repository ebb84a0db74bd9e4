"""How sure is a difference between two forecasts? Tests and intervals."""

from typing import NamedTuple

from course_utils.checks import as_numbers, check_all_finite, check_level, check_same_days
from course_utils.evaluation.errors import pair, skill

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

FEWEST = 4
"""cosines that the variance of a mean needs"""


class Comparison(NamedTuple):
    """The outcome of a Diebold-Mariano test."""

    gain: float
    """mean squared error of the rival minus that of the forecast; positive favours the forecast"""
    statistic: float
    p_value: float


class Interval(NamedTuple):
    """What a number may have been, but for chance."""

    low: float
    high: float


class Difference(NamedTuple):
    """A mean difference between pairs, and how sure it is."""

    mean: float
    standard_error: float
    low: float
    high: float


def diebold_mariano(
    truth: ArrayLike, forecast: ArrayLike, rival: ArrayLike, horizon: int = 1
) -> Comparison:
    """Test whether two forecasts of the same days have the same expected squared error.

    Diebold and Mariano (1995), corrected for short samples as Harvey, Leybourne and Newbold (1997)
    do. Forecasts `horizon` days ahead share days with their neighbours, so their errors depend on
    each other: the variance of the mean is estimated from its slowest cosines (Lazarus, Lewis,
    Stock and Watson, 2018), which span at least two horizons each. The usual estimate, a sum over
    `horizon - 1` lags, rejects a true null too often at 20 days. Where one model contains the other
    as a special case, the test is cautious (Clark and West, 2007).

    Args:
        truth: shape (days,), oldest first.
        forecast: the forecast to judge, shape (days,).
        rival: the forecast to beat, shape (days,).
        horizon: days from a forecast to its target.

    Returns:
        the gain in mean squared error, the test statistic, and the two-sided p-value: how often
        chance gives a gain at least as large, either way, between equally good forecasts.

    Raises:
        ValueError: the lengths differ, the days do not run oldest first, the horizon is below 1,
            there are fewer than ten days or eight horizons, there are several columns, the
            forecasts are equal except for rounding, the gain is the same every day, or both
            forecasts' errors follow those of the day before, as only those of targets further
            ahead do.
    """
    if np.squeeze(truth).ndim > 1:
        raise ValueError(
            f"Truth of shape {np.shape(truth)} holds several targets for each day: test one "
            "horizon at a time, and name it with horizon=."
        )
    _, rival = pair(truth, rival, in_order=True)
    truth, forecast = pair(truth, forecast, in_order=True)
    if horizon < 1:
        raise ValueError(f"horizon {horizon} must be at least 1.")
    gains = (truth - rival) ** 2 - (truth - forecast) ** 2
    days = len(gains)
    if days < (fewest := max(10, 2 * FEWEST * horizon)):
        raise ValueError(
            f"{days} days cannot test forecasts {horizon} days ahead: take {fewest} or more."
        )
    if np.allclose(forecast, rival, rtol=1e-6, atol=0) or np.ptp(gains) == 0:
        raise ValueError("Equal forecasts, or the same gain every day, leave nothing to test.")
    if horizon == 1 and min(_memory(truth - forecast), _memory(truth - rival)) > 0.3 + days**-0.5:
        raise ValueError(
            "The errors of both forecasts follow those of the day before, as those of targets "
            "several days ahead do: say how many days ahead with horizon=."
        )
    cosines = max(FEWEST, min(int(0.41 * days ** (2 / 3)), days // (2 * horizon)))
    shrink = (days + 1 - 2 * horizon + horizon * (horizon - 1) / days) / days
    statistic = np.sqrt(shrink / _variance_of_mean(gains, cosines)) * gains.mean()
    p_value = 2 * stats.t.sf(abs(statistic), cosines)
    return Comparison(float(gains.mean()), float(statistic), float(p_value))


def _memory(errors: NDArray) -> float:
    """The correlation of errors with those of the day before."""
    errors = errors - errors.mean()
    total = errors @ errors
    return float(errors[1:] @ errors[:-1] / total) if total else 0.0


def _variance_of_mean(values: NDArray, cosines: int) -> float:
    """How far the mean of dependent values may be off, squared, from their slowest cosines."""
    days = len(values)
    waves = np.cos(np.pi * np.outer(np.arange(1, cosines + 1), (np.arange(days) + 0.5) / days))
    return float(np.mean((waves @ values) ** 2) * 2 / days**2)


def skill_interval(
    truth: ArrayLike,
    forecast: ArrayLike,
    naive: ArrayLike,
    level: float = 0.95,
    block: int = 10,
    draws: int = 2000,
) -> Interval:
    """Say between which bounds a skill may lie, had the days fallen otherwise.

    A bootstrap in blocks that wrap around the end (Politis and Romano, 1992): days are drawn anew,
    `block` neighbours at a time, because neighbours depend on each other.

    Args:
        truth: shape (days,), oldest first.
        forecast: the forecast to judge, shape (days,).
        naive: the forecast to beat, shape (days,).
        level: the share of draws between the bounds.
        block: days drawn together; longer than errors depend on each other, so at least the
            horizon, and a small part of all days.
        draws: how often the days are drawn.

    Returns:
        the bounds, where 0 is as good as the forecast to beat. The same draws every time.

    Raises:
        ValueError: as for `skill`, in any draw; the days do not run oldest first; the level is not
            a share; or there are fewer than five blocks.
    """
    check_level(level)
    skill(truth, forecast, naive)
    _, naive = pair(truth, naive, in_order=True)
    truth, forecast = pair(truth, forecast, in_order=True)
    days = len(truth)
    if days < 5 * block:
        raise ValueError(
            f"{days} days are too few for blocks of {block}: take {5 * block} or more."
        )
    starts = np.random.default_rng(0).integers(days, size=(draws, -(-days // block), 1))
    drawn = ((starts + np.arange(block)) % days).reshape(draws, -1)[:, :days]
    errors = [((truth - found) ** 2)[drawn].mean(axis=1) for found in (forecast, naive)]
    if still := (errors[1] == 0).sum():
        raise ValueError(
            f"In {still} of {draws} draws the naive forecast is perfect: take days that move more."
        )
    skills = 1 - np.sqrt(errors[0] / errors[1])
    return Interval(*np.quantile(skills, [(1 - level) / 2, (1 + level) / 2]).tolist())


def paired_difference(one: ArrayLike, other: ArrayLike, level: float = 0.95) -> Difference:
    """Compare two results over pairs that share a seed, a year or an origin.

    What a pair shares cancels in its difference, so a difference is seen that would drown in the
    spread of the seeds. Student's t.

    Args:
        one: a number a pair, shape (pairs,), such as the errors of one setting by seed.
        other: those of the other setting, in the same order.
        level: how often an interval made like this holds the true difference.

    Returns:
        the mean of `one - other`, its standard error, and the bounds of its interval.

    Raises:
        ValueError: the numbers are not in pairs, fewer than three, not finite, or all differences
            are equal; or the level is not a share.
    """
    check_level(level)
    check_same_days(one, other)
    one, other = as_numbers(one).astype(float), as_numbers(other).astype(float)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"Shapes {one.shape} and {other.shape} make no pairs: both are (pairs,).")
    apart = one - other
    check_all_finite(apart)
    if len(apart) < 3 or np.ptp(apart) == 0:
        raise ValueError(
            f"{len(apart)} differences, {len(set(apart.tolist()))} of them distinct, have no "
            "spread to judge by: take at least 3 pairs that differ."
        )
    error = stats.sem(apart)
    low, high = stats.t.interval(level, len(apart) - 1, apart.mean(), error)
    return Difference(float(apart.mean()), float(error), float(low), float(high))
