"""Training runs kept by `course warm`, so that a lesson taught live need not wait for them.

A run is found by a digest of all that its result depends on: versions, machine and the code that
runs in it name its folder; network, weights, optimizer, loss, data, seed, epochs and batch size
name its file. Training with Keras changes no other state: neither the random numbers of Python and
NumPy nor those of TensorFlow's eager operations.

The file holds a checksum, the history as JSON, and the bytes of the final state, never code.
"""

import hashlib
import json
import os
import platform
import re
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.files import HERE, PACKAGES, sha256, write_whole
from course_utils.machine import attended, this_machine

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # Keras is imported late: `course --help` does not wait for it
    import keras
    from keras.callbacks import Callback, History

SWITCH, PLACE = "COURSE_WARM", "COURSE_WARM_DIR"
"""environment variables: what to do with the cache, and where it is if not in `build/warm`"""
CODE = (
    "course_utils.warm",
    "course_utils.seeds",
    "course_utils.fused",
    "course_utils.text.translation",
)
"""modules of ours whose code runs while a network trains: this one, layers, losses and metrics"""
UNSEEDED = 87654321  # the seed that TensorFlow reports where nobody has set one

FROM_CACHE = "from the cache of `course warm`"
TRAINED_AGAIN = "trained again, because its entry in the cache of `course warm` is damaged"
NOT_KEPT = "`course warm` cannot keep this training run"
OUTDATED = "the kept training runs are of other versions or other code: run `course warm` again"

Inputs = NDArray | list[NDArray]
Logs = list[dict[str, list]]
"""the losses of every epoch by their names, for each network that is trained"""


class NotKeptError(ValueError):
    """A training run whose result cannot be told from what is known before it."""


class DamagedEntryError(ValueError):
    """A kept training run is not what was written under its key."""


def mode() -> str:
    """What the switch says: `off`, `use`, or `record`, which also keeps what is missing.

    Without it the cache is used where a person sits at the front-end, and nowhere else: whatever
    runs notebooks from top to bottom trains.

    Raises:
        ValueError: the switch says something else.
    """
    chosen = os.environ.get(SWITCH) or ("use" if attended() else "off")
    if chosen not in ("off", "use", "record"):
        raise ValueError(f"{SWITCH} is {chosen!r}: set it to use or off, or remove it.")
    return chosen


# -------------------------------------------------------------------------------- where runs are


def place() -> Path:
    """The folder of the cache, whether it exists or not."""
    return Path(os.environ.get(PLACE) or HERE.cache / "warm")


def folder() -> Path:
    """The folder of the runs that this machine, these versions and this code have kept."""
    return place() / f"by-{_circumstances()}"


def other_folders() -> set[Path]:
    """The folders of runs that cannot be used here and now."""
    return set(place().glob("by-*")) - {folder()}


def outdated() -> bool:
    """Whether runs are kept, but none of them by this machine, these versions and this code."""
    return not folder().is_dir() and bool(other_folders())


@cache
def _circumstances() -> str:
    """A digest of what every training run depends on."""
    about = this_machine() | {"numpy": version("numpy"), "machine": platform.machine()}
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for module in CODE:
        digest.update((PACKAGES / f"{module.replace('.', '/')}.py").read_bytes())
    return digest.hexdigest()[:16]


# ---------------------------------------------------------------------------- train, or take up


def fit(
    model: "keras.Model",
    inputs: Inputs,
    targets: NDArray,
    *,
    epochs: int,
    batch_size: int,
    validation: tuple[Inputs, NDArray] | None,
    callbacks: "Sequence[Callback]",
    bar: "Callable[[str, bool], Callback]",
    label: str,
    quiet: bool,
) -> "History":
    """Train as Keras does, unless the cache is in use and holds this very training run.

    Args:
        model: compiled.
        inputs: as for Keras' `fit`.
        targets: as for Keras' `fit`.
        epochs: passes over the samples.
        batch_size: samples per gradient step.
        validation: inputs and targets that are never trained on.
        callbacks: Keras' own; a run with callbacks is never kept, since they may watch and change
            every epoch.
        bar: makes a progress bar from a label and whether to be quiet.
        label: what this run is called on the screen.
        quiet: show no bar; that a run was taken from the cache is said once per cell all the same.

    Returns:
        Keras' history.
    """

    def train() -> None:
        if model.compiled and model.built and not model.optimizer.built:
            _complete(model, inputs, targets)
        model.fit(
            inputs,
            targets,
            epochs=epochs,
            batch_size=batch_size,
            validation_data=validation,
            verbose=0,
            callbacks=[bar(label, quiet), *callbacks],
        )

    def key() -> str:
        if callbacks:
            raise NotKeptError("callbacks watch its epochs")
        return key_of(model, [inputs, targets, validation or ()], epochs, batch_size)

    params = {"verbose": 0, "epochs": epochs, "steps": ceil(len(targets) / batch_size)}
    keep(train, [model], key, params, label=label, quiet=quiet)
    return model.history


