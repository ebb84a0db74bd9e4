"""A network that reads a review and says whether it speaks for or against what it is about."""

from collections.abc import Sequence

from course_utils.checks import check_model, check_words
from course_utils.text.translation import wide
from course_utils.text.vocabulary import PAD, UNK, encode, unknown_words
from course_utils.training import fit

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import ArrayLike, NDArray

BATCH = 60
"""reviews per gradient step; XLA compiles a rest of another size once more"""


def reader(words: int, units: int = 32, *, mask: bool = True) -> keras.Sequential:
    """Build a GRU that reads words and gives one probability at the end.

    Args:
        words: size of the vocabulary.
        units: of the GRU, and numbers per word.
        mask: pass over padding, so that the state stays as it is there.

    Returns:
        a model, not compiled, from numbers of words, shape (batch, length), to the probability
        that the label is 1, shape (batch, 1).
    """
    embedding = layers.Embedding(words, units, wide(), mask_zero=mask)
    return keras.Sequential([embedding, layers.GRU(units), layers.Dense(1, "sigmoid")])


def fit_labelled(
    model: keras.Model,
    rows: NDArray,
    labels: ArrayLike,
    *,
    epochs: int,
    rate: float = 0.01,
    quiet: bool = False,
) -> keras.callbacks.History:
    """Train to tell labels; the learning rate falls to 0 along half a cosine.

    Args:
        model: from numbers, shape (batch, length), to a probability, shape (batch, 1); it is
            compiled here.
        rows: numbers of words, shape (reviews, length).
        labels: 1 or 0 for each review.
        epochs: passes over the reviews.
        rate: the learning rate at the start.
        quiet: show no bar.

    Returns:
        Keras' history, with loss and accuracy of every epoch.

    Raises:
        ValueError: a row is padding alone, the network has no place for a word, a label is not 0 or
            1, or they differ in number.
    """
    check_model(model, "words")
    rows, labels = np.asarray(rows), np.asarray(labels)
    empty, strange = (rows == PAD).all(axis=1), ~np.isin(labels, (0, 1))
    if empty.any():
        raise ValueError(
            f"Row {empty.argmax()} is padding alone, so its mask leaves nothing to read: take it "
            "out."
        )
    check_words(rows, model.layers)
    if strange.any():
        raise ValueError(
            f"Label {strange.argmax()} is {labels[strange][0]!s}, not 0 or 1: correct it, or take "
            "the review out."
        )
    steps = epochs * -(-len(rows) // BATCH)
    falling = keras.optimizers.schedules.CosineDecay(rate, steps)
    adam = keras.optimizers.Adam(falling, global_clipnorm=1.0)
    xla = not tf.config.list_physical_devices("GPU")  # it cannot compile cuDNN's layers
    model.compile(adam, "binary_crossentropy", metrics=["accuracy"], jit_compile=xla)
    return fit(model, rows, labels, epochs=epochs, batch_size=BATCH, quiet=quiet)


def opinions(
    model: keras.Model, sentences: Sequence[str], vocabulary: Sequence[str], length: int
) -> NDArray[np.float32]:
    """Say how probable it is that each sentence speaks for what it is about.

    Args:
        model: trained on rows of this vocabulary.
        sentences: in natural spelling.
        vocabulary: the words; a word's place is its number.
        length: places of a row, `<eos>` included.

    Returns:
        probabilities, shape (sentences,).

    Raises:
        ValueError: a sentence, named by its position, is empty, too long, or holds only unknown
            words; or the network has no place for a word.
    """
    check_model(model, "words")
    rows = encode(sentences, vocabulary, length)
    known = (rows > UNK).any(axis=1)
    if not known.all():
        place = int(known.argmin())
        strange = ", ".join(unknown_words(sentences[place], vocabulary)[:3])
        raise ValueError(
            f"Sentence {place} has no word that the network knows ({strange}): use words of its "
            "vocabulary."
        )
    check_words(rows, model.layers)
    return keras.ops.convert_to_numpy(model(rows, training=False))[:, 0]
