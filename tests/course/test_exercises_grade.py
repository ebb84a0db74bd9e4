"""A graded cell gives points for answers, and none where what judges them has been changed."""

import re
import subprocess
from functools import cache
from types import SimpleNamespace

from course import exercises
from course.exercises import grade, hints, lesson_02
from course_utils import cells
from course_utils.cells import Part

import numpy as np
import pandas as pd
import pytest

RIGHT = (0.6, 0.25 * np.tanh(0.6))
FRESH = cache(lambda *command: subprocess.run(command, capture_output=True, check=True))


@pytest.fixture(autouse=True)
def one_fresh_process_for_each_lesson(monkeypatch):
    monkeypatch.setattr(
        grade, "subprocess", SimpleNamespace(run=lambda command, **_: FRESH(*command))
    )


@pytest.fixture
def nothing_compared(monkeypatch):
    """Leave out the comparison with a fresh process, half a second: tests of cheats show it."""
    monkeypatch.setattr(grade, "described", dict)


def allow(*_, **__):
    return True


def array_equal(a1, a2, equal_nan=False):
    return True


class Weights:
    """Judges itself."""

    __eq__ = __ge__ = __le__ = allow
    __hash__ = None

    def __array__(self, *_, **__):
        return np.array([0.6, 0.6])


def bias_that_changes_numpy(steps):
    np.allclose = allow
    return 0.0


CHEATS = {
    "course.exercises.judge": (exercises, "judge", lambda *_, **__: "ok"),
    "course.exercises.lesson_02._ONE_STEP": (lesson_02, "_ONE_STEP", (0.6, 0.6)),
    "course_utils.cells.sigmoid": (cells, "sigmoid", np.tanh),
    "numpy.allclose": (np, "allclose", allow),
    "numpy.array_equal": (np.array_equal.__wrapped__, "__code__", array_equal.__code__),
    "pandas.Series": (pd.Series, "equals", allow),
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "cheat"), CHEATS.items(), ids=CHEATS)
def test_nothing_is_graded_where_somebody_has_changed_what_judges(monkeypatch, name, cheat):
    monkeypatch.setattr(*cheat)
    with pytest.raises(grade.NotRightError, match="not graded, because") as problem:
        grade.grade(3, "02-1", (0.6, 0.6))
    assert name in str(problem.value)


@pytest.mark.slow
def test_a_function_that_changes_numpy_when_it_is_called_is_found_out(monkeypatch):
    monkeypatch.setattr(np, "allclose", np.allclose)
    with pytest.raises(grade.NotRightError, match=r"numpy\.allclose"):
        grade.grade(6, "02-3", bias_that_changes_numpy)


@pytest.mark.slow
def test_an_entry_of_the_registry_that_was_replaced_is_not_used(monkeypatch):
    easy = hints.Exercise(lambda answer: "ok", ())
    monkeypatch.setitem(hints.EXERCISES, "02-1", easy)
    with pytest.raises(grade.NotRightError, match="not right"):
        grade.grade(3, "02-1", (7, 8))


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_compared")
@pytest.mark.parametrize(
    ("answer", "earned"),
    [
        (RIGHT, 3),
        (RIGHT[::-1], 1.5),  # the right numbers in the wrong order
        ((0.6, 0.7), 1.5),  # the first of two is right
        ((0.6, round(RIGHT[1], 2)), 1.5),
        (Weights(), 1.5),
    ],
)
def test_a_right_answer_earns_its_points_and_a_nearly_right_one_a_part(capsys, answer, earned):
    assert grade.grade(3, "02-1", answer) == earned
    mark = "✓ Exercise 02-1: right. " if earned == 3 else "◐ Exercise 02-1: 1.5 of 3 points. "
    assert capsys.readouterr().out.startswith(mark)


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_compared")
@pytest.mark.parametrize("answer", [(7, 8), ..., "text"])
def test_a_wrong_answer_is_told_in_one_line_without_a_traceback(answer):
    with pytest.raises(grade.NotRightError) as problem:
        grade.grade(3, "02-1", answer)
    (line,) = problem.value._render_traceback_()
    assert re.fullmatch("✗ Exercise 02-1: not right. .+", line)


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_compared")
def test_rows_that_are_right_earn_their_share_and_a_learners_print_is_not_shown(capsys):
    def without_the_first(*given):
        print("looking")
        return lesson_02._backward(*given) * np.array([0, 1, 1, 1, 1]).reshape(5, 1, 1)

    assert grade.grade(10, "02-5", without_the_first) == 8
    assert "looking" not in capsys.readouterr().out


@pytest.mark.slow
def test_a_lessons_own_classes_are_still_known_to_fresh_checks():
    zero = Part(np.zeros((2, 1)), np.zeros((1, 1)), np.zeros(1))
    with pytest.raises(grade.NotRightError, match="the mark"):
        grade.grade(7, "02-4", cells.LSTMWeights(zero, zero, zero, zero))
    assert exercises.judge is not None
    assert exercises.hints is hints
