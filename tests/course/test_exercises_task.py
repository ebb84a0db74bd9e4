"""The numbers of a task are those of its check: not of its hints, its slips or another check."""

from course.exercises.task import numbers_of_check, numbers_of_task

import pytest

CHECKS = '''
"""Checks of 77 things."""
BID, ASK = 99.75, 100
SLIPS: Slips = {"That is the ask.": 55.0}

def _spread(answer, digits=4):
    return round(ASK - BID, digits)

@exercise("own-1", "Subtract 33.", slips=SLIPS)
def _check(answer):
    return answer == _spread(answer) or diagnosis(answer, SLIPS)

@exercise("own-2", "A hint.")
def _other(answer):
    return answer == 66
'''


def test_a_check_has_the_numbers_of_what_it_uses(tmp_path):
    file = tmp_path / "lesson_own.py"
    file.write_text(CHECKS, encoding="utf-8")
    assert numbers_of_check(file, "own-1") == {99.75, 100, 4}
    assert numbers_of_check(file, "own-2") == {66}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bid 99.75, ask 1,000: three of them, 0..1.", {99.75, 1000, 3}),
        ("See section 5, lesson 04 and exercise 04-1, or [a page](a_12.md).", set()),
        ("`[9, 5, 14]`, one or two, 95 %", {9, 5, 14, 95}),
    ],
)
def test_a_text_has_the_numbers_that_it_sets(text, found):
    assert numbers_of_task(text) == found
