"""Did a model see the future? Checks that raise, and say nothing if all is well."""

from collections.abc import Callable
from numbers import Real

from course_utils.checks import (
    as_numbers,
    check_all_finite,
    check_columns,
    check_days,
    check_features,
)
from course_utils.windows import Scaler, fit_scaler_on

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone


class LeakError(AssertionError):
    """A model or its preparation saw something that a forecaster cannot know."""


def check_split(
    train_windows: NDArray, train_targets: NDArray, test_windows: NDArray, test_targets: NDArray
) -> None:
    """Check that nothing the model trained on is later than the day of its first forecast.

    Send the numbers of the days, `np.arange(len(table))`, through your own splitting and window
    cutting in place of the prices, and pass what comes out.

    Args:
        train_windows: day numbers in the training windows, shape (samples, lookback, ...).
        train_targets: day numbers of the training targets.
        test_windows: day numbers in the test windows, shape (samples, lookback, ...); the last
            day of a window is the day on which its forecast is made.
        test_targets: day numbers of the test targets.

    Raises:
        LeakError: a training window or target is later than the first forecast.
        ValueError: windows have no axis of time, or a value is missing or no number.
    """
    train_windows, test_windows = _numbered(train_windows), _numbered(test_windows)
    for targets in (train_targets, test_targets):
        check_all_finite(as_numbers(targets))  # beside a nan, a later day would not be seen
    first_forecast = min(np.min(test_windows[:, -1]), np.min(test_targets) - 1)
    last_train_day = max(np.max(train_windows), np.max(train_targets))
    if last_train_day > first_forecast:
        raise LeakError(
            f"Training reaches day {last_train_day}, but the first test forecast is made on day "
            f"{first_forecast}: split by time first, then cut windows, and shuffle only within "
            "the training part."
        )


def check_pool(windows: NDArray, targets: NDArray) -> None:
    """Check that no window of many series reaches from one series into another.

    Send the number of each series through your own window cutting in place of its values: ones for
    the first series, twos for the second, and so on.

    Args:
        windows: numbers of series, shape (samples, lookback, ...).
        targets: numbers of series, shape (samples,).

    Raises:
        LeakError: a window holds two series, or its target is of another one.
    """
    each = _numbered(windows).reshape(len(windows), -1)
    crossing = (each != np.reshape(targets, (-1, 1))).any(axis=1)
    if crossing.any():
        raise LeakError(
            f"{crossing.sum()} of {len(each)} windows reach from one series into another, the "
            f"first at position {crossing.argmax()}: cut each series by itself, with pool_windows."
        )


def _numbered(windows: NDArray) -> NDArray:
    """Refuse what is not windows of the numbers of days or of series."""
    numbers = as_numbers(windows)
    check_all_finite(numbers)
    if numbers.ndim < 2:
        raise ValueError(f"Windows have shape (samples, lookback, ...), not {numbers.shape}.")
    return numbers


def check_scaler(scaler: Scaler, train: pd.DataFrame) -> None:
    """Check that a scaler knows the training part and nothing else.

    Args:
        scaler: a fitted scaler of scikit-learn.
        train: the training part, shape (time, features).

    Raises:
        LeakError: one of the scaler's statistics is not the training part's.
        ValueError: the scaler lacks a statistic: it is not fitted, or was loaded from a file; it
            has none that could be compared, as a pipeline; or a value is infinite or not a number.
    """
    honest = fit_scaler_on(as_numbers(train), clone(scaler))
    lacking = [name for name in vars(honest) if name.endswith("_") and not hasattr(scaler, name)]
    if lacking:
        raise ValueError(
            f"The scaler has no {lacking[0]}: fit it, and check it before it is saved."
        )
    known = {
        name: value
        for name, value in vars(honest).items()
        if name.endswith("_") and isinstance(value, np.ndarray | Real)
        if np.asarray(value).dtype.kind in "fiu"
    }
    if not known.keys() - {"n_features_in_"}:
        raise ValueError(
            f"{type(scaler).__name__} keeps no statistic of what it was fitted on: pass the scaler "
            "itself, such as the step of a Pipeline."
        )
    # The number of samples comes last: a minimum or a mean that differs says more.
    for name, expected in sorted(known.items(), key=lambda item: item[0].startswith("n_")):
        found = getattr(scaler, name)
        same = np.shape(found) == np.shape(expected)
        if not same or not np.allclose(found, expected, rtol=1e-5, atol=1e-12, equal_nan=True):
            raise LeakError(
                f"The scaler's {name} is {np.ravel(found)}, but the training part's is "
                f"{np.ravel(expected)}: fit it on the training part only."
            )


