"""Checks of lesson 12, recurrence without waiting."""

from collections.abc import Callable

from course.exercises.answers import ask_for_same, called, numbers, shaped
from course.exercises.hints import Hint, Slips, close, exercise, hint_by_part

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

Pair = tuple[float, float]


def _both(first: Pair, second: Pair) -> Pair:
    return second[0] * first[0], second[0] * first[1] + second[1]


_OTHER_STEPS: Slips = {
    "the input of the first step is kept by the decay of the second, not by its own.": (
        lambda first, second: (second[0] * first[0], first[0] * first[1] + second[1])
    ),
    "the order is turned round: the second step comes last, and its decay acts on the first.": (
        lambda first, second: (second[0] * first[0], first[0] * second[1] + first[1])
    ),
    "the input of the first step passes through the second, which keeps a share of it only.": (
        lambda first, second: (second[0] * first[0], first[1] + second[1])
    ),
    "decays are multiplied: what two steps keep is a share of a share.": (
        lambda first, second: (second[0] + first[0], second[0] * first[1] + second[1])
    ),
    "that is the second step alone: put the first one into it.": lambda first, second: second,
    "inputs are not multiplied with each other.": (
        lambda first, second: (second[0] * first[0], second[1] * first[1])
    ),
    "the second step adds its own input, too.": (
        lambda first, second: (second[0] * first[0], second[0] * first[1])
    ),
    "the decay comes first in the pair, then the input.": lambda first, second: _both(
        first, second
    )[::-1],
}


@exercise(
    "12-1",
    "Write down the second step, and put the first one in place of its old state.",
    "What multiplies the oldest state is the new decay, and all the rest is the new input.",
    "The first input passes through the second step before the second input is added.",
    slips=_OTHER_STEPS,
)
def _two_steps(answer: object) -> str:
    cases = {
        "For (0.5, 1) and (0.2, 3)": ((0.5, 1.0), (0.2, 3.0)),
        "For (0.9, -2) and (0.4, 0.5)": ((0.9, -2.0), (0.4, 0.5)),
    }
    ask_for_same(
        answer,
        _both,
        cases,
        _OTHER_STEPS,
        "h after both is a second time the decay, times what the first step left.",
        axes="(2,)",
        rows=("decay", "input"),
    )
    return "All scans of this lesson are this one rule, applied in another order."


BLOCKS, HEADS, SIZE, READ = 12, 8, 64, 6_400
_CACHE = 4 * 2 * BLOCKS * HEADS * SIZE * READ
_STATE = 4 * BLOCKS * HEADS * SIZE
_OTHER_BYTES: Slips = {
    "that is the keys alone: values are kept, too.": (_CACHE / 2, _STATE),
    "those are numbers: a number takes 4 bytes.": (_CACHE / 4, _STATE / 4),
    "that is one block: each of the 12 has a cache of its own.": (_CACHE / BLOCKS, _STATE),
    "that is one head: each of the 8 has keys and values of its own.": (_CACHE / HEADS, _STATE),
    "that is one step: keys and values of all steps are kept.": (_CACHE / READ, _STATE),
    "queries are not kept: only the current step asks.": (_CACHE * 1.5, _STATE),
    "those are the scores of all pairs of steps: generating keeps keys and values only.": (
        4 * BLOCKS * HEADS * READ**2,
        _STATE,
    ),
    "that grows with the steps: a state does not.": (_CACHE, _STATE * READ),
    "those are megabytes: give bytes.": (_CACHE / 10**6, _STATE / 10**6),
    "those are units of 1,024 × 1,024 bytes: give bytes.": (_CACHE / 2**20, _STATE / 2**20),
    "a minGRU keeps one state, and no cell state next to it.": (_CACHE, 2 * _STATE),
    "that is one layer: each of the 12 has a state.": (_CACHE, _STATE / BLOCKS),
}


@exercise(
    "12-2",
    "Every block keeps a key and a value for each head and each step that was read.",
    "Multiply: blocks, heads, features of a head, steps, two arrays, bytes of a number.",
    "A minGRU keeps one number for each unit of each layer, however long the text is.",
    slips=_OTHER_BYTES,
)
def _kept(answer: object) -> str:
    found = numbers(answer, 2)
    right = (_CACHE, _STATE)
    if close(found, right, atol=0.5):
        return f"The cache is {_CACHE / _STATE:,.0f} times as large, and it is one text's alone."
    general = {
        "Cache": "multiply blocks, heads, features, steps, keys and values, and bytes.",
        "State": "multiply layers, units and bytes.",
    }
    raise hint_by_part(found, right, _OTHER_BYTES, general, atol=0.5)


def _mean(values: NDArray) -> tuple[NDArray, NDArray]:
    count = np.arange(1, len(values) + 1)
    return (count - 1) / count, values / count


def _fixed(values: NDArray) -> tuple[NDArray, NDArray]:
    return np.full(len(values), 0.9), 0.1 * values


