"""Put executed lessons back into the repository, in a form that is fit to be read there."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course.lessons.lesson import Lesson, LessonError, find_lessons, read_cells
from course.lessons.opening import opening
from course.lessons.readme import lesson_table, with_table
from course.lessons.timings import Timing, Timings, read_timings, timings_file, write_timings
from course.running.execute import Execution
from course_utils.data.prices import load_prices
from course_utils.files import ROOT, WORK, write_whole
from course_utils.machine import this_machine

import nbformat
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelspec import get_kernel_dict
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
KEPT_METADATA = ("alt", "collapsed", "jupyter", "tags", "slideshow", "nbgrader")


def machine_paths(notebook: NotebookNode) -> list[str]:
    """No absolute path of any machine is in sources or textual outputs; returns those that are."""
    pattern = re.compile("|".join([MACHINE_PATH, *_own_places()]))
    return [
        match.group()
        for cell in notebook.cells
        for text in (cell.source, *output_texts(cell))
        for match in pattern.finditer(text)
    ]


def _own_places() -> list[str]:
    """Patterns for the course's folder, this Python's and the user's home, wherever they are."""
    places = (str(ROOT), sys.prefix, os.path.expanduser("~"))
    return [
        _ABSOLUTE + re.escape(spelling) + r"\b"
        for place in places
        if len(place) > len("/root")  # prose has "/root" and "/usr", too
        for spelling in (place, place.replace("\\", "\\\\"), place.replace("\\", "/"))
    ]


def output_texts(cell: NotebookNode) -> list[str]:
    """The textual outputs of a cell: streams, errors, and data of kinds such as text/html."""
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            texts.append(output.text)
        elif output.output_type == "error":
            texts.append("\n".join([output.ename, output.evalue, *output.traceback]))
        else:
            texts += [v for k, v in output.data.items() if isinstance(v, str) and "text" in k]
    return texts


def check_storable(chosen: list[Lesson], folder: Path) -> None:
    """Refuse before the lessons run what would be refused after that.

    Raises:
        LessonError: this is a course of one's own or an installed one, prices come from the
            embedded default, README lacks the table's markers, or the lessons that were not chosen
            were timed on another machine.
    """
    if WORK != ROOT:
        raise LessonError(
            "--store is for the course's own repository: run your lessons in JupyterLab, and save"
        )
    if load_prices("IBM").attrs["source"] != "full":
        raise LessonError(
            "stored outputs come from the full data, and IBM's prices are missing: get them "
            "with `course data get`, and unset COURSE_EMBEDDED and COURSE_OFFLINE"
        )
    with_table(_readme(folder).read_text(encoding="utf-8"), "")
    check_mergeable(chosen, folder)


def check_mergeable(chosen: list[Lesson], folder: Path) -> None:
    """Refuse to mix timings of two machines in one table.

    Raises:
        LessonError: only some lessons were chosen, and the others were timed elsewhere.
    """
    timed = read_timings(timings_file(folder))
    kept = {lesson.number for lesson in find_lessons(folder) if lesson not in chosen}
    if kept & set(timed.lessons) and timed.measured_on != this_machine():
        was = ", ".join(f"{key} {value}" for key, value in timed.measured_on.items())
        raise LessonError(
            f"the other lessons were timed with {was}: store all with `make notebooks`"
        )


def store(executions: Mapping[Lesson, Execution], folder: Path) -> None:
    """Write executed lessons, their timings and README's table; nothing unless all is well.

    Raises:
        LessonError: a lesson failed, wrote to stderr, holds a path of this machine, or was saved
            while it ran.
    """
    for lesson, execution in executions.items():
        if problem := _unfit(lesson, execution):
            raise LessonError(f"nothing stored: {problem}")
        _normalise(execution.notebook)
    lines = {lesson: opening(lesson.number, folder).data for lesson in executions}
    _store_timings(executions, folder)
    for lesson, execution in executions.items():
        # The lesson ran with the former timings; its opening line is to say the new ones.
        _replace_output(execution.notebook, lines[lesson], opening(lesson.number, folder).data)
        write_whole(lesson.path, nbformat.writes(execution.notebook).rstrip("\n") + "\n")
    readme = _readme(folder)
    text = readme.read_text(encoding="utf-8")
    write_whole(readme, with_table(text, lesson_table(folder)))


def _unfit(lesson: Lesson, execution: Execution) -> str | None:
    """Why an executed lesson may not be stored, None if it may."""
    if execution.failure:
        return f"lesson {lesson.number} failed"
    if read_cells(lesson.path) != lesson.cells:
        return f"{lesson.path.name} was saved by another program while it ran: run it again"
    for number, line in execution.stderr:
        return f"code cell {number} of {lesson.path.name} wrote to stderr: {line}"
    for path in machine_paths(execution.notebook):
        return (
            f"lesson {lesson.number} holds this machine's path {path}; print a file's name instead"
        )
    return None


def front_end_metadata() -> dict[str, dict]:
    """What JupyterLab writes about a notebook that this Python runs, so that it has no change."""
    kernel = get_kernel_dict()
    kernelspec = {key: kernel[key] for key in ("display_name", "language")} | {"name": "python3"}
    return {"kernelspec": kernelspec, "language_info": dict(IPythonKernel.language_info)}


def _normalise(notebook: NotebookNode) -> None:
    """Drop, in place, what differs from run to run: timings, widget state."""
    notebook.metadata = nbformat.from_dict(front_end_metadata())
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in KEPT_METADATA if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(kept)
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data = as_a_browser_writes(output.data)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)


def as_a_browser_writes(value: Any) -> Any:  # noqa: ANN401
    """JSON with the one kind of number that JavaScript knows: 0, never 0.0."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return nbformat.from_dict({key: as_a_browser_writes(value[key]) for key in value})
        case list():
            return [as_a_browser_writes(each) for each in value]
    return value


def _store_timings(executions: Mapping[Lesson, Execution], folder: Path) -> None:
    """Write the timings of executed lessons, next to those of the lessons that did not run."""
    file = timings_file(folder)
    before = read_timings(file).lessons
    timed = {one.number: before[one.number] for one in find_lessons(folder) if one.number in before}
    for lesson, execution in executions.items():
        _, slowest_seconds = execution.slowest
        timed[lesson.number] = Timing(
            execution.seconds, execution.peak_mib, len(execution.cell_seconds), slowest_seconds
        )
    write_timings(Timings(this_machine(), timed), file)


def _replace_output(notebook: NotebookNode, old: str, new: str) -> None:
    """Replace an output in Markdown wherever a notebook has it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("data", {}).get("text/markdown") == old:
                output.data["text/markdown"] = new


def _readme(folder: Path) -> Path:
    return folder.parent / "README.md"
