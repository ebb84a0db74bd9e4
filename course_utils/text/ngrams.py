"""n-gram models of characters: what counting alone says about the next character.

Orders are mixed as by Witten and Bell (1991): the more often a context was seen, and the fewer
characters followed it, the more its own counts weigh.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


class NGram:
    """Counts of characters after the n - 1 characters before them, mixed with all lower orders.

    The probability of a character c after a context h is

        p(c | h) = (count(h c) + kinds(h) * p(c | h without its oldest)) / (count(h) + kinds(h))

    where kinds(h) is how many different characters followed h. The recursion ends below order 1
    with the same share for all characters, and skips a context that was never seen.

    Args:
        codes: the training text as codes from 0, shape (characters,).
        order: n; 1 is the unigram, which has no context.
        characters: how many codes there are, including those that the training text lacks.

    Raises:
        ValueError: the text is shorter than the order, or a code is out of range.
    """

    def __init__(self, codes: ArrayLike, order: int, characters: int) -> None:
        """Count all orders from 1 to `order`."""
        codes = np.asarray(codes, dtype=np.int64)
        if order < 1 or len(codes) < order:
            raise ValueError(
                f"{len(codes)} characters contain no {order}-gram: take an order from 1 to the "
                "text's length."
            )
        if codes.min() < 0 or codes.max() >= characters:
            raise ValueError(f"Codes must be from 0 to {characters - 1}: encode the text first.")
        if order * np.log2(characters) >= 63:
            raise ValueError(f"{order}-grams of {characters} characters are too many to number.")
        self.order, self.characters = order, characters
        self._counts = [_count(codes, length, characters) for length in range(1, order + 1)]

    def probabilities(self, contexts: ArrayLike) -> NDArray:
        """Say how probable each character is after each context.

        Args:
            contexts: codes, oldest first, shape (contexts, length); only the last n - 1 count, and
                a shorter context uses the lower orders.

        Returns:
            probabilities, shape (contexts, characters), each row adding up to 1.
        """
        contexts = np.asarray(contexts, dtype=np.int64)
        shape = (len(contexts), self.characters)
        return self._mix(contexts[:, np.newaxis], np.broadcast_to(np.arange(shape[1]), shape))

    def probabilities_of(self, codes: ArrayLike, start: int) -> NDArray:
        """Say how probable each character of a text was, given the characters before it.

        Args:
            codes: the text, shape (characters,).
            start: the first position to score; the text before it is only context.

        Returns:
            probabilities, shape (characters - start,).
        """
        codes = np.asarray(codes, dtype=np.int64)
        first = max(start, self.order - 1)  # from here on, every context has its full length
        short = range(start, min(first, len(codes)))
        found = [self._mix(codes[np.newaxis, :at], codes[at : at + 1]) for at in short]
        if first < len(codes):
            windows = np.lib.stride_tricks.sliding_window_view(codes, self.order)
            windows = windows[first - self.order + 1 :]
            found.append(self._mix(windows[:, :-1], windows[:, -1]))
        return np.concatenate([np.empty(0), *found])

    def _mix(self, contexts: NDArray, wanted: NDArray) -> NDArray:
        """Mix the orders, from the lowest up; contexts (..., length) and wanted broadcast."""
        mixed = np.full(wanted.shape, 1 / self.characters)
        for length, (grams, counts, before, seen, kinds) in enumerate(self._counts):
            if length > contexts.shape[-1]:
                break
            context = _number(contexts[..., contexts.shape[-1] - length :], self.characters)
            gram = context * self.characters + wanted
            total, different = _look_up(before, seen, context), _look_up(before, kinds, context)
            own = _look_up(grams, counts, gram)
            known = total > 0
            weight = np.where(known, total + different, 1)
            mixed = np.where(known, (own + different * mixed) / weight, mixed)
        return mixed


def sample_ngram(
    model: NGram, prompt: ArrayLike, length: int, samples: int, *, seed: int
) -> NDArray:
    """Draw texts from an n-gram model, character by character.

    Args:
        model: a counted `NGram`.
        prompt: codes that the texts continue, shape (characters,).
        length: characters to draw.
        samples: how many texts.
        seed: for the drawing.

    Returns:
        the drawn codes without the prompt, shape (samples, length).
    """
    rng = np.random.default_rng(seed)
    width = model.order - 1
    start = np.asarray(prompt, dtype=np.int64)[max(len(prompt) - width, 0) :]
    texts = np.tile(start, (samples, 1))
    for _ in range(length):
        probabilities = model.probabilities(texts[:, max(texts.shape[1] - width, 0) :])
        below = probabilities.cumsum(axis=1) < rng.random((samples, 1))
        drawn = np.minimum(below.sum(axis=1), model.characters - 1)
        texts = np.concatenate([texts, drawn[:, np.newaxis]], axis=1)
    return texts[:, len(start) :]


def _number(codes: NDArray, characters: int) -> NDArray:
    """Write the codes along the last axis as the digits of one whole number."""
    powers = characters ** np.arange(codes.shape[-1] - 1, -1, -1, dtype=np.int64)
    return codes @ powers


def _count(codes: NDArray, length: int, characters: int) -> tuple[NDArray, ...]:
    """Count n-grams of a length; for each context, how often it came and what kinds followed."""
    windows = np.lib.stride_tricks.sliding_window_view(codes, length)
    grams, counts = np.unique(_number(windows, characters), return_counts=True)
    before, place, kinds = np.unique(grams // characters, return_inverse=True, return_counts=True)
    seen = np.bincount(place, weights=counts).astype(np.int64)
    return grams, counts, before, seen, kinds


def _look_up(keys: NDArray, values: NDArray, wanted: NDArray) -> NDArray:
    """Find the value of each wanted key, 0 where there is no such key."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)
