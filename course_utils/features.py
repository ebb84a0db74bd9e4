"""Technical features: what a price was, on average and in motion, from the past only.

`windows.returns_and_range` describes each day by itself; these describe the days before it.
"""

from course_utils.checks import as_numbers, check_days, check_finite
from course_utils.windows import check_prices

import pandas as pd

LAG, ROLLING_DAYS, RSI_DAYS = 5, 10, 14


def rsi(price: pd.Series) -> pd.Series:
    """Relative strength index over 14 days: how much of the recent movement was upwards.

    Wilder (1978), except that the mean is exponential from the first day on, where he began with
    a plain one; the difference fades within a few months. Today's move weighs 1/14.

    Args:
        price: prices by day, oldest first, without missing values.

    Returns:
        0 if every move was down, 100 if every move was up, 50 if nothing moved; missing on the
        first 14 days.

    Raises:
        ValueError: a price is missing or infinite, or the days do not run oldest first.
    """
    check_days(price, steps=True, kind=pd.Series)
    # A rolling window would spread each gap over many days.
    check_finite(as_numbers(price), "fill gaps from the past first, with prices.ffill()")
    moves = price.diff()
    up, down = (
        part.ewm(alpha=1 / RSI_DAYS, min_periods=RSI_DAYS, adjust=False).mean()
        for part in (moves.clip(lower=0).iloc[1:], -moves.clip(upper=0).iloc[1:])
    )
    share = (100 * (up / (up + down))).where(up + down > 0, 50.0).where(up.notna())
    return share.reindex(price.index).rename("RSI")


def technical_features(prices: pd.DataFrame, column: str = "Close") -> pd.DataFrame:
    """Put a price next to its value of 5 days ago, its mean and spread over 10, and its RSI.

    Args:
        prices: a price table without missing values, in USD.
        column: the price to describe.

    Returns:
        a table whose column 0 is the price itself, without the first 14 days, which lack a value;
        the others are `lag 5`, `mean 10`, `std 10` and `RSI`.

    Raises:
        ValueError: there is no such price, one is missing, or there are too few days.
    """
    check_prices(prices, column)
    price = prices[column]
    rolling = price.rolling(ROLLING_DAYS)
    table = pd.DataFrame(
        {
            column: price,
            f"lag {LAG}": price.shift(LAG),
            f"mean {ROLLING_DAYS}": rolling.mean(),
            f"std {ROLLING_DAYS}": rolling.std(),
            "RSI": rsi(price),
        }
    ).dropna()
    if table.empty:
        raise ValueError(f"{len(price)} days are too few for these features: take more.")
    return table
