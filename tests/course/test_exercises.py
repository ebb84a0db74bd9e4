"""What all exercises share: one sentence whatever the answer is, and hints for who is stuck."""

import itertools
import re
from importlib import import_module

from course import exercises
from course.exercises import check, judge
from course.exercises.hints import Hint, said
from course.lessons.lesson import find_lessons

import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_exercises_01 import rising_or_falling
from test_exercises_03 import adding_problem
from test_exercises_07 import draw_signals
from test_exercises_08 import PAIRS

LESSONS = {lesson.number: lesson for lesson in find_lessons()}
MODULES = {number: import_module(f"course.exercises.lesson_{number}") for number in LESSONS}
EXERCISES = [name for module in MODULES.values() for name in module.CHECKS]
PRICES = made_up_prices("2015-01-01", "2017-12-31")
PRICES.attrs["test_year"] = 2017
CODES = np.random.default_rng(0).integers(0, 4, 4000)


GIVEN = {
    **{name: {"prices": PRICES} for name in EXERCISES if name[:2] in ("00", "04")},
    **{name: {"prices": PRICES} for name in ("05-4", "06-3", "06-4")},
    "01-4": {"make": rising_or_falling},
    "03-4": {"draw": adding_problem},
    "05-3": {"paths": np.ones((9, 5)).cumsum(axis=0), "truth": np.array([0.0, 5, 5, 5, 5])},
    "07-4": {"draw": draw_signals},
    "08-4": {"pairs": PAIRS.head(100)},
    "09-3": {"sample": "the cat", "text": "a cat"},
    "09-4": {"codes": CODES, "start": 3000, "characters": 4},
}


class Hostile:
    """Does nothing that can be asked of an object."""

    def refuse(self, *_, **__):
        raise RuntimeError("no,\nand no")

    __eq__ = __ne__ = __lt__ = __bool__ = __len__ = __iter__ = __float__ = refuse
    __repr__ = __str__ = __array__ = __hash__ = __getitem__ = __call__ = refuse


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("never")


class Loud:
    __name__ = "loud"

    def __call__(self, *_, **__):
        raise Unprintable


class Empty:
    pass


def leaves(*_):
    raise SystemExit


ODD = [
    [1, 2, 3], {"a": 1}, float("nan"), dict, len, lambda: 1,
    None, True, -1, 10**400, 1j, float("inf"), "", "a word", b"x", "{}", range(3), object(), Empty,
    Hostile(), Hostile, Loud(), int, type, Exception("x"), NotImplemented, np, leaves,
    {}, {"units": None}, {1: 2}, set(), {"a", 1}, frozenset("q"), (), [[]], [1, [2, 3]],
    [Hostile()], {"units": Hostile()}, {Hostile: 1}, (Hostile(), Hostile()),
    itertools.count(), (n for n in range(3)), iter([1]), slice(1), memoryview(b"abc"),
    np.array(np.nan), np.array([1.0, np.nan]), np.zeros((0, 3)), np.array(["x"]), np.array([None]),
    np.ma.masked, np.datetime64("2017-01-03"), np.dtype("int8"), pd.NaT, pd.NA,
    pd.DataFrame(), PRICES, PRICES["High"].iloc[:0], PRICES["High"] * np.nan,
    pd.Series(["x"], index=pd.to_datetime(["2017-01-03"])), pd.Timestamp("2017-01-03"),
]  # fmt: skip


def said_to(exercise, answer, capsys):
    exercises._wrong_tries.clear()
    check(exercise, answer, **GIVEN.get(exercise, {}))
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.parametrize("exercise", EXERCISES)
def test_whatever_is_handed_over_gets_one_line_and_no_exception(exercise, capsys):
    for odd in ODD:
        for answer in (odd, lambda *_, odd=odd, **__: odd):
            line = said_to(exercise, answer, capsys)
            assert re.fullmatch(rf"✗ Exercise {exercise}: not yet\. .*\S\n", line)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_function_that_prints_gets_its_line_as_well(exercise, capsys):
    assert f"✗ Exercise {exercise}: not yet. " in said_to(exercise, print, capsys)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_stub_is_told_to_replace_the_dots(exercise, capsys):
    line = f"✗ Exercise {exercise}: not yet. Replace the three dots with your answer.\n"
    assert said_to(exercise, ..., capsys) == line


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(), inner, max_size=3)
        | st.lists(st.floats(), max_size=6).map(np.array)
        | inner.map(lambda value: lambda *_: value)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("exercise", EXERCISES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=VALUES)
