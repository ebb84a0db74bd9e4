"""What the studies fit: recipes of forecasts, and lesson 02's memory task."""

from dataclasses import dataclass
from itertools import product

from course_utils.data import tickers

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SEEDS = range(5)
YEARS = range(2012, 2018)
DISTANCES = (5, 10, 20, 40, 80, 160)


@dataclass(frozen=True)
class Recipe:
    """How a forecast is made: what it sees, the network, and how that is trained."""

    features: str
    """`levels`, `returns`, or `range`: returns and where the other prices lie in the day"""
    lookback: int = 20
    cell: str | None = "GRU"
    """the recurrent layer, or None for a linear regression on the last day"""
    units: int = 32
    layers: int = 1
    dropout: float = 0.0
    scaler: str = "StandardScaler"
    optimizer: str = "Adam"
    learning_rate: float = 0.001
    momentum: float | None = None
    batch_size: int = 64
    epochs: int = 10


RECIPES = {
    "classic LSTM": Recipe(
        "levels", 60, "LSTM", 50, 4, 0.2, "MinMaxScaler", "RMSprop", batch_size=32, epochs=50
    ),
    "classic GRU": Recipe(
        "levels", 60, "GRU", 50, 4, 0.2, "MinMaxScaler", "SGD", 0.01, 0.9, 150, epochs=50
    ),
    "GRU on levels": Recipe("levels"),
    "GRU on returns": Recipe("returns"),
    "GRU on returns and range": Recipe("range"),
    "linear, last day": Recipe("range", cell=None),
    # As many units as the parameters of GRU(32) on four features pay for: see lesson 03.
    "SimpleRNN, same budget": Recipe("range", cell="SimpleRNN", units=58),
    "LSTM, same budget": Recipe("range", cell="LSTM", units=28),
    "GRU, same budget": Recipe("range", cell="GRU", units=32),
}
BUDGET = ("SimpleRNN, same budget", "LSTM, same budget", "GRU, same budget")
CLASSIC = ("classic LSTM", "classic GRU")
LADDER = ("GRU on levels", "GRU on returns", "GRU on returns and range", "linear, last day")


@dataclass(frozen=True)
class Fit:
    """A recipe's training and the year it is tested on."""

    recipe: str
    ticker: str
    column: str
    year: int
    seed: int


MEMORY_CELLS = {
    "SimpleRNN": ("SimpleRNN", None),
    "LSTM, forget bias 1": ("LSTM", 1.0),
    "LSTM, forget bias 3": ("LSTM", 3.0),
    "LSTM, forget bias 5": ("LSTM", 5.0),
}


@dataclass(frozen=True)
class Recall:
    """A network trained to recall a bit that it saw `distance` steps ago."""

    cell: str
    """a key of `MEMORY_CELLS`: the layer, and its forget gate's bias before training"""
    distance: int
    seed: int


def _fits(
    recipes: tuple[str, ...], names: list[str], columns: tuple[str, ...], years: range
) -> list[Fit]:
    """All combinations; a regression has no seed to vary."""
    return [
        Fit(recipe, ticker, column, year, seed)
        for recipe in recipes
        for ticker in names
        for column in columns
        for year in years
        for seed in (SEEDS if RECIPES[recipe].cell else [0])
    ]


def plan(study: str) -> list[Fit] | list[Recall]:
    """List the fits of a study, the longest first.

    Args:
        study: `ibm` for the classic recipes in 2017 and the ladder for High and Close over the
            years, `tickers` for the best rung on all 31 tickers in 2017, `cells` for three kinds
            of cell at one budget of parameters, or `memory` for the memory task.

    Returns:
        the fits.

    Raises:
        ValueError: there is no such study.
    """
    last_year = range(2017, 2018)
    if study == "ibm":
        classic = _fits(CLASSIC, ["IBM"], ("High",), last_year)
        return classic + _fits(LADDER, ["IBM"], ("High", "Close"), YEARS)
    if study == "tickers":
        return _fits(LADDER[2:], tickers(), ("High",), last_year)
    if study == "cells":
        return _fits(BUDGET, ["IBM"], ("High",), YEARS)
    if study == "memory":
        return [Recall(*one) for one in product(MEMORY_CELLS, reversed(DISTANCES), SEEDS)]
    raise ValueError(f"No study {study!r}: choose ibm, tickers, cells or memory.")


