"""Words and their numbers: vocabularies, sentences as rows of fixed length, a word dictionary."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import regex
from numpy.typing import ArrayLike, NDArray

SPECIAL = ("<pad>", "<sos>", "<eos>", "<unk>")
PAD, SOS, EOS, UNK = range(len(SPECIAL))

_WORD = r"[\w\p{M}\u200c\u200d]+"  # vowel signs and accents that stand alone belong to words
_TOKEN = regex.compile(rf"<unk>|{_WORD}(?:['’-]{_WORD})*|[^\w\s]")
_CLOSING = re.compile(r" (?=[.,;:!?)])")  # the space before a mark that closes a word


def words(sentence: str) -> list[str]:
    """Split a sentence into lower-case words and punctuation marks, each a separate item."""
    return _TOKEN.findall(unicodedata.normalize("NFC", sentence.lower()))


def vocabulary(sentences: Iterable[str], size: int | None = None) -> list[str]:
    """List the special words, then all others, the most frequent first.

    Args:
        sentences: those of the training part, never those of the test.
        size: keep this many words, the special ones included; by default all.

    Returns:
        the words; a word's place in the list is its number.

    Raises:
        TypeError: the sentences are one string, or one of them is not a string.
        ValueError: there is no word, or the size leaves no room for one.
    """
    sentences = _strings(sentences)
    counts = Counter(word for sentence in sentences for word in words(sentence))
    del counts[SPECIAL[UNK]]  # the only special word that `words` keeps whole
    if not counts:
        raise ValueError("No word in these sentences: pass the training sentences.")
    if size is not None and size <= len(SPECIAL):
        raise ValueError(f"Size {size} leaves no word besides {', '.join(SPECIAL)}: take more.")
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return [*SPECIAL, *ranked][:size]


def encode(
    sentences: Sequence[str], vocabulary: Sequence[str], length: int = 20, *, cut: bool = False
) -> NDArray[np.int32]:
    """Turn sentences into rows of numbers: words, `<eos>`, then `<pad>` up to the length.

    A word that is not in the vocabulary becomes `<unk>`.

    Args:
        sentences: in natural spelling.
        vocabulary: the words; a word's place is its number.
        length: columns of a row, `<eos>` included.
        cut: shorten a sentence that is too long, and end it with `<eos>`, instead of refusing it.

    Returns:
        numbers, shape (sentences, length).

    Raises:
        TypeError: the sentences are one string, or one of them, named by its position, is not a
            string.
        ValueError: a sentence, named by its position, has no word or is too long.
    """
    sentences = _strings(sentences)
    number = {word: place for place, word in enumerate(vocabulary)}
    rows = np.full((len(sentences), length), PAD, dtype=np.int32)
    for place, sentence in enumerate(sentences):
        row = [number.get(word, UNK) for word in words(sentence)]
        if not row:
            raise ValueError(f"Sentence {place} is empty: take it out, or write a word.")
        if len(row) >= length and not cut:
            raise ValueError(
                f"Sentence {place} has {len(row)} words and marks; with <eos> that is more than "
                f"{length}: shorten it, take a greater length, or cut it with cut=True."
            )
        row = [*row[: length - 1], EOS]
        rows[place, : len(row)] = row
    return rows


def unknown_words(sentence: str, vocabulary: Iterable[str]) -> list[str]:
    """List the words of a sentence that are not in a vocabulary."""
    known = set(vocabulary)
    return [word for word in words(sentence) if word not in known]


def decode(rows: ArrayLike, vocabulary: Sequence[str]) -> list[str]:
    """Turn rows of numbers back into lower-case sentences, each up to its `<eos>`.

    Args:
        rows: numbers, shape (sentences, length).
        vocabulary: the words; a word's place is its number.

    Returns:
        one sentence per row, without special words other than `<unk>`.

    Raises:
        ValueError: the rows are a single row.
    """
    rows = np.asarray(rows)
    if rows.ndim != 2:
        raise ValueError(
            f"Rows have shape (sentences, length), not {rows.shape}: put a single row into "
            "brackets."
        )
    sentences = []
    for row in rows.tolist():
        row = row[: row.index(EOS)] if EOS in row else row
        sentences.append(spell(vocabulary[n] for n in row if n not in (PAD, SOS)))
    return sentences


def spell(tokens: Iterable[str]) -> str:
    """Join words and marks, with no space before a mark that closes a word."""
    return _CLOSING.sub("", " ".join(tokens))


def word_dictionary(sources: Sequence[str], targets: Sequence[str]) -> dict[str, str]:
    """Learn a word-for-word dictionary from sentence pairs (IBM model 1; Brown et al., 1993).

    Each of five rounds divides every target word among the words of its source sentence, in
    proportion to how probable each was as its origin in the round before, and counts.

    Args:
        sources: sentences.
        targets: their translations, in the same order.

    Returns:
        for each source word the target word that it most probably becomes.

    Raises:
        TypeError: the sources or the targets are one string, or one of them is not a string.
        ValueError: they differ in number, or there are none.
    """
    sources, targets = _strings(sources), _strings(targets)
    check_pairs(sources, targets)
    names = {word: n for n, word in enumerate(vocabulary(sources))}
    others = vocabulary(targets)
    other = {word: n for n, word in enumerate(others)}
    origin, becomes, slot, slots = [], [], [], 0
    for source, target in zip(sources, targets, strict=True):
        source_row = [names[word] for word in words(source)]
        target_row = [other[word] for word in words(target)]
        origin.append(np.repeat(source_row, len(target_row)))
        becomes.append(np.tile(target_row, len(source_row)))
        slot.append(slots + np.tile(np.arange(len(target_row)), len(source_row)))
        slots += len(target_row)
    origin, becomes, slot = (np.concatenate(part).astype(int) for part in (origin, becomes, slot))
    links, link = np.unique(origin * len(others) + becomes, return_inverse=True)
    origin_of, becomes_of = np.divmod(links, len(others))
    probability = np.ones(len(links))
    for _ in range(5):
        share = probability[link]
        share /= np.bincount(slot, share)[slot]
        counts = np.bincount(link, share)
        probability = counts / np.bincount(origin_of, counts)[origin_of]
    best = np.lexsort((-becomes_of, probability))  # the last one wins: the most probable
    found = dict(zip(origin_of[best].tolist(), becomes_of[best].tolist(), strict=True))
    return {word: others[found[n]] for word, n in names.items() if n in found}


def look_up(sentences: Iterable[str], dictionary: dict[str, str]) -> list[str]:
    """Translate word for word, in the source's order; unknown words stay as they are."""
    sentences = _strings(sentences)
    return [spell(dictionary.get(word, word) for word in words(text)) for text in sentences]


