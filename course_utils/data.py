"""The course's data: find the file, verify it, download it once, or use the embedded default.

`data/README.md` says where the numbers come from.
"""

import contextlib
import difflib
import errno
import gzip
import hashlib
import io
import os
import re
import sys
import threading
import time
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from course_utils.price_table import COLUMNS, DataError, read_prices, with_attrs

import numpy as np
import pandas as pd
from numpy.typing import NDArray

EMBEDDED_TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
DATA_DIR = Path(__file__).resolve().parent.parent / "data"

_PRICE_SUFFIX = "_2006-01-01_to_2018-01-01.csv"
_REGISTRY_LINE = re.compile(  # a name that leads out of no folder, a sha256, an address
    r"(\w[\w.-]*)\s+([0-9a-f]{64})\s+(https?://[\w.-]+(?::\d+)?/\S*)\s*", re.ASCII
)
_PATIENCE = (5, 15)  # seconds for a connection, and from piece to piece
_LONGEST, _LARGEST = 600, 50_000_000  # seconds and bytes of a download
_download_problem = ""  # why this process's one attempt to download failed; then it stays off


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


# ---------------------------------------------------------------- the registry and the folders


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


# ------------------------------------------------------------------------------- the download


def download(name: str, folder: Path | None = None, progress: Any = True) -> Path:  # noqa: ANN401
    """Fetch a file of the registry from its pinned address and verify its checksum.

    The file appears under its name only when it is complete and verified. A file that is
    already there is kept if it is the right one, and refused if it is not.

    Args:
        name: as in the registry, such as `multi30k.train.en.gz`.
        folder: where to put it; `data/` if None.
        progress: True for a bar on stdout, False for none, or a bar of your own as pooch's
            `progressbar` takes it (`total`, `update`, `reset`, `close`).

    Raises:
        DataError: the name is unknown, or why the file could not be had.
    """
    folder = DATA_DIR if folder is None else Path(folder)
    if reason := _try_download(name, folder, progress):
        raise DataError(f"{name} was not downloaded: {reason}. Put that right, then run it again.")
    return folder / name


def _try_download(name: str, folder: Path, progress: Any) -> str:  # noqa: ANN401
    """Download, and return "" or the reason why it failed, in words."""
    import pooch
    import requests

    entry = _entry(name)
    if (folder / name).exists():
        _refuse_wrong_bytes(folder / name, entry)
        return ""
    if is_set("COURSE_OFFLINE"):
        return "COURSE_OFFLINE=1 forbids it"
    pooch.get_logger().setLevel("WARNING")  # its notes go to stderr, which lessons keep empty
    bar = _progress_bar(name) if progress is True else progress
    # Small pieces, as on a slow line no time is looked at before a piece is whole.
    http = pooch.HTTPDownloader(progressbar=bar, timeout=_PATIENCE, chunk_size=256)

    def fetch(address: str, to: str, _: object) -> None:
        with open(to, "wb") as file:
            try:
                http(address, _Bounded(file), None)
            except ValueError as error:  # of a length that is no number, a redirect to no address
                raise _BadAnswerError("headers that make no sense") from error

    host = urlsplit(entry.address).hostname
    try:
        pooch.retrieve(entry.address, entry.sha256, fname=name, path=folder, downloader=fetch)
        with contextlib.suppress(OSError):  # not every file system has modes
            (folder / name).chmod(0o644)  # a class may share the folder; pooch's mode is 600
    except requests.HTTPError as error:
        return f"HTTP {error.response.status_code} from {host}"
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        return f"the connection to {host} broke off"
    except requests.TooManyRedirects:
        return f"{host} sends on in a circle"
    except requests.RequestException:
        return f"no connection to {host}"
    except _BadAnswerError as error:
        return f"{host} sent {error}"
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        return "the disk is full" if full else f"the folder {folder.name}/ cannot be written"
    except ValueError:
        return "the bytes that came do not match the checksum, so none were kept"
    finally:
        if progress is True:
            bar.close()
    return ""


class _BadAnswerError(Exception):
    """A server sends what no file of the course is."""


