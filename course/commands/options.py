"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="LESSON",
        help="Lesson numbers or the start of file names; all lessons if omitted.",
    ),
]
Folder = Annotated[Path, typer.Option(help="Where the lessons are.")]
Timeout = Annotated[int, typer.Option(min=1, help="Time limit for a cell, in seconds.")]
