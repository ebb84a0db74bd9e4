"""What a learner has tried: one line per try, in the folder of their own copies.

Only what runs in a folder named `my_work`, or below one, is recorded. The lessons themselves run
elsewhere, with their solutions, so running or testing them records nobody's progress.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

OWN_WORK = "my_work"
RECORD = ".progress.jsonl"


@dataclass(frozen=True)
class Try:
    """One answer to an exercise."""

    exercise: str
    right: bool
    when: str


def record(exercise: str, right: bool) -> None:
    """Add a try to the record if the notebook is a learner's own copy.

    A check never waits or fails because of the record: what cannot be written is left out in
    silence here, and `course progress` says so.
    """
    tried = Try(exercise, right, datetime.now(UTC).isoformat(timespec="seconds"))
    line = json.dumps(asdict(tried)).encode() + b"\n"
    with suppress(OSError):
        here = Path.cwd()
        own = next((path for path in (here, *here.parents) if path.name == OWN_WORK), None)
        if own:
            # One short line is added in one piece, even where two kernels write.
            with (own / RECORD).open("ab+") as file:
                if file.tell() and file.seek(-1, os.SEEK_END) and file.read(1) != b"\n":
                    line = b"\n" + line  # a line that was cut off must not swallow this one
                file.write(line)


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
