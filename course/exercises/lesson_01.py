"""Checks of lesson 01, RNN basics."""

from collections.abc import Callable
from typing import Any

from course.exercises.answers import (
    array,
    ask_for_model,
    called,
    model_outputs,
    number,
    numbers,
    parameters,
    parts,
)
from course.exercises.hints import Hint, Slips, close, diagnosis, exercise, off
from course_utils.windows import make_windows

import numpy as np
from numpy.typing import NDArray

LENGTHS = (10, 15, 20, 25, 40)


def _count(features: int = 4, units: int = 20, outputs: int = 3, extra: int = 0) -> int:
    return units * (features + units + 1) + outputs * (units + 1) + extra


_OTHER_COUNTS: Slips = {
    "That is the recurrent layer alone: the dense layer has parameters too.": _count(outputs=0),
    "That is the dense layer alone: the recurrent layer has parameters too.": 3 * 21,
    "That is PyTorch's count: Keras has one bias per unit.": _count(extra=20),
    "The dense layer has a bias for each output.": _count(extra=-3),
    "Each output has a bias of its own.": _count(extra=-2),
    "The recurrent layer has a bias for each unit.": _count(extra=-20),
    "Each unit has a bias of its own.": _count(extra=-19),
    "Both layers have biases.": _count(extra=-23),
    "Each of the 20 units also weighs the last state of every unit.": _count(extra=-400),
    "A unit weighs the last state of every unit, not only its own.": _count(extra=-380),
    "That is with one output, but Dense(3) has three.": _count(outputs=1),
    "That is for one feature, but there are four.": _count(features=1),
    "The features have no part in it: each unit weighs all four.": _count(features=0),
    "That is an LSTM's count: a SimpleRNN has one part, not four.": 4 * _count(outputs=0) + 63,
    "That is a GRU's count: a SimpleRNN has one part, not three.": 3 * _count(outputs=0) + 63,
    "Dense(3) sees the 20 units, not the four features.": _count(outputs=0) + 3 * 5,
    "4 and 20 are swapped: 20 units, each with 4 features.": _count(20, 4),
    "Those are the recurrent layer's weights: both layers have biases, and Dense has weights.": (
        _count(outputs=0, extra=-20)
    ),
}


@exercise(
    "01-1",
    "Count the two layers one at a time, then add them up.",
    "A unit of the recurrent layer weighs each feature, each unit's last state, and has a bias.",
    "Dense(3) sees 20 numbers. Each of its three outputs weighs all of them and has a bias.",
    slips=_OTHER_COUNTS,
)
def _parameter_count(answer: object) -> str:
    found, right = number(answer), _count()
    if found == right:
        return f"{found:g}, however long the series is."
    raise Hint(
        diagnosis(found, right, _OTHER_COUNTS)
        or f"{off(found, right)} Add up five arrays: kernel, recurrent_kernel and bias of the "
        "recurrent layer, kernel and bias of the dense one. Time steps do not count."
    )


@exercise(
    "01-2",
    "An input enters the state once; from then on each step multiplies it by `w_h`.",
    "After three steps an input counts w_h³. Which number, to the power of three, is a half?",
    "When the state rests at 5 with the input at 5 and b = 0, then 5 = 5 w_x + 5 w_h.",
)
def _fading_average(answer: object) -> str:
    w_x, w_h, b = numbers(answer, 3)
    if close(w_x**3, 0.5, atol=0.005) and close(w_h, 1 - w_x, atol=0.005):
        raise Hint("w_x and w_h are swapped: which of them multiplies the old state?")
    if abs(w_h) >= 1:
        raise Hint(f"With w_h = {w_h:g} an input never fades: which sizes make it smaller?")
    if w_h <= 0:
        raise Hint(f"With w_h = {w_h:g} an input is gone, or changes its sign, at the next step.")
    left = w_h**3
    if close(w_h, 0.5):
        raise Hint(f"It halves at every step; after three steps {left:.3f} is left, not a half.")
    if not close(left, 0.5, atol=0.005):
        raise Hint(f"After three steps an input counts {left:.3f} of what it did, not a half.")
    if not close(b, 0):
        raise Hint(f"The average of zeros is 0, but with b = {b:g} your state goes elsewhere.")
    level = 5 * w_x / (1 - w_h)
    if not close(level, 5, atol=0.05):
        raise Hint(
            f"It fades as it should, but with the input always 5 the state tends to {level:.3g}. "
            "Write h for the value it tends to on both sides of the equation, and solve."
        )
    return "This is an exponentially weighted average, and a recurrent cell can learn it."


@exercise(
    "01-3",
    "On paper, cut the series 0, 1, ..., 8 with lookback 3 and horizon 1: which target is first?",
    "Window i holds positions i to i + lookback - 1; its target is `horizon` after the last.",
    "The last window's target is the last value of the series. Add the feature axis at the end.",
)
def _cut(answer: object) -> str:
    generator = np.random.default_rng(0)
    for steps, lookback, horizon in ((9, 3, 1), (12, 1, 1), (12, 4, 2), (20, 5, 5), (6, 5, 1)):
        series = np.round(generator.normal(50, 10, steps), 2)
        case = f"For {steps} values, lookback {lookback} and horizon {horizon}"
        result = called(answer, series, lookback, horizon, case=case)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise Hint("Your function must return two things: windows and targets.")
        wanted = f"{case}, the windows differ in length, or are not numbers."
        windows, targets = (array(part, wanted) for part in result)
        right_windows, right_targets = make_windows(series, lookback, horizon)
        _compare_shapes(windows, targets, right_windows.shape, horizon, case)
        if not close(windows, right_windows, rtol=1e-5):  # as float32
            mistakes = {"Your windows run backwards: put the oldest first.": right_windows[:, ::-1]}
            raise Hint(
                diagnosis(windows, right_windows, mistakes)
                or f"{case}, {_first_window_off(windows, right_windows)}"
            )
        if not close(targets, right_targets, rtol=1e-5):
            after_window = series[lookback : lookback + len(targets)]
            mistakes = {
                "each target is the last value of its own window: a leak.": right_windows[:, -1, 0],
                "each target comes right after its window: use the horizon.": after_window,
            }
            place = int(np.flatnonzero(~np.isclose(targets, right_targets))[0])
            at = place + lookback + horizon - 1
            first = f"target {place} should be the value at position {at}."
            raise Hint(f"{case}, {diagnosis(targets, right_targets, mistakes) or first}")
    return "The same windows and targets as make_windows, at every lookback and horizon tried."


