"""What fits of a recipe have in common: which prices, which year, which seed."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class RecipeFit:
    """A recipe trained on the days before a year; its subclasses say what is measured."""

    recipe: str
    """a key of `RECIPES`"""
    ticker: str
    column: str
    year: int
    seed: int
    version: ClassVar[int] = 1


def histories(scaled: NDArray, origins: NDArray, days: int, lookback: int) -> NDArray:
    """Cut what a model may see at each origin, the origin's own day included.

    `scaled` holds the last of all `days`, shape (rows, features); `origins` are positions among
    all of them. Returns shape (origins, lookback, features).
    """
    ends = origins - (days - len(scaled)) + 1
    return np.stack([scaled[:end][-lookback:] for end in ends])


def continuations(price: NDArray, origins: NDArray, steps: int) -> NDArray:
    """Cut the true prices that followed each origin; returns shape (origins, steps)."""
    return np.stack([price[origin + 1 : origin + 1 + steps] for origin in origins])


def going_together(gains: pd.DataFrame) -> tuple[float, float]:
    """How far columns go together, and how many independent ones have a mean as sure as theirs.

    The mean of n columns with mean correlation r varies like that of n / (1 + (n - 1) r): the
    effective number. Returns r and that number.
    """
    number = gains.shape[1]
    correlation = gains.corr().to_numpy()[np.triu_indices(number, 1)].mean()
    return correlation, number / (1 + (number - 1) * correlation)
