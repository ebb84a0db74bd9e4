"""Is a forecast any good, is it real, and did it see the future? Errors, tests and leak checks."""

from collections.abc import Callable
from typing import NamedTuple

from course_utils.windows import Scaler

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.metrics import root_mean_squared_error


class LeakError(AssertionError):
    """A model or its preparation saw something that a forecaster cannot know."""


class Comparison(NamedTuple):
    """The outcome of a Diebold-Mariano test."""

    gain: float
    """mean squared error of the rival minus that of the forecast; positive favours the forecast"""
    statistic: float
    p_value: float


def _pair(truth: ArrayLike, forecast: ArrayLike) -> tuple[NDArray, NDArray]:
    """Flatten truth and forecast, because (n, 1) against (n,) would broadcast to (n, n)."""
    truth, forecast = np.ravel(truth), np.ravel(forecast)
    if len(truth) != len(forecast):
        raise ValueError(
            f"{len(truth)} true values but {len(forecast)} forecasts: they must be the same days."
        )
    if np.isnan(truth).any() or np.isnan(forecast).any():
        raise ValueError("Truth or forecast holds missing values: compare only days with both.")
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
    return float(root_mean_squared_error(*_pair(truth, forecast)))


def skill(truth: ArrayLike, forecast: ArrayLike, naive: ArrayLike) -> float:
    """The share of the naive forecast's RMSE that a forecast removes.

    Args:
        truth: shape (samples,).
        forecast: the forecast to judge, shape (samples,).
        naive: the naive forecast of the same days, shape (samples,).

    Returns:
        1 is perfect, 0 is as good as naive, below 0 is worse than naive.

    Raises:
        ValueError: the lengths differ, a value is missing, or the naive forecast is perfect.
    """
    to_beat = rmse(truth, naive)
    if to_beat == 0:
        raise ValueError("The naive forecast is perfect: there is nothing left to gain.")
    return 1 - rmse(truth, forecast) / to_beat


def lag_profile(truth: ArrayLike, forecast: ArrayLike, max_lag: int = 10) -> pd.Series:
    """How closely the forecast's daily moves follow the true moves of 0, 1, 2, ... days before.

    Moves are compared, not levels, so that a constant offset cannot hide the delay.

    Args:
        truth: shape (days,), oldest first.
        forecast: the forecast of the same days, shape (days,).
        max_lag: the largest delay tried, in days.

    Returns:
        the correlation of the moves, indexed by the delay in days from 0 to `max_lag`.

    Raises:
        ValueError: the lengths differ, or there are fewer than `max_lag` + 3 days, or the
            forecast never moves.
    """
    truth, forecast = _pair(truth, forecast)
    if len(truth) < max_lag + 3:
        raise ValueError(f"{len(truth)} days are too few to look for delays up to {max_lag} days.")
    true_moves, moves = np.diff(truth), np.diff(forecast)[max_lag:]
    if np.ptp(moves) <= 1e-9 * np.abs(forecast).max():
        raise ValueError("A forecast that never moves, or always by the same, has no delay.")
    shifted = np.lib.stride_tricks.sliding_window_view(true_moves, len(moves))[::-1]
    correlations = [np.corrcoef(moves, past)[0, 1] for past in shifted]
    return pd.Series(correlations, index=pd.RangeIndex(max_lag + 1, name="days late"))


def lag(truth: ArrayLike, forecast: ArrayLike, max_lag: int = 10) -> int:
    """The delay, in days, at which a forecast's moves agree best with the true ones.

    Args:
        truth: shape (days,), oldest first.
        forecast: the forecast of the same days, shape (days,).
        max_lag: the largest delay tried, in days.

    Returns:
        0 for a forecast that moves with the truth, 1 for one that repeats yesterday.

    Raises:
        ValueError: the lengths differ, or there are fewer than `max_lag` + 3 days, or the
            forecast never moves.
    """
    return int(lag_profile(truth, forecast, max_lag).idxmax())


def score_table(truth: pd.Series, forecasts: dict[str, ArrayLike]) -> pd.DataFrame:
    """Compare forecasts of the same days; the first is the naive one that the others must beat.

    Args:
        truth: the true values, shape (days,), in USD.
        forecasts: name and forecast, shape (days,), the naive forecast first.

    Returns:
        one row a forecast in the given order: `RMSE` in USD, `skill` against the first, and
        `lag` in days, missing for a forecast that never moves.

    Raises:
        ValueError: a forecast has another length than the truth, or holds a missing value; or
            there are too few days to find a lag.
    """
    naive = next(iter(forecasts.values()))
    rows = {
        name: {
            "RMSE": rmse(truth, forecast),
            "skill": skill(truth, forecast, naive),
            "lag": lag(truth, forecast) if np.ptp(np.diff(np.ravel(forecast))) else pd.NA,
        }
        for name, forecast in forecasts.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"lag": "Int64"})


