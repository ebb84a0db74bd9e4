"""Tries are recorded in one folder of the learner's, and `course progress` shows them."""

import json
import sys

from course.exercises import check, progress
from course.exercises.record import PLACE, read_record, record, record_file
from course.lessons.lesson import Lesson, lessons_in

import nbformat
import pytest
from command_line import course_here
from jupyter_client.manager import start_new_kernel
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The record of a person who sits at a front-end."""
    monkeypatch.setenv(PLACE, str(tmp_path / "mine"))
    monkeypatch.setattr(sys.modules[record.__module__], "attended", lambda: True)
    (tmp_path / "mine").mkdir()
    return record_file()


def tries(file):
    return [(entry.exercise, entry.right) for entry in read_record(file)]


def test_each_answer_is_recorded_but_three_dots_are_not(file, capsys):
    for answer in (7, ..., 563):
        check("01-1", answer)
    assert tries(file) == [("01-1", False), ("01-1", True)]


IN_A_KERNEL = """
from course import check
from course_utils import warm
check("01-1", 563)
print(warm.mode())
"""


@pytest.mark.slow
def test_what_a_person_runs_is_recorded_and_may_use_kept_runs_in_any_front_end(
    tmp_path, monkeypatch
):
    """A front-end says with each cell whether it can answer `input`; no variable tells it."""
    monkeypatch.setenv(PLACE, str(tmp_path))
    for variable in ("COURSE_WARM", "JPY_SESSION_NAME"):
        monkeypatch.delenv(variable, raising=False)
    manager, client = start_new_kernel(cwd=str(tmp_path))
    try:
        for person, mode, recorded in ((False, "off", 0), (True, "use", 1)):
            said = []
            answer = client.execute_interactive(
                IN_A_KERNEL, allow_stdin=person, output_hook=said.append, timeout=120
            )
            assert answer["content"]["status"] == "ok"
            text = "".join(m["content"]["text"] for m in said if m["msg_type"] == "stream")
            assert text.endswith(f"\n{mode}\n")
            assert len(tries(record_file())) == recorded
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_right_answer_says_how_many_are_solved_and_a_wrong_one_does_not(file, capsys):
    check("01-1", 7)
    assert "solved" not in capsys.readouterr().out
    check("01-1", 563)
    right, line = capsys.readouterr().out.splitlines()
    assert right.startswith("✓ Exercise 01-1: right.")
    assert line == "  1 of this lesson's 4 exercises solved; next: 01-2"


def test_what_runs_lessons_with_their_solutions_is_told_of_no_progress(capsys):
    check("01-1", 563)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_check_answers_and_counts_where_nothing_can_be_written(file, capsys):
    file.mkdir()
    for _ in range(2):
        check("01-1", 563)
    first, second = capsys.readouterr().out.splitlines()[1::2]
    assert first == second == "  1 of this lesson's 4 exercises solved; next: 01-2"


def test_a_folder_that_is_not_a_full_path_is_refused_by_the_command_and_costs_no_check(
    file, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(PLACE, "here")
    check("01-1", 563)
    assert "1 of this lesson's 4 exercises solved" in capsys.readouterr().out
    done = course_here("progress")
    full = tmp_path / "here"
    said = f"Error: {PLACE} is 'here': write the full path, such as {full}\n"
    assert (done.exit_code, done.stderr, full.exists()) == (1, said, False)
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path))
    monkeypatch.setenv(PLACE, "~/mine")
    assert record_file() == file


@pytest.mark.parametrize(
    ("damage", "lines"), [(b'{"exercise": "01-\xff\n[1]\n', 2), (b'{"exercise": "01-1", "ri', 1)]
)
def test_a_damaged_or_cut_off_line_costs_no_other_try(file, damage, lines):
    record("01-1", True)
    with file.open("ab") as lines_of_tries:
        lines_of_tries.write(damage)
    record("01-2", False)
    first, *damaged, last = read_record(file)
    assert damaged == [None] * lines
    assert (first.exercise, last.exercise) == ("01-1", "01-2")


TAGGED = {"metadata": {"tags": ["exercise"]}}


@pytest.fixture
def lessons_of_two(tmp_path):
    for number in ("01", "02"):
        stubs = [new_code_cell(f'check("{number}-{k}", ...)', **TAGGED) for k in (1, 2)]
        title = new_markdown_cell(f"# {number} Lesson {number}")
        path = tmp_path / "notebooks" / f"{number}_x.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=[title, *stubs]), path)
    return tmp_path / "notebooks"


ALL_OF = "All 2 of this lesson's exercises solved"


@pytest.mark.parametrize(
    ("solved", "said"),
    [
        ("01-2", "1 of this lesson's 2 exercises solved; next: 01-1"),
        ("02-2 01-2 01-1", f"{ALL_OF}; next: lesson 01a Ours"),
        ("ours-1 ours-2 02-1 01-1 01-2", f"{ALL_OF}; next: lesson 02 Lesson 02"),
        ("01-2 02-1 02-2", f"{ALL_OF}; next: lesson 01 Lesson 01"),
        ("01-1 ours-1 02-1 02-2 ours-2 01-2", f"{ALL_OF}, and those of all other lessons"),
        ("03-1", ""),
    ],
)
def test_what_comes_next_is_not_solved_in_whichever_order(
    lessons_of_two, monkeypatch, solved, said
):
    first, second = lessons_in(lessons_of_two)
    stubs = [new_code_cell(cell["source"].replace("01", "ours"), **TAGGED) for cell in first.cells]
    ours = Lesson("01a", lessons_of_two / "ours.ipynb", "Ours", stubs)
    monkeypatch.setattr(progress, "find_lessons", lambda: [first, ours, second])
    names = solved.split()
    assert progress.how_far(names[-1], names).strip() == said


def test_progress_shows_what_is_solved_tried_and_next(file, lessons_of_two):
    entries = [("01-1", False), ("01-1", True), ("01-1", False), ("02-1", False), ("02-1", False)]
    for entry in entries:
        record(*entry)
    with file.open("a") as lines_of_tries:
        lines_of_tries.write("half a li\n")
    done = course_here("progress", "--folder", lessons_of_two)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "01 Lesson 01  ✓ 01-1  · 01-2",
        "02 Lesson 02  … 02-1 (2)  · 02-2",
        "✓ solved, … tried, · not yet: 1 of 4 solved",
        "next: exercise 01-2",
    ]
    assert "1 unreadable line of" in done.stderr


def test_progress_says_that_nothing_can_be_recorded(file, lessons_of_two):
    file.mkdir()
    done = course_here("progress", "--folder", lessons_of_two)
    assert done.exit_code == 1
    assert done.stderr.startswith("nothing can be recorded: ")
    assert len(done.stderr.splitlines()) == 1


def test_progress_without_a_lesson_is_an_error(file, tmp_path):
    done = course_here("progress", "--folder", tmp_path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "holds no lesson" in done.stderr


def test_the_record_is_a_line_of_json_per_try(file):
    record("03-2", True)
    (line,) = file.read_text(encoding="utf-8").splitlines()
    assert {**json.loads(line), "when": ""} == {"exercise": "03-2", "right": True, "when": ""}
