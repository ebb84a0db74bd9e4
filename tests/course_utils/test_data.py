"""What the price tables promise: found, verified, checked, downloaded once, or embedded."""

import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

from course_utils.data import download, prices, registry
from course_utils.data.prices import COLUMNS, load_prices, read_prices
from course_utils.files import DataError

import numpy as np
import pooch
import pytest
from helpers import TABLE, check_is_price_table

HANG_GUARD = 20  # seconds; the promise is 2, but a busy machine must not fail a test
IBM = "IBM_2006-01-01_to_2018-01-01.csv"
AAPL = "AAPL_2006-01-01_to_2018-01-01.csv"
XOM = "XOM_2006-01-01_to_2018-01-01.csv"


@pytest.fixture
def plain_environment(monkeypatch):
    for variable in ("COURSE_DATA_DIR", "COURSE_OFFLINE", "COURSE_EMBEDDED"):
        monkeypatch.delenv(variable, raising=False)
    return monkeypatch


@pytest.fixture
def server():
    """A real HTTP server; `server.files` maps a path to (status, body, announced length)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body, length = self.server.files[self.path]
            self.server.asked.append((self.command, self.path))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(length or len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.files, running.asked = {}, []
        running.url = f"http://127.0.0.1:{running.server_port}"
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def course(tmp_path, plain_environment):
    """Return a function that sets up a data folder with a registry of its own.

    As in a fresh process, nothing has been tried to download yet.
    """

    def build(addresses, text=TABLE):
        folder = tmp_path / "course" / "data"
        folder.mkdir(parents=True, exist_ok=True)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        lines = [f"{name} {sha256} {address}\n" for name, address in addresses.items()]
        (folder / "registry.txt").write_text(
            "# a comment\n\n" + "".join(lines), encoding="utf-8", newline="\n"
        )
        plain_environment.setattr(registry, "DATA_DIR", folder)
        plain_environment.setattr(download, "_download_problem", "")
        return SimpleNamespace(
            DATA_DIR=folder,
            DataError=DataError,
            download=download.download,
            **{name: getattr(prices, name) for name in ("load_prices", "full_data")},
            **{n: getattr(registry, n) for n in ("data_files", "find_file", "registry", "tickers")},
        )

    return build


@pytest.fixture
def refusing_address():
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return f"http://127.0.0.1:{port}/file.csv"


def printed_lines(capsys):
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


# ------------------------------------------------------------------------------ load_prices


def test_loaded_prices_are_what_their_source_is_known_to_hold(capsys):
    prices = load_prices("IBM")
    (line,) = (text for text in capsys.readouterr().out.split("\n") if text)
    known = {
        "full": (3020, "2006-01-03", "2017-12-29", 2017, ["2017-07-31: Open, Low"], IBM),
        "embedded": (3270, "2000-03-01", "2013-03-01", 2012, [], "bokeh_sampledata.stocks.IBM"),
    }
    rows, first, last, test_year, missing, file = known[prices.attrs["source"]]
    check_is_price_table(prices)
    assert (len(prices), str(prices.index[0].date()), str(prices.index[-1].date())) == (
        rows,
        first,
        last,
    )
    assert prices.attrs["test_year"] == test_year
    assert prices.attrs["missing"] == missing
    assert prices.attrs["file"] == file
    assert prices.attrs["ticker"] == "IBM"
    assert f"{rows:,} days, {first} to {last}" in line


def test_naive_forecast_has_the_known_error(capsys):
    prices = load_prices("IBM")
    year = prices.attrs["test_year"]
    steps = prices["High"].diff()[prices.index.year == year]
    known = {2017: 1.54, 2012: 1.77}
    assert np.sqrt((steps**2).mean()) == pytest.approx(known[year], abs=0.005)


def test_no_attribute_and_no_line_holds_a_path(capsys):
    prices = load_prices("AAPL")
    seen = capsys.readouterr().out.split("\r")[-1] + repr(prices.attrs)
    assert "/" not in seen
    assert os.sep not in seen


@pytest.mark.parametrize("spelling", ["ibm", " IBM ", "Ibm\n"])
def test_case_and_spaces_of_a_ticker_do_not_matter(spelling, plain_environment, capsys):
    plain_environment.setenv("COURSE_EMBEDDED", "1")
    assert load_prices(spelling).attrs["ticker"] == "IBM"


@pytest.mark.parametrize("value", [None, 7, b"IBM", ["IBM"]])
def test_a_ticker_that_is_no_string_is_a_type_error(value):
    with pytest.raises(TypeError, match=r"a ticker is a string such as 'IBM', not \w+"):
        load_prices(value)


@pytest.mark.parametrize(
    ("ticker", "answer"),
    [
        ("IMB", "IBM"),
        ("ibmm", "did you mean IBM"),
        ("APPL", "AAPL"),
        ("GOGL", "GOOGL"),
        ("?", "Known: AA"),
    ],
)
def test_an_unknown_ticker_names_the_nearest(ticker, answer):
    with pytest.raises(DataError, match=answer):
        load_prices(ticker)


def test_a_file_in_course_data_dir_comes_before_data(course, tmp_path, monkeypatch, capsys):
    copy = course({IBM: "http://127.0.0.1:9/never"})
    mine = tmp_path / "mine"
    mine.mkdir()
    for folder in (mine, copy.DATA_DIR):
        (folder / IBM).write_bytes(TABLE.encode())
    monkeypatch.setenv("COURSE_DATA_DIR", str(mine))
    prices = copy.load_prices()
    (line,) = printed_lines(capsys)
    assert copy.find_file(IBM).parent == mine
    assert prices.attrs["source"] == "full"
    assert line == f"IBM: 4 days, 2016-12-30 to 2017-01-05, from {IBM} (checksum verified)"


def test_data_is_used_where_course_data_dir_lacks_the_file(course, tmp_path, monkeypatch, capsys):
    copy = course({IBM: "http://127.0.0.1:9/never"})
    (copy.DATA_DIR / IBM).write_bytes(TABLE.encode())
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert copy.load_prices().attrs["source"] == "full"


def test_course_data_dir_that_is_no_folder_is_refused(course, csv_file, monkeypatch):
    copy = course({IBM: "http://127.0.0.1:9/never"})
    monkeypatch.setenv("COURSE_DATA_DIR", str(csv_file(TABLE)))
    with pytest.raises(copy.DataError, match=r"COURSE_DATA_DIR is '.*own.csv', which is not a fol"):
        copy.load_prices()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("~nosuchuser/x", "is not a folder"),
        (os.path.abspath("x" * 300), "is not a folder"),
        (".", f"write the full path, such as {re.escape(os.getcwd())}"),
        ("my data", "write the full path, such as .*my data"),
    ],
)
def test_course_data_dir_must_be_the_full_path_of_a_folder(name, message, course, monkeypatch):
    copy = course({IBM: "http://127.0.0.1:9/never"})
    (copy.DATA_DIR / IBM).write_bytes(TABLE.encode())
    monkeypatch.setenv("COURSE_DATA_DIR", name)
    with pytest.raises(copy.DataError, match=message):
        copy.load_prices()


def test_course_data_dir_that_may_not_be_read_is_refused(course, tmp_path, monkeypatch):
    copy = course({IBM: "http://127.0.0.1:9/never"})
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path and allowed(path, mode))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    with pytest.raises(copy.DataError, match="which you may not read"):
        copy.find_file(IBM)


def test_a_wrong_checksum_is_refused_and_the_file_left_alone(course, tmp_path, monkeypatch):
    copy = course({IBM: "http://127.0.0.1:9/never"})
    changed = TABLE.replace("166.44", "166.45")
    expected, found = (hashlib.sha256(t.encode()).hexdigest()[:12] for t in (TABLE, changed))
    for folder in (copy.DATA_DIR, tmp_path):
        (folder / IBM).write_bytes(changed.encode())
        monkeypatch.setenv("COURSE_DATA_DIR", str(folder))
        with pytest.raises(copy.DataError) as refusal:
            copy.load_prices()
        for part in (IBM, expected, found, "Move or delete it, then run: course data get IBM"):
            assert part in str(refusal.value)
        with pytest.raises(copy.DataError, match="Move or delete it"):
            copy.download(IBM, folder)
        assert (folder / IBM).read_bytes() == changed.encode()


def test_a_folder_in_the_place_of_a_file_is_refused(course):
    copy = course({IBM: "http://127.0.0.1:9/never"})
    (copy.DATA_DIR / IBM).mkdir()
    with pytest.raises(copy.DataError, match=r"cannot be read .*move it away"):
        copy.load_prices()


def test_a_right_checksum_does_not_excuse_a_wrong_structure(course):
    wrong = TABLE.replace("Close", "Klose")
    copy = course({IBM: "http://127.0.0.1:9/never"}, wrong)
    (copy.DATA_DIR / IBM).write_bytes(wrong.encode())
    with pytest.raises(copy.DataError, match="no column Close"):
        copy.load_prices()


# ------------------------------------------------------------------- without a network


@pytest.mark.parametrize("variable", ["COURSE_OFFLINE", "COURSE_EMBEDDED"])
def test_a_variable_keeps_the_course_off_the_network(variable, course, server, monkeypatch, capsys):
    copy = course({IBM: f"{server.url}/{IBM}"})
    monkeypatch.setenv(variable, "1")
    assert copy.load_prices().attrs["source"] == "embedded"
    assert server.asked == []
    assert printed_lines(capsys) == [
        "IBM: embedded sample of 3,270 days, 2000-03-01 to 2013-03-01, "
        f"because {variable}=1; the full data comes with: course data get IBM"
    ]


def test_course_embedded_comes_before_a_file(course, monkeypatch, capsys):
    copy = course({IBM: "http://127.0.0.1:9/never"})
    (copy.DATA_DIR / IBM).write_bytes(TABLE.encode())
    monkeypatch.setenv("COURSE_EMBEDDED", "1")
    assert copy.load_prices().attrs["source"] == "embedded"


def test_without_a_network_the_embedded_default_comes_up(course, refusing_address, capsys):
    copy = course({IBM: refusing_address, AAPL: refusing_address})
    start = time.monotonic()
    assert copy.load_prices("IBM").attrs["source"] == "embedded"
    assert copy.load_prices("AAPL").attrs["source"] == "embedded"
    assert time.monotonic() - start < HANG_GUARD
    lines = printed_lines(capsys)
    assert [line.split(",")[0] for line in lines] == [
        "IBM: embedded sample of 3",
        "AAPL: embedded sample of 3",
    ]
    assert all("because there was no answer within a second" in line for line in lines)


def test_a_server_that_never_answers_is_given_up_and_not_asked_again(course, capsys):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/{IBM}"
        copy = course({IBM: address, AAPL: address})
        start = time.monotonic()
        assert copy.load_prices("IBM").attrs["source"] == "embedded"
        first = time.monotonic() - start
        start = time.monotonic()
        assert copy.load_prices("AAPL").attrs["source"] == "embedded"
        second = time.monotonic() - start
    assert first < HANG_GUARD
    assert second < first
    assert len(printed_lines(capsys)) == 2


def test_a_ticker_that_is_not_embedded_says_how_to_get_it(course, refusing_address):
    copy = course({XOM: refusing_address})
    with pytest.raises(copy.DataError) as refusal:
        copy.load_prices("XOM")
    for part in (
        "no answer within a second",
        "course data get XOM",
        XOM,
        "COURSE_DATA_DIR",
        "AAPL, FB, GOOG",
    ):
        assert part in str(refusal.value)


def test_a_ticker_that_is_only_embedded_needs_no_network(course, server, capsys):
    copy = course({IBM: f"{server.url}/{IBM}"})
    assert copy.load_prices("GOOG").attrs["source"] == "embedded"
    assert server.asked == []
    assert printed_lines(capsys)[0].endswith("because the full data does not have it")


# ----------------------------------------------------------------------- the download


def test_a_download_is_verified_kept_and_announced_in_one_line(course, server, capsys):
    copy = course({IBM: f"{server.url}/{IBM}"})
    server.files[f"/{IBM}"] = (200, TABLE.encode(), None)
    prices = copy.load_prices()
    out, err = capsys.readouterr()
    assert prices.attrs["source"] == "full"
    assert (copy.DATA_DIR / IBM).read_bytes() == TABLE.encode()
    assert err == ""
    assert out.count("\n") == 1
    assert out.endswith(f"from {IBM} (checksum verified)\n")
    copy.load_prices()
    assert [method for method, _ in server.asked] == ["HEAD", "GET"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, b"other bytes", None), "the bytes that came do not match the checksum"),
        ((404, b"not here", None), "HTTP 404 from 127.0.0.1"),
        ((200, TABLE.encode()[:50], len(TABLE)), "the connection to 127.0.0.1 broke off"),
    ],
)
def test_a_bad_download_leaves_nothing_and_is_tried_once(answer, reason, course, server, capsys):
    copy = course({IBM: f"{server.url}/{IBM}", AAPL: f"{server.url}/{AAPL}"})
    server.files[f"/{IBM}"] = answer
    with pytest.raises(copy.DataError, match=f"{IBM} was not downloaded: {reason}"):
        copy.download(IBM, progress=False)
    assert printed_lines(capsys) == []
    server.asked.clear()
    assert copy.load_prices("IBM").attrs["source"] == "embedded"
    assert copy.load_prices("AAPL").attrs["source"] == "embedded"
    out, err = capsys.readouterr()
    assert (out.count("\n"), out.count(f"because the download failed: {reason}")) == (2, 2)
    assert err == ""
    assert server.asked == [("HEAD", f"/{IBM}"), ("GET", f"/{IBM}")]
    assert [path.name for path in copy.DATA_DIR.iterdir()] == ["registry.txt"]


def test_wherever_a_download_is_sent_on_to_only_the_right_bytes_are_kept(course, server):
    copy = course({IBM: f"{server.url}/pinned"})
    server.files["/pinned"] = (302, f"{server.url}/elsewhere".encode(), None)
    server.files["/elsewhere"] = (200, TABLE.replace("167", "176").encode(), None)
    with pytest.raises(copy.DataError, match="do not match the checksum, so none were kept"):
        copy.download(IBM, progress=False)
    assert [path.name for path in copy.DATA_DIR.iterdir()] == ["registry.txt"]
    server.files["/elsewhere"] = (200, TABLE.encode(), None)
    assert copy.download(IBM, progress=False).read_bytes() == TABLE.encode()
    assert [path for _, path in server.asked] == 2 * ["/pinned", "/elsewhere"]


def test_download_without_a_connection_says_so(course, refusing_address):
    copy = course({IBM: refusing_address})
    with pytest.raises(copy.DataError, match=r"no connection to 127\.0\.0\.1"):
        copy.download(IBM)


def test_download_takes_a_folder_and_another_progress_bar(course, server, tmp_path):
    class Bar:
        total, seen, closed = 0, 0, False

        def update(self, size):
            self.seen += size

        def reset(self):
            self.seen = 0

        def close(self):
            self.closed = True

    copy = course({"plays.txt": f"{server.url}/input"})
    server.files["/input"] = (200, TABLE.encode(), None)
    bar = Bar()
    path = copy.download("plays.txt", tmp_path / "new" / "folder", progress=bar)
    assert path == tmp_path / "new" / "folder" / "plays.txt"
    assert path.read_bytes() == TABLE.encode()
    assert path.stat().st_mode & 0o044 == 0o044
    assert (bar.total, bar.seen, bar.closed) == (len(TABLE), len(TABLE), True)


def test_a_file_system_without_modes_does_not_spoil_a_download(course, server, monkeypatch):
    def refuse(*arguments):
        raise PermissionError(1, "Operation not permitted")

    copy = course({"plays.txt": f"{server.url}/input"})
    server.files["/input"] = (200, TABLE.encode(), None)
    monkeypatch.setattr(Path, "chmod", refuse)
    assert copy.download("plays.txt", progress=False).read_bytes() == TABLE.encode()


def test_nothing_is_downloaded_offline_and_what_is_here_is_kept(course, server, monkeypatch):
    copy = course({IBM: f"{server.url}/{IBM}", AAPL: f"{server.url}/{AAPL}"})
    (copy.DATA_DIR / IBM).write_bytes(TABLE.encode())
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert copy.download(IBM) == copy.DATA_DIR / IBM
    with pytest.raises(copy.DataError, match="was not downloaded: COURSE_OFFLINE=1 forbids it"):
        copy.download(AAPL)
    assert server.asked == []


def test_the_default_progress_bar_is_on_stdout(course, server, capsys):
    copy = course({"plays.txt": f"{server.url}/input"})
    server.files["/input"] = (200, TABLE.encode(), None)
    copy.download("plays.txt")
    out, err = capsys.readouterr()
    assert "plays.txt" in out
    assert err == ""


def test_download_leaves_a_right_file_alone(course, server):
    copy = course({IBM: f"{server.url}/{IBM}"})
    (copy.DATA_DIR / IBM).write_bytes(TABLE.encode())
    assert copy.download(IBM) == copy.DATA_DIR / IBM
    assert server.asked == []


def test_download_refuses_a_name_that_is_not_in_the_registry():
    with pytest.raises(DataError, match=r"did you mean multi30k\.train\.en\.gz"):
        download.download("multi30k.train.en")


def test_a_folder_that_cannot_be_written_is_named(course, server, csv_file):
    copy = course({IBM: f"{server.url}/{IBM}"})
    server.files[f"/{IBM}"] = (200, TABLE.encode(), None)
    with pytest.raises(copy.DataError, match=r"the folder own\.csv/ cannot be written"):
        copy.download(IBM, csv_file("a file, not a folder"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size: no `resource`")
def test_a_full_disk_is_announced_and_the_embedded_default_used(course, server):
    copy = course({IBM: f"{server.url}/{IBM}"})
    server.files[f"/{IBM}"] = (200, TABLE.encode(), None)
    root = copy.DATA_DIR.parent
    script = (
        "import resource\n"
        "from pathlib import Path\n"
        "from course_utils.data import load_prices, registry\n"
        "registry.DATA_DIR = Path('data').resolve()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))\n"
        "assert load_prices().attrs['source'] == 'embedded'\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "because the download failed: the disk is full" in done.stdout


# -------------------------------------------------------------- registry and file states


def test_the_registry_is_pinned_complete_and_readable_by_pooch():
    entries = registry.registry()
    puller = pooch.create(path="unused", base_url="")
    puller.load_registry(registry.DATA_DIR / "registry.txt")
    assert puller.registry == {name: entry.sha256 for name, entry in entries.items()}
    assert puller.urls == {name: entry.address for name, entry in entries.items()}
    assert len(entries) == 31 + 6 + 1
    for name, entry in entries.items():
        _owner, _repository, commit, *path = entry.address.split("/")[3:]
        assert entry.address.startswith("https://raw.githubusercontent.com/")
        assert (len(entry.sha256), len(commit)) == (64, 40)
        assert name == "tinyshakespeare.txt" or name.endswith(path[-1])


def test_the_tickers_are_the_full_data_and_the_embedded_are_in_the_package(capsys):
    names = registry.tickers()
    assert len(names) == 31
    assert names == sorted(names)
    assert {"AAPL", "IBM", "MSFT"} == set(names) & set(prices.EMBEDDED_TICKERS)
    assert all(registry.price_file_name(name.lower()) in registry.registry() for name in names)


def test_file_states_are_told_apart(course, tmp_path, monkeypatch):
    copy = course({name: f"http://127.0.0.1:9/{name}" for name in (AAPL, IBM, XOM)})
    (copy.DATA_DIR / IBM).write_bytes(TABLE.encode())
    (tmp_path / AAPL).write_bytes((TABLE + "\n").encode())
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert [(file.name, file.folder, file.state) for file in copy.data_files()] == [
        (AAPL, tmp_path, "wrong checksum"),
        (IBM, copy.DATA_DIR, "verified"),
        (XOM, None, "not here"),
    ]
    assert copy.data_files()[0].address == f"http://127.0.0.1:9/{AAPL}"
    assert copy.data_files()[2].sha256 == hashlib.sha256(TABLE.encode()).hexdigest()


@pytest.mark.parametrize(
    ("variable", "reason"), [("COURSE_EMBEDDED", "COURSE_EMBEDDED=1"), ("COURSE_OFFLINE", "")]
)
def test_what_prices_would_be_taken_is_known_without_asking(variable, reason, course, monkeypatch):
    copy = course({IBM: "http://127.0.0.1:9/never", XOM: "http://127.0.0.1:9/never"})
    assert copy.full_data("XOM") == (None, "")  # it would be downloaded
    (copy.DATA_DIR / IBM).write_bytes(TABLE.encode())
    assert copy.full_data("IBM") == (copy.DATA_DIR / IBM, "")
    monkeypatch.setenv(variable, "1")
    assert copy.full_data("IBM") == ((None, reason) if reason else (copy.DATA_DIR / IBM, ""))
    assert copy.full_data("XOM") == (None, f"{variable}=1")


# ------------------------------------------------------------------- the embedded default


@pytest.fixture
def embedded(plain_environment, capsys):
    def load(ticker):
        with plain_environment.context() as patch:
            patch.setenv("COURSE_EMBEDDED", "1")
            return load_prices(ticker)

    return load


@pytest.mark.parametrize(
    ("ticker", "test_year"),
    [("IBM", 2012), ("AAPL", 2012), ("MSFT", 2012), ("GOOG", 2012), ("FB", None)],
)
def test_every_embedded_ticker_is_a_price_table(ticker, test_year, embedded):
    prices = embedded(ticker)
    check_is_price_table(prices)
    assert prices.attrs["test_year"] == test_year
    assert prices.attrs["missing"] == []
    assert len(prices.attrs["sha256"]) == 64


@pytest.mark.parametrize(("ticker", "later_split"), [("IBM", 1), ("AAPL", 7)])
def test_embedded_prices_agree_with_the_full_data(ticker, later_split, embedded, capsys):
    loaded = load_prices(ticker)
    sample = embedded(ticker)
    scale = later_split if loaded.attrs["source"] == "full" else 1
    both = sample.index.intersection(loaded.index)
    ratio = sample.loc[both] / loaded.loc[both]
    assert len(both) >= 1801
    for column in COLUMNS:
        expected = 1 / scale if column == "Volume" else scale
        close = (ratio[column] / expected - 1).abs() < (0.02 if column == "Volume" else 0.005)
        assert close.mean() > 0.98


@pytest.mark.parametrize("day", ["2000-06-21", "2005-02-28"])
def test_a_split_leaves_no_jump_in_the_embedded_prices(day, embedded):
    prices = embedded("AAPL")
    place = prices.index.get_loc(day)
    step = prices["Close"].iloc[place] / prices["Close"].iloc[place - 1]
    assert 0.8 < step < 1.25


def test_a_split_leaves_the_money_traded_unchanged(embedded):
    from bokeh_sampledata import stocks

    prices = embedded("AAPL")
    raw = np.array(stocks.AAPL["close"]) * np.array(stocks.AAPL["volume"])
    np.testing.assert_allclose(prices["Close"] * prices["Volume"], raw)
    assert prices["Close"].iloc[-1] == stocks.AAPL["close"][-1]


def test_splits_are_told_from_dividends():
    ratio = np.array([0.05, 0.05, 0.1, 0.101, 0.303, 0.31, 0.031])  # 2:1, -, 3:1, -, 1:10
    np.testing.assert_allclose(prices._split_scale(ratio), [0.6, 0.6, 0.3, 0.3, 0.1, 0.1, 1.0])


def test_the_examples_in_the_data_card_are_read(csv_file):
    card = (registry.DATA_DIR / "README.md").read_text(encoding="utf-8")
    yahoo, stooq = (part.split("```")[0] for part in card.split("```csv\n")[1:])
    assert read_prices(csv_file(yahoo)).attrs["missing"][0].startswith("2017-01-04: Open")
    assert read_prices(csv_file(stooq)).attrs["missing"] == []


def test_the_data_card_names_every_ticker_and_commit():
    card = (registry.DATA_DIR / "README.md").read_text(encoding="utf-8")
    assert ", ".join(registry.tickers()) in card
    assert all(entry.address.split("/")[5] in card for entry in registry.registry().values())


def test_the_module_imports_quickly_and_without_keras():
    script = (
        "import sys, course_utils.data\n"
        "slow = {'tensorflow', 'keras', 'requests', 'pooch', 'bokeh_sampledata', 'tqdm'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
