"""The study `sweeps`: one setting at a time changed, judged on a year before the test year."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from course.studies.study import Study
from course_utils.recipes import BASE, Recipe, table_for, train_recipe, trains_together

import pandas as pd

VALUES: dict[str, tuple[float, ...]] = {
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
    version: ClassVar[int] = 1

    @property
    def changed(self) -> Recipe:
        """The recipe that is followed."""
        whole = isinstance(getattr(BASE, self.setting), int)
        return replace(BASE, **{self.setting: int(self.value) if whole else self.value})

    @property
    def group(self) -> "Sweep":
        """The same for all seeds, where they are trained together."""
        return replace(self, seed=0) if trains_together(self.changed) else self

    def measure_seeds(self, prices: pd.DataFrame, seeds: list[int]) -> list[dict[str, Any]]:
        """Train on the years before, and measure there and in the year, in USD."""
        from course_utils.evaluation import rmse
        from course_utils.windows import make_windows, to_dollars, unscale

        recipe = self.changed
        prices = prices[prices.index.year <= self.year]
        networks, scaler, _ = train_recipe(recipe, prices, self.column, self.year, seeds)
        table = table_for(recipe, prices, self.column)
        windows, _ = make_windows(scaler.transform(table), recipe.lookback)
        truth = prices[self.column].iloc[-len(windows) :]
        naive = prices[self.column].shift().loc[truth.index]
        late = truth.index.year == self.year
        found = []
        for network in networks:
            returns = unscale(scaler, network.predict(windows, verbose=0)[:, 0])
            forecast = to_dollars(pd.Series(returns, truth.index), prices, self.column)
            found.append(
                {
                    "train rmse": rmse(truth[~late], forecast[~late]),
                    "train naive": rmse(truth[~late], naive[~late]),
                    "rmse": rmse(truth[late], forecast[late]),
                    "naive": rmse(truth[late], naive[late]),
                }
            )
        return found


SWEEPS = Study(
    "sweeps",
    "Every value of every setting on IBM's high, validated in 2016, five seeds.",
    lambda: [
        Sweep(setting, float(value), "IBM", "High", 2016, seed)
        for setting, values in VALUES.items()
        for value in values
        for seed in range(5)
    ],
)
