"""`course warm`: run all training once, so that a lesson taught live need not wait for it."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from course.commands.options import Folder, Names, Timeout
from course.commands.run import ending_on_sigterm, progress_bar
from course.lessons.lesson import NOTEBOOKS, Lesson, choose_lessons, read_notebook
from course_utils import warm as cache

import typer
from rich.console import Console

if TYPE_CHECKING:
    from course.running.execute import Execution

SOON = 2.0  # seconds within which a cell whose training is kept should return


def warm(
    names: Names = None,
    timeout: Timeout = 120,
    folder: Folder = NOTEBOOKS,
) -> None:
    """Run the lessons' training once and keep it, for teaching live.

    A second run of each lesson shows how long it takes now. Stop it with Ctrl-C: what has been
    trained is kept, and the same command resumes there. Where you run cells yourself, in JupyterLab
    or elsewhere, the kept training runs are then used, and each cell says so; `course run`,
    `course study` and the tests always train. COURSE_WARM=off switches it off.

    Exit code 0: all is kept; 1: a lesson failed; 2: no such lesson; 130: stopped.
    """
    chosen = choose_lessons(names or [], folder.resolve())
    for folder_of_others in cache.other_folders():
        shutil.rmtree(folder_of_others)
    console = Console()
    failed = []
    with ending_on_sigterm(), progress_bar(console) as bar:
        task = bar.add_task("", total=2 * len(chosen))
        for lesson in chosen:
            runs = []
            for what in ("training", "once more"):
                bar.update(task, description=f"{lesson.path.stem}  {what}")
                before = _kept()
                runs.append(_run(lesson, timeout))
                new = _kept() - before
                bar.advance(task)
                if runs[-1].failure:
                    failed.append(lesson.number)
                    break
            for line in _report(lesson, runs, len(new)):
                console.print(line, markup=False, highlight=False, soft_wrap=True)
    kept = _kept()
    mib = sum(path.stat().st_size for path in kept) / 2**20
    typer.echo(f"training runs kept: {len(kept)}, {mib:.1f} MiB")
    if failed:
        typer.echo(f"failed: {', '.join(failed)}")
        raise typer.Exit(1)


def _kept() -> set[Path]:
    return set(cache.folder().glob("[!.]*"))  # `write_whole` begins a file under a hidden name


def _run(lesson: Lesson, timeout: int) -> "Execution":
    """Run a lesson in a kernel that uses what is kept, and keeps the rest."""
    from course.running.execute import execute

    notebook = read_notebook(lesson.path)
    return execute(notebook, lesson.path.parent, timeout=timeout, env={cache.SWITCH: "record"})


def _report(lesson: Lesson, runs: list["Execution"], unrepeated: int) -> list[str]:
    """The lines that say how a lesson went; the first names it."""
    last = runs[-1]
    if last.failure:
        return [f"FAILED {lesson.path.stem}", f"       {last.failure}"]
    first, again = (run.seconds for run in runs)
    lines = [f"OK     {lesson.path.stem}  {first:.1f} s, now {again:.1f} s"]
    cells = zip(_printed(last), last.cell_seconds, strict=True)
    for number, (text, seconds) in enumerate(cells, 1):
        if cache.FROM_CACHE in text and seconds > SOON:
            lines.append(f"WARN   code cell {number} takes {seconds:.1f} s, though it is kept")
        not_kept = [line for line in text.splitlines() if cache.NOT_KEPT in line]
        lines += [f"WARN   code cell {number}: {line}" for line in not_kept]
    if unrepeated:
        lines.append(f"WARN   {unrepeated} of its runs not found again, as they differ each time")
    return lines


def _printed(execution: "Execution") -> list[str]:
    """What each code cell wrote to stdout."""
    from course.running.execute import code_cells

    return [
        "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout")
        for cell in code_cells(execution.notebook)
    ]
