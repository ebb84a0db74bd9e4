"""n-gram models of characters: what counting alone says about the next character.

`NGram` mixes orders as Witten and Bell (1991) do: the more often a context was seen, and the fewer
characters followed it, the more its own counts weigh. `KneserNey` smooths better, and is harder to
compute by hand.
"""

from typing import NamedTuple

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
        self.order, self.characters = order, characters
        codes = self._codes(codes)
        if order < 1 or len(codes) < order:
            raise ValueError(
                f"{len(codes)} characters contain no {order}-gram: take an order from 1 to the "
                "text's length."
            )
        if order * np.log2(characters) >= 63:
            raise ValueError(f"{order}-grams of {characters} characters are too many to number.")
        self._orders = [self._counted(codes, length) for length in range(1, order + 1)]

    def _codes(self, codes: ArrayLike) -> NDArray:
        """Take codes from 0 to below `characters` only: others would count as other n-grams."""
        codes = np.asarray(codes, dtype=np.int64)
        if codes.min(initial=0) < 0 or codes.max(initial=0) >= self.characters:
            last = self.characters - 1
            raise ValueError(f"Codes must be from 0 to {last}: encode the text first.")
        return codes

    def _counted(self, codes: NDArray, length: int) -> "Counted":
        """Count n-grams of a length; the kinds after a context are left to the order below."""
        grams, counts = _distinct(codes, length, self.characters)
        before, place, kinds = np.unique(
            grams // self.characters, return_inverse=True, return_counts=True
        )
        seen = np.bincount(place, weights=counts)
        return Counted(grams, counts, before, seen + kinds, kinds)

    def probabilities(self, contexts: ArrayLike) -> NDArray:
        """Say how probable each character is after each context.

        Args:
            contexts: codes, oldest first, shape (contexts, length); only the last n - 1 count, and
                a shorter context uses the lower orders.

        Returns:
            probabilities, shape (contexts, characters), each row adding up to 1.

        Raises:
            ValueError: a code is out of range.
        """
        contexts = self._codes(contexts)
        shape = (len(contexts), self.characters)
        return self._mix(contexts[:, np.newaxis], np.broadcast_to(np.arange(shape[1]), shape))

    def probabilities_of(self, codes: ArrayLike, start: int) -> NDArray:
        """Say how probable each character of a text was, given the characters before it.

        Args:
            codes: the text, shape (characters,).
            start: the first position to score; the text before it is only context.

        Returns:
            probabilities, shape (characters - start,).

        Raises:
            ValueError: a code is out of range, or the start is below 0.
        """
        codes = self._codes(codes)
        if start < 0:
            raise ValueError(f"A start of {start} is before the text: start at 0 or later.")
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
        for length, counted in enumerate(self._orders):
            if length > contexts.shape[-1]:
                break
            context = _number(contexts[..., contexts.shape[-1] - length :], self.characters)
            own = _look_up(counted.grams, counted.own, context * self.characters + wanted)
            total = _look_up(counted.before, counted.total, context)
            left = _look_up(counted.before, counted.left, context)
            known = total > 0
            mixed = np.where(known, (own + left * mixed) / np.where(known, total, 1), mixed)
        return mixed


class Counted(NamedTuple):
    """n-grams of one length: p(c | h) = (own(h c) + left(h) * p(c | shorter h)) / total(h)."""

    grams: NDArray
    """numbers of the n-grams, ascending"""
    own: NDArray
    """what each n-gram counts"""
    before: NDArray
    """numbers of the contexts, ascending"""
    total: NDArray
    """of each context"""
    left: NDArray
    """what each context leaves to the order below"""


class KneserNey(NGram):
    """An n-gram model with modified Kneser-Ney smoothing (Chen and Goodman, 1999).

    Each count gives up a fixed discount, which differs for counts of 1, of 2 and above, to the
    order below. And a shorter n-gram counts not how often it came, but after how many different
    characters: what follows only one context says little elsewhere. Arguments and errors are those
    of `NGram`.
    """

    def _counted(self, codes: NDArray, length: int) -> Counted:
        """Count n-grams of a length, all but the longest by what came before them."""
        longest = length == self.order
        grams, counts = _distinct(codes, length if longest else length + 1, self.characters)
        if not longest:
            grams, counts = np.unique(grams % self.characters**length, return_counts=True)
        discount = _discounts(counts)[np.minimum(counts, 3)]
        before, place = np.unique(grams // self.characters, return_inverse=True)
        total, left = (np.bincount(place, weights=each) for each in (counts, discount))
        return Counted(grams, counts - discount, before, total, left)


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

    Raises:
        ValueError: a code of the prompt is out of range.
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


def _distinct(codes: NDArray, length: int, characters: int) -> tuple[NDArray, NDArray]:
    """Number the different n-grams of a length, ascending, and count each."""
    windows = np.lib.stride_tricks.sliding_window_view(codes, length)
    return np.unique(_number(windows, characters), return_counts=True)


def _discounts(counts: NDArray) -> NDArray:
    """What counts of 0, 1, 2, and 3 or more give up, estimated from how many there are of each.

    A short text may lack some counts: then there is taken to be one, and each gives up a tenth at
    the least, so that no character is impossible.
    """
    there = np.maximum(np.bincount(np.minimum(counts, 5), minlength=6)[1:5], 1)
    share = there[0] / (there[0] + 2 * there[1])
    sizes = np.arange(1, 4)
    given = sizes - (sizes + 1) * share * there[1:] / there[:-1]
    return np.concatenate([[0.0], np.maximum(given, 0.1)])


def _look_up(keys: NDArray, values: NDArray, wanted: NDArray) -> NDArray:
    """Find the value of each wanted key, 0 where there is no such key."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)
