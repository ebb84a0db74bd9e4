"""The study `memory`: how far back each cell recalls a bit that it saw once."""

from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from course.studies.study import Study

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DISTANCES = (5, 10, 20, 40, 80, 160)
MEMORY_CELLS = {
    "SimpleRNN": ("SimpleRNN", None),
    "LSTM, forget bias 1": ("LSTM", 1.0),
    "LSTM, forget bias 3": ("LSTM", 3.0),
    "LSTM, forget bias 5": ("LSTM", 5.0),
}


@dataclass(frozen=True)
class Recall:
    """A network trained to recall a bit that it saw `distance` steps ago."""

    cell: str
    """a key of `MEMORY_CELLS`: the layer, and its forget gate's bias before training"""
    distance: int
    seed: int
    version: ClassVar[int] = 1

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train 16 units on 12,800 sequences, three times over, and test them on 1,000 new ones."""
        from course_utils.training import fit

        import keras

        keras.utils.set_random_seed(self.seed)
        rng = np.random.default_rng(self.seed)
        cell, forget_bias = MEMORY_CELLS[self.cell]
        layer = getattr(keras.layers, cell)(16)
        output = keras.layers.Dense(1, activation="sigmoid")
        model = keras.Sequential([keras.Input((None, 2)), layer, output])
        if forget_bias is not None:  # Keras' order is input, forget, candidate, output
            layer.cell.bias.assign(np.repeat([0.0, forget_bias, 0.0, 0.0], 16))
        model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
        samples = recall_task(12_800, self.distance, rng)
        fit(model, *samples, epochs=3, batch_size=64, quiet=True)
        inputs, first = recall_task(1_000, self.distance, rng)
        recalled = (model.predict(inputs, verbose=0)[:, 0] > 0.5) == first
        return {"accuracy": float(recalled.mean())}


def recall_task(samples: int, distance: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Make sequences of random bits, the first of them marked, which is to be recalled.

    Args:
        samples: how many sequences.
        distance: steps from the marked bit to the last one.
        rng: where the bits come from.

    Returns:
        inputs, shape (samples, distance + 1, 2), a bit (-1 or 1) and a mark (1 or 0) per step,
        and the marked bit as 0 or 1, shape (samples,).
    """
    bits = rng.choice([-1.0, 1.0], (samples, distance + 1))
    marks = np.zeros_like(bits)
    marks[:, 0] = 1
    return np.stack([bits, marks], axis=-1), (bits[:, 0] + 1) / 2


MEMORY = Study(
    "memory",
    "All cells, distances and seeds, the longest first.",
    lambda: [Recall(*one) for one in product(MEMORY_CELLS, reversed(DISTANCES), range(5))],
)
