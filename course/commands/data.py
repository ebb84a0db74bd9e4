"""`course data`: which data the lessons use, and how to get the rest."""

from typing import TYPE_CHECKING, Annotated

from course_utils.files import DataError

import typer

if TYPE_CHECKING:  # data is imported late: `course --help` does not wait for pandas
    from course_utils.data.registry import DataFile

LESSON_TICKERS = ("IBM", "AAPL", "GE", "JPM", "KO", "MSFT", "WMT", "XOM")

app = typer.Typer(help="Show which data is in use; `get` downloads more.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def show(ctx: typer.Context) -> None:
    """Show which data the lessons use, where it comes from, and whether its checksum is right.

    Exit code 0, or 1 if a file has the wrong checksum.
    """
    if ctx.invoked_subcommand:
        return
    from course_utils.data.registry import registry

    files = registry().values()
    shown = [file for file in files if file.folder or file.ticker in LESSON_TICKERS]
    rows = [("ticker", "in use", "from", "file", "checksum"), *map(_row, shown)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, file in zip(rows, [None, *shown], strict=True):
        cells = zip(row, widths, strict=True)
        typer.echo("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
        if file and file.name in row:
            typer.echo(f"{'':{widths[0]}}  {file.address}")
    if away := len(files) - len(shown):
        typer.echo(f"{away} more are available: course data get --all")
    wrong = [file for file in files if file.state == "wrong checksum"]
    for file in wrong:
        typer.echo(f"{file.folder / file.name} is not the file expected: move it away", err=True)
    raise typer.Exit(1 if wrong else 0)


@app.command()
def get(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME", help="Tickers, files, or multi30k; if none, the lessons' prices."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All files of the registry.")] = False,
) -> None:
    """Download files and verify their checksums; files that are already here are kept.

    Exit code 0: all are here; 1: one could not be downloaded; 2: there is no such file.
    """
    from course_utils.data import download, registry

    named = [file for name in names or LESSON_TICKERS for file in _file_names(name)]
    for name in registry.registry() if everything else dict.fromkeys(named):
        if path := registry.find_file(name):  # an error, if it is the wrong one
            typer.echo(f"{name} is here, in {path.parent}")
        else:
            path = download.fetch(name)
            typer.echo(f"{name} downloaded to {path.parent}, checksum verified")


def in_use(file: "DataFile") -> str:
    """What the lessons take for a file: full, download, embedded, refused or nothing."""
    from course_utils.data.full_data import why_embedded
    from course_utils.data.prices import EMBEDDED_TICKERS

    try:
        reason = why_embedded([file.name])
    except DataError:
        return "refused"
    if reason:
        return "embedded" if file.ticker in EMBEDDED_TICKERS else "nothing"
    return "full" if file.folder else "download"


def _row(file: "DataFile") -> tuple[str, ...]:
    ticker, used = file.ticker or "-", in_use(file)
    if used == "embedded":
        return ticker, used, "bokeh_sampledata", f"stocks.{ticker}", "-"
    right = file.state == "verified"
    checksum = f"verified {file.sha256[:12]}" if right else file.state
    return ticker, used, str(file.folder or "-"), file.name, checksum


def _file_names(name: str) -> list[str]:
    """The registry's names for a ticker, a file, or files that belong together as multi30k's."""
    from course_utils.data import registry

    files = registry.registry()
    exact = [file for file in (name, registry.price_file_name(name)) if file in files]
    if found := exact or [file for file in files if file.startswith(f"{name}.")]:
        return found
    others = [file.name for file in files.values() if not file.ticker]
    known = [*registry.tickers(), *(other.partition(".")[0] for other in others), *others]
    hint = registry.did_you_mean(name, dict.fromkeys(known))
    raise typer.BadParameter(f"no ticker or file {name!r}{hint}")
