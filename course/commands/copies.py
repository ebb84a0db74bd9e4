"""`course copies`: lessons for learners, instructors and graders."""

from collections import Counter
from pathlib import Path
from typing import Annotated

from course.commands.options import Folder, Names
from course.commands.run import refuse_the_lessons
from course.copies import Kind
from course.copies.delivery import Delivery, deliver
from course.lessons.lesson import NOTEBOOKS, Lesson, choose_lessons
from course_utils.files import WORK

import typer

MY_WORK = WORK / "my_work"
BUILD = WORK / "build" / "copies"


def copies(
    kind: Annotated[Kind, typer.Argument(help="Who the copies are for.")],
    names: Names = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Where to put them: my_work for learners, otherwise a folder in build/copies."
        ),
    ] = None,
    folder: Folder = NOTEBOOKS,
) -> None:
    """Copy lessons for an audience. A copy that has been changed is kept and never overwritten.

    Exit code 0: all are there; 1: a lesson cannot be copied; 2: no such lesson or audience.
    """
    default = MY_WORK if kind == Kind.STUDENT else BUILD / kind
    output, folder = (output or default).resolve(), folder.resolve()
    chosen = choose_lessons(names or [], folder)
    refuse_the_lessons(chosen, output)
    for line in bring(chosen, kind, output):
        typer.echo(line)


def bring(chosen: list[Lesson], kind: Kind, output: Path) -> list[str]:
    """Deliver copies of lessons into a folder; returns lines that say what happened.

    Raises:
        LessonError: a lesson cannot be copied.
    """
    return _report(deliver(_texts(chosen, kind, output), output), output)


def _texts(chosen: list[Lesson], kind: Kind, output: Path) -> dict[str, str]:
    """What is to be in a folder, by file name: a copy of each lesson, and nbgrader's settings."""
    from course.copies.make import copy_of  # here, as nbconvert takes a second to load

    import nbformat

    texts = {}
    for lesson in chosen:
        place = Path("source", lesson.path.stem) if kind == Kind.NBGRADER else Path()
        copy = copy_of(lesson, kind, output / place)
        texts[(place / lesson.path.name).as_posix()] = nbformat.writes(copy) + "\n"
    if kind == Kind.NBGRADER:
        from course.copies.grading import CONFIG

        texts["nbgrader_config.py"] = CONFIG
    return texts


def _report(deliveries: list[Delivery], output: Path) -> list[str]:
    """A line for each file that both its reader and its lesson have changed, and a summary."""
    lines = [
        f"{one.name} is yours and stays; its new version is beside it: {one.place}"
        for one in deliveries
        if one.beside
    ]
    number = Counter(one.outcome for one in deliveries)
    counts = [f"{number[o]} {o}" for o in ("new", "refreshed", "kept") if number[o]]
    return [*lines, f"{output}: {', '.join(counts)}"]
