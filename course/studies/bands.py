"""The study `bands`: how honest and how sharp are sampled paths, seed by seed?"""

from dataclasses import dataclass
from typing import Any

from course.studies.fits import RecipeFit, continuations, histories
from course.studies.study import Study
from course_utils.recipes import RECIPES, table_for, train_recipe

import numpy as np
import pandas as pd

STEPS, ORIGINS, PATHS = 20, 60, 4000


@dataclass(frozen=True)
class Bands(RecipeFit):
    """A recipe on returns, trained before a year, and paths sampled from days of five years."""

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Sample from the network and from a random walk, both without the average return."""
        from course_utils.evaluation import coverage, crps
        from course_utils.generation import sample_paths
        from course_utils.windows import make_windows, split_by_year, spread_origins

        recipe = RECIPES[self.recipe]
        model, scaler, scaled = train_recipe(recipe, prices, self.column, self.year, self.seed)
        table = table_for(recipe, prices, self.column)
        before = scaler.transform(split_by_year(table, self.year)[0])
        windows, targets = make_windows(before, recipe.lookback)
        residuals = targets - model.predict(windows, verbose=0)[:, 0]

        price = prices[self.column].to_numpy()
        origins = spread_origins(prices.index, self.year, STEPS, ORIGINS)
        history = histories(scaled, origins, len(price), recipe.lookback)
        truth = continuations(price, origins, STEPS)
        # One walk for all seeds, so that only the network makes them differ, and so many paths
        # that the drawing hardly shows.
        draw = np.random.default_rng(0).choice
        returns = {
            "network": sample_paths(
                model, history, STEPS, residuals, PATHS, seed=self.seed, carry_state=True
            ),
            "walk": draw(before[:, 0], (ORIGINS, PATHS, STEPS)),
        }
        found = {}
        for name, scaled_returns in returns.items():
            moves = np.exp(scaler.scale_[0] * scaled_returns.cumsum(axis=-1))
            paths = price[origins, np.newaxis, np.newaxis] * moves
            samples = paths.swapaxes(1, 2)  # (origins, days, paths)
            found[f"{name} crps"] = crps(truth[:, -1], samples[:, -1])
            for level in (0.5, 0.8, 0.95):
                found[f"{name} in {level:.0%}"] = coverage(truth, samples, level)
        return found


BANDS = Study(
    "bands",
    "The GRU on returns, trained before 2012, five seeds.",
    lambda: [Bands("GRU on returns", "IBM", "High", 2012, seed) for seed in range(5)],
)
