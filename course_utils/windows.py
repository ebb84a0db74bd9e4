"""From a price table to arrays that a network can learn from, without a leak on the way.

The order is always the same: split by time, fit the scaler on the training part, cut windows.
"""

from collections.abc import Mapping, Sequence
from numbers import Integral

from course_utils.checks import (
    as_numbers,
    check_columns,
    check_days,
    check_features,
    check_finite,
    check_order,
)

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.preprocessing import MinMaxScaler, StandardScaler

Scaler = MinMaxScaler | StandardScaler
PRICE_COLUMNS = ("Open", "High", "Low", "Close")


def split_by_year(
    table: pd.DataFrame, year: int, lookback: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a table into the days before a year and that year, oldest first.

    Args:
        table: rows indexed by date, ascending.
        year: the test year; later days are left out of both parts.
        lookback: days before the year with which the test part begins, so that its first window
            ends on the last day before the year.

    Returns:
        the training part, and the test part with its `lookback` days of context.

    Raises:
        ValueError: the table is empty or not one row per day, oldest first; it has no day in
            that year, or too few days before it; or the lookback is below 0.
    """
    if not len(table):
        raise ValueError(f"An empty table holds no day of {year}.")
    check_days(table)
    train = table[table.index.year < year]
    test = table[table.index.year == year]
    if test.empty:
        raise ValueError(
            f"No day in {year}: the table covers {table.index[0]:%Y-%m-%d} to "
            f"{table.index[-1]:%Y-%m-%d}. Take a year within it."
        )
    if not 0 <= lookback < len(train):
        raise ValueError(
            f"{len(train)} days before {year} are too few for training with lookback {lookback}: "
            "take a later year or a shorter lookback, from 0 on."
        )
    context = train.iloc[len(train) - lookback :]
    return train, pd.concat([context, test])


def split_at(
    table: pd.DataFrame, start: pd.Timestamp | str | float, lookback: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split any table in time, at a date or after a share of its rows, oldest first.

    Args:
        table: rows indexed by date, ascending.
        start: the first time of the test part, such as "2017-03-01", or the share of rows before
            it, between 0 and 1, such as 0.8; a year is text, too, such as "2017".
        lookback: rows before the test part with which it begins, so that its first window ends
            just before it.

    Returns:
        the training part, and the test part with its `lookback` rows of context.

    Raises:
        ValueError: the table is not oldest first, one of the parts has too few rows, the lookback
            is below 0, or the start is a whole number.
    """
    check_days(table)
    if isinstance(start, Integral):  # pandas would take it for nanoseconds since 1970
        raise ValueError(f"Write a year as text, '{start}', or give a share of rows, such as 0.8.")
    if isinstance(start, float):
        first = round(len(table) * start)
    else:
        time = pd.Timestamp(start)
        first = int((table.index < (time if time.tz else time.tz_localize(table.index.tz))).sum())
    if not 0 <= lookback < first < len(table):
        raise ValueError(
            f"A split at {start} leaves {first} rows for training and {len(table) - first} for the "
            f"test, with lookback {lookback}: choose another time, a share between 0 and 1, or a "
            "shorter lookback, from 0 on."
        )
    return table.iloc[:first], table.iloc[first - lookback :]


def fit_scaler_on(train: pd.DataFrame, scaler: Scaler | None = None) -> Scaler:
    """Fit a scaler on the training part, the only part whose statistics a model may know.

    Args:
        train: shape (time, features), the training part.
        scaler: an unfitted scaler of scikit-learn; by default a MinMaxScaler, to 0..1.

    Returns:
        the fitted scaler.

    Raises:
        ValueError: the shape is another, or a value is infinite or not a number; missing ones are
            left out.
    """
    check_features(train)
    return (scaler or MinMaxScaler()).fit(train)


def unscale(scaler: Scaler, values: NDArray, column: int = 0) -> NDArray:
    """Take one column's scaled values back to their unit.

    Args:
        scaler: a fitted MinMaxScaler or StandardScaler of one or several columns.
        values: scaled values of that column, any shape.
        column: the column's position in the table that the scaler was fitted on.

    Returns:
        the values in the column's own unit, same shape.

    Raises:
        TypeError: the scaler is of a different kind.
        ValueError: the scaler is not fitted, there is no such column, or a value is not a number.
    """
    values = as_numbers(values)
    if isinstance(scaler, MinMaxScaler):
        _check_position(scaler, column)
        return (values - scaler.min_[column]) / scaler.scale_[column]
    if not isinstance(scaler, StandardScaler):
        raise TypeError(f"Pass a MinMaxScaler or StandardScaler, not {type(scaler).__name__}.")
    _check_position(scaler, column)
    spread = scaler.scale_[column] if scaler.with_std else 1
    return values * spread + (scaler.mean_[column] if scaler.with_mean else 0)


def _check_position(scaler: Scaler, column: int) -> None:
    """Refuse a column that a fitted scaler does not have."""
    count = getattr(scaler, "n_features_in_", 0)
    if not count:
        raise ValueError("The scaler is not fitted: take the one that fit_scaler_on returns.")
    if not isinstance(column, int | np.integer) or not -count <= column < count:
        raise ValueError(
            f"No column {column!r}: name it by its position in the table that the scaler was "
            f"fitted on, from 0 to {count - 1}."
        )


def make_windows(series: ArrayLike, lookback: int, horizon: int = 1) -> tuple[NDArray, NDArray]:
    """Cut a series into overlapping windows and the values that follow them.

    Args:
        series: shape (time,) or (time, features), oldest first; the target is column 0.
        lookback: time steps in a window, at least 1.
        horizon: steps ahead of the window's end at which the target lies, at least 1.

    Returns:
        windows, shape (samples, lookback, features), and targets, shape (samples,), with
        samples = time - lookback - horizon + 1; both are read-only views that copy nothing.

    Raises:
        ValueError: lookback or horizon is below 1, the series is too short for one window, it
            holds a missing or infinite value (named by its position) or one that is no number,
            or its index does not run from the oldest to the newest.
    """
    check_order(series)
    values = as_numbers(series)
    if values.ndim == 1:
        values = values[:, np.newaxis]
    if values.ndim != 2:
        raise ValueError(f"A series has shape (time,) or (time, features), not {values.shape}.")
    if lookback < 1 or horizon < 1:
        raise ValueError(f"lookback {lookback} and horizon {horizon} must both be at least 1.")
    samples = len(values) - lookback - horizon + 1
    if samples < 1:
        raise ValueError(
            f"{len(values)} values give no window of lookback {lookback} and horizon {horizon}: "
            "take a longer series or a shorter lookback."
        )
    remedy = "fill the gaps from the past, for example with table.ffill(), before cutting windows"
    check_finite(values, remedy)
    windows = np.lib.stride_tricks.sliding_window_view(values, lookback, axis=0)
    windows = np.swapaxes(windows, 1, 2)[:samples]
    targets = values[lookback + horizon - 1 :, 0]
    targets.flags.writeable = False
    return windows, targets


def pool_windows(
    series: Mapping[str, ArrayLike], lookback: int, horizon: int = 1
) -> tuple[NDArray, NDArray, NDArray]:
    """Cut windows from many series, so that one model can learn from all of them.

    Each series is cut by itself: no window begins in one and ends, or has its target, in another.

    Args:
        series: by name, each as for `make_windows`, all with the same features.
        lookback: as for `make_windows`.
        horizon: as for `make_windows`.

    Returns:
        windows, shape (samples, lookback, features), targets, shape (samples,), and the names of
        the series that they are from, shape (samples,), one series after the other.

    Raises:
        ValueError: there is no series, or they differ in their features or the order of these; or
            as for `make_windows`, with the name of the series.
    """
    cut = {}
    for name, one in series.items():
        try:
            cut[name] = make_windows(one, lookback, horizon)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    if len(features := {windows.shape[2] for windows, _ in cut.values()}) != 1:
        raise ValueError(
            f"{len(cut)} series with {sorted(features)} features cannot be pooled: take one or "
            "more with the same columns."
        )
    columns = {tuple(one.columns): name for name, one in series.items() if hasattr(one, "columns")}
    if len(columns) > 1:
        told = " but ".join(f"{name} has {[*names]}" for names, name in columns.items())
        raise ValueError(f"{told}: give all the same columns, in the same order.")
    windows, targets = (np.concatenate(parts) for parts in zip(*cut.values(), strict=True))
    return windows, targets, np.repeat([*cut], [len(found) for _, found in cut.values()])


def spread_origins(index: pd.DatetimeIndex, year: int, steps: int, count: int) -> NDArray:
    """Spread origins evenly from a year's eve to the last day that `steps` days follow.

    Args:
        index: the days of a table, ascending.
        year: the first year to forecast.
        steps: days that must follow an origin.
        count: how many origins.

    Returns:
        positions in the index, shape (count,).

    Raises:
        ValueError: there are fewer such days than origins, or they do not run oldest first.
    """
    check_days(pd.Series(0, index))
    first, last = int((index.year < year).sum()) - 1, len(index) - 1 - steps
    if first < 0 or last - first + 1 < count:
        raise ValueError(
            f"From {year} on there are {max(0, last - first + 1)} days with {steps} days after "
            f"them, fewer than {count} origins: begin earlier or take fewer."
        )
    return np.linspace(first, last, count).round().astype(int)


def returns_and_range(prices: pd.DataFrame, column: str) -> pd.DataFrame:
    """Describe each day by its log-return and by where the other prices lie relative to it.

    Args:
        prices: a price table with columns Open, High, Low and Close, in USD.
        column: the price to forecast, one of the four.

    Returns:
        a table without the first day. Its first column, `return`, is log(P_t / P_{t-1}) of the
        chosen price; the others, such as `Close/High`, are log(other_t / P_t) of the same day.

    Raises:
        ValueError: `column` is not one of the four prices, or the table is not one of prices by
            day, oldest first.
    """
    check_prices(prices, column, PRICE_COLUMNS)
    log_prices = np.log(prices[list(PRICE_COLUMNS)])
    table = {"return": log_prices[column].diff()}
    for other in PRICE_COLUMNS:
        if other != column:
            table[f"{other}/{column}"] = log_prices[other] - log_prices[column]
    return pd.DataFrame(table).iloc[1:]


def to_dollars(returns: pd.Series, prices: pd.DataFrame, column: str) -> pd.Series:
    """Turn log-returns into prices, P_t = P_{t-1} exp(r_t), each from the known price before.

    Args:
        returns: log-returns r_t, such as forecasts, indexed by days of the price table.
        prices: a price table, in USD.
        column: the price that the returns are of.

    Returns:
        prices in USD, indexed as the returns are.

    Raises:
        ValueError: the prices are not by day, oldest first, or lack the day before a return.
    """
    check_prices(prices, column)
    check_days(returns, kind=pd.Series)
    check_finite(as_numbers(returns), "leave it out")
    before = prices[column].shift().reindex(returns.index)
    if unknown := int(before.isna().sum()):
        raise ValueError(
            f"For {unknown} of {len(before)} returns the table has no price of the day before: "
            "take returns of days in the table, without its first."
        )
    return before * np.exp(returns)


def check_prices(prices: pd.DataFrame, column: str, columns: Sequence[str] = ()) -> None:
    """Refuse a table that is not one of prices by day, oldest first; prices may be missing.

    Args:
        prices: a price table, in USD.
        column: the price that is asked for, one of the four.
        columns: prices that must be there besides it.

    Raises:
        TypeError: it is not a table of pandas, or only one of its columns.
        ValueError: there is no such price, days are out of order, or a price is not above 0.
    """
    if column not in PRICE_COLUMNS:
        raise ValueError(f"No price {column!r}: choose one of {', '.join(PRICE_COLUMNS)}.")
    check_days(prices, kind=pd.DataFrame)
    names = list(dict.fromkeys([column, *columns]))
    check_columns(prices, names)
    values = as_numbers(prices[names])
    bad = ~(np.isnan(values) | ((values > 0) & (values < np.inf))).all(axis=1)
    if bad.any():
        raise ValueError(
            f"A price of {prices.index[bad.argmax()]} is not a finite number above 0: correct it."
        )
