"""Texts to learn from: Shakespeare, what ships with every Python, a file of yours, reviews."""

import os
import re
import sys
import unicodedata
from pathlib import Path

from course_utils.data.full_data import full_data
from course_utils.data.registry import did_you_mean, known_file
from course_utils.files import DataError, read_text
from course_utils.text.reviews import reviews

import pandas as pd

SHAKESPEARE = "tinyshakespeare.txt"
LABELLED = {site: f"{site}_labelled.txt" for site in ("amazon_cells", "imdb", "yelp")}
LOST = "\N{REPLACEMENT CHARACTER}"
MAX_BYTES = 50_000_000
_PROSE = re.compile(r"[A-Z].{39,}[.:]")
_PLAIN = str.maketrans("“”‘’–—…", "\"\"''---")


def load_text(name: str = "default") -> str:
    """Load a text to learn from, and print one line that says which text it is.

    Args:
        name: `default`, prose that ships with Python; `shakespeare`, found, verified and
            downloaded as prices are, or the default text where it is not available; or the path
            of a `.txt` file of your own, in UTF-8.

    Returns:
        the text, its lines ended by a newline character.

    Raises:
        TypeError: the name is not a string.
        DataError: there is no such text, or its file is damaged, or a file of your own is
            missing, too large, not UTF-8, or holds fewer than two different characters.
    """
    if not isinstance(name, str):
        raise TypeError(f"a text is named by a string, not {type(name).__name__}")
    if name.lower().endswith(".txt"):
        path = Path(os.path.expanduser(name))
        text = own_text(path)
        print(f"{path.name}: {len(text):,} characters, {len(set(text))} different ones")
        return text
    if name not in ("default", "shakespeare"):
        known = did_you_mean(name, ("default", "shakespeare"))
        raise DataError(f"no text {name[:60]!r}{known}; a file of your own ends in .txt")
    paths, reason = full_data([SHAKESPEARE]) if name == "shakespeare" else ([], "")
    if paths:
        text = own_text(paths[0])
        print(f"Shakespeare: {len(text):,} characters, from {SHAKESPEARE} (checksum verified)")
        return text
    text = default_text()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    about = f"{len(text):,} characters of prose from the documentation in Python {python}"
    if reason:
        more = f"the full data comes with: course data get {SHAKESPEARE}"
        print(f"Shakespeare: embedded default, {about}, because {reason}; {more}")
    else:
        print(f"Default text: {about}")
    return text


def default_text() -> str:
    """Collect the prose of the topics that `help()` explains, chapters of Python's references.

    Its topics overlap, and a network could memorise a paragraph in the training part and find it
    again in the held-out part. So each paragraph is taken once. Code, tables and headings are left
    out, and curly quotation marks are made straight.

    Returns:
        the text, one paragraph per line, in the topics' alphabetical order.
    """
    from pydoc_data.topics import topics

    paragraphs = dict.fromkeys(  # a dict keeps order and holds each key once
        " ".join(block.split())
        for topic in sorted(topics)
        for block in topics[topic].translate(_PLAIN).split("\n\n")
    )
    return "".join(f"{each}\n" for each in paragraphs if each.isascii() and _PROSE.fullmatch(each))


def own_text(path: Path) -> str:
    """Read a text file of your own.

    Args:
        path: a file in UTF-8 of at most `MAX_BYTES`.

    Returns:
        its text, lines ended by a newline character and accents joined to their letters (NFC),
        whatever the file has.

    Raises:
        DataError: `read_text` refuses the file, it holds fewer than two different characters, or
            the character that stands for lost ones.
    """
    text = unicodedata.normalize("NFC", read_text(path, MAX_BYTES))
    if (lost := text.find(LOST)) >= 0:
        raise DataError(
            f"{path.name}, line {text.count(chr(10), 0, lost) + 1} holds U+FFFD, which stands for "
            f"characters that a conversion has lost ({text.count(LOST)} times): convert the "
            "original again, or delete them"
        )
    if len(set(text)) < 2:
        what = f"nothing but {text[0]!r}" if text else "empty"
        raise DataError(f"{path.name} is {what}: there is no next character to guess.")
    return text


def load_labelled_sentences() -> pd.DataFrame:
    """Load sentences of real reviews with their labels, and print one line that says which.

    The files are found, verified and downloaded as prices are; where they are not available,
    reviews of the course's own grammar take their place, and the line says so. The sentences are
    those of Kotzias et al. (2015), "From Group to Individual Labels Using Deep Features".

    Returns:
        a table with the columns `text`, `label` (1 for, 0 against) and `site` (`amazon_cells`,
        `imdb`, `yelp`, or `grammar`), each text once, whose `attrs` say `source` ("full" or
        "embedded") and `sha256`, by file.

    Raises:
        DataError: a file is damaged.
    """
    paths, reason = full_data([*LABELLED.values()])
    if not paths:
        table = reviews().assign(site="grammar").drop(columns="part")
        print(
            f"labelled sentences: embedded sample of {len(table):,} reviews of the course's own "
            f"grammar, because {reason}; the full data comes with: course data get "
            + " ".join(LABELLED.values())
        )
        table.attrs.update(source="embedded", sha256={})
        return table
    read = [
        (*line.rsplit("\t", 1), site)
        for site, path in zip(LABELLED, paths, strict=True)
        for line in path.read_text(encoding="utf-8").split("\n")
        if line
    ]
    table = pd.DataFrame(read, columns=["text", "label", "site"]).astype({"label": int})
    table["text"] = table["text"].str.strip()
    once = table.drop_duplicates("text", ignore_index=True)
    count = f"{len(once):,} labelled sentences from {len(paths)} files (checksums verified)"
    print(f"{count}; {len(table) - len(once)} that repeat another are left out")
    once.attrs.update(source="full", sha256={p.name: known_file(p.name).sha256 for p in paths})
    return once
