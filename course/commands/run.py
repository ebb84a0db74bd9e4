"""`course run`: execute lessons side by side, in fresh kernels, and leave pages to look at."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from course.commands.options import Folder, Names, Timeout
from course.copies.delivery import RECORD
from course.lessons.lesson import NOTEBOOKS, Lesson, choose_lessons, read_notebook
from course.lessons.timings import read_timings, timings_file
from course_utils.files import WORK
from course_utils.machine import cores, free_memory

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from course.running.execute import Execution

    from nbformat import NotebookNode

THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
MOST_MIB = 2048  # of a lesson that has not been timed yet


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
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many lessons run at once: as many as cores and memory allow, if omitted; "
            "with --store always one, as they are timed.",
        ),
    ] = None,
    timeout: Timeout = 120,
    output: Annotated[Path, typer.Option(help="Folder for the executed copies and pages.")] = (
        WORK / "build" / "lessons"
    ),
    folder: Folder = NOTEBOOKS,
) -> None:
    """Execute lessons side by side and write a page that links to them all.

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
    output.mkdir(parents=True, exist_ok=True)
    env = {"COURSE_WARM": "off", **({"COURSE_EMBEDDED": "1"} if embedded else {})}
    jobs = 1 if store else jobs or as_many_as_fit(chosen, folder)
    if jobs > 1:  # more threads in each would only wait for one another
        env |= {name: os.environ.get(name, "1") for name in THREADS}
    begin = time.perf_counter()
    with ending_on_sigterm():
        executions = execute_all(chosen, output, jobs, timeout=timeout, env=env)
    index = pages.write_index(executions, output)
    failed = [lesson.number for lesson in chosen if executions[lesson].failure]
    seconds = time.perf_counter() - begin
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
    refuse_the_lessons(chosen, output)
    if output.name == "my_work" or (output / RECORD).exists():
        raise typer.BadParameter(f"--output {output} holds somebody's copies: name another folder")


def refuse_the_lessons(chosen: list[Lesson], output: Path) -> None:
    """Refuse a folder where a lesson would take the place of its stored notebook.

    Raises:
        typer.BadParameter: one of the lessons is in it.
    """
    copies = [(output / lesson.path.name, lesson.path) for lesson in chosen]
    if any(copy.exists() and copy.samefile(path) for copy, path in copies):
        raise typer.BadParameter(f"--output {output} holds the lessons: name another folder")


def as_many_as_fit(chosen: list[Lesson], folder: Path) -> int:
    """How many lessons can run side by side: one a core, and none without memory for it."""
    timed = read_timings(timings_file(folder)).lessons
    known = [timed[lesson.number].peak_mib for lesson in chosen if lesson.number in timed]
    most = max(known) if len(known) == len(chosen) else MOST_MIB
    return max(1, min(cores(), free_memory() // (most * 2**20)))


def execute_all(
    chosen: list[Lesson], output: Path, jobs: int, **settings: object
) -> dict[Lesson, "Execution"]:
    """Execute lessons, `jobs` of them side by side, with the settings of `execute`."""
    from course.running.execute import SAMPLE_SECONDS

    notebooks = [read_notebook(lesson.path) for lesson in chosen]
    stop = threading.Event()
    with progress_bar(Console()) as bar, ThreadPoolExecutor(jobs) as pool:
        one = partial(execute_one, output=output, bar=bar, stop=stop, **settings)
        runs = [pool.submit(one, *each) for each in zip(chosen, notebooks, strict=True)]
        try:
            while wait(runs, SAMPLE_SECONDS).not_done:
                pass  # on Windows, Ctrl-C is heard between two waits
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return {lesson: run.result() for lesson, run in zip(chosen, runs, strict=True)}


def execute_one(
    lesson: Lesson, notebook: "NotebookNode", output: Path, bar: Progress, **settings: object
) -> "Execution":
    """Execute a lesson while a bar shows how far it is, write its page, and report how it ran."""
    from course.running import pages
    from course.running.execute import Failure, code_cells, execute

    name, cells = lesson.path.stem, len(code_cells(notebook))
    say = partial(bar.console.print, markup=False, highlight=False, soft_wrap=True)
    if bar.disable:
        say(f"START  {name}")
    task = bar.add_task(name, total=cells)

    def show(number: int) -> None:
        text = f"{name}  cell {number} of {cells}"
        bar.update(task, description=text, completed=number - 1)

    execution = execute(notebook, lesson.path.parent, on_cell=show, **settings)
    try:
        pages.write_lesson(lesson, execution, output)
    except Exception as error:  # nbconvert raises nearly anything; other lessons go on
        failure = Failure(0, "its page", f"{type(error).__name__}: {error}")
        execution.failure = execution.failure or failure
    bar.remove_task(task)
    say("\n".join(report(lesson, execution)))
    return execution


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


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """On SIGTERM, end with our kernels, as on Ctrl-C; then give back the caller's handler."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def progress_bar(console: Console) -> Progress:
    """Make a bar with a description and the time so far, gone when it is done."""
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
