"""Checks of lesson 08, sequence to sequence: translation."""

from collections import Counter

from course.exercises.answers import ask_for_function, ask_for_same, called, whole_numbers
from course.exercises.hints import Hint, Slips, diagnosis, exercise
from course_utils.text import EOS, PAD, SOS, bleu, look_up, word_dictionary
from course_utils.text.grammar import sentence_pairs

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NEW_SENTENCES = 300  # of exercise 4
TARGET = (9, 5, 14, EOS, PAD, PAD)  # of exercise 1


_BEFORE = TARGET[:-1]
_OTHER_ROWS: Slips = {
    "That is the target itself: the decoder would read the word it must predict.": TARGET,
    "Shifted the wrong way: the decoder would be shown the next word.": (*TARGET[1:], PAD),
    "Seven numbers are one too many: leave out the target's last column.": (SOS, *TARGET),
    "The shift is right, but a sentence starts with <sos>, not <eos>.": (EOS, *_BEFORE),
    "The shift is right, but a sentence starts with <sos>, not <pad>.": (PAD, *_BEFORE),
    "<sos> comes before the first word, it does not replace it.": (SOS, *TARGET[1:]),
    "<eos> stays in the row: the decoder reads it before the first <pad>.": (
        SOS,
        9,
        5,
        14,
        PAD,
        PAD,
    ),
    "The row has a <pad> at its end: fill it up to six.": (SOS, 9, 5, 14, EOS),
    "<eos> and <pad> are not read before they are written: keep the order.": (
        SOS,
        9,
        5,
        14,
        PAD,
        EOS,
    ),
    "The words are in reverse order: the decoder reads them as they stand.": (SOS, *_BEFORE[::-1]),
    "Padding comes at the end, not in front.": (PAD, SOS, 9, 5, 14, EOS),
    "The last number falls off, not <eos>: after it comes padding.": (SOS, 9, 5, 14, EOS, EOS),
}


@exercise(
    "08-1",
    "In training the decoder is shown the true word before the one it must predict.",
    "So its row is the target row, one place later.",
    "What is at the first place, before any word? And which number falls off at the end?",
    slips=_OTHER_ROWS,
)
def _decoder_inputs(answer: object) -> str:
    found = whole_numbers(answer, "Give a list of six whole numbers.")
    right = (SOS, *_BEFORE)
    if found == right:
        return "At each place the decoder knows the words before it, and no other."
    if hint := diagnosis(found, right, _OTHER_ROWS):
        raise Hint(hint)
    if len(found) != len(TARGET):
        raise Hint(f"Give six numbers, not {len(found)}.")
    if found[0] != SOS:
        raise Hint("At the first place nothing is written yet: which number says so?")
    raise Hint("After <sos>, each place holds the target's word from the place before.")


def _share(targets: NDArray, guesses: NDArray) -> float:
    return float((targets == guesses)[targets != PAD].mean())


def _by_sentence(targets: NDArray, guesses: NDArray) -> float:
    counted = targets != PAD
    return float((((targets == guesses) & counted).sum(axis=1) / counted.sum(axis=1)).mean())


_OTHER_ACCURACIES: Slips = {
    "padding is counted: a network that writes nothing would look good.": lambda t, g: (
        t == g
    ).mean(),
    "you count the right words, but divide by all places.": lambda t, g: (
        (t == g) & (t != PAD)
    ).mean(),
    "a place counts if the target has a word there, not the guess.": lambda t, g: (t == g)[
        g != PAD
    ].mean(),
    "a guess of padding for a word of the target is wrong, and counts.": lambda t, g: (t == g)[
        (t != PAD) & (g != PAD)
    ].mean(),
    "a place counts if the target has a word there, whatever the guess.": lambda t, g: (t == g)[
        (t != PAD) | (g != PAD)
    ].mean(),
    "that is the mean over sentences: average over all words instead.": _by_sentence,
    "<eos> is a word to predict, too.": lambda t, g: (t == g)[(t != PAD) & (t != EOS)].mean(),
    "give a share between 0 and 1, not per cent.": lambda t, g: 100 * _share(t, g),
    "that is the number of right words: give their share.": lambda t, g: (
        (t == g) & (t != PAD)
    ).sum(),
    "that is the share of wrong words.": lambda t, g: 1 - _share(t, g),
    "that is the share of sentences without a mistake: count words.": lambda t, g: (
        ((t == g) | (t == PAD)).all(axis=1).mean()
    ),
    "all right places are counted, padding too, over the places with words.": lambda t, g: (
        (t == g).sum() / (t != PAD).sum()
    ),
    "that is the accuracy on padding: take the places where the target is not PAD.": lambda t, g: (
        t == g
    )[t == PAD].mean(),
    "padding counts as right in yours: leave it out.": lambda t, g: ((t == g) | (t == PAD)).mean(),
    "that is the share of words among all places: how many of them are right?": lambda t, g: (
        t != PAD
    ).mean(),
    "padding must be right as well in yours: take the places with words only.": lambda t, g: (
        (t == g).all(axis=1).mean()
    ),
    "that is right words per sentence: divide by words.": lambda t, g: (
        ((t == g) & (t != PAD)).sum() / len(t)
    ),
    "a word must be at its own place: compare place by place.": lambda t, g: np.isin(g, t)[
        t != PAD
    ].mean(),
}


