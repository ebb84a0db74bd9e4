"""What loaders promise: the default, Shakespeare by the data policy, a file of yours, reviews."""

import sys

from course_utils.data import texts
from course_utils.data.texts import (
    LABELLED,
    SHAKESPEARE,
    default_text,
    load_labelled_sentences,
    load_text,
)
from course_utils.files import DataError

import pytest

PLAY = "First Citizen:\nBefore we proceed any further, hear me speak.\n"


@pytest.fixture
def folder(data_folder, server):
    """A data folder that lacks Shakespeare, and a server that has it."""
    server.answer = lambda to: to.send(PLAY.encode())
    return data_folder({SHAKESPEARE: PLAY.encode()}, server.url)


def printed_line(capsys):
    captured = capsys.readouterr()
    assert captured.err == ""
    (line,) = captured.out.splitlines()
    return line


# ---------------------------------------------------------------------------- the default text


def test_the_default_text_is_long_plain_prose_and_says_whose_it_is(capsys):
    text = load_text()
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    assert printed_line(capsys) == (
        f"Default text: {len(text):,} characters of prose from the documentation in {python}"
    )
    assert 150_000 < len(text) < 1_000_000
    assert text.isascii()
    assert text.endswith(".\n")
    letters = sum(character.isalpha() or character == " " for character in text)
    assert letters / len(text) > 0.9
    paragraphs = text.splitlines()
    assert len(paragraphs) == len(set(paragraphs)) > 500


def test_code_tables_and_repeated_paragraphs_are_left_out(monkeypatch):
    sentence = "This is a sentence that is long enough to be kept."
    topics = {
        "b": f"\n   {sentence}\n\n+----+----+\n| A table that is long enough to be kept. |\n\n"
        "Short.\n\n"
        "   for x in range(10): print('long enough, but this is code')\n\nA heading that is long "
        "enough but has no stop\n*****\n\nHe said “this is a ‘quoted’ word” – on\n   two lines…:\n",
        "a": f"{sentence}\n\nIn French one says garçon, and that is no plain character.\n",
    }
    monkeypatch.setattr("pydoc_data.topics.topics", topics)
    assert default_text().splitlines() == [
        sentence,
        "He said \"this is a 'quoted' word\" - on two lines-:",
    ]


# ------------------------------------------------------------------------------- Shakespeare


def test_shakespeare_is_downloaded_verified_and_kept(folder, server, capsys):
    assert load_text("shakespeare") == PLAY
    assert (folder / SHAKESPEARE).read_bytes() == PLAY.encode()
    capsys.readouterr()
    assert load_text("shakespeare") == PLAY
    assert printed_line(capsys) == (
        f"Shakespeare: {len(PLAY)} characters, from {SHAKESPEARE} (checksum verified)"
    )
    assert server.asked == [f"HEAD /{SHAKESPEARE}", f"GET /{SHAKESPEARE}"]


@pytest.mark.parametrize(
    ("variable", "reason"),
    [
        ("COURSE_EMBEDDED", "COURSE_EMBEDDED=1"),
        ("COURSE_OFFLINE", "COURSE_OFFLINE=1"),
        ("NOTHING_SET", "the download failed: HTTP 404 from 127.0.0.1"),
    ],
)
def test_the_default_text_takes_shakespeares_place_and_says_why(
    variable, reason, folder, server, monkeypatch, capsys
):
    server.answer = lambda to: to.send(status=404)
    monkeypatch.setenv(variable, "1")
    assert load_text("shakespeare") == default_text()
    line = printed_line(capsys)
    assert line.startswith("Shakespeare: embedded default, ")
    assert line.endswith(
        f"because {reason}; the full data comes with: course data get {SHAKESPEARE}"
    )


# ------------------------------------------------------------------------------- your own file


def test_a_file_of_your_own_is_read(tmp_path, capsys):
    path = tmp_path / "My Story.TXT"
    path.write_bytes("\ufeffEs war einmal\r\nein Ka\u0308se.\r\n".encode())
    assert load_text(str(path)) == "Es war einmal\nein Käse.\n"
    assert printed_line(capsys) == "My Story.TXT: 24 characters, 15 different ones"


def test_a_home_folder_may_be_written_as_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "mine.txt").write_text("abab", encoding="utf-8")
    assert load_text("~/mine.txt") == "abab"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "mine.txt is empty: there is no next character"),
        (b"\xef\xbb\xbf", "mine.txt is empty"),
        (b"a", "mine.txt is nothing but 'a'"),
        (b"aaaa", "mine.txt is nothing but 'a'"),
        (b"\n\r\n", r"nothing but '\\n'"),
        ("ab\nK\ufffdse".encode(), r"line 2 holds U\+FFFD, which stands .* lost \(1 times\)"),
        (b"x" * 101, "mine.txt has 101 bytes, and the course reads at most 100"),
    ],
)
def test_a_file_that_nothing_can_be_learned_from_is_refused(
    content, message, tmp_path, monkeypatch
):
    monkeypatch.setattr(texts, "MAX_BYTES", 100)
    (tmp_path / "mine.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_text(str(tmp_path / "mine.txt"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shakspeare", r"no text 'shakspeare': did you mean shakespeare\?; a file of your own"),
        ("", "no text ''"),
        ("story.docx", "a file of your own ends in .txt"),
    ],
)
def test_an_unknown_text_is_refused(name, message):
    with pytest.raises(DataError, match=message):
        load_text(name)


@pytest.mark.parametrize("name", [None, 7, ["default"]])
def test_a_name_that_is_not_a_string_is_refused(name):
    with pytest.raises(TypeError, match="a text is named by a string"):
        load_text(name)


# ---------------------------------------------------------------------------- labelled sentences

SENTENCES = b'Good case.  \t1\nHe said "no\t0\nGood case.\t1\n'


@pytest.fixture
def labelled(data_folder, server):
    """A data folder that lacks the labelled sentences, and a server that has them."""
    server.answer = lambda to: to.send(SENTENCES + to.path[1:].encode() + b"\t0\n")
    contents = {name: SENTENCES + name.encode() + b"\t0\n" for name in LABELLED.values()}
    return data_folder(contents, server.url)


def test_labelled_sentences_are_downloaded_verified_and_each_text_is_there_once(labelled, capsys):
    load_labelled_sentences()
    capsys.readouterr()
    table = load_labelled_sentences()
    assert printed_line(capsys) == (
        "5 labelled sentences from 3 files (checksums verified); 7 that repeat another are left out"
    )
    assert table["text"].tolist()[:2] == ["Good case.", 'He said "no']
    assert table["label"].tolist() == [1, 0, 0, 0, 0]
    assert table["site"].unique().tolist() == [*LABELLED] == ["amazon_cells", "imdb", "yelp"]
    assert (table.attrs["source"], len(table.attrs["sha256"])) == ("full", 3)


def test_without_a_file_reviews_of_our_own_take_their_place_in_one_line(
    labelled, monkeypatch, capsys
):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    table = load_labelled_sentences()
    assert printed_line(capsys).startswith("labelled sentences: embedded sample of 8,000 reviews ")
    assert (table.attrs["source"], {*table["site"]}) == ("embedded", {"grammar"})
    assert table.columns.tolist() == ["text", "label", "site"]
