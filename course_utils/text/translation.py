"""Encoder and decoder, trained with the answer in view; then search without it, in compiled loops.

The layers of a translator are found by their names, so a model of your own works with the search
as long as it uses the same names as `encoder_decoder`. One that reads pictures needs an `encoder`
that gives the decoder's first state, a `target_embedding`, a `decoder` and an `output`.
"""

from collections.abc import Callable, Sequence

from course_utils import warm
from course_utils.checks import check_model, check_words
from course_utils.stepping import check_counts, compiled, number_type
from course_utils.text.vocabulary import EOS, PAD, SOS, check_pairs
from course_utils.training import progress_bar

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from numpy.typing import NDArray

LAYERS = ("encoder", "target_embedding", "decoder", "output")
FOR_SENTENCES = ("source_embedding", "refinement")  # in addition to those
CHUNK = 64  # sentences that are searched as one batch, always as many, so that a loop fits all
NEVER = -1e9  # a log-probability that no search follows


def encoder_decoder(
    source_words: int,
    target_words: int,
    *,
    embedding: int = 128,
    units: int = 256,
    refinement: int = 128,
    attention: bool = False,
) -> keras.Model:
    """Build an LSTM that reads a sentence, and one that starts from its state and translates.

    Args:
        source_words: size of the source vocabulary.
        target_words: size of the target vocabulary.
        embedding: numbers per word.
        units: of both LSTMs.
        refinement: units of the SimpleRNN between the decoder and the output.
        attention: let the decoder look at every state of the encoder, not only at the last one.

    Returns:
        a model from source numbers, shape (batch, length), and the target's words so far, shape
        (batch, length), to logits, shape (batch, length, target_words).
    """
    source = keras.Input((None,), dtype="int32", name="source")
    so_far = keras.Input((None,), dtype="int32", name="so_far")
    embed = layers.Embedding(
        source_words, embedding, wide(), mask_zero=True, name="source_embedding"
    )
    encoder = layers.LSTM(units, return_sequences=True, return_state=True, name="encoder")
    memory, *state = encoder(embed(source))
    written = layers.Embedding(target_words, embedding, wide(), name="target_embedding")(so_far)
    decoder = layers.LSTM(units, return_sequences=True, name="decoder")
    states = decoder(written, initial_state=state)
    if attention:
        context = layers.Attention(name="attention")([states, memory])
        states = layers.Concatenate(name="joined")([states, context])
    refined = layers.SimpleRNN(refinement, return_sequences=True, name="refinement")(states)
    logits = layers.Dense(target_words, name="output")(refined)
    return keras.Model([source, so_far], logits)


def wide() -> keras.initializers.Initializer:
    """Draw a word's first numbers far apart: Keras' default makes words look alike for epochs."""
    return keras.initializers.RandomNormal(stddev=0.5)


def shift_right(targets: NDArray) -> NDArray:
    """The decoder's inputs in training: `<sos>`, then the target without its last column."""
    return np.concatenate([np.full_like(targets[:, :1], SOS), targets[:, :-1]], axis=1)


def masked_loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy per word, in nats, averaged over all places that are not padding."""
    logits = ops.cast(logits, keras.backend.result_type(logits.dtype, "float32"))
    losses = ops.sparse_categorical_crossentropy(targets, logits, from_logits=True)
    return _mean_over_words(losses, targets)


def masked_accuracy(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Share of words predicted correctly, over all places that are not padding."""
    right = ops.equal(ops.cast(ops.argmax(logits, axis=-1), "int32"), ops.cast(targets, "int32"))
    return _mean_over_words(ops.cast(right, "float32"), targets)


