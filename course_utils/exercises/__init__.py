"""Checks of the exercises: what is right about an answer, or a hint on what is not.

A wrong answer gets a sentence, never a traceback, and never the solution. The checks of a lesson
are in the module named after it.
"""

from importlib import import_module
from importlib.util import find_spec

from course_utils.exercises.hints import Hint

RIGHT = "✓ Exercise {}: right. {}"
NOT_YET = "✗ Exercise {}: not yet. {}"


def check(exercise: str, answer: object, **given: object) -> None:
    """Say whether an answer is right, and if it is not, what to look at.

    Args:
        exercise: its name, such as `04-1`: the lesson's number and the exercise's.
        answer: what the exercise asks for; three dots stand for no answer yet.
        given: what the exercise starts from, such as `prices=prices`.

    Raises:
        ValueError: there is no such exercise.
    """
    try:
        print(RIGHT.format(exercise, judge(exercise, answer, **given)))
    except Hint as hint:
        print(NOT_YET.format(exercise, hint))


def judge(exercise: str, answer: object, **given: object) -> str:
    """Praise a right answer and raise for any other, as a cell must that is graded.

    Args:
        exercise: as for `check`.
        answer: as for `check`.
        given: as for `check`.

    Returns:
        What there is to say about a right answer.

    Raises:
        Hint: the answer is not right yet; its text says what to look at.
        ValueError: there is no such exercise.
    """
    module = f"course_utils.exercises.lesson_{exercise[:2]}"
    checks = import_module(module).CHECKS if find_spec(module) else {}
    if exercise not in checks:
        known = f": choose one of {', '.join(checks)}" if checks else ""
        raise ValueError(f"No exercise {exercise!r}{known}.")
    if answer is ...:
        raise Hint("Replace the three dots with your answer.")
    return checks[exercise](answer, **given)
