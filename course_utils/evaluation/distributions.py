"""How good is a forecast that is a distribution, given as many equally likely samples?"""

from collections.abc import Sequence
from math import ceil

from course_utils.checks import as_numbers, check_level, check_same_days

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def bands(samples: ArrayLike, level: float) -> tuple[NDArray, NDArray]:
    """Find the central band that holds a share of the samples, with as many below as above.

    Args:
        samples: equally likely values along the last axis, shape (..., samples).
        level: the share within the band, above 0 and below 1.

    Returns:
        the band's lower and upper edge, each of shape (...).

    Raises:
        ValueError: the level is not between 0 and 1, or a sample is missing.
    """
    samples = as_numbers(samples).astype(float)
    check_level(level)
    _check_whole(samples)
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=-1)
    return low, high


def coverage(truth: ArrayLike, samples: ArrayLike, level: float) -> float:
    """Share of the true values that fell within the central band of that level.

    Args:
        truth: shape (...).
        samples: equally likely values for each true one, shape (..., samples).
        level: the share that the band claims to hold, above 0 and below 1.

    Returns:
        0 to 1; close to `level` if the bands are honest.

    Raises:
        ValueError: the shapes do not fit, the level is not a share, or a value is missing.
    """
    truth, samples = _truth_and_samples(truth, samples)
    low, high = bands(samples, level)
    return float(((low <= truth) & (truth <= high)).mean())


def coverage_by_group(
    truth: ArrayLike, samples: ArrayLike, levels: Sequence[float], groups: ArrayLike
) -> pd.DataFrame:
    """Coverage apart for each group of days: bands can be right on average and wrong every day.

    Args:
        truth: shape (days,).
        samples: equally likely values for each day, shape (days, samples).
        levels: shares that the bands claim to hold.
        groups: the group of each day, such as "calm" or "wild", known before the day.

    Returns:
        one row per group, one column per level.

    Raises:
        ValueError: as for `coverage`; or there is not one group for each day, or of other days.
    """
    check_same_days(truth, groups)
    truth, samples = _truth_and_samples(truth, samples)
    groups = np.asarray(groups)
    if groups.shape != truth.shape:
        raise ValueError(f"{truth.shape} days need as many groups, not {groups.shape}.")
    return pd.DataFrame(
        {
            level: {
                group: coverage(truth[groups == group], samples[groups == group], level)
                for group in np.unique(groups)
            }
            for level in levels
        }
    )


def pit(truth: ArrayLike, samples: ArrayLike) -> NDArray:
    """Probability integral transform: which share of the samples lies below each true value.

    If the forecasts are honest, these shares are spread evenly from 0 to 1 (Dawid, 1984): a heap
    in the middle means that bands are too wide, heaps at both ends that they are too narrow.

    Args:
        truth: shape (...).
        samples: equally likely values for each true one, shape (..., samples).

    Returns:
        shares, shape (...); samples that equal the truth count half.

    Raises:
        ValueError: the shapes do not fit, or a value is missing.
    """
    truth, samples = _truth_and_samples(truth, samples)
    truth = truth[..., np.newaxis]
    return ((samples < truth).mean(axis=-1) + (samples <= truth).mean(axis=-1)) / 2


def pinball(truth: ArrayLike, quantiles: ArrayLike, levels: ArrayLike) -> float:
    """Pinball score of forecast quantiles, the loss whose minimum is the quantile; lower is better.

    A truth above the quantile of level q costs q times the distance, one below it 1 - q times
    (Koenker and Bassett, 1978).

    Args:
        truth: shape (...).
        quantiles: forecasts, shape (..., levels).
        levels: between 0 and 1, shape (levels,), such as 0.1, 0.5, 0.9.

    Returns:
        the mean over all true values and levels, in the unit of the data.

    Raises:
        ValueError: the shapes do not fit, a level is not a share, or a value is missing.
    """
    from scoringrules import quantile_score

    truth, quantiles = _truth_and_samples(truth, quantiles)
    levels = as_numbers(levels)
    if levels.shape != quantiles.shape[-1:] or not ((levels > 0) & (levels < 1)).all():
        raise ValueError(f"{quantiles.shape[-1]} quantiles need as many levels between 0 and 1.")
    return float(np.mean(quantile_score(truth[..., np.newaxis], quantiles, levels)))


def conformal(errors: ArrayLike, level: float) -> float:
    """Half the width of a split conformal interval: the next error is within it so often.

    The ceil((n + 1) level)-th smallest of n absolute errors (Lei and others, 2018), of days on
    which the model was not trained. It assumes only that the next error might have been any of
    them, so divide errors by the width that was forecast if some days are wilder than others.

    Args:
        errors: truth minus forecast, shape (n,).
        level: the share of errors that the interval is to hold, above 0 and below 1.

    Returns:
        the half width; infinite if there are too few errors for the level.

    Raises:
        ValueError: the level is not a share, there is no error, or one is missing.
    """
    check_level(level)
    sizes = np.sort(np.abs(np.ravel(as_numbers(errors).astype(float))))
    _check_whole(sizes)
    place = ceil(round((len(sizes) + 1) * level, 9))  # 75 * 0.68 is a little more than 51
    return float(sizes[place - 1]) if place <= len(sizes) else np.inf


def crps(truth: ArrayLike, samples: ArrayLike) -> float:
    """Continuous ranked probability score: the error of a whole distribution, lower is better.

    It is in the unit of the data, and for a distribution that is a single number it is the mean
    absolute error (Matheson and Winkler, 1976; Gneiting and Raftery, 2007).

    Args:
        truth: shape (...).
        samples: equally likely values for each true one, shape (..., samples).

    Returns:
        the mean over all true values.

    Raises:
        ValueError: the shapes do not fit, or a value is missing.
    """
    from scoringrules import crps_ensemble

    truth, samples = _truth_and_samples(truth, samples)
    return float(np.mean(crps_ensemble(truth, samples, backend="numpy")))


def _truth_and_samples(truth: ArrayLike, samples: ArrayLike) -> tuple[NDArray, NDArray]:
    """Make sure that each true value has its samples."""
    check_same_days(truth, samples)
    truth, samples = as_numbers(truth).astype(float), as_numbers(samples).astype(float)
    if samples.shape[:-1] != truth.shape:
        raise ValueError(
            f"True values of shape {truth.shape} need samples of shape {(*truth.shape, 'samples')} "
            f"with the samples last, not {samples.shape}."
        )
    _check_whole(truth)
    _check_whole(samples)
    return truth, samples


def _check_whole(values: NDArray) -> None:
    """Refuse missing values, of which one would spoil a whole score."""
    if not values.size or not np.isfinite(values).all():
        raise ValueError(
            "Truth or samples hold missing values, or infinite ones: score only what has both."
        )
