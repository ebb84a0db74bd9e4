"""Checks of lesson 11, sequences of every length."""

from collections.abc import Callable, Sequence

from course.exercises.answers import ask_for_same, numbers
from course.exercises.hints import Slips, close, exercise, hint_by_part
from course_utils.text import PAD

import numpy as np
from numpy.typing import NDArray

LENGTHS = (4, 6, 7, 20, 60)
_SHORT, _LONG = LENGTHS[:3], LENGTHS[3:]


def _padding(*batches: Sequence[int]) -> int:
    return sum(max(lengths) * len(lengths) - sum(lengths) for lengths in batches)


_PLACES = (_padding(LENGTHS), _padding(_SHORT, _LONG))
_OTHER_PLACES: Slips = {
    "those are all places, words included: count the padding alone.": (
        max(LENGTHS) * len(LENGTHS),
        max(_SHORT) * len(_SHORT) + max(_LONG) * len(_LONG),
    ),
    "those are the words: count the padding.": (sum(LENGTHS), sum(LENGTHS)),
    "a batch is padded to its own longest row, not to the longest of all.": (
        _PLACES[0],
        _padding(LENGTHS),
    ),
    "the batch of two long rows needs padding, too.": (_PLACES[0], _padding(_SHORT)),
    "the batch of three short rows needs padding, too.": (_PLACES[0], _padding(_LONG)),
    "that is the padding of the shortest row alone: add up all rows.": (
        max(LENGTHS) - min(LENGTHS),
        max(_SHORT) - min(_SHORT),
    ),
    "that is what the two batches save: say how much padding is left.": (
        _PLACES[0],
        _PLACES[0] - _PLACES[1],
    ),
}


@exercise(
    "11-1",
    "A batch is a rectangle: as many rows as reviews, as many columns as the longest has words.",
    "Padding is the rectangle without the words.",
    "For the second number, do so for each of the two batches, and add.",
    slips=_OTHER_PLACES,
)
def _places_of_padding(answer: object) -> str:
    found = numbers(answer, 2)
    if close(found, _PLACES):
        return "Most of the padding was there for one long review."
    general = {
        "One batch": "rows times the longest, without the words.",
        "Two batches": "the padding of both, each padded to its own longest.",
    }
    raise hint_by_part(found, _PLACES, _OTHER_PLACES, general, atol=1e-9)


def _front(rows: NDArray) -> NDArray:
    return np.array([np.roll(row, (row == PAD).sum()) for row in rows])


