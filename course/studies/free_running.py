"""The studies `free_run` and `horizons`: forecasts fed back for a year, and from many days."""

from dataclasses import dataclass
from itertools import product
from typing import Any

from course.studies.fits import RecipeFit, continuations, histories
from course.studies.study import Study
from course_utils.recipes import CLASSIC, RECIPES, scaler_for, table_for, train_recipe

import numpy as np
import pandas as pd
from numpy.typing import NDArray

STEPS_AHEAD = (1, 5, 20, 60, 250)
ORIGINS = 50
"""origins of the study `horizons`, evenly spread over five years"""


@dataclass(frozen=True)
class FreeRun(RecipeFit):
    """A recipe trained on the days before a year, which then generates the whole year."""

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Generate the year from the days before it; the naive forecast holds the last price."""
        from course_utils.evaluation import rmse

        days = prices.index[prices.index.year == self.year]
        price = prices[self.column]
        origin = price.index.get_loc(days[0]) - 1
        (path,) = self.paths(prices, np.array([origin]), len(days))
        truth, held = price[days], np.full(len(days), price.iloc[origin])
        return {
            "rmse": rmse(truth, path),
            "worst": float(np.abs(truth - path).max()),
            "naive": rmse(truth, held),
            "series": {
                "truth": truth,
                "last price held": pd.Series(held, days),
                "forecast": pd.Series(path, days),
            },
        }

    def paths(self, prices: pd.DataFrame, origins: NDArray, steps: int) -> NDArray:
        """Train on the days before the year, then generate from each origin.

        Args:
            prices: a price table without missing values, in USD.
            origins: positions of the last known days, none before the year's eve.
            steps: days to generate.

        Returns:
            prices in USD, shape (origins, steps).
        """
        from course_utils.generation import free_run
        from course_utils.windows import unscale

        recipe = RECIPES[self.recipe]
        trained = train_recipe(recipe, prices, self.column, self.year, [self.seed])
        (model,), scaler, scaled = trained
        history = histories(scaled, origins, len(prices), recipe.lookback)
        generated = unscale(scaler, free_run(model, history, steps))
        return self.in_dollars(generated, prices[self.column].to_numpy()[origins])

    def in_dollars(self, generated: NDArray, last: NDArray) -> NDArray:
        """Turn what the recipe forecasts, shape (origins, steps), into prices after the last."""
        if RECIPES[self.recipe].features == "levels":
            return generated
        return last[:, np.newaxis] * np.exp(generated.cumsum(axis=1))


@dataclass(frozen=True)
class Horizons(FreeRun):
    """A recipe trained once on the days before a year, asked on many days of five years."""

    direct: bool
    """whether the network answers with all days at once, and nothing is fed back"""

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Measure the error at each horizon over all origins, along with two naive forecasts.

        `naive` holds the last price, `drift` lets it grow by the average return of the training.
        `t` is the mean gain in squared error over `naive`, paired by origin, in standard errors.
        """
        from course_utils.evaluation import error_by_horizon
        from course_utils.windows import spread_origins

        price, steps = prices[self.column].to_numpy(), max(STEPS_AHEAD)
        origins = spread_origins(prices.index, self.year, steps, ORIGINS)
        held = np.repeat(price[origins, np.newaxis], steps, axis=1)
        before = price[prices.index.year < self.year]
        average_return = np.diff(np.log(before)).mean()
        forecasts = {
            "rmse": (self.at_once if self.direct else self.paths)(prices, origins, steps),
            "naive": held,
            "drift": held * np.exp(average_return * np.arange(1, steps + 1)),
        }
        truth = continuations(price, origins, steps)
        errors = error_by_horizon(truth, forecasts, STEPS_AHEAD)
        found = {
            f"{name} {horizon}": float(errors.loc[horizon, name])
            for horizon, name in product(STEPS_AHEAD, forecasts)
        }
        gains = (truth - held) ** 2 - (truth - forecasts["rmse"]) ** 2
        t = gains.mean(axis=0) / gains.std(axis=0, ddof=1) * np.sqrt(ORIGINS)
        return found | {f"t {horizon}": float(t[horizon - 1]) for horizon in STEPS_AHEAD}

    def at_once(self, prices: pd.DataFrame, origins: NDArray, steps: int) -> NDArray:
        """Train a network with one output per day ahead; as `paths`, but nothing is fed back."""
        from course_utils.models import recurrent
        from course_utils.training import fit
        from course_utils.windows import fit_scaler_on, split_by_year, unscale

        import keras

        recipe = RECIPES[self.recipe]
        table = table_for(recipe, prices, self.column)
        before, _ = split_by_year(table, self.year)
        scaler = fit_scaler_on(before, scaler_for(recipe))
        rows = np.lib.stride_tricks.sliding_window_view(
            scaler.transform(before)[:, 0], recipe.lookback + steps
        )
        keras.utils.set_random_seed(self.seed)
        model = recurrent(recipe.cell, 1, recipe.units)
        model.pop()
        model.add(keras.layers.Dense(steps))
        model.compile(getattr(keras.optimizers, recipe.optimizer)(recipe.learning_rate), "mse")
        windows, targets = rows[:, : recipe.lookback, np.newaxis], rows[:, recipe.lookback :]
        fit(model, windows, targets, epochs=recipe.epochs, batch_size=recipe.batch_size, quiet=True)
        history = histories(scaler.transform(table), origins, len(prices), recipe.lookback)
        generated = unscale(scaler, model.predict(history, verbose=0))
        return self.in_dollars(generated, prices[self.column].to_numpy()[origins])


FREE_RUN = Study(
    "free_run",
    "The classic GRU, run free through 2017, ten seeds.",
    lambda: [FreeRun("classic GRU", "IBM", "High", 2017, seed) for seed in range(10)],
    daily=CLASSIC,
)
FREE_RUN_LSTM = Study(
    "free_run_lstm",
    "The classic LSTM, run free through 2017, five seeds.",
    lambda: [FreeRun("classic LSTM", "IBM", "High", 2017, seed) for seed in range(5)],
)
HORIZONS = Study(
    "horizons",
    "Three recipes trained before 2012 and fed back from 50 days of 2012 to 2016, five seeds; "
    "and two of them with an output for each day ahead.",
    lambda: [
        Horizons(recipe, "IBM", "High", 2012, seed, direct)
        for recipe, direct in (
            ("classic GRU", False),
            ("GRU on levels", False),
            ("GRU on returns", False),
            ("GRU on levels", True),
            ("GRU on returns", True),
        )
        for seed in range(5)
    ],
)
