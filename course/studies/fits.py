"""What fits of a recipe have in common: which prices, which year, which seed."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
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
