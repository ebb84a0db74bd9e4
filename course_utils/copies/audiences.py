"""Who gets which cells of a lesson: one stored notebook, a copy for each audience."""

import os
import re
from pathlib import Path

from course_utils import lessons
from course_utils.copies import Kind
from course_utils.lessons import Lesson

import nbformat
from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor
from nbformat import NotebookNode


def copy_of(lesson: Lesson, kind: Kind, folder: Path) -> NotebookNode:
    """Make a copy of a lesson.

    Args:
        lesson: its stored notebook is read, never changed.
        kind: whom the copy is for.
        folder: where it will lie; links to files of the course lead there from here.

    Raises:
        LessonError: for nbgrader, an exercise has no check or no solution.
    """
    notebook = nbformat.read(lesson.path, as_version=4)
    _relink(notebook, folder)
    match kind:
        case Kind.STUDENT:
            return student(notebook)
        case Kind.INSTRUCTOR:
            return unfolded(notebook)
        case Kind.SOLUTION:
            return unfolded(without(notebook, {"notes"}))
        case Kind.NBGRADER:
            from course_utils.copies.grading import graded  # here, as learners have no nbgrader

            return graded(notebook)


def student(notebook: NotebookNode) -> NotebookNode:
    """Drop, in place, what would tell an answer: solutions, notes, and what each cell put out.

    Without outputs, nobody reads a result before guessing it, and a lesson that was only run anew
    gives the same copy as before.
    """
    notebook = without(notebook, {"solution", "answer", "notes"})
    return ClearOutputPreprocessor().preprocess(notebook, {})[0]


def unfolded(notebook: NotebookNode) -> NotebookNode:
    """Open, in place, the cells that a stored lesson folds."""
    for cell in notebook.cells:
        cell.metadata.pop("jupyter", None)
    return notebook


def without(notebook: NotebookNode, tags: set[str]) -> NotebookNode:
    """Drop, in place, the cells that bear one of these tags."""
    return TagRemovePreprocessor(remove_cell_tags=tags).preprocess(notebook, {})[0]


def _relink(notebook: NotebookNode, folder: Path) -> None:
    """Lead links to `../` to the course's folder; a copy outside of it travels without the rest."""
    if folder.is_relative_to(lessons.ROOT):
        up = Path(os.path.relpath(lessons.ROOT, folder)).as_posix()
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = re.sub(r"(\]\(|\]: )\.\./", rf"\g<1>{up}/", cell.source)
