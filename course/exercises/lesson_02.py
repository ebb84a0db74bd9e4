"""Checks of lesson 02, LSTM gates."""

from collections.abc import Callable

from course.exercises.answers import ask_for_same, numbers
from course.exercises.hints import Hint, Slips, close, diagnosis, exercise, learners_code
from course_utils.cells import LSTMGates, LSTMWeights, sigmoid, unroll

import numpy as np
from numpy.typing import ArrayLike, NDArray

SIZES = ((3, 8, 2), (1, 1, 1), (5, 20, 3), (1, 50, 4))  # where each mistake has its own number
DISTANCES = (1, 10, 100)


_ONE_STEP = (0.6, 0.25 * np.tanh(0.6))
_OTHER_STEPS: Slips = {
    "The cell state goes through tanh before the output gate shows it.": (0.6, 0.25 * 0.6),
    "First tanh of the cell state, then times the output gate.": (0.6, np.tanh(0.25 * 0.6)),
    "c is right, but the output gate shows only a part of tanh(c).": (0.6, np.tanh(0.6)),
    "The hidden state shows the new cell state, not the old one.": (0.6, 0.25 * np.tanh(2.0)),
    "The hidden state shows the cell state, not the candidate.": (0.6, 0.25 * np.tanh(-0.4)),
    "tanh, not sigmoid, squashes the cell state.": (0.6, 0.25 * sigmoid(0.6)),
    "The gates are given: no gate goes through sigmoid again.": (0.6, sigmoid(0.25) * np.tanh(0.6)),
    "The candidate is given: it has been through tanh already.": (
        1 + np.tanh(-0.4),
        0.25 * np.tanh(1 + np.tanh(-0.4)),
    ),
    "You swapped two gates: the forget gate belongs to the old state, the input gate to the "
    "candidate.": (1.8, 0.25 * np.tanh(1.8)),
    "The candidate is negative.": (1.4, 0.25 * np.tanh(1.4)),
    "The forget gate is missing: it keeps half of the old state.": (1.6, 0.25 * np.tanh(1.6)),
    "The candidate is missing: the input gate adds it.": (1.0, 0.25 * np.tanh(1.0)),
    "The input gate is 1.0: it lets in the whole candidate.": (0.8, 0.25 * np.tanh(0.8)),
    "The output gate is 0.25, and 0.75 is what it holds back.": (0.6, 0.75 * np.tanh(0.6)),
    "c itself is not squashed: tanh comes when it is shown.": (np.tanh(0.6), 0.25 * np.tanh(0.6)),
    "The old state is missing: the forget gate keeps half of it.": (-0.4, 0.25 * np.tanh(-0.4)),
}


@exercise(
    "02-1",
    "First the new cell state: what the forget gate keeps, plus what the input gate lets in.",
    "The candidate is negative, so the new state is below what was kept.",
    "The hidden state is the output gate times tanh of the new cell state.",
    slips=_OTHER_STEPS,
)
def _one_step(answer: object) -> str:
    found = numbers(answer, 2)
    c, h = _ONE_STEP
    if close(found, _ONE_STEP, atol=1e-3):
        return f"c = {c:.1f}, and {h:.3f} of it is shown."
    known = diagnosis(found, _ONE_STEP, _OTHER_STEPS, atol=5e-4)
    if not close(found[0], c, atol=1e-3):
        told = f"c = {found[0]:.4g} is off: keep a part of the old state, add a part of the new."
        raise Hint(known or told)
    told = f"c is right, but h = {found[1]:.4g} is not: multiply the output gate and tanh(c)."
    raise Hint(known or told, share=0.5)


def _lstm(features: int, units: int, parts: int = 4, biases: int = 1) -> int:
    return parts * units * (features + units + biases)


def _stack(features: int, units: int, number: int, parts: int = 4, biases: int = 1) -> int:
    above = _lstm(units, units, parts, biases)
    return _lstm(features, units, parts, biases) + (number - 1) * above + units + 1


