"""What `load_text` promises: the default, Shakespeare by the data policy, a file of one's own."""

import hashlib
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from course_utils.data import download, prose, registry
from course_utils.data.texts import SHAKESPEARE, load_text
from course_utils.files import DataError

import pytest

PLAY = "First Citizen:\nBefore we proceed any further, hear me speak.\n"
SHA256 = hashlib.sha256(PLAY.encode()).hexdigest()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder with a registry of its own, nothing else in it, and no address that answers."""
    for variable in ("COURSE_DATA_DIR", "COURSE_OFFLINE", "COURSE_EMBEDDED"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(registry, "DATA_DIR", tmp_path)
    monkeypatch.setattr(download, "_download_problem", "")
    register(tmp_path, "http://127.0.0.1:9/input.txt")
    return tmp_path


def register(folder, address):
    (folder / "registry.txt").write_text(f"{SHAKESPEARE} {SHA256} {address}\n", encoding="utf-8")


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


def test_no_paragraph_of_the_default_text_comes_twice():
    paragraphs = prose.default_text().splitlines()
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
    assert prose.default_text().splitlines() == [
        sentence,
        "He said \"this is a 'quoted' word\" - on two lines-:",
    ]


# ------------------------------------------------------------------------------- Shakespeare


def test_shakespeare_is_found_and_verified(folder, capsys):
    (folder / SHAKESPEARE).write_bytes(PLAY.encode())
    assert load_text("shakespeare") == PLAY
    assert printed_line(capsys) == (
        f"Shakespeare: {len(PLAY)} characters, from {SHAKESPEARE} (checksum verified)"
    )


def test_shakespeare_in_the_named_folder_is_found_first(folder, monkeypatch, capsys):
    named = folder / "named"
    named.mkdir()
    (named / SHAKESPEARE).write_bytes(PLAY.encode())
    monkeypatch.setenv("COURSE_DATA_DIR", str(named))
    assert load_text("shakespeare") == PLAY


def test_a_damaged_shakespeare_is_refused_and_kept(folder):
    (folder / SHAKESPEARE).write_text("To be", encoding="utf-8")
    with pytest.raises(DataError, match="is not the file that the course expects"):
        load_text("shakespeare")
    assert (folder / SHAKESPEARE).read_text(encoding="utf-8") == "To be"


@pytest.mark.parametrize(
    ("variable", "reason"),
    [
        ("COURSE_EMBEDDED", "COURSE_EMBEDDED=1"),
        ("COURSE_OFFLINE", "COURSE_OFFLINE=1"),
        ("NOTHING_SET", "there was no answer within a second"),
    ],
)
def test_the_default_text_takes_shakespeares_place_and_says_why(
    variable, reason, folder, monkeypatch, capsys
):
    monkeypatch.setenv(variable, "1")
    assert load_text("shakespeare") == prose.default_text()
    line = printed_line(capsys)
    assert line.startswith("Shakespeare: embedded default, ")
    assert line.endswith(
        f"because {reason}; the real one comes with: course data get {SHAKESPEARE}"
    )


def test_shakespeare_is_downloaded_once(folder, capsys):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.command)
            self.send_response(200)
            self.send_header("Content-Length", str(len(PLAY)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(PLAY.encode())

        do_HEAD = do_GET

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        register(folder, f"http://127.0.0.1:{server.server_port}/input.txt")
        assert load_text("shakespeare") == load_text("shakespeare") == PLAY
        server.shutdown()
    assert asked.count("GET") == 1
    assert (folder / SHAKESPEARE).read_bytes() == PLAY.encode()
    assert "checksum verified" in capsys.readouterr().out


# ------------------------------------------------------------------------ a file of one's own


def test_a_file_of_ones_own_is_read(tmp_path, capsys):
    path = tmp_path / "My Story.TXT"
    path.write_bytes("\ufeffEs war einmal\r\nein Käse.\r\n".encode())
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
        ("für".encode("latin-1"), "mine.txt is not UTF-8: its byte 1 does not fit"),
        ("für".encode("utf-16"), "mine.txt is not UTF-8: its byte 0"),
        (b"x" * 101, "mine.txt has 101 bytes: take a part of it, at most 100 bytes"),
    ],
)
def test_a_file_of_no_use_is_refused(content, message, tmp_path, monkeypatch):
    monkeypatch.setattr(prose, "MAX_BYTES", 100)
    (tmp_path / "mine.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_text(str(tmp_path / "mine.txt"))


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"nowhere.txt is not there, seen from .*full path"):
        load_text("nowhere.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(DataError, match="is a folder, not a file"):
        load_text(str(tmp_path / "folder.txt"))


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
def test_a_name_that_is_no_string_is_refused(name):
    with pytest.raises(TypeError, match="a text is named by a string"):
        load_text(name)


def test_texts_load_without_keras():
    script = (
        "import sys\nfrom course_utils.data import load_text\nload_text()\n"
        "import course_utils.text.characters, course_utils.text.ngrams\n"
        "print(sorted({'tensorflow', 'keras', 'requests', 'pooch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[1:] == ["[]"]
