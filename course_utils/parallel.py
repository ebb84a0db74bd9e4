"""Recurrences without waiting: linear scans, layers built on them, and a Transformer block.

A recurrence that is linear in its state,

    h_t = a_t h_{t-1} + b_t,

need not be computed one step after the other: two steps in a row are again one such step, with
decay a_2 a_1 and input a_2 b_1 + b_2. The three scans give the same states. They differ in how
many operations must wait for one another: all T, log2(T), or those of a chunk and a few more.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

CHUNK = 16
"""time steps of a chunk in `scan_chunks`"""
LONGEST_WAVE = 10_000
"""of the positions, in time steps over 2 pi"""


def scan_loop(decay: tf.Tensor, inputs: tf.Tensor) -> tf.Tensor:
    """Compute a linear recurrence from an empty state, one step after the other.

    Args:
        decay: a_t, what is kept of the state before; shape (batch, time_steps, units).
        inputs: b_t, what is added; the same shape.

    Returns:
        all states h_t, of the same shape.
    """
    steps = tf.transpose(decay, (1, 0, 2)), tf.transpose(inputs, (1, 0, 2))
    empty = tf.zeros_like(inputs[:, 0])
    states = tf.scan(lambda state, step: step[0] * state + step[1], steps, empty)
    return tf.transpose(states, (1, 0, 2))


def scan_doubling(decay: tf.Tensor, inputs: tf.Tensor) -> tf.Tensor:
    """Compute the same states in log2(time_steps) passes (Hillis and Steele 1986).

    After each pass, an entry stands for twice as many steps as before. Arguments and result are
    those of `scan_loop`; the number of time steps must be known when a graph is made.
    """
    for power in range(math.ceil(math.log2(inputs.shape[1]))):
        inputs = decay * _later(inputs, 2**power, 0) + inputs
        decay = decay * _later(decay, 2**power, 1)
    return inputs


def scan_chunks(decay: tf.Tensor, inputs: tf.Tensor, *, backwards: bool = False) -> tf.Tensor:
    """Compute the same states in chunks: all chunks side by side, then what passes between them.

    Each turn of the loop takes one step in every chunk, each from an empty state. Doubling over
    the chunks' ends gives the state from which each chunk really starts, and what is left of it
    is added. Arguments and result are those of `scan_doubling`; `backwards` starts at the last
    step and goes to the first.
    """
    time_steps, units = inputs.shape[1:]
    chunks, turn = math.ceil(time_steps / CHUNK), -1 if backwards else 1
    gap = (0, chunks * CHUNK - time_steps)[::turn]
    shape = (-1, chunks, CHUNK, units)
    decay, states = (
        tf.unstack(tf.reshape(tf.pad(part, ((0, 0), gap, (0, 0))), shape), axis=2)
        for part in (decay, inputs)
    )
    steps = range(CHUNK)[::turn]
    for before, step in pairwise(steps):
        states[step] += decay[step] * states[before]
        decay[step] *= decay[before]
    ends = decay[steps[-1]][:, ::turn], states[steps[-1]][:, ::turn]
    starts = _later(scan_doubling(*ends), 1, 0)[:, ::turn]
    states = tf.stack(states, axis=2) + tf.stack(decay, axis=2) * starts[:, :, tf.newaxis]
    return tf.reshape(states, (-1, chunks * CHUNK, units))[:, gap[0] : gap[0] + time_steps]


@tf.autograph.experimental.do_not_convert
@tf.custom_gradient
def linear_scan(decay: tf.Tensor, inputs: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """Compute the same states in chunks, and the gradient by a scan of its own, backwards.

    If g_t is what reaches h_t from the loss directly, all that reaches it is
    d_t = g_t + a_{t+1} d_{t+1}: the same recurrence, from the last step to the first. Then d_t is
    the gradient of b_t, and d_t h_{t-1} that of a_t. Arguments and result are those of
    `scan_doubling`.
    """
    states = scan_chunks(decay, inputs)

    def backwards(gradients: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        following = tf.pad(decay[:, 1:], ((0, 0), (0, 1), (0, 0)))
        reached = scan_chunks(following, gradients, backwards=True)
        return reached * _later(states, 1, 0), reached

    return states, backwards


def _later(values: tf.Tensor, steps: int, fill: float) -> tf.Tensor:
    """Move values later by some steps, and fill the beginning."""
    gap = [[0, 0], [steps, 0], [0, 0]]
    return tf.pad(values, gap, constant_values=fill)[:, : values.shape[1]]


class Scanned(layers.Layer):
    """What layers have in common whose recurrence is linear in the state; see `MinGRU`."""

    def __init__(self, units: int, return_sequences: bool = False, **options: object) -> None:
        """Take the number of units, and whether to return the states of all steps."""
        super().__init__(**options)
        self.units, self.return_sequences = units, return_sequences
        self.supports_masking = True
        self.input_spec = layers.InputSpec(ndim=3)

    def gates(self, sequences: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Say what each step keeps of the state and what it adds, without knowing the state.

        Args:
            sequences: shape (batch, time_steps, features), or (batch, features) for one step.

        Returns:
            a_t and b_t of h_t = a_t h_{t-1} + b_t, with `units` in place of the features.
        """
        raise NotImplementedError

    def call(self, sequences: tf.Tensor, mask: "tf.Tensor | None" = None) -> tf.Tensor:
        """Compute all states, or the last; at a masked step the state stays what it was."""
        decay, inputs = self.gates(sequences)
        if mask is not None:
            seen = mask[:, :, tf.newaxis]
            decay, inputs = tf.where(seen, decay, 1), tf.where(seen, inputs, 0)
        # Keras may make one graph for all lengths, and then no length is known.
        scan = scan_loop if sequences.shape[1] is None else linear_scan
        states = scan(decay, inputs)
        return states if self.return_sequences else states[:, -1]

    def compute_mask(
        self, sequences: tf.Tensor, mask: "tf.Tensor | None" = None
    ) -> "tf.Tensor | None":
        """Hand the mask on if there is a state for each step."""
        return mask if self.return_sequences else None

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape (batch, time_steps, units), or (batch, units)."""
        return (*(shape[:2] if self.return_sequences else shape[:1]), self.units)

    def get_config(self) -> dict[str, object]:
        """What it takes to build the layer again."""
        own = {"units": self.units, "return_sequences": self.return_sequences}
        return super().get_config() | own


class MinGRU(Scanned):
    """A GRU whose gate and candidate do not see the state (Feng et al. 2024).

    h_t = (1 - z_t) h_{t-1} + z_t h~_t, with z_t = sigmoid(x_t W_z + b_z) and h~_t = x_t W_h + b_h.
    Unlike in Keras' GRU, a gate of 1 takes the new value.

    Args:
        units: how many units.
        return_sequences: return the states of all steps and not only the last.
        gate_bias: b_z before training; with -4, a state first keeps all but 1.8 % a step.
    """

    def __init__(
        self, units: int, return_sequences: bool = False, gate_bias: float = 0.0, **options: object
    ) -> None:
        super().__init__(units, return_sequences, **options)
        self.gate_bias = gate_bias

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make W_z and W_h in one kernel, and their biases in one vector."""
        size = 2 * self.units
        first = np.repeat([self.gate_bias, 0.0], self.units)
        self.kernel = self.add_weight((shape[-1], size), "glorot_uniform", name="kernel")
        self.bias = self.add_weight(
            (size,), lambda shape, dtype: ops.cast(first, dtype), name="bias"
        )

    def gates(self, sequences: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Compute 1 - z_t and z_t h~_t; see `Scanned.gates`."""
        gate, candidate = ops.split(ops.matmul(sequences, self.kernel) + self.bias, 2, axis=-1)
        taken = ops.sigmoid(gate)
        return 1 - taken, taken * candidate

    def get_config(self) -> dict[str, object]:
        """What it takes to build the layer again."""
        return super().get_config() | {"gate_bias": self.gate_bias}


class LinearRNN(Scanned):
    """A recurrence without gates: each unit forgets at a rate of its own, whatever it sees.

    h_t = a h_{t-1} + sqrt(1 - a^2) (x_t W + b), with one trained number 0 < a < 1 per unit: the
    linear recurrent unit of Orvieto et al. (2023) without complex numbers. The root keeps states
    of the same size at every a. Arguments are the first two of `MinGRU`.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make W, b and the logits of a, which begin between 0.5 and 0.998."""
        self.kernel = self.add_weight((shape[-1], self.units), "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.units,), "zeros", name="bias")
        spread = keras.initializers.RandomUniform(0, 6)
        self.logits = self.add_weight((self.units,), spread, name="logits")

    def gates(self, sequences: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Compute a, the same at every step, and what is added; see `Scanned.gates`."""
        decay = ops.sigmoid(self.logits)
        gain = ops.sqrt((1 + decay) * ops.sigmoid(-self.logits))  # 1 - a, to the last digit
        inputs = gain * (ops.matmul(sequences, self.kernel) + self.bias)
        return ops.broadcast_to(decay, ops.shape(inputs)), inputs


class Positions(layers.Layer):
    """Add to each step waves that tell where it is (Vaswani et al. 2017), for any length.

    They need an even number of features.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Refuse an odd number of features, which have no halves."""
        if shape[-1] % 2:
            raise ValueError(
                f"Positions need an even number of features, not {shape[-1]}: put a Dense layer "
                "before them."
            )

    def call(self, sequences: tf.Tensor) -> tf.Tensor:
        """Add sines to the first half of the features and cosines to the second."""
        half = sequences.shape[-1] // 2
        dtype = keras.backend.result_type(self.compute_dtype, "float32")  # half counts to 256
        waves = ops.cast(LONGEST_WAVE ** -(np.arange(half) / half), dtype)
        steps = ops.cast(ops.arange(ops.shape(sequences)[1]), dtype)
        angles = steps[:, tf.newaxis] * waves
        added = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
        return sequences + ops.cast(added, self.compute_dtype)


def transformer_block(sequences: keras.KerasTensor, heads: int = 4) -> keras.KerasTensor:
    """Add to each step what it gathers from itself and the steps before it, then a dense network.

    The block of Vaswani et al. (2017) with a causal mask, normalised first (Xiong et al. 2020).

    Args:
        sequences: symbolic, shape (batch, time_steps, features), features a multiple of `heads`.
        heads: how many attentions look side by side, each with its share of the features.

    Returns:
        the symbolic output, of the same shape.
    """
    features = sequences.shape[-1]
    normed = layers.LayerNormalization()(sequences)
    attention = layers.MultiHeadAttention(heads, features // heads)
    sequences += attention(normed, normed, use_causal_mask=True)
    hidden = layers.Dense(4 * features, "gelu")(layers.LayerNormalization()(sequences))
    return sequences + layers.Dense(features)(hidden)


def attention_step(
    layer: layers.MultiHeadAttention, x: tf.Tensor, cache: tuple[tf.Tensor, tf.Tensor], step: int
) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor]]:
    """Take one step of causal self-attention, with the keys and values of earlier steps kept.

    Args:
        layer: a built layer.
        x: this step, shape (batch, features).
        cache: keys and values, each of shape (batch, longest, heads, features of a head), filled
            for the steps before this one.
        step: its number, from 0.

    Returns:
        the layer's output at this step, shape (batch, features), and the cache with it.
    """
    now = x[:, tf.newaxis]
    new = layer.key_dense(now), layer.value_dense(now)
    keys, values = (
        ops.slice_update(old, (0, step, 0, 0), each) for old, each in zip(cache, new, strict=True)
    )
    scores = ops.einsum("bqhf,bkhf->bhqk", layer.query_dense(now), keys)
    later = ops.arange(keys.shape[1]) > step
    weights = ops.softmax(ops.where(later, -1e9, scores / math.sqrt(keys.shape[-1])))
    gathered = ops.einsum("bhqk,bkhf->bqhf", weights, values)
    return layer.output_dense(gathered)[:, 0], (keys, values)


# Not as decorators: the site's pages are made with Keras mocked, which would hide the classes.
for _kind in (MinGRU, LinearRNN, Positions):
    keras.saving.register_keras_serializable("course_utils")(_kind)