def bleu(truth: list[str], translations: list[str]) -> float:
    """Score translations by corpus BLEU, with sacrebleu's defaults, but ignoring capitals.

    Args:
        truth: one true translation per sentence.
        translations: the translations to score, in the same order.

    Returns:
        a score from 0 to 100.

    Raises:
        TypeError: one of them is one string, or holds something that is not a string.
        ValueError: they differ in number, there are none, or no true one has four words or marks.
    """
    from sacrebleu.metrics import BLEU

    pairs = [
        [unicodedata.normalize("NFC", sentence) for sentence in _strings(sentences)]
        for sentences in (truth, translations)
    ]
    check_pairs(*pairs)
    metric = BLEU(lowercase=True, force=True)
    if not metric.corpus_score(pairs[0], pairs[:1]).totals[-1]:
        raise ValueError(
            "BLEU compares runs of four words or marks, and no true translation has four: score "
            "longer sentences."
        )
    return metric.corpus_score(pairs[1], pairs[:1]).score


def _strings(sentences: Iterable[str]) -> list[str]:
    """List sentences; a string is a sequence of strings, too, and each letter would be one."""
    if isinstance(sentences, str):
        raise TypeError("Pass a list of sentences: put a single sentence into brackets.")
    sentences = list(sentences)
    for place, sentence in enumerate(sentences):
        if not isinstance(sentence, str):
            raise TypeError(f"Sentence {place} is {sentence!r}, not a string.")
    return sentences


def check_pairs(sources: Sequence, targets: Sequence) -> None:
    """Refuse sources and targets that cannot be pairs.

    Raises:
        ValueError: they differ in number, or there are none.
    """
    if len(sources) != len(targets):
        raise ValueError(
            f"{len(sources)} sources but {len(targets)} targets: each sentence needs its "
            "translation, in the same order."
        )
    if not len(sources):
        raise ValueError("No sentence pairs: pass at least one.")
