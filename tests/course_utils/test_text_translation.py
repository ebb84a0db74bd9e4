"""The translator: teacher forcing, masked padding, and search that finds what it should."""

from functools import cache
from itertools import product

from course_utils.text import EOS, PAD, SOS
from course_utils.text.translation import (
    attention_weights,
    beam_search,
    encoder_decoder,
    fit_pairs,
    greedy,
    masked_accuracy,
    masked_loss,
    shift_right,
)

import keras
import numpy as np
import pytest

LENGTH, WORDS = 4, 7  # three ordinary words and <unk>
rng = np.random.default_rng(0)


def sentences(count, length=6, words=9):
    """Random rows of words, <eos>, padding."""
    rows = np.full((count, length), PAD, dtype="int32")
    for row in rows:
        end = rng.integers(1, length)
        row[:end] = rng.integers(EOS + 1, words, end)
        row[end] = EOS
    return rows


def translator(attention=False, seed=0, spread=4.0):
    """A small untrained network whose choices are far from even."""
    keras.utils.set_random_seed(seed)
    model = encoder_decoder(9, WORDS, embedding=5, units=6, refinement=4, attention=attention)
    for weight in model.trainable_variables:
        weight.assign(weight * spread)
    return model


def describer():
    """A small untrained network that reads pictures of 4 by 4 pixels."""
    keras.utils.set_random_seed(0)
    picture, so_far = keras.Input((4, 4, 3)), keras.Input((None,), dtype="int32")
    read = [keras.layers.Flatten(), keras.layers.Dense(6)]
    encoder = keras.Sequential([keras.Input((4, 4, 3)), *read], name="encoder")
    written = keras.layers.Embedding(WORDS, 5, name="target_embedding")(so_far)
    decoder = keras.layers.GRU(6, return_sequences=True, name="decoder")
    states = decoder(written, initial_state=encoder(picture))
    model = keras.Model([picture, so_far], keras.layers.Dense(WORDS, name="output")(states))
    for weight in model.trainable_variables:
        weight.assign(weight * 4)
    return model


MODELS = {name: translator(name) for name in (False, True)}
SOURCES = sentences(5)
WRITERS = MODELS | {"pictures": describer()}
READ = dict.fromkeys(MODELS, SOURCES) | {"pictures": rng.random((5, 4, 4, 3), "float32")}


@cache
def written(name):
    """What greedy search writes, compiled once for all tests."""
    return greedy(WRITERS[name], READ[name], LENGTH)


def log_probabilities(model, sources, targets):
    """Of whole translations, from the training model; written out in NumPy."""
    sources = np.broadcast_to(sources, (len(targets), *sources.shape[1:]))
    logits = np.array(model([sources, shift_right(targets)]), dtype="float64")
    logits[..., [PAD, SOS]] = -np.inf
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(logs, targets[..., None], -1)[..., 0]
    return np.where(targets == PAD, 0, chosen).sum(axis=-1)


def every_translation():
    """All rows that a search may write: words up to <eos>, or words in all places."""
    ordinary = range(EOS + 1, WORDS)
    for count in range(LENGTH):
        for row in product(ordinary, repeat=count):
            yield np.array([*row, EOS, *[PAD] * (LENGTH - count - 1)], "int32")
    for row in product(ordinary, repeat=LENGTH):
        yield np.array(row, "int32")


CHOICES = np.array(list(every_translation()))


# ------------------------------------------------------------------------------------ the search


def check_is_most_probable(model, read, rows):
    """Each word is the one that the training model finds most probable after those before it."""
    logits = np.array(model([read, shift_right(rows)]))
    logits[..., [PAD, SOS]] = -np.inf
    counted = rows != PAD
    np.testing.assert_array_equal(logits.argmax(-1)[counted], rows[counted])


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_greedy_search_writes_what_the_training_model_finds_most_probable(name):
    check_is_most_probable(WRITERS[name], READ[name], written(name))


