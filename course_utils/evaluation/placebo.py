"""Prices of which nothing can be known: what a forecast gains on them, it gains by their shape."""

import numpy as np
import pandas as pd

DAILY = 0.012
"""standard deviation of a day's log-return, about that of a large share"""
STEPS = 78
"""moves from open to close: one in five minutes on a stock exchange"""


def placebo(
    seed: int, overnight: float = 0.25, first: str = "2006-01-03", last: str = "2017-12-29"
) -> pd.DataFrame:
    """Draw a price table from a random walk without drift.

    Tomorrow's close is as likely above today's as below, whatever one knows. A forecast that beats
    "same as yesterday" on it has found out how the price is made, not where it will go.

    Args:
        seed: which walk.
        overnight: the share of a day's variance that falls between close and open, from 0 to 1.
        first: the first day.
        last: the last day; weekends are left out, and the last year is the test year.

    Returns:
        columns Open, High, Low, Close and Volume, as `load_prices` returns; it starts near 100 USD.

    Raises:
        ValueError: `overnight` is not a share.
    """
    if not 0 <= overnight <= 1:
        raise ValueError(f"overnight is {overnight}: a share of the day's variance, from 0 to 1.")
    days = pd.bdate_range(first, last, name="Date")
    rng = np.random.default_rng(seed)
    moves = rng.normal(0, DAILY * np.sqrt((1 - overnight) / STEPS), (len(days), STEPS))
    moves = np.insert(moves, 0, rng.normal(0, DAILY * np.sqrt(overnight), len(days)), axis=1)
    prices = 100 * np.exp(moves.cumsum().reshape(moves.shape))
    table = pd.DataFrame(
        {
            "Open": prices[:, 0],
            "High": prices.max(axis=1),
            "Low": prices.min(axis=1),
            "Close": prices[:, -1],
            "Volume": 1e6 * rng.lognormal(0, 0.3, len(days)),
        },
        index=days,
    )
    table.attrs = {"ticker": f"placebo {seed}", "source": "placebo", "test_year": days[-1].year}
    return table
