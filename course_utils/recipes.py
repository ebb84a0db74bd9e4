"""Recipes: how a forecast of prices is made, from what it sees to how it is trained."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:  # loads TensorFlow
    from course_utils.training import Forecaster, Trainer
    from course_utils.windows import Scaler

    import keras


@dataclass(frozen=True)
class Recipe:
    """How a forecast is made: what it sees, the network, and how that is trained."""

    features: str
    """`levels`, `prices` (the levels of all four), `day` (high, low and close), `returns`, `range`
    (returns and where the other prices lie in the day), or `technical` (levels, their lag, rolling
    mean and standard deviation, and RSI)"""
    lookback: int = 20
    cell: str | tuple[str, ...] = "GRU"
    """the recurrent layer, one of each for a hybrid, or a model without a network, one of
    `SIMPLE`"""
    units: int = 32
    layers: int = 1
    dropout: float = 0.0
    scaler: str | None = "StandardScaler"
    """None leaves numbers as they are"""
    optimizer: str = "Adam"
    learning_rate: float = 0.001
    momentum: float | None = None
    weight_decay: float | None = None
    """None leaves it to the optimizer: Keras' AdamW has 0.004"""
    bidirectional: bool = False
    batch_size: int = 64
    epochs: int = 10
    days: int = 1
    """how many of the window's last days a regression sees"""


SIMPLE = ("regression", "gap", "recent gap", "volatility")
"""models without a network, which are fitted at once and have no seed"""
SMALL = 150_000
"""hidden values in a batch, all days and layers, up to which seeds are faster together"""
EXTREMES = {"High": "Low", "Low": "High"}
RECIPES = {
    "classic LSTM": Recipe(
        "levels", 60, "FusedLSTM", 50, 4, 0.2, "MinMaxScaler", "RMSprop", batch_size=32, epochs=50
    ),
    "classic GRU": Recipe(
        "levels", 60, "GRU", 50, 4, 0.2, "MinMaxScaler", "SGD", 0.01, 0.9, batch_size=150, epochs=50
    ),
    "GRU on levels": Recipe("levels"),
    "GRU on returns": Recipe("returns"),
    "GRU on returns and range": Recipe("range"),
    "linear, last day": Recipe("range", cell="regression"),
    "linear, 5 days": Recipe("range", cell="regression", days=5),
    "close and mean gap": Recipe("day", 1, "gap", scaler=None),
    "close and recent gap": Recipe("day", 251, "recent gap", scaler=None),  # 250 gaps
    "linear on levels": Recipe("prices", 1, "regression"),
    "close and volatility": Recipe("day", 22, "volatility", scaler=None),
    # As many units as the parameters of GRU(32) on four features pay for: see lesson 03.
    "SimpleRNN, same budget": Recipe("range", cell="SimpleRNN", units=58),
    "LSTM, same budget": Recipe("range", cell="LSTM", units=28),
    "GRU, same budget": Recipe("range", cell="GRU", units=32),
}
BUDGET = ("SimpleRNN, same budget", "LSTM, same budget", "GRU, same budget")
CLASSIC = ("classic LSTM", "classic GRU")
RIVALS = (
    "close and mean gap",
    "close and recent gap",
    "linear on levels",
    "linear, last day",
    "linear, 5 days",
    "close and volatility",
)
LADDER = ("GRU on levels", "GRU on returns", "GRU on returns and range", "linear, last day")
# All networks have about as many parameters as GRU(32) on four features, Dense included.
HYBRID = {
    "LSTM": Recipe("range", cell="LSTM", units=28),
    "GRU": Recipe("range", cell="GRU", units=32),
    "two GRU layers": Recipe("range", cell=("GRU", "GRU"), units=19),
    "hybrid, LSTM then GRU": Recipe("range", cell=("LSTM", "GRU"), units=18),
    "bidirectional LSTM": Recipe("range", cell="LSTM", units=19, bidirectional=True),
    "linear, last day": RECIPES["linear, last day"],
}
RECIPES |= HYBRID
RECIPES["classic GRU, 100 units"] = replace(RECIPES["classic GRU"], units=100)
BASE = replace(RECIPES["GRU on returns and range"], optimizer="AdamW", weight_decay=0.0)


def trains_together(recipe: Recipe) -> bool:
    """Whether several seeds of a recipe are trained as one computation, because that is faster.

    Not with dropout, because what a seed leaves out would depend on the others.
    """
    if recipe.cell in SIMPLE or recipe.bidirectional or recipe.dropout:
        return False
    return recipe.batch_size * recipe.lookback * recipe.layers * recipe.units < SMALL


