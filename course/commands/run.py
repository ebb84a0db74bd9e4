"""`course run`: execute lessons in order, from fresh kernels, and leave pages to look at."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from course.commands.options import Folder, Names, Timeout
from course.copies.delivery import RECORD
from course.lessons.lesson import NOTEBOOKS, Lesson, choose_lessons, read_notebook
from course_utils.files import WORK

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from course.running.execute import Execution


def run(
    names: Names = None,
    embedded: Annotated[
        bool,
        typer.Option("--embedded", help="Use the embedded prices even if others are available."),
    ] = False,
    store: Annotated[
        bool,
        typer.Option(
            "--store", help="Write outputs, timings and README's table to the repository."
        ),
    ] = False,
    timeout: Timeout = 120,
    output: Annotated[Path, typer.Option(help="Folder for the executed copies and pages.")] = (
        WORK / "build" / "lessons"
    ),
    folder: Folder = NOTEBOOKS,
) -> None:
    """Execute lessons in order and write a page that links to them all.

    Exit code 0: all ran; 1: one failed or could not be stored; 2: no such lesson; 130: stopped.
    """
    if store and embedded:
        raise typer.BadParameter("stored outputs come from the full data, not from --embedded")
    folder, output = folder.resolve(), output.resolve()
    chosen = choose_lessons(names or [], folder)
    check_output(chosen, output)
    from course.running import pages  # here, as nbconvert and nbclient take seconds to load
    from course.running import store as storing

    if store:
        storing.check_storable(chosen, folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # kernels end with us, as on Ctrl-C
    output.mkdir(parents=True, exist_ok=True)
    env = {"COURSE_WARM": "off", **({"COURSE_EMBEDDED": "1"} if embedded else {})}
    executions = execute_all(chosen, folder, output, timeout, env)
    index = pages.write_index(executions, output)
    failed = [lesson.number for lesson in chosen if executions[lesson].failure]
    seconds = sum(execution.seconds for execution in executions.values())
    summary = f"{len(chosen) - len(failed)} of {len(chosen)} lessons ran, {seconds:.1f} s"
    typer.echo(f"{summary}; failed: {', '.join(failed)}" if failed else summary)
    typer.echo(f"look at {index}")
    if store:
        storing.store(executions, folder)
        typer.echo("stored: the notebooks, data/timings.csv and README's table")
    raise typer.Exit(1 if failed else 0)


def check_output(chosen: list[Lesson], output: Path) -> None:
    """Refuse a folder whose notebooks a run must not replace.

    Raises:
        typer.BadParameter: it holds the lessons themselves, or somebody's copies of them.
    """
    copies = [(output / lesson.path.name, lesson.path) for lesson in chosen]
    if any(copy.exists() and copy.samefile(path) for copy, path in copies):
        raise typer.BadParameter(f"--output {output} holds the lessons: name another folder")
    if output.name == "my_work" or (output / RECORD).exists():
        raise typer.BadParameter(f"--output {output} holds somebody's copies: name another folder")


def execute_all(
    chosen: list[Lesson], folder: Path, output: Path, timeout: int, env: Mapping[str, str]
) -> dict[Lesson, "Execution"]:
    """Execute lessons one after the other, and report each and write its page when it has run."""
    from course.running import pages
    from course.running.execute import Failure, code_cells, execute

    notebooks = {lesson: read_notebook(lesson.path) for lesson in chosen}
    cells = {lesson: len(code_cells(notebooks[lesson])) for lesson in chosen}
    console = Console()
    executions: dict[Lesson, Execution] = {}
    with progress_bar(console) as bar:
        task = bar.add_task("", total=sum(cells.values()))

        def show(number: int) -> None:
            lesson = chosen[len(executions)]
            done = sum(cells[lesson] for lesson in executions)
            text = f"{lesson.path.stem}  cell {number} of {cells[lesson]}"
            bar.update(task, description=text, completed=done + number - 1)

        for lesson in chosen:
            execution = execute(notebooks[lesson], folder, timeout=timeout, env=env, on_cell=show)
            executions[lesson] = execution
            try:
                pages.write_lesson(lesson, execution, output)
            except Exception as error:  # nbconvert raises nearly anything; other lessons go on
                failure = Failure(0, "its page", f"{type(error).__name__}: {error}")
                execution.failure = execution.failure or failure
            for line in report(lesson, execution):
                console.print(line, markup=False, highlight=False, soft_wrap=True)
    return executions


def report(lesson: Lesson, execution: "Execution") -> list[str]:
    """The lines on how a lesson ran; the first names it."""
    number, seconds = execution.slowest
    lines = [
        f"{'FAILED' if execution.failure else 'OK':<7}{lesson.path.stem}  {execution.seconds:.1f} s"
        f", {execution.peak_mib} MiB, slowest code cell {number} ({seconds:.1f} s)"
    ]
    if execution.failure:
        lines.append(f"       {execution.failure}")
    lines += [f"WARN   code cell {cell} wrote to stderr: {line}" for cell, line in execution.stderr]
    return lines


def progress_bar(console: Console) -> Progress:
    """Make a bar with a description and the time so far, gone when it is done."""
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
