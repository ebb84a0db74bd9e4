"""What the price tables promise: found, verified, checked, downloaded once, or embedded."""

import hashlib
import os
import re
import socket
import time

from course_utils.data import full_data, prices, registry
from course_utils.data.price_table import COLUMNS, read_prices
from course_utils.data.prices import load_prices
from course_utils.data.registry import find_file
from course_utils.files import DataError, sha256

import numpy as np
import pytest
from helpers import TABLE, check_is_price_table

HANG_GUARD = 20  # seconds; the promise is 2, but a busy machine must not fail a test
IBM = "IBM_2006-01-01_to_2018-01-01.csv"
AAPL = "AAPL_2006-01-01_to_2018-01-01.csv"
XOM = "XOM_2006-01-01_to_2018-01-01.csv"
CONTENT = TABLE.encode()


@pytest.fixture
def folder(data_folder):
    """A data folder that knows three tickers, at an address where nothing listens."""
    return data_folder(dict.fromkeys([AAPL, IBM, XOM], CONTENT))


def printed_lines(capsys):
    captured = capsys.readouterr()
    assert captured.err == ""
    return [line.split("\r")[-1] for line in captured.out.split("\n")[:-1]]


# ------------------------------------------------------------------------------ load_prices


def test_loaded_prices_are_what_their_source_is_known_to_hold(capsys):
    prices = load_prices("IBM")
    (line,) = printed_lines(capsys)
    known = {
        "full": (3020, "2006-01-03", "2017-12-29", 2017, ["2017-07-31: Open, Low"], IBM, 1.54),
        "embedded": (
            *(3270, "2000-03-01", "2013-03-01", 2012, [], "bokeh_sampledata.stocks.IBM", 1.77),
        ),
    }
    rows, first, last, year, missing, file, error = known[prices.attrs["source"]]
    check_is_price_table(prices)
    assert len(prices) == rows
    assert (f"{prices.index[0]:%Y-%m-%d}", f"{prices.index[-1]:%Y-%m-%d}") == (first, last)
    assert (prices.attrs["test_year"], prices.attrs["missing"]) == (year, missing)
    assert (prices.attrs["file"], prices.attrs["ticker"]) == (file, "IBM")
    assert f"{rows:,} days, {first} to {last}" in line
    assert not {"/", os.sep} & set(line + repr(prices.attrs))  # a notebook stores no path
    naive = prices["High"].diff()[prices.index.year == year]
    assert np.sqrt((naive**2).mean()) == pytest.approx(error, abs=0.005)


@pytest.mark.parametrize("spelling", ["ibm", " IBM ", "Ibm\n"])
def test_case_and_spaces_of_a_ticker_do_not_matter(spelling, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_EMBEDDED", "1")
    assert load_prices(spelling).attrs["ticker"] == "IBM"


@pytest.mark.parametrize("value", [None, 7, b"IBM", ["IBM"]])
def test_a_ticker_that_is_not_a_string_is_a_type_error(value):
    with pytest.raises(TypeError, match=r"a ticker is a string such as 'IBM', not \w+"):
        load_prices(value)


@pytest.mark.parametrize(
    ("ticker", "answer"), [("ibmm", "did you mean IBM"), ("GOGL", "GOOGL"), ("?", "Known: AA")]
)
def test_an_unknown_ticker_names_the_nearest(ticker, answer):
    with pytest.raises(DataError, match=answer):
        load_prices(ticker)


# ------------------------------------------------------------------------- where files are


def test_a_file_in_course_data_dir_comes_before_data(folder, tmp_path, monkeypatch, capsys):
    mine = tmp_path / "mine"
    mine.mkdir()
    monkeypatch.setenv("COURSE_DATA_DIR", str(mine))
    (folder / IBM).write_bytes(CONTENT)
    assert find_file(IBM).parent == folder
    (mine / IBM).write_bytes(CONTENT)
    assert find_file(IBM).parent == mine
    assert load_prices().attrs["source"] == "full"
    assert printed_lines(capsys) == [
        f"IBM: 4 days, 2016-12-30 to 2017-01-05, from {IBM} (checksum verified)"
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (__file__, "which is not a folder that you may read: correct or unset it"),
        (os.path.abspath("x" * 300), "is not a folder"),
        ("~nosuchuser/x", "write the full path"),
        (".", f"write the full path, such as {re.escape(os.getcwd())}"),
        ("my data", "write the full path, such as .*my data"),
    ],
)
def test_course_data_dir_must_be_the_full_path_of_a_folder(name, message, folder, monkeypatch):
    (folder / IBM).write_bytes(CONTENT)
    monkeypatch.setenv("COURSE_DATA_DIR", name)
    with pytest.raises(DataError, match=f"COURSE_DATA_DIR is '{re.escape(name)}.*{message}"):
        load_prices()