def trainer(recipe: Recipe, seeds: Sequence[int]) -> "Trainer":
    """Turn a recipe into a function that trains.

    Args:
        recipe: what to do.
        seeds: for the first weights, dropout and the order of the batches, one per model.

    Returns:
        a function from windows, shape (samples, lookback, features), and targets, (samples,),
        both scaled, to a list of trained models, one per seed.
    """
    # Here, so that reading a table in a lesson does not wait for TensorFlow.
    from course_utils.models import CloseAndGap, CloseAndRecentGap, WindowRegression
    from course_utils.seeds import fit_seeds
    from course_utils.training import fit
    from course_utils.volatility import CloseAndVolatility

    import keras

    regression = partial(WindowRegression, recipe.days)
    kinds = (regression, CloseAndGap, CloseAndRecentGap, CloseAndVolatility)
    simple = dict(zip(SIMPLE, kinds, strict=True))
    settings = {"epochs": recipe.epochs, "batch_size": recipe.batch_size, "quiet": True}

    def train(windows: NDArray, targets: NDArray) -> "list[Forecaster]":
        if recipe.cell in simple:
            return [simple[recipe.cell]().fit(windows, targets) for _ in seeds]
        build = partial(_compiled, recipe, windows.shape[-1])
        if len(seeds) > 1 and trains_together(recipe):  # compiling takes seconds
            return fit_seeds(build, windows, targets, seeds=seeds, **settings)
        models = []
        for seed in seeds:
            keras.utils.set_random_seed(seed)
            models.append(build())
            fit(models[-1], windows, targets, **settings)
        return models

    return train


def _compiled(recipe: Recipe, features: int) -> "keras.Sequential":
    """Build a recipe's network and compile it."""
    from course_utils.models import recurrent

    import keras

    sizes = (recipe.units, recipe.layers, recipe.dropout, recipe.bidirectional)
    network = recurrent(recipe.cell, features, *sizes)
    settings = {
        name: getattr(recipe, name)
        for name in ("learning_rate", "momentum", "weight_decay")
        if getattr(recipe, name) is not None
    }
    network.compile(getattr(keras.optimizers, recipe.optimizer)(**settings), "mse")
    return network


def table_for(recipe: Recipe, prices: pd.DataFrame, column: str) -> pd.DataFrame:
    """Make the table that a recipe sees, its target in column 0.

    Args:
        recipe: what to do.
        prices: a price table without missing values, in USD.
        column: the price to forecast.

    Returns:
        the price itself, or its log-returns without the first day, and whatever else is seen.

    Raises:
        ValueError: `column` is not a price, or not High or Low where the recipe sees the day; or
            the recipe names unknown features.
    """
    # Here, because scikit-learn takes a second to load.
    from course_utils.features import technical_features
    from course_utils.windows import PRICE_COLUMNS, check_prices, returns_and_range

    check_prices(prices, column)
    match recipe.features:
        case "levels":
            return prices[[column]]
        case "prices":
            return prices[[column, *(name for name in PRICE_COLUMNS if name != column)]]
        case "day":
            if column not in EXTREMES:
                raise ValueError(f"A gap to the close has High or Low, not {column}.")
            return prices[[column, EXTREMES[column], "Close"]]
        case "returns":
            return returns_and_range(prices, column)[["return"]]
        case "range":
            return returns_and_range(prices, column)
        case "technical":
            return technical_features(prices, column)
    raise ValueError(
        f"No features {recipe.features!r}: choose levels, prices, day, returns, range or technical."
    )


def scaler_for(recipe: Recipe) -> "Scaler":
    """Make the recipe's scaler, not yet fitted."""
    from sklearn import preprocessing

    if recipe.scaler is None:
        return preprocessing.StandardScaler(with_mean=False, with_std=False)
    return getattr(preprocessing, recipe.scaler)()


def train_recipe(
    recipe: Recipe, prices: pd.DataFrame, column: str, year: int, seeds: Sequence[int]
) -> "tuple[list[Forecaster], Scaler, NDArray]":
    """Follow a recipe to its trained models, on the days before a year.

    Args:
        recipe: what to do.
        prices: a price table without missing values before the year, in USD.
        column: the price to forecast.
        year: the first year that is not trained on.
        seeds: as for `trainer`.

    Returns:
        what `training.train_before` returns: the models, one per seed, the fitted scaler, and the
        scaled rows of that year and later with the `lookback` rows before them.

    Raises:
        ValueError: as for `training.train_before`.
    """
    from course_utils.training import train_before

    table = table_for(recipe, prices, column)
    return train_before(table, year, recipe.lookback, trainer(recipe, seeds), scaler_for(recipe))


def forecasts(
    recipe: Recipe, prices: pd.DataFrame, column: str, year: int, seeds: Sequence[int]
) -> pd.DataFrame:
    """Follow a recipe with each seed: train on the days before a year and forecast its days.

    Args:
        recipe: what to do.
        prices: a price table without missing values, in USD.
        column: the price to forecast.
        year: the test year.
        seeds: as for `trainer`.

    Returns:
        forecasts of the price in USD, indexed by the days of the year, one column per seed.

    Raises:
        ValueError: the prices do not hold the year, or have missing values.
    """
    from course_utils.training import forecast_year
    from course_utils.windows import to_dollars

    table, scaler = table_for(recipe, prices, column), scaler_for(recipe)
    found = forecast_year(table, year, recipe.lookback, trainer(recipe, seeds), scaler)
    found = found.set_axis(seeds, axis="columns")
    return found.apply(to_dollars, args=(prices, column)) if "return" in table else found


def forecast(recipe: Recipe, prices: pd.DataFrame, column: str, year: int, seed: int) -> pd.Series:
    """Follow a recipe with one seed; as `forecasts`, but a series."""
    return forecasts(recipe, prices, column, year, [seed])[seed]
