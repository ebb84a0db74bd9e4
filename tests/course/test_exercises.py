"""What all exercises share: one sentence whatever the answer is, and ordered hints."""

import re
from contextlib import suppress
from importlib import import_module

from course.exercises import check, hints, judge, lesson_09
from course.exercises.answers import (
    array,
    ask_for_same,
    called_number,
    numbers,
    shaped,
    whole_numbers,
)
from course.exercises.hints import (
    EXERCISES,
    Exercise,
    Hint,
    close,
    diagnosis,
    off,
    said,
    worked_out,
)
from course.lessons.lesson import find_lessons

import numpy as np
import pandas as pd
import pytest
from command_line import course_here
from hypothesis import given
from hypothesis import strategies as st

LESSONS = {lesson.number: lesson for lesson in find_lessons()}
for number in LESSONS:
    import_module(f"course.exercises.lesson_{number}")
NAMES = [name for name in EXERCISES if name[:2] in LESSONS]
GIVEN = {
    name: given
    for number in LESSONS
    for name, given in import_module(f"test_exercises_{number}").GIVEN.items()
}


# --------------------------------------------------------------------------- whatever it is


class Hostile:
    """Refuses what is asked of an object."""

    def refuse(self, *_, **__):
        raise RuntimeError("no,\nand no")

    __array__ = __bool__ = __eq__ = __float__ = __getitem__ = __hash__ = __iter__ = refuse
    __len__ = __repr__ = __str__ = refuse


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("never")


def raises(*_):
    raise Unprintable


def leaves(*_):
    raise SystemExit


def goes_on_for_ever(*_):
    raise KeyboardInterrupt  # from the learner, at last


ODD = [None, "text", ["a", "b"], {"a": 1}, float("nan"), Hostile(), [Hostile()], raises, leaves]
ODD += [1j, goes_on_for_ever]
ODD += [lambda *_, odd=odd: odd for odd in (None, "text", [[1], [2, 3]], Hostile(), np.nan)]


@pytest.mark.parametrize("exercise", NAMES)
def test_whatever_is_handed_over_gets_one_line_and_no_exception(exercise, capsys):
    for answer in ODD:
        with pytest.raises(Hint, match=r"^[^\n]*\S$"):
            judge(exercise, answer, **GIVEN.get(exercise, {}))
    assert capsys.readouterr() == ("", "")


def test_the_stub_is_told_to_replace_the_dots(capsys):
    check("01-1", ...)
    line = "✗ Exercise 01-1: not yet. Replace the three dots with your answer.\n"
    assert capsys.readouterr().out == line


def test_an_error_of_the_check_itself_is_not_a_learners_mistake(monkeypatch):
    def broken(answer):
        return answer / 0

    monkeypatch.setitem(EXERCISES, "01-1", Exercise(broken, ()))
    with pytest.raises(ZeroDivisionError):
        check("01-1", 563)


def test_a_second_check_of_one_exercise_in_a_file_is_refused(monkeypatch):
    monkeypatch.setattr(hints, "EXERCISES", {})

    def other(answer):
        return ""

    for _ in range(2):  # a file may be loaded again
        hints.exercise("99-1")(lambda answer: "")
    with pytest.raises(ValueError, match="<lambda> and other both check '99-1': rename one"):
        hints.exercise("99-1")(other)


def test_nor_is_something_missing_that_the_exercise_starts_from():
    with pytest.raises(TypeError, match="prices"):
        check("04-1", 1.0)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(), inner, max_size=3)
        | st.lists(st.floats(), max_size=6).map(np.array)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "take",
    [
        lambda answer: array(answer),
        lambda answer: numbers(answer, 2),
        lambda answer: called_number(lambda: answer),
        lambda answer: shaped(answer, (2,), "(values,)"),
        lambda answer: whole_numbers(answer, "Give whole numbers."),
    ],
    ids=["array", "numbers", "called_number", "shaped", "whole_numbers"],
)
@given(answer=VALUES)
def test_numbers_are_taken_from_an_answer_or_a_hint_is_given(take, answer):
    with suppress(Hint):
        taken = np.asarray(take(answer), dtype=float)
        assert np.array_equal(np.ravel(taken), np.ravel(array(answer)), equal_nan=True)


@pytest.mark.parametrize(
    "odd",
    ["1.5", [1.5, "2"], pd.Series(["1.5"]), np.array(1.5 + 2j), [1.5, None], np.datetime64("2017")],
)
def test_text_dates_and_what_else_numpy_would_make_numbers_of_are_none(odd):
    with pytest.raises(Hint, match=r"^Wanted$"):
        array(odd, "Wanted")


def test_a_slip_that_differs_where_an_answer_is_right_is_not_named():
    cases, slips = {"For 1": (1,), "For 2": (2,)}, {"always 5.": lambda n: 5}
    with pytest.raises(Hint, match="you say 5, but it is 2"):
        ask_for_same(lambda n: (1, 5)[n - 1], lambda n: n, cases, slips, "Count.")


def test_a_hint_calls_minus_zero_zero():
    with pytest.raises(Hint, match="you say 0: that is 0"):
        ask_for_same(lambda n: -0.0, lambda n: n, {"For 1": (1,)}, {"that is 0.": lambda n: 0}, "")


def test_what_stays_from_one_call_to_the_next_is_told():
    seen = []
    with pytest.raises(Hint, match="a second call gave another result"):
        ask_for_same(
            lambda n: seen.append(n) or sum(seen), lambda n: n, {"a": (1,), "b": (2,)}, {}, ""
        )


