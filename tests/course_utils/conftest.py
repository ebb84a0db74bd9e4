"""A data folder of a test's own, and a server to fill it from."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from course_utils.data import full_data, registry
from course_utils.files import sha256

import pytest


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    """Return a function that makes a data folder whose registry knows some files' contents.

    As in a fresh session, nothing has been tried to download yet.
    """
    for variable in ("COURSE_DATA_DIR", "COURSE_OFFLINE", "COURSE_EMBEDDED"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(full_data, "_failure", "")
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setattr(registry, "DATA_DIR", folder)
    monkeypatch.setattr(registry, "REGISTRY", folder / "registry.txt")

    def make(contents, url="http://127.0.0.1:9"):  # nothing listens there
        lines = [f"{name} {sha256(text)} {url}/{name}\n" for name, text in contents.items()]
        (folder / "registry.txt").write_text("# a comment\n\n" + "".join(lines), encoding="utf-8")
        return folder

    return make


@pytest.fixture(
    params=["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.nightly), "float64"]
)
def precision(request):
    """Networks compute in other numbers, as a policy says, or a forgotten keras.json."""
    import keras

    keras.config.set_floatx("float64" if request.param == "float64" else "float32")
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's function `answer` says; a client may hang up."""

    def do_GET(self):
        self.server.asked.append(f"{self.command} {self.path}")
        with suppress(ConnectionError):
            self.server.answer(self)

    do_HEAD = do_GET

    def send(self, content=b"", status=200, **headers):
        """Send headers and content; the length announced is the true one unless said otherwise."""
        self.send_response(status)
        for name, value in {"Content_Length": len(content), **headers}.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False  # an answer without end must not keep a test


@pytest.fixture
def server():
    """A real server on this machine: what it answers, what it was asked, and its address."""
    with Server(("127.0.0.1", 0), Handler) as running:
        running.asked, running.answer = [], None
        running.url = f"http://127.0.0.1:{running.server_port}"
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()
