"""Forecasters, naive ones and networks alike, that all answer to `predict`.

Every `predict` takes `verbose` as Keras' own does, so that a naive forecast can take the place of
a network; the naive ones have nothing to print.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal, Self

from course_utils.checks import check_targets, check_windows
from course_utils.fused import FusedLSTM
from course_utils.stepping import check_counts
from course_utils.volatility import OnWindows

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Cell = Literal["SimpleRNN", "LSTM", "GRU", "FusedLSTM"]


CELLS = {
    "SimpleRNN": keras.layers.SimpleRNN,
    "LSTM": keras.layers.LSTM,
    "GRU": keras.layers.GRU,
    "FusedLSTM": FusedLSTM,
}


class Naive(ABC):
    """A forecast that is computed from the window, with nothing to train."""

    def predict(self, windows: NDArray, verbose: int = 0) -> NDArray:
        """Forecast column 0 from itself.

        Args:
            windows: shape (samples, lookback, features).
            verbose: ignored.

        Returns:
            forecasts, shape (samples, 1).

        Raises:
            ValueError: the windows are too short for this forecast.
        """
        check_windows(windows)
        return np.array(self._continue(windows[:, :, :1]))  # a copy: windows may be views

    @abstractmethod
    def _continue(self, target: NDArray) -> NDArray:
        """Forecast from the target, shape (samples, lookback, 1); returns shape (samples, 1)."""


class Persistence(Naive):
    """The naive forecast: tomorrow is as today."""

    def _continue(self, target: NDArray) -> NDArray:
        return target[:, -1]


class Drift(Naive):
    """The naive forecast that continues the line from a window's first value to its last.

    It needs a lookback of at least 2.
    """

    def _continue(self, target: NDArray) -> NDArray:
        steps = target.shape[1] - 1
        if steps < 1:
            raise ValueError("A window of one day has no slope: take a lookback of at least 2.")
        first, last = target[:, 0].astype(float), target[:, -1]
        return last + (last - first) / steps


class Mean(Naive):
    """The naive forecast that expects the window's average."""

    def _continue(self, target: NDArray) -> NDArray:
        return target.mean(axis=1)


class EWMA(Naive):
    """The exponentially weighted average of a window: each day weighs `decay` times the next.

    As RiskMetrics (1996) forecasts volatility, with a decay of 0.94 for days; not trained.
    """

    def __init__(self, decay: float = 0.94) -> None:
        """Take the weight of a day as a share of the next day's, above 0 and at most 1."""
        if not 0 < decay <= 1:
            raise ValueError(f"A decay of {decay} is not a share: take one above 0, such as 0.94.")
        self.decay = decay

    def _continue(self, target: NDArray) -> NDArray:
        weights = self.decay ** np.arange(target.shape[1])[::-1]
        return np.average(target, axis=1, weights=weights)


class Seasonal(Naive):
    """The naive forecast that repeats the last season: as at this hour yesterday, for instance.

    It needs a lookback of at least `period - horizon + 1`.
    """

    def __init__(self, period: int, horizon: int = 1) -> None:
        """Name the season, 24 for a day of hours or 52 for a year of weeks, in time steps."""
        if not 1 <= horizon <= period:
            raise ValueError(
                f"A season of {period} steps cannot forecast {horizon} steps ahead: take a period "
                "of at least the horizon, and a horizon of at least 1."
            )
        self.back = period - horizon + 1

    def _continue(self, target: NDArray) -> NDArray:
        if target.shape[1] < self.back:
            raise ValueError(
                f"A window of {target.shape[1]} steps does not reach back a season: take a "
                f"lookback of at least {self.back}."
            )
        return target[:, -self.back]


class WindowRegression(OnWindows):
    """A linear regression that sees the last days of a window and nothing older.

    It needs a lookback of at least `days`.
    """

    def __init__(self, days: int = 1) -> None:
        super().__init__()
        check_counts(days=days)
        self.days = days

    def _inputs(self, windows: NDArray) -> NDArray:
        """Lay the features of the last days side by side, one row per window."""
        check_windows(windows)
        if windows.shape[1] < self.days:
            raise ValueError(
                f"A window of {windows.shape[1]} days is too short for a regression on "
                f"{self.days}: take a longer lookback or fewer days."
            )
        return windows[:, -self.days :].reshape(len(windows), -1)


