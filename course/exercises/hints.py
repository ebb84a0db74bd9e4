"""What the checks of all lessons share: an exercise, a hint, and the mistakes that call for one.

Whatever a learner's code or object raises becomes a hint. An error anywhere else in a check is our
own mistake and stays an error.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import shorten

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Exercise:
    """The check of an exercise, and its ordered hints."""

    check: Callable[..., str]
    """from an answer, and what the exercise starts from, to praise; raises `Hint`"""
    hints: tuple[str, ...]


EXERCISES: dict[str, Exercise] = {}
"""by name, those of the lessons whose checks are loaded"""


def exercise(name: str, *hints: str) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Make a function the check of the exercise of this name, with its ordered hints."""

    def register(check: Callable[..., str]) -> Callable[..., str]:
        EXERCISES[name] = Exercise(check, hints)
        return check

    return register


class Hint(Exception):
    """What to tell a learner whose answer is not right yet, in one line."""

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split()))


def said(error: BaseException) -> str:
    """An error's type and message in one short line."""
    try:
        message = shorten(str(error), 200)
    except Exception:  # a learner's own class of errors may fail to print itself
        message = ""
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


@contextmanager
def learners_code(problem: str) -> Iterator[None]:
    """Turn any error of a learner's code into a hint: the problem, then the error."""
    try:
        yield
    except Hint:
        raise
    except (Exception, SystemExit) as error:
        raise Hint(f"{problem} {said(error)}") from None


def close(found: ArrayLike, expected: ArrayLike, rtol: float = 0.0, atol: float = 1e-9) -> bool:
    """Whether two answers have one shape and the same numbers, missing ones included."""
    same_shape = np.shape(found) == np.shape(expected)
    return same_shape and np.allclose(found, expected, rtol, atol, equal_nan=True)


def known_mistake(
    found: ArrayLike, mistakes: Mapping[str, ArrayLike], rtol: float = 0.0, atol: float = 1e-9
) -> str:
    """The hint on the first known mistake that an answer equals, or an empty string.

    Args:
        found: a wrong answer.
        mistakes: hints, and the answer that each mistake leads to.
        rtol: as for `numpy.isclose`.
        atol: as for `numpy.isclose`.
    """
    hints = (hint for hint, mistake in mistakes.items() if close(found, mistake, rtol, atol))
    return next(hints, "")


def off(found: float, right: float) -> str:
    """A sentence that says on which side of the right number an answer is."""
    whole = found == round(found) and abs(found) < 1e9
    shown = f"{found:,.0f}" if whole else f"{found:.4g}"
    return f"{shown} is too {'small' if found < right else 'large'}."
