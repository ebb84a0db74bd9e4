"""A copy of a lesson holds what its readers are to see, and nothing else."""

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

from course.copies import Kind, colab
from course.copies.make import copy_of
from course.instructors.notes import exercises
from course.lessons import rules
from course.lessons.lesson import LessonError, find_lessons, tags_of
from course.running.execute import code_cells, execute
from course_utils.files import PACKAGE, ROOT

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sample_notebooks import lesson_with_exercises

LESSONS = find_lessons()
MY_WORK = ROOT / "my_work"
NOT_FOR_STUDENTS = {"solution", "answer", "notes"}
each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.path.stem)


def lines(cells):
    return {line.strip() for cell in cells for line in cell["source"].splitlines()}


@each_lesson
def test_a_student_copy_tells_no_answer(lesson):
    removed = [cell for cell in lesson.cells if {*tags_of(cell)} & NOT_FOR_STUDENTS]
    kept = [cell for cell in lesson.cells if cell not in removed]
    assert removed
    copy = copy_of(lesson, Kind.STUDENT, MY_WORK)
    assert [cell.source for cell in copy.cells] == [cell["source"] for cell in kept]
    assert not lines(copy.cells) & (lines(removed) - lines(kept))
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in copy.cells)
    nbformat.validate(copy)


@each_lesson
def test_a_copy_is_the_same_whatever_the_outputs_of_its_lesson(lesson, tmp_path):
    notebook = nbformat.read(lesson.path, as_version=4)
    code_cells(notebook)[0].update(outputs=[], execution_count=99)
    nbformat.write(notebook, tmp_path / lesson.path.name)
    (again,) = find_lessons(tmp_path)
    for kind in (Kind.STUDENT, Kind.NBGRADER, Kind.COLAB):
        assert copy_of(again, kind, MY_WORK) == copy_of(lesson, kind, MY_WORK)


def missing_names(notebook):
    """Names that a cell uses and no cell above it defines; a stub's three dots define nothing."""
    sources = []
    for cell in code_cells(notebook):
        sources.append(cell.source)
        if "exercise" in tags_of(cell):
            sources += [
                f"del {target.id}"
                for statement in ast.parse(cell.source).body
                if isinstance(statement, ast.Assign) and ast.unparse(statement.value) == "..."
                for target in statement.targets
            ]
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
    lesson = lesson_with_exercises(tmp_path, new_code_cell(later))
    assert missing_names(copy_of(lesson, Kind.STUDENT, MY_WORK)) == missing


def links(notebook):
    found = re.findall(rules.LINK, rules.markdown(notebook))
    return [unquote(link) for link in found if not urlsplit(link).scheme and "." in link]


@each_lesson
def test_links_lead_somewhere_from_my_work(lesson):
    delivered = {each.path.name for each in LESSONS}
    for link in links(copy_of(lesson, Kind.STUDENT, MY_WORK)):
        target = Path(os.path.normpath(MY_WORK / link))
        assert link in delivered or target.exists(), link
        assert target.is_relative_to(ROOT)


def test_links_to_files_of_the_course_follow_a_deeper_copy(tmp_path):
    lesson = lesson_with_exercises(tmp_path, new_markdown_cell("[A](../README.md) [B](02_x.ipynb)"))
    folder = ROOT / "build" / "copies" / "instructor"
    assert links(copy_of(lesson, Kind.INSTRUCTOR, folder)) == ["../../../README.md", "02_x.ipynb"]
    assert links(copy_of(lesson, Kind.INSTRUCTOR, tmp_path)) == ["02_x.ipynb"]
    assert links(copy_of(lesson, Kind.COLAB, folder)) == []


@pytest.mark.parametrize(
    ("kind", "left_out"),
    [
        (Kind.STUDENT, NOT_FOR_STUDENTS),
        (Kind.INSTRUCTOR, set()),
        (Kind.SOLUTION, {"notes"}),
        (Kind.NBGRADER, NOT_FOR_STUDENTS | {"exercise"}),
        (Kind.COLAB, NOT_FOR_STUDENTS),
    ],
)
def test_each_audience_gets_its_cells(tmp_path, kind, left_out):
    lesson = lesson_with_exercises(tmp_path)
    before = lesson.path.read_bytes()
    copy = copy_of(lesson, kind, MY_WORK)
    nbformat.validate(copy)
    found = {tag for cell in copy.cells for tag in tags_of(cell)}
    assert found == {"exercise", *NOT_FOR_STUDENTS} - left_out
    assert not any("jupyter" in cell.metadata for cell in copy.cells)
    with_outputs = any(cell.get("outputs") for cell in copy.cells)
    assert with_outputs == (kind in (Kind.INSTRUCTOR, Kind.SOLUTION))
    assert lesson.path.read_bytes() == before


