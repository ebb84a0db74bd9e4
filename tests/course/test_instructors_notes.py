"""The notes in a lesson say what it takes to teach it."""

from course.instructors.notes import exercises, minutes_to_teach, sections
from course.lessons.lesson import LessonError, find_lessons

import nbformat
import pytest
from sample_notebooks import good_notebook, notes


@pytest.fixture
def small(tmp_path):
    nbformat.write(good_notebook(), tmp_path / "01_small.ipynb")
    (lesson,) = find_lessons(tmp_path)
    return lesson


def test_sections_and_exercises_come_with_the_minutes_of_the_notes(small):
    opening, last = sections(small.cells)
    assert [(one.title, one.minutes) for one in (opening, last)] == [
        ("Opening", 3),
        ("Exercises", 6),
    ]
    assert opening.notes.startswith("**Say** ")
    found = exercises(small.cells)
    assert [(one.number, one.minutes) for one in found] == [(1, 2), (2, 2), (3, 2)]
    assert found[0].title == "a sum (easy)"


def test_only_an_exercise_that_says_so_is_open(small):
    small.cells[-7]["source"] = "### Exercise 2: a sum (open)"
    assert [one.is_open for one in exercises(small.cells)] == [False, True, False]


def test_a_lesson_takes_its_sections_and_the_chosen_exercises(small):
    assert minutes_to_teach(small, []) == 3
    assert minutes_to_teach(small, [1, 3]) == 7


def test_a_cell_with_two_headings_is_followed_by_two_notes():
    notebook = good_notebook()
    notebook.cells[3].source = "## 1 One\n\nText.\n\n## 2 Two\n\nText."
    notebook.cells[4:4] = [notes(4), notes(5)]
    minutes = {one.title: one.minutes for one in sections(notebook.cells)}
    assert minutes == {"Opening": 3, "1 One": 4, "2 Two": 5, "Exercises": 6}


def test_a_section_without_notes_is_named():
    notebook = good_notebook()
    notebook.cells[3].source = "## 1 One"
    with pytest.raises(LessonError, match=r"after cell 3, but its sections are \['1 One'\]"):
        sections(notebook.cells)
