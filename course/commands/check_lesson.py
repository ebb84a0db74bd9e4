"""`course check-lesson`: what a notebook lacks that a lesson must have."""

from pathlib import Path
from typing import Annotated

from course.lessons.lesson import LessonError, read_notebook
from course_utils.files import shown

import typer


def check_lesson(
    file: Annotated[Path, typer.Argument(help="The notebook.")],
) -> None:
    """Say in words what a notebook lacks, rule by rule, of what makes it a lesson.

    Exit code 0: it keeps all rules; 1: it breaks some, or is not a notebook.
    """
    from course.lessons.rules import RULES, problems  # here, as nbclient takes a second to load

    import nbformat

    try:
        notebook = read_notebook(file)
        nbformat.validate(notebook)
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        why = shown(str(error), 100)
        raise LessonError(
            f"{file.name} is not a notebook ({why}): save it in JupyterLab"
        ) from error
    found = problems(notebook, file.stem)
    for demand, broken in found.items():
        typer.echo(f"✗ {demand}")
        for problem in broken:
            typer.echo(f"    {problem}")
    typer.echo(f"{file.name} keeps {len(RULES) - len(found)} of {len(RULES)} rules")
    if found:
        raise typer.Exit(1)
