"""`course data` says what `load_prices` does, and `course data get` what it has fetched."""

import hashlib
import re

from course_utils.data import download, full_data, registry
from course_utils.data.prices import load_prices
from course_utils.data.registry import price_file_name
from course_utils.files import DataError

import pytest
from command_line import course_here


@pytest.fixture
def in_two_folders(tmp_path, monkeypatch):
    """Return a function that puts a right and a wrong file into data/ and COURSE_DATA_DIR."""
    monkeypatch.setattr(registry, "DATA_DIR", tmp_path / "data")
    monkeypatch.setattr(registry, "REGISTRY", tmp_path / "data" / "registry.txt")
    monkeypatch.setattr(full_data, "_failure", "")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "mine"))
    for variable in ("COURSE_OFFLINE", "COURSE_EMBEDDED"):
        monkeypatch.delenv(variable, raising=False)

    def put(ticker, **contents):
        name = price_file_name(ticker)
        sha256 = hashlib.sha256(b"right").hexdigest()
        for folder in ("data", "mine"):
            (tmp_path / folder).mkdir()
            if folder in contents:
                (tmp_path / folder / name).write_bytes(contents[folder])
        (tmp_path / "data" / "registry.txt").write_text(f"{name} {sha256} http://127.0.0.1:9/x\n")
        return sha256

    return put


def test_data_says_where_from_and_what_checksum(in_two_folders, tmp_path):
    sha256 = in_two_folders("IBM", mine=b"right")
    done = course_here("data")
    row, address = done.stdout.splitlines()[1:3]
    assert done.exit_code == 0
    place = [str(tmp_path / "mine"), price_file_name("IBM")]
    assert row.split() == ["IBM", "full", *place, "verified", sha256[:12]]
    assert address.strip() == "http://127.0.0.1:9/x"


@pytest.mark.parametrize(
    ("ticker", "here", "variable", "used"),
    [
        ("IBM", True, "", "full"),
        ("IBM", True, "COURSE_OFFLINE", "full"),
        ("IBM", True, "COURSE_EMBEDDED", "embedded"),
        ("IBM", False, "", "download"),
        ("IBM", False, "COURSE_OFFLINE", "embedded"),
        ("AAPL", False, "COURSE_OFFLINE", "embedded"),
        ("XOM", True, "", "full"),
        ("XOM", True, "COURSE_EMBEDDED", "nothing"),
    ],
)
def test_data_says_what_load_prices_does(ticker, here, variable, used, in_two_folders, monkeypatch):
    in_two_folders(ticker, **({"mine": b"right"} if here else {}))
    if variable:
        monkeypatch.setenv(variable, "1")
    out = course_here("data").stdout
    assert out.splitlines()[1].split()[:2] == [ticker, used]
    if used == "embedded":
        assert re.search(rf"^{ticker} +embedded +bokeh_sampledata +stocks.{ticker} +-$", out, re.M)
        assert "http://" not in out
        assert load_prices(ticker).attrs["source"] == used
    if used == "nothing":
        with pytest.raises(DataError, match=f"because {variable}=1"):
            load_prices(ticker)


def test_data_get_refuses_a_wrong_file_though_a_right_one_is_in_data(in_two_folders, tmp_path):
    in_two_folders("IBM", mine=b"wrong", data=b"right")
    done = course_here("data", "get", "IBM")
    assert (done.exit_code, done.stdout) == (1, "")
    wrong = tmp_path / "mine" / price_file_name("IBM")
    assert done.stderr.startswith(f"Error: {wrong} is not the file")
    assert len(done.stderr.splitlines()) == 1


def test_data_get_fetches_the_files_that_a_name_begins(monkeypatch):
    fetched = []
    monkeypatch.setattr(registry, "find_file", lambda name: None)
    monkeypatch.setattr(
        download, "fetch", lambda name: fetched.append(name) or registry.DATA_DIR / name
    )
    assert course_here("data", "get", "multi30k", "tinyshakespeare", "XOM").exit_code == 0
    captions = [name for name in registry.registry() if name.startswith("multi30k.")]
    assert len(captions) == 6
    assert fetched == [*captions, "tinyshakespeare.txt", price_file_name("XOM")]


def test_data_get_downloads_nothing_offline(in_two_folders, monkeypatch):
    in_two_folders("IBM")
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    done = course_here("data", "get", "IBM")
    assert done.exit_code == 1
    assert "COURSE_OFFLINE=1 forbids it" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_data_with_a_wrong_checksum_is_refused_everywhere_in_one_line(tmp_path, monkeypatch):
    (tmp_path / price_file_name("IBM")).write_text("Date\n", encoding="utf-8")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    shown, stored = course_here("data"), course_here("run", "--store", "--output", tmp_path)
    assert shown.exit_code == stored.exit_code == 1
    assert re.search(r"^IBM +refused .* wrong checksum$", shown.stdout, re.M)
    assert len(shown.stderr.splitlines()) == len(stored.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("near", "name"),
    [
        ("ibn", "IBM"),
        ("xon", "XOM"),
        ("multi30k.trian.en.gz", "multi30k.train.en.gz"),
        ("multi3ok", "multi30k"),
    ],
)
def test_data_get_offers_the_name_that_is_nearest(near, name):
    done = course_here("data", "get", near)
    assert done.exit_code == 2
    assert re.search(f"did you mean .*{name}", done.stderr)
    assert "TRV" not in done.stderr


def test_data_get_refuses_an_unknown_name_with_the_known_ones():
    done = course_here("data", "get", "NOSUCH")
    assert done.exit_code == 2
    assert "IBM" in done.stderr


def test_a_data_folder_that_does_not_exist_is_an_error_of_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "nowhere"))
    done = course_here("data")
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
