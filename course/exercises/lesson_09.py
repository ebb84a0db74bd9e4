"""Checks of lesson 09, text generation."""

from collections.abc import Callable

from course.exercises.hints import Hint, array, called, number, numbers
from course_utils.text.characters import bits
from course_utils.text.ngrams import NGram

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS = 4000  # of exercise 2
CONTEXT, POSITIONS = 60, 1500  # of exercise 4


def _bits_by_hand(answer: object) -> str:
    mean, choices = numbers(answer, 2)
    mistakes = {
        2.25 * np.log(2): "That is in nats: take the logarithm to base 2.",
        9.0: "That is the sum over the four characters: take their mean.",
        2.0: "Take the mean of the bits, not the bits of the mean probability.",
        -2.25: "The logarithm of a probability is negative: change its sign.",
    }
    for mistake, hint in mistakes.items():
        if np.isclose(mean, mistake, atol=5e-3):
            raise Hint(f"Bits: {hint}")
    if not np.isclose(mean, 2.25, atol=5e-3):
        raise Hint("Bits: a half costs 1 bit, a quarter 2, an eighth 3; take the mean.")
    if np.isclose(choices, np.exp(2.25), atol=5e-2):
        raise Hint("Choices: take 2 to the power of the bits, not e.")
    if not np.isclose(choices, 2**2.25, atol=5e-2):
        raise Hint("Choices: n equally likely characters cost log2(n) bits each. Solve for n.")
    return "The second number is the model's perplexity."


def _shares(draw: object, logits: NDArray, temperature: float, top_k: int) -> NDArray:
    """Draw many times with a learner's function and count, or say what came instead."""
    rng = np.random.default_rng(0)
    counts = np.zeros(len(logits))
    for _ in range(DRAWS):
        given = logits.copy()
        code = called(draw, given, temperature, top_k, rng)
        if not np.array_equal(given, logits):
            raise Hint("Your function changed the caller's logits: work on a copy.")
        code = number(code)
        if code != int(code) or not 0 <= code < len(logits):
            raise Hint(f"{code:g} is no code: give a place in the logits, from 0.")
        counts[int(code)] += 1
    return counts / DRAWS


def _softmax(logits: NDArray) -> NDArray:
    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


def _draw(answer: object) -> str:
    logits = np.array([1.0, 3.0, -1.0, 2.0, 2.5])
    rng = np.random.default_rng(1)
    again = [called(answer, logits.copy(), 1.0, 5, np.random.default_rng(1)) for _ in range(9)]
    if any(number(code) != number(again[0]) for code in again):
        raise Hint("The same rng gave another code: draw from `rng` and from nothing else.")

    def close(found: NDArray, expected: NDArray) -> bool:
        return bool(np.abs(found - expected).max() < 0.035)

    cases = [(1.0, 5), (0.5, 5), (2.0, 5), (1.0, 2), (0.5, 3)]
    for temperature, top_k in cases:
        found = _shares(answer, logits, temperature, top_k)
        least = np.sort(logits)[-top_k]
        allowed = np.where(logits >= least, logits, -np.inf)
        if close(found, _softmax(allowed / temperature)):
            continue
        case = f"With temperature {temperature} and top_k {top_k}: "
        if top_k < 5 and found[logits < least].any():
            raise Hint(f"{case}a character outside the {top_k} most probable was drawn.")
        if close(found, _softmax(allowed)):
            raise Hint(f"{case}the temperature changed nothing. Divide the logits by it first.")
        if close(found, _softmax(allowed * temperature)):
            raise Hint(f"{case}you multiplied by the temperature: divide.")
        if (found > 0.99).any():
            raise Hint(f"{case}the same character came each time: draw, and from the `rng` given.")
        raise Hint(f"{case}the shares of {DRAWS:,} draws are off: softmax of logits / temperature.")
    case = "With logits of 0 and 5,000 (subtract the largest before `exp`)"
    huge = number(called(answer, np.array([0.0, 5000.0]), 1.0, 2, rng, case=case))
    if huge != 1:
        raise Hint("Logits of 5,000 came out wrong: subtract the largest before `exp`.")
    return "Temperature first, then the k largest, then one draw."


def _longest(sample: str, text: str) -> int:
    longest = 0
    for start in range(len(sample)):
        while sample[start : start + longest + 1] in text and start + longest < len(sample):
            longest += 1
    return longest


