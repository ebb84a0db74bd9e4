"""Characters as codes, n-grams against hand-computed values, bits, and the compiled sampler."""

from course_utils.data.texts import load_text
from course_utils.text import characters as chars
from course_utils.text.ngrams import KneserNey, NGram, sample_ngram
from course_utils.text.sampling import sample

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

KNOWN = chars.characters_of("the cat sat on a mat.\n")
A, B, C = 0, 1, 2


def network(seed=0, layer="GRU", first=None):
    keras.utils.set_random_seed(seed)
    first = first or keras.layers.Embedding(len(KNOWN), 8, embeddings_initializer="normal")
    recurrent = getattr(keras.layers, layer)(12, return_sequences=True)
    dense = keras.layers.Dense(len(KNOWN), kernel_initializer=keras.initializers.RandomNormal(0, 2))
    return keras.Sequential(
        [keras.Input((None,), dtype="int32"), first, keras.layers.Dropout(0.3), recurrent, dense]
    )


@pytest.fixture(scope="module")
def shared():
    return network()


@pytest.fixture
def model(shared):
    """One network for several tests, so that its loop is compiled once for each shape."""
    weights = shared.get_weights()
    yield shared
    shared.set_weights(weights)


# ------------------------------------------------------------------------------------- codes


def test_a_code_is_a_characters_place_and_0_is_kept_for_the_unknown():
    assert chars.characters_of("banana") == chars.UNKNOWN + "abn"
    codes = chars.encode("nab", chars.UNKNOWN + "abn")
    assert codes.tolist() == [3, 1, 2]
    assert codes.dtype == np.int32


@given(st.text(min_size=1, max_size=20))
def test_what_is_encoded_is_decoded_to_itself(text):
    text = text.replace(chars.UNKNOWN, "?") + "ab"
    known = chars.characters_of(text)
    assert chars.decode(chars.encode(text, known), known) == text


@pytest.mark.parametrize("text", ["", "a", "aaaa"])
def test_a_text_with_nothing_to_guess_is_refused(text):
    with pytest.raises(ValueError, match="no next character"):
        chars.characters_of(text)


def test_an_unknown_character_is_named_or_gets_code_0():
    with pytest.raises(ValueError, match=r"2 unknown: 'x' 'é'. The training text holds"):
        chars.encode("xé", KNOWN)
    with pytest.raises(ValueError, match="1 unknown"):
        chars.encode(chars.UNKNOWN, KNOWN)
    assert chars.encode("xa", KNOWN, unknown=True).tolist() == [0, KNOWN.index("a")]


# ---------------------------------------------------------------------------- parts and pieces


@given(st.text(min_size=20), st.floats(0.1, 0.9))
def test_the_parts_put_together_are_the_text_and_the_last_is_held_out(text, share):
    train, held_out = chars.split_text(text, share)
    assert train + held_out == text
    assert len(held_out) == len(text) - round((1 - share) * len(text))


@pytest.mark.parametrize(("text", "share"), [("", 0.1), ("ab", 0.1), ("abc", 1.0), ("abc", 0.0)])
def test_a_part_without_a_character_is_refused(text, share):
    with pytest.raises(ValueError, match="cannot be split"):
        chars.split_text(text, share)


def test_each_target_is_the_character_after_its_input():
    inputs, targets = chars.chunks(np.arange(10), 3)
    assert inputs.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert targets.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert chars.chunks(np.arange(9), 3)[0].shape == (2, 3)  # the third piece has no last target


@pytest.mark.parametrize("length", [3, 4, 0, -1])
def test_pieces_that_a_text_of_three_characters_cannot_give_are_refused(length):
    with pytest.raises(ValueError, match=f"3 characters give no piece of {length}"):
        chars.chunks([1, 2, 3], length)


# -------------------------------------------------------------------------------------- bits


def test_bits_are_what_a_fair_choice_among_powers_of_two_costs():
    assert chars.bits([1 / 8] * 5) == 3
    assert chars.bits([0.5, 0.25]) == 1.5
    assert chars.bits([1.0]) == 0
    assert chars.bits(np.float32([[1 + 1e-7]])) == pytest.approx(0, abs=1e-6)
    with np.errstate(divide="ignore"):
        assert chars.bits([0.0, 1.0]) == np.inf


@pytest.mark.parametrize(
    ("values", "found"),
    [([50, 25], "50"), ([0.5, -0.5], "-0.5"), ([0.5, np.nan], "nan"), ([], "nothing")],
)
def test_bits_of_what_is_no_probability_are_refused(values, found):
    with pytest.raises(ValueError, match=f"each from 0 to 1, not {found}"):
        chars.bits(values)