def _first_window_off(windows: NDArray, right: NDArray) -> str:
    """Say what the first wrong window holds, and what it should."""
    place = int(np.flatnonzero(~np.isclose(windows, right).all(axis=(1, 2)))[0])
    yours, rights = (f"{one[place, 0, 0]:g}" for one in (windows, right))
    begins = f"begins with {yours}" if yours != rights else "goes on otherwise"
    return (
        f"window {place} should hold the series from position {place} on, beginning with {rights}: "
        f"yours {begins}."
    )


def _compare_shapes(
    windows: NDArray, targets: NDArray, right: tuple[int, int, int], horizon: int, case: str
) -> None:
    """Raise a hint unless windows and targets have the shapes that `make_windows` gives."""
    if windows.shape == right[:2]:
        raise Hint(f"Your windows have shape {windows.shape}: the feature axis is missing.")
    if windows.ndim == 1 and targets.ndim > 1:
        raise Hint("Return the windows first, then the targets.")
    if windows.ndim != 3:
        raise Hint(f"Your windows have shape {windows.shape}; return (samples, lookback, 1).")
    if targets.ndim != 1:
        raise Hint(f"Your targets have shape {targets.shape}; return shape (samples,).")
    if len(windows) == right[0] + horizon - 1 > right[0]:
        raise Hint(f"{case}, the last windows have no target: it lies {horizon} steps after them.")
    if len(windows) != len(targets):
        raise Hint(f"{case}, you return {len(windows)} windows, and targets for {len(targets)}.")
    if len(windows) == right[0] - 1:
        raise Hint(f"{case}, one window that has a target is missing.")
    if len(windows) != right[0]:
        raise Hint(f"{case}, the number of your windows is {len(windows)}. Count them on paper.")
    if windows.shape != right:
        raise Hint(f"{case}, your windows have shape {windows.shape}, and should have {right}.")


@exercise(
    "01-4",
    "`keras.Input((None, 1))` leaves the number of steps open, so one model takes all lengths.",
    "It does well at the lengths it was trained on: train on several, odd and even.",
    "A batch holds one length: call `fit` on one length after another, a few times over.",
)
def _any_length(answer: object, make: Callable[..., tuple[NDArray, NDArray]]) -> str:
    ask_for_model(answer)
    if kinds := _none_recurrent(answer):
        raise Hint(f"Use a recurrent layer: your network has {', '.join(kinds)}.")
    right = {steps: _share_right(answer, make, steps) for steps in LENGTHS}
    told = ", ".join(f"{share:.0%} at {steps}" for steps, share in right.items())
    if max(right.values()) < 0.35:
        raise Hint(
            f"{told}: it is wrong more often than right. Above 0.5 means rising: are the labels "
            "turned round, or is it untrained?"
        )
    if max(right.values()) < 0.65:
        raise Hint(
            f"It guesses, with {told}: is it trained, does it see the order, and is any output "
            "above 0.5?"
        )
    odd = [share for steps, share in right.items() if steps % 2]
    even = [share for steps, share in right.items() if steps % 2 == 0]
    if min(right.values()) < 0.9:
        if max(odd) + 0.2 < min(even) or max(even) + 0.2 < min(odd):
            raise Hint(
                f"{told}: odd and even lengths differ, so its state swings from step to step: "
                "train on both."
            )
        raise Hint(f"{told}. Train on those lengths, too, at which it is worst.")
    return f"{told}, with {parameters(answer):,} parameters. Can you do it with fewer?"


def _none_recurrent(model: Any) -> list[str]:  # noqa: ANN401 (a Keras model)
    """The kinds of a model's layers if Keras made them all and none is recurrent."""
    import keras

    cells = keras.layers.SimpleRNNCell | keras.layers.LSTMCell | keras.layers.GRUCell
    for part in parts(model):
        if isinstance(part, cells) or not type(part).__module__.startswith("keras."):
            return []
    return sorted({type(layer).__name__ for layer in model.layers})


def _share_right(model: Any, make: Callable, steps: int) -> float:  # noqa: ANN401 (a Keras model)
    """Share of new series of a length that a learner's model judges rightly."""
    series, rises = make(500, steps, seed=1000 + steps)
    outputs = model_outputs(
        model,
        series,
        f"Given series of {steps} steps (leave the length open with Input((None, 1)), and let no "
        "layer depend on it)",
    )
    if outputs.min() < 0 or outputs.max() > 1:
        raise Hint(
            f"Outputs lie between {outputs.min():.2g} and {outputs.max():.2g}, not within 0..1: "
            "which activation does the last layer have?"
        )
    return float(((outputs > 0.5) == rises).mean())
