"""Sentence pairs: the real set by the data policy, or the embedded grammar, never silently."""

import gzip
from functools import cache

from course_utils.data import sentences
from course_utils.data.sentences import MULTI30K, load_sentence_pairs
from course_utils.files import DataError

import pytest

FILES = [file for pair in MULTI30K.values() for file in pair]
LINES = {"en": "A dog sleeps.\nTwo cats wait.\n", "de": "Ein Hund schläft.\nZwei Katzen warten.\n"}
CONTENTS = {file: gzip.compress(LINES[file[-5:-3]].encode(), mtime=0) for file in FILES}


grammar = cache(sentences._grammar)


@pytest.fixture(autouse=True)
def grammar_made_once(monkeypatch):
    monkeypatch.setattr(sentences, "_grammar", grammar)


@pytest.fixture
def folder(data_folder, server):
    """A data folder with six small files, and a server that has them, too."""
    server.answer = lambda to: to.send(CONTENTS[to.path[1:]])
    where = data_folder(CONTENTS, server.url)
    for file, content in CONTENTS.items():
        (where / file).write_bytes(content)
    return where


def test_the_grammar_needs_no_file_and_says_so(capsys):
    pairs = load_sentence_pairs()
    assert capsys.readouterr().out == "grammar: 26,000 sentence pairs of the course's own grammar\n"
    assert pairs.columns.tolist() == ["english", "german", "part"]
    assert pairs.attrs["source"] == "embedded"
    assert len(pairs.attrs["sha256"]["course_utils.text.grammar"]) == 64


def test_real_pairs_are_verified_and_keep_their_order(folder, capsys):
    pairs = load_sentence_pairs("multi30k")
    said = capsys.readouterr().out
    assert said == "multi30k: 6 sentence pairs, from 6 files (checksums verified)\n"
    assert pairs["part"].tolist() == ["train", "train", "valid", "valid", "test", "test"]
    assert pairs.loc[1].tolist() == ["Two cats wait.", "Zwei Katzen warten.", "train"]
    assert pairs.attrs["source"] == "full"
    assert set(pairs.attrs["sha256"]) == set(FILES)


@pytest.mark.parametrize("variable", ["COURSE_EMBEDDED", "COURSE_OFFLINE"])
def test_without_a_file_the_grammar_takes_their_place_in_one_line(
    variable, folder, monkeypatch, capsys
):
    (folder / FILES[2]).unlink()
    monkeypatch.setenv(variable, "1")
    pairs = load_sentence_pairs("multi30k")
    assert capsys.readouterr().out == (
        "multi30k: embedded sample of 26,000 sentence pairs of the course's own grammar, because "
        f"{variable}=1; the full data comes with: course data get multi30k\n"
    )
    assert pairs.attrs["name"] == "grammar"


def test_what_is_missing_is_downloaded_once(folder, server):
    for name in FILES[:2]:
        (folder / name).unlink()
    assert load_sentence_pairs("multi30k").attrs["source"] == "full"
    assert load_sentence_pairs("multi30k").attrs["source"] == "full"
    assert server.asked == [f"{verb} /{name}" for name in FILES[:2] for verb in ("HEAD", "GET")]


@pytest.mark.parametrize("name", ["multi30", "wmt", 3])
def test_an_unknown_set_is_refused_with_those_there_are(name):
    with pytest.raises(DataError, match=r"unknown sentence pairs.*multi30k"):
        load_sentence_pairs(name)