@exercise(
    "08-2",
    "Two masks are enough: where the guess is right, and where the target counts.",
    "`targets != PAD` marks the places that count.",
    "Index the first mask with the second: the mean of what is left is the share.",
    slips=_OTHER_ACCURACIES,
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
    general = "Count the places where the target is not padding; which share of them is right?"
    few = np.array([[5, 6, EOS, PAD], [7, EOS, PAD, PAD]]), np.array([[5, 5, EOS, 8], [7, 7, 9, 8]])
    cases = {"For targets {} and guesses {}".format(*(array.tolist() for array in few)): few}
    cases["For three sentences"] = (targets, guesses)
    ask_for_same(answer, _share, cases, _OTHER_ACCURACIES, general)
    return "Ten of twelve words: padding does not count."


def _grams(tokens: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(n)), strict=False))


def _precision(truth: list[str], translation: list[str], n: int) -> float:
    found = _grams(translation, n)
    return (found & _grams(truth, n)).total() / found.total()


def _in_truth(truth: list[str], translation: list[str], n: int) -> int:
    known = _grams(truth, n)
    return sum(count for gram, count in _grams(translation, n).items() if gram in known)


def _every_nth(tokens: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start::n] for start in range(n)), strict=False))


def _sorted_grams(tokens: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(sorted(gram)) for gram in _grams(tokens, n).elements())


_OTHER_PRECISIONS: Slips = {
    "divide by the translation's groups, not the truth's. Are the two swapped?": (
        lambda truth, made, n: _precision(made, truth, n)
    ),
    "each group counts at most as often as it is in the truth.": lambda truth, made, n: (
        _in_truth(truth, made, n) / _grams(made, n).total()
    ),
    "sets forget how often a group comes: count them.": lambda truth, made, n: (
        len(_grams(made, n).keys() & _grams(truth, n).keys()) / len(_grams(made, n))
    ),
    "each group counts once at most: how often does the truth hold it?": lambda truth, made, n: (
        len(_grams(made, n).keys() & _grams(truth, n).keys()) / _grams(made, n).total()
    ),
    "divide by the translation's groups, not by its words.": lambda truth, made, n: (
        (_grams(made, n) & _grams(truth, n)).total() / len(made)
    ),
    "divide by the translation's groups, not by the truth's words.": lambda truth, made, n: (
        (_grams(made, n) & _grams(truth, n)).total() / len(truth)
    ),
    "groups have n words: you always count single words.": lambda truth, made, n: _precision(
        truth, made, 1
    ),
    "the order within a group counts.": lambda truth, made, n: (
        (_sorted_grams(made, n) & _sorted_grams(truth, n)).total() / _grams(made, n).total()
    ),
    "that counts hits without a limit: give their share, each as often as the truth holds it.": (
        _in_truth
    ),
    "that is the share of single words, whatever n is and however often they come.": (
        lambda truth, made, n: _in_truth(truth, made, 1) / len(made)
    ),
    "that is the number of hits: give their share.": lambda truth, made, n: (
        _grams(made, n) & _grams(truth, n)
    ).total(),
    "give a share between 0 and 1, not per cent.": lambda truth, made, n: (
        100 * _precision(truth, made, n)
    ),
    "the last group is missing: a sentence holds len - n + 1 of them.": lambda truth, made, n: (
        (_grams(made[:-1], n) & _grams(truth[:-1], n)).total()
        / max(1, _grams(made[:-1], n).total())
    ),
    "a group counts wherever the truth holds it, not only at the same place.": (
        lambda truth, made, n: (
            sum(made[i : i + n] == truth[i : i + n] for i in range(len(made) - n + 1))
            / (len(made) - n + 1)
        )
    ),
    "groups overlap: one begins at every word, not at every n-th.": lambda truth, made, n: (
        (_every_nth(made, n) & _every_nth(truth, n)).total() / _every_nth(made, n).total()
    ),
    "compare lists of words: in joined text, a part of a word matches, too.": (
        lambda truth, made, n: np.mean(
            [" ".join(gram) in " ".join(truth) for gram in _grams(made, n).elements()]
        )
    ),
    "that is the share of groups that are not in the truth.": lambda truth, made, n: (
        1 - _precision(truth, made, n)
    ),
    "groups have exactly n words: yours averages over shorter ones, too.": lambda truth, made, n: (
        np.mean([_precision(truth, made, size) for size in range(1, n + 1)])
    ),
    "hand over lists of words: joined text is cut into letters.": lambda truth, made, n: _precision(
        list(" ".join(truth)), list(" ".join(made)), n
    ),
    "count each group: yours says only whether all of them are there.": lambda truth, made, n: (
        float(_grams(made, n).keys() <= _grams(truth, n).keys())
    ),
}


