"""A lesson for nbgrader: each exercise becomes an answer cell and a locked cell that grades it.

The answer cell holds the exercise's stub, and after it the solution between nbgrader's marks. The
locked cell gives points, as many as the exercise has minutes in the notes for instructors. Half of
those of the first open exercise are for reasons, which a person reads. Exercises for some readers
only, tagged `more`, are not graded.
"""

import ast
import re
from contextlib import suppress
from itertools import zip_longest

from course.copies.audiences import student
from course.instructors.notes import Exercise, exercises
from course.lessons.lesson import LessonError, tags_of

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import ComputeChecksums

CONFIG = '''\
"""Settings of nbgrader for the course; yours to change."""

import os

c = get_config()  # noqa: F821
c.ClearSolutions.code_stub = {"python": "# Your answer takes the place of the three dots."}
c.ClearSolutions.text_stub = "Your reasons take the place of this line."
c.Execute.timeout = 120  # seconds that a cell may take; some train a network
c.Execute.extra_arguments = ["--InteractiveShellApp.ignore_cwd=True"]  # no modules of learners
os.environ.setdefault("COURSE_WARM", "use")  # training runs that `course warm` has kept
'''
HOW = """\
## Exercises

Each exercise has a cell for your answer, which takes the place of `...`, and a locked cell below \
that grades it when you run it. A right answer earns all points, a nearly right one a part of \
them. For any other answer, a line says what to look at. Before you hand in, restart the kernel \
and run all cells.

"""
TEST = """\
from runpy import run_module

grade = run_module("course.exercises.grade")["grade"]  # from its file, whatever ran above
{call}"""
REASONS = """\
**Your reasons, exercise {number}, {points} points.** In three to five sentences: how did you \
find your answer, what did you test it against, and how sure are you? A person reads this.

### BEGIN SOLUTION
Look for a reason behind each choice, a test that could have failed, and how sure the result is.
### END SOLUTION"""


def graded(notebook: NotebookNode) -> NotebookNode:
    """Turn a lesson, in place, into the source of an nbgrader assignment.

    Raises:
        LessonError: an exercise does not end in its own check, no solution follows it, or the
            notes do not say how many minutes it takes; or there is no exercise.
    """
    noted = {exercise.number: exercise for exercise in exercises(notebook.cells)}
    reasoned = next((one.number for one in noted.values() if one.is_open), None)
    cells, number = [], 0
    for cell, following in zip_longest(notebook.cells, notebook.cells[1:]):
        if heading := re.search(r"^###? Exercise (\d+): ", cell.source, re.M):
            number = int(heading[1])
        if _tagged(cell, "exercise") and not _tagged(cell, "more"):
            if number not in noted:
                raise LessonError("each exercise needs a `### Exercise N: ...` of its own")
            cells += _graded_exercise(cell, following, noted.pop(number), reasoned)
        else:
            cells.append(cell)
    notebook.cells = cells
    notebook = student(notebook)
    _speak_of_grading(notebook.cells)
    notebook, _ = ComputeChecksums().preprocess(notebook, {})
    MetadataValidator().validate_nb(notebook)
    return notebook


def _graded_exercise(
    stub: NotebookNode,
    solution: NotebookNode | None,
    exercise: Exercise,
    reasoned: int | None,
) -> list[NotebookNode]:
    given, name, call = _split(stub)
    if not _tagged(solution, "solution"):
        raise LessonError(f"exercise {name}: the cell after it is not a solution; put one there")
    solved, _, _ = _split(solution)
    number, points = exercise.number, exercise.minutes
    if name.rpartition("-")[2] != str(number):
        raise LessonError(f"exercise {number} calls another one's check, {name!r}")
    for_reasons = points // 2 if number == reasoned else 0
    answer = new_code_cell(
        f"{given}\n### BEGIN SOLUTION\n{solved}\n### END SOLUTION",
        id=stub.id,
        metadata=_metadata(f"exercise-{name}", solution=True),
    )
    earned = points - for_reasons
    test = new_code_cell(
        TEST.format(call=call.replace("check(", f"grade({earned}, ", 1)),
        id=f"{stub.id}-test",
        metadata=_metadata(f"test-{name}", grade=True, locked=True, points=earned),
    )
    reasons = new_markdown_cell(
        REASONS.format(number=number, points=for_reasons),
        id=f"{stub.id}-reasons",
        metadata=_metadata(f"reasons-{name}", grade=True, solution=True, points=for_reasons),
    )
    return [answer, test, reasons] if for_reasons else [answer, test]


def _metadata(grade_id: str, **given: bool | int) -> dict:
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": {"schema_version": 3, "grade_id": grade_id, **flags, **given}}


def _speak_of_grading(cells: list[NotebookNode]) -> None:
    """Say how exercises are graded, in place of what a lesson says on hints and solutions."""
    places = [
        next(
            (place for place, cell in enumerate(cells) if re.search(heading, cell.source, re.M)), -1
        )
        for heading in (r"^## Exercises$", r"^### Exercise \d")
    ]
    if -1 in places:
        raise LessonError("there is no `## Exercises` with a `### Exercise 1: ...`")
    begin, first = places
    before = cells[begin].source.partition("## Exercises")[0]
    exercise = cells[first].source.partition("### Exercise ")
    cells[first].source = before + HOW + "".join(exercise[1:])
    del cells[begin:first]


def _split(cell: NotebookNode) -> tuple[str, str, str]:
    """What a cell does before its check, the exercise's name, and the call of `check`."""
    with suppress(SyntaxError):  # such as that of a magic
        match ast.parse(cell.source).body[-1:]:
            case [
                ast.Expr(
                    ast.Call(func=ast.Name("check"), args=[ast.Constant(str(name)), *_])
                ) as check
            ]:
                lines = cell.source.splitlines()
                start = check.lineno - 1
                return "\n".join(lines[:start]).rstrip(), name, "\n".join(lines[start:])
    first = cell.source.partition("\n")[0]
    raise LessonError(f"the cell `{first}` must be Python that ends in check(...)")


def _tagged(cell: NotebookNode | None, tag: str) -> bool:
    return cell is not None and tag in tags_of(cell)
