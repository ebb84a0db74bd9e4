"""Sentence pairs to translate: Multi30k's captions, or the course's own grammar."""

import gzip
from pathlib import Path

from course_utils.data.full_data import full_data
from course_utils.data.registry import did_you_mean, known_file
from course_utils.files import DataError, sha256
from course_utils.text.grammar import sentence_pairs

import pandas as pd

MULTI30K = {
    part: (f"multi30k.{file}.en.gz", f"multi30k.{file}.de.gz")
    for part, file in [("train", "train"), ("valid", "val"), ("test", "test_2016_flickr")]
}


def load_sentence_pairs(name: str = "grammar") -> pd.DataFrame:
    """Load English sentences with their German translations, and print one line that says which.

    `grammar` is made by the course's own small grammar (`course_utils.text.grammar`) and always
    here. `multi30k` is found, verified and downloaded as prices are; where it is not available,
    the grammar takes its place, and the line says so.

    Args:
        name: `grammar` or `multi30k`.

    Returns:
        a table with the columns `english`, `german` and `part` (`train`, `valid`, `test`), whose
        `attrs` say `name`, `source` ("full" or "embedded") and `sha256`, by file. The grammar's
        test part holds combinations of words that are in none of the other parts.

    Raises:
        DataError: there is no such set, or a file of it is damaged.
    """
    if name == "grammar":
        pairs = _grammar()
        print(f"{name}: {len(pairs):,} sentence pairs of the course's own grammar")
        return pairs
    if name != "multi30k":
        known = did_you_mean(str(name), ["grammar", "multi30k"])
        raise DataError(f"unknown sentence pairs {name!r}{known}")
    paths, reason = full_data([file for pair in MULTI30K.values() for file in pair])
    if paths:
        pairs = _multi30k(paths)
        count = f"{len(pairs):,} sentence pairs, from {len(paths)} files"
        print(f"{name}: {count} (checksums verified)")
        return pairs
    pairs = _grammar()
    print(
        f"{name}: embedded sample of {len(pairs):,} sentence pairs of the course's own grammar, "
        f"because {reason}; the full data comes with: course data get {name}"
    )
    return pairs


def _grammar() -> pd.DataFrame:
    pairs = sentence_pairs()
    digest = sha256(pairs.to_csv(index=False).encode())
    checksums = {"course_utils.text.grammar": digest}
    pairs.attrs.update(name="grammar", source="embedded", sha256=checksums)
    return pairs


def _multi30k(paths: list[Path]) -> pd.DataFrame:
    """Read verified files, whose lines belong together in pairs."""
    parts = [
        pd.DataFrame({"english": _lines(english), "german": _lines(german), "part": part})
        for part, english, german in zip(MULTI30K, paths[::2], paths[1::2], strict=True)
    ]
    pairs = pd.concat(parts, ignore_index=True)
    checksums = {path.name: known_file(path.name).sha256 for path in paths}
    pairs.attrs.update(name="multi30k", source="full", sha256=checksums)
    return pairs


def _lines(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as packed:
        return [line.strip() for line in packed]
