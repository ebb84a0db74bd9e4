"""`course study`: run a study and write its table."""

from pathlib import Path
from typing import Annotated

from course.studies.plans import PLANS, plan

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def study(
    name: Annotated[str, typer.Argument(help=", ".join(PLANS))],
    jobs: Annotated[int, typer.Option(help="Fits side by side; -1 is one a core.")] = -1,
    dask: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler, whose workers do it.", metavar="ADDRESS"),
    ] = None,
) -> None:
    """Run what is missing of a study and write its table; stop it with Ctrl-C, go on later.

    Exit code 0: the table is written; 1: no full data, or workers that cannot go on; 2: no such
    study; 130: stopped.
    """
    from course.studies.running import run_study

    if jobs == 0:
        raise typer.BadParameter("0 fits side by side would never end: take 1 or more, or -1")
    try:
        plan(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task(f"study {name}", total=None)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)
            if not console.is_terminal:
                typer.echo(f"{done} of {total} fits")

        try:
            path = run_study(name, jobs, report, scheduler=dask)
        except KeyboardInterrupt:
            progress.stop()
            typer.echo("Stopped. Finished fits are kept; the same command goes on from here.")
            raise typer.Exit(130) from None
    typer.echo(f"wrote {path}")
    if name == "ibm":
        typer.echo(f"wrote {_picture(path)}")


def _picture(table: Path) -> Path:
    """Draw README's picture from the table of the study `ibm`."""
    from course_utils.plots import errors
    from course_utils.studies import read_study

    fits = read_study("ibm", table.parent)
    fits = fits[(fits["column"] == "High") & (fits["year"] == 2017)]
    title = "IBM's next high in 2017: it takes the day's range to beat naive"
    path = table.with_suffix(".png")
    path.write_bytes(errors(fits, fits["naive"].iloc[0], title).data)
    return path
