"""Fetch one file from its pinned address: within bounds, verified, whole or not at all."""

import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from course_utils.data import registry
from course_utils.files import DataError, sha256, shown, write_whole

LARGEST = 50_000_000
"""bytes of a download"""
_LONGEST = 600  # seconds of a download
_PATIENCE = (5, 15)  # seconds for a connection, and from one piece to the next


class DownloadError(DataError):
    """A file was not downloaded; the message says which one, and why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} was not downloaded: {reason}")
        self.reason = reason


def fetch(name: str, *, hurry: bool = False) -> Path:
    """Download a file of the registry into `data/`, unless the right one is there already.

    Args:
        name: as in the registry, such as `multi30k.train.en.gz`.
        hurry: give up if the server does not answer within a second, so that a lesson does not
            wait for a network that it does not have.

    Returns:
        the file's path. The file appears there only when it is complete and verified.

    Raises:
        DownloadError: the network, the server, the bytes or the disk is at fault, or
            `COURSE_OFFLINE=1` is set.
        DataError: the name is unknown, or a file of that name with other bytes is there.
    """
    file = registry.known_file(name)
    path = registry.DATA_DIR / name
    host = urlsplit(file.address).hostname
    if path.exists():
        return file.verify(path)
    if registry.is_set("COURSE_OFFLINE"):
        raise DownloadError(name, "COURSE_OFFLINE=1 forbids it")
    try:
        if hurry:
            _knock(file.address)
        content = _receive(file.address, name)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, too
        raise DownloadError(name, _reason(error, host)) from error
    if sha256(content) != file.sha256:
        raise DownloadError(name, f"{host} sent bytes that do not match the checksum")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        problem = f"the folder {path.parent.name}/ cannot be written ({error.strerror})"
        raise DownloadError(name, problem) from error
    return path


def _knock(address: str) -> None:
    """Raise why an address does not answer within a second; any answer will do."""
    import requests

    failure: list[Exception] = [requests.Timeout("there was no answer within a second")]

    def ask() -> None:
        try:
            requests.head(address, timeout=1)
            failure.clear()
        except Exception as error:  # the caller raises it again
            failure[:] = [error]

    # requests' time-out does not cover the name lookup, which can hang for many seconds where
    # a firewall swallows it. A thread can be left behind; a lookup cannot be interrupted.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout=1.2)
    if failure:
        raise failure[0]


def _receive(address: str, name: str) -> bytes:
    """Read all that an address sends, within bounds, with a progress bar on stdout."""
    import requests
    from tqdm import tqdm

    end = time.monotonic() + _LONGEST
    content = bytearray()
    with requests.get(address, stream=True, timeout=_PATIENCE) as answer:
        answer.raise_for_status()
        # On stdout, because lessons keep stderr empty.
        style = {"unit": "B", "unit_scale": True, "leave": False, "file": sys.stdout}
        with tqdm(desc=name, total=answer.raw.length_remaining, **style) as bar:
            # Small pieces, because the clock is only read between them.
            for piece in answer.iter_content(256):
                content += piece
                bar.update(answer.raw.tell() - bar.n)  # less than content, if that came packed
                if len(content) > LARGEST:
                    raise requests.RequestException(f"it sent more than {LARGEST:,} bytes")
                if time.monotonic() > end:
                    raise requests.RequestException(f"it took more than {_LONGEST} seconds")
    return bytes(content)


def _reason(error: Exception, host: str | None) -> str:
    """Say why nothing came: as exactly as the error's kind allows, and with its first cause."""
    import requests

    first = error
    while first.__context__:
        first = first.__context__
    cause = shown(str(first), 200)
    if "TLS CA certificate bundle" in cause:
        return f"REQUESTS_CA_BUNDLE names no file ({cause}): correct it, or unset it"
    if "SOCKS" in cause:
        return f"a SOCKS proxy needs PySocks ({cause}): pip install pysocks, or unset HTTPS_PROXY"
    match error:
        case requests.HTTPError():
            return f"HTTP {error.response.status_code} from {host}"
        case requests.exceptions.SSLError():
            return (
                f"no secure connection to {host} ({cause}): check this computer's date, and "
                "whether REQUESTS_CA_BUNDLE should name a certificate of your network"
            )
        case requests.exceptions.ProxyError():
            return f"the proxy does not lead to {host} ({cause}): check HTTPS_PROXY"
        case requests.ConnectionError() | requests.Timeout():
            return f"no connection to {host} ({cause})"
        case requests.exceptions.ChunkedEncodingError():
            return f"the connection to {host} broke off ({cause})"
    return f"the request to {host} failed ({cause})"