def test_course_data_dir_that_may_not_be_read_is_refused(folder, tmp_path, monkeypatch):
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path and allowed(path, mode))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    with pytest.raises(DataError, match="not a folder that you may read"):
        find_file(IBM)


def test_a_wrong_checksum_is_refused_and_the_file_left_alone(folder, tmp_path, monkeypatch):
    changed = TABLE.replace("166.44", "166.45").encode()
    expected, found = (hashlib.sha256(content).hexdigest()[:12] for content in (CONTENT, changed))
    for place in (folder, tmp_path):
        (place / IBM).write_bytes(changed)
        monkeypatch.setenv("COURSE_DATA_DIR", str(place))
        with pytest.raises(DataError) as refusal:
            load_prices()
        for part in (IBM, expected, found, "Move or delete it, then run: course data get IBM"):
            assert part in str(refusal.value)
        assert (place / IBM).read_bytes() == changed


def test_a_folder_in_the_place_of_a_file_is_refused(folder):
    (folder / IBM).mkdir()
    with pytest.raises(DataError, match=r"cannot be read .*move it away"):
        load_prices()


def test_a_right_checksum_does_not_excuse_a_wrong_structure(data_folder):
    wrong = TABLE.replace("Close", "Klose").encode()
    (data_folder({IBM: wrong}) / IBM).write_bytes(wrong)
    with pytest.raises(DataError, match="no column Close"):
        load_prices()


def test_a_known_slip_becomes_a_missing_value_and_is_named(data_folder, capsys):
    slipped = TABLE.replace("166.01", "0.0").encode()
    folder = data_folder({IBM: slipped})
    (folder / IBM).write_bytes(slipped)
    with pytest.raises(DataError, match=r"line 3: Low is '0\.0'"):
        load_prices()
    with (folder / "registry.txt").open("a", encoding="utf-8") as file:
        file.write(f"slip {IBM} 2017-01-03 Low no price is zero\n")
    loaded = load_prices()
    assert np.isnan(loaded.loc["2017-01-03", "Low"])
    assert loaded.attrs["missing"] == ["2017-01-03: Low"]
    assert loaded.attrs["slips"] == ["2017-01-03: Low, because no price is zero"]
    (line,) = printed_lines(capsys)
    assert line.endswith("; left out is 2017-01-03: Low, because no price is zero")


# ------------------------------------------------------------- the embedded default instead


@pytest.mark.parametrize("variable", ["COURSE_OFFLINE", "COURSE_EMBEDDED"])
def test_a_variable_keeps_lessons_off_the_network(
    variable, data_folder, server, monkeypatch, capsys
):
    folder = data_folder({IBM: CONTENT}, server.url)
    monkeypatch.setenv(variable, "1")
    assert load_prices().attrs["source"] == "embedded"
    assert server.asked == []
    assert printed_lines(capsys) == [
        "IBM: embedded sample of 3,270 days, 2000-03-01 to 2013-03-01, "
        f"because {variable}=1; the full data comes with: course data get IBM"
    ]
    (folder / IBM).write_bytes(CONTENT)
    wanted = "full" if variable == "COURSE_OFFLINE" else "embedded"
    assert load_prices().attrs["source"] == wanted


