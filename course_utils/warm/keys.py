"""The key of a training: a digest of all that its result depends on, besides versions and code.

These are the network, its weights, optimizer and loss, the data, the seed that is set, and the
callbacks. Keras' training changes no other state: neither the random numbers of Python and NumPy
nor those of TensorFlow's eager operations.
"""

import hashlib
import inspect
import json
import re
import warnings
from collections.abc import Sequence
from types import FunctionType

import keras
import numpy as np
import tensorflow as tf
from keras.callbacks import Callback
from numpy.typing import NDArray

BY_BATCH = [name for name in dir(Callback) if re.match("on_(train_|test_)?batch_|on_test_", name)]
NO_SEED = 87654321  # TensorFlow's own, where nobody has set one

Inputs = NDArray | list[NDArray]


class NotKeptError(ValueError):
    """A training whose result cannot be told from what is known before it."""


def variables_of(model: keras.Model) -> list[keras.Variable]:
    """Weights, the seeds of dropout, and what the optimizer remembers, learning rate included."""
    return [*model.variables, *model.optimizer.variables]


def state_of(model: keras.Model) -> list[NDArray]:
    """The values of these variables."""
    return [keras.ops.convert_to_numpy(variable) for variable in variables_of(model)]


def key_of(
    model: keras.Model,
    inputs: Inputs,
    targets: NDArray,
    validation: tuple[Inputs, NDArray] | None,
    callbacks: Sequence[Callback],
    epochs: int,
    batch_size: int,
) -> str:
    """Digest all that a training's result depends on.

    Args:
        model: compiled; built here, as Keras' `fit` would, if it is not yet.
        inputs: as for Keras' `fit`.
        targets: as for Keras' `fit`.
        validation: inputs and targets that are never trained on.
        callbacks: Keras' own.
        epochs: passes over the samples.
        batch_size: samples a gradient step.

    Returns:
        64 hexadecimal digits.

    Raises:
        NotKeptError: something that cannot be looked into may change the result.
    """
    seed, _ = tf.compat.v1.random.get_seed(1)
    if seed == NO_SEED:
        raise NotKeptError("no seed is set, so it differs from run to run")
    if not model.built:
        model.build((None, *np.shape(inputs)[1:]))
    devices = [device.device_type for device in tf.config.list_physical_devices()]
    described = [_model(model), [_callback(callback) for callback in callbacks]]
    about = [described, epochs, batch_size, seed, devices, validation is None]
    digest = hashlib.sha256(json.dumps(about).encode())
    data = tf.nest.flatten([inputs, targets, validation or ()])
    for array in (*state_of(model), *data):
        values = np.ascontiguousarray(array)
        digest.update(f"{values.dtype.str} {values.shape} ".encode())
        digest.update(values)
    return digest.hexdigest()


def _model(model: keras.Model) -> object:
    """Layers, optimizer, loss and metrics, without the numbers that Keras gives to names.

    Functions have but their names in it. Those of the package are known by the code that every
    entry depends on; one of a notebook may be another one next time.
    """
    with warnings.catch_warnings(action="ignore"):
        try:
            text = model.to_json()
        except NotImplementedError as error:
            raise NotKeptError("the network is a class of its own") from error
    compiled = tf.nest.flatten(model._compile_config.config)
    modules = {type(model).__module__, *re.findall(r'"module": "?([\w.]+)', text)}
    modules |= {part.__module__ for part in compiled if isinstance(part, FunctionType)}
    described = json.loads(text)
    if (
        any(not re.match(r"(keras|course_utils|builtins)\b", module) for module in modules)
        or '"class_name": "function"' in json.dumps(described["config"])
        or "__lambda__" in text
    ):
        raise NotKeptError("its layers, loss or metrics are code of the notebook")
    given = dict.fromkeys(re.findall(r'"name": "([^"]+)"', text))
    names = {name: f"{re.sub(r'_[0-9]+$', '', name)} {n}" for n, name in enumerate(given)}
    return _renamed(described, names)


def _renamed(part: object, names: dict[str, str]) -> object:
    """A part of a JSON structure with other names among its values."""
    if isinstance(part, dict):
        return {key: _renamed(value, names) for key, value in part.items()}
    if isinstance(part, list):
        return [_renamed(value, names) for value in part]
    return names.get(part, part) if isinstance(part, str) else part


def _callback(callback: Callback) -> list:
    """What a callback is: its kind, its plain settings, and the functions it was made of."""
    kind, own = type(callback), vars(callback)
    if any(getattr(kind, hook) is not getattr(Callback, hook) or hook in own for hook in BY_BATCH):
        raise NotKeptError("a callback looks at single batches")
    plain = {name: part for name, part in own.items() if isinstance(part, str | int | float)}
    parts = own if kind.__module__.startswith("keras.") else {**vars(kind), **own}
    code = [part for part in parts.values() if isinstance(part, FunctionType)]
    try:
        sources = [_source(part) for part in code]
    except OSError as error:
        raise NotKeptError("the code of a callback cannot be read") from error
    return [f"{kind.__module__}.{kind.__qualname__}", plain, sources]


def _source(function: FunctionType) -> str:
    """The text of a function, which may not be there."""
    if function.__code__.co_filename == "<string>":  # Python 3.13 would give that of `python -c`
        raise OSError("made from a string")
    return inspect.getsource(function)