class _Bounded:
    """A file for a download, which neither grows nor goes on without end."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.end = file, time.monotonic() + _LONGEST

    def write(self, piece: bytes) -> None:
        if time.monotonic() > self.end:
            raise _BadAnswerError(f"for more than {_LONGEST} seconds")
        if self.file.tell() + len(piece) > _LARGEST:
            raise _BadAnswerError(f"more than {_LARGEST:,} bytes")
        self.file.write(piece)

    def flush(self) -> None:
        self.file.flush()


def _progress_bar(name: str) -> Any:  # noqa: ANN401 (a tqdm bar)
    from tqdm import tqdm

    # pooch sets the total; with 0 the bar would count as False, and pooch would not use it.
    return tqdm(desc=name, total=1, unit="B", unit_scale=True, file=sys.stdout, leave=False)


def _answers(address: str) -> bool:
    """Whether the host of an address answers at once."""
    import requests

    answers: list[bool] = []

    def ask() -> None:
        with contextlib.suppress(Exception):  # whatever it is, it is no answer
            requests.head(address, timeout=(1, 1))
            answers.append(True)

    # requests' time-out does not cover the name lookup, which can hang for many seconds where
    # a firewall swallows it. A thread can be left behind; a lookup cannot be interrupted.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout=1.2)
    return bool(answers)


def full_data(ticker: str) -> tuple[Path | None, str]:
    """Decide whether `load_prices` takes a ticker's full data, without asking the network.

    Returns:
        The verified file, or None and the reason why not; no reason: it downloads first.

    Raises:
        DataError: see `find_file`.
    """
    if is_set("COURSE_EMBEDDED"):
        return None, "COURSE_EMBEDDED=1"
    if ticker not in tickers():
        return None, "the full data does not have it"
    if path := find_file(price_file_name(ticker)):
        return path, ""
    return None, "COURSE_OFFLINE=1" if is_set("COURSE_OFFLINE") else _download_problem


def _file_or_reason(ticker: str) -> tuple[Path | None, str]:
    """Find or download a ticker's full data: its path, or None and why there is none."""
    global _download_problem
    path, reason = full_data(ticker)
    if path or reason:
        return path, reason
    name = price_file_name(ticker)
    if not _answers(_entry(name).address):
        _download_problem = "there was no answer within a second"
    elif reason := _try_download(name, DATA_DIR, progress=True):
        _download_problem = f"the download failed: {reason}"
    return (None, _download_problem) if _download_problem else (DATA_DIR / name, "")


# ------------------------------------------------------------------------------------ a ticker


def load_prices(ticker: str = "IBM") -> pd.DataFrame:
    """Load the daily prices of one share, and print one line that says which data it is.

    Looks in the folder that `COURSE_DATA_DIR` names, then in `data/`, then downloads once, then
    takes the embedded default. `COURSE_OFFLINE=1` leaves out the download, `COURSE_EMBEDDED=1`
    goes straight to the embedded default.

    Args:
        ticker: such as "IBM"; `tickers()` lists them.

    Returns:
        A price table (Date; Open, High, Low, Close in USD, Volume in shares) whose `attrs` say
        `ticker`, `source` ("full" or "embedded"), `file`, `sha256`, `test_year` (the last
        calendar year that it covers in full, or None) and `missing` (such as
        "2017-07-31: Open, Low").

    Raises:
        TypeError: the ticker is not a string.
        DataError: the ticker is unknown or cannot be had here, or its file is damaged.
    """
    ticker = _known_ticker(ticker)
    path, reason = _file_or_reason(ticker)
    if path is not None:
        prices = read_prices(path)
        prices.attrs.update(ticker=ticker, source="full")
        print(f"{ticker}: {_span(prices)}, from {path.name} (checksum verified)")
        return prices
    if ticker not in EMBEDDED_TICKERS:
        raise DataError(
            f"{ticker} is not here, because {reason}. Download it with: course data get {ticker}, "
            f"or put {price_file_name(ticker)} into a folder and name that folder in "
            f"COURSE_DATA_DIR. Embedded, and so always here: {', '.join(EMBEDDED_TICKERS)}"
        )
    prices = _embedded_prices(ticker)
    more = f"; the full data comes with: course data get {ticker}" if ticker in tickers() else ""
    print(f"{ticker}: embedded sample of {_span(prices)}, because {reason}{more}")
    return prices


