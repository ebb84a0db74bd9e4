"""What a check says about an answer: for the tests of the checks of each lesson."""

from course.exercises import judge
from course.exercises.hints import Hint


def assert_verdict(exercise, answer, told, given):
    """Judge an answer, which must be told this: praise after ✓, or a hint. Returns all of it."""
    try:
        said = f"✓ {judge(exercise, answer, **given.get(exercise, {}))}"
    except Hint as hint:
        said = f"✗ {hint}"
    assert told in said, said
    assert said.startswith("✓") == told.startswith("✓"), said
    return said
