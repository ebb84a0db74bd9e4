"""`course data`: which data the lessons use, and how to get the rest."""

import os
from typing import Annotated

from course_utils import data as prices
from course_utils.data import FileStatus

import typer

LESSON_TICKERS = ("IBM", "AAPL")

app = typer.Typer(help="Show which data is in use; `get` downloads more.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def show(ctx: typer.Context) -> None:
    """Show which data the lessons use, where it lies, and whether its checksum is right.

    Exit code 0, or 1 if a file has the wrong checksum.
    """
    if ctx.invoked_subcommand:
        return
    files = prices.data_files()
    lesson_files = {prices.price_file_name(ticker) for ticker in LESSON_TICKERS}
    shown = [file for file in files if file.name in lesson_files or file.folder]
    rows = [("ticker", "in use", "file", "folder", "checksum")]
    rows += [(_ticker(file), in_use(file), file.name, *_place(file)) for file in shown]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        typer.echo("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
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
        typer.Argument(metavar="NAME", help="Tickers or file names; IBM and AAPL if none."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All files of the registry.")] = False,
) -> None:
    """Download files and verify their checksums; what is here already is kept.

    Exit code 0: all are here; 1: one could not be had; 2: no such file.
    """
    files = {file.name: file for file in prices.data_files()}
    wanted = list(files) if everything else [_file_name(n, files) for n in names or LESSON_TICKERS]
    for name in dict.fromkeys(wanted):
        file = files[name]
        if file.state == "verified":
            typer.echo(f"{name} is here, in {file.folder}")
        else:
            path = prices.download(name)
            typer.echo(f"{name} downloaded to {path.parent}, checksum verified")


def in_use(file: FileStatus) -> str:
    """What `load_prices` would take for a file: full, embedded, refused or nothing."""
    embedded = _ticker(file) in prices.EMBEDDED_TICKERS
    if embedded and os.environ.get("COURSE_EMBEDDED", "") not in ("", "0"):
        return "embedded"
    if file.folder is None:
        return "embedded" if embedded else "nothing"
    return "full" if file.state == "verified" else "refused"


def _ticker(file: FileStatus) -> str:
    known = {prices.price_file_name(ticker): ticker for ticker in prices.tickers()}
    return known.get(file.name, "-")


def _place(file: FileStatus) -> tuple[str, str]:
    return str(file.folder or "-"), file.state


def _file_name(name: str, files: dict[str, FileStatus]) -> str:
    """The registry's name for a ticker or a file name."""
    for candidate in (name, prices.price_file_name(name)):
        if candidate in files:
            return candidate
    known = ", ".join(prices.tickers())
    raise typer.BadParameter(f"no ticker or file {name!r}: there are {known}")