def _known_ticker(ticker: str) -> str:
    if not isinstance(ticker, str):
        raise TypeError(f"a ticker is a string such as 'IBM', not {type(ticker).__name__}")
    name = ticker.strip().upper()
    known = sorted({*tickers(), *EMBEDDED_TICKERS})
    if name not in known:
        raise DataError(f"unknown ticker {name[:20]!r}{did_you_mean(name, known)}")
    return name


def _embedded_prices(ticker: str) -> pd.DataFrame:
    """Build the price table of an embedded ticker, adjusted for splits but not for dividends."""
    from bokeh_sampledata import stocks

    raw = pd.DataFrame(getattr(stocks, ticker))
    dates = pd.DatetimeIndex(raw["date"].to_numpy("datetime64[ns]"), name="Date")
    scale = _split_scale((raw["adj_close"] / raw["close"]).to_numpy())
    prices = raw[[name.lower() for name in COLUMNS]].astype(float).set_axis(dates)
    prices.columns = list(COLUMNS)
    prices = prices.div(scale, axis=0).assign(Volume=prices["Volume"] * scale)
    table_bytes = dates.asi8.tobytes() + prices.to_numpy().tobytes()
    sha256 = hashlib.sha256(table_bytes).hexdigest()
    return with_attrs(prices, ticker, "embedded", f"bokeh_sampledata.stocks.{ticker}", sha256)


def _split_scale(adjusted_over_raw: NDArray) -> NDArray:
    """Tell how many of the newest shares one share of each day has become.

    The ratio of adjusted to raw close steps up by a few per cent at most on a dividend. A step
    of more than 20 % is a split: 2 for a 2-for-1 split, 0.1 for a 1-for-10 reverse split.
    """
    steps = adjusted_over_raw[1:] / adjusted_over_raw[:-1]
    splits = [_simple_ratio(step) if abs(step - 1) > 0.2 else 1.0 for step in steps]
    return np.append(np.cumprod(splits[::-1])[::-1], 1.0)


def _simple_ratio(step: float) -> float:
    ratio = Fraction(max(step, 1 / step)).limit_denominator(5)  # 2, 7, 3/2, 5/4 ...
    return float(ratio if step > 1 else 1 / ratio)


def _span(prices: pd.DataFrame) -> str:
    return f"{len(prices):,} days, {prices.index[0]:%Y-%m-%d} to {prices.index[-1]:%Y-%m-%d}"


# ------------------------------------------------------------------------------ sentence pairs


def load_sentence_pairs(name: str = "grammar") -> pd.DataFrame:
    """Load English sentences with their German translations, and print one line that says which.

    `grammar` is made by the course's own small grammar (`course_utils.text.grammar`) and always
    here. `multi30k` is found, verified and downloaded as prices are; where it cannot be had, the
    grammar takes its place, and the line says so.

    Args:
        name: `grammar` or `multi30k`.

    Returns:
        a table with the columns `english`, `german` and `part` (`train`, `valid`, `test`), whose
        `attrs` say `name`, `source` ("full" or "embedded") and `sha256`, by file. The grammar's
        test part holds combinations of words that are in none of the other parts.

    Raises:
        DataError: there is no such set, or a file of it is damaged.
    """
    if name not in _SENTENCES:
        raise DataError(f"unknown sentence pairs {name!r}{did_you_mean(str(name), _SENTENCES)}")
    files = _SENTENCES[name]
    paths, reason = _files_or_reason([file for pair in files.values() for file in pair])
    if files and not reason:
        pairs = pd.concat(
            [_read_pairs(part, *(paths[file] for file in pair)) for part, pair in files.items()],
            ignore_index=True,
        )
        sha256 = {file: _entry(file).sha256 for file in paths}
        pairs.attrs.update(name=name, source="full", sha256=sha256)
        print(
            f"{name}: {len(pairs):,} sentence pairs, from {len(paths)} files (checksums verified)"
        )
        return pairs
    from course_utils.text.grammar import sentence_pairs

    pairs = sentence_pairs()
    whole = pairs.to_csv(index=False).encode()
    sha256 = {"course_utils.text.grammar": hashlib.sha256(whole).hexdigest()}
    pairs.attrs.update(name="grammar", source="embedded", sha256=sha256)
    count = f"{len(pairs):,} sentence pairs of the course's own grammar"
    if files:
        more = f"the full data comes with: course data get {name}"
        print(f"{name}: embedded sample of {count}, because {reason}; {more}")
    else:
        print(f"{name}: {count}")
    return pairs


