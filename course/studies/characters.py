"""The study `characters`: a larger character model, epoch by epoch, beside what counting can do."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

TEXTS = {
    "Shakespeare": {"epochs": 3, "dropout": 0.0, "batch_size": 32},
    "default": {"epochs": 8, "dropout": 0.1, "batch_size": 32},
}
UNITS, EMBEDDING, LENGTH, RATE = 192, 32, 60, 0.006
SAMPLES, WRITTEN, TEMPERATURES = 10, 1000, (0.3, 0.6, 1.0)


@dataclass(frozen=True)
class Characters:
    """A GRU trained on the first nine tenths of a text and measured on the last."""

    text: str
    """a key of `TEXTS`"""
    seed: int

    @property
    def label(self) -> str:
        """What the file of its result is called."""
        return f"characters-{self.text}"

    @property
    def details(self) -> dict[str, Any]:
        """What else its result depends on: settings, and the code that counts and writes."""
        from course_utils.files import ROOT

        folder = ROOT / "course_utils" / "text"
        files = ("characters.py", "ngrams.py", "sampling.py", "../stepping.py")
        code = {name: (folder / name).read_text(encoding="utf-8") for name in files}
        return {**TEXTS[self.text], "size": [UNITS, EMBEDDING, LENGTH, RATE], **code}

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train, measure bits per character after each epoch, then write and look at the words."""
        return measure_text(load(self.text), self.seed, **TEXTS[self.text])


def load(name: str) -> str:
    """Load a text of the study: the real one or none."""
    from course_utils.data.registry import find_file
    from course_utils.data.texts import SHAKESPEARE, load_text
    from course_utils.files import DataError

    if name == "default":
        return load_text()
    path = find_file(SHAKESPEARE)
    if path is None:
        raise DataError(f"{SHAKESPEARE} is not here: get it with: course data get {SHAKESPEARE}")
    return path.read_text(encoding="utf-8")


def measure_text(
    text: str, seed: int, epochs: int, dropout: float, batch_size: int, units: int = UNITS
) -> dict[str, Any]:
    """Train on the first nine tenths of a text, and measure on the last.

    Args:
        text: the whole text.
        seed: for the first weights, the order of the pieces, and the writing.
        epochs: passes over the training part.
        dropout: share of the GRU's outputs set to zero in training.
        batch_size: pieces of text per gradient step.
        units: of the GRU.

    Returns:
        numbers of characters; bits per character of a unigram, a 5-gram and the GRU after each
        epoch; and of what each of them writes, the share of words, and of runs of three words,
        that occur in the training part.
    """
    from course_utils.text import characters as chars
    from course_utils.text.ngrams import NGram, sample_ngram
    from course_utils.text.sampling import sample

    import keras
    from keras import layers

    train, held_out = chars.split_text(text)
    known = chars.characters_of(train)
    codes = chars.encode(text, known, unknown=True)
    cut = len(train)
    found: dict[str, Any] = {"training characters": cut, "held-out characters": len(held_out)}

    def look(name: str, written: str) -> None:
        for length, kind in ((1, "words"), (3, "triples")):
            found[f"{kind} {name}"] = chars.share_known(written, train, length)

    look("held out", held_out)
    for order, name in ((1, "unigram"), (5, "5-gram")):
        ngram = NGram(codes[:cut], order, len(known))
        found[name] = chars.bits(ngram.probabilities_of(codes, cut))
        drawn = sample_ngram(ngram, codes[:cut], WRITTEN, SAMPLES, seed=seed)
        look(name, " ".join(chars.decode(row, known) for row in drawn))

    keras.utils.set_random_seed(seed)
    network = [
        layers.Embedding(len(known), EMBEDDING),
        layers.GRU(units, return_sequences=True),
        layers.Dropout(dropout),
        layers.Dense(len(known)),
    ]
    model = keras.Sequential([keras.Input((None,)), *network])
    inputs, targets = chars.chunks(codes[:cut], LENGTH)
    steps = epochs * int(np.ceil(len(inputs) / batch_size))
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss)

    def note(epoch: int, _: dict) -> None:
        probabilities = chars.network_probabilities(model, codes, cut)
        found[f"epoch {epoch + 1}"] = chars.bits(probabilities)

    after = keras.callbacks.LambdaCallback(on_epoch_end=note)
    model.fit(inputs, targets, batch_size, epochs, verbose=0, callbacks=[after])
    found["GRU"] = found[f"epoch {epochs}"]
    settings = {"samples": SAMPLES, "seed": seed}
    for temperature in TEMPERATURES:
        texts = sample(model, known, train[-100:], WRITTEN, temperature=temperature, **settings)
        look(f"at {temperature}", " ".join(texts))
        # No line breaks and no number signs: they would end a line, or a comment, of the table.
        found[f"sample at {temperature}"] = texts[0][:240].replace("\n", " / ").replace("#", "")
    return found


def plan() -> list[Characters]:
    """Both texts, two seeds, the longest first."""
    return [Characters(text, seed) for text, seed in product(TEXTS, range(2))]
