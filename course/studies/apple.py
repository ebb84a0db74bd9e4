"""The study `apple`: two networks of other courses on AAPL's close, their errors early and late."""

from dataclasses import dataclass, replace
from itertools import product
from typing import Any, ClassVar

from course.studies.study import Study
from course_utils.recipes import Recipe, table_for, trainer

import numpy as np
import pandas as pd

TRAIN_SHARE = 0.8
ALL_AT_ONCE = 100_000
"""a batch size larger than any training part, which then is one batch"""
NETWORKS = {
    "SimpleRNN(50) on features": Recipe("technical", 20, "SimpleRNN", 50, batch_size=32, epochs=50),
    "2 × SimpleRNN(32), full batch": Recipe(
        "levels", 20, "SimpleRNN", 32, 2, learning_rate=0.01, batch_size=ALL_AT_ONCE, epochs=100
    ),
}
"""their scalers have a range of their own: see `Apple.measure`"""


@dataclass(frozen=True)
class Apple:
    """A network trained on the first four fifths of the days and tested on the last."""

    network: str
    """a key of `NETWORKS`"""
    ticker: str
    seed: int
    version: ClassVar[int] = 1

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Train, and measure both parts in USD, along with "same as yesterday"."""
        from course_utils.evaluation import mae, rmse
        from course_utils.windows import fit_scaler_on, make_windows, unscale

        from sklearn.metrics import r2_score
        from sklearn.preprocessing import MinMaxScaler

        recipe = NETWORKS[self.network]
        table = table_for(recipe, prices, "Close")
        cut = int(TRAIN_SHARE * len(table))
        unfitted = MinMaxScaler((-1, 1) if recipe.features == "levels" else (0, 1))
        scaler = fit_scaler_on(table.iloc[:cut], unfitted)
        windows, targets = make_windows(scaler.transform(table), recipe.lookback)
        split = cut - recipe.lookback
        recipe = replace(recipe, batch_size=min(recipe.batch_size, split))
        (network,) = trainer(recipe, [self.seed])(windows[:split], targets[:split])

        forecast = unscale(scaler, network.predict(windows, verbose=0)[:, 0])
        price = table["Close"].to_numpy()
        truth, naive = price[recipe.lookback :], price[recipe.lookback - 1 : -1]
        early, late = np.s_[:split], np.s_[split:]
        return {
            "train rmse": rmse(truth[early], forecast[early]),
            "train naive": rmse(truth[early], naive[early]),
            "test rmse": rmse(truth[late], forecast[late]),
            "test naive": rmse(truth[late], naive[late]),
            "test mae": mae(truth[late], forecast[late]),
            "naive mae": mae(truth[late], naive[late]),
            "test r2": float(r2_score(truth[late], forecast[late])),
            "naive r2": float(r2_score(truth[late], naive[late])),
        }


APPLE = Study(
    "apple",
    "Both networks on AAPL, five seeds.",
    lambda: [Apple(name, "AAPL", seed) for name, seed in product(NETWORKS, range(5))],
)
