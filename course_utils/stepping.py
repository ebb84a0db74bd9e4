"""One time step through a stack of layers, and loops of such steps, compiled once.

Calling `model.predict` once per step spends most of its time on preparing the call, and much of the
rest on starting small operations one by one. Here a whole loop, model included, becomes one
function that runs without Python.
"""

from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache

import keras
import tensorflow as tf

STEPWISE = (
    keras.layers.Activation,
    keras.layers.CategoryEncoding,
    keras.layers.Dense,
    keras.layers.Dropout,
    keras.layers.Embedding,
    keras.layers.LayerNormalization,
)
"""Layers that treat every time step alike, so that they can be called on a single one."""


def check_counts(**counts: int) -> None:
    """Raise a ValueError that names a count below 1."""
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{count} {name} is too few: ask for at least 1.")


def check_steps(model: keras.Model, instead: str) -> None:
    """Refuse a model that cannot go forward one time step at a time.

    Args:
        model: to be checked.
        instead: what to do otherwise; it ends the message.

    Raises:
        TypeError: the model is not a `keras.Sequential`.
        ValueError: a layer reads several time steps at once, as a bidirectional one does.
    """
    if not isinstance(model, keras.Sequential):
        raise TypeError(f"Only a keras.Sequential can go forward one step at a time: {instead}.")
    for layer in model.layers:
        recurrent = isinstance(layer, keras.layers.RNN)
        if (recurrent and layer.go_backwards) or not (recurrent or isinstance(layer, STEPWISE)):
            raise ValueError(
                f"Layer {layer.name} ({type(layer).__name__}) cannot go forward one step at a "
                f"time: {instead}."
            )


def number_type(model: keras.Model) -> str:
    """Name the type in which a loop adds up what a model computes: float32, or float64 if it does.

    Half-precision numbers have three digits, too few for sums, and their largest is 65,504.
    """
    return keras.backend.result_type(model.compute_dtype, "float32")


def initial_states(layers: Iterable[keras.Layer], batch: int) -> list:
    """List the empty states of a stack's recurrent layers, for so many rows."""
    recurrent = [layer for layer in layers if isinstance(layer, keras.layers.RNN)]
    return [layer.get_initial_state(batch) for layer in recurrent]


def step_through(
    layers: Iterable[keras.Layer], value: tf.Tensor, states: list
) -> tuple[tf.Tensor, list]:
    """Take one time step through a stack of layers, as in a forecast: without dropout.

    Args:
        layers: in their order; recurrent ones, and those of `STEPWISE`.
        value: what the first layer reads at this step, shape (batch, features) or (batch,).
        states: of the recurrent layers, as `initial_states` lists them.

    Returns:
        what the last layer gives, shape (batch, features), and the new states.
    """
    before, after = iter(states), []
    for layer in layers:
        if isinstance(layer, keras.layers.RNN):
            value, state = layer.cell(value, next(before), training=False)
            after.append(state)
        else:
            value = layer(value, training=False)
    return value, after


def compiled(loop: Callable, model: keras.Model, **settings: Hashable) -> Callable:
    """Compile a loop for a model, or find it compiled already.

    Weights are read again in every run, so further training changes what is generated.

    Args:
        loop: a function of the model, of tensors, and of the settings as keywords.
        model: what the loop calls; a changed list of layers compiles it again.
        settings: what stays the same in all runs.

    Returns:
        a function of the tensors alone.
    """
    return _compiled(loop, model, tuple(model.layers), **settings)


@lru_cache(maxsize=8)
def _compiled(
    loop: Callable, model: keras.Model, layers: tuple[keras.Layer, ...], **settings: Hashable
) -> Callable:
    """XLA makes a loop many times faster, but cannot compile the cuDNN layers of a GPU."""

    def run(*tensors: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, ...]:
        return loop(model, *tensors, **settings)

    return tf.function(run, jit_compile=not tf.config.list_physical_devices("GPU"))
