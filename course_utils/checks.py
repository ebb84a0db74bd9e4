"""Checks of what comes in: days, numbers, windows, shapes. Each raises one sentence that helps."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def check_days(
    table: pd.DataFrame | pd.Series, steps: bool = False, kind: type | None = None
) -> None:
    """Refuse a table unless it has one row per day, from the oldest to the newest.

    Args:
        table: rows indexed by day.
        steps: plain numbers of time steps will do as well as days.
        kind: `pd.DataFrame` or `pd.Series`, where only one of them will do.

    Raises:
        TypeError: it is not a table of pandas, or not of that kind.
        ValueError: the index holds something else, a day twice, or days in another order.
    """
    if not isinstance(table, kind or pd.DataFrame | pd.Series):
        wanted = {pd.DataFrame: "the whole pandas table", pd.Series: "one column, a pandas Series"}
        raise TypeError(
            f"Pass {wanted.get(kind, 'a pandas table')} indexed by day, not {type(table).__name__}."
        )
    index = table.index
    numeric = pd.api.types.is_numeric_dtype(index.dtype)
    if not (isinstance(index, pd.DatetimeIndex) or (steps and numeric)):
        text = "text" if index.inferred_type in ("string", "mixed") else f"{index.inferred_type}s"
        remedy = "set its dates as index" if numeric else "index = pd.to_datetime(index)"
        if isinstance(index, pd.PeriodIndex):
            remedy = "table.to_timestamp()"
        raise ValueError(f"The index holds {text}, not days: {remedy}.")
    if index.hasnans:
        raise ValueError("A row has no day: leave it out with table[table.index.notna()].")
    if not index.is_monotonic_increasing:
        raise ValueError("The days must run from the oldest to the newest: table.sort_index().")
    if not index.is_unique:
        twice = index[index.duplicated()]
        raise ValueError(
            f"{_day(twice[0])} is there more than once ({len(twice)} rows too many): keep one row "
            "per day, for example table[~table.index.duplicated()]."
        )


def check_order(*series: ArrayLike) -> None:
    """Refuse tables of pandas whose days or steps do not run oldest first; arrays have none.

    Raises:
        ValueError: as for `check_days`.
    """
    for values in series:
        if isinstance(values, pd.DataFrame | pd.Series):
            check_days(values, steps=True)


def check_columns(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a table that lacks a column, or has two of one name.

    Raises:
        ValueError: the columns that are missing, or the one that is doubled.
    """
    if missing := [column for column in columns if column not in table]:
        raise ValueError(
            f"The table lacks {', '.join(missing)}: it has {', '.join(map(str, table.columns))}."
        )
    if doubled := [column for column in columns if table[column].ndim > 1]:
        raise ValueError(f"The table has several columns named {doubled[0]}: keep one.")


def as_numbers(values: ArrayLike) -> NDArray:
    """Return values as an array of numbers, missing ones as nan; NumPy's numbers keep their type.

    Raises:
        ValueError: a value is text, a date or another object.
    """
    if getattr(getattr(values, "dtype", None), "name", "") == "bfloat16":  # no number to NumPy
        values = np.asarray(values, "float32")
    parts = values.items() if isinstance(values, pd.DataFrame) else [("", np.asarray(values))]
    for name, part in parts:
        cells = np.asarray(part)
        if cells.dtype.kind in "biuf":
            continue
        strange = [cell for cell in cells.ravel() if not _is_number(cell)]
        if strange:
            where = f"Column {name}" if name != "" else "The series"
            raise ValueError(
                f"{where} holds {str(strange[0])[:40]!r}, which is not a number: convert it, for "
                "example with pd.to_numeric, or leave it out."
            )
    if isinstance(values, pd.DataFrame | pd.Series):
        array = values.to_numpy()
        return array if array.dtype.kind in "biuf" else values.to_numpy(float, na_value=np.nan)
    array = np.asarray(values)
    return array if array.dtype.kind in "biuf" else array.astype(float)


def _is_number(cell: object) -> bool:
    real = isinstance(cell, Real) and not isinstance(cell, np.timedelta64)  # NumPy says it is
    return cell is None or cell is pd.NA or (real and cell is not pd.NaT)


