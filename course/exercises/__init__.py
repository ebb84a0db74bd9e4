"""Checks of the exercises: what is right about an answer, or a hint on what is not.

A wrong answer gets a sentence, never a traceback, and never the solution. From the second wrong try
on, ordered hints follow, one more with each try. The checks and hints of a lesson are in the module
named after it.
"""

import warnings
from collections import Counter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from course.exercises.hints import EXERCISES, Exercise, Hint
from course.exercises.progress import how_far
from course.exercises.record import record, solved
from course_utils.files import OWN

if OWN:
    __path__.append(str(OWN / "notebooks"))  # checks of one's own lessons are beside them
RIGHT = "✓ Exercise {}: right. {}"
NOT_YET = "✗ Exercise {}: not yet. {}"
TRIES_BEFORE_HINTS = 2

_wrong_tries: Counter[str] = Counter()
"""of each exercise, in this kernel, since the answer was last right"""


def check(exercise: str, answer: object, **given: object) -> None:
    """Say whether an answer is right, and if it is not, what to look at.

    Args:
        exercise: its name, such as `04-1`: the lesson's number and the exercise's.
        answer: what the exercise asks for, or three dots for no answer yet.
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
        if record(exercise, right=True):
            print(how_far(exercise, solved()), end="")
        del _wrong_tries[exercise]


def judge(exercise: str, answer: object, **given: object) -> str:
    """Praise a right answer and raise a hint for any other, as a graded cell must.

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
    test = named(exercise).check
    if answer is ...:
        raise Hint("Replace the three dots with your answer.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the hint says what is wrong
        return test(answer, **given)


def _offer_hints(exercise: str) -> None:
    """From the second wrong try on, print the ordered hints, one more with each try."""
    _wrong_tries[exercise] += 1
    hints = named(exercise).hints
    earned = max(0, _wrong_tries[exercise] - TRIES_BEFORE_HINTS + 1)
    for number, hint in enumerate(hints[:earned], 1):
        print(f"  Hint {number} of {len(hints)}: {hint}")


def named(exercise: str) -> Exercise:
    """The exercise of a name, whose lesson's checks are loaded for it."""
    lesson = exercise.rpartition("-")[0] or exercise
    if file_of_checks(lesson):
        import_module(f"{__name__}.lesson_{lesson}")  # it registers its exercises
    if exercise not in EXERCISES:
        known = [name for name in EXERCISES if name.rpartition("-")[0] == lesson]
        choose = f"choose one of {', '.join(known)}" if known else "write a name such as 04-1"
        raise ValueError(f"No exercise {exercise!r}: {choose}.")
    return EXERCISES[exercise]


def file_of_checks(lesson: str) -> Path | None:
    """The file with the checks of a lesson, `04` or the name of one's own; None if it has none."""
    module = f"lesson_{lesson}"
    spec = find_spec(f"{__name__}.{module}") if module.isidentifier() else None
    return Path(spec.origin) if spec and spec.origin else None
