"""Text as numbers, character by character: encode, cut, measure in bits, and look at words."""

from typing import TYPE_CHECKING

from course_utils.checks import as_numbers, check_model

import numpy as np
import regex
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import keras

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""Code 0: replaces a character that is not in the training text."""
SCORED, CONTEXT = 200, 100
"""A network is scored on stretches of 200 characters, after 100 that fill its state."""


def characters_of(text: str) -> str:
    """List a text's characters, each once, in the order of their codes.

    Args:
        text: the training text.

    Returns:
        `UNKNOWN`, then the characters in alphabetical order: a character's code is its place.

    Raises:
        ValueError: the text has fewer than two different characters.
    """
    found = sorted(set(text) - {UNKNOWN})
    if len(found) < 2:
        raise ValueError(
            f"A text of {len(text)} characters, {len(found)} of them different, has no next "
            "character to guess: take a longer text."
        )
    return UNKNOWN + "".join(found)


def encode(text: str, characters: str, unknown: bool = False) -> NDArray:
    """Write a text as codes.

    Args:
        text: what to encode.
        characters: from `characters_of`.
        unknown: True gives a character that is not in the list code 0 instead of an error.

    Returns:
        codes, shape (characters of the text,), of type int32.

    Raises:
        ValueError: a character of the text is not in the list.
    """
    place = {character: code for code, character in enumerate(characters)}
    strange = sorted(set(text) - set(characters[1:]))
    if strange and not unknown:
        raise ValueError(
            f"{len(strange)} unknown: {' '.join(map(repr, strange[:5]))}. The training text holds "
            f"{len(characters) - 1} characters, and only those have a code: leave others out."
        )
    return np.array([place.get(character, 0) for character in text], dtype=np.int32)


def decode(codes: ArrayLike, characters: str) -> str:
    """Write codes, shape (characters of the text,), as a text again."""
    return "".join(characters[code] for code in np.asarray(codes))


def split_text(text: str, held_out: float = 0.1) -> tuple[str, str]:
    """Cut a text in two by position: the end is held out, and nothing is shuffled.

    Args:
        text: the whole text.
        held_out: share of its characters to hold out.

    Returns:
        the training text and the held-out text.

    Raises:
        ValueError: one of the parts would be empty.
    """
    cut = round((1 - held_out) * len(text))
    if not 0 < cut < len(text):
        raise ValueError(
            f"{len(text)} characters cannot be split with a share of {held_out}: take a share "
            "between 0 and 1, and a longer text."
        )
    return text[:cut], text[cut:]


def chunks(codes: ArrayLike, length: int) -> tuple[NDArray, NDArray]:
    """Cut a text into pieces that follow each other; each target is the next character.

    Args:
        codes: the training text, shape (characters,).
        length: characters in a piece.

    Returns:
        inputs and targets, both of shape (samples, length); the end of the text is left out where
        it does not fill a piece.

    Raises:
        ValueError: the length is less than 1, or the text is too short for one piece and the
            character after it.
    """
    codes = np.asarray(codes)
    if not 1 <= length < len(codes):
        raise ValueError(
            f"{len(codes)} characters give no piece of {length} and its next characters: take a "
            "longer text, or pieces of at least 1 character."
        )
    samples = (len(codes) - 1) // length
    inputs = codes[: samples * length].reshape(samples, length)
    targets = codes[1 : samples * length + 1].reshape(samples, length)
    return inputs, targets


def bits(probabilities: ArrayLike) -> float:
    """Average the bits that the true characters cost.

    Args:
        probabilities: what a model gave the true character at each position.

    Returns:
        the mean of -log2(probability), in bits per character; 0 for a model that is always
        certain and right.

    Raises:
        ValueError: there is no probability, or one is not from 0 to 1, but for rounding.
    """
    values = as_numbers(probabilities)
    strange = values[~((values >= 0) & (values <= 1.001))]
    if strange.size or not values.size:
        raise ValueError(
            "Pass the probabilities that a model gave the true characters, each from 0 to 1, not "
            f"{f'{strange[0]:.4g}' if strange.size else 'nothing'}."
        )
    return float(-np.log2(values).mean())


def network_probabilities(model: "keras.Model", codes: ArrayLike, start: int) -> NDArray:
    """Say how probable a network found each character of a text, given those before it.

    The text is read in stretches, side by side, each from an empty state. The first characters of
    a stretch fill the state and are not scored.

    Args:
        model: from codes (batch, time_steps) to logits (batch, time_steps, characters).
        codes: the text, shape (characters,).
        start: the first position to score, at least 1; the text before it is only context.

    Returns:
        probabilities, shape (characters - start,).

    Raises:
        ValueError: no character is left to score, or nothing comes before the first one.
    """
    check_model(model, "codes")
    codes = np.asarray(codes)
    if not 1 <= start < len(codes):
        raise ValueError(
            f"No character of {len(codes)} is scored from position {start} on: choose a start from "
            "1 to the last position."
        )
    if start < CONTEXT < len(codes):  # the beginning has less before it, the rest has enough
        beginning = network_probabilities(model, codes[:CONTEXT], start)
        return np.concatenate([beginning, network_probabilities(model, codes, CONTEXT)])
    before = min(CONTEXT, start)
    ends = np.arange(start, len(codes), SCORED)
    padded = np.concatenate([codes, np.zeros(SCORED, dtype=codes.dtype)])
    rows = padded[ends[:, np.newaxis] + np.arange(-before, SCORED)]
    found = []
    for batch in np.array_split(rows, max(1, len(rows) // 128)):
        logits = model.predict_on_batch(batch[:, :-1])[:, before - 1 :].astype(float)
        logits -= logits.max(axis=-1, keepdims=True)
        chosen = np.take_along_axis(logits, batch[:, before:, np.newaxis], axis=-1)[..., 0]
        found.append(np.exp(chosen - np.log(np.exp(logits).sum(axis=-1))).ravel())
    return np.concatenate(found)[: len(codes) - start]


def words_of(text: str) -> list[str]:
    """List the words of a text in lower case: runs of letters, an apostrophe inside allowed."""
    return regex.findall(r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*", text.lower())


def phrases_of(text: str, length: int) -> list[tuple[str, ...]]:
    """List all runs of this many consecutive words in a text."""
    words = words_of(text)
    return list(zip(*(words[first:] for first in range(length)), strict=False))


def share_known(sample: str, text: str, length: int = 1) -> float:
    """Say what share of a sample's words, or of its runs of words, occur in a text.

    Args:
        sample: the text to measure, without its first and last word, which may be cut.
        text: where the words are looked for.
        length: 1 for words, 2 for pairs of consecutive words, and so on.

    Returns:
        a share between 0 and 1; nan if the sample has no such run.
    """
    inner = " ".join(words_of(sample)[1:-1])
    runs = phrases_of(inner, length)
    known = set(phrases_of(text, length))
    return sum(run in known for run in runs) / len(runs) if runs else float("nan")
