"""Whatever goes wrong in a download, no part of a file is taken for data, and the next run works.

Servers, processes, signals and limits are real. What a sound server sends is in `test_data.py`.
"""

import gzip
import hashlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from course_utils.data import download, registry, texts
from course_utils.data.texts import SHAKESPEARE
from course_utils.files import DataError

import pytest

PLAY = b"First Citizen:\nBefore we proceed any further, hear me speak.\n" * 700
HANG_GUARD = 20  # seconds; all that is waited for here takes one or two


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's function `answer` says; who has hung up is no error."""

    def do_GET(self):
        try:
            self.server.answer(self)
        except ConnectionError:
            self.close_connection = True

    do_HEAD = do_GET

    def start(self, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False  # an answer without end must not keep a test


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server, and a data folder whose registry names it."""
    for variable in ("COURSE_DATA_DIR", "COURSE_OFFLINE", "COURSE_EMBEDDED"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(registry, "DATA_DIR", tmp_path)
    with Server(("127.0.0.1", 0), Handler) as running:
        running.answer = whole
        register(tmp_path, running)
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


def register(folder, server):
    line = (
        f"{SHAKESPEARE} {hashlib.sha256(PLAY).hexdigest()} http://127.0.0.1:{server.server_port}/"
    )
    (folder / "registry.txt").write_text(line, encoding="utf-8")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def check_nothing_is_left_and_the_next_run_works(server, folder):
    assert names(folder) == ["registry.txt"]
    assert registry.find_file(SHAKESPEARE) is None
    server.answer = whole
    assert download.download(SHAKESPEARE, progress=False).read_bytes() == PLAY
    assert names(folder) == ["registry.txt", SHAKESPEARE]


# ------------------------------------------------------------------------------- bad servers


def whole(to):
    to.start(Content_Length=len(PLAY))
    if to.command == "GET":
        to.wfile.write(PLAY)


def other_bytes_of_the_same_length(to):
    to.start(Content_Length=len(PLAY))
    to.wfile.write(PLAY[::-1])


def cut_off(to):
    to.start(Content_Length=len(PLAY))
    to.wfile.write(PLAY[:9_000])


def cut_off_without_a_length(to):
    to.start()
    to.wfile.write(PLAY[:9_000])


def cut_off_while_packed(to):
    to.start(Content_Encoding="gzip")
    to.wfile.write(gzip.compress(PLAY)[:-20])


def not_packed_at_all(to):
    to.start(Content_Encoding="gzip", Content_Length=len(PLAY))
    to.wfile.write(PLAY)


def packed_without_end(to):
    to.start(Content_Encoding="gzip")
    to.wfile.write(gzip.compress(bytes(5_000_000)))


def packed_twice_without_end(to):
    to.start(Content_Encoding="gzip, gzip")
    to.wfile.write(gzip.compress(gzip.compress(bytes(5_000_000))))


def without_end(to):
    to.start()
    while True:
        to.wfile.write(PLAY)


def drop_by_drop(to):
    to.start(Content_Length=len(PLAY))
    for place in range(0, len(PLAY), 500):
        to.wfile.write(PLAY[place : place + 500])
        time.sleep(0.02)


def silent_after_a_part(to):
    to.start(Content_Length=len(PLAY))
    to.wfile.write(PLAY[:9_000])
    time.sleep(5)


def silent(to):
    time.sleep(5)


def broken(to):
    to.start(500, Content_Length=0)


def in_a_circle(to):
    to.start(302, Location="/again", Content_Length=0)


def to_a_file(to):
    to.start(302, Location=f"file://{__file__}", Content_Length=0)


def to_no_address(to):
    to.start(302, Location="http://[", Content_Length=0)


def headers_without_end(to):
    to.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        to.wfile.write(b"X: 1\r\n" * 100)


def a_length_that_is_no_number(to):
    to.start(Content_Length="many")
    to.wfile.write(PLAY[:9_000])


def no_http(to):
    to.wfile.write(b"220 smtp.example.invalid ESMTP\r\n")


FAULTS = {
    other_bytes_of_the_same_length: "do not match the checksum",
    cut_off: "the connection to 127.0.0.1 broke off",
    cut_off_without_a_length: "do not match the checksum",
    cut_off_while_packed: "(do not match the checksum|broke off)",
    not_packed_at_all: "broke off",
    packed_without_end: "127.0.0.1 sent more than 200,000 bytes",
    packed_twice_without_end: "sent more than 200,000 bytes",
    without_end: "sent more than 200,000 bytes",
    drop_by_drop: r"sent for more than 0\.3 seconds",
    silent_after_a_part: "no connection to 127.0.0.1",
    silent: "no connection to 127.0.0.1",
    broken: "HTTP 500 from 127.0.0.1",
    in_a_circle: "127.0.0.1 sends on in a circle",
    to_a_file: "127.0.0.1 sent headers that make no sense",
    to_no_address: "127.0.0.1 sent headers that make no sense",
    headers_without_end: "no connection",
    a_length_that_is_no_number: "sent headers that make no sense",
    no_http: "no connection",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_answer_is_named_leaves_nothing_and_spoils_no_later_one(
    fault, server, tmp_path, monkeypatch
):
    server.answer = fault
    start = time.monotonic()
    with monkeypatch.context() as little:
        little.setattr(download, "_LARGEST", 200_000)
        if fault in (silent, silent_after_a_part):
            little.setattr(download, "_PATIENCE", (5, 0.5))
        if fault is drop_by_drop:
            little.setattr(download, "_LONGEST", 0.3)
        with pytest.raises(DataError, match=f"{SHAKESPEARE} was not downloaded: .*{FAULTS[fault]}"):
            download.download(SHAKESPEARE, progress=False)
    assert time.monotonic() - start < HANG_GUARD
    check_nothing_is_left_and_the_next_run_works(server, tmp_path)


def elsewhere(to):
    to.start(302, Location="/whole", Content_Length=0) if to.path == "/" else whole(to)


def packed(to):
    content = gzip.compress(PLAY)
    to.start(Content_Encoding="gzip", Content_Length=len(content))
    to.wfile.write(content)


@pytest.mark.parametrize("answer", [drop_by_drop, elsewhere, packed])
def test_a_slow_a_moved_and_a_packed_file_come_whole(answer, server):
    server.answer = answer
    assert download.download(SHAKESPEARE, progress=False).read_bytes() == PLAY


def test_a_lesson_goes_on_with_the_embedded_text_whatever_the_server_does(
    server, monkeypatch, capsys
):
    monkeypatch.setattr(download, "_LARGEST", 200_000)
    for fault in (without_end, in_a_circle):
        monkeypatch.setattr(download, "_download_problem", "")
        server.answer = fault
        texts.load_text("shakespeare")
        assert "embedded default" in capsys.readouterr().out


# --------------------------------------------------------------- processes, signals and disks

PROGRAM = """
import os, signal, sys
from pathlib import Path
from course.commands import app
from course_utils.data import download, registry, texts
from course_utils.files import DataError
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
registry.DATA_DIR = Path(sys.argv[1])
"""
GET = PROGRAM + "app(['data', 'get', texts.SHAKESPEARE])\n"


@contextmanager
def started(program, folder):
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finished(program, folder):
    with started(program, folder) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


@pytest.fixture
def half_sent(server):
    """The server sends a half; the event is set then, and the rest waits for the test's end."""
    sent, end = threading.Event(), threading.Event()

    def answer(to):
        to.start(Content_Length=len(PLAY))
        to.wfile.write(PLAY[:20_000])
        sent.set()
        end.wait(60)

    server.answer = answer
    yield sent
    end.set()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole group")
def test_ctrl_c_in_the_middle_leaves_nothing(server, half_sent, tmp_path):
    with started(GET, tmp_path) as process:
        assert half_sent.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG_GUARD)
    assert process.returncode == 130
    assert "Traceback" not in err
    check_nothing_is_left_and_the_next_run_works(server, tmp_path)


