"""Reading and writing files: one way to do each of these in the whole project."""

import csv
import hashlib
import io
import os
from collections.abc import Iterable
from glob import escape
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
MAX_BYTES = 20_000_000


class DataError(ValueError):
    """A data file or request that the course refuses, with what to do next."""


def write_whole(file: Path, content: str | bytes) -> None:
    """Write a file so that a reader finds the old content or the new one, never a part.

    Two processes may write it at once. If one of them is killed, the next writer removes what it
    left.
    """
    import psutil  # here, as reading needs it not

    for left in file.parent.glob(f".{escape(file.name)}.*.part"):
        writer = left.name.split(".")[-2]
        if not (writer.isdecimal() and psutil.pid_exists(int(writer))):
            left.unlink(missing_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content if isinstance(content, bytes) else content.encode())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def sha256(content: bytes) -> str:
    """The checksum of some bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_noted(path: Path, **settings: Any) -> tuple[list[str], pd.DataFrame]:  # noqa: ANN401
    """Read a CSV table of the course's own, below lines that begin with `#`.

    Args:
        path: a file that `write_noted` has written.
        settings: what else `pandas.read_csv` is to know, such as `dtype`.

    Returns:
        the lines above the table, without their `# `, and the table.

    Raises:
        DataError: the file is not there or is not such a table.
    """
    text, _ = read_text(path)
    lines = text.splitlines(keepends=True)
    notes = [line[2:].rstrip() for line in lines if line.startswith("# ")]
    body = "".join(line for line in lines if not line.startswith("#"))
    head, *rows = csv.reader(io.StringIO(body)) or [[]]
    if not rows or any(len(row) != len(head) for row in rows):
        raise DataError(f"{path.name} is damaged: a line of it is missing or cut off")
    try:
        return notes, pd.read_csv(io.StringIO(body), **settings)
    except ValueError as error:  # pandas' own errors are ValueErrors, too
        raise DataError(f"{path.name} is damaged: {shown(str(error), 200)}") from error


def write_noted(path: Path, notes: Iterable[str], table: pd.DataFrame, **settings: Any) -> None:  # noqa: ANN401
    """Write a table as CSV, whole or not at all, below lines that say how it was made.

    Args:
        path: its folder must be there.
        notes: a line each.
        table: its index is left out.
        settings: what else `DataFrame.to_csv` is to know, such as `float_format`.
    """
    text = "".join(f"# {line}\n" for line in notes)
    write_whole(path, text + table.to_csv(index=False, lineterminator="\n", **settings))


def shown(text: str, most: int) -> str:
    """A text for a message: one line of at most so many characters, all of them printable."""
    line = " ".join(text[: 10 * most].split())[:most]
    return "".join(character if character.isprintable() else "?" for character in line)


def read_text(path: Path) -> tuple[str, str]:
    """Read a CSV file as text, if it can be one.

    Returns:
        the text, and the sha256 of the file's bytes.

    Raises:
        DataError: the file is not there, too large, empty, a web page, or no UTF-8 text.
    """
    if os.path.isdir(path):
        raise DataError(f"{path} is a folder: name the CSV file in it")
    if not os.path.isfile(path):  # nor a pipe or a device, which may never end
        raise DataError(f"there is no file {path}: check its name and folder")
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise DataError(
                f"{path.name} has {size / 1e6:,.0f} MB, and the course reads at most "
                f"{MAX_BYTES / 1e6:.0f} MB: keep the rows and columns that you need"
            )
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataError(f"{path.name} is not UTF-8 text: save it as CSV (UTF-8)")
    if not text.strip():
        raise DataError(f"{path.name} is empty: download or save it again")
    if text.lstrip()[:9].casefold().startswith(("<!doctype", "<html")):
        raise DataError(f"{path.name} is a web page (HTML), not CSV: download the CSV file itself")
    return text, sha256(content)
