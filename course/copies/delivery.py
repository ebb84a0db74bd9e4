"""Put files into a folder where people work, and never touch what they have changed.

A small record in the folder holds the checksum of every file that was written, of a notebook that
of its cells. A file that still has its checksum is untouched and may be refreshed. Any other file
is its reader's, and a new version is put beside it, as `name.new.ipynb`, under the same rule.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Literal

from course.lessons.lesson import LessonError
from course_utils.files import sha256, write_whole

import portalocker

RECORD = ".copies.json"
LOCK = ".copies.lock"


@dataclass(frozen=True)
class Delivery:
    """What became of one file: `name` was to be delivered, `place` is where its text was put."""

    name: str
    place: str
    outcome: Literal["new", "refreshed", "kept"]

    @property
    def beside(self) -> bool:
        """Whether a new version was put beside a file that its reader has changed."""
        return self.outcome != "kept" and self.place != self.name


def deliver(texts: Mapping[str, str], folder: Path) -> list[Delivery]:
    """Bring files into a folder up to date, each whole or not at all; one delivery at a time.

    Args:
        texts: what to deliver, by name relative to the folder, with slashes.
        folder: made if it does not exist.

    Returns:
        what became of each: `new`, `refreshed`, or `kept` if nothing had to be done.

    Raises:
        LessonError: the record of former deliveries is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with portalocker.Lock(folder / LOCK, flags=portalocker.LockFlags.EXCLUSIVE):
        written = _read_record(folder / RECORD)
        return [_deliver_one(folder, name, text, written) for name, text in texts.items()]


def _deliver_one(folder: Path, name: str, text: str, written: dict[str, str]) -> Delivery:
    own = _checksum(text.encode())
    for place in _places(name):
        file = folder / place
        there = _checksum(file.read_bytes()) if file.exists() else ""
        brought = written.get(place) == own  # and perhaps changed, moved or deleted since
        if there == own or (brought and (there or place != name)):
            outcome = "kept"
        elif not there or written.get(place) == there:
            outcome = "refreshed" if there else "new"
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, text)
        else:
            continue
        if not brought:  # last: after a crash the file counts as changed, not as untouched
            written[place] = own
            write_whole(folder / RECORD, json.dumps(written, indent=1, sort_keys=True) + "\n")
        return Delivery(name, place, outcome)
    raise AssertionError("places never end")


def _checksum(content: bytes) -> str:
    """Of a notebook's cells, as opening one rewrites what is around them, or of all bytes."""
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        content = json.dumps(json.loads(content)["cells"], sort_keys=True).encode()
    return sha256(content)


def _places(name: str) -> Iterator[str]:
    """The file's own name, then those beside it: `a.new.ipynb`, `a.new-2.ipynb`, ..."""
    yield name
    path = PurePosixPath(name)
    if len(path.parts) > 1:  # nbgrader hands out every notebook in an assignment's folder
        path = PurePosixPath("new", *path.parts[1:])
    yield str(path.with_suffix(f".new{path.suffix}"))
    for number in count(2):
        yield str(path.with_suffix(f".new-{number}{path.suffix}"))


def _read_record(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise LessonError(f"{file} is damaged: delete it; your files stay as they are") from error