def _complete(model: "keras.Model", inputs: Inputs, targets: NDArray) -> None:
    """Build optimizer and metrics: Keras would in a step that TensorFlow then traces twice."""
    from keras import tree

    model.optimizer.build(model.trainable_variables)
    if len(model.metrics) > 1:  # the loss is the first
        shapes = tree.map_structure(lambda part: (1, *np.shape(part)[1:]), inputs)
        answer = np.zeros(model.compute_output_shape(shapes))
        model.compute_metrics(None, np.asarray(targets)[:1], answer)
        model.reset_metrics()


def keep(
    train: Callable[[], None],
    models: "list[keras.Model]",
    key: Callable[[], str],
    params: dict[str, int],
    *,
    label: str,
    quiet: bool,
) -> None:
    """Train, unless the cache is in use and holds what training would leave in the models.

    Args:
        train: trains the models and gives each its `history`.
        models: what is trained.
        key: digests what the result depends on, or raises NotKeptError.
        params: what Keras' history says of a training run: `verbose`, `epochs` and `steps`.
        label: as for `fit`.
        quiet: as for `fit`.
    """
    chosen = mode()
    if chosen == "off" or not all(model.compiled for model in models):
        return train()
    if chosen == "use" and not folder().is_dir():
        _say_outdated()
        return train()
    try:
        name = key()
    except NotKeptError as reason:
        if chosen == "record":
            print(f"{label}: {NOT_KEPT}: {reason}")
        return train()
    try:
        if (kept := read(name)) is not None:
            _take_up(models, *kept, params)
            return _say(label, params["epochs"], quiet)
    except DamagedEntryError as problem:
        print(f"{label}: {TRAINED_AGAIN} ({problem})")
    train()
    if chosen == "record":
        states = [values for model in models for values in state_of(model)]
        write(name, [model.history.history for model in models], states)
    return None


def _take_up(models: "list[keras.Model]", logs: Logs, content: bytes, params: dict) -> None:
    """Put models into the state that training left, and give them its history."""
    import keras

    offset = 0
    for variable in (variable for model in models for variable in _variables(model)):
        values = keras.ops.convert_to_numpy(variable)
        found = np.frombuffer(content, values.dtype, values.size, offset)
        variable.assign(found.reshape(values.shape))
        offset += values.nbytes
    for model, losses in zip(models, logs, strict=True):
        model.history = keras.callbacks.History()
        model.history.set_model(model)
        model.history.set_params(params)
        model.history.history, model.history.epoch = losses, list(range(len(losses["loss"])))


_said: set[int | None] = set()  # cells that have said where their training comes from


def _say(label: str, epochs: int, quiet: bool) -> None:
    """Say that a run was not trained; one that would show no bar says so once per cell."""
    from IPython import get_ipython

    cell = getattr(get_ipython(), "execution_count", None)
    if not quiet:
        print(f"{label}: {epochs} epoch{'s' * (epochs != 1)} {FROM_CACHE}")
    elif cell is None or cell not in _said:
        print(f"{label}: {FROM_CACHE}")
    _said.add(cell)


@cache
def _say_outdated() -> None:
    """Say once per kernel that runs are kept, but cannot be used."""
    if outdated():
        print(f"This lesson trains for real, because {OUTDATED}.")


# ------------------------------------------------------------------------- what a run depends on


