"""Tries are recorded in the learner's own folder, and `course progress` shows them."""

import json
import os
import sys

from course.exercises import check
from course.exercises.record import RECORD, read_record, record

import nbformat
import pytest
from command_line import course_here
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


@pytest.fixture
def work(tmp_path, monkeypatch):
    folder = tmp_path / "my_work"
    (folder / "week 1").mkdir(parents=True)
    monkeypatch.chdir(folder / "week 1")
    return folder


def tries(folder):
    return [(entry.exercise, entry.right) for entry in read_record(folder / RECORD)]


def test_each_answer_in_my_work_is_recorded_but_three_dots_are_not(work, capsys):
    for answer in (7, ..., 563):
        check("01-1", answer)
    assert tries(work) == [("01-1", False), ("01-1", True)]


def test_what_runs_elsewhere_is_nobodys_progress(tmp_path, monkeypatch):
    for name in ("notebooks", "my_work_too"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        check("01-1", 563)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_check_answers_where_nothing_can_be_written(work, capsys):
    (work / RECORD).mkdir()
    check("01-1", 563)
    assert capsys.readouterr().out.startswith("✓")


def test_a_check_answers_where_its_folder_is_gone(work, capsys):
    if sys.platform != "win32":  # there a folder in use cannot go
        os.rmdir(work / "week 1")
    check("01-1", 563)
    assert capsys.readouterr().out.startswith("✓")


@pytest.mark.parametrize(
    ("damage", "lines"), [(b'{"exercise": "01-\xff\n[1]\n', 2), (b'{"exercise": "01-1", "ri', 1)]
)
def test_a_damaged_or_cut_off_line_costs_no_other_try(work, damage, lines):
    record("01-1", True)
    with (work / RECORD).open("ab") as file:
        file.write(damage)
    record("01-2", False)
    first, *damaged, last = read_record(work / RECORD)
    assert damaged == [None] * lines
    assert (first.exercise, last.exercise) == ("01-1", "01-2")


@pytest.fixture
def lessons_of_two(tmp_path):
    for number in ("01", "02"):
        stubs = [
            new_code_cell(f'check("{number}-{k}", ...)', metadata={"tags": ["exercise"]})
            for k in (1, 2)
        ]
        title = new_markdown_cell(f"# {number} Lesson {number}")
        path = tmp_path / "notebooks" / f"{number}_x.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=[title, *stubs]), path)
    return tmp_path / "notebooks"


def test_progress_shows_what_is_solved_tried_and_next(work, lessons_of_two):
    entries = [("01-1", False), ("01-1", True), ("01-1", False), ("02-1", False), ("02-1", False)]
    for entry in entries:
        record(*entry)
    with (work / RECORD).open("a") as file:
        file.write("half a li\n")
    done = course_here("progress", "--work", work, "--folder", lessons_of_two)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "01 Lesson 01  ✓ 01-1  · 01-2",
        "02 Lesson 02  … 02-1 (2)  · 02-2",
        "✓ solved, … tried, · not yet: 1 of 4 solved",
        "next: exercise 01-2",
    ]
    assert "1 unreadable line of" in done.stderr


def test_progress_says_that_nothing_can_be_recorded(work, lessons_of_two):
    (work / RECORD).mkdir()
    (work.parent / "mine").mkdir()
    for folder, reason in {
        work: "",
        work / "gone": "there is no folder",
        work.parent / "mine": "tries are recorded in a folder named my_work only",
    }.items():
        done = course_here("progress", "--work", folder, "--folder", lessons_of_two)
        assert done.exit_code == 1
        assert done.stderr.startswith(f"nothing can be recorded: {reason}")
        assert len(done.stderr.splitlines()) == 1
    assert list((work.parent / "mine").iterdir()) == []


def test_progress_without_a_lesson_is_an_error(work):
    done = course_here("progress", "--work", work, "--folder", work)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "holds no lesson" in done.stderr


def test_the_record_is_a_line_of_json_per_try(work):
    record("03-2", True)
    (line,) = (work / RECORD).read_text(encoding="utf-8").splitlines()
    assert {**json.loads(line), "when": ""} == {"exercise": "03-2", "right": True, "when": ""}
