"""The checks of lesson 02: right answers pass, known mistakes get their own hint."""

from course.exercises import check
from course_utils.cells import LSTMWeights, Part

import numpy as np
import pytest


@pytest.fixture
def verdict(capsys):
    def ask(exercise, answer):
        check(exercise, answer)
        return capsys.readouterr().out

    return ask


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


LATCH = {
    "input": part(0.0, 40.0, -20.0),
    "forget": part(0.0, -40.0, 20.0),
    "candidate": part(5.0, 0.0, 0.0),
    "output": part(0.0, 0.0, 10.0),
}
TWO_UNITS = Part(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros(2))
SOLUTIONS = {
    "02-1": (0.6, 0.25 * np.tanh(0.6)),
    "02-2": stack,
    "02-3": bias,
    "02-4": LSTMWeights(**LATCH),
}


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_the_solution_passes(exercise, verdict):
    assert verdict(exercise, SOLUTIONS[exercise]).startswith(f"✓ Exercise {exercise}: right. ")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((0.25 * np.tanh(0.6), 0.6), "wrong order"),
        ((0.6, 0.15), "through tanh"),
        ((0.6, np.tanh(0.15)), "First tanh"),
        ((0.6, np.tanh(0.6)), "a part of tanh"),
        ((0.6, 0.25 * np.tanh(2.0)), "not the old one"),
        ((0.6, 0.25 * np.tanh(-0.4)), "not the candidate"),
        ((1.8, 0.25 * np.tanh(1.8)), "swapped"),
        ((1.4, 0.25 * np.tanh(1.4)), "negative"),
        ((0.7, 0.1), "keep a part"),
        ((0.6, 0.5), "tanh of what"),
        (0.6, "2 numbers"),
    ],
)
def test_one_step_knows_the_usual_mistakes(answer, hint, verdict):
    assert hint in verdict("02-1", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda f, u, n: n * lstm(f, u) + u + 1, "not the features"),
        (lambda f, u, n: stack(f, u, n) - u - 1, "dense layer at the end"),
        (lambda f, u, n: stack(f, u, n) - 1, "has a bias, too"),
        (lambda f, u, n: stack(f, u, n) + 4 * u * n, "PyTorch"),
        (lambda f, u, n: (stack(f, u, n) - u - 1) // 4 + u + 1, "four parts"),
        (lambda f, u, n: stack(f, u, n) - 4 * u * n, "biases"),
        (lambda f, u, n: stack(f, u, n) - 4 * u * u * n, "is too few. Count the first layer"),
        (lambda f, u, n: stack(f, u, n) - 4 * u * f, "is too few. Count the first layer"),
        (lambda f, u, n: 0, "too few"),
        (lambda f, u, n: 10**9, "too many"),
        (lambda f, u: 1, "raised TypeError"),
        (stack(1, 50, 4), "function itself"),
    ],
)
def test_counting_a_stack_knows_the_usual_mistakes(answer, hint, verdict):
    assert hint in verdict("02-2", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (gate, "For 1 step you say 0.5: that is the gate"),
        (lambda steps: gate(steps) if steps > 1 else 0.0, "For 10 steps you say 0.933: that is"),
        (lambda steps: -bias(steps), "sign is turned"),
        (lambda steps: np.log(gate(steps)), "inverse of the sigmoid"),
        (np.log, "rule of thumb"),
        (lambda steps: 0.0, "not 50 %"),
        (lambda steps: 1 / 0, "ZeroDivisionError"),
        (bias(10), "function itself"),
    ],
)
def test_the_bias_for_a_distance_knows_the_usual_mistakes(answer, hint, verdict):
    assert hint in verdict("02-3", answer)


@pytest.mark.parametrize(
    ("parts", "hint"),
    [
        ({"input": part(0.0, 0.0, -20.0)}, "nearly shut on the mark"),
        ({"candidate": part(-5.0, 0.0, 0.0)}, "sign of the bit"),
        ({"input": part(0.0, 0.0, 20.0)}, "not marked"),
        ({"forget": part(0.0, 0.0, 0.0)}, "leaks"),
        ({"forget": part(0.0, 0.0, 20.0)}, "has to go"),
        ({"output": part(0.0, 0.0, -20.0)}, "next to nothing"),
        (dict.fromkeys(LATCH, TWO_UNITS), "One unit"),
        ({"input": Part(np.zeros((3, 1)), np.zeros((1, 1)), np.zeros(1))}, "do not run"),
    ],
)
def test_the_latch_says_which_gate_to_look_at(parts, hint, verdict):
    assert hint in verdict("02-4", LSTMWeights(**(LATCH | parts)))