def by_hand(model, codes, start):
    """One call per character, each with the context that its stretch gives it."""
    found = []
    for at in range(start, len(codes)):
        scored_from = start if at < chars.CONTEXT else max(start, chars.CONTEXT)
        stretch = scored_from + (at - scored_from) // chars.SCORED * chars.SCORED
        seen = codes[np.newaxis, max(0, stretch - chars.CONTEXT) : at]
        logits = np.asarray(model(seen))[0, -1].astype(float)
        found.append(np.exp(logits[codes[at]]) / np.exp(logits).sum())
    return np.array(found)


@pytest.mark.slow
@pytest.mark.parametrize(("start", "end"), [(1, 12), (8, 20), (30, 31)])
def test_a_networks_probabilities_are_those_of_one_character_at_a_time(
    start, end, model, monkeypatch
):
    monkeypatch.setattr(chars, "SCORED", 5)
    monkeypatch.setattr(chars, "CONTEXT", 6)
    codes = np.random.default_rng(0).integers(1, len(KNOWN), end)
    found = chars.network_probabilities(model, codes, start)
    assert found.shape == (end - start,)
    np.testing.assert_allclose(found, by_hand(model, codes, start), rtol=1e-4)


@pytest.mark.parametrize("start", [0, -1, 5, 6])
def test_a_start_that_scores_nothing_is_refused(start, model):
    with pytest.raises(ValueError, match="choose a start"):
        chars.network_probabilities(model, np.ones(5, dtype=int), start)


# ------------------------------------------------------------------------------------ n-grams


def test_a_unigram_mixes_its_counts_with_the_same_share_for_all():
    # a a b: 3 characters of 2 kinds, 4 codes. p(a) = (2 + 2/4) / (3 + 2).
    unigram = NGram([A, A, B], 1, 4)
    np.testing.assert_allclose(
        unigram.probabilities(np.zeros((1, 0)))[0], [2.5 / 5, 1.5 / 5, 0.5 / 5, 0.5 / 5]
    )


def test_a_bigram_agrees_with_a_calculation_by_hand():
    # a b a b a c: unigram counts 3, 2, 1 of 3 kinds, so p(a) = (3 + 3/3) / 9, p(b) = 3/9,
    # p(c) = 2/9. After a came b, b, c: p(b | a) = (2 + 2 p(b)) / 5, p(c | a) = (1 + 2 p(c)) / 5,
    # p(a | a) = 2 p(a) / 5. After c came nothing: the unigram.
    bigram = NGram([A, B, A, B, A, C], 2, 3)
    found = bigram.probabilities([[A], [B], [C]])
    after_a = [(0 + 2 * 4 / 9) / 5, (2 + 2 * 3 / 9) / 5, (1 + 2 * 2 / 9) / 5]
    after_b = [(2 + 4 / 9) / 3, (3 / 9) / 3, (2 / 9) / 3]
    np.testing.assert_allclose(found, [after_a, after_b, [4 / 9, 3 / 9, 2 / 9]])


def test_a_trigram_falls_back_where_its_context_was_never_seen():
    codes = [A, B, A, B, A, C]
    trigram, bigram = NGram(codes, 3, 3), NGram(codes, 2, 3)
    np.testing.assert_allclose(trigram.probabilities([[C, B]]), bigram.probabilities([[B]]))
    assert not np.allclose(trigram.probabilities([[A, B]]), bigram.probabilities([[B]]))
    # after a b came a twice, and nothing else: (2 + 1 * p(a | b)) / 3
    after_b = (2 + 4 / 9) / 3
    np.testing.assert_allclose(trigram.probabilities([[A, B]])[0, A], (2 + after_b) / 3)


def test_kneser_ney_agrees_with_a_calculation_by_hand():
    # a b a b a c: of the pairs, one came once and two came twice, so with one each of those that
    # came 3 and 4 times, 1 gives up 1 - 2 * 0.2 * 2 and 2 gives up 2 - 3 * 0.2 / 2. Each letter
    # came after one other letter, so by what came before them all have a third.
    after_a = [1.9 / 3, 2 - 1.7 + 1.9 / 3, 1 - 0.2 + 1.9 / 3]
    after_b = [2 - 1.7 + 1.7 / 3, 1.7 / 3, 1.7 / 3]
    found = KneserNey([A, B, A, B, A, C], 2, 3).probabilities([[A], [B], [C]])
    np.testing.assert_allclose(found, [np.array(after_a) / 3, np.array(after_b) / 2, [1 / 3] * 3])


