"""Train, or take up a training that `course warm` has kept: same numbers, same callbacks."""

import hashlib
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from course_utils.warm import entries
from course_utils.warm.entries import DamagedEntryError, Entry
from course_utils.warm.keys import Inputs, NotKeptError, key_of, state_of, variables_of

import keras
import numpy as np
from keras.callbacks import Callback, CallbackList, History, LambdaCallback
from numpy.typing import NDArray

_said: set[int | None] = set()  # cells that have said where their training comes from


def fit(
    model: keras.Model,
    inputs: Inputs,
    targets: NDArray,
    *,
    epochs: int,
    batch_size: int,
    validation: tuple[Inputs, NDArray] | None,
    callbacks: Sequence[Callback],
    bar: Callable[[str, bool], Callback],
    label: str,
    quiet: bool,
) -> History:
    """Train as Keras does, unless the cache is in use and holds this very training.

    Args:
        model: compiled.
        inputs: as for Keras' `fit`.
        targets: as for Keras' `fit`.
        epochs: passes over the samples.
        batch_size: samples a gradient step.
        validation: inputs and targets that are never trained on.
        callbacks: Keras' own; they are called after each epoch, trained or taken up.
        bar: makes a progress bar from a label and whether to be quiet.
        label: what this training is called on the screen.
        quiet: show no bar; that a training was not run is said once a cell all the same.

    Returns:
        Keras' history.

    Raises:
        RuntimeError: a callback changed the network otherwise than when the training was kept.
    """

    def train(callbacks: Sequence[Callback]) -> History:
        return model.fit(
            inputs,
            targets,
            epochs=epochs,
            batch_size=batch_size,
            validation_data=validation,
            verbose=0,
            callbacks=[bar(label, quiet), *callbacks],
        )

    mode = entries.mode()
    if mode == "off" or (mode == "use" and not entries.folder().is_dir()) or not model.compiled:
        return train(callbacks)
    try:
        key = key_of(model, inputs, targets, validation, callbacks, epochs, batch_size)
    except NotKeptError as reason:
        if mode == "record":
            print(f"{label}: {entries.NOT_KEPT}: {reason}")
        return train(callbacks)
    try:
        entry = entries.read(key)
        if entry is not None:
            states = _states(model, entry, each_epoch=bool(callbacks))
            _say(label, len(entry.facts["logs"]), quiet)
            params = {"epochs": epochs, "steps": ceil(len(targets) / batch_size)}
            return _replay(model, entry.facts, states, callbacks, params)
    except DamagedEntryError as problem:
        print(f"{label}: {entries.TRAINED_ANEW} ({problem})")
    if mode == "use":
        return train(callbacks)
    recorder = Recorder(model, each_epoch=bool(callbacks))
    history = train([recorder.before, *callbacks, recorder.after])
    entries.write(key, recorder.facts, [array for state in recorder.states for array in state])
    return history


class Recorder:
    """Notes what a training does to a model, before and after the other callbacks see it."""

    def __init__(self, model: keras.Model, each_epoch: bool) -> None:
        self.model, self.each_epoch = model, each_epoch
        self.states: list[list[NDArray]] = []
        self.facts: dict[str, list] = {"logs": [], "after": []}
        self.before = LambdaCallback(on_epoch_end=self._trained, on_train_end=self._end)
        self.after = LambdaCallback(on_epoch_end=self._called)

    def _trained(self, epoch: int, logs: dict[str, float]) -> None:
        self.facts["logs"].append(dict(logs))
        if self.each_epoch:
            self.states.append(state_of(self.model))

    def _called(self, epoch: int, logs: dict[str, float]) -> None:
        self.facts["after"].append(_now(self.model))

    def _end(self, logs: dict[str, float]) -> None:
        self.states.append(state_of(self.model))


def _replay(
    model: keras.Model,
    facts: dict[str, Any],
    states: list[list[NDArray]],
    callbacks: Sequence[Callback],
    params: dict[str, int],
) -> History:
    """Take the model from state to state, as the training did, and call the callbacks."""
    called = CallbackList([*callbacks], add_history=True, model=model, verbose=0, **params)
    model.stop_training = False
    called.on_train_begin()
    logs: dict[str, float] = {}
    for epoch, logs in enumerate(facts["logs"]):
        called.on_epoch_begin(epoch)
        if callbacks:
            _restore(model, states[epoch])
        called.on_epoch_end(epoch, dict(logs))
        if callbacks and _now(model) != facts["after"][epoch]:
            raise RuntimeError(
                "A callback changed the network otherwise than when `course warm` kept this "
                f"training: set os.environ[{entries.SWITCH!r}] = 'off' and run the cell again."
            )
    _restore(model, states[-1])
    called.on_train_end(logs)
    return model.history


def _say(label: str, epochs: int, quiet: bool) -> None:
    """Say that a training was not run; one that would show no bar says so once a cell."""
    from IPython import get_ipython

    cell = getattr(get_ipython(), "execution_count", None)
    if not quiet:
        print(f"{label}: {epochs} epoch{'s' * (epochs != 1)} {entries.FROM_CACHE}")
    elif cell is None or cell not in _said:
        print(f"{label}: {entries.FROM_CACHE}")
    _said.add(cell)


def _states(model: keras.Model, entry: Entry, each_epoch: bool) -> list[list[NDArray]]:
    """The states of an entry: one for each epoch, if need be, and the last.

    Raises:
        DamagedEntryError: they do not fit the model.
    """
    model.optimizer.build(model.trainable_variables)
    shapes = [tuple(variable.shape) for variable in variables_of(model)]
    count = 1 + each_epoch * len(entry.facts["logs"])
    if [array.shape for array in entry.arrays] != shapes * count:
        raise DamagedEntryError("its arrays have other shapes")
    return [entry.arrays[i * len(shapes) :][: len(shapes)] for i in range(count)]


def _restore(model: keras.Model, state: list[NDArray]) -> None:
    for variable, value in zip(variables_of(model), state, strict=True):
        variable.assign(value)


def _now(model: keras.Model) -> str:
    """A digest of a model's state, and of whether a callback has stopped its training."""
    digest = hashlib.sha256(str(bool(model.stop_training)).encode())
    for value in state_of(model):
        digest.update(np.ascontiguousarray(value))
    return digest.hexdigest()