_OTHER_STACKS: Slips = {
    "the second layer sees the first layer's output, not the features.": lambda f, u, n: (
        n * _lstm(f, u) + u + 1
    ),
    "the dense layer at the end is missing.": lambda f, u, n: _stack(f, u, n) - u - 1,
    "the dense layer has a bias, too.": lambda f, u, n: _stack(f, u, n) - 1,
    "the dense layer has a weight for each unit, not only a bias.": lambda f, u, n: (
        _stack(f, u, n) - u
    ),
    "that is PyTorch's count; Keras has one bias in each part.": lambda f, u, n: _stack(
        f, u, n, biases=2
    ),
    "an LSTM has four parts.": lambda f, u, n: _stack(f, u, n, parts=1),
    "an LSTM has four parts; three are a GRU's.": lambda f, u, n: _stack(f, u, n, parts=3),
    "the biases of the LSTM layers are missing.": lambda f, u, n: _stack(f, u, n, biases=0),
    "that is one layer too many: the first is one of them.": lambda f, u, n: _stack(f, u, n + 1),
    "that is one layer only, whatever the number: does `return` end a loop too early?": (
        lambda f, u, n: _stack(f, u, 1)
    ),
    "a layer is missing: one at the bottom, and all but one above it.": lambda f, u, n: (
        _stack(f, u, n) - _lstm(u, u)
    ),
    "each layer has a Dense(1) in your count; the stack has one.": lambda f, u, n: (
        _stack(f, u, n) + (n - 1) * (u + 1)
    ),
    "each layer has the features below it and a Dense(1) above it in your count.": (
        lambda f, u, n: n * (_lstm(f, u) + u + 1)
    ),
    "Dense(1) is missing, and the second layer sees the first, not the features.": (
        lambda f, u, n: n * _lstm(f, u)
    ),
    "Dense(1) sees the last layer only.": lambda f, u, n: _stack(f, u, n) + (n - 1) * u,
    "`features` and `units` are swapped: features come first.": lambda f, u, n: _stack(u, f, n),
    "`units` and `number` are swapped: the number of layers comes last.": lambda f, u, n: _stack(
        f, n, u
    ),
    "a layer above sees the units below it, and no features.": lambda f, u, n: (
        _stack(f, u, n) + (n - 1) * 4 * u * f
    ),
    "each unit has a bias in each part: yours has one bias in a part.": lambda f, u, n: (
        _stack(f, u, n) - 4 * n * (u - 1)
    ),
    "the recurrent weights are missing: each unit sees all units of its own layer.": (
        lambda f, u, n: _stack(f, u, n) - 4 * u * u * n
    ),
    "the weights of the inputs are missing.": lambda f, u, n: n * _lstm(0, u) + u + 1,
    "a layer above sees the units below it besides its own.": lambda f, u, n: (
        _lstm(f, u) + (n - 1) * _lstm(0, u) + u + 1
    ),
    "the first layer sees the features, not the units of a layer below it.": lambda f, u, n: (
        n * _lstm(u, u) + u + 1
    ),
}


@exercise(
    "02-2",
    "One LSTM layer has four parts of the same size; the lesson's `lstm_parameters` counts it.",
    "Only the first layer sees the features. What does each layer above it see?",
    "A `Dense(1)` has a weight for each unit of the last layer, and one bias.",
    slips=_OTHER_STACKS,
)
def _stack_parameters(answer: object) -> str:
    ask_for_same(
        answer,
        _stack,
        {f"With {f}, {u}, {n}": (f, u, n) for f, u, n in SIZES},
        _OTHER_STACKS,
        "Count the first layer, the layers above it, and the dense layer one by one.",
        tolerance=0,
    )
    return (
        f"It agrees with Keras for {len(SIZES)} networks, up to {_stack(*SIZES[-1]):,} parameters."
    )


def _bias(steps: int) -> float:
    forget = 0.5 ** (1 / steps)
    return np.log(forget / (1 - forget))


