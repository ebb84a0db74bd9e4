"""The files that the course knows: their checksums, their addresses, and where they are here."""

import difflib
import os
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from course_utils.files import HERE, ROOT, DataError, sha256

DATA_DIR = HERE.data
REGISTRY = ROOT / "data" / "registry.txt"

_PRICE_SUFFIX = "_2006-01-01_to_2018-01-01.csv"
_REGISTRY_LINE = re.compile(  # a name that leads out of no folder, a sha256, an address
    r"(\w[\w.-]*)\s+([0-9a-fA-F]{64})\s+(https?://[\w.-]+(?::\d+)?/\S*)\s*", re.ASCII
)
_SLIP_LINE = re.compile(r"slip\s+(\S+)\s+(\d{4}-\d{2}-\d{2})\s+(Open|High|Low|Close)\s+(\S.*)")


class Slip(NamedTuple):
    """A value of a file that cannot be true although the file's checksum is right."""

    day: str
    """YYYY-MM-DD"""
    column: str
    why: str


@dataclass(frozen=True)
class DataFile:
    """What `data/registry.txt` says of a file: its checksum, its address, its known slips."""

    name: str
    sha256: str
    address: str
    slips: tuple[Slip, ...] = ()

    @property
    def ticker(self) -> str:
        """The ticker whose prices it holds, "" if it does not hold prices."""
        return self.name.removesuffix(_PRICE_SUFFIX) if self.name.endswith(_PRICE_SUFFIX) else ""

    @property
    def folder(self) -> Path | None:
        """The first folder here that has a file of this name, right or wrong."""
        return next((folder for folder in _folders() if (folder / self.name).exists()), None)

    @property
    def state(self) -> str:
        """What it is here: "verified", "wrong checksum" or "not here"."""
        if self.folder is None:
            return "not here"
        right = _checksum(self.folder / self.name) == self.sha256
        return "verified" if right else "wrong checksum"

    def verify(self, path: Path) -> Path:
        """Return a path if it has the right bytes.

        Raises:
            DataError: it has other bytes, or cannot be read.
        """
        found = _checksum(path)
        if found != self.sha256:
            raise DataError(
                f"{path} is not the file that the course expects: its sha256 should begin with "
                f"{self.sha256[:12]} and begins with {found[:12]}. Move or delete it, then run: "
                f"course data get {self.ticker or self.name}"
            )
        return path


def registry() -> dict[str, DataFile]:
    """Read `data/registry.txt`.

    Raises:
        DataError: it is missing, or a line of it is damaged.
    """
    try:
        text = REGISTRY.read_text(encoding="utf-8", errors="replace").removeprefix("\ufeff")
    except OSError as error:
        raise DataError(
            f"{REGISTRY} cannot be read ({error.strerror}): restore it from git, or install the "
            "course again"
        ) from None
    files: dict[str, DataFile] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        slip = _SLIP_LINE.fullmatch(line)
        if slip and slip[1] in files:
            file = files[slip[1]]
            files[file.name] = replace(file, slips=(*file.slips, Slip(*slip.groups()[1:])))
            continue
        match = _REGISTRY_LINE.fullmatch(line)
        if not match or match[1] in files:
            problem = "repeats a name" if match else "is not a file name, sha256 and address"
            raise DataError(
                f"data/registry.txt, line {number} {problem}: correct it, or restore it from git"
            )
        files[match[1]] = DataFile(match[1], match[2].lower(), match[3])  # Windows writes capitals
    return files


def tickers() -> list[str]:
    """Name the tickers of the full data, in alphabetical order."""
    return sorted(file.ticker for file in registry().values() if file.ticker)


def price_file_name(ticker: str) -> str:
    """Name the file that holds a ticker's prices in the full data."""
    return ticker.strip().upper() + _PRICE_SUFFIX


def known_file(name: str) -> DataFile:
    """Look a file up in the registry.

    Raises:
        DataError: it is not there; the message names the nearest.
    """
    files = registry()
    if name not in files:
        raise DataError(f"{name!r} is not in data/registry.txt{did_you_mean(name, files)}")
    return files[name]


def find_file(name: str) -> Path | None:
    """Look for a file of the registry in `COURSE_DATA_DIR`, then in `data/`.

    Returns:
        Its path, its checksum verified; None if neither folder has it.

    Raises:
        DataError: `COURSE_DATA_DIR` is not the full path of a folder that can be read, or the
            file found has other bytes than the registry says. Such a file is never used, replaced
            or deleted.
    """
    file = known_file(name)
    return file.verify(file.folder / name) if file.folder else None


def _folders() -> list[Path]:
    named = os.environ.get("COURSE_DATA_DIR", "").strip("\"' ")  # Windows' `set` keeps them
    if not named:
        return [DATA_DIR]
    folder = Path(os.path.expanduser(named))  # unlike Path's, it leaves ~nobody as it is
    if not folder.is_absolute():  # it would mean a different folder in a lesson
        raise DataError(
            f"COURSE_DATA_DIR is {named!r}: write the full path, such as {folder.absolute()}"
        )
    if not os.path.isdir(folder) or not os.access(folder, os.R_OK | os.X_OK):
        problem = "is not a folder that you may read"
        raise DataError(f"COURSE_DATA_DIR is {named!r}, which {problem}: correct or unset it")
    return [folder, DATA_DIR]


def _checksum(path: Path) -> str:
    if not os.path.isfile(path):  # a pipe or a device may never end
        raise DataError(f"{path} cannot be read (it is not a file): move it away")
    try:
        return sha256(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): move it away") from None


def is_set(variable: str) -> bool:
    """Whether an environment variable such as `COURSE_OFFLINE` is on."""
    return os.environ.get(variable, "") not in ("", "0")


def did_you_mean(name: str, known: Collection[str]) -> str:
    """End a message about an unknown name: with the nearest known ones, or else with all."""
    names = {each.casefold(): each for each in known}
    near = [names[n] for n in difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.5)]
    return f": did you mean {' or '.join(near)}?" if near else f". Known: {', '.join(known)}"
