"""The checks of lesson 02: right answers pass, known mistakes get their own hint."""

from course_utils.cells import LSTMGates, LSTMWeights, Part, remember, sigmoid

import numpy as np
import pytest
from exercise_verdict import assert_verdict

GIVEN = {}


def lstm(features, units):
    return 4 * (units * (features + units) + units)


def stack(features, units, number):
    return lstm(features, units) + (number - 1) * lstm(units, units) + units + 1


def gate(steps):
    return 0.5 ** (1 / steps)


def bias(steps):
    return np.log(gate(steps) / (1 - gate(steps)))


def part(bit, mark, start):
    return Part(np.array([[bit], [mark]]), np.zeros((1, 1)), np.array([start]))


def latch(**changed):
    gates = {
        "input": part(0.0, 40.0, -20.0),
        "forget": part(0.0, -40.0, 20.0),
        "candidate": part(5.0, 0.0, 0.0),
        "output": part(0.0, 0.0, 10.0),
    }
    return LSTMWeights(**(gates | changed))


def by_nudging(i, f, candidate, o, c_before, dh, dc):
    """The gradients by their definition: nudge what goes in, and see how the loss moves."""
    sums = [np.log(i / (1 - i)), np.log(f / (1 - f)), np.arctanh(candidate), np.log(o / (1 - o))]
    given = np.stack([c_before, *sums])
    gradients = np.empty_like(given)
    for place in np.ndindex(given.shape):
        nudge = np.zeros_like(given)
        nudge[place] = 1e-6
        up, down = (one_step(given + sign * nudge, dh, dc) for sign in (1, -1))
        gradients[place] = (up - down) / 2e-6
    return gradients


def one_step(given, dh, dc):
    c, i, f, candidate, o = given
    gates = LSTMGates(sigmoid(i), sigmoid(f), np.tanh(candidate), sigmoid(o))
    h, c = remember(c, gates)
    return (h * dh + c * dc).sum()


TWO_UNITS = Part(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros(2))
THREE_FEATURES = Part(np.zeros((3, 1)), np.zeros((1, 1)), np.zeros(1))
C, H = 0.6, 0.25 * np.tanh(0.6)


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("02-1", (C, H), "✓"),
        ("02-1", np.array([[C], [round(H, 3)]]), "✓"),
        ("02-2", stack, "✓"),
        ("02-3", bias, "✓"),
        ("02-4", latch(), "✓"),
        ("02-4", latch(input=Part([[0], [40]], [[0]], [-20])), "✓"),
        ("02-5", by_nudging, "✓"),
        ("02-5", lambda *given: by_nudging(*given)[:4], "shape (5, batch, units)"),
        ("02-5", lambda *given: 3 * by_nudging(*given), "off for c before, input gate"),
        ("02-1", (H, C), "wrong order"),
        ("02-1", (0.7, 0.1), "keep a part"),
        ("02-1", (C, 0.5), "output gate and tanh(c)"),
        (
            "02-2",
            lambda f, u, n: stack(f, u, n) - 7 * u * u * n,
            "it is 937. Count the first layer",
        ),
        ("02-2", lambda f, u, n: 10**9, "the same in all"),
        ("02-2", lambda f, u: 1, "With 3, 8, 2, your function raised TypeError"),
        ("02-3", lambda steps: 1e6 * steps, "but it is 0. Which gate"),
        ("02-4", {"input": 1}, "LSTMWeights of four Parts, not dict"),
        ("02-4", latch(input=part(0.0, 0.0, -20.0)), "nearly shut on the mark"),
        ("02-4", latch(candidate=part(-5.0, 0.0, 0.0)), "sign of the bit"),
        ("02-4", latch(input=part(0.0, 0.0, 20.0)), "not marked"),
        ("02-4", latch(forget=part(0.0, 0.0, 0.0)), "leaks"),
        ("02-4", latch(forget=part(0.0, 0.0, 20.0)), "has to go"),
        ("02-4", latch(output=part(0.0, 0.0, -20.0)), "next to nothing"),
        ("02-4", latch(candidate=part(0.01, 0.0, 0.0)), "candidate is too small"),
        ("02-4", LSTMWeights(*[TWO_UNITS] * 4), "Use one unit, not 2"),
        ("02-4", latch(input=THREE_FEATURES), "do not run: ValueError"),
        ("02-4", latch(input=None), "do not run: AttributeError"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)
