"""`course check-lesson`: what a notebook lacks that a lesson must have."""

from pathlib import Path
from typing import Annotated

from course.lessons.lesson import read_notebook

import typer


def check_lesson(
    file: Annotated[Path, typer.Argument(help="The notebook.")],
) -> None:
    """Say in words what a notebook lacks, rule by rule, of what makes it a lesson.

    Exit code 0: it keeps all rules; 1: it breaks some, or is not a notebook.
    """
    from course.lessons.rules import RULES, problems  # here, as nbclient takes a second to load

    found = problems(read_notebook(file), file.stem)
    for demand, broken in found.items():
        typer.echo(f"✗ {demand}")
        for problem in broken:
            typer.echo(f"    {problem}")
    typer.echo(f"{file.name} keeps {len(RULES) - len(found)} of {len(RULES)} rules")
    if found:
        raise typer.Exit(1)
