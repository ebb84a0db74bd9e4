"""`course slides`: a lesson as slides that open without a network."""

from pathlib import Path
from typing import Annotated

from course.commands.options import Folder, Names
from course.lessons.lesson import NOTEBOOKS, choose_lessons
from course_utils.files import WORK

import typer


def slides(
    names: Names = None,
    output: Annotated[Path, typer.Option(help="Where a folder for each lesson goes.")] = (
        WORK / "build" / "slides"
    ),
    folder: Folder = NOTEBOOKS,
) -> None:
    """Make slides of lessons as they are stored: their gist, for a room; notes are the speaker's.

    Exit code 0: the slides are written; 1: they could not be; 2: no such lesson.
    """
    chosen = choose_lessons(names or [], folder)
    from course.slides.deck import write_deck  # nbconvert takes a second

    for lesson in chosen:
        page = write_deck(lesson, output.resolve() / lesson.number)
        typer.echo(f"look at {page}; S opens the speaker's notes")
