"""Prose to learn from: what ships with every Python, and a file of one's own."""

import os
from pathlib import Path

from course_utils.files import DataError

MAX_BYTES = 50_000_000
_PLAIN = str.maketrans("“”‘’–—…", "\"\"''---")


def default_text() -> str:
    """Collect the prose of the topics that `help()` explains, chapters of Python's references.

    Its topics overlap, and a paragraph that came twice could be learned by heart in the training
    part and found again in the held-out part. So each paragraph is taken once. Code, tables and
    headings are left out, curly quotation marks made straight.

    Returns:
        the text, a paragraph a line, in the topics' alphabetical order.
    """
    from pydoc_data.topics import topics

    paragraphs: dict[str, None] = {}  # a dict keeps order and holds each key once
    for topic in sorted(topics):
        for block in topics[topic].translate(_PLAIN).split("\n\n"):
            paragraph = " ".join(block.split())
            if len(paragraph) > 40 and _is_prose(paragraph):
                paragraphs[paragraph] = None
    return "\n".join(paragraphs) + "\n"


def _is_prose(paragraph: str) -> bool:
    """Whether it begins like a sentence, ends like one, and has no unusual character."""
    return (
        paragraph.isascii()
        and paragraph[0].isalpha()
        and paragraph[0].isupper()
        and paragraph.endswith((".", ":"))
    )


def own_text(path: Path) -> str:
    """Read a text file of the learner's.

    Args:
        path: a file in UTF-8.

    Returns:
        its text, lines ended by a newline character whatever the file has.

    Raises:
        DataError: the file is not there, cannot be read, has more than `MAX_BYTES`, is not
            UTF-8 or no plain text, or holds fewer than two different characters.
    """
    if not os.path.isfile(path):
        what = f"not there, seen from {Path.cwd()}"
        if os.path.isdir(path):
            what = "a folder, not a file"
        raise DataError(f"{path} is {what}: write the full path of your text file.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(
                f"{path.name} has {path.stat().st_size:,} bytes: take a part of it, at most "
                f"{MAX_BYTES:,} bytes."
            )
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} is not UTF-8: its byte {error.start} does not fit. Save it again as "
            "UTF-8 in your editor."
        ) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from None
    if "\0" in text:
        raise DataError(f"{path.name} is not plain text: save it as UTF-8 in your editor.")
    if len(set(text)) < 2:
        what = f"nothing but {text[0]!r}" if text else "empty"
        raise DataError(f"{path.name} is {what}: there is no next character to guess.")
    return text
