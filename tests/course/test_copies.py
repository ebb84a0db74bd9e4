"""Copies hold what their readers are to see, and never what these have written is touched."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from course.copies import Kind
from course.copies.delivery import RECORD, deliver
from course.copies.make import copy_of
from course.lessons.lesson import LessonError, find_lessons
from course_utils.data import registry
from course_utils.files import ROOT

import nbformat
import notebook_rules
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

LESSONS = find_lessons()
MY_WORK = ROOT / "my_work"
NOT_FOR_STUDENTS = {"solution", "answer", "notes"}
each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.path.stem)


def tags(cell):
    return set(cell["metadata"].get("tags", []))


def lines(cells):
    return {line.strip() for cell in cells for line in cell["source"].splitlines()}


@each_lesson
def test_a_student_copy_tells_no_answer(lesson):
    removed = [cell for cell in lesson.cells if tags(cell) & NOT_FOR_STUDENTS]
    kept = [cell for cell in lesson.cells if not tags(cell) & NOT_FOR_STUDENTS]
    assert removed
    copy = copy_of(lesson, Kind.STUDENT, MY_WORK)
    assert [cell.source for cell in copy.cells] == [cell["source"] for cell in kept]
    assert not lines(copy.cells) & (lines(removed) - lines(kept))
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in copy.cells)
    nbformat.validate(copy)


@each_lesson
def test_a_copy_is_the_same_each_time_whatever_the_lesson_put_out(lesson, tmp_path):
    notebook = nbformat.read(lesson.path, as_version=4)
    notebook_rules.code_cells(notebook)[0].update(outputs=[], execution_count=99)
    nbformat.write(notebook, tmp_path / lesson.path.name)
    (anew,) = find_lessons(tmp_path)
    for kind in (Kind.STUDENT, Kind.NBGRADER):
        assert copy_of(anew, kind, MY_WORK) == copy_of(lesson, kind, MY_WORK)


def missing_names(notebook):
    """Names that a cell uses and no cell above it defines; a stub's three dots define nothing."""
    sources = []
    for cell in notebook_rules.code_cells(notebook):
        sources.append(cell.source)
        if "exercise" in tags(cell):
            sources += [f"del {name}" for name in _dotted(cell.source)]
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F821"]
    done = subprocess.run(
        [*command, "--output-format=json", "--stdin-filename=copy.py", "-"],
        input="\n".join(sources),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return [problem["message"].split("`")[1] for problem in json.loads(done.stdout)]


def _dotted(source):
    return [
        target.id
        for statement in ast.parse(source).body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.value) == "..."
        for target in statement.targets
    ]


@each_lesson
def test_a_student_copy_uses_no_name_that_only_a_removed_cell_defines(lesson):
    assert missing_names(nbformat.read(lesson.path, as_version=4)) == []
    assert missing_names(copy_of(lesson, Kind.STUDENT, MY_WORK)) == []


@pytest.mark.parametrize(
    ("later", "missing"),
    [
        ("print(helper)", ["helper"]),
        ("print(answer)", ["answer"]),
        ("def late():\n    return helper", ["helper"]),
        ("[helper for helper in (1, 2)]", []),
        ("answer = helper = 2\nprint(answer, helper)", []),
        ("print(start)", []),
    ],
)
def test_a_name_that_only_a_removed_cell_defines_is_caught(tmp_path, later, missing):
    lesson = small_lesson(tmp_path, new_code_cell(later))
    assert missing_names(copy_of(lesson, Kind.STUDENT, MY_WORK)) == missing


@each_lesson
def test_links_lead_somewhere_from_my_work(lesson):
    delivered = {each.path.name for each in LESSONS}
    copy = copy_of(lesson, Kind.STUDENT, MY_WORK)
    found = links(copy)
    for link in found:
        target = Path(os.path.normpath(MY_WORK / link))
        assert link in delivered or target.exists(), link
        assert target.is_relative_to(ROOT)


