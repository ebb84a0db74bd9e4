"""Is a forecast any good? Errors in the unit of the data."""

from collections.abc import Callable, Sequence

from course_utils.checks import as_numbers, check_order, check_same_days

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

MAX_LAG = 10
"""the longest delay tried, in days"""


def pair(truth: ArrayLike, forecast: ArrayLike, in_order: bool = False) -> tuple[NDArray, NDArray]:
    """Flatten truth and forecast, because (n, 1) against (n,) would broadcast to (n, n).

    Where neighbours count, `in_order` refuses days that do not run from the oldest to the newest.
    """
    check_same_days(truth, forecast)
    if in_order:
        check_order(truth, forecast)
    truth, forecast = as_numbers(truth), as_numbers(forecast)
    if truth.size != forecast.size:
        raise ValueError(
            f"{truth.size} true values but {forecast.size} forecasts: they must be the same days."
        )
    if truth.squeeze().shape != forecast.squeeze().shape:
        raise ValueError(
            f"True values of shape {truth.shape} but forecasts of {forecast.shape}: give each true "
            "value its forecast."
        )
    truth, forecast = (each.ravel().astype(float) for each in (truth, forecast))  # int8 overflows
    if not (np.isfinite(truth).all() and np.isfinite(forecast).all()):
        raise ValueError(
            "Truth or forecast holds missing values, or infinite ones: compare only days with both."
        )
    return truth, forecast


