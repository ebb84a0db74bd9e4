"""The checks of lesson 07: right answers pass, known mistakes get their own hint."""

from course.exercises.lesson_07 import _best, _ends

import keras
import numpy as np
import pytest
from exercise_verdict import assert_verdict

STEPS = 30


def draw_signals(samples, seed):
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(samples, STEPS))
    for t in range(1, STEPS):
        signal[:, t] = 0.9 * signal[:, t - 1] + np.sqrt(1 - 0.9**2) * signal[:, t]
    return (signal + rng.normal(size=signal.shape))[:, :, np.newaxis], signal


GIVEN = {"07-4": {"draw": draw_signals}}


def last(forward_step, backward_step, swapped=False):
    def build(outputs):
        units = outputs.shape[-1] // 2
        halves = [outputs[:, forward_step, :units], outputs[:, backward_step, units:]]
        return np.concatenate(halves[::-1] if swapped else halves, axis=-1)

    return build


def waiting(ahead):
    return lambda inputs: _best(inputs, ahead)


def with_noise(inputs):
    return _best(inputs, 3) + np.random.default_rng().normal(0, 1, (1, STEPS))


def test_the_right_last_output_is_that_of_keras():
    sequences = np.random.default_rng(0).normal(size=(4, 6, 2))
    both = [
        keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=every_step))
        for every_step in (True, False)
    ]
    for layer in both:
        layer.build(sequences.shape)
    both[1].set_weights(both[0].get_weights())
    outputs, right = (np.asarray(layer(sequences)) for layer in both)
    np.testing.assert_allclose(_ends(outputs), right, atol=1e-6)


def test_the_right_count_is_that_of_keras():
    from course_utils.models import recurrent

    model = recurrent("LSTM", features=4, units=10, layers=2, bidirectional=True)
    assert model.count_params() == 3701


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("07-1", 3701, "✓"),
        ("07-2", {"a", "b", "e"}, "✓"),
        ("07-2", ["E", "b", "a"], "✓"),
        ("07-2", ("a", "b", "e", "a"), "✓"),
        ("07-3", last(-1, 0), "✓"),
        ("07-4", waiting(1), "✓"),
        ("07-4", waiting(3), "✓"),
        ("07-4", lambda inputs: _best(inputs, 3)[:, :, np.newaxis], "✓"),
        ("07-1", 5000, "too large"),
        ("07-1", 50, "too small"),
        *[("07-2", set("abe") ^ {letter}, f"Case {letter}:") for letter in "abcdef"],
        ("07-2", "abe", "a set of letters"),
        ("07-2", {1, 2}, "a set of letters"),
        ("07-2", {"a", "z"}, "The letters are"),
        ("07-3", lambda outputs: outputs[:, -1, :2], "here (4, 4), not (4, 2)"),
        ("07-4", waiting(0), "best filter's"),
        ("07-4", with_noise, "drawn at random"),
        ("07-4", waiting(4), "sees more than 3 steps ahead"),
        ("07-4", lambda inputs: inputs[:, :, 0], "noisy input itself"),
        ("07-4", lambda inputs: inputs[:, -1], "(batch, time_steps), here (1000, 30), not"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)


def test_the_best_estimates_get_better_with_every_step_they_wait():
    inputs, signal = draw_signals(2000, 0)
    errors = [np.square(_best(inputs, ahead) - signal).mean() for ahead in (0, 1, 3, STEPS)]
    assert errors == sorted(errors, reverse=True)
