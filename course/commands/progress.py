"""`course progress`: which exercises are solved, which are tried, and which is next."""

import re
from pathlib import Path
from typing import Annotated

from course.commands.copies import MY_WORK
from course.exercises.record import OWN_WORK, RECORD, Try, read_record
from course.lessons.lesson import NOTEBOOKS, Lesson, choose_lessons, tags_of

import typer


def progress(
    work: Annotated[Path, typer.Option(help="The folder of your own copies.")] = MY_WORK,
    folder: Annotated[Path, typer.Option(help="Where the lessons are.")] = NOTEBOOKS,
) -> None:
    """Show which exercises you have solved, tried, and not yet tried, and the next one to do.

    A lesson in a folder named `my_work` records each answer that `check` sees. Exit code 0: shown;
    1: nothing can be recorded, or there is no lesson.
    """
    record = work / RECORD
    entries = list(read_record(record))
    tries = [entry for entry in entries if entry]
    solved = {entry.exercise for entry in tries if entry.right}
    found = choose_lessons([], folder)
    width = max((len(title(lesson)) for lesson in found), default=0)
    for lesson in found:
        states = [state(name, tries) for name in exercises(lesson)]
        typer.echo(f"{title(lesson):<{width}}  {'  '.join(states)}".rstrip())
    names = [name for lesson in found for name in exercises(lesson)]
    left = [name for name in names if name not in solved]
    done = len(names) - len(left)
    typer.echo(f"✓ solved, … tried, · not yet: {done} of {len(names)} solved")
    typer.echo(f"next: exercise {left[0]}" if left else "next: nothing, all are solved")
    if damaged := entries.count(None):
        typer.echo(f"{damaged} unreadable line{'s' * (damaged > 1)} of {record} left out", err=True)
    if problem := unwritable(record):
        typer.echo(f"nothing can be recorded: {problem}", err=True)
        raise typer.Exit(1)


def exercises(lesson: Lesson) -> list[str]:
    """Names of a lesson's exercises, in order."""
    stubs = [cell["source"] for cell in lesson.cells if "exercise" in tags_of(cell)]
    return [name for stub in stubs for name in re.findall(r'check\("([^"]+)"', stub)]


def title(lesson: Lesson) -> str:
    """A lesson's number and title."""
    return f"{lesson.number} {lesson.title}"


def state(exercise: str, tries: list[Try]) -> str:
    """An exercise's name with a sign: solved, tried so many times, or not yet."""
    results = [entry.right for entry in tries if entry.exercise == exercise]
    if any(results):
        return f"✓ {exercise}"
    return f"… {exercise} ({len(results)})" if results else f"· {exercise}"


def unwritable(record: Path) -> str | None:
    """Why no try can be recorded, None if one can."""
    if not record.parent.is_dir():
        return f"there is no folder {record.parent}; `course lab` makes it, with your copies"
    if record.parent.resolve().name != OWN_WORK:
        return f"tries are recorded in a folder named {OWN_WORK} only"
    try:
        record.open("a").close()
    except OSError as error:
        return str(error)
    return None
