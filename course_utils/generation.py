"""Free-running generation: a model's forecasts fed back to it, in one compiled loop.

Calling `model.predict` once a step spends most of its time on preparing the call, and much of the
rest on starting small operations one by one. Here the whole loop, model included, is compiled once
and then runs without Python.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import ArrayLike, NDArray

Rule = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""From the last row, shape (batch, features), and the forecast, (batch, 1), to the next row."""

STEPWISE = (
    keras.layers.Dense,
    keras.layers.Dropout,
    keras.layers.Activation,
    keras.layers.LayerNormalization,
)
"""Layers that treat every time step alike, so that they can be called on a single one."""


def hold_others(row: tf.Tensor, forecast: tf.Tensor) -> tf.Tensor:
    """The plainest rule for several features: all but column 0 stay as they were last.

    Args:
        row: the last row, shape (batch, features).
        forecast: the forecast of column 0, shape (batch, 1).

    Returns:
        the next row, shape (batch, features).
    """
    return ops.concatenate([forecast, row[:, 1:]], axis=-1)


def free_run(
    model: keras.Model,
    history: ArrayLike,
    steps: int,
    *,
    lookback: int | None = None,
    carry_state: bool = False,
    rule: Rule | None = None,
) -> NDArray:
    """Generate a continuation by feeding each forecast back as if it had been observed.

    Args:
        model: forecasts column 0 one step ahead, from (batch, time_steps, features) to
            (batch, 1); one that returns a forecast for every time step is asked for the last.
        history: what was observed, oldest first, on the model's scale: shape (time,) or
            (time, features), or (starts, time, features) for many starts at once.
        steps: how many steps to generate.
        lookback: use the last so many rows of the history. Where it is not given, the model's
            own number of time steps, or the whole history if the model takes any number; with
            `carry_state` always the whole history.
        carry_state: False re-feeds the window, its oldest row dropped and the forecast added, to
            a network that starts each time from an empty state, as `model.predict` would. True
            runs once through the history and then carries the state, one step a forecast.
        rule: how a row follows from the last row and the forecast of column 0, in `keras.ops`;
            needed for several features, such as `hold_others`.

    Returns:
        the generated column 0, shape (steps,), or (starts, steps) for many starts.

    Raises:
        TypeError: the model is not a sequential or functional Keras model, or `carry_state` asks
            for a state of a model that is no `keras.Sequential`.
        ValueError: the history is too short, has missing values or another number of features;
            several features without a rule; no step; a layer is stateful, or, for `carry_state`,
            looks at several time steps at once, as a bidirectional one does.
    """
    window, many = _window(model, history, steps, lookback, carry_state, rule)
    path = _generate(model, window, np.zeros((len(window), steps)), carry_state, rule)
    return path if many else path[0]


def sample_paths(
    model: keras.Model,
    history: ArrayLike,
    steps: int,
    residuals: ArrayLike,
    paths: int,
    *,
    seed: int,
    lookback: int | None = None,
    carry_state: bool = False,
    rule: Rule | None = None,
) -> NDArray:
    """Generate many possible continuations: each step adds an error that the model once made.

    Errors are drawn with replacement from the residuals (Efron, 1979), one a step and path, and
    the sum is fed back. All paths of all starts run as one batch.

    Args:
        model: as for `free_run`.
        history: as for `free_run`.
        steps: how many steps to generate.
        residuals: truth minus forecast on the training part, shape (samples,), on the model's
            scale.
        paths: continuations of each start.
        seed: for the drawing.
        lookback: as for `free_run`.
        carry_state: as for `free_run`.
        rule: as for `free_run`.

    Returns:
        the generated column 0, shape (paths, steps), or (starts, paths, steps) for many starts.

    Raises:
        TypeError: as for `free_run`.
        ValueError: as for `free_run`, or no path is asked for, or there is no residual or one
            that is missing.
    """
    residuals = np.ravel(residuals)
    if paths < 1:
        raise ValueError(f"{paths} paths are none: take at least 1.")
    if not len(residuals) or not np.isfinite(residuals).all():
        raise ValueError("Residuals must be finite numbers, at least one: truth minus forecast.")
    window, many = _window(model, history, steps, lookback, carry_state, rule)
    shocks = np.random.default_rng(seed).choice(residuals, (len(window) * paths, steps))
    window = np.repeat(window, paths, axis=0)
    generated = _generate(model, window, shocks, carry_state, rule)
    return generated.reshape(-1, paths, steps) if many else generated


