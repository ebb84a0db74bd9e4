"""The studies `free_run` and `horizons`: forecasts fed back for a year, and from many days."""

from dataclasses import dataclass
from typing import Any, ClassVar

from course.studies.fits import RecipeFit
from course_utils.recipes import scaler_for, table_for, trainer

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HORIZONS = (1, 5, 20, 60, 250)
ORIGINS = 50
"""origins of the study `horizons`, evenly spread over five years"""


@dataclass(frozen=True)
class FreeRun(RecipeFit):
    """A recipe trained on the days before a year, which then generates the whole year."""

    suffix: ClassVar[str] = "-free"

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Generate the year from the days before it, and measure it beside the last price held."""
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
        from course_utils.training import train_before
        from course_utils.windows import unscale

        recipe, lookback = self.details, self.details.lookback
        table = table_for(recipe, prices, self.column)
        train = trainer(recipe, self.seed)
        model, scaler, scaled = train_before(table, self.year, lookback, train, scaler_for(recipe))
        first = len(prices) - len(scaled)
        history = np.stack([scaled[: origin - first + 1][-lookback:] for origin in origins])
        generated = unscale(scaler, free_run(model, history, steps))
        if recipe.features == "levels":
            return generated
        last = prices[self.column].to_numpy()[origins, np.newaxis]
        return last * np.exp(generated.cumsum(axis=1))


@dataclass(frozen=True)
class Horizons(FreeRun):
    """A recipe trained once on the days before a year, run free from many days of five years."""

    suffix: ClassVar[str] = "-horizons"

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Measure the error at each horizon over all origins, beside two naive forecasts.

        `naive` holds the last price, `drift` lets it grow by the average return of the training.
        """
        from course_utils.evaluation import error_by_horizon
        from course_utils.windows import spread_origins

        price, steps = prices[self.column].to_numpy(), max(HORIZONS)
        origins = spread_origins(prices.index, self.year, steps, ORIGINS)
        truth = np.stack([price[origin + 1 : origin + 1 + steps] for origin in origins])
        held = np.repeat(price[origins, np.newaxis], steps, axis=1)
        before = price[prices.index.year < self.year]
        average_return = np.diff(np.log(before)).mean()
        forecasts = {
            "naive": held,
            "drift": held * np.exp(average_return * np.arange(1, steps + 1)),
            "rmse": self.paths(prices, origins, steps),
        }
        errors = error_by_horizon(truth, forecasts, HORIZONS)
        return {
            f"{name} {horizon}": float(errors.loc[horizon, name])
            for horizon in HORIZONS
            for name in ("rmse", "naive", "drift")
        }


def free_run() -> list[FreeRun]:
    """The classic GRU, run free through 2017, ten seeds."""
    return [FreeRun("classic GRU", "IBM", "High", 2017, seed) for seed in range(10)]


def horizons() -> list[Horizons]:
    """Three recipes trained before 2012 and run free from 50 days of 2012 to 2016, five seeds."""
    recipes = ("classic GRU", "GRU on levels", "GRU on returns")
    return [Horizons(recipe, "IBM", "High", 2012, seed) for recipe in recipes for seed in range(5)]
