"""Reading and writing files: the one way to do each of these in the whole project."""

import csv
import hashlib
import io
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

if TYPE_CHECKING:  # pandas is imported late: `course --help` does not wait for it
    import pandas as pd

PACKAGE = "course-utils"
OWN_COURSE, OWN_PLACE = "course.toml", "COURSE_FOLDER"
"""the file that makes a folder a course of one's own, and the variable that names the folder"""
MAX_BYTES = 20_000_000
HELD_SECONDS = 5.0
"""how long a file that another program holds is tried again"""


@dataclass(frozen=True)
class Places:
    """Where the course's files are: all in a clone's folder, or apart where it is installed."""

    root: Path
    """what comes with the course: lessons, registry, tables of studies, laid out as in a clone"""
    work: Path
    """the folder of `my_work` and `build`"""
    cache: Path
    """what can be made again"""
    data: Path
    """downloads"""


def places(package: Path) -> Places:
    """Say where the course's files are.

    Args:
        package: the folder of `course_utils`. A wheel puts the course's files next to it, into
            `course/files`, which a clone does not have.
    """
    installed = package.with_name("course") / "files"
    if installed.is_dir():
        cache = user_cache_path(PACKAGE, appauthor=False)
        return Places(installed, Path.cwd(), cache, cache / "data")
    root = package.parent
    return Places(root, root, root / "build", root / "data")


def own_course() -> Path | None:
    """The folder with a `course.toml` that we are in, right below, or that `COURSE_FOLDER` names.

    Kernels and other processes that are started from there are told by that variable.
    """
    here = Path.cwd()
    found = (folder for folder in (here, here.parent) if (folder / OWN_COURSE).is_file())
    if not (named := os.environ.get(OWN_PLACE) or next(found, None)):
        return None
    folder = Path(os.path.expanduser(named)).absolute()  # a kernel starts in another folder
    os.environ[OWN_PLACE] = str(folder)
    return folder


OWN = own_course()
HERE = places(Path(__file__).resolve().parent)
if OWN:
    HERE = replace(HERE, work=OWN, data=OWN / "data" if (OWN / "data").is_dir() else HERE.data)
ROOT, WORK = HERE.root, HERE.work
PACKAGES = Path(__file__).resolve().parents[1]
"""the folder of `course_utils` and `course`"""


class DataError(ValueError):
    """A data file or request that the course refuses, with what to do next."""


def write_whole(file: Path, content: str | bytes) -> None:
    """Write a file so that a reader finds the old content or the new one, never a part.

    Two processes may write it at once, and two threads. If a process is killed, the next writer
    removes what it left.
    """
    import psutil  # only writing needs it

    for left in file.parent.glob(f".{escape(file.name)}.*.part"):
        writer = left.name.split(".")[-2]
        if not (writer.isdecimal() and psutil.pid_exists(int(writer))):
            left.unlink(missing_ok=True)
    part = file.with_name(f".{file.name}.{threading.get_ident()}.{os.getpid()}.part")
    try:
        part.write_bytes(content if isinstance(content, bytes) else content.encode())
        _replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def _replace(part: Path, file: Path) -> None:
    """Put a file in another's place, and on Windows wait while a scanner or sync program has it."""
    end = time.monotonic() + HELD_SECONDS
    while True:
        try:
            part.replace(file)
            return
        except PermissionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def sha256(content: bytes | Path) -> str:
    """Compute the checksum of some bytes, or of a file's, as 64 hexadecimal digits."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_text(path: Path, most: int = MAX_BYTES) -> str:
    r"""Read a text file that may come from anywhere.

    Args:
        path: a file in UTF-8, with or without a byte order mark.
        most: bytes that it may have.

    Returns:
        the text, its lines ended by `\n` whatever the file has.

    Raises:
        DataError: the file is missing, cannot be read, is too large or is not UTF-8 text.
    """
    content = read_bytes(path, most)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} is not UTF-8: its byte {error.start} does not fit. Save it again as "
            "UTF-8 in your editor."
        ) from None
    if "\0" in text:
        raise DataError(f"{path.name} is not plain text: save it as UTF-8 in your editor.")
    return io.StringIO(text, newline=None).read()


def read_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """Read a file that may come from anywhere, or refuse it as `read_text` does."""
    if os.path.isdir(path):
        raise DataError(f"{path} is a folder: name the file in it")
    if path.parts[:1] in (("http:",), ("https:",)):
        raise DataError(f"{path.name} is at a web address: download it, and name the file here")
    if not os.path.isfile(path):  # nor a pipe or a device, which may never end
        raise DataError(f"there is no file {path.absolute()}: check its name and folder")
    try:
        if (size := path.stat().st_size) > most:
            raise DataError(
                f"{path.name} has {size:,} bytes, and the course reads at most {most:,}: keep the "
                "part that you need"
            )
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def read_noted(path: Path, **settings: Any) -> "tuple[list[str], pd.DataFrame]":  # noqa: ANN401
    """Read one of the course's own CSV tables, which begins with lines of notes.

    Args:
        path: a file that `write_noted` has written.
        settings: further arguments for `pandas.read_csv`, such as `dtype`.

    Returns:
        the notes, without their `# `, and the table.

    Raises:
        DataError: the file is missing or is not such a table.
    """
    import pandas as pd

    lines = read_text(path).splitlines(keepends=True)
    notes = [line[2:].rstrip() for line in lines if line.startswith("# ")]
    body = "".join(line for line in lines if not line.startswith("#"))
    try:
        rows = list(csv.reader(io.StringIO(body)))  # pandas would fill a short row up
        if len(rows) < 2 or any(len(row) != len(rows[0]) for row in rows):
            raise ValueError("a line of it is missing or cut off")
        return notes, pd.read_csv(io.StringIO(body), **settings)
    except (csv.Error, ValueError) as error:  # pandas' own errors are ValueErrors, too
        raise DataError(f"{path.name} is damaged: {shown(str(error), 200)}") from error


def write_noted(path: Path, notes: Iterable[str], table: "pd.DataFrame", **settings: Any) -> None:  # noqa: ANN401
    """Write a table as CSV, whole or not at all, below lines that say how it was made.

    Args:
        path: a file in a folder that exists.
        notes: one line each.
        table: what to write; its index is left out.
        settings: further arguments for `DataFrame.to_csv`, such as `float_format`.
    """
    text = "".join(f"# {line}\n" for line in notes)
    write_whole(path, text + table.to_csv(index=False, lineterminator="\n", **settings))


def shown(text: str, most: int) -> str:
    """Cut a text down for a message: one line of at most `most` characters, all printable."""
    line = " ".join(text[: 10 * most].split())[:most]
    return "".join(character if character.isprintable() else "?" for character in line)
