"""`course progress`: which exercises are solved, which are tried, and which is next."""

from pathlib import Path

from course.commands.options import Folder
from course.exercises.record import Try, read_record, record_file
from course.lessons.lesson import NOTEBOOKS, choose_lessons

import typer


def progress(folder: Folder = NOTEBOOKS) -> None:
    """Show which exercises you have solved, tried, and not yet tried, and the next one to do.

    Each answer that `check` sees is recorded, wherever you open a lesson, in your folder for data
    of programs, or the one that COURSE_PROGRESS_DIR names. Exit code 0: shown; 1: nothing can be
    recorded, or there is no lesson.
    """
    record = record_file()
    entries = [*read_record(record)]
    tries = [entry for entry in entries if entry]
    names = {lesson.name: lesson.exercises for lesson in choose_lessons([], folder)}
    for lesson, found in names.items():
        states = [state(exercise, tries) for exercise in found]
        typer.echo(f"{lesson:<{max(map(len, names))}}  {'  '.join(states)}".rstrip())
    asked = [exercise for found in names.values() for exercise in found]
    solved = {entry.exercise for entry in tries if entry.right}
    left = [exercise for exercise in asked if exercise not in solved]
    done = len(asked) - len(left)
    typer.echo(f"✓ solved, … tried, · not yet: {done} of {len(asked)} solved")
    typer.echo(f"next: exercise {left[0]}" if left else "next: nothing, all are solved")
    if damaged := entries.count(None):
        typer.echo(f"{damaged} unreadable line{'s' * (damaged > 1)} of {record} left out", err=True)
    if problem := unwritable(record):
        typer.echo(f"nothing can be recorded: {problem}", err=True)
        raise typer.Exit(1)


def state(exercise: str, tries: list[Try]) -> str:
    """An exercise's name with a sign: solved, tried (how often), or not yet."""
    results = [entry.right for entry in tries if entry.exercise == exercise]
    if any(results):
        return f"✓ {exercise}"
    return f"… {exercise} ({len(results)})" if results else f"· {exercise}"


def unwritable(record: Path) -> str | None:
    """Why no try can be recorded, None if one can."""
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.open("a").close()
    except OSError as error:
        return str(error)
    return None
