"""`course check-exercise`: which wrong answers an exercise knows, and what each is told."""

from typing import Annotated

from course.exercises import named
from course.exercises.hints import Exercise
from course.lessons.lesson import UnknownLessonError

import typer


def check_exercise(
    name: Annotated[str, typer.Argument(help="The exercise, such as 04-1.")],
) -> None:
    """Show what an exercise tells each wrong answer that it knows, and its ordered hints.

    Exit code 0: shown; 2: no such exercise.
    """
    exercise = known(name)
    typer.echo(f"exercise {name} knows {len(exercise.slips)} slips, tried in this order:")
    for told in exercise.slips:
        typer.echo(f"  ✗ {told}")
    for number, hint in enumerate(exercise.hints, 1):
        typer.echo(f"  Hint {number}: {hint}")


def known(name: str) -> Exercise:
    """The exercise of a name that somebody typed.

    Raises:
        UnknownLessonError: there is none; the message lists those of the lesson.
    """
    try:
        return named(name)
    except ValueError as error:
        raise UnknownLessonError(str(error)) from error