@pytest.mark.slow
def test_nothing_but_padding_follows_the_end():
    rows = greedy(MODELS[True], sentences(200), LENGTH)
    ended = np.cumsum(rows == EOS, axis=1)[:, :-1] > 0
    assert ended.any()
    assert (rows[:, 1:][ended] == PAD).all()
    assert SOS not in rows


@pytest.mark.slow
def test_many_sentences_are_searched_as_if_each_were_alone():
    """99 is more than a chunk, and not a multiple of it."""
    many = sentences(99)
    together = greedy(MODELS[True], many, LENGTH)
    alone = np.concatenate([greedy(MODELS[True], many[[n]], LENGTH) for n in (0, 63, 64, 98)])
    np.testing.assert_array_equal(together[[0, 63, 64, 98]], alone)


@pytest.mark.slow
def test_padding_of_the_source_changes_no_translation():
    """The training model says so, since a search in longer sources would be compiled anew."""
    longer = np.pad(SOURCES, [(0, 0), (0, 5)])
    check_is_most_probable(MODELS[True], longer, written(True))


@pytest.mark.slow
def test_a_beam_of_one_is_greedy_search():
    rows, _ = beam_search(MODELS[True], SOURCES, width=1, length=LENGTH)
    np.testing.assert_array_equal(rows[:, 0], written(True))


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_a_beam_as_wide_as_the_space_ranks_all_translations_as_exhaustive_search_does(name):
    """A beam that is wider marks the rest as no translations."""
    model, count = WRITERS[name], len(CHOICES)
    rows, scores = beam_search(model, READ[name][:2], width=count + 2, length=LENGTH)
    for source, found, score in zip(READ[name], rows, scores, strict=False):
        logs = log_probabilities(model, source[np.newaxis], CHOICES)
        order = np.argsort(-logs)
        np.testing.assert_array_equal(found[0], CHOICES[order[0]])
        np.testing.assert_allclose(score[:count], logs[order], atol=1e-3)
        assert {*map(tuple, found[:count])} == {*map(tuple, CHOICES)}
        assert score[count:].max() < -1e8


@pytest.mark.slow
def test_a_wider_beam_can_find_what_greedy_search_misses_and_both_use_the_current_weights():
    """Never a less probable translation, and with one of these weights a better one."""
    model = MODELS[False]  # its loops are compiled; the last seed is its own
    for seed, better in ((3, False), (4, True), (0, True)):
        model.set_weights(translator(seed=seed).get_weights())
        rows = greedy(model, SOURCES, LENGTH)
        check_is_most_probable(model, SOURCES, rows)
        best = beam_search(model, SOURCES, width=len(CHOICES) + 2, length=LENGTH)[0][:, 0]
        gains = log_probabilities(model, SOURCES, best) - log_probabilities(model, SOURCES, rows)
        assert gains.min() > -1e-4
        assert (gains.max() > 0.01) == better


@pytest.mark.slow
def test_networks_of_any_precision_are_searched(precision):
    model = translator(attention=True)
    rows, scores = beam_search(model, SOURCES[:1], width=3, length=LENGTH)
    logs = log_probabilities(model, SOURCES[:1], rows[0])
    np.testing.assert_allclose(scores[0], logs, atol=1e-6 if precision == "float64" else 0.3)
    weights = attention_weights(model, SOURCES[:1], rows[:, 0])
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=0.02)


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (lambda model: greedy(model, SOURCES[0]), r"Sources have shape \(sentences, length\)"),
        (lambda model: greedy(model, SOURCES[:0]), "Sources have shape"),
        (lambda model: greedy(model, SOURCES, 0), "0 places is too few"),
        (lambda model: beam_search(model, SOURCES, width=0), "0 beams is too few"),
        (lambda model: greedy(model, SOURCES + 50), "places for 0 to .* the vocabulary that it"),
        (lambda model: beam_search(model, SOURCES - 50), "places for 0 to .* the vocabulary that"),
    ],
)
def test_a_search_without_sentences_places_or_beams_is_refused(search, message):
    with pytest.raises(ValueError, match=message):
        search(MODELS[False])