def test_without_a_network_a_lesson_goes_on_and_says_why(folder, capsys):
    start = time.monotonic()
    assert load_prices("IBM").attrs["source"] == "embedded"
    assert time.monotonic() - start < HANG_GUARD
    (line,) = printed_lines(capsys)
    assert line.startswith("IBM: embedded sample of 3,270 days")
    assert "because the download failed: no connection to 127.0.0.1 (" in line
    with pytest.raises(DataError) as refusal:
        load_prices("XOM")  # which is not embedded
    for part in ("no connection", "course data get XOM", XOM, "COURSE_DATA_DIR", "AAPL, FB, GOOG"):
        assert part in str(refusal.value)


@pytest.mark.slow
def test_a_server_that_never_answers_is_given_up_and_not_asked_again(data_folder, capsys):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        data_folder({IBM: CONTENT, AAPL: CONTENT}, address)
        seconds = []
        for ticker in ("IBM", "AAPL"):
            start = time.monotonic()
            assert load_prices(ticker).attrs["source"] == "embedded"
            seconds.append(time.monotonic() - start)
    assert seconds[1] < seconds[0] < HANG_GUARD
    assert all("because the download failed" in line for line in printed_lines(capsys))


@pytest.mark.slow
def test_a_name_lookup_that_hangs_is_given_up(folder, monkeypatch, capsys):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(HANG_GUARD))
    start = time.monotonic()
    assert load_prices("IBM").attrs["source"] == "embedded"
    assert time.monotonic() - start < HANG_GUARD / 2
    assert "(there was no answer within a second)" in printed_lines(capsys)[0]


def test_a_ticker_that_is_only_embedded_needs_no_network(data_folder, server, capsys):
    data_folder({IBM: CONTENT}, server.url)
    assert load_prices("GOOG").attrs["source"] == "embedded"
    assert server.asked == []
    assert printed_lines(capsys)[0].endswith("because the full data does not have it")


# --------------------------------------------------------------- one download per session


def test_a_download_is_verified_kept_and_announced_in_one_line(data_folder, server, capsys):
    folder = data_folder({IBM: CONTENT}, server.url)
    server.answer = lambda to: to.send(CONTENT)
    assert load_prices().attrs["source"] == "full"
    assert (folder / IBM).read_bytes() == CONTENT
    (line,) = printed_lines(capsys)
    assert line.endswith(f"from {IBM} (checksum verified)")
    load_prices()
    assert server.asked == [f"HEAD /{IBM}", f"GET /{IBM}"]


def test_a_download_that_fails_is_tried_once_and_named_each_time(data_folder, server, capsys):
    data_folder({IBM: CONTENT, AAPL: CONTENT}, server.url)
    server.answer = lambda to: to.send(b"other bytes")
    for ticker in ("IBM", "AAPL"):
        assert load_prices(ticker).attrs["source"] == "embedded"
    reason = "because the download failed: 127.0.0.1 sent bytes that do not match the checks"
    assert [reason in line for line in printed_lines(capsys)] == [True, True]
    assert server.asked == [f"HEAD /{IBM}", f"GET /{IBM}"]


# -------------------------------------------------------------- registry and file states


def test_the_registry_is_pinned_and_complete():
    files = registry.registry()
    assert len(files) == 31 + 6 + 1 + 3
    for name, file in files.items():
        _owner, _repository, commit, *path = file.address.split("/")[3:]
        assert file.address.startswith("https://raw.githubusercontent.com/")
        assert (len(file.sha256), len(commit)) == (64, 40)
        assert name == "tinyshakespeare.txt" or name.endswith(path[-1])


def test_the_tickers_are_the_full_data_and_the_embedded_are_in_the_package():
    names = registry.tickers()
    assert len(names) == 31
    assert names == sorted(names)
    assert {"AAPL", "IBM", "MSFT"} == set(names) & set(prices.EMBEDDED_TICKERS)
    assert all(registry.price_file_name(name.lower()) in registry.registry() for name in names)


