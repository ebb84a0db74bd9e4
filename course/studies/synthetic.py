"""The study `synthetic`: a deep LSTM on a noisy sine, split by time and at random."""

from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from course.studies.study import Study

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SAMPLES, NOISE, LOOKBACK = 1000, 0.1, 50
TRAIN, VALIDATION = 650, 150
"""numbers of windows; the rest are for the test"""


def noisy_sine(samples: int, noise: float, seed: int) -> tuple[NDArray, NDArray]:
    """Make a series whose best forecast is known: sin(0.02 x) with normal noise.

    Args:
        samples: how many steps.
        noise: standard deviation of the noise, the RMSE that no forecast can beat on average.
        seed: where the noise comes from.

    Returns:
        the series without and with the noise, each of shape (samples,).
    """
    clean = np.sin(0.02 * np.arange(samples))
    return clean, clean + np.random.default_rng(seed).normal(0, noise, samples)


@dataclass(frozen=True)
class Synthetic:
    """LSTM 3 × 128, trained until it no longer improves on the validation windows."""

    split: str
    """`by time`, or `at random`: windows dealt into training, validation and test"""
    seed: int
    version: ClassVar[int] = 1

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train, and measure on the test windows, along with naive, a regression and the noise."""
        from course_utils.evaluation import rmse
        from course_utils.models import Persistence, WindowRegression, recurrent
        from course_utils.training import fit
        from course_utils.windows import fit_scaler_on, make_windows, unscale

        import keras
        from sklearn.preprocessing import StandardScaler

        clean, series = noisy_sine(SAMPLES, NOISE, self.seed)
        table = pd.DataFrame(series)
        scaler = fit_scaler_on(table.iloc[: LOOKBACK + TRAIN], StandardScaler())
        windows, targets = make_windows(scaler.transform(table), LOOKBACK)
        order = np.arange(len(windows))
        if self.split == "at random":
            order = np.random.default_rng(self.seed).permutation(order)
        train, valid, test = np.split(order, [TRAIN, TRAIN + VALIDATION])

        keras.utils.set_random_seed(self.seed)
        network = recurrent("LSTM", features=1, units=128, layers=3, dropout=0.2)
        network.compile(keras.optimizers.AdamW(1e-3), "mse")
        history = fit(
            network,
            windows[train],
            targets[train],
            epochs=40,
            batch_size=32,
            validation=(windows[valid], targets[valid]),
            callbacks=[
                keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=5),
                keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True),
            ],
            quiet=True,
        )
        regression = WindowRegression(LOOKBACK).fit(windows[train], targets[train])
        truth = series[LOOKBACK + test]
        forecasters = {"rmse": network, "naive": Persistence(), "linear": regression}
        errors = {
            name: rmse(truth, unscale(scaler, model.predict(windows[test], verbose=0)))
            for name, model in forecasters.items()
        }
        floor = rmse(truth, clean[LOOKBACK + test])
        return {**errors, "floor": floor, "epochs": len(history.history["loss"])}


SYNTHETIC = Study(
    "synthetic",
    "Both splits, five seeds; the seed draws the noise, the first weights and the dealing.",
    lambda: [Synthetic(*one) for one in product(("by time", "at random"), range(5))],
)
