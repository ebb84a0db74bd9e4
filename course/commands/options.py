"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="LESSON", help="Numbers or beginnings of file names; all if none."),
]
Folder = Annotated[Path, typer.Option(help="Where the lessons are.")]
