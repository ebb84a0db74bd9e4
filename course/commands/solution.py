"""`course solution`: the solution of one exercise, with what leads to it."""

from typing import Annotated

from course.commands.check_exercise import known
from course.commands.options import Folder
from course.lessons.lesson import NOTEBOOKS, LessonError, choose_lessons, tags_of

import typer


def solution(
    name: Annotated[str, typer.Argument(help="The exercise, such as 02-3.")],
    folder: Folder = NOTEBOOKS,
) -> None:
    """Show what leads to the solution of an exercise, a solution, and what `check` says about it.

    Exit code 0: shown; 1: the lesson has no solution to it; 2: no such exercise.
    """
    exercise = known(name)
    (lesson,) = choose_lessons([name.rpartition("-")[0]], folder)
    solved = (cell for cell in lesson.cells if "solution" in tags_of(cell))
    cell = next((cell for cell in solved if f'check("{name}"' in cell["source"]), None)
    if cell is None:
        raise LessonError(f"{lesson.path.name} has no solution to exercise {name}")
    for number, hint in enumerate(exercise.hints, 1):
        typer.echo(f"{number}. {hint}")
    said = ["".join(output.get("text", "")) for output in cell["outputs"]]
    typer.echo("\n".join(["", cell["source"], "", *said]).rstrip())
