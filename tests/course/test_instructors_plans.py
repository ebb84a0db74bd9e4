"""The plans for instructors fit into their hours, and follow from the notes."""

import re

from course.instructors import plans
from course.instructors.notes import minutes_to_teach
from course.lessons.lesson import LessonError, find_lessons
from course.lessons.timings import Timing, Timings, timings_file, write_timings

import nbformat
import pytest
from command_line import course_here
from sample_notebooks import good_notebook

LESSONS = {lesson.number: lesson for lesson in find_lessons()}


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for number in range(6):
        notebook = good_notebook()
        notebook.cells[0].source = notebook.cells[0].source.replace("# 01", f"# {number:02}")
        nbformat.write(notebook, folder / f"{number:02}_small.ipynb")
    timings = Timings({"cores": "2"}, {"01": Timing(33.6, 812, 5, 9.0)})
    write_timings(timings, timings_file(folder))
    return folder


def test_the_day_takes_about_six_hours_with_its_breaks():
    taught = plans.day_minutes(LESSONS)
    pauses = sum(plans.PAUSES_AFTER) - plans.LUNCH + len(taught) * plans.PAUSE_WITHIN
    assert 330 <= sum(taught) + pauses <= 390
    assert max(taught) <= 80


@pytest.mark.parametrize("number", [n for n in LESSONS if n != plans.BEFORE_THE_FIRST])
def test_a_lesson_and_two_exercises_fit_into_a_session(number):
    chosen = plans.session_exercises(LESSONS[number])
    assert len(chosen) >= 2
    assert minutes_to_teach(LESSONS[number], chosen) <= 80


def test_each_week_holds_two_sessions_and_each_session_a_lesson():
    page = plans.PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| (\S+ \S+).* \| \d+ \| .*\|$", page, re.M)
    assert [int(week) for week, _ in rows] == [1 + place // 2 for place in range(len(rows))]
    taught = [name[:2] for _, name in rows]
    assert taught == [number for number in LESSONS if number != plans.BEFORE_THE_FIRST]


def test_the_page_says_what_the_notes_and_the_timings_say(folder):
    page = plans.page(folder)
    for line in (
        "| 9:00 to 9:20 | 01 A small lesson | all sections, exercises 1 and 2 | 7 |",
        "| 1 | 02 A small lesson | all sections, exercises 1, 2 and 3 | 9 | no exercise |",
        "### [01 A small lesson](../notebooks/01_small.ipynb)",
        "To teach: 9 minutes. To read: 2. To run: 34 s.\n\n| section | minutes |",
        "| 05 | 3 a sum (easy) | 2 |",
    ):
        assert line in page
    change(folder / "01_small.ipynb", "instructors, 3 minutes", "instructors, 8 minutes")
    assert "| 9:00 to 9:25 | 01 A small lesson |" in plans.page(folder)


def test_an_exercise_that_is_open_or_does_not_fit_is_for_home(folder):
    change(
        folder / "01_small.ipynb", "### Exercise 3: a sum (easy)", "### Exercise 3: a sum (open)"
    )
    change(folder / "02_small.ipynb", "instructors, 3 minutes", "instructors, 77 minutes")
    _, first, second, *_ = find_lessons(folder)
    assert plans.session_exercises(first) == [1, 2]
    assert plans.session_exercises(second) == [1]


def test_a_lesson_without_its_notes_is_named(folder):
    change(folder / "03_small.ipynb", "instructors, 3 minutes", "instructors, a while")
    with pytest.raises(LessonError, match=r"03_small\.ipynb: the notes on 'Opening' begin with"):
        plans.page(folder)


def test_a_day_holds_the_core_lessons_that_there_are_and_lunch_after_two_if_there_is_a_third(
    folder,
):
    (folder / "04_small.ipynb").unlink()
    page = plans.page(folder)
    assert "Three lessons in " in page
    assert "15 minutes, and 60 for lunch." in page
    times = re.findall(r"^\| (\S+ to \S+) \| 0[125] ", page, re.M)
    assert times == ["9:00 to 9:20", "9:35 to 9:55", "10:55 to 11:15"]
    (folder / "05_small.ipynb").unlink()
    page = plans.page(folder)
    assert "there are 15 minutes. Learners do" in page
    assert re.findall(r"^\| (\S+ to \S+) \| 0[12] ", page, re.M) == times[:2]


def test_a_plan_speaks_of_no_lesson_that_is_not_there(folder):
    for number in ("00", "04", "05"):
        (folder / f"{number}_small.ipynb").unlink()
    page = plans.page(folder)
    assert "exercise 3 of lesson 01; no exercise of lesson 02; lesson 03. When" in page
    assert "lesson 00" not in page
    (folder / "03_small.ipynb").unlink()
    assert "; no exercise of lesson 02. When" in plans.page(folder)


def test_a_lesson_that_is_not_next_to_the_page_is_named_without_a_link(tmp_path, monkeypatch):
    monkeypatch.setattr(plans, "WORK", tmp_path)  # as in a course of one's own
    page = plans.page()
    assert all(f"\n### {lesson.name}\n" in page for lesson in LESSONS.values())
    assert "](" not in page


def test_without_a_core_lesson_there_is_no_plan_for_a_day(folder):
    for path in folder.glob("0[0-245]_small.ipynb"):
        path.unlink()
    page = plans.page(folder)
    assert "## A day" not in page
    assert "purpose" in page
    assert "| 1 | 03 A small lesson | all sections, exercises 1, 2 and 3 | 9 |" in page


def test_course_plan_writes_the_page_that_is_committed(tmp_path):
    done = course_here("plan", "--output", tmp_path / "new" / "page.md")
    assert done.exit_code == 0, done.stderr
    page = (tmp_path / "new" / "page.md").read_text(encoding="utf-8")
    assert page == plans.PAGE.read_text(encoding="utf-8")