def test_kneser_ney_pays_less_for_prose_than_witten_and_bell():
    text = load_text()[:40_000]
    train, _ = chars.split_text(text)
    known = chars.characters_of(train)
    codes = chars.encode(text, known, unknown=True)
    paid = [
        chars.bits(kind(codes[: len(train)], 5, len(known)).probabilities_of(codes, len(train)))
        for kind in (NGram, KneserNey)
    ]
    assert paid[1] < paid[0] - 0.05


@given(
    st.sampled_from([NGram, KneserNey]),
    st.lists(st.integers(0, 4), min_size=6, max_size=40),
    st.integers(1, 5),
)
def test_probabilities_are_positive_and_add_up_to_one(kind, codes, order):
    contexts = np.random.default_rng(0).integers(0, 6, (20, 6))
    found = kind(codes, order, 6).probabilities(contexts)
    assert (found > 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


@given(
    st.sampled_from([NGram, KneserNey]),
    st.lists(st.integers(0, 3), min_size=6, max_size=30),
    st.integers(1, 5),
    st.integers(0, 9),
)
def test_a_texts_probabilities_are_those_of_its_contexts(kind, codes, order, start):
    model = kind(codes, order, 5)
    text = np.random.default_rng(1).integers(0, 5, 10)
    expected = [model.probabilities(text[np.newaxis, :at])[0, text[at]] for at in range(10)]
    np.testing.assert_allclose(model.probabilities_of(text, start), expected[start:])


@pytest.mark.parametrize(
    ("codes", "order", "message"),
    [
        ([], 1, "contain no 1-gram"),
        ([1, 0], 3, "contain no 3-gram"),
        ([1, 0], 0, "contain no 0-gram"),
        ([0, 7], 1, "from 0 to 3"),
        ([0, -1], 1, "from 0 to 3"),
        ([0] * 99, 40, "too many to number"),
    ],
)
def test_an_impossible_n_gram_is_refused(codes, order, message):
    with pytest.raises(ValueError, match=message):
        NGram(codes, order, 4)


@pytest.mark.parametrize("kind", [NGram, KneserNey])
@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda model: model.probabilities([[2, -1]]), "from 0 to 3"),
        (lambda model: model.probabilities_of([1, 2, 50, 3], 0), "from 0 to 3"),
        (lambda model: model.probabilities_of([1, 2, 0, 3], -3), "start of -3"),
        (lambda model: sample_ngram(model, [1, 4], 5, 2, seed=0), "from 0 to 3"),
    ],
)
def test_an_n_gram_scores_codes_of_its_own_from_a_position_in_the_text(kind, score, message):
    with pytest.raises(ValueError, match=message):
        score(kind([0, 1, 2, 3, 0, 1], 2, 4))


def test_drawn_texts_follow_the_probabilities_and_the_seed():
    bigram = NGram([A, B, A, B, A, C], 2, 3)
    drawn = sample_ngram(bigram, [B, A], 1, 20_000, seed=0)
    share = np.bincount(drawn[:, 0], minlength=3) / len(drawn)
    np.testing.assert_allclose(share, bigram.probabilities([[A]])[0], atol=0.012)
    np.testing.assert_array_equal(drawn, sample_ngram(bigram, [B, A], 1, 20_000, seed=0))
    assert sample_ngram(bigram, [], 7, 2, seed=0).shape == (2, 7)
    unigram = NGram([A, B], 1, 3)
    assert sample_ngram(unigram, [A, B], 7, 2, seed=0).shape == (2, 7)


# ---------------------------------------------------------------------------------- the sampler


def greedy(model, prompt, length):
    """Run the whole prefix again for each character."""
    text = prompt
    for _ in range(length):
        text += KNOWN[logits_after(model, text).argmax()]
    return text[len(prompt) :]


def logits_after(model, prompt):
    logits = np.array(model(chars.encode(prompt, KNOWN)[np.newaxis]))[0, -1].astype(float)
    logits[0] = -np.inf
    return logits


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layers", "setting"),
    [
        ({"layer": "SimpleRNN"}, {"temperature": 0}),
        ({"layer": "LSTM"}, {"temperature": 1e-6}),
        ({"first": keras.layers.CategoryEncoding(len(KNOWN), output_mode="one_hot")}, {"top_k": 1}),
    ],
)
def test_the_carried_state_writes_what_the_whole_prefix_would(layers, setting):
    model = network(seed=3, **layers)
    (text,) = sample(model, KNOWN, "the cat", 9, **setting)
    assert text == greedy(model, "the cat", 9)
    assert len(set(text)) > 1  # a single character over and over would prove little


