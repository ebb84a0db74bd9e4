"""The study `apple`: two networks of other courses on AAPL's close, their errors early and late."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

LOOKBACK, TRAIN_SHARE = 20, 0.8
NETWORKS = {
    "SimpleRNN(50) on features": {
        **{"features": True, "units": 50, "layers": 1, "optimizer": "Adam"},
        **{"learning_rate": 0.001, "batch_size": 32, "epochs": 50},
    },
    "2 × SimpleRNN(32), full batch": {
        **{"features": False, "units": 32, "layers": 2, "optimizer": "Adam"},
        **{"learning_rate": 0.01, "batch_size": None, "epochs": 100},
    },
}


@dataclass(frozen=True)
class Apple:
    """A network trained on the first four fifths of the days and tested on the last."""

    network: str
    ticker: str
    seed: int

    @property
    def label(self) -> str:
        """What the file of its result is called."""
        return f"{self.ticker}-Close-late"

    @property
    def details(self) -> dict[str, Any]:
        """What else its result depends on."""
        return NETWORKS[self.network]

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Train and measure on both parts beside "same as yesterday", in USD."""
        from course_utils.evaluation import rmse
        from course_utils.features import technical_features
        from course_utils.models import recurrent
        from course_utils.training import fit
        from course_utils.windows import fit_scaler_on, make_windows, unscale

        import keras
        from sklearn.metrics import mean_absolute_error, r2_score
        from sklearn.preprocessing import MinMaxScaler

        settings = self.details
        table = technical_features(prices) if settings["features"] else prices[["Close"]]
        scaler = MinMaxScaler() if settings["features"] else MinMaxScaler((-1, 1))
        cut = int(TRAIN_SHARE * len(table))
        scaler = fit_scaler_on(table.iloc[:cut], scaler)
        windows, targets = make_windows(scaler.transform(table), LOOKBACK)
        split = cut - LOOKBACK

        keras.utils.set_random_seed(self.seed)
        network = recurrent("SimpleRNN", table.shape[1], settings["units"], settings["layers"])
        optimizer = getattr(keras.optimizers, settings["optimizer"])
        network.compile(optimizer(settings["learning_rate"]), "mse")
        fit(
            network,
            windows[:split],
            targets[:split],
            epochs=settings["epochs"],
            batch_size=settings["batch_size"] or split,
            quiet=True,
        )
        forecast = unscale(scaler, network.predict(windows, verbose=0)[:, 0])
        price = table["Close"].to_numpy()
        truth, naive = price[LOOKBACK:], price[LOOKBACK - 1 : -1]
        found = {}
        for part, rows in {"train": np.s_[:split], "test": np.s_[split:]}.items():
            found[f"{part} rmse"] = rmse(truth[rows], forecast[rows])
            found[f"{part} naive"] = rmse(truth[rows], naive[rows])
        late = np.s_[split:]
        return found | {
            "test mae": float(mean_absolute_error(truth[late], forecast[late])),
            "naive mae": float(mean_absolute_error(truth[late], naive[late])),
            "test r2": float(r2_score(truth[late], forecast[late])),
            "naive r2": float(r2_score(truth[late], naive[late])),
        }


def plan() -> list[Apple]:
    """Both networks on AAPL, five seeds."""
    return [Apple(name, "AAPL", seed) for name, seed in product(NETWORKS, range(5))]
