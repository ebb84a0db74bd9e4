"""The study `bands`: how honest and how sharp are sampled paths, seed by seed?"""

from dataclasses import dataclass
from typing import Any, ClassVar

from course.studies.fits import RecipeFit
from course_utils.recipes import scaler_for, table_for, trainer

import numpy as np
import pandas as pd

STEPS, ORIGINS, PATHS = 20, 60, 4000


@dataclass(frozen=True)
class Bands(RecipeFit):
    """A recipe on returns, trained before a year, and paths sampled from days of five years."""

    suffix: ClassVar[str] = "-bands"

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Sample from the network and from a random walk, both without the average return."""
        from course_utils.evaluation import coverage, crps
        from course_utils.generation import sample_paths
        from course_utils.training import train_before
        from course_utils.windows import make_windows, split_by_year, spread_origins

        recipe, lookback = self.details, self.details.lookback
        table = table_for(recipe, prices, self.column)
        train = trainer(recipe, self.seed)
        model, scaler, scaled = train_before(table, self.year, lookback, train, scaler_for(recipe))
        before = scaler.transform(split_by_year(table, self.year)[0])
        windows, targets = make_windows(before, lookback)
        residuals = targets - model.predict(windows, verbose=0)[:, 0]

        price = prices[self.column].to_numpy()
        origins = spread_origins(prices.index, self.year, STEPS, ORIGINS)
        first = len(prices) - len(scaled)
        history = np.stack([scaled[: origin - first + 1][-lookback:] for origin in origins])
        truth = np.stack([price[origin + 1 : origin + 1 + STEPS] for origin in origins])
        # One walk for all seeds, so that they differ by the network alone; many paths, so that the
        # drawing hardly shows.
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


def plan() -> list[Bands]:
    """The GRU on returns, trained before 2012, five seeds."""
    return [Bands("GRU on returns", "IBM", "High", 2012, seed) for seed in range(5)]