def test_links_to_files_of_the_course_follow_a_deeper_copy(tmp_path):
    lesson = small_lesson(tmp_path, new_markdown_cell("[A](../README.md) [B](02_x.ipynb)"))
    folder = ROOT / "build" / "copies" / "instructor"
    assert links(copy_of(lesson, Kind.INSTRUCTOR, folder)) == ["../../../README.md", "02_x.ipynb"]
    assert links(copy_of(lesson, Kind.INSTRUCTOR, tmp_path)) == ["../README.md", "02_x.ipynb"]


def links(notebook):
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    found = [
        link for text in texts for link in notebook_rules.re.findall(notebook_rules.LINK, text)
    ]
    return [unquote(link) for link in found if not urlsplit(link).scheme and "." in link]


def small_lesson(folder, *more):
    """A lesson with two exercises that need neither data nor Keras, and notes for instructors."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            new_markdown_cell("# 02 A small lesson"),
            new_markdown_cell(
                "**Notes for instructors, 1 minute.** Ask.", metadata=tagged("notes")
            ),
            new_code_cell("import numpy as np\nfrom course import check\n\nstart = 1"),
            new_code_cell("start + 1", metadata=tagged("answer")),
            new_code_cell('answer = ...\n\ncheck("02-1", answer)', metadata=tagged("exercise")),
            new_code_cell(
                "helper = 0.5 * 2.0 + 1.0 * -0.4\nanswer = (helper, 0.25 * np.tanh(helper))\n\n"
                'check("02-1", answer)',
                metadata=tagged("solution") | {"jupyter": {"source_hidden": True}},
            ),
            new_code_cell('bias_for = ...\n\ncheck("02-3", bias_for)', metadata=tagged("exercise")),
            new_code_cell(
                "def bias_for(steps):\n    forget = 0.5 ** (1 / steps)\n"
                '    return np.log(forget / (1 - forget))\n\n\ncheck("02-3", bias_for)',
                metadata=tagged("solution") | {"jupyter": {"source_hidden": True}},
            ),
            *more,
        ]
    )
    for cell in notebook_rules.code_cells(notebook):
        cell.outputs = [nbformat.v4.new_output("stream", text="said")]
    nbformat.write(notebook, folder / "02_small.ipynb")
    (lesson,) = find_lessons(folder)
    return lesson


def tagged(tag):
    return {"tags": [tag]}


@pytest.mark.parametrize(
    ("kind", "left_out"),
    [
        (Kind.STUDENT, NOT_FOR_STUDENTS),
        (Kind.INSTRUCTOR, set()),
        (Kind.SOLUTION, {"notes"}),
        (Kind.NBGRADER, NOT_FOR_STUDENTS | {"exercise"}),
    ],
)
def test_each_audience_gets_its_cells(tmp_path, kind, left_out):
    lesson = small_lesson(tmp_path)
    before = lesson.path.read_bytes()
    copy = copy_of(lesson, kind, MY_WORK)
    found = {tag for cell in copy.cells for tag in tags(cell)}
    assert found == {"exercise", *NOT_FOR_STUDENTS} - left_out
    assert not any("jupyter" in cell.metadata for cell in copy.cells)
    with_outputs = any(cell.get("outputs") for cell in copy.cells)
    assert with_outputs == (kind in (Kind.INSTRUCTOR, Kind.SOLUTION))
    assert lesson.path.read_bytes() == before


@each_lesson
def test_nbgrader_gets_an_answer_and_a_locked_test_for_each_exercise(lesson):
    exercises = [cell for cell in lesson.cells if "exercise" in tags(cell)]
    copy = copy_of(lesson, Kind.NBGRADER, MY_WORK)
    graded = [cell for cell in copy.cells if "nbgrader" in cell.metadata]
    answers, tests = graded[::2], graded[1::2]
    assert len(answers) == len(tests) == len(exercises)
    for answer, test in zip(answers, tests, strict=True):
        assert answer.metadata.nbgrader.solution
        assert answer.source.count("### BEGIN SOLUTION\n") == 1
        assert "check(" not in answer.source
        assert test.metadata.nbgrader.grade
        assert test.metadata.nbgrader.locked
        assert test.metadata.nbgrader.points == 1
        assert f'judge("{test.metadata.nbgrader.grade_id.removeprefix("test-")}"' in test.source
        ast.parse(answer.source + "\n" + test.source)


@pytest.mark.parametrize(
    ("source", "tag", "problem"),
    [
        ("answer = ...", "exercise", r"`answer = \.\.\.` does not end in check"),
        ('check("02-1", ...)', "exercise", "02-1: the cell after it is no solution"),
    ],
)
def test_nbgrader_refuses_an_exercise_without_check_or_solution(tmp_path, source, tag, problem):
    lesson = small_lesson(tmp_path, new_code_cell(source, metadata=tagged(tag)))
    with pytest.raises(LessonError, match=problem):
        copy_of(lesson, Kind.NBGRADER, MY_WORK)


def outcome(folder, text, name="04_a.ipynb"):
    (one,) = deliver({name: text}, folder)
    return one.outcome, one.place


def contents(folder):
    return {p.name: p.read_text() for p in sorted(folder.iterdir()) if not p.name.startswith(".")}


def test_a_file_that_is_not_there_is_brought(tmp_path):
    folder = tmp_path / "my" / "work"
    assert outcome(folder, "v1") == ("new", "04_a.ipynb")
    assert outcome(folder, "v1") == ("kept", "04_a.ipynb")
    assert contents(folder) == {"04_a.ipynb": "v1"}


def test_an_untouched_file_is_refreshed(tmp_path):
    outcome(tmp_path, "v1")
    assert outcome(tmp_path, "v2") == ("refreshed", "04_a.ipynb")
    assert outcome(tmp_path, "v2") == ("kept", "04_a.ipynb")
    assert contents(tmp_path) == {"04_a.ipynb": "v2"}


def test_nothing_happens_while_only_the_learner_changes_a_file(tmp_path):
    outcome(tmp_path, "v1")
    (tmp_path / "04_a.ipynb").write_text("mine")
    assert outcome(tmp_path, "v1") == ("kept", "04_a.ipynb")
    assert contents(tmp_path) == {"04_a.ipynb": "mine"}


def test_a_new_version_comes_once_beside_a_changed_file(tmp_path):
    outcome(tmp_path, "v1")
    (tmp_path / "04_a.ipynb").write_text("mine")
    assert outcome(tmp_path, "v2") == ("new", "04_a.new.ipynb")
    assert outcome(tmp_path, "v2") == ("kept", "04_a.new.ipynb")
    assert outcome(tmp_path, "v3") == ("refreshed", "04_a.new.ipynb")
    assert contents(tmp_path) == {"04_a.ipynb": "mine", "04_a.new.ipynb": "v3"}


def test_a_new_version_of_an_assignment_is_not_in_its_folder(tmp_path):
    """Nbgrader hands out every notebook that lies there."""
    name = "source/04_a/04_a.ipynb"
    deliver({name: "v1"}, tmp_path)
    (tmp_path / name).write_text("mine")
    (brought,) = deliver({name: "v2"}, tmp_path)
    assert brought.place == "new/04_a/04_a.new.ipynb"
    assert [path.name for path in (tmp_path / "source").rglob("*.ipynb")] == ["04_a.ipynb"]


def test_a_changed_file_beside_is_the_learners_too(tmp_path):
    outcome(tmp_path, "v1")
    (tmp_path / "04_a.ipynb").write_text("mine")
    outcome(tmp_path, "v2")
    (tmp_path / "04_a.new.ipynb").write_text("mine, too")
    assert outcome(tmp_path, "v2") == ("kept", "04_a.new.ipynb")
    assert outcome(tmp_path, "v3") == ("new", "04_a.new-2.ipynb")
    assert outcome(tmp_path, "v4") == ("refreshed", "04_a.new-2.ipynb")
    own = {"04_a.ipynb": "mine", "04_a.new.ipynb": "mine, too"}
    assert contents(tmp_path) == own | {"04_a.new-2.ipynb": "v4"}


def test_a_deleted_file_comes_back_and_a_deleted_one_beside_does_not(tmp_path):
    outcome(tmp_path, "v1")
    (tmp_path / "04_a.ipynb").unlink()
    assert outcome(tmp_path, "v1") == ("new", "04_a.ipynb")
    (tmp_path / "04_a.ipynb").write_text("mine")
    outcome(tmp_path, "v2")
    (tmp_path / "04_a.new.ipynb").unlink()
    assert outcome(tmp_path, "v2")[0] == "kept"
    assert outcome(tmp_path, "v3") == ("new", "04_a.new.ipynb")


def test_a_new_version_that_the_learner_takes_over_is_refreshed_from_then_on(tmp_path):
    outcome(tmp_path, "v1")
    (tmp_path / "04_a.ipynb").write_text("mine")
    outcome(tmp_path, "v2")
    (tmp_path / "04_a.new.ipynb").replace(tmp_path / "04_a.ipynb")
    assert outcome(tmp_path, "v2") == ("kept", "04_a.ipynb")
    assert outcome(tmp_path, "v3") == ("refreshed", "04_a.ipynb")
    assert contents(tmp_path) == {"04_a.ipynb": "v3"}


def test_a_file_that_nobody_recorded_is_the_learners(tmp_path):
    (tmp_path / "04_a.ipynb").write_text("mine")
    (tmp_path / "05_b.ipynb").write_text("v1")
    assert outcome(tmp_path, "v1") == ("new", "04_a.new.ipynb")
    assert outcome(tmp_path, "v1", "05_b.ipynb") == ("kept", "05_b.ipynb")
    assert outcome(tmp_path, "v2", "05_b.ipynb") == ("refreshed", "05_b.ipynb")
    assert contents(tmp_path)["04_a.ipynb"] == "mine"


@pytest.mark.parametrize("damage", ["{", "3", "[1]"])
def test_a_damaged_record_is_named_and_nothing_is_written(tmp_path, damage):
    outcome(tmp_path, "v1")
    (tmp_path / RECORD).write_text(damage)
    with pytest.raises(LessonError, match=r"copies\.json is damaged: delete it"):
        deliver({"04_a.ipynb": "v2", "05_b.ipynb": "v2"}, tmp_path)
    assert contents(tmp_path) == {"04_a.ipynb": "v1"}


DELIVER = """
import itertools, sys
from pathlib import Path
from course_utils.copies.delivery import deliver
folder, names, versions, times = Path(sys.argv[1]), *map(str.split, sys.argv[2:4]), int(sys.argv[4])
for version in itertools.islice(itertools.cycle(versions), times):
    deliver({name: version * 2_000_000 for name in names}, folder)
