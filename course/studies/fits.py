"""What fits of a recipe have in common: which prices, which year, which seed, how it is trained."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from course_utils.recipes import Recipe, scaler_for, table_for, trainer

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:  # loads TensorFlow
    from course_utils.training import Forecaster
    from course_utils.windows import Scaler


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


def train_recipe(
    recipe: Recipe, prices: pd.DataFrame, column: str, year: int, seed: int
) -> tuple["Forecaster", "Scaler", NDArray]:
    """Train as a recipe says on the days before a year.

    Returns:
        what `training.train_before` returns: the model, the fitted scaler, and the scaled rows of
        that year and later with the `lookback` rows before them.
    """
    from course_utils.training import train_before

    table = table_for(recipe, prices, column)
    return train_before(table, year, recipe.lookback, trainer(recipe, seed), scaler_for(recipe))


def histories(scaled: NDArray, origins: NDArray, days: int, lookback: int) -> NDArray:
    """Cut what a model may see at each origin, the origin's own day included.

    Args:
        scaled: the scaled rows of the last days, shape (rows, features).
        origins: positions of the origins among all days.
        days: how many days there are in all.
        lookback: days to see.

    Returns:
        shape (origins, lookback, features).
    """
    ends = origins - (days - len(scaled)) + 1
    return np.stack([scaled[:end][-lookback:] for end in ends])


def continuations(price: NDArray, origins: NDArray, steps: int) -> NDArray:
    """Cut the true prices that followed each origin; returns shape (origins, steps)."""
    return np.stack([price[origin + 1 : origin + 1 + steps] for origin in origins])