def test_pictures_of_another_size_are_refused():
    for search in (greedy, lambda model, read: fit_pairs(model, read, SOURCES, epochs=1)):
        with pytest.raises(
            ValueError, match=r"pictures of shape \(pictures, 4, 4, 3\), not \(5, 4"
        ):
            search(WRITERS["pictures"], READ["pictures"][:, :, :3])


def test_a_model_without_the_translator_s_layers_is_refused_and_told_their_names():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="output")])
    with pytest.raises(ValueError, match="no layer named decoder, encoder, refinement"):
        greedy(model, SOURCES, LENGTH)


# ---------------------------------------------------------------------------------- the training


def test_the_decoder_sees_the_target_one_place_late():
    targets = np.array([[5, 6, EOS, PAD]])
    np.testing.assert_array_equal(shift_right(targets), [[SOS, 5, 6, EOS]])


def test_padding_counts_neither_in_the_loss_nor_in_the_accuracy():
    targets = np.array([[5, 6, EOS, PAD, PAD], [4, EOS, PAD, PAD, PAD]])
    logits = rng.normal(size=(2, 5, WORDS)).astype("float32")
    other = np.where(targets[..., None] == PAD, rng.normal(size=logits.shape), logits)
    for measure in (masked_loss, masked_accuracy):
        assert float(measure(targets, logits)) == pytest.approx(float(measure(targets, other)))
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    counted = targets != PAD
    by_hand = -np.take_along_axis(logs, targets[..., None], -1)[..., 0][counted].mean()
    assert float(masked_loss(targets, logits)) == pytest.approx(by_hand, abs=1e-5)
    right = (logits.argmax(-1) == targets)[counted].mean()
    assert float(masked_accuracy(targets, logits)) == pytest.approx(right)


@pytest.mark.slow
@pytest.mark.parametrize("attention", [pytest.param(False, marks=pytest.mark.nightly), True])
def test_a_network_learns_to_turn_a_few_sentences_round(attention):
    sources = sentences(64, words=7)
    targets = np.full_like(sources, PAD)
    for row, source in zip(targets, sources, strict=True):
        end = list(source).index(EOS)
        row[:end], row[end] = source[:end][::-1], EOS
    keras.utils.set_random_seed(0)
    model = encoder_decoder(9, WORDS, embedding=16, units=32, refinement=16, attention=attention)
    model.compile(keras.optimizers.Adam(0.02), masked_loss, metrics=[masked_accuracy])
    history = fit_pairs(model, sources, targets, epochs=15, batch_size=16, quiet=True).history
    assert history["masked_accuracy"][-1] > 0.9


def test_unequal_counts_of_sources_and_targets_are_refused():
    model = MODELS[False]
    with pytest.raises(ValueError, match="5 sources but 4 targets"):
        fit_pairs(model, SOURCES, SOURCES[:4], epochs=1)
    with pytest.raises(ValueError, match="No sentence pairs"):
        fit_pairs(model, SOURCES[:0], SOURCES[:0], epochs=1)


def test_the_classic_sizes_have_as_many_parameters_as_a_count_by_hand_gives():
    model = encoder_decoder(100, 200)
    by_hand = {
        "source_embedding": 100 * 128,
        "encoder": 4 * 256 * (128 + 256 + 1),
        "target_embedding": 200 * 128,
        "decoder": 4 * 256 * (128 + 256 + 1),
        "refinement": 128 * (256 + 128 + 1),
        "output": 200 * (128 + 1),
    }
    assert {name: model.get_layer(name).count_params() for name in by_hand} == by_hand
    assert model.count_params() == sum(by_hand.values())


# --------------------------------------------------------------------------------- the attention


@pytest.mark.slow
def test_attention_weights_sum_to_one_and_give_padding_nothing():
    weights = attention_weights(MODELS[True], SOURCES, written(True))
    assert weights.shape == (len(SOURCES), LENGTH, SOURCES.shape[1])
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    assert weights.transpose(0, 2, 1)[SOURCES == PAD].max() < 1e-6


def test_weights_of_a_network_without_attention_are_refused():
    with pytest.raises(ValueError, match="no layer named attention"):
        attention_weights(MODELS[False], SOURCES, SOURCES)
