"""Checks of lesson 01, RNN basics."""

from collections.abc import Callable
from typing import Any

from course.exercises.hints import Hint, array, called, number, numbers, parts
from course_utils.windows import make_windows

import numpy as np
from numpy.typing import NDArray

LENGTHS = (10, 15, 20, 25, 40)


def _parameter_count(answer: object) -> str:
    found = number(answer)
    features, units, outputs = 4, 20, 3
    recurrent = units * (features + units + 1)
    dense = outputs * (units + 1)
    mistakes = {
        recurrent: "That is the recurrent layer: the dense layer has parameters too.",
        recurrent + dense + units: "That is PyTorch's count: Keras has one bias in each unit.",
        recurrent + dense - outputs: "The dense layer has a bias for each output.",
        recurrent + dense - units: "The recurrent layer has a bias for each unit.",
        recurrent + dense - units - outputs: "Both layers have biases.",
        recurrent + dense - units**2: "Each unit also weighs the last state of every unit.",
        recurrent + units + 1: "That is with one output; Dense(3) has three.",
        units * (1 + units + 1) + dense: "That is for one feature; here there are four.",
    }
    if found in mistakes:
        raise Hint(mistakes[found])
    if found != recurrent + dense:
        direction = "few" if found < recurrent + dense else "many"
        raise Hint(
            f"{found:g} is too {direction}. Add up five arrays: kernel, recurrent_kernel and bias "
            "of the recurrent layer, kernel and bias of the dense one. Time steps do not count."
        )
    return f"{found:g}, however long the series is."


def _fading_average(answer: object) -> str:
    w_x, w_h, b = numbers(answer, 3)
    if abs(w_h) >= 1:
        raise Hint(f"With w_h = {w_h:g} an input never fades: which sizes make it smaller?")
    if w_h <= 0:
        raise Hint(f"With w_h = {w_h:g} an input is gone, or changes its sign, at the next step.")
    left = w_h**3
    if np.isclose(w_h, 0.5):
        raise Hint(f"It halves at every step; after three steps {left:.3f} is left, not a half.")
    if not np.isclose(left, 0.5, atol=0.005):
        raise Hint(f"After three steps an input counts {left:.3f} of what it did, not a half.")
    if not np.isclose(b, 0, atol=1e-9):
        raise Hint(f"An average of zeros is 0, but with b = {b:g} your state tends elsewhere.")
    level = 5 * w_x / (1 - w_h)
    if not np.isclose(level, 5, atol=0.05):
        raise Hint(
            f"It fades as it should, but with the input always 5 the state tends to {level:.3g}. "
            "Write h for the value it tends to on both sides of the equation, and solve."
        )
    return "This is an exponentially weighted average, and a recurrent cell can learn it."


def _cut(answer: object) -> str:
    generator = np.random.default_rng(0)
    for steps, lookback, horizon in ((9, 3, 1), (12, 1, 1), (12, 4, 2), (20, 5, 5), (6, 5, 1)):
        series = np.round(generator.normal(50, 10, steps), 2)
        case = f"For {steps} values, lookback {lookback} and horizon {horizon}"
        result = called(answer, series.copy(), lookback, horizon, case=case)
        _compare_cut(result, series, lookback, horizon, case)
    return "The same windows and targets as make_windows, at every lookback and horizon tried."


def _compare_cut(result: object, series: NDArray, lookback: int, horizon: int, case: str) -> None:
    """Hold a learner's windows and targets against `make_windows`."""
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Hint("Your function must return two things: windows and targets.")
    asked = f"{case}, the windows differ in length, or are not numbers."
    windows, targets = (array(part, asked) for part in result)
    expected_windows, expected = make_windows(series, lookback, horizon)
    if windows.shape == expected_windows.shape[:2]:
        raise Hint(f"Your windows have shape {windows.shape}: the feature axis is missing.")
    if windows.ndim != 3:
        raise Hint(f"Your windows have shape {windows.shape}, (samples, lookback, 1) is asked for.")
    if targets.ndim != 1:
        raise Hint(f"Your targets have shape {targets.shape}, (samples,) is asked for.")
    if len(windows) != len(targets):
        raise Hint(f"{case}, you return {len(windows)} windows and {len(targets)} targets.")
    if len(targets) == len(expected) - 1:
        raise Hint(f"{case}, one window that has a target is missing.")
    if len(targets) != len(expected):
        raise Hint(f"{case}, you return {len(targets)} windows. Count them on paper.")
    if windows.shape != expected_windows.shape:
        raise Hint(f"{case}, your windows have shape {windows.shape}.")
    if np.allclose(windows, expected_windows[:, ::-1]) and lookback > 1:
        raise Hint("Your windows run backwards: the oldest value comes first.")
    if not np.allclose(windows, expected_windows):
        raise Hint(f"{case}, the windows' values are off: window 0 begins with the oldest value.")
    if np.allclose(targets, expected_windows[:, -1, 0]):
        raise Hint(f"{case}, each target is the last value of its own window: a leak.")
    if horizon > 1 and np.allclose(targets, series[lookback : lookback + len(targets)]):
        raise Hint(f"{case}, each target comes right after its window: you left out the horizon.")
    if not np.allclose(targets, expected):
        raise Hint(f"{case}, target 0 should be the value at position {lookback + horizon - 1}.")


