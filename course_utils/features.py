"""Technical features: what a price was, on average and in motion, from the past only.

`windows.returns_and_range` describes each day by itself; these describe the days before it.
"""

import pandas as pd


def rsi(price: pd.Series, days: int = 14) -> pd.Series:
    """Relative strength index: how much of the recent movement was upwards.

    Wilder (1978), with an exponential mean from the first day on where he began with a plain
    one; the difference fades within a few months.

    Args:
        price: prices by day, oldest first, without missing values.
        days: the smoothing, at least 1: today's move weighs 1 / `days`.

    Returns:
        0 if every move was down, 100 if every move was up, 50 where nothing moved; missing on the
        first `days` days.

    Raises:
        ValueError: a price is missing, or `days` is below 1.
    """
    if days < 1:
        raise ValueError(f"An RSI over {days} days has nothing to look at: take at least 1.")
    _check_whole(price)
    moves = price.diff()
    up, down = (
        part.ewm(alpha=1 / days, min_periods=days, adjust=False).mean()
        for part in (moves.clip(lower=0).iloc[1:], -moves.clip(upper=0).iloc[1:])
    )
    share = (100 * (up / (up + down))).where(up + down > 0, 50.0).where(up.notna())
    return share.reindex(price.index).rename("RSI")


def technical_features(
    prices: pd.DataFrame, column: str = "Close", lag: int = 5, days: int = 10, rsi_days: int = 14
) -> pd.DataFrame:
    """Put a price beside its lag, its rolling mean and standard deviation, and its RSI.

    Args:
        prices: a price table without missing values, in USD.
        column: the price to describe.
        lag: trading days back, at least 1.
        days: trading days in the rolling window, the day itself included, at least 2.
        rsi_days: the smoothing of the RSI.

    Returns:
        a table whose column 0 is the price itself, without the first days, which lack a value.

    Raises:
        ValueError: there is no such column, a price is missing, `lag` or `days` is too small, or
            there are too few days.
    """
    if lag < 1 or days < 2:
        raise ValueError(f"lag {lag} and days {days} must be at least 1 and 2.")
    if column not in prices:
        raise ValueError(f"No column {column!r}: choose one of {', '.join(prices)}.")
    price = prices[column]
    _check_whole(price)
    rolling = price.rolling(days)
    table = pd.DataFrame(
        {
            column: price,
            f"lag {lag}": price.shift(lag),
            f"mean {days}": rolling.mean(),
            f"std {days}": rolling.std(),
            "RSI": rsi(price, rsi_days),
        }
    ).dropna()
    if table.empty:
        raise ValueError(f"{len(price)} days are too few for these features: take more.")
    return table


def _check_whole(price: pd.Series) -> None:
    """Refuse gaps: a rolling window would spread each over many days."""
    if price.isna().any():
        raise ValueError(
            f"The price of {price.index[price.isna().argmax()]:%Y-%m-%d} is missing: fill gaps "
            "from the past first, with prices.ffill()."
        )
