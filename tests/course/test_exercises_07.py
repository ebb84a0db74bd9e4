"""The checks of lesson 07: right answers pass, known mistakes get their own hint."""

from course.exercises import check
from course.exercises.lesson_07 import _best

import numpy as np
import pytest

STEPS = 30


def draw_signals(samples, seed):
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(samples, STEPS))
    for t in range(1, STEPS):
        signal[:, t] = 0.9 * signal[:, t - 1] + np.sqrt(1 - 0.9**2) * signal[:, t]
    return (signal + rng.normal(size=signal.shape))[:, :, np.newaxis], signal


@pytest.fixture
def verdict(capsys):
    def ask(exercise, answer):
        given = {"draw": draw_signals} if exercise == "07-4" else {}
        check(exercise, answer, **given)
        return capsys.readouterr().out

    return ask


# ------------------------------------------------------------------------- 1: count both ways


def test_the_right_count_is_keras(verdict):
    from course_utils.models import recurrent

    model = recurrent("LSTM", features=4, units=10, layers=2, bidirectional=True)
    assert verdict("07-1", model.count_params()).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (1200 + 1680 + 21, "both halves of the first"),
        (1200 + 1680 + 11, "twice as wide"),
        (1200 + 2480 + 11, "Dense(1) sees both"),
        (1200 + 2480, "Dense(1) is missing"),
        (1200 + 2480 + 20, "has a bias"),
        (1200 + 1200 + 21, "not the features"),
        (600 + 840 + 11, "plain stack"),
        (600 + 2480 + 21, "first layer has a twin"),
        (1200 + 1240 + 21, "second layer has a twin"),
        (5000, "too many"),
        (50, "too few"),
    ],
)
def test_a_known_mistake_in_the_count_gets_its_hint(answer, hint, verdict):
    assert hint in verdict("07-1", answer)


# ------------------------------------------------------------------------- 2: honest or not?


@pytest.mark.parametrize("answer", [{"a", "b", "e"}, ["E", "b", "a"], ("a", "b", "e", "a")])
def test_the_three_honest_cases_pass(answer, verdict):
    assert verdict("07-2", answer).startswith("✓")


@pytest.mark.parametrize("letter", "abcdef")
def test_one_wrong_letter_gets_the_reason_of_its_case(letter, verdict):
    assert f"Case {letter}:" in verdict("07-2", set("abe") ^ {letter})


@pytest.mark.parametrize("answer", ["abe", {"a": True}, 3])
def test_no_set_of_letters_is_told_so(answer, verdict):
    assert "A set of letters" in verdict("07-2", answer)


def test_an_unknown_letter_is_told_so(verdict):
    assert "The letters are" in verdict("07-2", {"a", "z"})


# -------------------------------------------------------------------- 3: the right last output


def last(forward_step, backward_step, swapped=False):
    def build(outputs):
        units = outputs.shape[-1] // 2
        halves = [outputs[:, forward_step, :units], outputs[:, backward_step, units:]]
        return np.concatenate(halves[::-1] if swapped else halves, axis=-1)

    return build


def test_the_right_last_output_passes(verdict):
    assert verdict("07-3", last(-1, 0)).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda outputs: outputs[:, -1], "backward half has read one input"),
        (lambda outputs: outputs[:, 0], "forward half has read one input"),
        (last(0, -1), "The other way round"),
        (last(-1, 0, swapped=True), "the forward one comes first"),
        (last(0, -1, swapped=True), "numbers are off"),
        (lambda outputs: outputs.mean(axis=1), "mean over the steps"),
        (lambda outputs: outputs[:, -1, :2], "return (4, 6), not (4, 2)"),
        (lambda outputs: outputs[:, -1] / 0, "finite"),
        (lambda outputs: outputs.last, "raised AttributeError"),
        (np.zeros((4, 6)), "function itself"),
    ],
)
def test_a_known_mistake_in_the_last_output_gets_its_hint(answer, hint, verdict):
    with np.errstate(divide="ignore", invalid="ignore"):
        assert hint in verdict("07-3", answer)


# ------------------------------------------------------------------------ 4: a little patience


@pytest.mark.parametrize("ahead", [1, 3])
def test_an_estimate_that_waits_passes(ahead, verdict):
    assert verdict("07-4", lambda inputs: _best(inputs, ahead)).startswith("✓")


def test_an_estimate_may_keep_its_last_axis(verdict):
    assert verdict("07-4", lambda inputs: _best(inputs, 3)[:, :, np.newaxis]).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda inputs: _best(inputs, 0), "best filter's"),
        (
            lambda inputs: _best(inputs, 3) + np.random.default_rng().normal(0, 1, (1, STEPS)),
            "drawn at random",
        ),
        (lambda inputs: _best(inputs, 4), "sees more than 3 steps ahead"),
        (lambda inputs: _best(inputs, STEPS), "sees more than 3 steps ahead"),
        (lambda inputs: inputs[:, :, 0], "noisy input itself"),
        (lambda inputs: inputs[:, -1], "return (1000, 30)"),
        (lambda inputs: np.log(-np.abs(inputs)), "finite"),
        (lambda inputs: inputs.signal, "raised AttributeError"),
        (np.zeros((1000, 30)), "function itself"),
    ],
)
def test_a_known_mistake_with_patience_gets_its_hint(answer, hint, verdict):
    with np.errstate(invalid="ignore"):
        assert hint in verdict("07-4", answer)


def test_the_best_estimates_get_better_with_every_step_they_wait():
    inputs, signal = draw_signals(2000, 0)
    errors = [np.square(_best(inputs, ahead) - signal).mean() for ahead in (0, 1, 3, STEPS)]
    assert errors == sorted(errors, reverse=True)
