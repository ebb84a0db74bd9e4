"""Checks of lesson 08, sequence to sequence: translation."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction

from course.exercises.hints import Hint, array, ask_for_function, called
from course_utils.text import EOS, PAD, SOS, bleu, look_up, word_dictionary
from course_utils.text.grammar import sentence_pairs

import numpy as np
import pandas as pd

NEW_SENTENCES = 300  # of exercise 4
TARGET = [9, 5, 14, EOS, PAD, PAD]  # of exercise 1


def _decoder_inputs(answer: object) -> str:
    row = np.ravel(array(answer, "A list of six numbers is asked for."))
    if not (np.isfinite(row).all() and (row == row.round()).all()):
        raise Hint("A list of six whole numbers is asked for.")
    found = [int(number) for number in row]
    right = [SOS, *TARGET[:-1]]
    hints = {
        tuple(
            TARGET
        ): "That is the target itself: the decoder would read the word it must foretell.",
        (*TARGET[1:], PAD): "Shifted the wrong way: the decoder would be shown the next word.",
        (SOS, *TARGET): "Seven numbers are one too many: the last column of the target drops out.",
        (EOS, *TARGET[:-1]): "The shift is right, but a sentence starts with <sos>, not <eos>.",
        (PAD, *TARGET[:-1]): "The shift is right, but a sentence starts with <sos>, not <pad>.",
    }
    if tuple(found) in hints:
        raise Hint(hints[tuple(found)])
    if len(found) != len(right):
        raise Hint(f"Six numbers are asked for, not {len(found)}.")
    if found[0] != SOS:
        raise Hint("Nothing is written yet at the first place: what stands for that?")
    if found != right:
        raise Hint("After <sos>, each place holds the target's word of the place before.")
    return "At each place the decoder knows the words before it, and no other."


def _share(found: object) -> float:
    share = array(found, f"Your function must return one number, not {type(found).__name__}.")
    if share.ndim:
        raise Hint(f"Your function must return one number, not an array of shape {share.shape}.")
    if np.isnan(share):
        raise Hint("Your function returned nan: did it divide by zero?")
    return float(share)


def _accuracy(answer: object) -> str:
    end, none = EOS, PAD
    targets = np.array(
        [
            [5, 4, 7, 8, 4, end, none, none],
            [6, end, none, none, none, none, none, none],
            [4, 5, 5, end, none, none, none, none],
        ]
    )
    guesses = targets.copy()
    guesses[1, [1, 3, 4, 6, 7]] = 4, 4, end, 5, 5
    guesses[0, 4] = none
    guesses[2, 4] = 4
    given = targets.copy(), guesses.copy()
    share = _share(called(answer, *given))
    if not (np.array_equal(given[0], targets) and np.array_equal(given[1], guesses)):
        raise Hint("Your function changed the caller's arrays: work on copies.")
    right, counted = targets == guesses, targets != PAD
    mistakes = {
        right.mean(): "Padding is counted: a network that writes nothing would look good.",
        (right & counted).mean(): "The right ones are counted well, but divided by all places.",
        right[guesses != PAD].mean(): "What counts is where the target has words, not the guess.",
        right[counted & (guesses != PAD)].mean(): (
            "A guess of padding where the target has a word is wrong, and counts."
        ),
        np.mean([(r & c).sum() / c.sum() for r, c in zip(right, counted, strict=True)]): (
            "That is the mean over sentences: average over words, so that each counts the same."
        ),
        right[counted & (targets != EOS)].mean(): "<eos> is a word to be foretold, too.",
        100 * right[counted].mean(): "Give a share between 0 and 1, not per cent.",
    }
    for mistake, hint in mistakes.items():
        if np.isclose(share, mistake, atol=1e-6):
            raise Hint(hint)
    if not np.isclose(share, right[counted].mean(), atol=1e-6):
        raise Hint("Count the places where the target is no padding; which share of them is right?")
    return "Ten of twelve words: padding does not count."


def _grams(tokens: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(n)), strict=False))


def _precision(answer: object) -> str:
    truth = ["der", "alte", "mann", "sucht", "der", "tasse", "wegen", "den", "alten", "hund"]
    cases = [
        ("the same sentence twice", truth, truth, 1),
        ("one word said too often", truth, ["der"] * 4, 1),
        ("a short translation", truth, ["der", "alte", "hund"], 1),
        ("pairs of words", truth, ["der", "alte", "mann", "sucht", "den", "alten", "hund"], 2),
        ("a pair said too often", truth, ["den", "alten", "den", "alten"], 2),
        ("groups in another order", truth, ["alte", "der", "mann", "alte"], 2),
        ("a part of a word", ["den", "alten", "hund"], ["alte"], 1),
        ("triples of words", truth, ["der", "alte", "mann", "sucht", "den", "alten", "hund"], 3),
    ]
    for name, expected, translation, n in cases:
        share = _share(called(answer, list(expected), list(translation), n))
        found, known = _grams(translation, n), _grams(expected, n)
        matches = sum((found & known).values())
        right = Fraction(matches, sum(found.values()))
        unclipped = Fraction(
            sum(count for gram, count in found.items() if gram in known), sum(found.values())
        )
        recall = Fraction(matches, sum(known.values()))
        if np.isclose(share, float(right), atol=1e-6):
            continue
        case = f"For {name}"
        if np.isclose(share, float(unclipped), atol=1e-6):
            raise Hint(f"{case}: each group counts at most as often as the truth holds it.")
        if np.isclose(share, float(recall), atol=1e-6):
            raise Hint(f"{case}: divide by the groups of the translation, not of the truth.")
        if np.isclose(share, float(Fraction(matches, len(translation))), atol=1e-6):
            raise Hint(
                f"{case}: {len(translation)} words hold {sum(found.values())} groups of {n}."
            )
        raise Hint(f"{case}, n = {n}, the share is {right}, and yours is {share:.3g}.")
    return "BLEU is the geometric mean of this for n = 1 to 4, times a penalty for short ones."


def _better_words(answer: object, pairs: pd.DataFrame) -> str:
    ask_for_function(answer)
    train = pairs[pairs["part"] == "train"]
    dictionary = word_dictionary(list(train["english"]), list(train["german"]))
    new = sentence_pairs({"test": NEW_SENTENCES}, seed=1)
    sources, truth = list(new["english"]), list(new["german"])
    found = called(answer, list(sources))
    if isinstance(found, str) or not hasattr(found, "__len__"):
        raise Hint("A list of sentences comes in, and a list of sentences must come back.")
    if len(found) != len(sources):
        raise Hint(f"{len(sources)} sentences came in, and {len(found)} came back.")
    if not all(isinstance(text, str) for text in found):
        raise Hint("Each translation must be a string.")
    yours, rival = bleu(truth, list(found)), bleu(truth, look_up(sources, dictionary))
    scores = f"BLEU {yours:.1f}, the dictionary's {rival:.1f}"
    if yours < rival + 2:
        raise Hint(f"{scores}, on {NEW_SENTENCES} new sentences: two points more are asked for.")
    return f"{scores}, on {NEW_SENTENCES} new sentences."


CHECKS: dict[str, Callable[..., str]] = {
    "08-1": _decoder_inputs,
    "08-2": _accuracy,
    "08-3": _precision,
    "08-4": _better_words,
}

HINTS: dict[str, tuple[str, ...]] = {
    "08-1": (
        "In training the decoder is shown the true word before the one it must foretell.",
        "So its row is the target row, one place later.",
        "What stands at the first place, before any word? And which number falls off at the end?",
    ),
    "08-2": (
        "Two masks are enough: where the guess is right, and where the target counts.",
        "`targets != PAD` marks the places that count.",
        "Index the first mask with the second: the mean of what is left is the share.",
    ),
    "08-3": (
        "First a list of the groups: `n` words in a row, from each place where n are left.",
        "Go through the translation's groups. A group that the truth holds counts, and is then "
        "used up.",
        "Take each hit out of a copy of the truth's groups. At the end divide by the number of "
        "the translation's groups.",
    ),
    "08-4": (
        "`look_up(sentences, dictionary)` is the rival. Begin with it, and correct its dictionary.",
        "Print some pairs of the training part next to what `look_up` gives, and collect the "
        "words that go wrong most often.",
        "A word may become nothing, an empty string, or two: a comma and the German "
        "conjunction. A handful of entries is enough.",
    ),
}