def key_of(
    model: "keras.Model", data: list, epochs: int, batch_size: int, seed: int | None = None
) -> str:
    """Digest all that the result of a training run depends on, besides versions and code.

    Args:
        model: compiled; it and its optimizer are built here, as Keras' `fit` would build them.
        data: inputs and targets, and those of the validation, nested as they are given.
        epochs: passes over the samples.
        batch_size: samples per gradient step.
        seed: for the order of the batches; the one that is set, if omitted.

    Returns:
        64 hexadecimal digits.

    Raises:
        NotKeptError: something that cannot be looked into may change the result.
    """
    import tensorflow as tf

    if seed is None:
        seed, _ = tf.compat.v1.random.get_seed(1)
    if seed == UNSEEDED:
        raise NotKeptError("no seed is set, so it differs from run to run")
    if not model.built:
        model.build((None, *np.shape(data[0])[1:]))
    model.optimizer.build(model.trainable_variables)
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    decays = [optimizer._use_weight_decay(each) for each in model.trainable_variables]
    devices = [device.device_type for device in tf.config.list_physical_devices()]
    rounded = tf.config.experimental.tensor_float_32_execution_enabled()  # on a GPU
    about = [_described(model), decays, epochs, batch_size, seed, devices, rounded]
    digest = hashlib.sha256(json.dumps(about).encode())
    for array in (*state_of(model), *tf.nest.flatten(data)):
        values = np.ascontiguousarray(array)
        digest.update(f"{values.dtype.str} {values.shape} ".encode())
        digest.update(values)
    return digest.hexdigest()


def state_of(model: "keras.Model") -> list[NDArray]:
    """The values of weights, of seeds of dropout, and of what the optimizer remembers."""
    import keras

    return [keras.ops.convert_to_numpy(variable) for variable in _variables(model)]


def _variables(model: "keras.Model") -> "list[keras.Variable]":
    return [*model.variables, *model.optimizer.variables]


def _described(model: "keras.Model") -> str:
    """Layers, optimizer, loss and metrics as JSON, without the numbers Keras gives to names."""
    with warnings.catch_warnings(action="ignore"):
        try:
            text = model.to_json()
        except NotImplementedError as error:
            raise NotKeptError("the network is a class of its own") from error
    parts: list[dict[str, Any]] = []
    json.loads(text, object_hook=lambda part: parts.append(part) or part)
    if not all(_is_known(part) for part in parts if "class_name" in part):
        raise NotKeptError("its layers, loss or metrics are code of the notebook")
    for number, name in enumerate(dict.fromkeys(re.findall(r'"name": "([^"]+)"', text))):
        base = re.sub(r"_\d+$", "", name)
        text = text.replace(f'"{name}"', f'"{base} {number}"')
    return text


def _is_known(part: dict[str, Any]) -> bool:
    """Whether part of a network is Keras' own, or ours from a module whose code is looked at.

    Keras notes of a function only the name, so one that is not registered may be any.
    """
    import keras

    is_function = part["class_name"] == "function"
    name = part["config"] if is_function else part.get("registered_name")
    if own := keras.saving.get_registered_object(name):
        return own.__module__ in CODE
    if part["class_name"] == "__keras_tensor__":
        return True
    return not is_function and str(part.get("module")).partition(".")[0] == "keras"


# -------------------------------------------------------------------------------- runs on disk


def write(key: str, logs: Logs, state: Sequence[NDArray]) -> None:
    """Keep a run under its key; a process that is killed leaves no entry.

    Args:
        key: as `key_of` returns it.
        logs: the losses of every network and epoch.
        state: as `state_of` returns it after training, one network after the other.
    """
    content = json.dumps(logs).encode() + b"\n" + b"".join(values.tobytes() for values in state)
    path = folder() / key
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(PermissionError):  # on Windows, while another process reads or writes the same
        write_whole(path, _checksum(key, content) + b"\n" + content)


def read(key: str) -> tuple[Logs, bytes] | None:
    """Read what is kept under a key.

    Returns:
        the losses of every network and epoch, and the bytes of the final state; None if nothing
        is kept.

    Raises:
        DamagedEntryError: the entry is cut off or changed, or was written under another key.
    """
    try:
        checksum, _, content = (folder() / key).read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DamagedEntryError(f"it cannot be read: {error.strerror}") from error
    if checksum != _checksum(key, content):
        raise DamagedEntryError("its checksum is wrong")
    text, _, state = content.partition(b"\n")
    return json.loads(text), state


def _checksum(key: str, content: bytes) -> bytes:
    return sha256(key.encode() + content).encode()
