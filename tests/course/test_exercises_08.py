"""The checks of lesson 08: right answers pass, known mistakes get their own hint."""

from course_utils.text import EOS, PAD, SOS, look_up, word_dictionary
from course_utils.text.grammar import sentence_pairs

import numpy as np
import pytest
from exercise_verdict import assert_verdict

PAIRS = sentence_pairs({"train": 3000, "valid": 50, "test": 50})
TRAIN = PAIRS[PAIRS["part"] == "train"]
GIVEN = {"08-4": {"pairs": PAIRS}}


# --------------------------------------------------------------------------------- 2: accuracy


def right_accuracy(targets, guesses):
    return (targets == guesses)[targets != PAD].mean()


def in_place(targets, guesses):
    guesses[targets == PAD] = PAD
    return right_accuracy(targets, guesses)


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


def recall(truth, translation, n):
    share = right_precision(truth, translation, n)
    return share * len(groups(translation, n)) / len(groups(truth, n))


# ------------------------------------------------------------------------ 4: a better dictionary


SINGLE = word_dictionary(list(TRAIN["english"]), list(TRAIN["german"]))
OWN = {"because": ", weil", "that": ", dass", "for": "", "to": "", "of": "", "up": ""}


def corrected(sentences):
    return look_up(sentences, SINGLE | OWN)


# ------------------------------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        *[("08-1", kind([SOS, 9, 5, 14, EOS, PAD]), "✓") for kind in (list, np.array, tuple)],
        ("08-2", right_accuracy, "✓"),
        ("08-2", lambda *given: np.array([right_accuracy(*given)]), "✓"),
        ("08-3", right_precision, "✓"),
        ("08-4", corrected, "✓"),
        ("08-4", lambda sentences: np.array(corrected(sentences)), "✓"),
        ("08-1", [SOS, 9, 5, 14], "six numbers, not 4"),
        ("08-1", [7, 9, 5, 14, EOS, PAD], "nothing is written yet"),
        ("08-1", [SOS, 9.6, 5, 14, EOS, PAD], "whole numbers"),
        ("08-1", [SOS, float("inf"), 5, 14, EOS, PAD], "whole numbers"),
        ("08-2", in_place, "work on a copy"),
        ("08-2", lambda t, g: True, "one number, not True"),
        ("08-2", lambda t, g: g.sum() / 99, "which share of them is right"),
        ("08-2", lambda t, g: t, "must return one number, not 8"),
        ("08-2", lambda t, g: np.nan, "must return one number, not nan"),
        ("08-2", lambda t: 1, "raised TypeError"),
        ("08-2", 0.5, "the function itself"),
        ("08-3", lambda truth, translation, n: "all", "one number"),
        ("08-4", lambda sentences: look_up(sentences, SINGLE), "you need two points more"),
        ("08-4", lambda sentences: corrected(sentences)[::-1], "place of its own sentence"),
        ("08-4", lambda sentences: sentences[0], "return a list of sentences"),
        ("08-4", lambda sentences: sentences[1:], "300 sentences went in, and 299 came back"),
        ("08-4", lambda sentences: [1] * len(sentences), "must be a string"),
        ("08-4", lambda sentences: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)
