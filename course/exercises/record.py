"""What a learner has tried: one line per try, in a folder of the learner's, wherever they work.

Only what a person runs at a front-end is recorded. What runs lessons from top to bottom, with their
solutions, is nobody's progress.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from course_utils.files import PACKAGE, DataError
from course_utils.machine import attended

from platformdirs import user_data_path

PLACE = "COURSE_PROGRESS_DIR"
"""environment variable: the folder of the record, if not the system's for a user's data"""

solved_here: set[str] = set()
"""exercises solved in this kernel, which counts even where nothing can be written"""


def record_file() -> Path:
    """The file of the tries, whether it exists or not.

    Raises:
        DataError: the variable does not name the full path of a folder.
    """
    named = os.environ.get(PLACE) or user_data_path(PACKAGE, appauthor=False)
    folder = Path(os.path.expanduser(named))
    if not folder.is_absolute():  # it would mean a different folder in a lesson
        raise DataError(f"{PLACE} is {named!r}: write the full path, such as {folder.absolute()}")
    return folder / "progress.jsonl"


@dataclass(frozen=True)
class Try:
    """One answer to an exercise."""

    exercise: str
    right: bool
    when: str


def record(exercise: str, right: bool) -> bool:
    """Add a try to the record if a person sits at the front-end; returns whether one does.

    A check never waits or fails because of the record: what cannot be written is left out in
    silence here, and `course progress` says so.
    """
    if not attended():
        return False
    if right:
        solved_here.add(exercise)
    tried = Try(exercise, right, datetime.now(UTC).isoformat(timespec="seconds"))
    line = json.dumps(asdict(tried)).encode() + b"\n"
    with suppress(OSError, DataError):
        path = record_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:  # one short line in one piece, even where two kernels write
            if file.tell() and file.seek(-1, os.SEEK_END) and file.read(1) != b"\n":
                line = b"\n" + line  # a line that was cut off must not swallow this one
            file.write(line)
    return True


def solved() -> set[str]:
    """The exercises that the learner has solved, here or before."""
    tries = []
    with suppress(OSError, DataError):
        tries = [entry.exercise for entry in read_record(record_file()) if entry and entry.right]
    return solved_here.union(tries)


def read_record(file: Path) -> Iterator[Try | None]:
    """Read the tries, oldest first, with None for a damaged line."""
    if not file.is_file():
        return
    for line in file.read_bytes().splitlines():
        try:
            entry = json.loads(line)
            yield Try(str(entry["exercise"]), entry["right"] is True, str(entry["when"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            yield None
