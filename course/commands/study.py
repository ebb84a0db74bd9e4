"""`course study`: run a study and write its table."""

from typing import Annotated

from course.commands.run import ending_on_sigterm

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def study(
    name: Annotated[str, typer.Argument(help="Its name; to a wrong one, all are listed.")],
    jobs: Annotated[
        int, typer.Option(help="Number of fits to run at once; -1 means one per core.")
    ] = -1,
    dask: Annotated[
        str | None,
        typer.Option(
            help="Address of a Dask scheduler whose workers run the fits.", metavar="ADDRESS"
        ),
    ] = None,
) -> None:
    """Run a study's missing fits and write its table. Stop with Ctrl-C; run it again to continue.

    Exit code 0: the table is written; 1: no full data, or workers that cannot continue; 2: no such
    study; 130: stopped.
    """
    from course.studies.catalogue import find_study
    from course.studies.running import run_study

    if jobs == 0:
        raise typer.BadParameter("0 fits side by side would never end: choose 1 or more, or -1")
    try:
        chosen = find_study(name)
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
            with ending_on_sigterm():
                written = run_study(chosen, jobs, report, scheduler=dask)
        except KeyboardInterrupt:
            progress.stop()
            typer.echo("Stopped. Finished fits are kept; the same command resumes from here.")
            raise typer.Exit(130) from None
    for path in written:
        typer.echo(f"wrote {path}")