def rmse(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Root mean squared error, in the unit of the data.

    Args:
        truth: shape (samples,) or (samples, 1).
        forecast: the same number of values.

    Returns:
        the error; 0 is perfect.

    Raises:
        ValueError: the lengths differ, or a value is missing.
    """
    return float(root_mean_squared_error(*pair(truth, forecast)))


def mae(truth: ArrayLike, forecast: ArrayLike) -> float:
    """Mean absolute error, in the unit of the data: no single day can make up a third of it.

    Args:
        truth: shape (samples,) or (samples, 1).
        forecast: the same number of values.

    Returns:
        the error; 0 is perfect.

    Raises:
        ValueError: the lengths differ, or a value is missing.
    """
    return float(mean_absolute_error(*pair(truth, forecast)))


def skill(
    truth: ArrayLike,
    forecast: ArrayLike,
    naive: ArrayLike,
    error: Callable[[ArrayLike, ArrayLike], float] = rmse,
) -> float:
    """The share of the naive forecast's error that a forecast removes.

    Args:
        truth: shape (samples,).
        forecast: the forecast to judge, shape (samples,).
        naive: the naive forecast of the same days, or another that is to be beaten, (samples,).
        error: `rmse` or `mae`.

    Returns:
        1 is perfect, 0 is as good as naive, below 0 is worse than naive.

    Raises:
        ValueError: the lengths differ, a value is missing, or the naive forecast is perfect.
    """
    to_beat = error(truth, naive)
    if to_beat == 0:
        raise ValueError("The naive forecast is perfect: there is nothing left to gain.")
    return 1 - error(truth, forecast) / to_beat


def lag_profile(truth: ArrayLike, forecast: ArrayLike) -> pd.Series:
    """How closely the forecast's daily moves follow the true moves of 0, 1, 2, ... days before.

    Moves are compared, not levels, so that a constant offset cannot hide the delay.

    Args:
        truth: shape (days,), oldest first.
        forecast: the forecast of the same days, shape (days,).

    Returns:
        the correlation of the moves, indexed by the delay in days from 0 to 10.

    Raises:
        ValueError: the lengths differ, the days do not run oldest first, there are fewer than 14,
            or truth or forecast never moves.
    """
    truth, forecast = pair(truth, forecast, in_order=True)
    if len(truth) < MAX_LAG + 4:  # two moves correlate by 1 or -1, at every delay
        raise ValueError(f"{len(truth)} days are too few to look for delays up to {MAX_LAG} days.")
    if _never_moves(forecast, MAX_LAG) or _never_moves(truth):
        raise ValueError("Values that never move, or always by the same, have no delay: omit them.")
    true_moves, moves = np.diff(truth), np.diff(forecast)[MAX_LAG:]
    shifted = np.lib.stride_tricks.sliding_window_view(true_moves, len(moves))[::-1]
    with np.errstate(invalid="ignore"):  # nan where the truth stands still
        correlations = [np.corrcoef(moves, past)[0, 1] for past in shifted]
    return pd.Series(correlations, index=pd.RangeIndex(MAX_LAG + 1, name="days late"))


def _never_moves(values: NDArray, from_move: int = 0) -> bool:
    """Whether values stand still or always move by the same amount, except for rounding."""
    moves = np.diff(values)[from_move:]
    return len(moves) > 0 and bool(np.ptp(moves) <= 1e-9 * np.abs(values).max())


def lag(truth: ArrayLike, forecast: ArrayLike) -> int:
    """The delay, in days, at which a forecast's moves agree best with the true ones.

    Args:
        truth: shape (days,), oldest first.
        forecast: the forecast of the same days, shape (days,).

    Returns:
        0 for a forecast that moves with the truth, 1 for one that repeats yesterday.

    Raises:
        ValueError: see `lag_profile`.
    """
    return int(lag_profile(truth, forecast).idxmax())


def score_table(truth: pd.Series, forecasts: dict[str, ArrayLike]) -> pd.DataFrame:
    """Compare forecasts of the same days; the first is the naive one that the others must beat.

    Args:
        truth: the true values, shape (days,), in USD.
        forecasts: name and forecast, shape (days,), the naive forecast first.

    Returns:
        one row per forecast in the given order: `RMSE` in USD, `skill` against the first, and
        `lag` in days, missing for a forecast that never moves, or soon stops.

    Raises:
        ValueError: there is no forecast, or one differs from the truth in length or holds a
            missing value; or there are too few days to find a lag, or the truth never moves.
    """
    if not forecasts:
        raise ValueError("There is nothing to compare: pass the naive forecast first, then others.")
    naive = next(iter(forecasts.values()))
    rows = {
        name: {
            "RMSE": rmse(truth, forecast),
            "skill": skill(truth, forecast, naive),
            "lag": pd.NA if _never_moves(np.ravel(forecast), MAX_LAG) else lag(truth, forecast),
        }
        for name, forecast in forecasts.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"lag": "Int64"})


def error_by_horizon(
    truth: ArrayLike, forecasts: dict[str, ArrayLike], horizons: Sequence[int]
) -> pd.DataFrame:
    """Compare forecasts made at many origins for many steps ahead, one row per horizon.

    Args:
        truth: what came after each origin, shape (origins, steps); NaN where the data ends.
        forecasts: name and forecast, shape (origins, steps), the naive forecast first.
        horizons: steps ahead of the origin, from 1 to `steps`.

    Returns:
        the RMSE over the origins, in the unit of the data: one row per horizon, one column per
        forecast.

    Raises:
        ValueError: a forecast differs from the truth in shape or holds a missing value, or a
            horizon is beyond the steps or has no origin whose truth is known.
    """
    for forecast in forecasts.values():
        check_same_days(truth, forecast)
    truth = as_numbers(truth).astype(float)
    if truth.ndim != 2:
        raise ValueError(
            f"Truth has shape (origins, steps), not {truth.shape}: one origin is truth[np.newaxis]."
        )
    for name, forecast in forecasts.items():
        if np.shape(forecast) != truth.shape:
            raise ValueError(
                f"{name}: shape {np.shape(forecast)}, but the truth has {truth.shape}: one row per "
                "origin, one column per step."
            )
    rows = {}
    for horizon in horizons:
        if not 1 <= horizon <= truth.shape[1]:
            raise ValueError(f"No horizon {horizon}: there are {truth.shape[1]} steps.")
        known = ~np.isnan(truth[:, horizon - 1])
        if not known.any():
            raise ValueError(f"No origin has a known truth {horizon} steps ahead: begin earlier.")
        rows[horizon] = {
            name: rmse(truth[known, horizon - 1], np.asarray(forecast)[known, horizon - 1])
            for name, forecast in forecasts.items()
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("steps ahead")
