"""Checks of lesson 02, LSTM gates."""

from collections.abc import Callable
from typing import Any

from course.exercises.hints import Hint, called, number, numbers, said
from course_utils.cells import LSTMWeights, unroll

import numpy as np
from numpy.typing import NDArray

SIZES = ((3, 8, 2), (1, 1, 1), (5, 20, 3), (1, 50, 4))  # where each mistake has its own number
DISTANCES = (1, 10, 100)


def _one_step(answer: object) -> str:
    found = numbers(answer, 2)
    c = 0.5 * 2.0 + 1.0 * -0.4
    h = 0.25 * np.tanh(c)
    mistakes = {
        (h, c): "The right numbers in the wrong order: (c, h) is asked for.",
        (c, 0.25 * c): "The cell state goes through tanh before the output gate shows it.",
        (c, np.tanh(0.25 * c)): "First tanh of the cell state, then times the output gate.",
        (c, np.tanh(c)): "c is right; the output gate shows a part of tanh(c) only.",
        (c, 0.25 * np.tanh(2.0)): "The hidden state shows the new cell state, not the old one.",
        (c, 0.25 * np.tanh(-0.4)): "The hidden state shows the cell state, not the candidate.",
        (1.8, 0.25 * np.tanh(1.8)): "The forget gate belongs to the old state, the input gate to "
        "the candidate: you swapped them.",
        (1.4, 0.25 * np.tanh(1.4)): "The candidate is negative.",
    }
    for mistake, hint in mistakes.items():
        if np.allclose(found, mistake, atol=5e-4):
            raise Hint(hint)
    if not np.isclose(found[0], c, atol=1e-3):
        raise Hint(f"c = {found[0]:.4g} is off: keep a part of the state, add a part of the new.")
    if not np.isclose(found[1], h, atol=1e-3):
        raise Hint(f"c is right, h = {found[1]:.4g} is not: the output gate times tanh of what?")
    return f"c = {c:.1f}, and {h:.3f} of it is shown."


def _stack_parameters(answer: object) -> str:
    for features, units, layers in SIZES:
        case = f"{features} features, {units} units, {layers} layer{'s' * (layers > 1)}"
        found = _call(answer, features, units, layers)
        above = layers - 1
        expected = _lstm(features, units) + above * _lstm(units, units) + units + 1
        second_bias = expected + 4 * units * layers
        recurrent = expected - units - 1
        mistakes = {
            layers * _lstm(features, units)
            + units
            + 1: "the input of the second layer is the output of the first, not the features.",
            recurrent: "the dense layer at the end is missing.",
            recurrent + units: "the dense layer has a bias, too.",
            second_bias: "that is PyTorch's count; Keras has one bias in each part.",
            recurrent // 4 + units + 1: "an LSTM has four parts.",
            expected - 4 * units * layers: "the biases of the LSTM layers are missing.",
        }
        if found != expected and found in mistakes:
            raise Hint(f"For {case} you say {found:,.10g}: {mistakes[found]}")
        if found != expected:
            direction = "few" if found < expected else "many"
            raise Hint(
                f"For {case}, {found:,.10g} is too {direction}. Count the first layer, the layers "
                "above it, and the dense layer one by one."
            )
    return f"It agrees with Keras for {len(SIZES)} networks, up to {expected:,} parameters."


def _lstm(features: int, units: int) -> int:
    return 4 * (units * (features + units) + units)


def _bias_for(answer: object) -> str:
    for steps in DISTANCES:
        found = _call(answer, steps)
        forget = 0.5 ** (1 / steps)
        expected = np.log(forget / (1 - forget))
        if np.isclose(found, expected, rtol=1e-3, atol=1e-6):
            continue
        mistakes = {
            forget: "that is the gate; the bias is what the sigmoid turns into it.",
            -expected: "the sign is turned: a larger bias keeps more.",
            np.log(forget): "take the inverse of the sigmoid, log(f / (1 - f)), not log(f).",
            np.log(steps): "that is close, but only a rule of thumb; half can be kept exactly.",
        }
        for mistake, hint in mistakes.items():
            if np.isclose(found, mistake, rtol=1e-4, atol=1e-6):
                raise Hint(f"For {steps} step{'s' * (steps > 1)} you say {found:.4g}: {hint}")
        left = (1 / (1 + np.exp(-np.clip(found, -700, 700)))) ** steps
        raise Hint(
            f"For {steps} step{'s' * (steps > 1)} a bias of {found:.4g} leaves {left:.1%} of "
            "the state, not 50 %. Which gate, multiplied with itself so often, gives a half?"
        )
    return f"100 steps take a bias of {expected:.2f}; Keras starts at 1."


