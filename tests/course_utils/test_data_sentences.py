"""Sentence pairs: the real set by the data policy, or the embedded grammar, never silently."""

import gzip
import hashlib

from course_utils.data import download, registry, texts
from course_utils.data.texts import load_sentence_pairs
from course_utils.files import DataError

import pytest

FILES = [file for pair in texts._SENTENCES["multi30k"].values() for file in pair]
LINES = {"en": "A dog sleeps.\nTwo cats wait.\n", "de": "Ein Hund schläft.\nZwei Katzen warten.\n"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Six small files in a folder of one's own, and a registry that knows their checksums."""
    for variable in ("COURSE_EMBEDDED", "COURSE_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(registry, "DATA_DIR", tmp_path)
    monkeypatch.setattr(download, "_download_problem", "there was no answer within a second")

    def write(**texts):
        entries = []
        for file in FILES:
            text = texts.get(file.split(".")[1], {}).get(file.split(".")[2], LINES[file[-5:-3]])
            (tmp_path / file).write_bytes(gzip.compress(text.encode(), mtime=0))
            sha256 = hashlib.sha256((tmp_path / file).read_bytes()).hexdigest()
            entries.append(f"{file} {sha256} https://example.invalid/{file}\n")
        (tmp_path / "registry.txt").write_text("".join(entries), encoding="utf-8")
        return tmp_path

    return write


def test_the_grammar_needs_no_file_and_says_so(capsys):
    pairs = load_sentence_pairs()
    assert capsys.readouterr().out == "grammar: 26,000 sentence pairs of the course's own grammar\n"
    assert pairs.columns.tolist() == ["english", "german", "part"]
    assert pairs.attrs["source"] == "embedded"
    assert len(pairs.attrs["sha256"]["course_utils.text.grammar"]) == 64


def test_real_pairs_are_verified_and_keep_their_order(folder, capsys):
    folder()
    pairs = load_sentence_pairs("multi30k")
    said = capsys.readouterr().out
    assert said == "multi30k: 6 sentence pairs, from 6 files (checksums verified)\n"
    assert pairs["part"].tolist() == ["train", "train", "valid", "valid", "test", "test"]
    assert pairs.loc[1].tolist() == ["Two cats wait.", "Zwei Katzen warten.", "train"]
    assert pairs.attrs["source"] == "full"
    assert set(pairs.attrs["sha256"]) == set(FILES)


@pytest.mark.parametrize(
    ("variable", "reason"),
    [
        ("COURSE_EMBEDDED", "COURSE_EMBEDDED=1"),
        ("COURSE_OFFLINE", "COURSE_OFFLINE=1"),
        (None, "there was no answer within a second"),
    ],
)
def test_without_the_files_the_grammar_takes_their_place_in_one_line(
    variable, reason, folder, monkeypatch, capsys
):
    (folder() / FILES[2]).unlink()
    if variable:
        monkeypatch.setenv(variable, "1")
    pairs = load_sentence_pairs("multi30k")
    (line,) = capsys.readouterr().out.splitlines()
    assert line == (
        "multi30k: embedded sample of 26,000 sentence pairs of the course's own grammar, because "
        f"{reason}; the full data comes with: course data get multi30k"
    )
    assert pairs.attrs["name"] == "grammar"


def test_what_is_missing_is_downloaded_once(folder, monkeypatch, capsys):
    where = folder()
    kept = (where / FILES[0]).read_bytes()
    (where / FILES[0]).unlink()
    monkeypatch.setattr(download, "_download_problem", "")
    monkeypatch.setattr(download, "_answers", lambda address: True)
    asked = []

    def fetch(name, to, progress):
        asked.append(name)
        (to / name).write_bytes(kept)
        return ""

    monkeypatch.setattr(download, "_try_download", fetch)
    assert load_sentence_pairs("multi30k").attrs["source"] == "full"
    assert load_sentence_pairs("multi30k").attrs["source"] == "full"
    assert asked == FILES[:1]


def test_a_download_that_fails_is_tried_once_and_named(folder, monkeypatch, capsys):
    where = folder()
    for name in FILES[:3]:
        (where / name).unlink()
    monkeypatch.setattr(download, "_download_problem", "")
    monkeypatch.setattr(download, "_answers", lambda address: True)
    asked = []

    def fail(name, to, progress):
        asked.append(name)
        return "the disk is full"

    monkeypatch.setattr(download, "_try_download", fail)
    for _ in range(2):
        load_sentence_pairs("multi30k")
        assert "because the download failed: the disk is full" in capsys.readouterr().out
    assert asked == FILES[:1]


def test_a_file_with_other_bytes_is_refused_and_kept(folder):
    where = folder()
    (where / FILES[3]).write_bytes(b"something else")
    with pytest.raises(DataError, match="not the file that the course expects"):
        load_sentence_pairs("multi30k")
    assert (where / FILES[3]).read_bytes() == b"something else"


def test_files_of_unequal_length_are_no_pairs(folder):
    folder(val={"de": "Ein Hund schläft.\n"})
    with pytest.raises(DataError, match=r"val\.en\.gz has 2 lines.*de\.gz 1: they are no pairs"):
        load_sentence_pairs("multi30k")


def test_an_empty_line_is_named(folder):
    folder(val={"en": "A dog sleeps.\n\n"})
    with pytest.raises(DataError, match=r"val\.en\.gz: line 2 is empty"):
        load_sentence_pairs("multi30k")


@pytest.mark.parametrize("name", ["multi30", "wmt", 3])
def test_an_unknown_set_is_refused_with_those_there_are(name):
    with pytest.raises(DataError, match=r"unknown sentence pairs.*multi30k"):
        load_sentence_pairs(name)