def test_file_states_are_told_apart(folder, tmp_path, monkeypatch):
    (folder / IBM).write_bytes(CONTENT)
    (tmp_path / AAPL).write_bytes(CONTENT + b"\n")
    lines, digest = (folder / "registry.txt").read_text(encoding="utf-8"), sha256(CONTENT)
    as_on_windows = "\ufeff" + lines.replace(digest, digest.upper())
    (folder / "registry.txt").write_text(as_on_windows, encoding="utf-8")
    monkeypatch.setenv("COURSE_DATA_DIR", f'"{tmp_path}"')
    states = [(file.name, file.folder, file.state) for file in registry.registry().values()]
    assert states == [
        (AAPL, tmp_path, "wrong checksum"),
        (IBM, folder, "verified"),
        (XOM, None, "not here"),
    ]


@pytest.mark.parametrize(
    ("variable", "here", "absent"),
    [
        ("COURSE_EMBEDDED", "COURSE_EMBEDDED=1", "COURSE_EMBEDDED=1"),
        ("COURSE_OFFLINE", "", "COURSE_OFFLINE=1"),
        ("NOTHING_SET", "", ""),
    ],
)
def test_what_a_lesson_takes_is_known_without_asking(variable, here, absent, folder, monkeypatch):
    (folder / IBM).write_bytes(CONTENT)
    monkeypatch.setenv(variable, "1")
    assert full_data.why_embedded([IBM]) == here
    assert full_data.why_embedded([IBM, XOM]) == absent


# ------------------------------------------------------------------- the embedded default


embedded = prices._embedded_prices


@pytest.mark.parametrize(
    ("ticker", "test_year"),
    [("IBM", 2012), ("AAPL", 2012), ("MSFT", 2012), ("GOOG", 2012), ("FB", None)],
)
def test_every_embedded_ticker_is_a_price_table(ticker, test_year):
    prices = embedded(ticker)
    check_is_price_table(prices)
    assert prices.attrs["test_year"] == test_year
    assert prices.attrs["missing"] == []
    assert len(prices.attrs["sha256"]) == 64


@pytest.mark.parametrize(("ticker", "later_split"), [("IBM", 1), ("AAPL", 7)])
def test_embedded_prices_agree_with_the_full_data(ticker, later_split):
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


def test_a_split_leaves_no_jump_and_the_money_traded_unchanged():
    from bokeh_sampledata import stocks

    prices = embedded("AAPL")
    change = prices["Close"] / prices["Close"].shift()
    assert change.loc[["2000-06-21", "2005-02-28"]].between(0.8, 1.25).all()
    raw = np.array(stocks.AAPL["close"]) * np.array(stocks.AAPL["volume"])
    np.testing.assert_allclose(prices["Close"] * prices["Volume"], raw)
    assert prices["Close"].iloc[-1] == stocks.AAPL["close"][-1]


def test_splits_are_told_from_dividends():
    ratio = np.array([0.05, 0.05, 0.1, 0.101, 0.303, 0.31, 0.031])  # 2:1, -, 3:1, -, 1:10
    np.testing.assert_allclose(prices._split_scale(ratio), [0.6, 0.6, 0.3, 0.3, 0.1, 0.1, 1.0])


# -------------------------------------------------------------------- the data card, imports


def test_the_data_card_is_true(csv_file):
    card = (registry.DATA_DIR / "README.md").read_text(encoding="utf-8")
    yahoo, stooq = (part.split("```")[0] for part in card.split("```csv\n")[1:])
    assert read_prices(csv_file(yahoo)).attrs["missing"][0].startswith("2017-01-04: Open")
    assert read_prices(csv_file(stooq)).attrs["missing"] == []
    assert ", ".join(registry.tickers()) in card
    for file in registry.registry().values():
        assert file.address.split("/")[5] in card
        for slip in file.slips:
            assert f"{slip.day}" in card
            assert file.ticker in card.split(slip.day)[0].splitlines()[-1]