def test_what_a_killed_download_leaves_is_not_taken_for_data(server, half_sent, tmp_path):
    with started(GET, tmp_path) as process:
        assert half_sent.wait(60)
        process.kill()
        process.wait(timeout=HANG_GUARD)
    assert SHAKESPEARE not in names(tmp_path)
    assert registry.find_file(SHAKESPEARE) is None
    server.answer = whole
    assert download.download(SHAKESPEARE, progress=False).read_bytes() == PLAY


def test_two_processes_may_download_one_file_at_once(server, tmp_path):
    both = threading.Barrier(2)

    def answer(to):
        to.start(Content_Length=len(PLAY))
        to.wfile.write(PLAY[:20_000])
        both.wait(60)  # neither ends before both have begun
        to.wfile.write(PLAY[20_000:])

    server.answer = answer
    with started(GET, tmp_path) as one, started(GET, tmp_path) as other:
        ends = [process.communicate(timeout=90) for process in (one, other)]
        assert (one.returncode, other.returncode) == (0, 0), ends
    assert names(tmp_path) == ["registry.txt", SHAKESPEARE]
    assert registry.find_file(SHAKESPEARE).read_bytes() == PLAY


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size: no `resource`")
def test_a_full_disk_leaves_nothing(server, tmp_path):
    full = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
    code, _, err = finished(full + GET, tmp_path)
    assert code == 1
    assert err == (
        f"Error: {SHAKESPEARE} was not downloaded: the disk is full. Put that right, then run it "
        "again.\n"
    )
    check_nothing_is_left_and_the_next_run_works(server, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows a folder's mode forbids no writing")
def test_a_folder_that_may_not_be_written_is_named(server):
    as_somebody_else = """
# All is imported now.
download.download(texts.SHAKESPEARE, Path(sys.argv[1], "open"), progress=False)
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write everywhere
try:
    download.download(texts.SHAKESPEARE, Path(sys.argv[1], "closed"), progress=False)
except DataError as error:
    print(error)
"""
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        folder = Path(name)
        folder.chmod(0o755)
        register(folder, server)
        (folder / "closed").mkdir()
        (folder / "closed").chmod(0o555)
        code, out, err = finished(PROGRAM + as_somebody_else, folder)
        (folder / "closed").chmod(0o755)
        assert (code, err) == (0, "")
        assert "the folder closed/ cannot be written" in out
        assert names(folder / "closed") == []
        path = download.download(SHAKESPEARE, folder / "closed", progress=False)
        assert path.read_bytes() == PLAY