"""


def delivering(folder, names, versions, times):
    command = [sys.executable, "-c", DELIVER, folder, names, versions, times]
    return subprocess.Popen([*map(str, command)])


def test_a_killed_delivery_leaves_whole_files_and_the_next_one_goes_on(tmp_path):
    process = delivering(tmp_path, "a.ipynb b.ipynb", "v w", 10_000)
    while not (tmp_path / "b.ipynb").exists():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    assert process.wait() != 0
    for text in contents(tmp_path).values():
        assert text in ("v" * 2_000_000, "w" * 2_000_000)
    deliver({"c.ipynb": "v"}, tmp_path)
    assert (tmp_path / "c.ipynb").read_text() == "v"


def test_deliveries_at_once_do_not_harm_each_other(tmp_path):
    processes = [
        delivering(tmp_path, names, "v w x", 6) for names in ("a.md b.md", "b.md c.md", "d.md a.md")
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert contents(tmp_path) == {f"{name}.md": "x" * 2_000_000 for name in "abcd"}
    assert set(json.loads((tmp_path / RECORD).read_text())) == {"a.md", "b.md", "c.md", "d.md"}


def test_lessons_and_data_are_found_from_anywhere(tmp_path, monkeypatch):
    before = find_lessons(), registry.data_files()
    monkeypatch.chdir(tmp_path)
    assert (find_lessons(), registry.data_files()) == before
