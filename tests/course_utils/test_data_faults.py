"""Whatever goes wrong in a download, no part of a file is taken for data, and the next run works.

Servers, processes, signals and limits are real. How a lesson uses downloads is in `test_data.py`.
"""

import gzip
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from course_utils.data import download, registry
from course_utils.data.download import DownloadError, fetch
from course_utils.data.prices import load_prices
from course_utils.data.registry import price_file_name
from course_utils.data.texts import SHAKESPEARE
from course_utils.files import DataError, sha256

import pytest

PLAY = b"First Citizen:\nBefore we proceed any further, hear me speak.\n" * 700
HANG_GUARD = 20  # seconds; all that is waited for here takes one or two
FAILED = f"{SHAKESPEARE} was not downloaded: "


@pytest.fixture
def folder(data_folder, server):
    """A data folder that lacks Shakespeare, and a server that has it."""
    server.answer = whole
    return data_folder({SHAKESPEARE: PLAY}, server.url)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def check_nothing_is_left_and_the_next_run_works(server, folder):
    assert names(folder) == ["registry.txt"]
    assert registry.find_file(SHAKESPEARE) is None
    server.answer = whole
    assert fetch(SHAKESPEARE).read_bytes() == PLAY
    assert names(folder) == ["registry.txt", SHAKESPEARE]


# ----------------------------------------------------------------------------- good servers


def whole(to):
    to.send(PLAY)


def drop_by_drop(to):
    to.send(Content_Length=len(PLAY))
    for place in range(0, len(PLAY), 500):
        to.wfile.write(PLAY[place : place + 500])
        time.sleep(0.02)


def elsewhere(to):
    to.send(status=302, Location="/whole") if to.path != "/whole" else whole(to)


def packed(to):
    to.send(gzip.compress(PLAY), Content_Encoding="gzip")


@pytest.mark.slow
@pytest.mark.parametrize("answer", [whole, drop_by_drop, elsewhere, packed])
def test_a_slow_a_moved_and_a_packed_file_come_whole(answer, server, folder, capsys):
    server.answer = answer
    path = fetch(SHAKESPEARE)
    assert path == folder / SHAKESPEARE
    assert path.read_bytes() == PLAY
    assert path.stat().st_mode & 0o044 == 0o044  # a class may share the folder
    out, err = capsys.readouterr()
    assert SHAKESPEARE in out  # the progress bar's, and gone at the end
    assert (out.split("\r")[-1].strip(), err) == ("", "")


def test_a_right_file_is_kept_a_wrong_one_refused_and_nothing_downloaded_offline(
    server, folder, monkeypatch
):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with pytest.raises(DownloadError, match=f"{FAILED}COURSE_OFFLINE=1 forbids it"):
        fetch(SHAKESPEARE)
    (folder / SHAKESPEARE).write_bytes(PLAY)
    assert fetch(SHAKESPEARE) == folder / SHAKESPEARE
    (folder / SHAKESPEARE).write_bytes(PLAY[:-1])
    with pytest.raises(DataError, match="Move or delete it"):
        fetch(SHAKESPEARE)
    assert (folder / SHAKESPEARE).read_bytes() == PLAY[:-1]
    assert server.asked == []


def test_a_name_that_is_not_in_the_registry_is_refused():
    with pytest.raises(DataError, match=r"did you mean multi30k\.train\.en\.gz"):
        fetch("multi30k.train.en")


# ------------------------------------------------------------------------------- bad servers


def without_end(to):
    to.send(Content_Length=None)
    while True:
        to.wfile.write(PLAY)


def headers_without_end(to):
    to.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        to.wfile.write(b"X: 1\r\n" * 100)


def silent_after_a_part(to):
    to.send(PLAY[:9_000], Content_Length=len(PLAY))
    time.sleep(5)


def sends(content=b"", **how):
    return lambda to: to.send(content, **how)