def _latch(answer: object) -> str:
    if not isinstance(answer, LSTMWeights):
        raise Hint(f"LSTMWeights of four Parts are asked for, not {type(answer).__name__}.")
    rng = np.random.default_rng(2)
    for distance in DISTANCES:
        series = rng.choice([-1.0, 1.0], (50, distance + 1))
        _latched(answer, series, [0], f"distance {distance}")
    _latched(answer, rng.choice([-1.0, 1.0], (50, 60)), [0, 30], "two marks")
    far = rng.choice([-1.0, 1.0], (20, 1001))
    _latched(answer, far, [0], "distance 1,000")
    return "It recalls a bit after 1,000 steps, and nobody trained it."


def _latched(weights: LSTMWeights, bits: NDArray, marked: list[int], case: str) -> None:
    """Check the sign of the last hidden state, and say which gate to look at if it is wrong."""
    marks = np.zeros_like(bits)
    marks[:, marked] = 1
    try:
        ran = unroll(np.stack([bits, marks], axis=-1), weights)
    except Exception as error:  # whatever a learner's weights raise becomes a hint
        raise Hint(f"Your weights do not run: {said(error)}") from error
    h = ran.hidden_states[:, -1]
    if h.shape[1] != 1:
        raise Hint(f"One unit is asked for, not {h.shape[1]}.")
    right = np.mean(h[:, 0] * bits[:, marked[-1]] > 0.05)  # a clear sign, no rounding error
    if right == 1:
        return
    marked_step, other = marked[-1], bits.shape[1] - 1
    gates = {name: getattr(ran.gates, name)[..., 0] for name in ("input", "forget", "output")}
    start = f"With {case}, {right:.0%} have a clear and right sign. "
    if gates["input"][:, marked_step].mean() < 0.5:
        raise Hint(start + "The input gate is nearly shut on the mark.")
    if np.mean(np.sign(ran.gates.candidate[:, marked_step, 0]) == bits[:, marked_step]) < 1:
        raise Hint(start + "On the mark, the candidate does not have the sign of the bit.")
    if gates["input"][:, other].mean() > 0.01:
        raise Hint(start + "The input gate lets bits in that are not marked.")
    if gates["forget"][:, other].mean() < 0.99:
        raise Hint(start + "The forget gate does not keep: it leaks where no mark is.")
    if len(marked) > 1 and gates["forget"][:, marked_step].mean() > 0.5:
        raise Hint(start + "At a second mark the old bit has to go before the new one comes.")
    if gates["output"][:, other].mean() < 0.5:
        raise Hint(start + "The output gate shows next to nothing at the end.")
    raise Hint(start + "Look at the gates of `unroll` step by step: something small adds up.")


def _call(function: object, *arguments: int) -> float:
    """Call a learner's function and take one finite number, or say what came instead."""
    return number(called(function, *arguments, case=f"With {', '.join(map(str, arguments))}"))


CHECKS: dict[str, Callable[[Any], str]] = {
    "02-1": _one_step,
    "02-2": _stack_parameters,
    "02-3": _bias_for,
    "02-4": _latch,
}

HINTS: dict[str, tuple[str, ...]] = {
    "02-1": (
        "First the new cell state: what the forget gate keeps, plus what the input gate lets in.",
        "The candidate is negative, so the new state is below what was kept.",
        "The hidden state is the output gate times tanh of the new cell state.",
    ),
    "02-2": (
        "One LSTM layer has four parts of the same size; the lesson's `lstm_parameters` counts it.",
        "Only the first layer sees the features. What does each layer above it see?",
        "A `Dense(1)` has a weight for each unit of the last layer, and one bias.",
    ),
    "02-3": (
        "With the input gate shut, each step multiplies the cell state by the forget gate.",
        "First find the gate f with f to the power of `steps` equal to a half: it is a root.",
        "Then undo the sigmoid: f = 1 / (1 + exp(-b)). Solve for b.",
    ),
    "02-4": (
        "The recurrent kernels can all be zero: mark and bit alone decide what each gate does.",
        "A gate is shut by a large negative bias, and a mark opens it if its weight is twice as"
        " large, with the other sign.",
        "Forgetting is the reverse: open without a mark, shut on one. The candidate needs the "
        "bit alone, and the output gate nothing but a bias.",
    ),
}