_SENTENCES = {
    "grammar": {},
    "multi30k": {
        part: (f"multi30k.{file}.en.gz", f"multi30k.{file}.de.gz")
        for part, file in [("train", "train"), ("valid", "val"), ("test", "test_2016_flickr")]
    },
}


def _files_or_reason(names: list[str]) -> tuple[dict[str, Path], str]:
    """Find or download files of the registry: their paths, or none and the reason why."""
    global _download_problem
    if is_set("COURSE_EMBEDDED"):
        return {}, "COURSE_EMBEDDED=1"
    paths = {name: find_file(name) for name in names}
    absent = [name for name, path in paths.items() if path is None]
    if absent and is_set("COURSE_OFFLINE"):
        return {}, "COURSE_OFFLINE=1"
    if absent and not _download_problem and not _answers(_entry(absent[0]).address):
        _download_problem = "there was no answer within a second"
    for name in absent:
        if not _download_problem and (reason := _try_download(name, DATA_DIR, progress=True)):
            _download_problem = f"the download failed: {reason}"
        paths[name] = DATA_DIR / name
    return ({}, _download_problem) if absent and _download_problem else (paths, "")


def _read_pairs(part: str, english: Path, german: Path) -> pd.DataFrame:
    """Read two files whose lines belong together."""
    sides = {}
    for side, path in {"english": english, "german": german}.items():
        sides[side] = [line.strip() for line in io.StringIO(_unpacked(path))]
        if not all(sides[side]):
            raise DataError(f"{path.name}: line {sides[side].index('') + 1} is empty")
    if len(sides["english"]) != len(sides["german"]):
        raise DataError(
            f"{english.name} has {len(sides['english'])} lines, {german.name} "
            f"{len(sides['german'])}: they are no pairs"
        )
    return pd.DataFrame({**sides, "part": part})


def _unpacked(path: Path) -> str:
    """The text in a file that gzip has packed."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as packed:
            text = packed.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} is no text packed by gzip ({error}): move it away") from None
    if not 0 < len(text) <= _LARGEST:
        size = f"more than {_LARGEST:,}" if text else "no"
        raise DataError(f"{path.name} holds {size} characters: move it away")
    return text


# ------------------------------------------------------------------------------------- a text


SHAKESPEARE = "tinyshakespeare.txt"


def load_text(name: str = "default") -> str:
    """Load a text to learn from, and print one line that says which text it is.

    Args:
        name: `default`, prose that ships with Python; `shakespeare`, found, verified and
            downloaded as prices are, with the default text in its place where it cannot be had;
            or the path of a `.txt` file of your own, in UTF-8.

    Returns:
        the text, its lines ended by a newline character.

    Raises:
        TypeError: the name is not a string.
        DataError: there is no such text, or its file is damaged, or a file of your own is not
            there, too large, not UTF-8, or holds fewer than two different characters.
    """
    if not isinstance(name, str):
        raise TypeError(f"a text is named by a string, not {type(name).__name__}")
    from course_utils.text.prose import default_text, own_text

    if name.lower().endswith(".txt"):
        path = Path(os.path.expanduser(name))
        text = own_text(path)
        print(f"{path.name}: {len(text):,} characters, {len(set(text))} different ones")
        return text
    if name not in ("default", "shakespeare"):
        known = did_you_mean(name, ("default", "shakespeare"))
        raise DataError(f"no text {name[:60]!r}{known}; a file of your own ends in .txt")
    paths, reason = _files_or_reason([SHAKESPEARE] if name == "shakespeare" else [])
    if SHAKESPEARE in paths:
        text = own_text(paths[SHAKESPEARE])
        print(f"Shakespeare: {len(text):,} characters, from {SHAKESPEARE} (checksum verified)")
        return text
    text = default_text()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    about = f"{len(text):,} characters of prose from the documentation in Python {python}"
    if name == "default":
        print(f"Default text: {about}")
    else:
        more = f"the real one comes with: course data get {SHAKESPEARE}"
        print(f"Shakespeare: embedded default, {about}, because {reason}; {more}")
    return text