def _copy(answer: object, sample: str, text: str) -> str:
    cases = [
        ("the cat", "a cat sat", 4, "a space counts as well"),
        ("xyz", "abc", 0, "nothing in common is 0"),
        ("abc", "xxabcxx", 3, "the whole sample may be copied"),
        ("Cat", "cat", 2, "capital letters count"),
        ("abab", "ab ba", 2, "a stretch must stand together in the text"),
        ("ab abc a", "abcd", 3, "the longest stretch may stand in the middle"),
    ]
    for short, whole, expected, why in cases:
        found = number(called(answer, short, whole))
        if found != expected:
            raise Hint(f"For {short!r} and {whole!r} it is {expected}, not {found:g}: {why}.")
    found, expected = number(called(answer, sample, text)), _longest(sample, text)
    if found != expected:
        raise Hint(f"The sample's longest copy has {expected} characters, not {found:g}.")
    return f"The longest copy in {len(sample):,} characters has {expected}."


def _predicted(answer: object, contexts: NDArray, characters: int) -> NDArray:
    """Call a learner's model and take its probabilities, or say what came instead."""
    found = array(called(answer, contexts.copy()))
    if found.shape != (len(contexts), characters):
        raise Hint(
            f"For {len(contexts)} contexts, shape (contexts, characters) is "
            f"({len(contexts)}, {characters}); yours is {found.shape}."
        )
    if not np.isfinite(found).all() or (found < 0).any():
        raise Hint("Probabilities are finite and not negative: did you return logits?")
    if not np.allclose(found.sum(axis=1), 1, atol=1e-3):
        raise Hint("Each row must add up to 1: take the softmax, and weights that add up to 1.")
    return found


def _better_model(answer: object, codes: ArrayLike, start: int, characters: int) -> str:
    codes = np.asarray(codes)
    rng = np.random.default_rng(0)
    places = np.arange(start, len(codes))
    places = rng.permutation(places)[:POSITIONS]
    contexts = codes[places[:, np.newaxis] + np.arange(-CONTEXT, 0)]
    found = _predicted(answer, contexts, characters)
    few = _predicted(answer, contexts[7:12], characters)
    if not np.allclose(few, found[7:12], atol=1e-4):
        raise Hint("Five contexts alone gave other numbers: each row may know its context only.")
    true = codes[places]
    given = found[np.arange(len(true)), true]
    if (given == 0).any():
        raise Hint("A character that came had probability 0, which costs infinitely many bits.")
    counting = NGram(codes[:start], 5, characters).probabilities(contexts)
    yours, rival = bits(given), bits(counting[np.arange(len(true)), true])
    scores = f"{yours:.3f} bits, the 5-gram {rival:.3f}"
    if yours < 0.5 * rival:
        raise Hint(f"{scores}: too good to be true. Was the held-out text counted, too?")
    seen = rng.integers(CONTEXT, start, POSITIONS)
    by_heart = _predicted(answer, codes[seen[:, np.newaxis] + np.arange(-CONTEXT, 0)], characters)
    learned = bits(by_heart[np.arange(POSITIONS), codes[seen]])
    # So much less than counting, and nothing lost on new text: no network of this lesson can.
    if yours < min(0.9 * rival, rival - 0.2) and yours < learned + 0.1:
        raise Hint(
            f"{scores}, and {learned:.3f} on training text, hardly less than on held-out text: was "
            "the held-out text counted, too?"
        )
    if yours > rival - 0.02:
        raise Hint(f"{scores}: not two hundredths below it yet. Who else could be asked?")
    return f"{scores}, on {len(true):,} held-out characters."


CHECKS: dict[str, Callable[..., str]] = {
    "09-1": _bits_by_hand,
    "09-2": _draw,
    "09-3": _copy,
    "09-4": _better_model,
}

HINTS: dict[str, tuple[str, ...]] = {
    "09-1": (
        "A probability p costs log2(1 / p) bits: a half costs one.",
        "Add up the four costs and take their mean.",
        "n equally likely choices cost log2(n) bits each. Which n costs your mean?",
    ),
    "09-2": (
        "Three steps: divide by the temperature, shut out all but the k largest, draw.",
        "`np.argsort` gives the places from smallest to largest. A logit of minus infinity has "
        "probability 0.",
        "Subtract the largest logit before `np.exp`, make the chances add up to 1, and hand "
        "them to `rng.choice` as `p`.",
    ),
    "09-3": (
        "Python's `in` tells whether a piece of text stands in another.",
        "From each start, try longer and longer pieces, and stop when one is not there.",
        "Only pieces longer than the best so far matter: begin with that length plus one. Do "
        "not run over the end of the sample.",
    ),
    "09-4": (
        "Network and counts err in different places: a weighted mean of both can beat either.",
        "The network gives logits for every step: take the last step's, and their softmax.",
        "`counting[order].probabilities(contexts)` gives the other half. Weights that add up to"
        " 1 keep the rows at 1.",
    ),
}
