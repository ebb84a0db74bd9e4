"""The checks of lesson 08: right answers pass, known mistakes get their own hint."""

from course.exercises import check
from course_utils.text import EOS, PAD, SOS, look_up, word_dictionary
from course_utils.text.grammar import sentence_pairs

import numpy as np
import pytest

PAIRS = sentence_pairs({"train": 3000, "valid": 50, "test": 50})
TRAIN = PAIRS[PAIRS["part"] == "train"]


@pytest.fixture
def verdict(capsys):
    def ask(exercise, answer):
        check(exercise, answer, **({"pairs": PAIRS} if exercise == "08-4" else {}))
        return capsys.readouterr().out

    return ask


# ------------------------------------------------------------------------- 1: the decoder's row


@pytest.mark.parametrize("kind", [list, np.array, tuple])
def test_the_right_row_passes(kind, verdict):
    assert verdict("08-1", kind([SOS, 9, 5, 14, EOS, PAD])).startswith("✓")


@pytest.mark.parametrize(
    ("row", "hint"),
    [
        ([9, 5, 14, EOS, PAD, PAD], "the target itself"),
        ([5, 14, EOS, PAD, PAD, PAD], "Shifted the wrong way"),
        ([SOS, 9, 5, 14, EOS, PAD, PAD], "Seven numbers"),
        ([EOS, 9, 5, 14, EOS, PAD], "starts with <sos>, not <eos>"),
        ([PAD, 9, 5, 14, EOS, PAD], "starts with <sos>, not <pad>"),
        ([SOS, 9, 5, 14], "Six numbers are asked for, not 4"),
        ([7, 9, 5, 14, EOS, PAD], "Nothing is written yet"),
        ([SOS, 9, 5, 14, PAD, PAD], "the place before"),
        ([SOS, 9.6, 5, 14, EOS, PAD], "whole numbers"),
        ([SOS, float("inf"), 5, 14, EOS, PAD], "whole numbers"),
    ],
)
def test_known_mistakes_about_the_row_get_their_hint(row, hint, verdict):
    assert hint in verdict("08-1", row)


# --------------------------------------------------------------------------------- 2: accuracy


def right_accuracy(targets, guesses):
    return (targets == guesses)[targets != PAD].mean()


def by_sentence(targets, guesses):
    counted = targets != PAD
    return (((targets == guesses) & counted).sum(1) / counted.sum(1)).mean()


def in_place(targets, guesses):
    guesses[targets == PAD] = PAD
    return right_accuracy(targets, guesses)


def test_the_right_accuracy_passes(verdict):
    assert verdict("08-2", right_accuracy).startswith("✓")


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (lambda t, g: (t == g).mean(), "Padding is counted"),
        (lambda t, g: ((t == g) & (t != PAD)).mean(), "divided by all places"),
        (lambda t, g: (t == g)[g != PAD].mean(), "not the guess"),
        (lambda t, g: (t == g)[(t != PAD) & (g != PAD)].mean(), "is wrong, and counts"),
        (by_sentence, "mean over sentences"),
        (lambda t, g: (t == g)[(t != PAD) & (t != EOS)].mean(), "<eos> is a word"),
        (lambda t, g: 100 * right_accuracy(t, g), "not per cent"),
        (in_place, "changed the caller's arrays"),
        (lambda t, g: 0.123, "which share of them is right"),
        (lambda t, g: t, "one number"),
        (lambda t: 1, "raised TypeError"),
        (0.5, "the function itself"),
    ],
)
def test_known_mistakes_about_accuracy_get_their_hint(function, hint, verdict):
    assert hint in verdict("08-2", function)


# -------------------------------------------------------------------------------- 3: precision


def groups(tokens, n):
    return [tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1)]


def right_precision(truth, translation, n):
    found, left, hits = groups(translation, n), groups(truth, n), 0
    for group in found:
        if group in left:
            left.remove(group)
            hits += 1
    return hits / len(found)


def unclipped(truth, translation, n):
    return np.mean([group in groups(truth, n) for group in groups(translation, n)])


def recall(truth, translation, n):
    share = right_precision(truth, translation, n)
    return share * len(groups(translation, n)) / len(groups(truth, n))


def by_words(truth, translation, n):
    share = right_precision(truth, translation, n)
    return share * len(groups(translation, n)) / len(translation)


def single_words(truth, translation, n):
    return right_precision(truth, translation, 1)


def in_any_order(truth, translation, n):
    left = [sorted(group) for group in groups(truth, n)]
    found = [sorted(group) for group in groups(translation, n)]
    return sum(min(found.count(g), left.count(g)) for g in map(list, {*map(tuple, found)})) / len(
        found
    )


def parts_of_words(truth, translation, n):
    """Single words are looked for in the words of the truth, not among them."""
    left, hits = list(truth), 0
    for word in translation:
        match = next((other for other in left if word in other), None)
        if match:
            left.remove(match)
            hits += 1
    return hits / len(translation) if n == 1 else right_precision(truth, translation, n)


def test_the_right_precision_passes(verdict):
    assert verdict("08-3", right_precision).startswith("✓")


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (unclipped, "at most as often"),
        (recall, "not of the truth"),
        (by_words, "groups of 2"),
        (single_words, "n = 2"),
        (in_any_order, "groups in another order"),
        (parts_of_words, "a part of a word"),
        (lambda truth, translation, n: "all", "one number"),
    ],
)
def test_known_mistakes_about_precision_get_their_hint(function, hint, verdict):
    assert hint in verdict("08-3", function)


# ------------------------------------------------------------------------ 4: a better dictionary


SINGLE = word_dictionary(list(TRAIN["english"]), list(TRAIN["german"]))
OWN = {"because": ", weil", "that": ", dass", "for": "", "to": "", "of": "", "up": ""}


def test_a_dictionary_with_a_few_corrections_passes(verdict):
    assert verdict("08-4", lambda texts: look_up(texts, SINGLE | OWN)).startswith("✓")


def test_the_dictionary_itself_is_told_its_score(verdict):
    said = verdict("08-4", lambda sentences: look_up(sentences, SINGLE))
    assert "two points more are asked for" in said


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (lambda sentences: sentences[0], "a list of sentences must come back"),
        (lambda sentences: sentences[1:], "300 sentences came in, and 299 came back"),
        (lambda sentences: [1] * len(sentences), "must be a string"),
        (lambda sentences: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_known_mistakes_about_the_translator_get_their_hint(function, hint, verdict):
    assert hint in verdict("08-4", function)