def _any_length(answer: object, make: Callable[..., tuple[NDArray, NDArray]]) -> str:
    if not hasattr(answer, "count_params") or not callable(answer):
        raise Hint("Hand over the trained Keras model itself.")
    if kinds := _none_recurrent(answer):
        raise Hint(f"A recurrent network is asked for; yours has {', '.join(kinds)}.")
    right = {steps: _share_right(answer, make, steps) for steps in LENGTHS}
    told = ", ".join(f"{share:.0%} at {steps}" for steps, share in right.items())
    if max(right.values()) < 0.65:
        raise Hint(f"It guesses ({told}): is it trained, and does it see the order?")
    odd = [share for steps, share in right.items() if steps % 2]
    even = [share for steps, share in right.items() if steps % 2 == 0]
    if min(right.values()) < 0.9:
        swings = max(odd) + 0.2 < min(even) or max(even) + 0.2 < min(odd)
        reason = (
            "odd and even lengths differ, so its state swings from step to step: train on both"
            if swings
            else "on which lengths did it learn?"
        )
        raise Hint(f"{told}: {reason}.")
    return f"{told}, with {answer.count_params():,} parameters. Can you do it with fewer?"


def _none_recurrent(model: Any) -> list[str]:  # noqa: ANN401 (a Keras model)
    """The kinds of a model's layers if Keras made them all and none is recurrent."""
    import keras

    layers = getattr(model, "layers", [])
    cells = keras.layers.SimpleRNNCell | keras.layers.LSTMCell | keras.layers.GRUCell
    for part in parts(model):
        if isinstance(part, cells) or not type(part).__module__.startswith("keras."):
            return []
    return sorted({type(layer).__name__ for layer in layers})


def _share_right(model: Any, make: Callable, steps: int) -> float:  # noqa: ANN401 (a Keras model)
    """Share of new series of a length that a learner's model judges rightly."""
    series, rises = make(500, steps, seed=1000 + steps)
    try:
        outputs = np.asarray(model(series), dtype=float)
    except Exception:  # Keras raises many kinds here
        raise Hint(
            f"It does not take series of {steps} steps: leave the length open with Input((None, 1))"
            " and let no layer depend on it."
        ) from None
    if outputs.size != len(series):
        raise Hint(
            f"For {len(series)} series it gives outputs of shape {outputs.shape}: one for each "
            "series is asked for. Is return_sequences set on the last recurrent layer?"
        )
    if not np.isfinite(outputs).all():
        raise Hint("Some outputs are not finite: take a smaller learning rate.")
    if outputs.min() < 0 or outputs.max() > 1:
        raise Hint(
            f"Outputs lie between {outputs.min():.2g} and {outputs.max():.2g}, not within 0..1: "
            "which activation does the last layer have?"
        )
    return float(((outputs.ravel() > 0.5) == rises).mean())


CHECKS: dict[str, Callable[..., str]] = {
    "01-1": _parameter_count,
    "01-2": _fading_average,
    "01-3": _cut,
    "01-4": _any_length,
}

HINTS: dict[str, tuple[str, ...]] = {
    "01-1": (
        "Count the two layers one at a time, then add them up.",
        "A unit of the recurrent layer weighs each feature, each unit's last state, and has a "
        "bias.",
        "Dense(3) sees 20 numbers. Each of its three outputs weighs all of them and has a bias.",
    ),
    "01-2": (
        "An input enters the state once; from then on each step multiplies it by `w_h`.",
        "After three steps an input counts w_h³. Which number, to the power of three, is a half?",
        "When the state rests at 5 with the input at 5 and b = 0, then 5 = 5 w_x + 5 w_h.",
    ),
    "01-3": (
        "On paper, cut the series 0, 1, ..., 8 with lookback 3 and horizon 1: which target is "
        "first?",
        "Window i holds positions i to i + lookback - 1; its target is `horizon` after the last.",
        "The last window is the one whose target is the series' last value. Add the feature "
        "axis at the end.",
    ),
    "01-4": (
        "`keras.Input((None, 1))` leaves the number of steps open, so one model takes all lengths.",
        "It does well at what it was trained on: train on several lengths, odd and even.",
        "Few units are enough. A batch holds one length, so call `fit` for one length after the"
        " other, and go round a few times.",
    ),
}
