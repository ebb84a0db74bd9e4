"""Volatility: how far a price will move. Its log range by day, and regressions that forecast it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Self

from course_utils.checks import check_targets, check_windows
from course_utils.windows import check_prices

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

SPANS = (1, 5, 22)
"""days over which HAR takes means: yesterday, a week, a month"""


def log_range(prices: pd.DataFrame) -> pd.Series:
    """Measure how far a price moved within each day, log(log(High / Low)).

    The log of high over low measures a day's volatility (Parkinson, 1980); its own log is nearly
    normal, so that squared errors make sense (Alizadeh, Brandt and Diebold, 2002).

    Args:
        prices: a price table without missing values; its unit cancels.

    Returns:
        one number per day, such as -4.2 for a day whose high is 1.5% above its low.

    Raises:
        ValueError: a price is missing, or a day's high is not above its low.
    """
    check_prices(prices, "High", ["Low"])
    spread = np.log(prices["High"].astype(float)) - np.log(prices["Low"].astype(float))
    if (wrong := ~(spread > 0)).any():
        raise ValueError(
            f"The high of {prices.index[wrong.argmax()]:%Y-%m-%d} is missing or not above its low "
            f"(days in all: {wrong.sum()}): leave such days out, or give them the prices of the "
            "day before."
        )
    return np.log(spread).rename("log range")


def describe_shares(prices: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Describe each day of each share by its range, its moves, and the ranges of all shares.

    Args:
        prices: price tables without missing values, by name.

    Returns:
        a table per share, without its first day: `log range`, the target; `return`, log of the
        close over the close before; `gap`, log of the open over the close before; `market`, the
        mean log range of all the shares that were traded that day.

    Raises:
        ValueError: as for `log_range`.
    """
    ranges = pd.DataFrame({name: log_range(table) for name, table in prices.items()})
    market = ranges.mean(axis=1)
    tables = {}
    for name, table in prices.items():
        check_prices(table, "Open", ["Close"])
        before = np.log(table["Close"]).shift()
        columns = {
            "log range": ranges[name].reindex(table.index),
            "return": np.log(table["Close"]) - before,
            "gap": np.log(table["Open"]) - before,
            "market": market.reindex(table.index),
        }
        tables[name] = pd.DataFrame(columns).iloc[1:]
    return tables


def span_means(windows: NDArray) -> NDArray:
    """Average each feature over the last day, week and month of each window.

    Args:
        windows: shape (samples, lookback, features), lookback at least 22.

    Returns:
        shape (samples, 3 features): all features over 1 day, then over 5, then over 22.

    Raises:
        ValueError: the windows are too short, or hold missing values.
    """
    check_windows(windows)
    if windows.shape[1] < max(SPANS):
        raise ValueError(
            f"A window of {windows.shape[1]} days holds no month: take a lookback of at least "
            f"{max(SPANS)}."
        )
    return np.concatenate([windows[:, -days:].mean(axis=1) for days in SPANS], axis=1)


class OnWindows(ABC):
    """A linear regression on a few numbers that are computed from each window."""

    def __init__(self) -> None:
        self.regression = LinearRegression()

    def fit(self, windows: NDArray, targets: NDArray) -> Self:
        """Fit by least squares.

        Args:
            windows: shape (samples, lookback, features).
            targets: shape (samples,).

        Returns:
            itself.

        Raises:
            ValueError: the windows are too short or hold missing values, or there is not one finite
                target for each.
        """
        self.regression.fit(self._inputs(windows), check_targets(windows, targets))
        return self

    def predict(self, windows: NDArray, verbose: int = 0) -> NDArray:
        """Forecast what follows each window.

        Args:
            windows: shape (samples, lookback, features), as fitted.
            verbose: ignored.

        Returns:
            forecasts, shape (samples, 1).

        Raises:
            ValueError: the windows are too short, or hold missing values.
        """
        return self.regression.predict(self._inputs(windows))[:, np.newaxis]

    @abstractmethod
    def _inputs(self, windows: NDArray) -> NDArray:
        """Compute the numbers, one row per window."""


class HAR(OnWindows):
    """A regression on means over a day, a week and a month: it forecasts volatility from its own.

    x(t+1) = c + b1 x(t) + b5 mean(x(t-4..t)) + b22 mean(x(t-21..t)), the heterogeneous
    autoregression of Corsi (2009), here of log ranges. Each further feature, such as the market's
    range, brings three means of its own. It needs a lookback of at least 22.
    """

    def _inputs(self, windows: NDArray) -> NDArray:
        return span_means(windows)


class CloseAndVolatility:
    """A High from how far the price will move: High(t+1) = Close(t) exp(c sigma(t+1)).

    sigma is the log of a day's high over its low, forecast by HAR. That ranges forecast highs is
    shown by Cheung (2007) and by Caporin, Ranaldo and Santucci de Magistris (2013).
    """

    def fit(self, windows: NDArray, targets: NDArray) -> Self:
        """Fit HAR, then the constant c, both by least squares.

        Args:
            windows: shape (samples, lookback, 3), in USD: High, Low and Close, for the next High;
                Low, High and Close for the next Low. The lookback is at least 22.
            targets: the next High, or Low, shape (samples,), in USD.

        Returns:
            itself.

        Raises:
            ValueError: the windows are too short, or hold something else, or there is not one
                finite target for each.
        """
        ranges = self._ranges(windows)
        self.width = HAR().fit(ranges[:-1], ranges[1:, -1, 0])
        sigma = self.width.predict(ranges)[:, 0]
        rise = np.log(check_targets(windows, targets) / windows[:, -1, 2])
        self.c = float(sigma @ rise / (sigma @ sigma))
        return self

    def predict(self, windows: NDArray, verbose: int = 0) -> NDArray:
        """Forecast from the ranges of each window; `verbose` is ignored. Returns (samples, 1)."""
        sigma = self.width.predict(self._ranges(windows))
        return windows[:, -1, 2:] * np.exp(self.c * sigma)

    def _ranges(self, windows: NDArray) -> NDArray:
        """Compute the log ranges of each window's days, shape (samples, lookback, 1)."""
        check_windows(windows)
        if windows.shape[2] != 3:
            raise ValueError(
                f"Windows of {windows.shape[2]} features: take prices[['High', 'Low', 'Close']]."
            )
        return np.log(windows[:, :, :1] / windows[:, :, 1:2])
