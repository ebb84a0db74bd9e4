"""`course data`: which data the lessons use, and how to get the rest."""

from collections.abc import Collection
from typing import Annotated

from course_utils.data import download, prices, registry
from course_utils.data.registry import FileStatus
from course_utils.files import DataError

import typer

LESSON_TICKERS = ("IBM", "AAPL")

app = typer.Typer(help="Show which data is in use; `get` downloads more.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def show(ctx: typer.Context) -> None:
    """Show which data the lessons use, where it comes from, and whether its checksum is right.

    Exit code 0, or 1 if a file has the wrong checksum.
    """
    if ctx.invoked_subcommand:
        return
    files = registry.data_files()
    lesson_files = {registry.price_file_name(ticker) for ticker in LESSON_TICKERS}
    shown = [file for file in files if file.name in lesson_files or file.folder]
    rows = [("ticker", "in use", "from", "file", "checksum"), *map(_row, shown)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, file in zip(rows, [None, *shown], strict=True):
        cells = zip(row, widths, strict=True)
        typer.echo("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
        if file and file.name in row:
            typer.echo(f"{'':{widths[0]}}  {file.address}")
    if away := len(files) - len(shown):
        typer.echo(f"{away} more can be had: course data get --all")
    wrong = [file for file in files if file.state == "wrong checksum"]
    for file in wrong:
        typer.echo(f"{file.folder / file.name} is not the file expected: move it away", err=True)
    raise typer.Exit(1 if wrong else 0)


@app.command()
def get(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Tickers, files, or multi30k; IBM and AAPL if none."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All files of the registry.")] = False,
) -> None:
    """Download files and verify their checksums; what is here already is kept.

    Exit code 0: all are here; 1: one could not be had; 2: no such file.
    """
    files = registry.registry()
    asked = names or LESSON_TICKERS
    named = [file for name in asked for file in _file_names(name, files)]
    for name in files if everything else dict.fromkeys(named):
        if path := registry.find_file(name):  # an error, if it is the wrong one
            typer.echo(f"{name} is here, in {path.parent}")
        else:
            path = download.download(name)
            typer.echo(f"{name} downloaded to {path.parent}, checksum verified")


def in_use(file: FileStatus) -> str:
    """What the lessons take for a file: full, download, embedded, refused or nothing."""
    ticker = _ticker(file)
    if ticker == "-":  # no prices
        return {"verified": "full", "wrong checksum": "refused"}.get(file.state, "nothing")
    try:
        path, reason = prices.full_data(ticker)
    except DataError:
        return "refused"
    if path:
        return "full"
    if not reason:
        return "download"
    return "embedded" if ticker in prices.EMBEDDED_TICKERS else "nothing"


def _ticker(file: FileStatus) -> str:
    known = {registry.price_file_name(ticker): ticker for ticker in registry.tickers()}
    return known.get(file.name, "-")


def _row(file: FileStatus) -> tuple[str, ...]:
    ticker, used = _ticker(file), in_use(file)
    if used == "embedded":
        return ticker, used, "bokeh_sampledata", f"stocks.{ticker}", "-"
    checksum = f"verified {file.sha256[:12]}" if file.state == "verified" else file.state
    return ticker, used, str(file.folder or "-"), file.name, checksum


def _file_names(name: str, files: Collection[str]) -> list[str]:
    """The registry's names for a ticker, a file, or files that belong together as multi30k's."""
    exact = [file for file in (name, registry.price_file_name(name)) if file in files]
    if found := exact or [file for file in files if file.startswith(f"{name}.")]:
        return found
    of_prices = set(map(registry.price_file_name, registry.tickers()))
    others = [file for file in files if file not in of_prices]
    known = [
        *registry.tickers(),
        *dict.fromkeys(file.partition(".")[0] for file in others),
        *others,
    ]
    raise typer.BadParameter(f"no ticker or file {name!r}{registry.did_you_mean(name, known)}")