_OTHER_BIASES: Slips = {
    "that is the gate; the bias is what the sigmoid turns into it.": lambda n: 0.5 ** (1 / n),
    "the sign is wrong: a larger bias keeps more.": lambda n: -_bias(n),
    "take the inverse of the sigmoid, log(f / (1 - f)), not log(f).": lambda n: -np.log(2) / n,
    "that is a rule of thumb, and close, but half can be kept exactly.": lambda n: np.log(n),
    "that is a rule of thumb: the gate must be the root of a half.": lambda n: np.log(n + 1),
    "that is f / (1 - f): its logarithm is missing.": lambda n: np.exp(_bias(n)),
    "take the natural logarithm, not that to base 10.": lambda n: _bias(n) / np.log(10),
    "take the natural logarithm, not that to base 2.": lambda n: _bias(n) / np.log(2),
    "0.5 ** n is what a gate of a half leaves: which gate, to the power of n, is a half?": (
        lambda n: 0.5**n
    ),
    "log(1 - f) is only a part of it: take log(f / (1 - f)).": lambda n: np.log(1 - 0.5 ** (1 / n)),
    "that is rounded too far: return all digits.": lambda n: round(_bias(n), 1),
    "that is sigmoid of the gate: go the other way.": lambda n: sigmoid(0.5 ** (1 / n)),
    "that divides by the steps: a gate that acts n times is a root, 0.5 ** (1 / n).": lambda n: (
        np.log(0.5 / n / (1 - 0.5 / n))
    ),
    "invert the sigmoid of a root: 0.5 ** n is what n steps of a half leave.": (
        lambda n: np.log(0.5**n / (1 - 0.5**n))
    ),
    "that loses a half in n equal pieces; each step takes a share of what is left.": lambda n: (
        np.log((1 - 0.5 / n) / (0.5 / n))
    ),
    "that is what each step loses: take what it keeps, and undo the sigmoid.": lambda n: (
        1 - 0.5 ** (1 / n)
    ),
    "a half is to be left, not 1 / e: take the root of 0.5.": lambda n: -np.log(np.expm1(1 / n)),
    "that is for one step more.": lambda n: _bias(n + 1),
    "undo the sigmoid, not tanh.": lambda n: np.arctanh(0.5 ** (1 / n)),
}


@exercise(
    "02-3",
    "With the input gate shut, each step multiplies the cell state by the forget gate.",
    "First find the gate f for which f to the power of `steps` is a half: it is a root.",
    "Then undo the sigmoid: f = 1 / (1 + exp(-b)). Solve for b.",
    slips=_OTHER_BIASES,
)
def _bias_for(answer: object) -> str:
    ask_for_same(
        answer,
        _bias,
        {f"For {steps} step{'s' * (steps > 1)}": (steps,) for steps in DISTANCES},
        _OTHER_BIASES,
        "Which gate, multiplied by itself that often, gives a half? Then undo the sigmoid.",
        tolerance=1e-3,
    )
    return f"100 steps take a bias of {_bias(100):.2f}; Keras starts at 1."


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
    if gates.forget[:, other].mean() ** (other - mark) < 0.9:
        return "The forget gate does not keep: it leaks where there is no mark."
    if len(marked) > 1 and gates.forget[:, mark].mean() > 0.5:
        return "At a second mark the old bit has to go before the new one comes."
    if gates.output[:, other].min() < 0.5:
        return "The output gate shows next to nothing at the end of some sequences."
    if np.abs(candidate).min() < 0.1:
        return "The candidate is too small to be seen: give the bit a larger weight."
    return "Look at the gates of `unroll` step by step: something small adds up."


