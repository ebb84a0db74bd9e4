"""Checks of lesson 09, text generation."""

from course.exercises.answers import called, called_number, numbers, shaped
from course.exercises.hints import Hint, close, exercise, known_mistake
from course_utils.text.characters import bits
from course_utils.text.ngrams import NGram

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS = 4000  # of exercise 2
CONTEXT, POSITIONS = 60, 1500  # of exercise 4


@exercise(
    "09-1",
    "A probability p costs log2(1 / p) bits: a half costs one.",
    "Add up the four costs and take their mean.",
    "n equally likely choices cost log2(n) bits each. Which n costs your mean?",
)
def _bits_by_hand(answer: object) -> str:
    mean, choices = numbers(answer, 2)
    if not close(mean, 2.25, atol=5e-3):
        mistakes = {
            "that is in nats: take the logarithm to base 2.": 2.25 * np.log(2),
            "that is the sum over the four characters: take their mean.": 9.0,
            "take the mean of the bits, not the bits of the mean probability.": 2.0,
            "the logarithm of a probability is negative: change its sign.": -2.25,
        }
        general = "a half costs 1 bit, a quarter 2, an eighth 3; take the mean."
        raise Hint(f"Bits: {known_mistake(mean, mistakes, atol=5e-3) or general}")
    if close(choices, np.exp(2.25), atol=5e-2):
        raise Hint("Choices: take 2 to the power of the bits, not e.")
    if not close(choices, 2**2.25, atol=5e-2):
        raise Hint("Choices: n equally likely characters cost log2(n) bits each. Solve for n.")
    return "The second number is the model's perplexity."


@exercise(
    "09-2",
    "Three steps: divide by the temperature, shut out all but the k largest, draw.",
    "`np.argsort` sorts positions by value. A logit of minus infinity has probability 0.",
    "Subtract the largest logit before `np.exp`; `rng.choice` wants a `p` that adds up to 1.",
)
def _draw(answer: object) -> str:
    logits = np.array([1.0, 3.0, -1.0, 2.0, 2.5])
    again = {called_number(answer, logits, 1.0, 5, np.random.default_rng(1)) for _ in range(9)}
    if len(again) > 1:
        raise Hint("The same rng gave different codes: draw from `rng` and from nothing else.")
    for temperature, top_k in [(1.0, 5), (0.5, 5), (2.0, 5), (1.0, 2), (0.5, 3)]:
        found = _shares(answer, logits, temperature, top_k)
        least = np.sort(logits)[-top_k]
        allowed = np.where(logits >= least, logits, -np.inf)
        right = _softmax(allowed / temperature)
        if close(found, right, atol=0.035):
            continue
        case = f"With temperature {temperature} and top_k {top_k}: "
        if top_k < 5 and found[logits < least].any():
            raise Hint(f"{case}a character outside the {top_k} most probable was drawn.")
        if (found > 0.99).any():
            raise Hint(f"{case}the same character came each time: draw from the `rng` given.")
        mistakes = {
            "the temperature changed nothing. Divide the logits by it first.": _softmax(allowed),
            "you multiplied by the temperature: divide.": _softmax(allowed * temperature),
        }
        general = f"the shares of {DRAWS:,} draws are off: softmax of logits / temperature."
        raise Hint(f"{case}{known_mistake(found, mistakes, atol=0.035) or general}")
    case = "With logits of 0 and 5,000 (subtract the largest before `exp`)"
    rng = np.random.default_rng(1)
    if called_number(answer, np.array([0.0, 5000.0]), 1.0, 2, rng, case=case) != 1:
        raise Hint("Logits of 5,000 came out wrong: subtract the largest before `exp`.")
    return "Temperature first, then the k largest, then one draw."


def _shares(draw: object, logits: NDArray, temperature: float, top_k: int) -> NDArray:
    """Draw many times with a learner's function and count."""
    rng = np.random.default_rng(0)
    counts = np.zeros(len(logits))
    for _ in range(DRAWS):
        code = called_number(draw, logits, temperature, top_k, rng, keep=True)
        if code not in range(len(logits)):
            raise Hint(f"{code:g} is not a code: return a position in the logits, from 0.")
        counts[int(code)] += 1
    return counts / DRAWS


def _softmax(logits: NDArray) -> NDArray:
    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