@exercise(
    "08-3",
    "First make a list of the groups: `n` words in a row, from each place with n words left.",
    "Go through the translation's groups. One that is in the truth counts, and is then used up.",
    "Take each hit out of a copy of the truth's groups. Divide by the translation's groups.",
    slips=_OTHER_PRECISIONS,
)
def _inside_of_bleu(answer: object) -> str:
    truth = ["der", "alte", "mann", "sucht", "der", "tasse", "wegen", "den", "alten", "hund"]
    cases = {
        "the same sentence twice": (truth, truth, 1),
        "one word said too often": (truth, ["der"] * 4, 1),
        "a short translation": (truth, ["der", "alte", "hund"], 1),
        "pairs of words": (truth, ["der", "alte", "mann", "sucht", "den", "alten", "hund"], 2),
        "a pair said too often": (truth, ["den", "alten", "den", "alten"], 2),
        "groups in another order": (truth, ["alte", "der", "mann", "alte"], 2),
        "a part of a word": (["den", "alten", "hund"], ["alte"], 1),
        "triples of words": (truth, ["der", "alte", "mann", "sucht", "den", "alten", "hund"], 3),
    }
    few = [
        (["der", "hund", "der"], ["der", "der", "der", "hund"], 1),
        (["der", "alte", "hund"], ["der", "alte", "alte", "hund"], 2),
    ]
    named = {f"For {' '.join(t)!r} and {' '.join(m)!r}, n = {n}": (t, m, n) for t, m, n in few}
    named |= {f"For {name}": given for name, given in cases.items()}
    general = "Which groups of the translation does the truth hold, each as often as it does?"
    ask_for_same(answer, _precision, named, _OTHER_PRECISIONS, general)
    return "BLEU is the geometric mean of this for n = 1 to 4, times a penalty for short ones."


@exercise(
    "08-4",
    "`look_up(sentences, dictionary)` is the rival. Begin with it, and correct its dictionary.",
    "Print training pairs next to what `look_up` gives: which words go wrong most often?",
    "A word may become an empty string, or a comma and a word. A handful of entries is enough.",
)
def _better_words(answer: object, pairs: pd.DataFrame) -> str:
    ask_for_function(answer)
    new = sentence_pairs({"test": NEW_SENTENCES}, seed=1)
    sources, truth = list(new["english"]), list(new["german"])
    found = called(answer, sources)
    if not isinstance(found, (list, tuple, np.ndarray, pd.Series)):
        raise Hint("Your function is given a list of sentences: return a list of sentences.")
    if len(found) != len(sources):
        raise Hint(f"{len(sources)} sentences went in, and {len(found)} came back.")
    if not all(isinstance(text, str) for text in found):
        raise Hint("Each translation must be a string.")
    train = pairs[pairs["part"] == "train"]
    dictionary = word_dictionary(list(train["english"]), list(train["german"]))
    yours, rival = bleu(truth, list(found)), bleu(truth, look_up(sources, dictionary))
    scores = f"BLEU {yours:.1f}, the dictionary's {rival:.1f}"
    if yours < rival / 2:
        raise Hint(
            f"{scores}: is each translation German, in German word order, and at the place of its "
            "own sentence? Begin with `look_up`."
        )
    if yours < rival + 2:
        raise Hint(f"{scores}, on {NEW_SENTENCES} new sentences: you need two points more.")
    return f"{scores}, on {NEW_SENTENCES} new sentences."
