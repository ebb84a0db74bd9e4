"""What the checks of all lessons share: an exercise, a hint, and the mistakes that call for one.

Whatever a learner's code or object raises becomes a hint. An error anywhere else in a check is our
own mistake and stays an error.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import signature
from textwrap import shorten
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

FACTORS = {
    100: "That is in per cent: give a share.",
    2: "That is twice as much as it should be.",
    0.5: "That is half of what it should be.",
}
ROUNDED = "It is rounded too far: hand over all the digits that Python computes."
SIGN = "The size is right, but the sign is wrong."
ORDER = "The right numbers in the wrong order."
AT_THE_END = (*FACTORS.values(), ROUNDED, SIGN, ORDER)
Slips = Mapping[str, object]
"""what a wrong answer is told, and the wrong answer itself, in the order in which they are tried

A row is what a learner hands over: a number, a pair, a function. Where it follows from what the
exercise starts from, it is a function with parameters of those very names, such as `prices`.
"""


@dataclass(frozen=True)
class Exercise:
    """The check of an exercise, its ordered hints, and the slips that it knows by name."""

    check: Callable[..., str]
    """from an answer, and what the exercise starts from, to praise; raises `Hint`"""
    hints: tuple[str, ...]
    slips: Slips = field(default_factory=dict)


EXERCISES: dict[str, Exercise] = {}
"""by name, those of the lessons whose checks are loaded"""


def exercise(
    name: str, *hints: str, slips: Slips = MappingProxyType({})
) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Make a function the check of the exercise of this name, with its hints and known slips.

    Raises:
        ValueError: another function of its file is the check of that exercise.
    """

    def register(check: Callable[..., str]) -> Callable[..., str]:
        before = EXERCISES[name].check if name in EXERCISES else check
        if before.__module__ == check.__module__ and before.__name__ != check.__name__:
            raise ValueError(
                f"{before.__name__} and {check.__name__} both check {name!r}: rename one exercise"
            )
        EXERCISES[name] = Exercise(check, hints, slips)
        return check

    return register


class Hint(Exception):
    """What to tell a learner whose answer is not right yet, in one line."""

    def __init__(self, text: str, share: float = 0.0) -> None:
        """Take the line, and the share of a graded exercise's points that is earned all the same.

        Half of them where all that is wrong is what happens to right numbers at the very end.
        """
        super().__init__(" ".join(text.split()))
        self.share = max(share, 0.5 if text.endswith(AT_THE_END) else 0.0)


def said(error: BaseException) -> str:
    """An error's type and message in one short line."""
    try:
        message = shorten(re.sub(r"\x1b\[\d*m", "", str(error)), 200)  # Keras prints in bold
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
    except KeyboardInterrupt:
        raise Hint("You stopped your code while it ran: does each of its loops end?") from None
    except (Exception, SystemExit) as error:
        raise Hint(f"{problem} {said(error)}") from None


def close(found: ArrayLike, expected: ArrayLike, rtol: float = 0.0, atol: float = 1e-9) -> bool:
    """Whether two answers have one shape and the same numbers, missing ones included."""
    same_shape = np.shape(found) == np.shape(expected)
    return same_shape and np.allclose(found, expected, rtol, atol, equal_nan=True)


def worked_out(slips: Slips, **given: object) -> dict[str, object]:
    """The wrong answers of slips, worked out where they follow from what the exercise starts from.

    Args:
        slips: of one exercise.
        given: what it starts from, such as `prices=prices`.
    """

    def follows(row: object) -> bool:
        return bool(given) and callable(row) and {*signature(row).parameters} == {*given}

    return {told: row(**given) if follows(row) else row for told, row in slips.items()}


def diagnosis(
    found: ArrayLike, right: ArrayLike, slips: Slips, rtol: float = 0.0, atol: float = 1e-9
) -> str:
    """What is known to lead to a wrong answer, or an empty string.

    Args:
        found: a wrong answer.
        right: the right one.
        slips: those of the exercise, worked out.
        rtol: as for `numpy.isclose`.
        atol: as for `numpy.isclose`.
    """
    right = np.asarray(right, dtype=float)
    if right.shape == (2,):
        slips = {ORDER: right[::-1], **slips}
    tolerances = [(1e-9, 1e-12), (rtol, atol)]  # a number that is exactly a slip's is no rounding
    for exact, (share, size) in zip((True, False), tolerances, strict=True):
        for told, wrong in slips.items():
            if close(found, wrong, share, size):
                return told
        if exact and _is_rounded(found, right):
            return ROUNDED
    return shared_slip(found, right, rtol, atol)


def shared_slip(found: ArrayLike, right: NDArray, rtol: float, atol: float) -> str:
    """What leads to a wrong answer in the same way in any exercise, or an empty string."""
    if _is_rounded(found, right):
        return ROUNDED
    if close(found, -right, rtol, atol):
        return SIGN
    for factor, told in FACTORS.items():
        if close(found, factor * right, rtol, factor * atol):
            return told
    return ""


def _is_rounded(found: ArrayLike, right: NDArray) -> bool:
    """Whether a number, or each of a few, is the right one with fewer digits."""
    found = np.asarray(found, dtype=float)
    if right.ndim > 1 or found.shape != right.shape or not found.all():
        return False
    near = [
        np.isclose(found, found.round(digits), 1e-12, 0)
        & (np.abs(found - right) <= 0.5 * 10.0**-digits + 1e-9)
        & (digits > 0 or right.size > 1 or abs(right.item()) >= 1)  # a share of 1 is no 0.7
        for digits in range(6)
    ]
    return bool(np.any(near, axis=0).all())


def hint_by_part(
    found: Sequence[float],
    right: Sequence[float],
    slips: Slips,
    general: Mapping[str, str],
    atol: float,
) -> Hint:
    """What is known to lead to the first wrong number of a few, and a part for the right ones.

    Args:
        found: a wrong answer.
        right: the right one.
        slips: those of the exercise; each is wrong in one of the numbers, and describes that one.
        general: for each number its name, and what to say where no slip is known.
        atol: as for `numpy.isclose`.
    """
    if told := diagnosis(found, right, {}, atol=atol):
        return Hint(told)
    near = [close(*pair, atol=atol) for pair in zip(found, right, strict=True)]
    place = near.index(False)
    rows = {told: row[place] for told, row in slips.items() if not close(row[place], right[place])}
    name = [*general][place]
    told = diagnosis(found[place], right[place], rows, atol=atol) or general[name]
    return Hint(f"{name}: {told}", share=sum(near) / len(near))


def off(found: float, right: float) -> str:
    """A sentence that says on which side of the right number an answer is."""
    whole = found == round(found) and abs(found) < 1e9
    shown = f"{found:,.0f}" if whole else f"{found:.4g}"
    return f"{shown} is too {'small' if found < right else 'large'}."
