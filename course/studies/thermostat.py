"""The study `thermostat`: who knows what the heating does, long after it was switched."""

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

from course.studies.study import Study
from course_utils.thermostat import Record, run_thermostat, weather

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras

WINDOW_NETWORKS = {
    "logistic regression, 20 steps": (1, 20),
    "dense, 20 steps": (32, 20),
    "dense, 100 steps": (32, 100),
}
"""units of each of two layers (1: no hidden layer), and steps in the window"""
GATED = ("GRU", "LSTM")
CELLS = (*GATED, "SimpleRNN")
UNITS, BATCH, GRADIENT_STEPS, RATE = 16, 25, 640, 0.02
SIZES = (400, 100, 25)
"""fixed before the first fit, once rates of 0.005 and 0.02 had been tried on other series"""
RECORDS = {"training": None, "200": (1_000, 200), "1000": (200, 1_000)}
"""what is measured on: how many series, of how many steps; None is what was trained on"""
BANDS = {"1-19": (1, 19), "20-49": (20, 49), "50+": (50, 1_000)}
"""steps since the temperature was last at a threshold or beyond, both ends included"""
FIRST = 99
"""the first step that is measured: every window is full there"""


@dataclass(frozen=True)
class Thermostat:
    """A network trained to say at each step whether the heating is on."""

    network: str
    """a key of `WINDOW_NETWORKS`, or one of `CELLS`"""
    size: int
    """series of 200 steps to train on"""
    seed: int
    version: ClassVar[int] = 1

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train for 640 steps with 25 series each, whatever the size, and test on new series."""
        from course_utils.training import fit

        import keras

        keras.utils.set_random_seed(self.seed)
        drawn = {}
        for part, (name, shape) in enumerate(RECORDS.items()):
            rng = np.random.default_rng([self.seed, part])
            drawn[name] = run_thermostat(weather(*(shape or (self.size, 200)), rng))
        model = build(self.network)
        falling = keras.optimizers.schedules.CosineDecay(RATE, GRADIENT_STEPS)
        optimizer = keras.optimizers.Adam(falling, global_clipnorm=1.0)
        model.compile(optimizer, "binary_crossentropy")
        inputs, heating = drawn["training"].temperature[..., np.newaxis], drawn["training"].heating
        epochs = GRADIENT_STEPS * BATCH // self.size
        fit(model, inputs, heating, epochs=epochs, batch_size=BATCH, quiet=True)
        return accuracies(model, drawn)


def build(network: str) -> "keras.Sequential":
    """Build a network that answers at each step of a series.

    Args:
        network: a key of `WINDOW_NETWORKS`, or one of `CELLS`.

    Returns:
        a model, not compiled, from temperatures, shape (samples, time_steps, 1), to the
        probability that the heating is on, of the same shape.
    """
    from keras import Input, Sequential, layers

    answer = layers.Dense(1, activation="sigmoid")
    if network in CELLS:
        recurrent = getattr(layers, network)(UNITS, return_sequences=True)
        return Sequential([Input((None, 1)), recurrent, answer])
    units, lookback = WINDOW_NETWORKS[network]
    slid = {"kernel_size": lookback, "padding": "causal"}  # a dense layer on every window
    if units == 1:
        return Sequential([Input((None, 1)), layers.Conv1D(1, activation="sigmoid", **slid)])
    hidden = [layers.Conv1D(units, activation="relu", **slid), layers.Dense(units, "relu")]
    return Sequential([Input((None, 1)), *hidden, answer])


def accuracies(model: "keras.Model", drawn: dict[str, Record]) -> dict[str, float]:
    """Share of right answers between the thresholds, in all and by age, for each record."""
    found = {}
    for name, record in drawn.items():
        inputs = record.temperature[..., np.newaxis]
        right = (model.predict(inputs, batch_size=200, verbose=0)[..., 0] > 0.5) == record.heating
        found[name] = _share(right, record.age, 1, 1_000)
        if name.isdigit():
            found |= {f"{name}, {band}": _share(right, record.age, *BANDS[band]) for band in BANDS}
    return found


def _share(right: NDArray, age: NDArray, youngest: int, oldest: int) -> float:
    right, age = right[:, FIRST:], age[:, FIRST:]
    return float(right[(age >= youngest) & (age <= oldest)].mean())


THERMOSTAT = Study(
    "thermostat",
    "All networks on most series, the gated cells on fewer, and five seeds each.",
    lambda: [
        Thermostat(*one)
        for one in [
            *product([*CELLS, *WINDOW_NETWORKS], SIZES[:1], range(5)),
            *product(GATED, SIZES[1:], range(5)),
        ]
    ],
)
