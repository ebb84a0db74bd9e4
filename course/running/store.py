"""Put executed lessons back into the repository, fit to be read there."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from course.lessons.lesson import Lesson, LessonError, find_lessons
from course.lessons.opening import opening
from course.lessons.readme import lesson_table, with_table
from course.lessons.timings import Timing, Timings, read_timings, timings_file, write_timings
from course.running.execute import Execution
from course_utils.files import ROOT, write_whole
from course_utils.machine import this_machine

import nbformat
from nbformat import NotebookNode

_ABSOLUTE = r"(?<![\w.~})-])(?<!:/)"  # neither in a relative path nor in a web address
MACHINE_PATH = "|".join(
    [
        _ABSOLUTE + r"/(?:home|root|tmp|Users|work|workspace|private|var/folders|mnt|opt|srv"
        r"|usr/(?:lib|local)|content|Volumes)/\w[\w.-]*",
        _ABSOLUTE + r"/data/\w[\w.-]*/",
        r"\b[A-Za-z]:\\{1,2}(?:Users|Temp|Windows)\b",
        r"\b[A-Z]:\\{1,2}(?![nt]\b)\w[\w.-]*+(?!\{)",  # but neither "N:\n" nor TeX's A:\text{
    ]
)
KEPT_METADATA = ("alt", "jupyter", "tags", "slideshow", "nbgrader")
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


def machine_paths(notebook: NotebookNode) -> list[str]:
    """Paths of this machine, or any, in the sources or the textual outputs of a notebook."""
    pattern = re.compile("|".join([MACHINE_PATH, *_own_places()]))
    return [
        match.group()
        for cell in notebook.cells
        for text in (cell.source, *(text for _, text in output_texts(cell)))
        for match in pattern.finditer(text)
    ]


def _own_places() -> list[str]:
    """Patterns for the course's folder, this Python's and one's home, wherever they are."""
    places = (str(ROOT), sys.prefix, os.path.expanduser("~"))
    return [
        _ABSOLUTE + re.escape(spelling) + r"\b"
        for place in places
        if len(place) > 5  # "/root" and "/usr" are in prose, too
        for spelling in (place, place.replace("\\", "\\\\"), place.replace("\\", "/"))
    ]


def output_texts(cell: NotebookNode) -> list[tuple[str, str]]:
    """Kind and text of everything a cell put out that is text."""
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            texts.append((output.name, output.text))
        elif output.output_type == "error":
            texts.append(("error", "\n".join([output.ename, output.evalue, *output.traceback])))
        else:
            texts += [(k, v) for k, v in output.data.items() if isinstance(v, str) and "text" in k]
    return texts


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Drop, in place, what differs from machine to machine: versions, timings, widget state."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in KEPT_METADATA if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(kept)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return notebook


def check_storable(folder: Path) -> None:
    """Refuse early what would be refused after all lessons have run.

    Raises:
        LessonError: prices come from the embedded default, or README lacks the table's markers.
    """
    from course_utils.data.prices import load_prices

    if load_prices("IBM").attrs["source"] != "full":
        raise LessonError(
            "stored outputs come from the full data, and IBM's prices are not at hand: get them "
            "with `course data get`, and unset COURSE_EMBEDDED and COURSE_OFFLINE"
        )
    readme = folder.parent / "README.md"
    with_table(readme.read_text(encoding="utf-8"), "")


def check_mergeable(chosen: list[Lesson], folder: Path) -> None:
    """Refuse to mix timings of two machines in one table.

    Raises:
        LessonError: only some lessons were chosen, and the others were timed elsewhere.
    """
    timed = read_timings(timings_file(folder))
    others = {lesson.number for lesson in find_lessons(folder)} - {
        lesson.number for lesson in chosen
    }
    if others & set(timed.lessons) and timed.measured_on != this_machine():
        was = ", ".join(f"{key} {value}" for key, value in timed.measured_on.items())
        raise LessonError(
            f"the other lessons were timed with {was}: store all with `make notebooks`"
        )


def store(executions: Mapping[Lesson, Execution], folder: Path) -> None:
    """Write executed lessons, their timings and README's table; nothing unless all is well.

    Raises:
        LessonError: a lesson failed, wrote to stderr, or holds a path of this machine.
    """
    for lesson, execution in executions.items():
        if execution.failure:
            raise LessonError(f"nothing stored: lesson {lesson.number} failed")
        for number, line in execution.stderr:
            raise LessonError(
                f"nothing stored: code cell {number} of {lesson.path.name} wrote to stderr: {line}"
            )
        normalise(execution.notebook)
        for path in machine_paths(execution.notebook):
            raise LessonError(
                f"nothing stored: lesson {lesson.number} holds this machine's path {path}; "
                "print a file's name instead"
            )
    file = timings_file(folder)
    shown = {lesson: opening(lesson.number, folder).data for lesson in executions}
    known = {lesson.number for lesson in find_lessons(folder)}
    timed = {
        number: timing for number, timing in read_timings(file).lessons.items() if number in known
    }
    for lesson, execution in executions.items():
        timed[lesson.number] = Timing(
            execution.seconds,
            execution.peak_mib,
            len(execution.cell_seconds),
            execution.slowest[1],
        )
    write_timings(Timings(this_machine(), timed), file)
    for lesson, execution in executions.items():
        # The lesson ran with the former timings; its opening line is to say the new ones.
        now = opening(lesson.number, folder).data
        for cell in execution.notebook.cells:
            for output in cell.get("outputs", []):
                if output.get("data", {}).get("text/markdown") == shown[lesson]:
                    output.data["text/markdown"] = now
        write_whole(lesson.path, nbformat.writes(execution.notebook).rstrip("\n") + "\n")
    readme = folder.parent / "README.md"
    text = readme.read_text(encoding="utf-8")
    write_whole(readme, with_table(text, lesson_table(folder)))
