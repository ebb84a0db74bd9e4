"""Checks of lesson 02, LSTM gates."""

from course.exercises.answers import called_number, numbers
from course.exercises.hints import Hint, close, exercise, known_mistake, learners_code, off
from course_utils.cells import LSTMGates, LSTMWeights, sigmoid, unroll

import numpy as np
from numpy.typing import NDArray

SIZES = ((3, 8, 2), (1, 1, 1), (5, 20, 3), (1, 50, 4))  # where each mistake has its own number
DISTANCES = (1, 10, 100)


@exercise(
    "02-1",
    "First the new cell state: what the forget gate keeps, plus what the input gate lets in.",
    "The candidate is negative, so the new state is below what was kept.",
    "The hidden state is the output gate times tanh of the new cell state.",
)
def _one_step(answer: object) -> str:
    found = numbers(answer, 2)
    c = 0.5 * 2.0 + 1.0 * -0.4
    h = 0.25 * np.tanh(c)
    if close(found, (c, h), atol=1e-3):
        return f"c = {c:.1f}, and {h:.3f} of it is shown."
    mistakes = {
        "The right numbers in the wrong order: give (c, h).": (h, c),
        "The cell state goes through tanh before the output gate shows it.": (c, 0.25 * c),
        "First tanh of the cell state, then times the output gate.": (c, np.tanh(0.25 * c)),
        "c is right, but the output gate shows only a part of tanh(c).": (c, np.tanh(c)),
        "The hidden state shows the new cell state, not the old one.": (c, 0.25 * np.tanh(2.0)),
        "The hidden state shows the cell state, not the candidate.": (c, 0.25 * np.tanh(-0.4)),
        "You swapped two gates: the forget gate belongs to the old state, the input gate to the "
        "candidate.": (1.8, 0.25 * np.tanh(1.8)),
        "The candidate is negative.": (1.4, 0.25 * np.tanh(1.4)),
    }
    if hint := known_mistake(found, mistakes, atol=5e-4):
        raise Hint(hint)
    if not close(found[0], c, atol=1e-3):
        raise Hint(
            f"c = {found[0]:.4g} is off: keep a part of the old state, add a part of the new."
        )
    raise Hint(f"c is right, but h = {found[1]:.4g} is not: the output gate times tanh of what?")


@exercise(
    "02-2",
    "One LSTM layer has four parts of the same size; the lesson's `lstm_parameters` counts it.",
    "Only the first layer sees the features. What does each layer above it see?",
    "A `Dense(1)` has a weight for each unit of the last layer, and one bias.",
)
def _stack_parameters(answer: object) -> str:
    for features, units, layers in SIZES:
        found = called_number(
            answer, features, units, layers, case=f"With {features}, {units}, {layers}"
        )
        stack = _lstm(features, units) + (layers - 1) * _lstm(units, units)
        right = stack + units + 1
        if found == right:
            continue
        all_see_features = layers * _lstm(features, units) + units + 1
        mistakes = {
            "the second layer sees the first layer's output, not the features.": all_see_features,
            "the dense layer at the end is missing.": stack,
            "the dense layer has a bias, too.": stack + units,
            "that is PyTorch's count; Keras has one bias in each part.": right + 4 * units * layers,
            "an LSTM has four parts.": stack // 4 + units + 1,
            "the biases of the LSTM layers are missing.": right - 4 * units * layers,
        }
        case = f"For {features} features, {units} units, {layers} layer{'s' * (layers > 1)}"
        if hint := known_mistake(found, mistakes):
            raise Hint(f"{case} you say {found:,.10g}: {hint}")
        raise Hint(
            f"{case}, {off(found, right)} Count the first layer, the layers above it, and the "
            "dense layer one by one."
        )
    return f"It agrees with Keras for {len(SIZES)} networks, up to {right:,} parameters."


def _lstm(features: int, units: int) -> int:
    return 4 * (units * (features + units) + units)


@exercise(
    "02-3",
    "With the input gate shut, each step multiplies the cell state by the forget gate.",
    "First find the gate f for which f to the power of `steps` is a half: it is a root.",
    "Then undo the sigmoid: f = 1 / (1 + exp(-b)). Solve for b.",
)
def _bias_for(answer: object) -> str:
    for steps in DISTANCES:
        found = called_number(answer, steps, case=f"With {steps}")
        forget = 0.5 ** (1 / steps)
        right = np.log(forget / (1 - forget))
        if close(found, right, rtol=1e-3, atol=1e-6):
            continue
        mistakes = {
            "that is the gate; the bias is what the sigmoid turns into it.": forget,
            "the sign is wrong: a larger bias keeps more.": -right,
            "take the inverse of the sigmoid, log(f / (1 - f)), not log(f).": np.log(forget),
            "that is a rule of thumb, and close, but half can be kept exactly.": np.log(steps),
        }
        case = f"For {steps} step{'s' * (steps > 1)}"
        if hint := known_mistake(found, mistakes, rtol=1e-4, atol=1e-6):
            raise Hint(f"{case} you say {found:.4g}: {hint}")
        left = sigmoid(found) ** steps
        raise Hint(
            f"{case} a bias of {found:.4g} leaves {left:.1%} of the state, not 50%. Which gate, "
            "multiplied by itself that often, gives a half?"
        )
    return f"100 steps take a bias of {right:.2f}; Keras starts at 1."


@exercise(
    "02-4",
    "The recurrent kernels can all be zero: mark and bit alone decide what each gate does.",
    "A large negative bias shuts a gate; a mark whose weight is twice as large opens it.",
    "The forget gate is the reverse. The candidate needs only the bit, the output only a bias.",
)
def _latch(answer: object) -> str:
    if not isinstance(answer, LSTMWeights):
        raise Hint(f"Hand over LSTMWeights of four Parts, not {type(answer).__name__}.")
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
    with learners_code("Your weights do not run:"):
        ran = unroll(np.stack([bits, marks], axis=-1), weights)
    h = ran.hidden_states[:, -1]
    if h.shape[1] != 1:
        raise Hint(f"Use one unit, not {h.shape[1]}.")
    right = np.mean(h[:, 0] * bits[:, marked[-1]] > 0.05)  # a clear sign, no rounding error
    if right < 1:
        raise Hint(
            f"With {case}, {right:.0%} have a clear and right sign. "
            + _gate_to_look_at(ran.gates, bits, marked)
        )


def _gate_to_look_at(gates: LSTMGates, bits: NDArray, marked: list[int]) -> str:
    """Say what is wrong with the first gate that does not do its part."""
    mark, other = marked[-1], bits.shape[1] - 1
    candidate = gates.candidate[:, mark, 0]
    if gates.input[:, mark].mean() < 0.5:
        return "The input gate is nearly shut on the mark."
    if not np.array_equal(np.sign(candidate), bits[:, mark]):
        return "On the mark, the candidate does not have the sign of the bit."
    if gates.input[:, other].mean() > 0.01:
        return "The input gate lets in bits that are not marked."
    if gates.forget[:, other].mean() < 0.99:
        return "The forget gate does not keep: it leaks where there is no mark."
    if len(marked) > 1 and gates.forget[:, mark].mean() > 0.5:
        return "At a second mark the old bit has to go before the new one comes."
    if gates.output[:, other].mean() < 0.5:
        return "The output gate shows next to nothing at the end."
    return "Look at the gates of `unroll` step by step: something small adds up."