def _mean_over_words(values: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    counted = ops.cast(ops.not_equal(targets, PAD), values.dtype)
    return ops.sum(values * counted) / ops.maximum(ops.sum(counted), 1)


# So that a compiled network tells whose they are; not as decorators, as in `fused`.
keras.saving.register_keras_serializable("course_utils")(masked_loss)
keras.saving.register_keras_serializable("course_utils")(masked_accuracy)


def fit_pairs(
    model: keras.Model,
    sources: NDArray,
    targets: NDArray,
    *,
    epochs: int,
    batch_size: int = 128,
    validation: tuple[NDArray, NDArray] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    quiet: bool = False,
) -> keras.callbacks.History:
    """Train with teacher forcing: at each place the decoder reads the true words before it.

    Args:
        model: compiled, from sources and words so far to logits.
        sources: numbers, shape (pairs, length), or pictures, shape (pairs, height, width, colours).
        targets: numbers, shape (pairs, length).
        epochs: passes over the pairs.
        batch_size: pairs per gradient step.
        validation: sources and targets that are never trained on.
        callbacks: Keras' own.
        quiet: show no bar.

    Returns:
        Keras' history, with the losses of every epoch.

    Raises:
        ValueError: sources and targets differ in number, or there are none, or a picture has
            another size than the model's.
    """
    if not _reads_pictures(model, sources):
        check_model(model, "sources", "words so far")
    check_pairs(sources, targets)
    if validation is not None:
        check_pairs(*validation)
        validation = ([validation[0], shift_right(validation[1])], validation[1])
    return warm.fit(
        model,
        [sources, shift_right(targets)],
        targets,
        epochs=epochs,
        batch_size=batch_size,
        validation=validation,
        callbacks=callbacks,
        bar=progress_bar,
        label="training",
        quiet=quiet,
    )


# ------------------------------------------------------------------------------------ the search


def greedy(model: keras.Model, sources: NDArray, length: int = 20) -> NDArray[np.int32]:
    """Translate by taking the most probable word at each place.

    Args:
        model: as `encoder_decoder` builds it.
        sources: numbers, shape (sentences, source length), or pictures.
        length: places of a translation, `<eos>` included.

    Returns:
        numbers, shape (sentences, length): words, `<eos>`, `<pad>`.

    Raises:
        ValueError: there is no sentence or no place, or a layer is missing.
    """
    (rows,) = _search(_greedy, model, sources, length=length)
    return rows


def beam_search(
    model: keras.Model, sources: NDArray, width: int = 4, length: int = 20
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Translate by keeping, at each place, the beginnings that are most probable as a whole.

    Args:
        model: as `encoder_decoder` builds it.
        sources: numbers, shape (sentences, source length), or pictures.
        width: how many beginnings are kept; 1 is greedy search.
        length: places of a translation, `<eos>` included.

    Returns:
        translations, shape (sentences, width, length), the most probable first, and the
        logarithms of their probabilities, shape (sentences, width); where there are fewer
        translations than the width, the rest have a score below -1e8.

    Raises:
        ValueError: there is no sentence, place or beam, or a layer is missing.
    """
    check_counts(beams=width)
    return tuple(_search(_beam, model, sources, length=length, width=width))


def _search(
    loop: Callable, model: keras.Model, sources: NDArray, length: int, **settings: int
) -> list[NDArray]:
    """Search chunk by chunk, all of one shape, so that the loop is compiled once."""
    pictures = _reads_pictures(model, sources)
    needed = LAYERS if pictures else LAYERS + FOR_SENTENCES
    missing = {*needed} - {layer.name for layer in model.layers}
    if missing:
        raise ValueError(f"The model has no layer named {', '.join(sorted(missing))}.")
    sources = np.asarray(sources, dtype="float32" if pictures else "int32")
    if not pictures and (sources.ndim != 2 or not len(sources)):
        raise ValueError(f"Sources have shape (sentences, length), not {sources.shape}.")
    if not pictures:
        check_words(sources, [model.get_layer("source_embedding")])
    check_counts(places=length)
    run, found = compiled(loop, model, length=length, **settings), []
    for start in range(0, len(sources), CHUNK):
        chunk = sources[start : start + CHUNK]
        widths = [(0, CHUNK - len(chunk)), *[(0, 0)] * (chunk.ndim - 1)]
        outputs = run(tf.constant(np.pad(chunk, widths, mode="edge")))
        found.append([output.numpy()[: len(chunk)] for output in outputs])
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def _attends(model: keras.Model) -> bool:
    return any(layer.name == "attention" for layer in model.layers)


def _reads_pictures(model: keras.Model, sources: NDArray) -> bool:
    """Whether a model reads pictures; refuses those of another size."""
    check_model(model)
    inputs, given = getattr(model, "inputs", None) or [], np.shape(sources)
    if not inputs or len(inputs[0].shape) != 4:
        return False
    wanted = tuple(inputs[0].shape)[1:]
    if given[1:] != wanted or not given[0]:
        sizes = ", ".join(map(str, wanted))
        raise ValueError(f"The model reads pictures of shape (pictures, {sizes}), not {given}.")
    return True


def _read(model: keras.Model, sources: tf.Tensor) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """Run the encoder.

    Returns:
        its states and where they are not padding, or nothing for a picture; and the first state of
        the decoder and of the refinement.
    """
    if len(sources.shape) == 4:
        return [], [model.get_layer("encoder")(sources, training=False)]
    known = ops.not_equal(sources, PAD)
    read = model.get_layer("source_embedding")(sources)
    memory, hidden, cell = model.get_layer("encoder")(read, mask=known, training=False)
    (refined,) = model.get_layer("refinement").get_initial_state(sources.shape[0])
    return [memory, known], [hidden, cell, refined]


def _advance(
    model: keras.Model, memory: list[tf.Tensor], word: tf.Tensor, state: list[tf.Tensor]
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Write one word; returns log-probabilities, shape (rows, words), and the new state."""
    written = model.get_layer("target_embedding")(word)
    decoder = model.get_layer("decoder").cell
    own = len(state) - bool(memory)  # the last state is that of the refinement
    output, after = decoder(written, state[:own], training=False)
    if _attends(model):
        states, known = memory
        attention = model.get_layer("attention")
        context = attention([output[:, tf.newaxis], states], mask=[None, known])[:, 0]
        output = ops.concatenate([output, context], axis=-1)
    if memory:
        refinement = model.get_layer("refinement").cell
        output, (refined,) = refinement(output, state[own:], training=False)
        after = [*after, refined]
    logits = ops.cast(model.get_layer("output")(output), number_type(model))
    allowed = np.zeros(logits.shape[-1], dtype=number_type(model))
    allowed[[PAD, SOS]] = NEVER  # no translation contains them
    return ops.log_softmax(logits + allowed, axis=-1), after


def _greedy(model: keras.Model, sources: tf.Tensor, length: int) -> tuple[tf.Tensor]:
    """One row per sentence; a row that has written `<eos>` continues with `<pad>`."""
    memory, state = _read(model, sources)
    rows = sources.shape[0]

    def step(t: tf.Tensor, loop: tuple) -> tuple:
        word, ended, state, written = loop
        scores, state = _advance(model, memory, word, state)
        word = ops.where(ended, PAD, ops.cast(ops.argmax(scores, axis=-1), "int32"))
        written = ops.slice_update(written, (0, t), word[:, tf.newaxis])
        return word, ops.logical_or(ended, ops.equal(word, EOS)), state, written

    word, ended = ops.full((rows,), SOS, "int32"), ops.zeros((rows,), "bool")
    start = (word, ended, state, ops.full((rows, length), PAD, "int32"))
    return (ops.fori_loop(0, length, step, start)[3],)


def _beam(
    model: keras.Model, sources: tf.Tensor, length: int, width: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """`width` rows per sentence; each step ranks all continuations of all its rows together."""
    rows = sources.shape[0]
    memory, state = (
        [ops.repeat(part, width, axis=0) for part in parts] for parts in _read(model, sources)
    )
    words = model.get_layer("output").units
    # A translation that has ended has one continuation: padding, at no cost.
    dtype = number_type(model)
    after_end = np.full(words, NEVER, dtype=dtype)
    after_end[PAD] = 0

    def step(t: tf.Tensor, loop: tuple) -> tuple:
        word, ended, scores, state, written = loop
        more, state = _advance(model, memory, word, state)
        more = ops.where(ended[:, tf.newaxis], after_end, more)
        total = ops.reshape(scores[:, tf.newaxis] + more, (rows, width * words))
        scores, best = ops.top_k(total, width)
        origin = best // words + width * ops.arange(rows, dtype="int32")[:, tf.newaxis]
        origin, word = ops.reshape(origin, -1), ops.reshape(best % words, -1)
        ended, written, *state = (ops.take(p, origin, axis=0) for p in (ended, written, *state))
        ended = ops.logical_or(ended, ops.equal(word, EOS))
        written = ops.slice_update(written, (0, t), word[:, tf.newaxis])
        return word, ended, ops.reshape(scores, -1), state, written

    first = np.full((rows, width), NEVER, dtype=dtype)
    first[:, 0] = 0  # at the start all rows are the same, so only one counts
    start = (
        ops.full((rows * width,), SOS, "int32"),
        ops.zeros((rows * width,), "bool"),
        ops.convert_to_tensor(first.ravel()),
        state,
        ops.full((rows * width, length), PAD, "int32"),
    )
    _, _, scores, _, written = ops.fori_loop(0, length, step, start)
    return ops.reshape(written, (rows, width, length)), ops.reshape(scores, (rows, width))


def attention_weights(model: keras.Model, sources: NDArray, targets: NDArray) -> NDArray:
    """Say how much of each source word goes into each target word.

    Args:
        model: as `encoder_decoder` builds it, with attention.
        sources: numbers, shape (pairs, source length).
        targets: numbers of translations, shape (pairs, target length).

    Returns:
        weights, shape (pairs, target length, source length); each row sums to 1.

    Raises:
        ValueError: the model has no attention, or sources and targets differ in number.
    """
    check_model(model, "sources", "words so far")
    check_pairs(sources, targets)
    if not _attends(model):
        raise ValueError("The model has no layer named attention, so it has no weights to show.")
    (memory, known), state = _read(model, tf.constant(sources, "int32"))
    written = model.get_layer("target_embedding")(shift_right(np.asarray(targets)))
    states = model.get_layer("decoder")(written, initial_state=state[:2])
    layer = model.get_layer("attention")
    _, weights = layer([states, memory], mask=[None, known], return_attention_scores=True)
    return ops.cast(weights, number_type(model)).numpy()