class CloseAndGap:
    """The right rival of a High: today's close plus how far highs lay above the close before.

    A High is an old price by the evening, so "same as yesterday" is a weak rival. This one knows
    today's close and a single constant, and nothing that must be learned.
    """

    def fit(self, windows: NDArray, targets: NDArray) -> Self:
        """Take the mean gap.

        Args:
            windows: shape (samples, lookback, features), in USD; the last feature is the close.
            targets: the next High, or Low, shape (samples,), in USD.

        Returns:
            itself.

        Raises:
            ValueError: there is not one target for each window, or a value is not finite.
        """
        check_windows(windows)
        self.gap = float(np.mean(check_targets(windows, targets) - windows[:, -1, -1]))
        return self

    def predict(self, windows: NDArray, verbose: int = 0) -> NDArray:
        """Add the gap to the last close; `verbose` is ignored. Returns shape (samples, 1)."""
        check_windows(windows)
        return windows[:, -1, -1:] + self.gap


class CloseAndRecentGap:
    """The right rival of a High whose price has multiplied: the close plus the recent mean gap.

    A constant from all earlier years is out of date by then, and flatters whatever is compared
    with it. This one is the mean over each window's own days, so there is nothing to fit.
    """

    def fit(self, windows: NDArray, targets: NDArray) -> Self:
        """Return itself; as `CloseAndGap.fit`, but the windows and targets are not used."""
        return self

    def predict(self, windows: NDArray, verbose: int = 0) -> NDArray:
        """Add the mean gap of each window's days to its last close.

        Args:
            windows: shape (samples, lookback, features), in USD; the first feature is the High, or
                Low, and the last the close. A window of n days has n - 1 gaps.
            verbose: ignored.

        Returns:
            forecasts, shape (samples, 1).

        Raises:
            ValueError: the windows are of one day, which has no close before it.
        """
        check_windows(windows)
        if windows.shape[1] < 2:
            raise ValueError("A window of one day has no gap: take a lookback of at least 2.")
        gaps = windows[:, 1:, :1] - windows[:, :-1, -1:]
        return windows[:, -1, -1:] + gaps.mean(axis=1)


def recurrent(
    cell: Cell | Sequence[Cell],
    features: int,
    units: int = 50,
    layers: int = 1,
    dropout: float = 0.0,
    bidirectional: bool = False,
) -> keras.Sequential:
    """Build a network of recurrent layers with one output, not yet compiled.

    Args:
        cell: the kind of recurrent layer; several make a hybrid, one layer of each, in order.
            `FusedLSTM` is an LSTM that trains faster, for long training runs on a CPU.
        features: features per time step; the number of time steps is left open.
        units: units in each recurrent layer.
        layers: how many recurrent layers of one kind are stacked.
        dropout: share of values set to zero in training after each recurrent layer.
        bidirectional: give each layer a twin that reads the window backwards, with its own units.

    Returns:
        a model from windows, shape (samples, time_steps, features), to shape (samples, 1).

    Raises:
        ValueError: a cell is not one of these, there is no layer, or weights would be bfloat16.
    """
    cells = [cell] * layers if isinstance(cell, str) else list(cell)
    if not cells:
        raise ValueError("A network without a recurrent layer cannot learn: take at least 1.")
    if keras.config.dtype_policy().variable_dtype == "bfloat16":
        raise ValueError(
            "Keras cannot draw the first weights of a recurrent layer in bfloat16: take "
            'keras.config.set_dtype_policy("mixed_bfloat16").'
        )
    model = keras.Sequential([keras.Input((None, features))])
    for number, kind in enumerate(cells, 1):
        if kind not in CELLS:
            raise ValueError(f"No cell {kind!r}: choose one of {', '.join(CELLS)}.")
        layer = CELLS[kind](units, return_sequences=number < len(cells))
        model.add(keras.layers.Bidirectional(layer) if bidirectional else layer)
        if dropout:
            model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(1))
    return model


def computed_by(layer: keras.layers.RNN) -> str:
    """Find out how TensorFlow computes a recurrent layer in training, on this machine.

    Args:
        layer: a recurrent layer, not yet built.

    Returns:
        `cuDNN` (a GPU's own kernel), `one operation` for all time steps, or `a loop` over them.
    """
    call = tf.function(lambda sequences: layer(sequences, training=True))
    graph = call.get_concrete_function(tf.TensorSpec((2, 3, 1))).graph.as_graph_def()
    functions = [node for function in graph.library.function for node in function.node_def]
    operations = {node.op for node in [*graph.node, *functions]}
    if any(operation.startswith("CudnnRNN") for operation in operations):
        return "cuDNN"
    return "one operation" if "BlockLSTM" in operations else "a loop"
