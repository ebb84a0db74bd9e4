"""What a check says about an answer: for the tests of the checks of each lesson."""

from course.exercises import judge
from course.exercises.hints import Hint


def verdict(exercise, answer, given):
    """Return praise after ✓, or a hint after ✗, for an answer and what exercises start from."""
    try:
        return f"✓ {judge(exercise, answer, **given.get(exercise, {}))}"
    except Hint as hint:
        return f"✗ {hint}"