def check_past_only(
    forecast: Callable[[pd.DataFrame], pd.Series], table: pd.DataFrame, day: pd.Timestamp | str
) -> None:
    """Change every value from a day on, and check that no forecast up to that day moves.

    The forecast of the day itself may use all days before it, so it must not move either. Then
    change the values before that day instead, and check that some forecast does move: a function
    that reads a table other than the one it is given would pass any check.

    Args:
        forecast: the whole way from a table to forecasts, as one function that returns a series
            indexed by the days it forecasts.
        table: rows indexed by date, ascending; positive numbers, such as prices, stay positive,
            and what is no number becomes another value of its column.
        day: the first day whose values are changed.

    Raises:
        LeakError: a forecast for `day` or before depends on values from `day` on.
        ValueError: a number is infinite, or a column doubled; there is no forecast for `day` or
            before, no row from `day` on, or no forecast depends on the table, so nothing was
            checked.
    """
    check_days(table, kind=pd.DataFrame)
    check_columns(table, table.columns)
    day = pd.Timestamp(day)
    if day.tz is None:
        day = day.tz_localize(table.index.tz)
    numbers = table.select_dtypes("number").columns
    check_features(table[numbers])
    table = table.astype(dict.fromkeys(numbers, float))
    before = forecast(table.copy()).loc[:day]
    if before.empty:
        raise ValueError(f"No forecast for {day:%Y-%m-%d} or before: choose a later day.")
    future = table.index >= day
    if not future.any():
        raise ValueError(f"The table ends before {day:%Y-%m-%d}: choose an earlier day.")
    after = forecast(_changed(table, numbers, future)).loc[:day]
    before, after = before.align(after)  # a forecast that appears or vanishes has moved, too
    moved = ~_alike(before, after)
    if moved.any():
        raise LeakError(
            f"{moved.sum()} of {len(moved)} forecasts up to {day:%Y-%m-%d} moved when values from "
            f"that day on were changed, the first for {before.index[moved.argmax()]:%Y-%m-%d}: "
            "a feature, a scaler or a window reaches into the future."
        )
    elsewhere = forecast(_changed(table, numbers, ~future)).loc[:day].reindex(before.index)
    if _alike(before, elsewhere).all():
        raise ValueError(
            "No forecast depends on the table that the function is given: does it use another one, "
            "from outside of it?"
        )


def _alike(one: pd.Series, other: pd.Series) -> NDArray:
    """Which forecasts are the same but for rounding."""
    return np.isclose(as_numbers(one), as_numbers(other), rtol=1e-5, atol=1e-8, equal_nan=True)


def _changed(table: pd.DataFrame, numbers: pd.Index, rows: NDArray) -> pd.DataFrame:
    """Multiply each number in some rows by its own factor, because ratios would hide a common one.

    Columns that are not positive throughout are moved as well, because no factor changes a zero.
    What is no number becomes the next of its column's different values, as True becomes False.
    The same rows get the same changes in every call, so that the check can be repeated.
    """
    changed = table.copy()
    factors = np.random.default_rng(0).uniform(0.5, 2.0, (rows.sum(), len(numbers)))
    spread = table[numbers].std().fillna(0) + 1
    changed.loc[rows, numbers] *= factors
    changed.loc[rows, numbers] += factors * spread.where(~(table[numbers].min() > 0), 0).to_numpy()
    for name in table.columns.difference(numbers, sort=False):
        codes, values = table[name].factorize(use_na_sentinel=False)
        changed.loc[rows, name] = values.take((codes[rows] + 1) % len(values))
    return changed
