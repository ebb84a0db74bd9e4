"""Checks of the exercises: what is right about an answer, or a hint on what is not.

A wrong answer gets a sentence, never a traceback, and never the solution. Who is stuck gets ordered
hints as well, one more with each try. Checks and hints of a lesson are in the module named after
it.
"""

import inspect
import warnings
from collections import Counter
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from course.exercises.hints import Hint, said
from course.exercises.record import record

RIGHT = "✓ Exercise {}: right. {}"
NOT_YET = "✗ Exercise {}: not yet. {}"
TRIES_BEFORE_HINTS = 2

_wrong_tries: Counter[str] = Counter()
"""of each exercise, in this kernel, since it was last right"""


def check(exercise: str, answer: object, **given: object) -> None:
    """Say whether an answer is right, and if it is not, what to look at.

    Args:
        exercise: its name, such as `04-1`: the lesson's number and the exercise's.
        answer: what the exercise asks for; three dots stand for no answer yet.
        given: what the exercise starts from, such as `prices=prices`.

    Raises:
        ValueError: there is no such exercise.
        TypeError: something that the exercise starts from is missing or unknown.
    """
    try:
        print(RIGHT.format(exercise, judge(exercise, answer, **given)))
    except Hint as hint:
        print(NOT_YET.format(exercise, hint))
        if answer is not ...:
            record(exercise, right=False)
            _offer_hints(exercise)
    else:
        record(exercise, right=True)
        del _wrong_tries[exercise]


def judge(exercise: str, answer: object, **given: object) -> str:
    """Praise a right answer and raise for any other, as a cell must that is graded.

    Nothing is printed, counted or recorded.

    Args:
        exercise: as for `check`.
        answer: as for `check`.
        given: as for `check`.

    Returns:
        what there is to say about a right answer.

    Raises:
        Hint: the answer is not right yet; its text says what to look at.
        ValueError: there is no such exercise.
        TypeError: something that the exercise starts from is missing or unknown.
    """
    test = _lesson(exercise).CHECKS[exercise]
    if answer is ...:
        raise Hint("Replace the three dots with your answer.")
    call = inspect.signature(test).bind(answer, **given)  # here, as this is no learner's mistake
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is wrong, the hint tells
            return test(*call.args, **call.kwargs)
    except Hint as hint:
        raise Hint(" ".join(str(hint).split())) from None
    except (Exception, SystemExit) as error:  # whatever the answer is, it gets a sentence
        stopped = f"The check could not use your answer; it stopped at {said(error)}."
        raise Hint(stopped) from None


def _offer_hints(exercise: str) -> None:
    """From the second wrong try on, print the ordered hints, one more with each try."""
    _wrong_tries[exercise] += 1
    hints = _lesson(exercise).HINTS[exercise]
    earned = max(0, _wrong_tries[exercise] - TRIES_BEFORE_HINTS + 1)
    for number, hint in enumerate(hints[:earned], 1):
        print(f"  Hint {number} of {len(hints)}: {hint}")


def _lesson(exercise: str) -> ModuleType:
    """The module with the checks and the hints of an exercise's lesson."""
    module = f"course.exercises.lesson_{exercise[:2]}"
    lesson = import_module(module) if find_spec(module) else None
    if lesson is None or exercise not in lesson.CHECKS:
        known = f": choose one of {', '.join(lesson.CHECKS)}" if lesson else ""
        raise ValueError(f"No exercise {exercise!r}{known}.")
    return lesson
