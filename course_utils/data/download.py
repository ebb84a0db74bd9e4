"""Download a file once, from its pinned address, and verify it."""

import contextlib
import errno
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from course_utils.data import registry
from course_utils.data.registry import _entry, _refuse_wrong_bytes, find_file, is_set
from course_utils.files import DataError

_PATIENCE = (5, 15)  # seconds for a connection, and from piece to piece
_LONGEST, _LARGEST = 600, 50_000_000  # seconds and bytes of a download
_download_problem = ""  # why this process's one attempt to download failed; then it stays off


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
    folder = registry.DATA_DIR if folder is None else Path(folder)
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


def problem() -> str:
    """Why this process's one attempt to download failed, "" if it did not."""
    return _download_problem


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
        if not _download_problem and (
            reason := _try_download(name, registry.DATA_DIR, progress=True)
        ):
            _download_problem = f"the download failed: {reason}"
        paths[name] = registry.DATA_DIR / name
    return ({}, _download_problem) if absent and _download_problem else (paths, "")
