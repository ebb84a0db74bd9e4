"""Sentence pairs and texts to learn from."""

import gzip
import hashlib
import io
import os
import sys
import zlib
from pathlib import Path

from course_utils.data.download import _LARGEST, _files_or_reason
from course_utils.data.registry import _entry, did_you_mean
from course_utils.files import DataError

import pandas as pd


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
    from course_utils.data.prose import default_text, own_text

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