def _backward(*step: NDArray, slope_of_c: Callable[[NDArray], ArrayLike] | None = None) -> NDArray:
    """The gradients of an LSTM step; a slip may have its own idea of the slope of tanh(c)."""
    i, f, candidate, o, c_before, dh, dc = step
    shown = np.tanh(f * c_before + i * candidate)
    to_c = dc + dh * o * (slope_of_c(shown) if slope_of_c else 1 - shown**2)
    to_sums = [
        to_c * candidate * i * (1 - i),
        to_c * c_before * f * (1 - f),
        to_c * i * (1 - candidate**2),
        dh * shown * o * (1 - o),
    ]
    return np.stack([to_c * f, *to_sums])


def _backward_case() -> tuple[NDArray, ...]:
    rng = np.random.default_rng(5)
    gates = [sigmoid(rng.normal(size=(2, 3))) for _ in range(4)]
    gates[2] = np.tanh(rng.normal(size=(2, 3)))
    return (*gates, *rng.normal(size=(3, 2, 3)))


def _without_slopes(*given: NDArray) -> NDArray:
    i, f, candidate, o, *_ = given
    return _backward(*given) / np.stack(
        [np.ones_like(i), i * (1 - i), f * (1 - f), 1 - candidate**2, o * (1 - o)]
    )


def _with_row(row: int, values: NDArray, *given: NDArray) -> NDArray:
    """The right gradients with a wrong row."""
    gradients = _backward(*given)
    gradients[row] = values
    return gradients


_OTHER_BACKWARDS: Slips = {
    "h is missing: the cell state is also shown, so dh reaches it, too.": lambda *given: np.stack(
        [*_backward(*given[:5], 0 * given[5], given[6])[:4], _backward(*given)[4]]
    ),
    "dc is missing: the step after sends a gradient back as well.": lambda *given: _backward(
        *given[:6], 0 * given[6]
    ),
    "the slope of tanh(c) is missing between h and c: 1 - tanh(c)².": lambda *given: _backward(
        *given, slope_of_c=np.ones_like
    ),
    "those are gradients with respect to gates; multiply by the slopes of sigmoid and tanh.": (
        _without_slopes
    ),
    "the order is off: c before, then input, forget, candidate, output.": lambda *given: _backward(
        *given
    )[[0, 2, 1, 3, 4]],
    "c before comes first, then the four weighted sums.": lambda *given: np.roll(
        _backward(*given), -1, axis=0
    ),
    "c before reaches c through the forget gate: multiply by f.": lambda *given: _with_row(
        0, _backward(*given)[0] / given[1], *given
    ),
    "the candidate has been through tanh: its slope is 1 - candidate².": lambda *given: _with_row(
        3, _backward(*given)[3] / (1 - given[2] ** 2) * given[2] * (1 - given[2]), *given
    ),
    "gates and candidate are given: they have been through sigmoid and tanh.": (
        lambda i, f, candidate, o, *others: _backward(
            sigmoid(i), sigmoid(f), np.tanh(candidate), sigmoid(o), *others
        )
    ),
    "`i` and `f` are swapped: the input gate comes first.": lambda i, f, *others: _backward(
        f, i, *others
    ),
    "the output gate multiplies tanh(c), not c.": lambda i, f, candidate, o, c_before, dh, dc: (
        _with_row(
            4,
            dh * (f * c_before + i * candidate) * o * (1 - o),
            *(i, f, candidate, o, c_before, dh, dc),
        )
    ),
}


@exercise(
    "02-5",
    "The cell state is reached in two ways: from the step after, and from h through tanh.",
    "Add both up first. All other gradients but the output gate's start from this sum.",
    "For a gate s = sigmoid(a), the slope is s (1 - s); for the candidate, 1 - candidate².",
    slips=_OTHER_BACKWARDS,
)
def _lstm_backward(answer: object) -> str:
    ask_for_same(
        answer,
        _backward,
        {"For a batch of 2 and 3 units": _backward_case()},
        _OTHER_BACKWARDS,
        "nudge one number by 0.000001, and see what it should be.",
        axes="(5, batch, units)",
        rows=("c before", "input gate", "forget gate", "candidate", "output gate"),
    )
    return "You have done by hand what a tape does for an LSTM."
