"""Checks of lesson 08, sequence to sequence: translation."""

from collections import Counter

from course.exercises.answers import ask_for_function, called, called_number, whole_numbers
from course.exercises.hints import Hint, close, exercise, known_mistake
from course_utils.text import EOS, PAD, SOS, bleu, look_up, word_dictionary
from course_utils.text.grammar import sentence_pairs

import numpy as np
import pandas as pd

NEW_SENTENCES = 300  # of exercise 4
TARGET = (9, 5, 14, EOS, PAD, PAD)  # of exercise 1


@exercise(
    "08-1",
    "In training the decoder is shown the true word before the one it must predict.",
    "So its row is the target row, one place later.",
    "What is at the first place, before any word? And which number falls off at the end?",
)
def _decoder_inputs(answer: object) -> str:
    found = whole_numbers(answer, "Give a list of six whole numbers.")
    before = TARGET[:-1]
    if found == (SOS, *before):
        return "At each place the decoder knows the words before it, and no other."
    mistakes = {
        "That is the target itself: the decoder would read the word it must predict.": TARGET,
        "Shifted the wrong way: the decoder would be shown the next word.": (*TARGET[1:], PAD),
        "Seven numbers are one too many: leave out the target's last column.": (SOS, *TARGET),
        "The shift is right, but a sentence starts with <sos>, not <eos>.": (EOS, *before),
        "The shift is right, but a sentence starts with <sos>, not <pad>.": (PAD, *before),
    }
    if hint := known_mistake(found, mistakes):
        raise Hint(hint)
    if len(found) != len(TARGET):
        raise Hint(f"Give six numbers, not {len(found)}.")
    if found[0] != SOS:
        raise Hint("At the first place nothing is written yet: which number says so?")
    raise Hint("After <sos>, each place holds the target's word from the place before.")


@exercise(
    "08-2",
    "Two masks are enough: where the guess is right, and where the target counts.",
    "`targets != PAD` marks the places that count.",
    "Index the first mask with the second: the mean of what is left is the share.",
)
def _accuracy(answer: object) -> str:
    targets = np.array(
        [
            [5, 4, 7, 8, 4, EOS, PAD, PAD],
            [6, EOS, PAD, PAD, PAD, PAD, PAD, PAD],
            [4, 5, 5, EOS, PAD, PAD, PAD, PAD],
        ]
    )
    guesses = targets.copy()
    guesses[1, [1, 3, 4, 6, 7]] = 4, 4, EOS, 5, 5
    guesses[0, 4] = PAD
    guesses[2, 4] = 4
    share = called_number(answer, targets, guesses, keep=True)
    hits, counted, guessed = targets == guesses, targets != PAD, guesses != PAD
    both = counted & guessed
    right = hits[counted].mean()
    if close(share, right, atol=1e-6):
        return "Ten of twelve words: padding does not count."
    by_sentence = np.mean([hit[words].mean() for hit, words in zip(hits, counted, strict=True)])
    mistakes = {
        "Padding is counted: a network that writes nothing would look good.": hits.mean(),
        "You count the right words, but divide by all places.": (hits & counted).mean(),
        "A place counts if the target has a word there, not the guess.": hits[guessed].mean(),
        "A guess of padding for a word of the target is wrong, and counts.": hits[both].mean(),
        "That is the mean over sentences: average over all words instead.": by_sentence,
        "<eos> is a word to predict, too.": hits[counted & (targets != EOS)].mean(),
        "Give a share between 0 and 1, not per cent.": 100 * right,
    }
    raise Hint(
        known_mistake(share, mistakes, atol=1e-6)
        or "Count the places where the target is not padding; which share of them is right?"
    )


def _grams(tokens: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(n)), strict=False))


@exercise(
    "08-3",
    "First make a list of the groups: `n` words in a row, from each place with n words left.",
    "Go through the translation's groups. One that is in the truth counts, and is then used up.",
    "Take each hit out of a copy of the truth's groups. Divide by the translation's groups.",
)
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
        share = called_number(answer, expected, translation, n)
        found, known = _grams(translation, n), _grams(expected, n)
        groups, matches = found.total(), (found & known).total()
        if close(share, matches / groups, atol=1e-6):
            continue
        unclipped = sum(count for gram, count in found.items() if gram in known)
        mistakes = {
            "each group counts at most as often as it is in the truth.": unclipped / groups,
            "divide by the translation's groups, not the truth's.": matches / known.total(),
            f"{len(translation)} words hold {groups} groups of {n}.": matches / len(translation),
        }
        values = f"with n = {n} the share is {matches}/{groups}, and yours is {share:.3g}."
        raise Hint(f"For {name}: {known_mistake(share, mistakes, atol=1e-6) or values}")
    return "BLEU is the geometric mean of this for n = 1 to 4, times a penalty for short ones."


@exercise(
    "08-4",
    "`look_up(sentences, dictionary)` is the rival. Begin with it, and correct its dictionary.",
    "Print training pairs next to what `look_up` gives: which words go wrong most often?",
    "A word may become an empty string, or a comma and a word. A handful of entries is enough.",
)
def _better_words(answer: object, pairs: pd.DataFrame) -> str:
    ask_for_function(answer)
    train = pairs[pairs["part"] == "train"]
    dictionary = word_dictionary(list(train["english"]), list(train["german"]))
    new = sentence_pairs({"test": NEW_SENTENCES}, seed=1)
    sources, truth = list(new["english"]), list(new["german"])
    found = called(answer, sources)
    if not isinstance(found, (list, tuple, np.ndarray, pd.Series)):
        raise Hint("Your function is given a list of sentences: return a list of sentences.")
    if len(found) != len(sources):
        raise Hint(f"{len(sources)} sentences went in, and {len(found)} came back.")
    if not all(isinstance(text, str) for text in found):
        raise Hint("Each translation must be a string.")
    yours, rival = bleu(truth, list(found)), bleu(truth, look_up(sources, dictionary))
    scores = f"BLEU {yours:.1f}, the dictionary's {rival:.1f}"
    if yours < rival + 2:
        raise Hint(f"{scores}, on {NEW_SENTENCES} new sentences: you need two points more.")
    return f"{scores}, on {NEW_SENTENCES} new sentences."
