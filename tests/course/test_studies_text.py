"""The studies of text and of translation measure what they say, and a stopped one resumes."""

import shutil
from dataclasses import replace

from course.studies import characters, composition, multi30k, sentiment
from course_utils.data import registry
from course_utils.files import DataError
from course_utils.text import EOS, PAD, grammar, reviews, translation
from course_utils.text import characters as chars
from course_utils.text import sentiment as text_sentiment
from course_utils.text.ngrams import NGram

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # trains networks of text

# ------------------------------------------------------------------------------- characters


def test_a_text_is_measured_on_its_last_tenth_and_can_be_repeated(monkeypatch):
    for name, value in {"WRITTEN": 20, "UNITS": 8, "BATCH": 16}.items():
        monkeypatch.setattr(characters, name, value)
    lines = np.random.default_rng(0).choice(["the cat sat.\n", "a dog # ran.\n"], 300)
    text = "".join(lines)
    found = characters.measure_text(text, 0, epochs=2, dropout=0.1)
    assert found["training characters"] + found["held-out characters"] == len(text) == 3900
    codes = chars.encode(text, chars.characters_of(text))
    fivegram = NGram(codes[:3510], 5, len(set(text)) + 1)
    assert found["5-gram"] == chars.bits(fivegram.probabilities_of(codes, 3510))
    assert found["5-gram"] < found["unigram"]
    assert found["epoch 2"] == found["GRU"] < found["epoch 1"]
    assert found["words held out"] == found["triples held out"] == 1
    assert not any(character in found["sample at 1.0"] for character in "#\n")
    assert characters.measure_text(text, 0, epochs=2, dropout=0.1) == found


def test_without_shakespeare_the_study_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(registry, "find_file", lambda name: None)
    with pytest.raises(DataError, match=r"course data get tinyshakespeare\.txt"):
        characters.load("Shakespeare")


# ------------------------------------------------------------------------------- translation


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    """The studies on a handful of made-up pairs, which are returned."""
    table = grammar.sentence_pairs({"train": 200, "valid": 20, "test": 20})
    table.attrs["source"] = "full"
    monkeypatch.setattr(multi30k, "BACKUPS", tmp_path)
    monkeypatch.setattr(multi30k, "load_sentence_pairs", lambda name: table)
    monkeypatch.setattr(composition, "EPOCHS", dict.fromkeys(composition.EPOCHS, 1))
    monkeypatch.setattr(composition, "sentence_pairs", lambda: table)
    return table


@pytest.mark.nightly
@pytest.mark.usefixtures("pairs")
def test_a_stopped_translator_resumes_after_its_last_whole_epoch():
    """Two epochs, then a third, give what three in one go give."""
    two = multi30k.Multi30k("with attention", 100, 60, 2, seed=0)
    three = replace(two, epochs=3)
    first, resumed = two.measure(None), three.measure(None)
    assert len([*three.backup.parent.iterdir()]) == 1
    assert np.isnan(three.measure(None)["seconds an epoch"])  # nothing was left to train
    shutil.rmtree(three.backup)
    at_once = three.measure(None)
    for measured in (resumed, at_once):
        assert measured.pop("seconds an epoch") > 0
    assert resumed == pytest.approx(at_once, rel=1e-4)
    assert first["loss 2"] == pytest.approx(at_once["loss 2"])
    assert at_once["loss 3"] < at_once["loss 1"]
    assert {"dictionary bleu", "greedy bleu, long", "beam bleu", "valid 3"} <= set(at_once)


def test_weights_of_different_versions_are_not_resumed(monkeypatch):
    fit = multi30k.Multi30k("with attention", 100, 60, 2, seed=0)
    here = fit.backup
    assert replace(fit, epochs=3).backup == here != replace(fit, seed=1).backup
    monkeypatch.setattr(multi30k, "versions_here", lambda: {"keras": "another"})
    assert fit.backup != here


def test_the_study_refuses_to_run_on_the_grammar_instead_of_captions(pairs):
    pairs.attrs["source"] = "embedded"
    with pytest.raises(DataError, match="multi30k needs the full data"):
        multi30k.Multi30k("with attention", 100, 60, 1, seed=0).measure(None)


@pytest.mark.usefixtures("pairs")
def test_the_study_of_seeds_measures_both_parts_and_all_lengths(monkeypatch):
    """And it reads the words from the last where it says so, here without having trained."""
    monkeypatch.setattr(composition, "UNITS", 4)
    found = composition.Composition("encoder-decoder", 0).measure(None)
    assert {"valid bleu", "test bleu", "test whole", "whole 6", "whole 18"} <= set(found)
    rows = []
    monkeypatch.setattr(translation, "fit_pairs", lambda *_, **__: None)
    monkeypatch.setattr(translation, "greedy", lambda model, ids, length: rows.append(ids) or ids)
    for network in ("encoder-decoder", "read backwards"):
        composition.Composition(network, 0).measure(None)
    for one, other in zip(rows[:2], rows[2:], strict=True):
        for forwards, backwards in zip(one.tolist(), other.tolist(), strict=True):
            end = forwards.index(EOS)
            assert backwards == [*forwards[:end][::-1], *forwards[end:]] != forwards


# ------------------------------------------------------------------------------- sentiment


def some_sentences(source="full"):
    table = reviews.reviews({"train": 120}).assign(site="grammar")
    table.attrs["source"] = source
    return table


@pytest.mark.parametrize("model", ["GRU", "bag of words", "n-grams"])
def test_a_reader_is_measured_on_a_fold_with_and_without_words_that_deny(model, monkeypatch):
    monkeypatch.setattr(sentiment, "load_labelled_sentences", some_sentences)
    found = sentiment.Sentiment(model, 0, 1).measure(None)
    share = found["share denied"]
    assert 0 < share < 1
    parts = share * found["denied"] + (1 - share) * found["plain"]
    assert parts == pytest.approx(found["all"])


def test_the_study_refuses_reviews_of_our_own_in_place_of_real_sentences(monkeypatch):
    monkeypatch.setattr(sentiment, "load_labelled_sentences", lambda: some_sentences("embedded"))
    with pytest.raises(DataError, match="sentiment needs the full data"):
        sentiment.Sentiment("GRU", 0, 0).measure(None)


@pytest.mark.parametrize("padding", sentiment.PADDINGS)
def test_each_padding_is_where_it_says_on_seen_and_on_held_out_combinations(padding, monkeypatch):
    """Here without having trained: the reader of real sentences does, above."""
    few, trained = reviews.reviews({"train": 60, "valid": 20, "test": 20}), []
    monkeypatch.setattr(sentiment, "reviews", lambda: few)
    monkeypatch.setattr(text_sentiment, "fit_labelled", lambda *given, **_: trained.append(given))
    assert {*sentiment.Padding(padding, 0).measure(None)} == {"valid", "test"}
    ((model, rows, _),) = trained
    assert model.layers[0].mask_zero == (padding == "behind, masked")
    assert (rows[:, 0] == PAD).any() == (padding == "in front")
    assert (rows[:, -1] == PAD).any() == (padding != "in front")


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("Crust is not good.", True),
        ("I didn't like it", True),
        ("I DON’T KNOW", True),
        ("Never again!", True),
        ("A notable knot of nooks.", False),
        ("Loved this place.", False),
    ],
)
def test_words_that_deny_are_found_as_whole_words(text, denied):
    assert sentiment.denies(text) == denied


def test_runs_of_words_are_listed_up_to_the_longest():
    found = sentiment.runs(["a", "b", "c"], 2)
    assert found == [("a",), ("b",), ("c",), ("a", "b"), ("b", "c")]
