"""Free-running generation: a model's forecasts fed back to it, in one compiled loop."""

from collections.abc import Callable, Iterable, Iterator

from course_utils.checks import as_numbers, check_finite, check_order
from course_utils.stepping import (
    check_counts,
    check_steps,
    compiled,
    initial_states,
    number_type,
    step_through,
)

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import ArrayLike, NDArray

Rule = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""From the last row, shape (batch, features), and the forecast, (batch, 1), to the next row."""


def hold_others(row: tf.Tensor, forecast: tf.Tensor) -> tf.Tensor:
    """The plainest rule for several features: all but column 0 keep their last value.

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
            (batch, 1); of a model that forecasts at every time step, the last forecast counts.
        history: what was observed, oldest first, on the model's scale: shape (time,) or
            (time, features), or (starts, time, features) for many starts at once.
        steps: how many steps to generate.
        lookback: how many of the history's last rows to use. If it is not given, the model's
            own number of time steps, or the whole history if the model takes any number; with
            `carry_state` always the whole history.
        carry_state: False re-feeds the window, its oldest row dropped and the forecast added, to
            a network that starts each time from an empty state, as `model.predict` would. True
            runs once through the history and then carries the state, one step per forecast.
        rule: how a row follows from the last row and the forecast of column 0, in `keras.ops`;
            needed for several features, such as `hold_others`.

    Returns:
        the generated column 0, shape (steps,), or (starts, steps) for many starts.

    Raises:
        TypeError: the model is not a sequential or functional Keras model, or not a
            `keras.Sequential` although its state is to be carried.
        ValueError: the history is too short, not oldest first, has missing values, text or a
            different number of features; several features without a rule; no step; a layer is
            stateful, or, for `carry_state`, reads several time steps at once, as a bidirectional
            one does.
    """
    options = {"lookback": lookback, "carry_state": carry_state, "rule": rule}
    undisturbed = sample_paths(model, history, steps, [0.0], 1, seed=0, **options)
    return undisturbed[..., 0, :]


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

    Errors are drawn with replacement from the residuals (Efron, 1979), one per step and path, and
    the sum is fed back. All paths of all starts run as one batch.

    Args:
        model: as for `free_run`.
        history: as for `free_run`.
        steps: how many steps to generate.
        residuals: truth minus forecast in the training years, shape (samples,), on the model's
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
        ValueError: as for `free_run`; or fewer than one path, no residual, or a missing one.
    """
    check_counts(steps=steps, paths=paths)
    residuals = np.ravel(residuals)
    if not len(residuals) or not np.isfinite(residuals).all():
        raise ValueError("Residuals must be finite numbers, at least one: truth minus forecast.")
    time_steps, features = _input_of(model)
    _check_layers(model, carry_state)
    if features > 1 and rule is None:
        raise ValueError(
            f"The model sees {features} features and forecasts one: say how the others continue, "
            "for example rule=hold_others."
        )
    values = _as_batch(history, features)
    starts = values[:, -_rows_to_use(values.shape[1], lookback, time_steps, carry_state) :]
    shocks = np.random.default_rng(seed).choice(residuals, (len(starts) * paths, steps))
    run = compiled(_carried if carry_state else _refed, model, rule=rule or hold_others)
    windows = np.repeat(starts, paths, axis=0)
    dtype = number_type(model)
    generated = run(tf.constant(windows, dtype), tf.constant(shocks, dtype)).numpy()
    return generated.reshape(-1, paths, steps) if np.ndim(history) == 3 else generated


def _input_of(model: keras.Model) -> tuple[int | None, int]:
    """Time steps, None if any number will do, and features that a model was built for."""
    sequential = isinstance(model, keras.Sequential)
    if not sequential and not (isinstance(model, keras.Model) and getattr(model, "inputs", None)):
        raise TypeError(f"Pass a sequential or functional Keras model, not {type(model).__name__}.")
    if not model.built:
        raise ValueError("The model is not built: begin it with keras.Input, or call it once.")
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 3:
        raise ValueError(
            f"The model's inputs have shapes {shapes}: build it for one of shape "
            "(batch, time_steps, features)."
        )
    if model.output_shape[-1] != 1:
        raise ValueError(
            f"The model forecasts {model.output_shape[-1]} numbers, and only one can be fed back."
        )
    return shapes[0][1:]


