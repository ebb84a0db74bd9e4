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


def hits(truth, translation, n):
    left, found = groups(truth, n), 0
    for group in groups(translation, n):
        if group in left:
            left.remove(group)
            found += 1
    return found


def right_precision(truth, translation, n):
    return hits(truth, translation, n) / len(groups(translation, n))


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
        ("08-2", in_place, "work on a copy"),
        ("08-2", lambda t, g: True, "one number, not True"),
        ("08-2", lambda t, g: g.sum() / 99, "which share of them is right"),
        ("08-2", lambda t, g: t, "must return one number, not 8"),
        ("08-2", lambda t, g: np.nan, "must return one number, not nan"),
        ("08-4", lambda sentences: look_up(sentences, SINGLE), "you need two points more"),
        ("08-4", lambda sentences: corrected(sentences)[::-1], "place of its own sentence"),
        ("08-4", lambda sentences: sentences[0], "return a list of sentences"),
        ("08-4", lambda sentences: sentences[1:], "300 sentences went in, and 299 came back"),
        ("08-4", lambda sentences: [1] * len(sentences), "must be a string"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)