PART, BOMB = PLAY[:9_000], gzip.compress(bytes(5_000_000))
FAULTS = {
    "other bytes": (sends(PLAY[::-1]), "127.0.0.1 sent bytes that do not match the checksum"),
    "cut off": (sends(PART, Content_Length=len(PLAY)), r"to 127.0.0.1 broke off \(IncompleteRead"),
    "cut off without a length": (sends(PART, Content_Length=None), "do not match the checksum"),
    "cut off while packed": (
        sends(gzip.compress(PLAY)[:-20], Content_Length=None, Content_Encoding="gzip"),
        "(do not match the checksum|broke off)",
    ),
    "not packed at all": (
        sends(PLAY, Content_Encoding="gzip"),
        r"the request to 127.0.0.1 failed \(Error -3 while decompressing",
    ),
    "packed twice without end": (
        sends(gzip.compress(BOMB), Content_Encoding="gzip, gzip"),
        "it sent more than 200,000 bytes",
    ),
    "without end": (without_end, r"failed \(it sent more than 200,000 bytes\)"),
    "drop by drop": (drop_by_drop, r"failed \(it took more than 0\.3 seconds\)"),
    "silent after a part": (silent_after_a_part, r"no connection to 127.0.0.1 \(timed out\)"),
    "silent": (lambda to: time.sleep(5), r"no connection to 127.0.0.1 \(timed out\)"),
    "missing": (sends(b"not here", status=404), "HTTP 404 from 127.0.0.1"),
    "in a circle": (sends(status=302, Location="/again"), r"failed \(Exceeded 30 redirects"),
    "to a file": (
        sends(status=302, Location=Path(__file__).as_uri()),
        r"failed \(No connection adapters were found for 'file://",
    ),
    "to nonsense": (sends(status=302, Location="http://["), r"failed \(Invalid IPv6 URL\)"),
    "headers without end": (headers_without_end, r"no connection .* \(got more than 100 headers"),
    "a length that is not a number": (sends(PART, Content_Length="many"), "do not match the che"),
    "not HTTP": (
        lambda to: to.wfile.write(b"220 smtp.example.invalid ESMTP\r\n"),
        "no connection to 127.0.0.1 .*220 smtp.example.invalid",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_answer_is_named_leaves_nothing_and_spoils_no_later_one(
    fault, server, folder, monkeypatch
):
    server.answer, reason = FAULTS[fault]
    start = time.monotonic()
    with monkeypatch.context() as little:
        little.setattr(download, "LARGEST", 200_000)
        little.setattr(download, "_PATIENCE", (5, 0.5))
        if fault == "drop by drop":
            little.setattr(download, "_LONGEST", 0.3)
        with pytest.raises(DownloadError, match=f"{FAILED}.*{reason}") as refusal:
            fetch(SHAKESPEARE)
    assert str(refusal.value).isprintable()
    assert time.monotonic() - start < HANG_GUARD
    check_nothing_is_left_and_the_next_run_works(server, folder)


# ----------------------------------------------------- proxies, certificates and names


@pytest.fixture(scope="module")
def signed_by_itself(tmp_path_factory):
    """A folder with a certificate and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def secure(data_folder, server, signed_by_itself):
    """The server with a certificate that nobody has signed but itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed_by_itself / "cert.pem", signed_by_itself / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.answer = whole
    data_folder({SHAKESPEARE: PLAY}, server.url.replace("http:", "https:"))
    return signed_by_itself / "cert.pem"


def failure(**how):
    with pytest.raises(DownloadError) as refusal:
        fetch(SHAKESPEARE, **how)
    return str(refusal.value)


@pytest.mark.slow
@pytest.mark.parametrize("hurry", [False, True])
def test_a_certificate_that_is_not_trusted_is_named(hurry, secure, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    said = failure(hurry=hurry)
    assert said.startswith(f"{FAILED}no secure connection to 127.0.0.1 (")
    assert "certificate verify failed: self-signed certificate" in said
    assert "REQUESTS_CA_BUNDLE" in said
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secure))
    assert fetch(SHAKESPEARE, hurry=hurry).read_bytes() == PLAY


@pytest.mark.parametrize("hurry", [False, True])
def test_a_bundle_of_certificates_that_is_missing_or_not_one_is_named(
    hurry, secure, monkeypatch, tmp_path
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    said = failure(hurry=hurry)
    assert said.startswith(f"{FAILED}REQUESTS_CA_BUNDLE names no file (")
    assert "nowhere.pem" in said
    (tmp_path / "nowhere.pem").write_text("not a certificate")
    assert "no secure connection to 127.0.0.1 ([X509" in failure(hurry=hurry)


def test_a_lesson_says_so_too(data_folder, monkeypatch, capsys):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "nowhere.pem")
    data_folder({price_file_name("IBM"): b"Date"}, "https://example.invalid")
    load_prices("IBM")
    assert (
        "because the download failed: REQUESTS_CA_BUNDLE names no file" in capsys.readouterr().out
    )


@pytest.mark.parametrize("hurry", [False, True])
@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http", r"the proxy does not lead to example.invalid \(.*refused\): check HTTPS_PROXY"),
        ("socks5", r"a SOCKS proxy needs PySocks \(Missing .*: pip install pysocks"),
    ],
)
def test_a_proxy_that_does_not_work_is_named(proxy, said, hurry, data_folder, monkeypatch):
    for variable in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"{proxy}://127.0.0.1:9")
    data_folder({SHAKESPEARE: PLAY}, "https://example.invalid")
    assert re.match(FAILED + said, failure(hurry=hurry))


