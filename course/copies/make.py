"""Make one copy of a lesson for an audience."""

import os
import re
from pathlib import Path

from course.copies import Kind
from course.copies.audiences import student, unfolded, without
from course.copies.colab import bringing_the_course
from course.lessons.lesson import Lesson, LessonError, left_out, read_notebook
from course_utils.files import ROOT

from nbformat import NotebookNode


def copy_of(lesson: Lesson, kind: Kind, folder: Path) -> NotebookNode:
    """Make a copy of a lesson.

    Args:
        lesson: its stored notebook is read, never changed.
        kind: whom the copy is for.
        folder: where it will be put; its links to the course's files are made to work from there.

    Raises:
        LessonError: for nbgrader, an exercise has no check, no solution or no minutes.
    """
    notebook = read_notebook(lesson.path)
    _relink(notebook, None if kind == Kind.COLAB else folder)
    match kind:
        case Kind.STUDENT:
            return student(notebook)
        case Kind.INSTRUCTOR:
            return unfolded(notebook)
        case Kind.SOLUTION:
            return unfolded(without(notebook, {"notes"}))
        case Kind.NBGRADER:
            from course.copies.grading import graded  # here, as learners need no nbgrader

            try:
                return graded(notebook)
            except LessonError as error:
                raise LessonError(
                    f"{lesson.path.name}: {error}; `course check-lesson` says what the lesson lacks"
                ) from error
        case Kind.COLAB:
            return bringing_the_course(student(notebook))


def _relink(notebook: NotebookNode, folder: Path | None) -> None:
    """Make links to `../` lead to the course's folder; where it is not, keep their words alone.

    A copy without a folder is opened alone, so that links to other lessons lead nowhere either.
    """
    start = r"\.\./" if folder else r"(?:\.\./|\d\d_)"
    pattern, link = rf"\[([^\]\n]+)\]\({start}[^)\s]*\)", r"\1"
    if folder and folder.is_relative_to(ROOT):
        up = Path(os.path.relpath(ROOT, folder)).as_posix()
        pattern, link = r"(\]\(|\]: )\.\./", rf"\g<1>{up}/"
    gone = "|".join(map(re.escape, left_out())) or "(?!)"  # no file has this name
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            words = re.sub(rf"\[([^\]\n]+)\]\((?:{gone})[^)\s]*\)", r"\1", cell.source)
            cell.source = re.sub(pattern, link, words)