@pytest.mark.slow
@pytest.mark.usefixtures("precision")
def test_models_of_any_precision_write():
    model = network(seed=3)
    (text,) = sample(model, KNOWN, "the cat", 5, temperature=0)
    assert text == greedy(model, "the cat", 5)


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_first_characters_come_as_often_as_the_temperature_says(temperature, model):
    texts = sample(model, KNOWN, "the ", 1, temperature=temperature, samples=20_000)
    expected = np.exp(logits_after(model, "the ") / temperature)
    expected /= expected.sum()
    share = np.array([texts.count(character) for character in KNOWN]) / len(texts)
    np.testing.assert_allclose(share, expected, atol=0.013)


@pytest.mark.slow
def test_top_k_draws_from_the_k_most_probable_only_and_from_all_of_them(model):
    allowed = np.argsort(logits_after(model, "the "))[-3:]
    texts = sample(model, KNOWN, "the ", 1, temperature=50.0, top_k=3, samples=20_000)
    assert set(texts) == {KNOWN[code] for code in allowed}


@pytest.mark.slow
def test_the_unknown_character_is_never_written(model):
    model.layers[-1].bias.assign(20.0 * (np.arange(len(KNOWN)) == 0))
    texts = sample(model, KNOWN, "the ", 40, temperature=5.0, samples=3)
    assert chars.UNKNOWN not in "".join(texts)


@pytest.mark.slow
def test_the_same_seed_writes_the_same_and_each_sample_is_its_own(model):
    settings = {"samples": 3, "temperature": 2.0}
    texts = sample(model, KNOWN, "the ", 40, seed=1, **settings)
    assert texts == sample(model, KNOWN, "the ", 40, seed=1, **settings)
    assert texts != sample(model, KNOWN, "the ", 40, seed=2, **settings)
    assert len(set(texts)) == 3


@pytest.mark.slow
def test_further_training_changes_what_is_written(model):
    before = sample(model, KNOWN, "the ", 40, samples=3)
    model.set_weights([-2 * weight for weight in model.get_weights()])
    assert not {*sample(model, KNOWN, "the ", 40, samples=3)} & {*before}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"prompt": ""}, "prompt is empty"),
        ({"prompt": "caté 中"}, "2 unknown: 'é' '中'"),
        ({"length": 0}, "0 characters is too few"),
        ({"samples": 0}, "0 samples is too few"),
        ({"temperature": -1}, "take 0 or more"),
        ({"temperature": float("nan")}, "take 0 or more"),
        ({"temperature": float("inf")}, "take 0 or more"),
        ({"top_k": 0}, "out of range"),
        ({"top_k": len(KNOWN)}, "out of range"),
    ],
)
def test_what_cannot_be_sampled_is_refused(given, message, model):
    with pytest.raises(ValueError, match=message):
        sample(model, KNOWN, **{"prompt": "the ", "length": 5, **given})


def test_a_model_of_a_different_text_is_refused(model):
    with pytest.raises(ValueError, match=f"The model knows {len(KNOWN)} characters and this list"):
        sample(model, KNOWN + "z", "t", 5)


def test_a_model_that_cannot_go_forward_step_by_step_is_refused():
    inputs = keras.Input((None,))
    functional = keras.Model(inputs, keras.layers.Embedding(len(KNOWN), 2)(inputs))
    with pytest.raises(TypeError, match=r"Only a keras\.Sequential"):
        sample(functional, KNOWN, "a", 1)
    backwards = network()
    backwards.layers[2].go_backwards = True
    with pytest.raises(ValueError, match=r"\(GRU\) cannot go forward"):
        sample(backwards, KNOWN, "a", 1)


# --------------------------------------------------------------------------------------- words


def test_words_are_runs_of_letters_with_an_apostrophe_inside():
    words = chars.words_of("The cat's 'hat', it’s 2 x_y!")
    assert words == ["the", "cat's", "hat", "it’s", "x", "y"]
    # Vowel signs and accents that stand alone belong to words.
    assert chars.words_of("हिन्दी שָׁלוֹם scho\u0308n") == ["हिन्दी", "שָׁלוֹם", "scho\u0308n"]


def test_phrases_are_runs_of_words_across_the_line_too():
    assert chars.phrases_of("a b\nc", 2) == [("a", "b"), ("b", "c")]
    assert chars.phrases_of("a b", 3) == []


def test_the_share_leaves_out_the_words_that_may_be_cut():
    text = "the cat sat on the mat"
    assert chars.share_known("xx the dog sat yy", text) == pytest.approx(2 / 3)
    assert chars.share_known("xx the cat sat zz yy", text, 2) == pytest.approx(2 / 3)
    assert np.isnan(chars.share_known("two words", text))
    assert np.isnan(chars.share_known("", text))
