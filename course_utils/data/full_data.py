"""The full data of a lesson: found, fetched at most once per session, or the reason why not."""

from collections.abc import Sequence
from pathlib import Path

from course_utils.data.download import DownloadError, fetch
from course_utils.data.registry import find_file, is_set

_failure = ""  # why this session's one attempt to download failed; nothing else is tried then


def full_data(names: Sequence[str]) -> tuple[list[Path], str]:
    """Find files of the registry, and fetch those that are missing.

    Returns:
        their paths, verified, and no reason; or no paths, and the reason why a lesson has to use
        the embedded default.

    Raises:
        DataError: see `find_file`.
    """
    global _failure
    reason = why_embedded(names)
    if reason:
        return [], reason
    try:
        return [find_file(name) or fetch(name, hurry=True) for name in names], ""
    except DownloadError as error:
        _failure = f"the download failed: {error.reason}"
        return [], _failure


def why_embedded(names: Sequence[str]) -> str:
    """Say why a lesson uses the embedded default in place of files, without asking the network.

    Returns:
        the reason; "" if all files are here or would be downloaded first.

    Raises:
        DataError: see `find_file`.
    """
    if is_set("COURSE_EMBEDDED"):
        return "COURSE_EMBEDDED=1"
    if all(find_file(name) for name in names):
        return ""
    return "COURSE_OFFLINE=1" if is_set("COURSE_OFFLINE") else _failure
