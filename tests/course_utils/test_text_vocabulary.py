"""Words and numbers, there and back, and what happens to an odd sentence."""

import unicodedata

from course_utils.text import (
    EOS,
    PAD,
    SPECIAL,
    UNK,
    bleu,
    decode,
    encode,
    look_up,
    unknown_words,
    vocabulary,
    word_dictionary,
    words,
)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

SENTENCES = ["A dog sleeps.", "A small dog waits, a cat sleeps."]
KNOWN = vocabulary(SENTENCES)


def test_words_are_lower_case_and_marks_stand_alone():
    german = ["während", "der", "hund", "schläft", ",", "wartet", "„", "sie", "“", "."]
    assert words("Während der Hund schläft, wartet „sie“.") == german
    assert words("A T-shirt, a man's <unk>!") == ["a", "t-shirt", ",", "a", "man's", "<unk>", "!"]


@pytest.mark.parametrize(
    "sentence",
    ["scho\u0308ne Ha\u0308user", "हिन्दी भाषा", "كَتَبَ الوَلَدُ", "שָׁלוֹם עוֹלָם", "می\u200cخواهم رفت"],
)
def test_vowel_signs_and_accents_that_stand_alone_belong_to_words(sentence):
    assert len(words(sentence)) == 2
    assert words(sentence) == words(unicodedata.normalize("NFC", sentence))


def test_the_vocabulary_begins_with_the_special_words_then_the_most_frequent():
    assert KNOWN[:4] == list(SPECIAL) == ["<pad>", "<sos>", "<eos>", "<unk>"]
    assert KNOWN[4:] == ["a", ".", "dog", "sleeps", ",", "cat", "small", "waits"]
    assert vocabulary(SENTENCES, size=6) == [*SPECIAL, "a", "."]
    assert vocabulary(reversed(SENTENCES)) == KNOWN
    assert vocabulary(["<unk> dog"]) == [*SPECIAL, "dog"]  # not counted twice


def test_a_row_is_words_then_the_end_then_padding():
    (row,) = encode(SENTENCES[:1], KNOWN, length=7)
    assert row.tolist() == [4, KNOWN.index("dog"), KNOWN.index("sleeps"), 5, EOS, PAD, PAD]
    assert row.dtype == np.int32


@given(st.lists(st.sampled_from(KNOWN[4:]), min_size=1, max_size=9))
def test_known_words_come_back(tokens):
    (again,) = decode(encode([" ".join(tokens)], KNOWN, length=10), KNOWN)
    assert words(again) == tokens


def test_a_sentence_comes_back_without_spaces_before_marks():
    assert decode(encode(SENTENCES, KNOWN), KNOWN) == [text.lower() for text in SENTENCES]


def test_unknown_words_become_unk_and_can_be_listed():
    text = "A zebra sleeps."
    assert encode([text], KNOWN, 6)[0].tolist()[1] == UNK
    assert decode(encode([text], KNOWN), KNOWN) == ["a <unk> sleeps."]
    assert unknown_words(text, KNOWN) == ["zebra"]
    assert unknown_words("Zebras gallop", KNOWN) == ["zebras", "gallop"]
    assert encode(["Zebras gallop"], KNOWN, 4).tolist() == [[UNK, UNK, EOS, PAD]]


@pytest.mark.parametrize("empty", ["", "   ", "\n"])
def test_an_empty_sentence_is_refused_and_named_by_its_position(empty):
    with pytest.raises(ValueError, match="Sentence 1 is empty"):
        encode(["A dog.", empty], KNOWN)


def test_a_sentence_that_is_too_long_is_refused_or_cut_as_asked():
    assert encode(["a dog sleeps"], KNOWN, length=4).tolist()[0][-1] == EOS
    with pytest.raises(ValueError, match=r"Sentence 0 has 4 words.*more than 4.*cut=True"):
        encode(["A dog sleeps."], KNOWN, length=4)
    row = encode(["A dog sleeps."], KNOWN, length=4, cut=True)
    assert decode(row, KNOWN) == ["a dog sleeps"]
    assert row[0, -1] == EOS


@pytest.mark.parametrize(
    "call",
    [
        lambda text: encode(text, KNOWN),
        vocabulary,
        lambda text: word_dictionary(text, text),
        lambda text: look_up(text, {}),
        lambda text: bleu(text, text),
    ],
    ids=["encode", "vocabulary", "word_dictionary", "look_up", "bleu"],
)
def test_a_single_string_or_what_is_no_sentence_is_refused(call):
    with pytest.raises(TypeError, match="list of sentences"):
        call("A dog.")
    with pytest.raises(TypeError, match="Sentence 1 is None, not a string"):
        call(["A dog.", None])


def test_a_single_row_is_refused():
    with pytest.raises(ValueError, match=r"Rows have shape \(sentences, length\), not \(3,\)"):
        decode([4, 5, EOS], KNOWN)


def test_no_words_or_no_room_make_no_vocabulary():
    with pytest.raises(ValueError, match="No word in these sentences"):
        vocabulary(["", " "])
    with pytest.raises(ValueError, match="Size 4 leaves no word"):
        vocabulary(SENTENCES, size=4)


def test_what_follows_the_end_is_not_read():
    assert decode([[4, EOS, 5, 6]], KNOWN) == ["a"]
    assert decode([[4, 5, 6, 7]], KNOWN) == ["a. dog sleeps"]


# ----------------------------------------------------------------------------- the dictionary


def test_a_dictionary_agrees_with_ibm_model_1_written_as_loops():
    english = ["a b", "b c", "a c c"]
    german = ["x y", "y z", "x z"]
    t = {(e, d): 1.0 for e in "abc" for d in "xyz"}
    for _ in range(5):
        counts = dict.fromkeys(t, 0.0)
        for source, target in zip(english, german, strict=True):
            for d in target.split():
                total = sum(t[e, d] for e in source.split())
                for e in source.split():
                    counts[e, d] += t[e, d] / total
        for e in "abc":
            total = sum(counts[e, d] for d in "xyz")
            t.update({(e, d): counts[e, d] / total for d in "xyz"})
    by_hand = {e: max("xyz", key=lambda d, e=e: t[e, d]) for e in "abc"}
    assert word_dictionary(english, german) == by_hand


def test_looking_up_keeps_the_order_and_what_is_not_in_the_dictionary():
    assert look_up(["A dog sleeps."], {"a": "ein", "dog": "hund"}) == ["ein hund sleeps."]


@pytest.mark.parametrize("pair_up", [word_dictionary, bleu])
def test_lists_that_cannot_be_pairs_are_refused(pair_up):
    with pytest.raises(ValueError, match="2 sources but 1 targets"):
        pair_up(SENTENCES, SENTENCES[:1])
    with pytest.raises(ValueError, match="No sentence pairs"):
        pair_up([], [])


# -------------------------------------------------------------------------------------- BLEU


def test_bleu_ignores_capitals_and_logs_nothing(caplog):
    truth = ["Der Hund schläft im Garten."] * 200
    assert bleu(truth, [text.lower() for text in truth]) == pytest.approx(100)
    assert bleu(truth, ["der hund schläft im park ."] * 200) < 70
    assert not caplog.records


def test_bleu_needs_four_words_and_takes_accents_in_either_spelling():
    with pytest.raises(ValueError, match="runs of four words or marks"):
        bleu(["ein Hund schläft"], ["ein Hund schläft"])
    assert bleu(["ein Hund schläft da"], ["nein"]) == 0
    assert bleu(
        ["Häuser sind schön hier."], ["Ha\u0308user sind scho\u0308n hier."]
    ) == pytest.approx(100)
