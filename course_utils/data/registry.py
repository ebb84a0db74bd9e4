"""The files that the course knows: their checksums, their addresses, and where they are here."""

import difflib
import hashlib
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from course_utils.files import ROOT, DataError

DATA_DIR = ROOT / "data"

_PRICE_SUFFIX = "_2006-01-01_to_2018-01-01.csv"
_REGISTRY_LINE = re.compile(  # a name that leads out of no folder, a sha256, an address
    r"(\w[\w.-]*)\s+([0-9a-f]{64})\s+(https?://[\w.-]+(?::\d+)?/\S*)\s*", re.ASCII
)


@dataclass(frozen=True)
class RegistryEntry:
    """One line of `data/registry.txt`: the checksum that a file must have, and its address."""

    sha256: str
    address: str


@dataclass(frozen=True)
class FileStatus:
    """Where a registry file lies (folder None: nowhere yet) and whether its bytes are right."""

    name: str
    folder: Path | None
    state: str  # "verified", "wrong checksum" or "not here"
    address: str
    sha256: str  # what the registry says


def registry() -> dict[str, RegistryEntry]:
    """Read `data/registry.txt`, which pooch's `load_registry` reads as well.

    Raises:
        DataError: it is not there, or a line of it is damaged.
    """
    try:
        text = (DATA_DIR / "registry.txt").read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise DataError(
            "data/registry.txt is not there: run the course from its own folder."
        ) from None
    entries: dict[str, RegistryEntry] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _REGISTRY_LINE.fullmatch(line)
        if not match or match[1] in entries:
            problem = "comes twice" if match else "is no file name, sha256 and address"
            raise DataError(f"data/registry.txt, line {number} {problem}: restore it from git.")
        entries[match[1]] = RegistryEntry(match[2], match[3])
    return entries


def tickers() -> list[str]:
    """Name the tickers of the full data, in alphabetical order."""
    names = [name for name in registry() if name.endswith(_PRICE_SUFFIX)]
    return sorted(name.removesuffix(_PRICE_SUFFIX) for name in names)


def price_file_name(ticker: str) -> str:
    """Name the file that holds a ticker's prices in the full data."""
    return ticker.strip().upper() + _PRICE_SUFFIX


def find_file(name: str) -> Path | None:
    """Look for a registry file in `COURSE_DATA_DIR`, then in `data/`.

    Returns:
        Its path, its checksum verified; None if neither folder has it.

    Raises:
        DataError: `COURSE_DATA_DIR` is not the full path of a folder that can be read, or the
            file found has other bytes than the registry says. Such a file is never used, replaced
            or deleted.
    """
    entry = _entry(name)
    for folder in _folders():
        path = folder / name
        if path.exists():
            _refuse_wrong_bytes(path, entry)
            return path
    return None


def data_files() -> list[FileStatus]:
    """List every file of the registry and its state on this machine."""
    return [_status(name, entry) for name, entry in registry().items()]


def _status(name: str, entry: RegistryEntry) -> FileStatus:
    folder = next((folder for folder in _folders() if (folder / name).exists()), None)
    if folder is None:
        return FileStatus(name, None, "not here", entry.address, entry.sha256)
    state = "verified" if _sha256(folder / name) == entry.sha256 else "wrong checksum"
    return FileStatus(name, folder, state, entry.address, entry.sha256)


def _entry(name: str) -> RegistryEntry:
    entries = registry()
    if name not in entries:
        raise DataError(f"{name!r} is not in data/registry.txt{did_you_mean(name, entries)}")
    return entries[name]


def _folders() -> list[Path]:
    named = os.environ.get("COURSE_DATA_DIR", "")
    if not named:
        return [DATA_DIR]
    folder = Path(os.path.expanduser(named))  # unlike Path's, it leaves ~nobody as it is
    if named[0] != "~" and not folder.is_absolute():  # it would mean another folder in a lesson
        raise DataError(
            f"COURSE_DATA_DIR is {named!r}: write the full path, such as {folder.absolute()}"
        )
    problem = "is not a folder"
    if folder.is_absolute() and os.path.isdir(folder):
        problem = "" if os.access(folder, os.R_OK | os.X_OK) else "you may not read"
    if problem:
        raise DataError(f"COURSE_DATA_DIR is {named!r}, which {problem}: correct or unset it")
    return [folder, DATA_DIR]


def _sha256(path: Path) -> str:
    if not os.path.isfile(path):  # a pipe or a device may never end
        raise DataError(f"{path} cannot be read (it is no file): move it away")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): move it away") from None


def _refuse_wrong_bytes(path: Path, entry: RegistryEntry) -> None:
    found = _sha256(path)
    if found != entry.sha256:
        target = path.name.removesuffix(_PRICE_SUFFIX)
        raise DataError(
            f"{path} is not the file that the course expects: its sha256 should begin with "
            f"{entry.sha256[:12]} and begins with {found[:12]}. "
            f"Move or delete it, then run: course data get {target}"
        )


def is_set(variable: str) -> bool:
    """Whether an environment variable such as `COURSE_OFFLINE` is on."""
    return os.environ.get(variable, "") not in ("", "0")


def did_you_mean(name: str, known: Collection[str]) -> str:
    """End a message about an unknown name: with the nearest known ones, or else with all."""
    names = {each.casefold(): each for each in known}
    near = [names[n] for n in difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.5)]
    return f": did you mean {' or '.join(near)}?" if near else f". Known: {', '.join(known)}"
