"""`course plan`: the page for instructors, made from the notes in the lessons."""

from pathlib import Path
from typing import Annotated

from course.instructors import plans
from course_utils.files import write_whole

import typer


def plan(
    output: Annotated[Path, typer.Option(help="Where the page goes.")] = plans.PAGE,
) -> None:
    """Write the page for instructors: plans for a day and week by week, minutes by section.

    Exit code 0: written; 1: a lesson lacks its notes.
    """
    text = plans.page()
    output.parent.mkdir(parents=True, exist_ok=True)
    write_whole(output, text)
    typer.echo(f"wrote {output}")
