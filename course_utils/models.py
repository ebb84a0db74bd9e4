"""Forecasters with one way to ask them: `predict`, naive forecasts and networks alike.

Every `predict` takes `verbose` as Keras' own does, so that a naive forecast can stand wherever a
network can; the naive ones have nothing to print.
"""

from collections.abc import Sequence
from typing import Literal, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

Cell = Literal["SimpleRNN", "LSTM", "GRU", "FusedLSTM"]


class FusedLSTM(keras.layers.LSTM):
    """Keras' LSTM, trained on a CPU in one operation for all time steps, which is faster.

    Weights, equations and gradients are Keras' own, to rounding. Where the operation does not fit
    (on a GPU, with a mask, a first state, other activations) it computes as Keras does, and so
    does everything but training.

    The operation is TensorFlow's BlockLSTM. The newer BlockLSTMV2 has the gates in Keras' order,
    but in TensorFlow 2.21 its gradient mixes up the forget gate and the candidate.
    """

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: "list[tf.Tensor] | None" = None,
        mask: "tf.Tensor | None" = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Compute as Keras' LSTM does; sequences have shape (batch, time_steps, features)."""
        if not training or mask is not None or initial_state is not None or not self._fits():
            return super().call(sequences, initial_state, mask, training)
        batch, time_steps = tf.shape(sequences)[0], tf.shape(sequences)[1]
        if self.go_backwards:
            sequences = sequences[:, ::-1]
        no_state, no_peephole = tf.zeros((batch, self.units)), tf.zeros(self.units)
        hidden_states = tf.raw_ops.BlockLSTM(
            seq_len_max=tf.cast(time_steps, tf.int64),
            x=tf.transpose(sequences, (1, 0, 2)),
            cs_prev=no_state,
            h_prev=no_state,
            w=_in_order_of_block_lstm(
                tf.concat([self.cell.kernel, self.cell.recurrent_kernel], axis=0)
            ),
            b=_in_order_of_block_lstm(self.cell.bias),
            wci=no_peephole,
            wcf=no_peephole,
            wco=no_peephole,
            forget_bias=0,  # Keras keeps it in the bias
            cell_clip=-1,
        ).h
        if self.return_sequences:
            return tf.transpose(hidden_states, (1, 0, 2))
        return hidden_states[-1]

    def _fits(self) -> bool:
        """Whether the operation computes what this layer was built for, and there is no GPU."""
        cell = self.cell
        return (
            cell.activation is keras.activations.tanh
            and cell.recurrent_activation is keras.activations.sigmoid
            and cell.use_bias
            and self.compute_dtype == "float32"
            and not (cell.dropout or cell.recurrent_dropout or self.return_state or self.stateful)
            and not tf.config.list_physical_devices("GPU")
        )


# Not as a decorator: the site's pages are made with Keras mocked, which would hide the class.
keras.saving.register_keras_serializable("course_utils")(FusedLSTM)


def _in_order_of_block_lstm(weights: tf.Tensor) -> tf.Tensor:
    """Reorder the gates from Keras' input, forget, candidate, output."""
    i, f, candidate, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, candidate, f, o], axis=-1)


CELLS = {
    "SimpleRNN": keras.layers.SimpleRNN,
    "LSTM": keras.layers.LSTM,
    "GRU": keras.layers.GRU,
    "FusedLSTM": FusedLSTM,
}


class Persistence:
    """The naive forecast: tomorrow is as today."""

    def predict(self, windows: NDArray, verbose: int = 0) -> NDArray:
        """Repeat the last value of column 0.

        Args:
            windows: shape (samples, lookback, features).
            verbose: ignored.

        Returns:
            forecasts, shape (samples, 1).
        """
        return windows[:, -1, :1]


class Drift:
    """The naive forecast that goes on along the line from a window's first value to its last."""

    def predict(self, windows: NDArray, verbose: int = 0) -> NDArray:
        """Add the window's average daily change of column 0 to its last value.

        Args:
            windows: shape (samples, lookback, features), lookback at least 2.
            verbose: ignored.

        Returns:
            forecasts, shape (samples, 1).

        Raises:
            ValueError: the windows have a single day.
        """
        if windows.shape[1] < 2:
            raise ValueError("A window of one day has no slope: take a lookback of at least 2.")
        first, last = windows[:, 0, :1], windows[:, -1, :1]
        return last + (last - first) / (windows.shape[1] - 1)


class Mean:
    """The naive forecast that expects the window's average."""

    def predict(self, windows: NDArray, verbose: int = 0) -> NDArray:
        """Average column 0 over each window.

        Args:
            windows: shape (samples, lookback, features).
            verbose: ignored.

        Returns:
            forecasts, shape (samples, 1).
        """
        return windows[:, :, :1].mean(axis=1)


class WindowRegression:
    """A linear regression that sees the last days of a window and nothing older."""

    def __init__(self, days: int = 1) -> None:
        self.days = days

    def fit(self, windows: NDArray, targets: NDArray) -> Self:
        """Fit by least squares.

        Args:
            windows: shape (samples, lookback, features), lookback at least `days`.
            targets: shape (samples,).

        Returns:
            itself.
        """
        self.regression = LinearRegression().fit(self._inputs(windows), targets)
        return self

    def predict(self, windows: NDArray, verbose: int = 0) -> NDArray:
        """Forecast from the last days of each window.

        Args:
            windows: shape (samples, lookback, features).
            verbose: ignored.

        Returns:
            forecasts, shape (samples, 1).
        """
        return self.regression.predict(self._inputs(windows))[:, np.newaxis]

    def _inputs(self, windows: NDArray) -> NDArray:
        """Lay the features of the last days side by side, one row a window."""
        return windows[:, -self.days :].reshape(len(windows), -1)


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
            `FusedLSTM` is an LSTM that trains faster, for long trainings on a CPU.
        features: features per time step; the number of time steps is left open.
        units: units in each recurrent layer.
        layers: how many recurrent layers of one kind are stacked.
        dropout: share of values set to zero in training after each recurrent layer.
        bidirectional: give each layer a twin that reads the window backwards, with as many units.

    Returns:
        a model from windows, shape (samples, time_steps, features), to shape (samples, 1).

    Raises:
        ValueError: a cell is none of these, or there is no layer.
    """
    cells = [cell] * layers if isinstance(cell, str) else list(cell)
    if not cells:
        raise ValueError("A network without a recurrent layer cannot learn: take at least 1.")
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
