"""Kept trainings on disk: written whole or not at all, checked before use, and never code."""

import hashlib
import io
import json
import os
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4
from zipfile import BadZipFile, ZipFile

from course_utils.files import ROOT
from course_utils.machine import this_machine

import numpy as np
from numpy.typing import NDArray

SWITCH, PLACE = "COURSE_WARM", "COURSE_WARM_DIR"
"""environment variables: what to do with the cache, and where it is if not in `build/warm`"""

FROM_CACHE = "from the cache of `course warm`"
TRAINED_ANEW = "trained anew, as its entry in the cache of `course warm` is damaged"
NOT_KEPT = "`course warm` cannot keep this training"


class DamagedEntryError(ValueError):
    """A kept training is not what was written under its name."""


class Entry(NamedTuple):
    """What a training left: facts as JSON has them, and arrays."""

    facts: dict[str, Any]
    arrays: list[NDArray]


def mode() -> str:
    """What the switch says: `off`, `use`, or `record`, which also keeps what is missing.

    Without it the cache is used where a front-end such as JupyterLab has started the kernel, and
    nowhere else: whatever runs notebooks from top to bottom trains.

    Raises:
        ValueError: the switch says something else.
    """
    chosen = os.environ.get(SWITCH) or ("use" if "JPY_SESSION_NAME" in os.environ else "off")
    if chosen not in ("off", "use", "record"):
        raise ValueError(f"{SWITCH} is {chosen!r}: set it to use or off, or remove it.")
    return chosen


def place() -> Path:
    """The folder of the cache, whether it is there or not."""
    return Path(os.environ.get(PLACE) or ROOT / "build" / "warm")


def folder() -> Path:
    """The folder of trainings that this machine, these versions and this code have kept."""
    return place() / f"by-{_circumstances()}"


@cache
def _circumstances() -> str:
    """A digest of what every training depends on."""
    digest = hashlib.sha256()
    about = this_machine() | {"numpy": version("numpy"), "machine": platform.machine()}
    digest.update(json.dumps(about, sort_keys=True).encode())
    for path in sorted((ROOT / "course_utils").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def write(key: str, facts: dict[str, Any], arrays: Sequence[NDArray]) -> None:
    """Keep a training under its key; a process that is killed leaves no entry."""
    packed = io.BytesIO()
    np.savez(packed, *arrays)
    content = json.dumps({"key": key, **facts}).encode() + b"\n" + packed.getvalue()
    path = _path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{uuid4().hex}.part")  # another process may write the same entry
    part.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    try:
        part.replace(path)
    except PermissionError:  # on Windows, while another process reads or replaces it
        part.unlink()


def read(key: str) -> Entry | None:
    """Read what is kept under a key; None if nothing is.

    Raises:
        DamagedEntryError: the entry is cut off, changed, or was written under another key.
    """
    try:
        checksum, _, content = _path(key).read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DamagedEntryError(f"it cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest().encode() != checksum:
        raise DamagedEntryError("its checksum is wrong")
    facts, _, packed = content.partition(b"\n")
    try:
        facts = json.loads(facts)
        of = facts.pop("key")
        with ZipFile(io.BytesIO(packed)) as archive:  # `write` does not compress, so none grows
            if sum(file.file_size for file in archive.infolist()) > len(packed):
                raise BadZipFile
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            entry = Entry(facts, [arrays[name] for name in arrays.files])
    except Exception as error:  # zip files can be broken in many ways
        raise DamagedEntryError("it holds something else") from error
    if of != key:
        raise DamagedEntryError("it is of another training")
    return entry


def _path(key: str) -> Path:
    return folder() / key[:32]