def test_a_name_that_does_not_resolve_is_no_connection(data_folder, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    data_folder({SHAKESPEARE: PLAY}, "http://example.invalid")
    assert "no connection to example.invalid ([Errno -2] Name or service not known)" in failure()


# --------------------------------------------------------------- processes, signals and disks

PROGRAM = """
import os, signal, sys
from pathlib import Path
from course.commands import app
from course_utils.data import download, load_text, registry, texts
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
registry.DATA_DIR = Path(sys.argv[1])
registry.REGISTRY = registry.DATA_DIR / "registry.txt"
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
def half_sent(server, folder):
    """The server sends a half; the event is set then, and the rest waits for the test's end."""
    sent, end = threading.Event(), threading.Event()

    def answer(to):
        to.send(PLAY[:20_000], Content_Length=len(PLAY))
        sent.set()
        end.wait(60)

    server.answer = answer
    yield sent
    end.set()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole group")
def test_ctrl_c_in_the_middle_leaves_nothing(server, half_sent, folder):
    with started(GET, folder) as process:
        assert half_sent.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG_GUARD)
    assert process.returncode == 130
    assert "Traceback" not in err
    check_nothing_is_left_and_the_next_run_works(server, folder)


def test_a_killed_download_leaves_nothing(server, half_sent, folder):
    with started(GET, folder) as process:
        assert half_sent.wait(60)
        process.kill()
        process.wait(timeout=HANG_GUARD)
    check_nothing_is_left_and_the_next_run_works(server, folder)


@pytest.mark.slow
def test_two_processes_may_download_one_file_at_once(server, folder):
    both = threading.Barrier(2)

    def answer(to):
        to.send(PLAY[:20_000], Content_Length=len(PLAY))
        both.wait(60)  # neither ends before both have begun
        to.wfile.write(PLAY[20_000:])

    server.answer = answer
    with started(GET, folder) as one, started(GET, folder) as other:
        ends = [process.communicate(timeout=90) for process in (one, other)]
        assert (one.returncode, other.returncode) == (0, 0), ends
    assert names(folder) == ["registry.txt", SHAKESPEARE]
    assert registry.find_file(SHAKESPEARE).read_bytes() == PLAY


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size: no `resource`")
def test_a_full_disk_is_named_and_leaves_nothing(server, folder):
    full = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
    reason = "the folder data/ cannot be written (File too large)"
    code, out, err = finished(full + PROGRAM + "load_text('shakespeare')", folder)
    assert (code, err) == (0, "")
    assert (
        f"the download failed: {reason}; the full data comes with: course data get {SHAKESPEARE}"
        in out
    )
    check_nothing_is_left_and_the_next_run_works(server, folder)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="on Windows a folder's mode forbids no writing")
def test_a_folder_that_may_not_be_written_is_named(server):
    as_somebody_else = """
import psutil, requests, tqdm  # root's own Python may be closed to others
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write everywhere
try:
    download.fetch(texts.SHAKESPEARE)
except download.DownloadError as error:
    print(error)
"""
    server.answer = whole
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        folder = Path(name, "closed")
        folder.mkdir()
        line = f"{SHAKESPEARE} {sha256(PLAY)} {server.url}/\n"
        (folder / "registry.txt").write_text(line, encoding="utf-8")
        Path(name).chmod(0o755)
        folder.chmod(0o555)
        code, out, err = finished(PROGRAM + as_somebody_else, folder)
        folder.chmod(0o755)
        assert (code, err) == (0, "")
        assert f"{FAILED}the folder closed/ cannot be written (Permission denied)" in out
        assert names(folder) == ["registry.txt"]
