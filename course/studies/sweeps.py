"""The study `sweeps`: one setting at a time changed, judged on a year before the test year."""

from dataclasses import dataclass, replace
from typing import Any

from course_utils.recipes import BASE, Recipe, scaler_for, table_for, trainer

import numpy as np
import pandas as pd

SWEEPS: dict[str, tuple[float, ...]] = {
    "units": (2, 4, 8, 16, 32, 64, 128),
    "layers": (1, 2, 3, 4),
    "lookback": (2, 5, 10, 20, 60, 120),
    "learning_rate": (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
    "batch_size": (16, 32, 64, 128, 256, 512),
    "dropout": (0.0, 0.1, 0.2, 0.4, 0.6),
    "weight_decay": (0.0, 0.001, 0.01, 0.1, 1.0),
}


@dataclass(frozen=True)
class Sweep:
    """The GRU on returns and range with one setting changed, validated on a year."""

    setting: str
    value: float
    ticker: str
    column: str
    year: int
    seed: int

    @property
    def label(self) -> str:
        """What the file of its result is called."""
        return f"{self.ticker}-{self.column}-{self.year}-{self.setting}"

    @property
    def details(self) -> Recipe:
        """What else its result depends on: the recipe that is followed."""
        whole = isinstance(getattr(BASE, self.setting), int)
        return replace(BASE, **{self.setting: int(self.value) if whole else self.value})

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Train on the years before, and measure there and in the year, in USD."""
        from course_utils.evaluation import rmse
        from course_utils.training import train_before
        from course_utils.windows import make_windows, unscale

        recipe = self.details
        prices = prices[prices.index.year <= self.year]
        table = table_for(recipe, prices, self.column)
        train = trainer(recipe, self.seed)
        network, scaler, _ = train_before(
            table, self.year, recipe.lookback, train, scaler_for(recipe)
        )
        windows, _ = make_windows(scaler.transform(table), recipe.lookback)
        returns = unscale(scaler, network.predict(windows, verbose=0)[:, 0])
        truth = prices[self.column].iloc[-len(returns) :]
        naive = prices[self.column].shift().loc[truth.index]
        forecast = naive * np.exp(returns)
        late = truth.index.year == self.year
        return {
            "train rmse": rmse(truth[~late], forecast[~late]),
            "train naive": rmse(truth[~late], naive[~late]),
            "rmse": rmse(truth[late], forecast[late]),
            "naive": rmse(truth[late], naive[late]),
        }


def plan() -> list[Sweep]:
    """Every value of every setting on IBM's high, validated in 2016, five seeds."""
    return [
        Sweep(setting, float(value), "IBM", "High", 2016, seed)
        for setting, values in SWEEPS.items()
        for value in values
        for seed in range(5)
    ]
