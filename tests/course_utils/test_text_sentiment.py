"""The reader of reviews: padding that it passes over changes nothing, whatever else changes."""

from course_utils.text import EOS, PAD, UNK
from course_utils.text.sentiment import fit_labelled, opinions, reader

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

KNOWN = ["<pad>", "<sos>", "<eos>", "<unk>", "good", "bad", "not", "film"]
keras.utils.set_random_seed(0)
MODEL = reader(len(KNOWN), units=4)


@pytest.mark.slow
@settings(max_examples=15)
@given(
    sentence=st.lists(st.integers(EOS, len(KNOWN) - 1), min_size=1, max_size=8),
    before=st.integers(0, 4),
    after=st.integers(0, 4),
)
def test_padded_steps_change_nothing_wherever_they_are(sentence, before, after):
    padded = np.array([[PAD] * before + sentence + [PAD] * after])
    alone = MODEL(np.array([sentence])).numpy()
    np.testing.assert_allclose(MODEL(padded).numpy(), alone, atol=1e-6)


def test_without_a_mask_padding_is_read_like_words():
    unmasked = reader(len(KNOWN), units=4, mask=False)
    rows = np.array([[4, 5, PAD, PAD]])
    assert abs(unmasked(rows) - unmasked(rows[:, :2])).numpy().item() > 1e-3


@pytest.mark.slow
def test_a_reader_learns_which_of_two_words_came_last():
    rng = np.random.default_rng(0)
    rows = np.full((240, 4), PAD)  # whole batches: a rest would be compiled once more
    for row in rows:
        row[: rng.integers(1, 4)] = 4
        row[: rng.integers(1, 4)] = 5
    rows = np.where(rng.random((240, 4)) < 0.5, rows, np.where(rows == PAD, PAD, 9 - rows))
    ends = (rows != PAD).sum(axis=1) - 1
    labels = (rows[range(len(rows)), ends] == 4).astype(int)
    keras.utils.set_random_seed(0)
    model = reader(len(KNOWN), units=8)
    history = fit_labelled(model, rows, labels, epochs=8, rate=0.1, quiet=True).history
    assert history["accuracy"][-1] > 0.95


@pytest.mark.parametrize(
    ("rows", "labels", "message"),
    [
        ([[4, PAD], [PAD, PAD]], [1, 0], "Row 1 is padding alone, so its mask leaves nothing"),
        ([[4, PAD], [5, PAD]], [1, 2], "Label 1 is 2, not 0 or 1"),
        ([[4, PAD], [5, PAD]], ["good", "bad"], "Label 0 is good, not 0 or 1"),
        ([[4, PAD], [5, PAD]], [1.0, np.nan], "Label 1 is nan, not 0 or 1"),
        ([[4, PAD], [5, PAD]], [1], "2 windows but 1 targets"),
        ([[4, PAD], [8, PAD]], [1, 0], "numbered from 0 to 8, but .* places for 0 to 7: encode"),
        ([[4, PAD], [-1, PAD]], [1, 0], "numbered from -1 to 4"),
    ],
)
def test_rows_and_labels_that_cannot_be_learned_from_are_refused(rows, labels, message):
    with pytest.raises(ValueError, match=message):
        fit_labelled(MODEL, rows, labels, epochs=1)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (["good film", ""], "Sentence 1 is empty"),
        (["a zebra"], r"Sentence 0 has no word that the network knows \(a, zebra\)"),
        (["good " * 9], "Sentence 0 has 9 words"),
    ],
)
def test_sentences_without_an_answer_are_refused(sentences, message):
    with pytest.raises(ValueError, match=message):
        opinions(MODEL, sentences, KNOWN, length=6)


def test_a_vocabulary_larger_than_the_network_s_is_refused():
    with pytest.raises(ValueError, match="numbered from 0 to 8, but the network has places for 0"):
        opinions(MODEL, ["good zebra"], [*KNOWN, "zebra"], length=4)


def test_an_opinion_is_the_probability_of_label_one():
    rows = np.array([[4, 7, EOS, PAD], [4, UNK, EOS, PAD]])
    expected = MODEL(rows)[:, 0]
    found = opinions(MODEL, ["good film", "good zebra"], KNOWN, length=4)
    np.testing.assert_allclose(found, expected, atol=1e-6)