def test_an_error_that_cannot_be_printed_is_still_named():
    assert said(Unprintable()) == "Unprintable"
    assert said(KeyError("a\nb")) == r"KeyError: 'a\nb'"
    assert len(said(ValueError("word " * 999))) < 250
    assert said(ValueError("\x1b[1mbold\x1b[0m")) == "ValueError: bold"


def test_answers_are_close_if_shape_and_numbers_are():
    assert close(1.05, 1.0, atol=0.1)
    assert not close(1.05, 1.0, rtol=0.01)
    assert close([1.0, np.nan], [1.0, np.nan])
    assert not close([1.0], 1.0)


def test_a_number_that_is_off_is_told_on_which_side():
    assert off(54_351, 54_352) == "54,351 is too small."
    assert off(2.34567, 2.0) == "2.346 is too large."


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


def gives_away(exercise, hints):
    return [line for line in solution_lines(exercise) for hint in hints if line in hint]


@pytest.mark.parametrize("exercise", NAMES)
def test_every_exercise_has_hints_that_do_not_hold_the_solution(exercise):
    hints = EXERCISES[exercise].hints
    assert 2 <= len(hints) <= 3
    assert gives_away(exercise, hints) == []


def test_a_hint_that_holds_a_line_of_the_solution_is_caught():
    assert gives_away("00-1", ["Write `few_windows.shape`."])
    assert gives_away("05-2", ["values.append(forecast(np.array(values[-len(window) :])))"])


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_and_its_checks_have_the_same_exercises(lesson):
    text = "".join(cell["source"] for cell in lesson.cells)
    registered = {name for name in NAMES if name.startswith(lesson.number)}
    assert {*re.findall(r'check\("([\d-]+)"', text)} == registered


def hints_said(capsys):
    return re.findall(r"^  Hint (\d) of 3: ", capsys.readouterr().out, re.M)


def test_hints_come_after_two_wrong_tries_one_more_each_time(capsys):
    for expected in ([], ["1"], ["1", "2"], ["1", "2", "3"], ["1", "2", "3"]):
        check("01-1", 7)
        assert hints_said(capsys) == expected


def test_a_right_answer_ends_the_hints_and_a_later_wrong_one_starts_again(capsys):
    for answer in (7, 7, 563, 7):
        capsys.readouterr()
        check("01-1", answer)
    assert hints_said(capsys) == []


def test_dots_other_exercises_and_programs_are_not_tries(capsys):
    for _ in range(3):
        check("01-1", ...)
        check("02-1", 7)
        with pytest.raises(Hint, match="7 is"):
            judge("01-1", 7)
    capsys.readouterr()
    check("01-1", 7)
    assert hints_said(capsys) == []


def test_judge_praises_or_raises_and_prints_nothing(capsys):
    with pytest.raises(Hint, match="564 is too large"):
        judge("01-1", 564)
    assert judge("01-1", 563).startswith("563, however long")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("exercise", "message"),
    [
        ("01-9", "No exercise '01-9': choose one of 01-1, 01-2"),
        ("4.1", "No exercise '4.1': write a name such as 04-1."),
    ],
)
def test_an_unknown_exercise_names_the_known_ones(exercise, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check(exercise, 1)


# ------------------------------------------------------------------------------ known slips


LONG = {"04-2", "09-2"}  # whose slips are regressions, or thousands of draws
SLIPS = [
    pytest.param(name, marks=[pytest.mark.slow] * (name in LONG))
    for name in NAMES
    if EXERCISES[name].slips
]


@pytest.mark.parametrize("exercise", SLIPS)
def test_the_wrong_answer_that_a_slip_describes_is_told_so(exercise, monkeypatch):
    monkeypatch.setattr(lesson_09, "DRAWS", 500)
    given = GIVEN.get(exercise, {})
    for told, answer in worked_out(EXERCISES[exercise].slips, **given).items():
        with pytest.raises(Hint, match=re.escape(told)):
            judge(exercise, answer, **given)


def test_a_slip_that_another_one_hides_is_caught():
    slips = {"first": 2.0, "second": 2.0}
    assert diagnosis(2.0, 3.0, slips) == "first"


@pytest.mark.parametrize(
    ("found", "right", "told"),
    [
        (0.13, 0.134262, "rounded too far"),
        ([2.6, 0.5], [2.56, 0.5], "rounded too far"),
        ([0.5, 2.56], [2.56, 0.5], "wrong order"),
        (-0.25, 0.25, "sign is wrong"),
        (25.0, 0.25, "per cent"),
        (0.5, 0.25, "twice"),
        (0.125, 0.25, "half"),
        (0.7, 0.134262, ""),
        (1.0, 0.72, ""),
        (2e-24, 0.02, ""),
    ],
)
def test_the_slips_of_all_exercises_are_known_without_a_row(found, right, told):
    assert told in diagnosis(found, right, {})
    assert bool(told) == bool(diagnosis(found, right, {}))


def test_an_author_sees_which_slips_an_exercise_knows():
    done = course_here("check-exercise", "00-3")
    assert done.exit_code == 0
    assert "That is the Low of the day before" in done.stdout
    assert "Hint 3: pandas moves" in done.stdout


def test_a_learner_sees_one_solution_with_what_leads_to_it_and_why_it_is_right():
    done = course_here("solution", "02-3")
    assert done.exit_code == 0
    first, *_, last = done.stdout.splitlines()
    assert first.startswith("1. With the input gate shut")
    assert "def bias_for(steps):" in done.stdout
    assert last.startswith("✓ Exercise 02-3: right.")
    assert "def stack_parameters" not in done.stdout


@pytest.mark.parametrize("command", ["check-exercise", "solution"])
def test_a_name_of_no_exercise_gets_those_of_its_lesson(command):
    unknown = course_here(command, "00-9")
    assert unknown.exit_code == 2
    assert "choose one of 00-1" in unknown.stderr
