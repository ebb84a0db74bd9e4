"""The studies `free_run` and `horizons`: forecasts fed back for a year, and from many days."""

from dataclasses import dataclass
from itertools import product
from typing import Any

from course.studies.fits import RecipeFit, continuations, histories
from course.studies.study import Study
from course_utils.recipes import CLASSIC, RECIPES, train_recipe

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
        model, scaler, scaled = train_recipe(recipe, prices, self.column, self.year, self.seed)
        history = histories(scaled, origins, len(prices), recipe.lookback)
        generated = unscale(scaler, free_run(model, history, steps))
        if recipe.features == "levels":
            return generated
        last = prices[self.column].to_numpy()[origins, np.newaxis]
        return last * np.exp(generated.cumsum(axis=1))


@dataclass(frozen=True)
class Horizons(FreeRun):
    """A recipe trained once on the days before a year, run free from many days of five years."""

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Measure the error at each horizon over all origins, along with two naive forecasts.

        `naive` holds the last price, `drift` lets it grow by the average return of the training.
        """
        from course_utils.evaluation import error_by_horizon
        from course_utils.windows import spread_origins

        price, steps = prices[self.column].to_numpy(), max(STEPS_AHEAD)
        origins = spread_origins(prices.index, self.year, steps, ORIGINS)
        held = np.repeat(price[origins, np.newaxis], steps, axis=1)
        before = price[prices.index.year < self.year]
        average_return = np.diff(np.log(before)).mean()
        forecasts = {
            "rmse": self.paths(prices, origins, steps),
            "naive": held,
            "drift": held * np.exp(average_return * np.arange(1, steps + 1)),
        }
        truth = continuations(price, origins, steps)
        errors = error_by_horizon(truth, forecasts, STEPS_AHEAD)
        return {
            f"{name} {horizon}": float(errors.loc[horizon, name])
            for horizon, name in product(STEPS_AHEAD, forecasts)
        }


FREE_RUN = Study(
    "free_run",
    "The classic GRU, run free through 2017, ten seeds.",
    lambda: [FreeRun("classic GRU", "IBM", "High", 2017, seed) for seed in range(10)],
    daily=CLASSIC,
)
HORIZONS = Study(
    "horizons",
    "Three recipes trained before 2012 and run free from 50 days of 2012 to 2016, five seeds.",
    lambda: [
        Horizons(recipe, "IBM", "High", 2012, seed)
        for recipe in ("classic GRU", "GRU on levels", "GRU on returns")
        for seed in range(5)
    ],
)
