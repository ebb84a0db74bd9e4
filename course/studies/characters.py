"""The study `characters`: a larger character model, epoch by epoch, next to counted n-grams."""

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

from course.studies.study import Study
from course_utils.data import registry, texts
from course_utils.files import DataError
from course_utils.text import characters as chars
from course_utils.text.ngrams import KneserNey, NGram, sample_ngram

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:  # loads TensorFlow
    import keras

UNITS, EMBEDDING, LENGTH, RATE, BATCH = 192, 32, 60, 0.006, 32
SAMPLES, WRITTEN, TEMPERATURES = 10, 1000, (0.3, 0.6, 1.0)
NGRAMS = {"unigram": 1, "5-gram": 5}
EPOCHS_AND_DROPOUT = {"Shakespeare": (3, 0.0), "default": (8, 0.1)}


@dataclass(frozen=True)
class Characters:
    """A GRU trained on the first nine tenths of a text and measured on the last."""

    text: str
    """a key of `EPOCHS_AND_DROPOUT`"""
    seed: int
    version: ClassVar[int] = 2  # raise it with `course_utils.text`: see `Fit`

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train, measure bits per character after each epoch, then write and look at the words."""
        return measure_text(load(self.text), self.seed, *EPOCHS_AND_DROPOUT[self.text])


def load(name: str) -> str:
    """Load a text of the study, which has no stand-in.

    Raises:
        DataError: the text is not here.
    """
    if name == "default":
        return texts.load_text()
    path = registry.find_file(texts.SHAKESPEARE)
    if path is None:
        raise DataError(
            f"{texts.SHAKESPEARE} is not here: get it with: course data get {texts.SHAKESPEARE}"
        )
    return path.read_text(encoding="utf-8")


def measure_text(text: str, seed: int, epochs: int, dropout: float) -> dict[str, Any]:
    """Train on the first nine tenths of a text, and measure on the last.

    Args:
        text: the whole text.
        seed: for the first weights, the order of the pieces, and the writing.
        epochs: passes over the training part.
        dropout: share of the GRU's outputs set to zero in training.

    Returns:
        numbers of characters; bits per character of a unigram, a 5-gram in two ways of smoothing,
        and the GRU after each epoch; and of what each of them writes, the share of words, and of
        runs of three words, that occur in the training part.
    """
    train, held_out = chars.split_text(text)
    known = chars.characters_of(train)
    codes = chars.encode(text, known, unknown=True)
    cut = len(train)
    model = _network(len(known), seed, dropout)
    bits = _train(model, codes, cut, epochs)
    return {
        "training characters": cut,
        "held-out characters": len(held_out),
        **_shares("held out", held_out, train),
        **_ngrams(codes, train, known, seed),
        **{f"epoch {epoch}": each for epoch, each in enumerate(bits, 1)},
        "GRU": bits[-1],
        **_written(model, train, known, seed),
    }


def _shares(name: str, written: str, train: str) -> dict[str, float]:
    """The shares of words and of runs of three words that occur in the training part."""
    return {
        f"{kind} {name}": chars.share_known(written, train, length)
        for kind, length in (("words", 1), ("triples", 3))
    }


def _ngrams(codes: NDArray, train: str, known: str, seed: int) -> dict[str, float]:
    """Bits per held-out character of each n-gram, and the words that it writes."""
    found, cut = {}, len(train)
    for name, order in NGRAMS.items():
        ngram = NGram(codes[:cut], order, len(known))
        found[name] = chars.bits(ngram.probabilities_of(codes, cut))
        drawn = sample_ngram(ngram, codes[:cut], WRITTEN, SAMPLES, seed=seed)
        written = " ".join(chars.decode(row, known) for row in drawn)
        found |= _shares(name, written, train)
    smoothed = KneserNey(codes[:cut], NGRAMS["5-gram"], len(known))
    return found | {"5-gram, Kneser-Ney": chars.bits(smoothed.probabilities_of(codes, cut))}


def _network(characters: int, seed: int, dropout: float) -> "keras.Model":
    """Build the GRU, which takes codes and returns logits."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(characters, EMBEDDING),
            layers.GRU(UNITS, return_sequences=True),
            layers.Dropout(dropout),
            layers.Dense(characters),
        ]
    )


def _train(model: "keras.Model", codes: NDArray, cut: int, epochs: int) -> list[float]:
    """Train on the codes before the cut; returns the bits on the others after each epoch."""
    import keras

    inputs, targets = chars.chunks(codes[:cut], LENGTH)
    steps = epochs * int(np.ceil(len(inputs) / BATCH))
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss)
    bits = []

    def note(epoch: int, _: dict) -> None:
        bits.append(chars.bits(chars.network_probabilities(model, codes, cut)))

    after = keras.callbacks.LambdaCallback(on_epoch_end=note)
    model.fit(inputs, targets, BATCH, epochs, verbose=0, callbacks=[after])
    return bits


def _written(model: "keras.Model", train: str, known: str, seed: int) -> dict[str, Any]:
    """What the GRU writes at each temperature: its words, and the beginning of a sample."""
    from course_utils.text.sampling import sample

    found: dict[str, Any] = {}
    begun, settings = train[-100:], {"samples": SAMPLES, "seed": seed}
    for temperature in TEMPERATURES:
        samples = sample(model, known, begun, WRITTEN, temperature=temperature, **settings)
        found |= _shares(f"at {temperature}", " ".join(samples), train)
        # No line breaks and no number signs: they would end a line, or a comment, of the table.
        shown = samples[0][:240].replace("\n", " / ").replace("#", "")
        found[f"sample at {temperature}"] = shown
    return found


CHARACTERS = Study(
    "characters",
    "Both texts, two seeds, the longest first.",
    lambda: [Characters(text, seed) for text, seed in product(EPOCHS_AND_DROPOUT, range(2))],
)