_OTHER_ROWS: Slips = {
    "your padding is still behind the words: put it in front.": lambda rows: rows,
    "a mirrored row has its words in reverse order: keep theirs.": lambda rows: rows[:, ::-1],
    "sorting puts padding in front, but changes the order of the words.": lambda rows: np.sort(
        rows, axis=1
    ),
    "your rows are all moved by the same number of places: each has padding of its own.": (
        lambda rows: np.roll(rows, (rows[0] == PAD).sum(), axis=1)
    ),
    "your rows are moved by the number of their words: move them by that of their padding.": (
        lambda rows: np.array([np.roll(row, (row != PAD).sum()) for row in rows])
    ),
    "half of your padding is behind the words: put all of it in front.": lambda rows: np.array(
        [np.roll(row, (row == PAD).sum() // 2) for row in rows]
    ),
    "the rows are in another order: keep theirs.": lambda rows: _front(rows)[::-1],
}


@exercise(
    "11-2",
    "How many places of padding does a row have? Count those that are `PAD`.",
    "Go row by row: the padding of a row comes first, then its words.",
    "`np.roll` moves a row, and what leaves it on the right comes back on the left.",
    slips=_OTHER_ROWS,
)
def _padded_in_front(answer: object) -> str:
    rows = np.array([[7, 8, 6, PAD, PAD], [5, PAD, PAD, PAD, PAD], [4, 9, 8, 7, 5]])
    cases = {
        "For three rows": (rows,),
        "For two rows": (np.array([[9, 4, 6, PAD], [8, 4, PAD, PAD]]),),
    }
    ask_for_same(
        answer,
        _front,
        cases,
        _OTHER_ROWS,
        "each row begins with its padding and ends with its words.",
        axes="(rows, length)",
    )
    return "The last thing that the network reads is now a word."


def _last_state(
    inputs: NDArray,
    known: NDArray,
    w: float,
    u: float,
    start: float = 0.0,
    kept: float = 1.0,
    squash: Callable[[float], float] = np.tanh,
) -> float:
    """The state after all steps; a slip may start elsewhere, keep less of it, or squash nothing."""
    state = start
    for value, real in zip(inputs, known, strict=True):
        state = squash(w * value + u * state) if real else kept * state
    return state


def _unmasked(inputs: NDArray, known: NDArray, w: float, u: float) -> float:
    return _last_state(inputs, np.ones_like(known), w, u)


_OTHER_STATES: Slips = {
    "yours reads padding as if it were a word: where `known` is false, keep the state.": _unmasked,
    "padding sets your state to 0: keep the state of the step before.": lambda *given: _last_state(
        *given, kept=0
    ),
    "yours takes padding for an input of 0, and the state still changes: keep it.": (
        lambda inputs, known, w, u: _unmasked(inputs * known, known, w, u)
    ),
    "yours stops at the first padding: words may follow it.": lambda inputs, known, w, u: (
        _last_state(inputs, np.cumprod(known), w, u)
    ),
    "yours reads the padding and passes over the words.": lambda inputs, known, w, u: _last_state(
        inputs, ~known, w, u
    ),
    "the state itself does not come back in yours: add `u` times the state before.": (
        lambda inputs, known, w, u: _last_state(inputs, known, w, 0.0)
    ),
    "`w` belongs to the input and `u` to the state.": lambda inputs, known, w, u: _last_state(
        inputs, known, u, w
    ),
    "yours starts at 1: the first state is 0.": lambda *given: _last_state(*given, start=1),
    "the tanh is missing.": lambda *given: _last_state(*given, squash=float),
}


@exercise(
    "11-3",
    "Go through the steps in order, with a state that begins at 0.",
    "At a word, the new state is np.tanh(w * input + u * state).",
    "At padding there is nothing to do: the state stays what it was.",
    slips=_OTHER_STATES,
)
def _state_that_passes_over_padding(answer: object) -> str:
    draw = np.random.default_rng(0)
    inputs, known = draw.normal(size=12), draw.random(12) < 0.6
    few, behind = np.array([1.0, -0.5, 2.0, 2.0]), np.array([True, True, False, False])
    cases = {
        "For two words and two places of padding": (few, behind, 0.8, 0.5),
        "For padding in front": (few[::-1].copy(), behind[::-1].copy(), 0.8, 0.5),
        "For padding between words": (inputs, known, 0.7, 0.9),
    }
    ask_for_same(
        answer,
        _last_state,
        cases,
        _OTHER_STATES,
        "At a word, tanh of w times the input plus u times the state; at padding, no change.",
    )
    return "Wherever the padding is, the state is that of the words alone."


def _uncertainty(differences: NDArray, folds: int) -> float:
    return np.sqrt((1 / len(differences) + 1 / (folds - 1)) * np.var(differences, ddof=1))


_OTHER_ERRORS: Slips = {
    "that is the usual standard error: it takes the runs for independent. Add 1 / (folds - 1).": (
        lambda d, folds: np.std(d, ddof=1) / len(d) ** 0.5
    ),
    "that is the standard deviation of the differences: multiply the variance first.": (
        lambda d, folds: np.std(d, ddof=1)
    ),
    "that is the variance of the mean: take the root.": lambda *given: _uncertainty(*given) ** 2,
    "divide the squares by one less than their number: `ddof=1`.": lambda d, folds: np.sqrt(
        (1 / len(d) + 1 / (folds - 1)) * np.var(d)
    ),
    "1 / len(differences) is missing.": lambda d, folds: np.sqrt(np.var(d, ddof=1) / (folds - 1)),
    "the test part is one fold, and the others train: 1 / (folds - 1), not 1 / folds.": (
        lambda d, folds: _uncertainty(d, folds + 1)
    ),
    "the standard deviation belongs under the root as its square, the variance.": (
        lambda d, folds: np.sqrt((1 / len(d) + 1 / (folds - 1)) * np.std(d, ddof=1))
    ),
    "that is the mean of the differences: how sure is it?": lambda d, folds: np.mean(d),
    "that is half of a 95% interval: leave out the 1.96.": lambda *given: (
        1.96 * _uncertainty(*given)
    ),
}


@exercise(
    "11-4",
    "Three parts: a variance, a factor, and a root.",
    "np.var with ddof=1 is the variance of the differences.",
    "The factor is 1 / count plus the test part as a share of the training part.",
    slips=_OTHER_ERRORS,
)
def _sure_of_a_difference(answer: object) -> str:
    draw = np.random.default_rng(0).normal(0.03, 0.02, 25)
    cases = {
        "For differences 0.01, 0.03, 0.05 and 2 folds": (np.array([0.01, 0.03, 0.05]), 2),
        "For 25 differences and 5 folds": (draw, 5),
        "For 10 differences and 10 folds": (draw[:10], 10),
    }
    ask_for_same(
        answer,
        _uncertainty,
        cases,
        _OTHER_ERRORS,
        "The root of (1 / count + 1 / (folds - 1)) times the variance.",
    )
    return "Runs that share their training data tell less than their number suggests."