def diebold_mariano(truth: ArrayLike, forecast: ArrayLike, rival: ArrayLike) -> Comparison:
    """Test whether two forecasts of the same days have the same expected squared error.

    Diebold and Mariano (1995), with the variance of Newey and West (1987), which allows for
    errors that depend on those of the days before, and Student's t for short samples. Where one
    model contains the other as a special case, the test is cautious (Clark and West, 2007).

    Args:
        truth: shape (days,), oldest first.
        forecast: the forecast to judge, shape (days,).
        rival: the forecast to beat, shape (days,).

    Returns:
        the gain in mean squared error, the test statistic, and the two-sided p-value: how often
        a gain at least as large, either way, comes about by chance between equals.

    Raises:
        ValueError: the lengths differ, there are fewer than ten days, or one forecast's gain is
            the same every day, as that of two equal forecasts is.
    """
    from statsmodels.regression.linear_model import OLS

    truth, forecast = _pair(truth, forecast)
    truth, rival = _pair(truth, rival)
    gains = (truth - rival) ** 2 - (truth - forecast) ** 2
    if len(gains) < 10:
        raise ValueError(f"{len(gains)} days are too few for a test: take at least 10.")
    if np.ptp(gains) == 0:
        raise ValueError("Both forecasts are the same, or differ by a constant: nothing to test.")
    # The usual rule for how many days back errors may depend on each other.
    days_back = int(4 * (len(gains) / 100) ** (2 / 9))
    result = OLS(gains, np.ones_like(gains)).fit(
        cov_type="HAC", cov_kwds={"maxlags": days_back, "use_correction": True}, use_t=True
    )
    return Comparison(float(gains.mean()), float(result.tvalues[0]), float(result.pvalues[0]))


def check_split(
    train_windows: NDArray, train_targets: NDArray, test_windows: NDArray, test_targets: NDArray
) -> None:
    """Check that nothing the model trained on lies later than its first forecast is made.

    Send the numbers of the days, `np.arange(len(table))`, through your own splitting and window
    cutting in place of the prices, and hand over what comes out.

    Args:
        train_windows: day numbers in the training windows, shape (samples, lookback, ...).
        train_targets: day numbers of the training targets.
        test_windows: day numbers in the test windows, shape (samples, lookback, ...); the last
            day of a window is the day on which its forecast is made.
        test_targets: day numbers of the test targets.

    Raises:
        LeakError: a training window or target lies after the first forecast is made.
    """
    first_forecast = min(np.min(test_windows[:, -1]), np.min(test_targets) - 1)
    last_train_day = max(np.max(train_windows), np.max(train_targets))
    if last_train_day > first_forecast:
        raise LeakError(
            f"Training reaches day {last_train_day}, but the first test forecast is made on day "
            f"{first_forecast}: split by time first, then cut windows, and shuffle only within "
            "the training part."
        )


def check_scaler(scaler: Scaler, train: pd.DataFrame) -> None:
    """Check that a scaler knows the training part and nothing else.

    Args:
        scaler: a fitted scaler of scikit-learn.
        train: the training part, shape (time, features).

    Raises:
        LeakError: one of the scaler's statistics is not the training part's.
    """
    honest = clone(scaler).fit(np.asarray(train))
    # The number of samples comes last: that a minimum or a mean differs says more.
    for name, expected in sorted(vars(honest).items(), key=lambda item: item[0].startswith("n_")):
        if not name.endswith("_") or np.asarray(expected).dtype.kind not in "fiu":
            continue
        found = getattr(scaler, name)
        same = np.shape(found) == np.shape(expected)
        if not same or not np.allclose(found, expected, rtol=1e-9, atol=1e-12, equal_nan=True):
            raise LeakError(
                f"The scaler's {name} is {np.ravel(found)}, but the training part's is "
                f"{np.ravel(expected)}: fit it on the training part only."
            )


def check_past_only(
    forecast: Callable[[pd.DataFrame], pd.Series], table: pd.DataFrame, day: pd.Timestamp | str
) -> None:
    """Change every value from a day on, and check that no forecast up to that day moves.

    The forecast of the day itself may use all days before it, so it must not move either. Then
    change the values before that day instead, and see that some forecast does move: a function
    that looks at another table than the one it is given would pass any check.

    Args:
        forecast: the whole way from a table to forecasts, as one function, that returns a
            series indexed by the days it forecasts.
        table: positive numbers such as prices, rows indexed by date, ascending.
        day: the first day whose values are changed.

    Raises:
        LeakError: a forecast for `day` or before depends on values from `day` on.
        ValueError: there is no forecast for `day` or before, or none depends on the table, so
            nothing was checked.
    """
    day = pd.Timestamp(day)
    numbers = table.select_dtypes("number").columns
    table = table.astype(dict.fromkeys(numbers, float))
    before = forecast(table.copy()).loc[:day]
    if before.empty:
        raise ValueError(f"No forecast for {day:%Y-%m-%d} or before: choose a later day.")
    future = table.index >= day
    after = forecast(_changed(table, numbers, future)).loc[:day]
    before, after = before.align(after)  # a forecast that comes or goes has moved too
    moved = ~np.isclose(before, after, rtol=1e-5, atol=1e-8, equal_nan=True)
    if moved.any():
        raise LeakError(
            f"{moved.sum()} of {len(moved)} forecasts up to {day:%Y-%m-%d} moved when values from "
            f"that day on were changed, the first for {before.index[moved.argmax()]:%Y-%m-%d}: "
            "a feature, a scaler or a window reaches into the future."
        )
    elsewhere = forecast(_changed(table, numbers, ~future)).loc[:day].reindex(before.index)
    if np.isclose(before, elsewhere, rtol=1e-5, atol=1e-8, equal_nan=True).all():
        raise ValueError(
            "No forecast depends on the table that the function is given: does it use another one, "
            "from outside of it?"
        )


def _changed(table: pd.DataFrame, numbers: pd.Index, rows: NDArray) -> pd.DataFrame:
    """Multiply each number in some rows by a factor of its own, as ratios would hide a common one.

    Same factors for every call with the same rows: the check is repeatable.
    """
    changed = table.copy()
    factors = np.random.default_rng(0).uniform(0.5, 2.0, (rows.sum(), len(numbers)))
    changed.loc[rows, numbers] *= factors
    return changed