def _window(
    model: keras.Model,
    history: ArrayLike,
    steps: int,
    lookback: int | None,
    carry_state: bool,
    rule: Rule | None,
) -> tuple[NDArray, bool]:
    """Check what the caller gave; returns (starts, time, features) and whether starts are many."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"A Keras model is asked for, not {type(model).__name__}.")
    if steps < 1:
        raise ValueError(f"{steps} steps generate nothing: take at least 1.")
    values = np.asarray(history, dtype="float32")
    many = values.ndim == 3
    if values.ndim == 1:
        values = values[:, np.newaxis]
    if values.ndim == 2:
        values = values[np.newaxis]
    if values.ndim != 3:
        raise ValueError(
            "A history has shape (time,), (time, features) or (starts, time, features), not "
            f"{values.shape}."
        )
    time_steps, features = _input_of(model)
    if values.shape[2] != features:
        raise ValueError(
            f"The history has {values.shape[2]} features, but the model was built for {features}."
        )
    if features > 1 and rule is None:
        raise ValueError(
            f"The model sees {features} features and forecasts one: say how the others go on, for "
            "example rule=hold_others."
        )
    if lookback is None:
        lookback = time_steps if time_steps and not carry_state else values.shape[1]
    if time_steps not in (None, lookback) and not carry_state:
        raise ValueError(f"The model takes {time_steps} time steps, not a lookback of {lookback}.")
    if not 1 <= lookback <= values.shape[1]:
        raise ValueError(
            f"A history of {values.shape[1]} is shorter than the lookback of {lookback}: begin it "
            "earlier."
        )
    missing = ~np.isfinite(values).all(axis=(0, 2))
    if missing.any():
        raise ValueError(
            f"The history's value at position {missing.argmax()} is missing ({missing.sum()} in "
            "all): fill gaps from the past first, for example with table.ffill()."
        )
    _check_layers(model, carry_state)
    return values[:, -lookback:], many


def _input_of(model: keras.Model) -> tuple[int | None, int]:
    """Time steps, None if any number will do, and features that a model was built for."""
    if not isinstance(model, keras.Sequential) and not getattr(model, "inputs", None):
        raise TypeError("A sequential or functional model is asked for, not a class of your own.")
    if not model.built:
        raise ValueError("The model is not built: begin it with keras.Input, or call it once.")
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 3:
        raise ValueError(
            f"One input of shape (batch, time_steps, features) is asked for, not {shapes}."
        )
    if model.output_shape[-1] != 1:
        raise ValueError(
            f"The model forecasts {model.output_shape[-1]} numbers, and one can be fed back."
        )
    return shapes[0][1:]


def _check_layers(model: keras.Model, carry_state: bool) -> None:
    """Refuse layers that keep a state of their own, or that have none to carry."""
    for layer in _with_nested(model.layers):
        if getattr(layer, "stateful", False):
            raise ValueError(
                f"Layer {layer.name} is stateful: it would carry its state from one run into the "
                "next. Build it without stateful=True; carry_state does the carrying."
            )
    if not carry_state:
        return
    if not isinstance(model, keras.Sequential):
        raise TypeError("carry_state needs a keras.Sequential: re-feed the window to other models.")
    for layer in model.layers:
        recurrent = isinstance(layer, keras.layers.RNN)
        if (recurrent and layer.go_backwards) or not (recurrent or isinstance(layer, STEPWISE)):
            raise ValueError(
                f"Layer {layer.name} ({type(layer).__name__}) cannot go forward one step at a "
                "time, so there is no state to carry: use carry_state=False."
            )


def _with_nested(layers: Iterable[keras.Layer]) -> Iterator[keras.Layer]:
    """All layers, those of models within the model included."""
    for layer in layers:
        yield layer
        yield from _with_nested(getattr(layer, "layers", []))


def _generate(
    model: keras.Model, window: NDArray, shocks: NDArray, carry_state: bool, rule: Rule | None
) -> NDArray:
    """Run the loop, one row of shocks, shape (batch, steps), for each window."""
    run = _compiled(model, tuple(model.layers), carry_state, rule or hold_others)
    return run(tf.constant(window, "float32"), tf.constant(shocks, "float32")).numpy()


@lru_cache(maxsize=8)
def _compiled(
    model: keras.Model, layers: tuple[keras.Layer, ...], carry_state: bool, rule: Rule
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Compile the loop once for a model; `layers` tells a model that was changed from itself.

    Weights are read anew in every run, so training on changes what is generated. XLA makes the
    loop many times faster, but cannot compile the cuDNN layers that a GPU would use.
    """
    loop = _carried if carry_state else _refed
    on_gpu = bool(tf.config.list_physical_devices("GPU"))

    def run(window: tf.Tensor, shocks: tf.Tensor) -> tf.Tensor:
        return loop(model, window, shocks, rule)

    return tf.function(run, jit_compile=not on_gpu)


def _refed(model: keras.Model, window: tf.Tensor, shocks: tf.Tensor, rule: Rule) -> tf.Tensor:
    """Forecast, drop the window's oldest row, add the new one, and again."""

    def step(t: tf.Tensor, loop: tuple) -> tuple:
        window, path = loop
        forecast = ops.reshape(model(window, training=False), (len(window), -1))[:, -1:]
        forecast += ops.slice(shocks, (0, t), (len(window), 1))
        row = rule(window[:, -1], forecast)
        window = ops.concatenate([window[:, 1:], row[:, tf.newaxis]], axis=1)
        return window, ops.slice_update(path, (0, t), forecast)

    start = (window, ops.zeros_like(shocks))
    return ops.fori_loop(0, shocks.shape[1], step, start)[1]


def _carried(model: keras.Model, history: tf.Tensor, shocks: tf.Tensor, rule: Rule) -> tf.Tensor:
    """Run through the history, then on through what is generated, one step at a time."""
    batch, time, _ = history.shape
    recurrent = [layer for layer in model.layers if isinstance(layer, keras.layers.RNN)]
    states = [layer.get_initial_state(batch) for layer in recurrent]

    def advance(row: tf.Tensor, states: list) -> tuple[tf.Tensor, list]:
        before, after = iter(states), []
        for layer in model.layers:
            if isinstance(layer, keras.layers.RNN):
                row, state = layer.cell(row, next(before), training=False)
                after.append(state)
            else:
                row = layer(row, training=False)
        return row, after

    def observe(t: tf.Tensor, loop: tuple) -> tuple:
        return advance(history[:, t], loop[1])

    def step(t: tf.Tensor, loop: tuple) -> tuple:
        forecast, states, row, path = loop
        forecast += ops.slice(shocks, (0, t), (batch, 1))
        path = ops.slice_update(path, (0, t), forecast)
        row = rule(row, forecast)
        return *advance(row, states), row, path

    forecast, states = ops.fori_loop(0, time, observe, (shocks[:, :1], states))
    start = (forecast, states, history[:, -1], ops.zeros_like(shocks))
    return ops.fori_loop(0, shocks.shape[1], step, start)[3]