@pytest.mark.parametrize(
    ("address", "source"),
    [(None, f"course-utils=={version(PACKAGE)}"), ("https://a.org/b", "@ git+https://a.org/b")],
)
def test_a_copy_for_colab_brings_the_course_and_nothing_where_it_is(
    tmp_path, monkeypatch, address, source
):
    monkeypatch.setattr(colab, "repository", lambda: address)
    bring = copy_of(lesson_with_exercises(tmp_path), Kind.COLAB, tmp_path).cells[0]
    assert f'{source}"' in bring.source
    ran = execute(new_notebook(cells=[bring]), tmp_path, timeout=60)
    assert ran.failure is None
    assert ran.notebook.cells[0].outputs == []  # pip always says something in a notebook


@each_lesson
def test_nbgrader_gets_an_answer_and_a_locked_test_for_each_exercise(lesson):
    wanted = [cell for cell in lesson.cells if "exercise" in tags_of(cell)]
    wanted = [cell for cell in wanted if "more" not in tags_of(cell)]
    copy = copy_of(lesson, Kind.NBGRADER, MY_WORK)
    graded = [cell for cell in copy.cells if "nbgrader" in cell.metadata]
    answers = [cell for cell in graded if not cell.metadata.nbgrader.grade]
    tests = [cell for cell in graded if cell.metadata.nbgrader.locked]
    assert len(answers) == len(tests) == len(wanted)
    for answer, test in zip(answers, tests, strict=True):
        assert answer.metadata.nbgrader.solution
        assert answer.source.count("### BEGIN SOLUTION\n") == 1
        assert "check(" not in answer.source
        name = test.metadata.nbgrader.grade_id.removeprefix("test-")
        assert f'grade({test.metadata.nbgrader.points}, "{name}"' in test.source
        ast.parse(answer.source + "\n" + test.source)


@each_lesson
def test_points_are_the_minutes_of_the_notes_and_one_open_exercise_is_read_by_a_person(lesson):
    minutes = {f"{lesson.number}-{one.number}": one for one in exercises(lesson.cells)}
    points, by_hand = Counter(), []
    for cell in copy_of(lesson, Kind.NBGRADER, MY_WORK).cells:
        kind, _, name = cell.metadata.get("nbgrader", {}).get("grade_id", "").partition("-")
        points[name] += cell.metadata.get("nbgrader", {}).get("points", 0)
        by_hand += [name] * (kind == "reasons")
    assert all(points[name] == minutes[name].minutes for name in points if name)
    assert by_hand == [name for name, exercise in minutes.items() if exercise.is_open][:1]


@pytest.mark.parametrize("lesson", LESSONS[1:], ids=lambda lesson: lesson.path.stem)
def test_a_graded_copy_promises_no_hints_and_does_not_say_where_solutions_are(lesson):
    shown = rules.markdown(copy_of(lesson, Kind.NBGRADER, MY_WORK))
    shown = shown.partition("## Exercises")[2]
    assert "locked cell" in shown
    assert not re.search(r"\bhints?\b|course solution|folded|notebooks/", shown)


def test_a_notebook_without_ids_of_cells_is_copied_for_every_audience(tmp_path):
    lesson = lesson_with_exercises(tmp_path)
    saved = json.loads(lesson.path.read_text(encoding="utf-8"))  # as Colab does
    cells = [{key: part[key] for key in part if key != "id"} for part in saved["cells"]]
    saved |= {"cells": cells, "nbformat_minor": 0}
    lesson.path.write_text(json.dumps(saved), encoding="utf-8")
    for kind in Kind:
        copy = copy_of(lesson, kind, MY_WORK)
        nbformat.validate(copy)
        assert copy == copy_of(lesson, kind, MY_WORK)


STUB = 6  # its place among the cells of lesson 02


def has_stub(source):
    """Breaks an exercise by another stub."""
    return lambda cells: cells[STUB].update(source=source)


def twins(cells):
    return [new_code_cell(cell.source, metadata=cell.metadata) for cell in cells]


@pytest.mark.parametrize(
    ("breaks", "problem"),
    [
        (has_stub("answer = ..."), r"`answer = \.\.\.` must be Python that ends in check"),
        (has_stub('%time\ncheck("02-1", ...)'), "`%time` must be Python that ends in check"),
        (has_stub('check("02-3", ...)'), "exercise 1 calls another one's check, '02-3'"),
        (has_stub('check("our_new-a", ...)'), "exercise 1 calls another one's check, 'our_new-a'"),
        (lambda cells: cells.pop(STUB + 1), "02-1: the cell after it is not a solution"),
        (lambda cells: cells.pop(STUB - 1), r"0 cells tagged notes after cell 4"),
        (lambda cells: cells.extend(twins(cells[STUB : STUB + 2])), r"needs a `### Exercise N"),
        (lambda cells: cells.__delitem__(slice(STUB - 2, None)), "no `## Exercises` with"),
    ],
)
def test_nbgrader_refuses_an_unfinished_lesson_in_a_sentence_that_names_it(
    tmp_path, breaks, problem
):
    path = lesson_with_exercises(tmp_path).path
    notebook = nbformat.read(path, as_version=4)
    breaks(notebook.cells)
    nbformat.write(notebook, path)
    (lesson,) = find_lessons(tmp_path)
    with pytest.raises(
        LessonError, match=rf"^02_small\.ipynb: .*{problem}.*; `course check-lesson`"
    ):
        copy_of(lesson, Kind.NBGRADER, MY_WORK)
