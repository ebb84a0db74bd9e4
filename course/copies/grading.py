"""A lesson for nbgrader: each exercise becomes an answer cell and a locked cell that tests it.

The answer cell holds the exercise's stub, and after it the solution between nbgrader's marks. The
test cell calls `judge`, which raises where `check` prints a hint.
"""

import ast
from itertools import zip_longest

from course.copies.audiences import student
from course.lessons.lesson import LessonError, tags_of

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import ComputeChecksums

CONFIG = '''\
"""Settings of nbgrader for the course; yours to change."""

c = get_config()  # noqa: F821
c.ClearSolutions.code_stub = {"python": "# Your answer takes the place of the three dots."}
c.Execute.timeout = 120  # seconds that a cell may take; some train a network
'''


def graded(notebook: NotebookNode) -> NotebookNode:
    """Turn a lesson, in place, into the source of an nbgrader assignment, a point per exercise.

    Raises:
        LessonError: an exercise does not end in a check, or no solution follows it.
    """
    cells = []
    for cell, following in zip_longest(notebook.cells, notebook.cells[1:]):
        cells += _answer_and_test(cell, following) if _tagged(cell, "exercise") else [cell]
    notebook.cells = cells
    notebook, _ = ComputeChecksums().preprocess(student(notebook), {})
    MetadataValidator().validate_nb(notebook)
    return notebook


def _answer_and_test(stub: NotebookNode, solution: NotebookNode | None) -> list[NotebookNode]:
    given, name, call = _split(stub)
    if not _tagged(solution, "solution"):
        raise LessonError(f"exercise {name}: the cell after it is not a solution; put one there")
    solved, _, _ = _split(solution)
    answer = new_code_cell(
        f"{given}\n### BEGIN SOLUTION\n{solved}\n### END SOLUTION",
        id=stub.id,
        metadata={"nbgrader": _metadata(f"exercise-{name}", solution=True)},
    )
    test = new_code_cell(
        f"from course.exercises import judge\n\nprint({call.replace('check', 'judge', 1)})",
        id=f"{stub.id}-test",
        metadata={"nbgrader": _metadata(f"test-{name}", grade=True, locked=True, points=1)},
    )
    return [answer, test]


def _metadata(grade_id: str, **given: bool | int) -> dict:
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"schema_version": 3, "grade_id": grade_id, **flags, **given}


def _split(cell: NotebookNode) -> tuple[str, str, str]:
    """What a cell does before its check, the exercise's name, and the call of `check`."""
    match ast.parse(cell.source).body[-1:]:
        case [
            ast.Expr(ast.Call(func=ast.Name("check"), args=[ast.Constant(str(name)), *_])) as check
        ]:
            lines = cell.source.splitlines()
            start = check.lineno - 1
            return "\n".join(lines[:start]).rstrip(), name, "\n".join(lines[start:])
    raise LessonError(f"the cell `{cell.source.partition(chr(10))[0]}` does not end in check(...)")


def _tagged(cell: NotebookNode | None, tag: str) -> bool:
    return cell is not None and tag in tags_of(cell)