def forecast(recipe: Recipe, prices: pd.DataFrame, column: str, year: int, seed: int) -> pd.Series:
    """Follow a recipe: train on the days before a year and forecast each of its days.

    Args:
        recipe: what to do.
        prices: a price table without missing values, in USD.
        column: the price to forecast.
        year: the test year.
        seed: for the first weights, dropout and the order of the batches.

    Returns:
        forecasts of the price in USD, indexed by the days of the year.

    Raises:
        ValueError: the prices do not hold the year, or have missing values.
    """
    # Only here, so that reading a table in a lesson does not wait for TensorFlow.
    from course_utils.models import WindowRegression, recurrent
    from course_utils.training import Forecaster, fit, forecast_year
    from course_utils.windows import returns_and_range

    import keras
    from sklearn import preprocessing

    def train(windows: np.ndarray, targets: np.ndarray) -> Forecaster:
        if recipe.cell is None:
            return WindowRegression().fit(windows, targets)
        keras.utils.set_random_seed(seed)
        model = recurrent(
            recipe.cell, windows.shape[-1], recipe.units, recipe.layers, recipe.dropout
        )
        settings = {"learning_rate": recipe.learning_rate}
        if recipe.momentum is not None:
            settings["momentum"] = recipe.momentum
        model.compile(getattr(keras.optimizers, recipe.optimizer)(**settings), "mse")
        fit(
            model,
            windows,
            targets,
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            quiet=True,
        )
        return model

    scaler = getattr(preprocessing, recipe.scaler)()
    if recipe.features == "levels":
        return forecast_year(prices[[column]], year, recipe.lookback, train, scaler)
    table = returns_and_range(prices, column)
    if recipe.features == "returns":
        table = table[["return"]]
    returns = forecast_year(table, year, recipe.lookback, train, scaler)
    return prices[column].shift().loc[returns.index] * np.exp(returns)


def recall_task(samples: int, distance: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Make sequences of random bits, the first one marked; the first one is to be recalled.

    Args:
        samples: how many sequences.
        distance: steps from the marked bit to the last one.
        rng: where the bits come from.

    Returns:
        inputs, shape (samples, distance + 1, 2), a bit (-1 or 1) and a mark (1 or 0) each step,
        and the marked bit as 0 or 1, shape (samples,).
    """
    bits = rng.choice([-1.0, 1.0], (samples, distance + 1))
    marks = np.zeros_like(bits)
    marks[:, 0] = 1
    return np.stack([bits, marks], axis=-1), (bits[:, 0] + 1) / 2


def recalled_share(recall: Recall) -> float:
    """Train 16 units on 12,800 sequences, three times over, and test them on 1,000 new ones.

    Args:
        recall: the cell, the distance and the seed.

    Returns:
        the share of bits recalled; guessing gets half of them.
    """
    from course_utils.training import fit

    import keras

    keras.utils.set_random_seed(recall.seed)
    rng = np.random.default_rng(recall.seed)
    cell, forget_bias = MEMORY_CELLS[recall.cell]
    layer = getattr(keras.layers, cell)(16)
    output = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Sequential([keras.Input((None, 2)), layer, output])
    if forget_bias is not None:  # Keras' order is input, forget, candidate, output
        layer.cell.bias.assign(np.repeat([0.0, forget_bias, 0.0, 0.0], 16))
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    samples = recall_task(12_800, recall.distance, rng)
    fit(model, *samples, epochs=3, batch_size=64, quiet=True)
    inputs, first = recall_task(1_000, recall.distance, rng)
    return float(((model.predict(inputs, verbose=0)[:, 0] > 0.5) == first).mean())