def test_made_up_values_get_one_line_and_no_exception(exercise, answer, capsys):
    assert re.fullmatch(r"[✗✓] Exercise .*\n", said_to(exercise, answer, capsys))


def test_an_error_that_cannot_be_printed_is_still_named():
    assert said(Unprintable()) == "Unprintable"
    assert said(KeyError("a\nb")) == r"KeyError: 'a\nb'"
    assert len(said(ValueError("word " * 999))) < 250


def test_a_mistake_of_the_lesson_is_no_learners_mistake():
    with pytest.raises(TypeError, match="prices"):
        check("04-1", 1.0)


# ------------------------------------------------------------------------------ ordered hints


def solution_lines(exercise):
    """Lines of code of the stored solution that say something, without the call of check."""
    cells = LESSONS[exercise[:2]].cells
    (solution,) = (
        cell["source"]
        for cell in cells
        if "solution" in cell["metadata"].get("tags", [])
        and f'check("{exercise}"' in cell["source"]
    )
    lines = [line.partition("  #")[0].strip() for line in solution.splitlines()]
    lines = [re.sub(r"^(return|\w+ =) ", "", line) for line in lines]
    return [line for line in lines if len(line) > 8 and not line.startswith(("check(", "def "))]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_hints_that_do_not_hold_the_solution(exercise):
    hints = MODULES[exercise[:2]].HINTS[exercise]
    assert 2 <= len(hints) <= 3
    assert gives_away(exercise, hints) == []


def gives_away(exercise, hints):
    return [line for line in solution_lines(exercise) for hint in hints if line in hint]


def test_a_hint_that_holds_a_line_of_the_solution_is_caught():
    assert gives_away("00-1", ["Write `few_windows.shape`."])
    assert gives_away("05-2", ["values.append(forecast(np.array(values[-len(window) :])))"])


def test_checks_and_hints_are_for_the_same_exercises_as_the_lesson():
    for number, module in MODULES.items():
        assert list(module.CHECKS) == list(module.HINTS)
        text = "".join(cell["source"] for cell in LESSONS[number].cells)
        assert {*re.findall(r'check\("([\d-]+)"', text)} == {*module.CHECKS}


def hints_said(capsys):
    return re.findall(r"^  Hint (\d) of 3: ", capsys.readouterr().out, re.M)


def test_hints_come_after_two_wrong_tries_one_more_each_time(capsys):
    for expected in ([], ["1"], ["1", "2"], ["1", "2", "3"], ["1", "2", "3"]):
        check("01-1", 7)
        assert hints_said(capsys) == expected


def test_a_right_answer_ends_the_hints_and_a_later_wrong_one_begins_anew(capsys):
    for answer in (7, 7, 563, 7):
        capsys.readouterr()
        check("01-1", answer)
    assert hints_said(capsys) == []


def test_dots_other_exercises_and_programs_are_no_tries(capsys):
    for _ in range(3):
        check("01-1", ...)
        check("02-1", 7)
        with pytest.raises(Hint, match="7 is"):
            judge("01-1", 7)
    capsys.readouterr()
    check("01-1", 7)
    assert hints_said(capsys) == []


@pytest.mark.parametrize(
    ("exercise", "answer", "given", "hint"),
    [
        ("01-1", 564, {}, "564 is too many"),
        ("01-1", ..., {}, "Replace the three dots"),
        ("04-1", Hostile(), {"prices": PRICES}, "One number is asked for"),
    ],
)
def test_judge_raises_the_hint_and_prints_nothing(exercise, answer, given, hint, capsys):
    with pytest.raises(Hint, match=hint):
        judge(exercise, answer, **given)
    assert judge("01-1", 563).startswith("563, however long")
    assert capsys.readouterr() == ("", "")


def test_judge_knows_its_exercises():
    with pytest.raises(ValueError, match="choose one of 01-1"):
        judge("01-9", 1)