_THE_MEANS = "hand over decay and input, not the means themselves: the scan computes those."
_OTHER_MEANS: Slips = {
    "that is the running sum: the old mean must shrink as the count grows.": (
        lambda values: (np.ones(len(values)), values)
    ),
    "that is an exponential average: its decay is the same at every step.": _fixed,
    "your count begins at 0: after the first step one value was seen, so divide by 1.": (
        lambda values: (np.arange(len(values)) / np.arange(2, len(values) + 2), _divided(values, 2))
    ),
    "that divides the new value and keeps all of the old mean.": (
        lambda values: (np.ones(len(values)), _divided(values, 1))
    ),
    "that shrinks the old mean and adds the whole new value.": (
        lambda values: (_mean(values)[0], values)
    ),
    "decay and input are swapped: the decay comes first.": lambda values: _mean(values)[::-1],
    "every step weighs half in yours: its weight is one in as many as were seen.": (
        lambda values: (np.full(len(values), 0.5), 0.5 * values)
    ),
    "that divides by the length of the whole series, which a running mean does not know.": (
        lambda values: (np.ones(len(values)), values / len(values))
    ),
    _THE_MEANS: (
        lambda values: (np.zeros(len(values)), np.cumsum(values) / np.arange(1, len(values) + 1))
    ),
}


def _divided(values: NDArray, first: int) -> NDArray:
    return values / np.arange(first, len(values) + first)


def _pair(scan: Callable, values: NDArray) -> NDArray:
    """What a learner's function gives as decay and input, shape (2, time_steps)."""
    pair = called(scan, values, case=f"For {len(values)} values", keep=True)
    return shaped(pair, (2, len(values)), "(2, time_steps)")


def _states(scan: Callable) -> Callable[[NDArray], NDArray]:
    """The states of a scan, from what a function says are its decay and input."""

    def states(values: NDArray) -> NDArray:
        decay, inputs = _pair(scan, values)
        found = np.zeros(len(values) + 1)
        for step in range(len(values)):
            found[step + 1] = decay[step] * found[step] + inputs[step]
        return found[1:]

    return states


@exercise(
    "12-3",
    "How do you get the mean of n values from the mean of n - 1 of them and the new one?",
    "The old mean weighs n - 1 parts of n, and the new value one part.",
    "`np.arange` counts the values seen so far, from 1 on: that is n at each step.",
    slips=_OTHER_MEANS,
)
def _running_mean(answer: object) -> str:
    draw = np.random.default_rng(0).normal(3, 1, 9)
    ask_for_same(
        _states(answer) if callable(answer) else answer,
        _states(_mean),
        {"For 9 values": (draw,), "For 4 values": (draw[5:],)},
        {told: _states(slip) for told, slip in _OTHER_MEANS.items()},
        "the mean of n values is n - 1 parts of the old mean and one part of the new value.",
        axes="(time_steps,)",
    )
    _, inputs = _pair(answer, draw)
    _, others = _pair(answer, np.append(0.0, draw[1:]))
    if not close(inputs[1:], others[1:], atol=1e-6):  # an input of the step's own value only
        raise Hint(f"For 9 values, {_THE_MEANS}")
    return "A linear recurrence whose gate knows the time, and nothing else."


def _causal(scores: NDArray, ahead: int = 0) -> NDArray:
    """Weights of steps that each see themselves and all before, and so many steps ahead."""
    return softmax(np.where(np.tri(len(scores), k=ahead, dtype=bool), scores, -np.inf), axis=-1)


_OTHER_WEIGHTS: Slips = {
    "without a mask, every step sees the steps after it.": lambda scores: softmax(scores, axis=-1),
    "the mask comes too late: rows no longer add up to 1. Mask the scores.": (
        lambda scores: np.tril(softmax(scores, axis=-1))
    ),
    "a score of 0 still gets a weight, exp(0) = 1: take -inf.": lambda scores: softmax(
        np.tril(scores), axis=-1
    ),
    "each row adds up to 1 over the steps it looks at: yours does so over columns.": (
        lambda scores: softmax(scores, axis=0)
    ),
    "the mask is turned round: a step sees itself and what came before.": lambda scores: softmax(
        np.where(np.tri(len(scores), dtype=bool).T, scores, -np.inf), axis=-1
    ),
    "your mask lets a step see one step ahead.": lambda scores: _causal(scores, ahead=1),
    "each row adds up to 1 over the steps that it sees: yours are added up over columns.": (
        lambda scores: softmax(np.where(np.tri(len(scores), dtype=bool), scores, -99), axis=0)
    ),
    "a step may see itself, too: yours sees only what came before it.": lambda scores: softmax(
        np.where(
            np.tri(len(scores), k=-1, dtype=bool) | (np.arange(len(scores)) == 0), scores, -99
        ),
        axis=-1,
    ),
    "those are shares of the scores: the softmax raises e to each of them first.": (
        lambda scores: np.tril(scores) / np.tril(scores).sum(axis=1, keepdims=True)
    ),
    "every step that is seen weighs the same in yours: use the scores.": lambda scores: _causal(
        np.zeros_like(scores)
    ),
    "the weights of each row must add up to 1: divide by their sum.": lambda scores: np.tril(
        np.exp(scores)
    ),
    "those are the masked scores: the softmax is missing.": lambda scores: np.where(
        np.tri(len(scores), dtype=bool), scores, -1e9
    ),
}


@exercise(
    "12-4",
    "Row i holds the scores of step i: which of its columns may it see?",
    "Put -inf where a step would look ahead, before the softmax.",
    "`np.tri` marks what is seen; the softmax runs over the last axis.",
    slips=_OTHER_WEIGHTS,
)
def _weights(answer: object) -> str:
    scores = np.random.default_rng(0).normal(0.5, 1, (5, 5))
    ask_for_same(
        answer,
        _causal,
        {"For 5 steps": (scores,), "For 3 steps": (scores[1:4, 1:4],)},
        _OTHER_WEIGHTS,
        "row i is the softmax of its first i + 1 scores, and 0 after them.",
        axes="(steps, steps)",
    )
    return "No step has seen a later one."