def _longest(sample: str, text: str) -> int:
    longest = 0
    for start in range(len(sample)):
        while sample[start : start + longest + 1] in text and start + longest < len(sample):
            longest += 1
    return longest


@exercise(
    "09-3",
    "Python's `in` tells whether one piece of text is part of another.",
    "From each start, try longer and longer pieces, and stop when one is not there.",
    "Only pieces longer than the best so far matter. Stop at the end of the sample.",
)
def _copy(answer: object, sample: str, text: str) -> str:
    cases = [
        ("the cat", "a cat sat", 4, "a space counts as well"),
        ("xyz", "abc", 0, "nothing in common is 0"),
        ("abc", "xxabcxx", 3, "the whole sample may be copied"),
        ("Cat", "cat", 2, "capital letters count"),
        ("abab", "ab ba", 2, "a stretch must be in one piece in the text"),
        ("ab abc a", "abcd", 3, "the longest stretch may be in the middle"),
    ]
    for short, whole, right, why in cases:
        found = called_number(answer, short, whole)
        if found != right:
            raise Hint(f"For {short!r} and {whole!r} it is {right}, not {found:g}: {why}.")
    found, right = called_number(answer, sample, text), _longest(sample, text)
    if found != right:
        raise Hint(f"The sample's longest copy has {right} characters, not {found:g}.")
    return f"The longest copy in {len(sample):,} characters has {right}."


def _predicted(answer: object, contexts: NDArray, characters: int) -> NDArray:
    """Call a learner's model and take its probabilities."""
    found = called(answer, contexts)
    found = shaped(found, (len(contexts), characters), "(contexts, characters)")
    if (found < 0).any():
        raise Hint("Probabilities are not negative: did you return logits?")
    if not np.allclose(found.sum(axis=1), 1, atol=1e-3):
        raise Hint("Each row must add up to 1: take the softmax, and weights that add up to 1.")
    return found


@exercise(
    "09-4",
    "Network and counts err in different places: a weighted mean of both can beat either.",
    "The network gives logits for every step: take the last step's, and their softmax.",
    "`counting[order].probabilities(contexts)` gives the other half. The weights must add up to 1.",
)
def _better_model(answer: object, codes: ArrayLike, start: int, characters: int) -> str:
    codes = np.asarray(codes)
    rng = np.random.default_rng(0)
    places = rng.permutation(np.arange(start, len(codes)))[:POSITIONS]
    contexts = _contexts(codes, places)
    found = _predicted(answer, contexts, characters)
    few = _predicted(answer, contexts[7:12], characters)
    if not np.allclose(few, found[7:12], atol=1e-4):
        raise Hint("Five contexts alone gave different numbers: use nothing but a row's context.")
    true = codes[places]
    given = _of_the_truth(found, true)
    if (given == 0).any():
        raise Hint("A character that came had probability 0, which costs infinitely many bits.")
    counting = NGram(codes[:start], 5, characters).probabilities(contexts)
    yours, rival = bits(given), bits(_of_the_truth(counting, true))
    scores = f"{yours:.3f} bits, the 5-gram {rival:.3f}"
    if yours < 0.5 * rival:
        raise Hint(f"{scores}: too good to be true. Was the held-out text counted, too?")
    seen = rng.integers(CONTEXT, start, POSITIONS)
    memorised = _predicted(answer, _contexts(codes, seen), characters)
    learned = bits(_of_the_truth(memorised, codes[seen]))
    # So much less than counting, and nothing lost on new text: no network of this lesson can.
    if yours < min(0.9 * rival, rival - 0.2) and yours < learned + 0.1:
        raise Hint(
            f"{scores}, and {learned:.3f} on training text, hardly less than on held-out text: was "
            "the held-out text counted, too?"
        )
    if yours > rival - 0.02:
        raise Hint(f"{scores}: not two hundredths below it yet. Which other model could help?")
    return f"{scores}, on {len(true):,} held-out characters."


def _contexts(codes: NDArray, places: NDArray) -> NDArray:
    """The codes before each place, shape (places, CONTEXT)."""
    return codes[places[:, np.newaxis] + np.arange(-CONTEXT, 0)]


def _of_the_truth(probabilities: NDArray, true: NDArray) -> NDArray:
    """What each row of probabilities gave the character that came."""
    return probabilities[np.arange(len(true)), true]
