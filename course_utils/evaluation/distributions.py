"""How good is a forecast that is a distribution, given as many equally likely samples?"""

from course_utils.checks import as_numbers, check_same_days

import numpy as np
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
    if not 0 < level < 1:
        raise ValueError(f"A level of {level} is not a share between 0 and 1: 95% is 0.95.")
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