def _check_layers(model: keras.Model, carry_state: bool) -> None:
    """Refuse layers that keep a state of their own, or that have none to carry."""
    for layer in _with_nested(model.layers):
        if getattr(layer, "stateful", False):
            raise ValueError(
                f"Layer {layer.name} is stateful, so it would carry its state from one run into "
                "the next: build it without stateful=True, and use carry_state."
            )
    if carry_state:
        check_steps(model, "re-feed the window with carry_state=False")


def _with_nested(layers: Iterable[keras.Layer]) -> Iterator[keras.Layer]:
    """All layers, those of models within the model included."""
    for layer in layers:
        yield layer
        yield from _with_nested(getattr(layer, "layers", []))


def _as_batch(history: ArrayLike, features: int) -> NDArray:
    """Return the history as (starts, time, features), if it has these and no gap, oldest first."""
    check_order(history)
    values = as_numbers(history).astype(float)
    if values.ndim == 1:
        values = values[:, np.newaxis]
    if values.ndim == 2:
        values = values[np.newaxis]
    if values.ndim != 3:
        raise ValueError(
            "A history has shape (time,), (time, features) or (starts, time, features), not "
            f"{values.shape}."
        )
    if values.shape[2] != features:
        raise ValueError(
            f"The history has {values.shape[2]} features, but the model was built for {features}."
        )
    check_finite(np.moveaxis(values, 1, 0), "fill gaps from the past first, with table.ffill()")
    return values


def _rows_to_use(
    observed: int, lookback: int | None, time_steps: int | None, carry_state: bool
) -> int:
    """How many of the observed rows the model is to read before its first forecast."""
    if carry_state:
        time_steps = None  # a state can be carried over any number of them
    rows = lookback if lookback is not None else time_steps or observed
    if time_steps not in (None, rows):
        raise ValueError(f"The model takes {time_steps} time steps, not a lookback of {rows}.")
    if not 1 <= rows <= observed:
        raise ValueError(
            f"The lookback of {rows} must be at least 1 and at most the history's {observed} "
            "steps: begin the history earlier, or look back less far."
        )
    return rows


def _refed(model: keras.Model, window: tf.Tensor, shocks: tf.Tensor, rule: Rule) -> tf.Tensor:
    """Forecast, drop the window's oldest row, add the new one, and repeat."""

    def step(t: tf.Tensor, loop: tuple) -> tuple:
        window, path = loop
        forecast = ops.reshape(model(window, training=False), (len(window), -1))[:, -1:]
        forecast = ops.cast(forecast, shocks.dtype) + ops.slice(shocks, (0, t), (len(window), 1))
        row = rule(window[:, -1], forecast)
        window = ops.concatenate([window[:, 1:], row[:, tf.newaxis]], axis=1)
        return window, ops.slice_update(path, (0, t), forecast)

    start = (window, ops.zeros_like(shocks))
    return ops.fori_loop(0, shocks.shape[1], step, start)[1]


def _carried(model: keras.Model, history: tf.Tensor, shocks: tf.Tensor, rule: Rule) -> tf.Tensor:
    """Run through the history, then on through what is generated, one step at a time."""
    batch, time, _ = history.shape

    def advance(row: tf.Tensor, states: list) -> tuple[tf.Tensor, list]:
        forecast, states = step_through(model.layers, row, states)
        return ops.cast(forecast, shocks.dtype), states

    def observe(t: tf.Tensor, loop: tuple) -> tuple:
        return advance(history[:, t], loop[1])

    def step(t: tf.Tensor, loop: tuple) -> tuple:
        forecast, states, row, path = loop
        forecast += ops.slice(shocks, (0, t), (batch, 1))
        path = ops.slice_update(path, (0, t), forecast)
        row = rule(row, forecast)
        return *advance(row, states), row, path

    start = (shocks[:, :1], initial_states(model.layers, batch))
    forecast, states = ops.fori_loop(0, time, observe, start)
    start = (forecast, states, history[:, -1], ops.zeros_like(shocks))
    return ops.fori_loop(0, shocks.shape[1], step, start)[3]
