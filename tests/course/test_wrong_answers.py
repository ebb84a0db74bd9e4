"""Plausible wrong answers: none is accepted, and most learn more than that they are off."""

import re
from importlib import import_module
from pathlib import Path

from course.exercises import judge, lesson_08, lesson_09
from course.exercises.hints import Hint

import numpy as np
import pytest

BATTERY = Path(__file__).with_name("wrong_answers.txt")
ONLY_OFF = (
    r"is too (small|large)\.|(values|numbers|draws) are off|below it yet\. (Your|Which)|is off:"
)
GOAL = 0.9


def answers():
    """The name of an exercise and the expression of an answer, for each line of the battery."""
    for line in BATTERY.read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"\d\d-\d", line):
            name = line
        elif not line.startswith("#"):
            yield name, line


# ------------------------------------------------------------- what the expressions are made of


def loop(forecast, window, steps, keep, hand=np.array):
    values, made = list(window), []
    for _ in range(steps):
        made.append(forecast(hand(values)))
        values = keep(values, made[-1])
    return made


def gru(features, units, parts=3, biases=2):
    inputs = [features, *units]
    return sum(parts * n * (f + n + biases) for f, n in zip(inputs, units, strict=False))


def changed(biases, first, last, value):
    units, copy = biases.shape[1] // 3, biases.copy()
    copy[0, first * units : last * units] = value
    return copy


def softmax(logits):
    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


def sampled(logits, top_k, rng):
    kept = np.argsort(logits)[-top_k:]
    return int(rng.choice(kept, p=softmax(logits[kept])))


def emptied(truth, translation, n):
    found, hits = list(zip(*(translation[i:] for i in range(n)), strict=False)), 0
    for group in found:
        for i in range(len(truth) - n + 1):
            if tuple(truth[i : i + n]) == group:
                del truth[i]
                hits += 1
                break
    return hits / len(found)


def ends(outputs, forward, backward):
    half = outputs.shape[-1] // 2
    return np.concatenate([outputs[:, forward, :half], outputs[:, backward, half:]], axis=-1)


def told(name, expression):
    """What a check says about the answer that an expression describes, and whether it passes.

    Expressions may use what the tests of the lesson and this file define.
    """
    names = globals() | vars(import_module(f"test_exercises_{name[:2]}"))
    with np.errstate(all="ignore"):
        answer = eval(expression, names)
        try:
            return f"✓ {judge(name, answer, **names['GIVEN'].get(name, {}))}"
        except Hint as hint:
            return f"✗ {hint}"


@pytest.mark.slow
def test_no_plausible_wrong_answer_passes_and_most_are_told_more_than_off(monkeypatch):
    monkeypatch.setattr(lesson_08, "NEW_SENTENCES", 100)
    monkeypatch.setattr(lesson_09, "DRAWS", 500)
    said = [(name, expression, told(name, expression)) for name, expression in answers()]
    assert len({name for name, *_ in said}) == 59
    assert [one for one in said if re.search("^✓|NameError", one[2])] == []
    helpful = [one for one in said if not re.search(ONLY_OFF, one[2])]
    assert len(helpful) >= GOAL * len(said)