def check_finite(values: NDArray, remedy: str = "fill gaps from the past first") -> None:
    """Refuse missing and infinite values, and name the first by its position in time.

    Args:
        values: shape (time, ...).
        remedy: what to do; it ends the message.

    Raises:
        ValueError: a value is nan or infinite.
    """
    bad = ~np.isfinite(values)
    if bad.any():
        rows = bad.reshape(len(bad), -1).any(axis=1) if bad.ndim else bad[np.newaxis]
        kind = "missing" if np.isnan(values[bad]).all() else "missing or infinite"
        raise ValueError(
            f"The value at position {rows.argmax()} is {kind} ({rows.sum()} in all): {remedy}."
        )


def check_features(values: ArrayLike) -> None:
    """Refuse features that are not (time, features), or hold infinite values or no numbers.

    Raises:
        ValueError: the shape is another, or a value is infinite or not a number; missing ones pass.
    """
    numbers = as_numbers(values)
    if numbers.ndim != 2:
        raise ValueError(f"Features have shape (time, features), not {numbers.shape}.")
    check_finite(np.where(np.isnan(numbers), 0, numbers), "correct it or leave it out")


def check_windows(windows: NDArray) -> None:
    """Refuse what is not a stack of windows of finite numbers.

    Raises:
        ValueError: the shape is not (samples, lookback, features), or a value is not finite.
    """
    if np.ndim(windows) != 3 or 0 in np.shape(windows)[1:]:
        raise ValueError(
            f"Windows have shape (samples, lookback, features), not {np.shape(windows)}: cut them "
            "with make_windows."
        )
    check_all_finite(as_numbers(windows))


def check_all_finite(values: NDArray) -> None:
    """Refuse missing and infinite values without a copy of windows that are views.

    Raises:
        ValueError: a value is nan or infinite.
    """
    extremes = [np.min(values, initial=0), np.max(values, initial=0)]  # nan if any is
    if not np.isfinite(extremes).all():
        raise ValueError(
            "Windows or targets hold missing values, or infinite ones: fill or drop them first."
        )


def check_targets(windows: NDArray, targets: ArrayLike) -> NDArray:
    """Return targets as (samples,), if there is one for each window and all are finite.

    Raises:
        ValueError: the shape is not (samples,) or (samples, 1), or a value is not finite.
    """
    numbers = as_numbers(targets)
    if numbers.shape not in [(len(windows),), (len(windows), 1)]:
        raise ValueError(
            f"{len(windows)} windows but targets of shape {numbers.shape}: cut both with "
            "make_windows."
        )
    check_all_finite(numbers)
    return numbers.ravel()


def check_level(level: float) -> None:
    """Refuse a level that is not a share.

    Raises:
        ValueError: it is not above 0 and below 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"A level of {level} is not a share between 0 and 1: 95% is 0.95.")


def check_same_days(truth: ArrayLike, other: ArrayLike) -> None:
    """Refuse two pandas objects whose rows are not of the same days, in the same order.

    Raises:
        ValueError: both have an index, and these differ.
    """
    if not all(isinstance(values, pd.Series | pd.DataFrame) for values in (truth, other)):
        return
    if len(truth) == len(other) and not truth.index.equals(other.index):
        place = int(np.argmax(np.asarray(truth.index != other.index)))
        raise ValueError(
            f"Row {place} is {_day(truth.index[place])} in one and {_day(other.index[place])} in "
            "the other: score the same days in the same order, for example with "
            "forecast.reindex(truth.index)."
        )


def check_fits(model: Any, windows: NDArray, targets: NDArray) -> None:  # noqa: ANN401
    """Refuse windows and targets that a compiled Keras model cannot be trained on.

    Shapes of targets are compared only where the loss is one of Keras' own; another may take any.

    Args:
        model: a Keras model.
        windows: shape (samples, time_steps, features), or what the model takes.
        targets: shape (samples, ...).

    Raises:
        TypeError: it is not a Keras model.
        ValueError: windows and targets differ in number or hold missing or infinite values, the
            number of features differs, the axes of the windows are swapped, or outputs and targets
            would be broadcast.
    """
    check_model(model)
    counts = [len(part) if np.ndim(part) else 0 for part in (windows, targets)]
    if counts[0] != counts[1]:
        raise ValueError("{} windows but {} targets: cut both with make_windows.".format(*counts))
    for part in (windows, targets):
        check_all_finite(as_numbers(part))
    if not model.built:
        _check_axes(windows)
    taken, given = getattr(model, "input_shape", None), np.shape(windows)
    if model.built and isinstance(taken, tuple) and all(not isinstance(n, tuple) for n in taken):
        fits = len(taken) == len(given) and all(
            n in (None, m) for n, m in zip(taken[1:], given[1:], strict=True)
        )
        if not fits:
            raise ValueError(
                f"The network takes inputs of shape {_shape(taken)}, not {_shape(given)}: "
                "check the order of the axes, (samples, time_steps, features)."
            )
    losses = model.loss if model.compiled else None
    if not _is_keras_loss(losses):
        return
    outputs = model.compute_output_shape((None, *given[1:]))
    if not isinstance(outputs, tuple) or any(isinstance(part, tuple) for part in outputs):
        return
    wanted = outputs[1:-1] if "sparse" in _name(losses).lower() else outputs[1:]
    found = tuple(np.shape(targets)[1:])  # a tensor's shape is no tuple
    if _plain(wanted) != _plain(found) and None not in wanted:
        raise ValueError(
            f"The network's outputs have shape {_shape(outputs)}, but the targets have "
            f"{_shape(np.shape(targets))}: they would be compared as pairs that do not belong "
            "together. One output needs Dense(1), and return_sequences=False in the last layer."
        )


def check_model(model: object, *inputs: str) -> None:
    """Refuse what is not a Keras model, or takes something else.

    Args:
        model: anything.
        inputs: what the model takes, each of shape (batch, time_steps); not given, anything.

    Raises:
        TypeError: it is something else.
        ValueError: its inputs are others.
    """
    import keras  # here, as most checks need none

    if not isinstance(model, keras.Model):
        raise TypeError(f"Pass a Keras model, not {type(model).__name__}.")
    shapes = [tuple(each.shape) for each in getattr(model, "inputs", None) or []]
    if inputs and shapes and [len(shape) for shape in shapes] != [2] * len(inputs):
        raise ValueError(
            f"The model takes inputs of shapes {shapes}, but must take {' and '.join(inputs)}, "
            "each of shape (batch, time_steps)."
        )


def check_words(rows: NDArray, layers: Sequence[Any]) -> None:
    """Refuse numbers of words for which the first embedding among some layers has no place.

    A compiled network would silently read other words in their place.

    Args:
        rows: numbers of words, shape (rows, length).
        layers: Keras layers.

    Raises:
        ValueError: a number is below 0, or not below the embedding's number of words.
    """
    sizes = [layer.input_dim for layer in layers if hasattr(layer, "input_dim")]
    low, high = np.min(as_numbers(rows), initial=0), np.max(rows, initial=0)
    if sizes and not 0 <= low <= high < sizes[0]:
        raise ValueError(
            f"Words are numbered from {low} to {high}, but the network has places for 0 to "
            f"{sizes[0] - 1}: encode with the vocabulary that it was built for."
        )


def _check_axes(windows: NDArray) -> None:
    """Refuse windows whose time runs along the last axis: each begins a step after the one before.

    A network that is not built yet would take the time steps for features without a word.
    """
    if np.ndim(windows) != 3 or len(windows) < 2:
        return
    (one, following), (steps, features) = windows[:2], np.shape(windows)[1:]
    in_time = steps > 1 and np.array_equal(one[1:], following[:-1])
    if not in_time and features > 1 and np.array_equal(one[:, 1:], following[:, :-1]):
        raise ValueError(
            f"Windows of shape {np.shape(windows)} have their time steps last: the axes are "
            "(samples, time_steps, features), so use windows.swapaxes(1, 2)."
        )


def _plain(shape: tuple) -> tuple:
    """A shape without a last axis of one, which Keras adds or takes away."""
    return shape[:-1] if shape and shape[-1] == 1 else shape


def _is_keras_loss(loss: object) -> bool:
    if isinstance(loss, str):
        return True
    return str(getattr(loss, "__module__", "")).startswith("keras.")


def _name(loss: object) -> str:
    return (
        loss if isinstance(loss, str) else str(getattr(loss, "name", getattr(loss, "__name__", "")))
    )


def _shape(shape: tuple) -> str:
    return f"(samples, {', '.join(map(str, shape[1:]))})".replace(", )", ",)")


def _day(label: object) -> str:
    return f"{label:%Y-%m-%d}" if isinstance(label, pd.Timestamp) else str(label)
