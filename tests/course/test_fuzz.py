"""Whatever a file holds, its loader ends in data or in one clear error of our own, and soon.

A few dozen damages to each kind of file are tried, the same in every run. To try 3000 others:
COURSE_FUZZ=3000 python -m pytest -n 0 tests/course/test_fuzz.py
"""

import gzip
import hashlib
import io
import json
import os
import sys
import time
import tracemalloc
import zipfile
from contextlib import contextmanager, suppress
from datetime import datetime

from course.exercises.record import Try, read_record
from course.lessons.lesson import LessonError, find_lessons, read_notebook
from course.lessons.timings import read_timings
from course_utils.data import registry, table, texts
from course_utils.data.price_table import read_prices
from course_utils.data.series import read_series
from course_utils.data.texts import own_text
from course_utils.files import DataError
from course_utils.models import recurrent
from course_utils.saving import (
    MANIFEST,
    MODEL,
    SavedForecaster,
    SavedForecasterError,
    load_forecaster,
    save_forecaster,
)
from course_utils.studies import TABLES, read_study

import h5py
import numpy as np
import pandas as pd
import pytest
from helpers import TABLE, check_is_price_table, made_up_prices
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler

tried = settings(
    max_examples=int(os.environ.get("COURSE_FUZZ", "40")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
HANG_GUARD = 20  # seconds; a second is the promise, but a busy machine must not fail a test

# -------------------------------------------------------------------------- how files are damaged

MARKS = [b"", b"\n", b"\r", *b'\0 " , # ../ \xff\xfe \xef\xbb\xbf \x1b[2J'.split(b" ")]
NUMBERS = b"inf -inf nan null -0 -1 1e308 1e999 0x10 1_0 12,5".split()
WORDS = b"{} true 9999-12-31 0001-01-01 2017-02-30 31.12.2017 <!doctype <<<<<<<".split()
LONG = [b"9" * 5_000, b"x" * 200_000, b"[" * 100_000]
junk = st.sampled_from([*MARKS, *NUMBERS, *WORDS, *LONG, "٣\u2028ß\u202e".encode()])
junk |= st.binary(max_size=8)


def cut_off(draw, content):
    return content[: draw(st.integers(0, len(content)))]


def flip_bits(draw, content):
    changed = bytearray(content)
    for place in draw(st.lists(st.integers(0, max(0, len(content) - 1)), min_size=1, max_size=8)):
        if place < len(changed):
            changed[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(changed)


def put_in(draw, content):
    place, length = draw(st.integers(0, len(content))), draw(st.integers(0, 9))
    return content[:place] + draw(junk) + content[place + length :]


def shuffle_lines(draw, content):
    lines = content.splitlines(keepends=True) or [b""]
    one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    how = draw(st.sampled_from(["drop", "repeat", "swap"]))
    if how == "swap":
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines[:one] + lines[one:][how == "drop" :] + lines[one:][: how == "repeat"])


def swap_cells(draw, content):
    """Swap two columns, in one line or in all, or put junk into one."""
    separator = draw(st.sampled_from([b",", b" ", b": "]))
    rows = [line.split(separator) for line in content.split(b"\n")]
    row = draw(st.none() | st.integers(0, len(rows) - 1))
    one, other = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    value = draw(st.none() | junk)
    for cells in rows if row is None else [rows[row]]:
        if max(one, other) < len(cells):
            cells[one], cells[other] = cells[other], cells[one] if value is None else value
    return b"\n".join(separator.join(cells) for cells in rows)


def spell_otherwise(draw, content):
    text = content.decode("utf-8", errors="replace")
    codes = ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp037"]
    spellings = [text.encode(code, errors="replace") for code in codes]
    spellings += [content.replace(b"\n", end) for end in (b"\r\n", b"\r", b"\n\n", b"")]
    spellings += [content.replace(b",", other) for other in (b";", b"\t", b"|", b", ")]
    spellings += [gzip.compress(content, mtime=0), content * 2, content + bytes(1000)]
    return draw(st.sampled_from(spellings))


def change_json(draw, content):
    """Put something else at one place in JSON, if it is JSON."""
    try:
        whole = part = json.loads(content)
        while True:
            keys = list(part) if isinstance(part, dict) else range(len(part))
            key = draw(st.sampled_from(keys))
            if not isinstance(part[key], dict | list) or not part[key] or draw(st.booleans()):
                break
            part = part[key]
    except (ValueError, TypeError, RecursionError):
        return content
    part[key] = draw(
        st.sampled_from([None, True, -1, 0, 10**400, 1e308, "", "../x", [], {}, [[]], {"a": {}}])
        | st.just(float("nan"))
    )
    return json.dumps(whole).encode()


DAMAGES = [cut_off, flip_bits, put_in, shuffle_lines, swap_cells, spell_otherwise, change_json]


@st.composite
def damaged(draw, content):
    """A file's bytes after one to three damages."""
    for damage in draw(st.lists(st.sampled_from(DAMAGES), min_size=1, max_size=3)):
        content = damage(draw, content)
    return content


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ends_well(load, errors, folder):
    """Whether a loader ends in data; if not, in one clear error, and in both cases soon."""
    before, start = contents(folder), time.monotonic()
    try:
        load()
        found = True
    except errors as error:
        message, found = str(error), False
        assert message.isprintable()
        assert 20 < len(message) < 700
    assert time.monotonic() - start < HANG_GUARD
    assert contents(folder) == before
    return found


# ------------------------------------------------------------------------------- files of one kind


def top_of(path):
    """The first lines of a committed table: enough to damage, and short enough to read."""
    return b"".join(path.read_bytes().splitlines(keepends=True)[:9])


def check_prices(path):
    check_is_price_table(read_prices(path))


def check_series(path):
    series = read_series(path)
    assert series.index.is_unique
    assert series.index.is_monotonic_increasing
    assert not np.isinf(series.to_numpy()).any()


def check_study(path):
    frame = read_study(path.stem, path.parent)
    assert len(frame)
    assert len(frame.columns) < 100


def check_record(path):
    for entry in read_record(path):
        assert entry is None or isinstance(entry, Try)


def check_timings(path):
    for timing in read_timings(path).lessons.values():
        assert 0 <= round(timing.seconds) < 10**400
        assert timing.peak_mib >= 0


def check_lessons(path):
    for lesson in find_lessons(path.parent):
        assert lesson.minutes_to_read >= 1
        assert isinstance(lesson.about, str)
        assert len(read_notebook(lesson.path).cells) == len(lesson.cells)


def check_registry(path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "REGISTRY", path)
        for name, entry in registry.registry().items():
            assert (path.parent / name).parent == path.parent
            assert len(entry.sha256) == 64
            assert entry.address.startswith("http")


TRIES = b'{"exercise": "01-1", "right": true, "when": "2026-01-01T00:00:00+00:00"}\n' * 3
LESSON = b"""\
{"cells": [{"cell_type": "markdown", "metadata": {"tags": ["a"]}, "source": ["# 00 First\\n", "b"]},
{"cell_type": "code", "metadata": {}, "source": "print(1)", "outputs": [],
"execution_count": null}], "metadata": {}, "nbformat": 4, "nbformat_minor": 0}
"""
SERIES = b"Datum;Wert\n28.01.2017;1,5\n29.01.2017;2,5\n30.01.2017;-\n31.01.2017;1.234,5\n"
DATA = registry.DATA_DIR
KINDS = {
    # kind: the file's name, its content, the loader with what its data must be, its errors
    "prices": ("own.csv", TABLE.encode(), check_prices, DataError),
    "series": ("own.csv", SERIES, check_series, DataError),
    "text": ("own.txt", TABLE.encode(), lambda path: own_text(path).encode(), DataError),
    "study": ("ibm.csv", top_of(TABLES / "ibm.csv"), check_study, DataError),
    "days": ("ibm_forecasts.csv", top_of(TABLES / "ibm_forecasts.csv"), check_study, DataError),
    "timings": ("timings.csv", top_of(DATA / "timings.csv"), check_timings, LessonError),
    "registry": ("registry.txt", top_of(DATA / "registry.txt"), check_registry, DataError),
    "tries": (".progress.jsonl", TRIES, check_record, ()),
    "lesson": ("00_first.ipynb", LESSON, check_lessons, LessonError),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@tried
@given(draw=st.data())
def test_a_damaged_file_ends_in_data_or_in_one_clear_error(kind, draw, folder):
    name, content, load, errors = KINDS[kind]
    path = folder / kind / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    assert ends_well(lambda: load(path), errors, path.parent)
    path.write_bytes(draw.draw(damaged(content)))
    ends_well(lambda: load(path), errors, path.parent)


SPELLINGS = {
    "D": ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%y", "%y/%m/%d", "%d-%b-%Y", "%Y%m%d"],
    "h": ["%Y-%m-%d %H:%M", "%d.%m.%y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%Y%m%d%H"],
    "MS": ["%Y-%m", "%m/%Y", "%b %Y", "%b-%y", "%Y%m", "%d/%m/%y", "%y/%m/%d"],
}


@pytest.mark.slow
@tried
@given(draw=st.data())
def test_a_series_in_whatever_spelling_is_read_right_or_refused(draw, folder):
    def one(*choices):
        return draw.draw(st.sampled_from(choices))

    freq = one(*SPELLINGS)
    first = draw.draw(st.datetimes(datetime(2000, 1, 1), datetime(2024, 1, 1)))
    first = pd.Timestamp(first).floor("h" if freq == "h" else "D")
    index = pd.date_range(first, periods=draw.draw(st.integers(3, 40)), freq=freq)
    values = [draw.draw(st.integers(-(10**7), 10**7)) / 100 for _ in index]
    form, separator, decimal = one(*SPELLINGS[freq]), one(*",;\t"), one(*".,")
    marks = {",": one("", " ", "'", "," if decimal == "." else "."), ".": decimal}
    numbers = [f"{value:,.2f}".translate(str.maketrans(marks)) for value in values]
    end = one("", " kWh", "€", "%")
    rows = [
        f'"{time:{form}}"{separator}"{number}{end}"\n'
        for time, number in zip(index, numbers, strict=True)
    ]
    path = folder / "spelt.csv"
    body = "".join(rows[:: one(1, -1)])
    path.write_text(f"date{separator}v\n{body}", encoding=one("utf-8", "utf-16"))
    with suppress(DataError):
        read = read_series(path)["v"]
        assert read.to_dict() == dict(zip(index, values, strict=True))


ROW = b"# cores: 2\nlesson,seconds,peak_mib,cells,slowest_cell_seconds\n00,%s,1,1,1\n"
ONCE_TAKEN_FOR_DATA_OR_NOT_CAUGHT = [
    ("timings", ROW % b"inf"),
    ("timings", ROW % b"nan"),
    ("timings", ROW % b"-1"),
    ("timings", ROW % (b"x" * 200_000)),
    ("lesson", LESSON.replace(b"{},", b"null,")),
    ("lesson", LESSON.replace(b'["a"]', b"null")),
    ("lesson", b"[" * 100_000),
    ("text", "text without its mark".encode("utf-16-le")),
    ("study", b"a,b\n1,2\n3\n"),
    ("study", b"a,b\n1,2\n<<<<<<< mine\n"),
    ("days", b"Date,truth\n2017-02-30,1\n"),
    ("days", b"Date,truth\n20170103,1\n1,2\n"),
]


@pytest.mark.parametrize(("kind", "content"), ONCE_TAKEN_FOR_DATA_OR_NOT_CAUGHT)
def test_what_was_once_taken_for_data_or_not_caught_is_refused(kind, content, tmp_path):
    name, _, load, errors = KINDS[kind]
    (tmp_path / name).write_bytes(content)
    assert not ends_well(lambda: load(tmp_path / name), errors, tmp_path)


def test_a_try_of_brackets_without_end_is_one_damaged_line(tmp_path):
    (tmp_path / "tries").write_bytes(b"[" * 100_000 + b"\n" + TRIES)
    assert [entry is None for entry in read_record(tmp_path / "tries")] == [True, *[False] * 3]


# ------------------------------------------------------------- what holds numbers and is signed


@pytest.fixture(scope="module")
def forecaster(folder):
    """A saved forecaster: its manifest, and what its network's file holds."""
    table = made_up_prices("2017-01-02", "2017-02-28")[["High", "Close"]]
    network = recurrent("GRU", features=2, units=3)
    saved = SavedForecaster(network, MinMaxScaler().fit(table), ("High", "Close"), lookback=4)
    where = save_forecaster(saved, folder / "saved")
    with zipfile.ZipFile(where / MODEL) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    return where, (where / MANIFEST).read_bytes(), (where / MODEL).read_bytes(), inside


def sign(where, manifest, model):
    """Write a folder as an attacker would: with the checksum of the network that is in it."""
    (where / MODEL).write_bytes(model)
    checksum = hashlib.sha256(model).hexdigest()
    (where / MANIFEST).write_text(json.dumps(json.loads(manifest) | {"sha256": checksum}))


def load_saved(where):
    loaded = load_forecaster(where)
    assert 1 <= loaded.lookback <= 10_000
    assert loaded.model.count_params() < 100_000


@tried
@given(draw=st.data())
def test_a_damaged_manifest_is_refused_or_means_something(draw, forecaster):
    where, manifest, model, _ = forecaster
    (where / MODEL).write_bytes(model)
    (where / MANIFEST).write_bytes(draw.draw(damaged(manifest)))
    ends_well(lambda: load_saved(where), SavedForecasterError, where)


@tried
@given(draw=st.data(), part=st.sampled_from(["all", "config.json", "metadata.json"]))
def test_a_damaged_network_is_refused_even_with_its_own_checksum(draw, part, forecaster):
    where, manifest, model, inside = forecaster
    if part == "all":
        model = draw.draw(damaged(model))
    else:
        model = zipped(inside | {part: draw.draw(damaged(inside[part]))})
    sign(where, manifest, model)
    ends_well(lambda: load_saved(where), SavedForecasterError, where)


def zipped(inside, compression=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in inside.items():
            archive.writestr(name, content)
    return packed.getvalue()


# ------------------------------------------------- small files that would become large, or endless


def declared(shape, **options):
    """Weights of which the file says only how many there are."""
    packed = io.BytesIO()
    with h5py.File(packed, "w") as file:
        file.create_dataset("layers/gru/vars/0", shape, "f4", **options)
    return {"model.weights.h5": packed.getvalue()}


def linked(link):
    """Weights that are said to lie elsewhere."""
    packed = io.BytesIO()
    with h5py.File(packed, "w") as file:
        file["layers"] = link
    return {"model.weights.h5": packed.getvalue()}


def grown(config, **settings):
    """The configuration of a network with other settings in its first layer."""
    config = json.loads(config)
    config["config"]["layers"][1]["config"].update(settings)
    return {"config.json": json.dumps(config).encode()}


def repeated(config, times):
    config = json.loads(config)
    config["config"]["layers"][1:2] *= times
    return {"config.json": json.dumps(config, separators=(",", ":")).encode()}


NETWORKS = {
    "numbers without end": lambda config: declared((10**9, 10**9), chunks=True),
    "packed numbers": lambda config: declared((10**8,), chunks=(10**7,), compression="gzip"),
    "a file of this machine": lambda config: declared((9,), external=[("/etc/passwd", 0, 36)]),
    "a link to a file": lambda config: linked(h5py.ExternalLink("/etc/passwd", "/x")),
    "a link to itself": lambda config: linked(h5py.SoftLink("/layers")),
    "many units": lambda config: grown(config, units=20_000),
    "units that are no number": lambda config: grown(config, units=float("nan")),
    "many layers": lambda config: repeated(config, times=120),
    "steps rolled out": lambda config: grown(config, unroll=True),
    "a long configuration": lambda config: {"config.json": config + b" " * 300_000},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_would_fill_the_memory_or_read_other_files_is_refused(name, forecaster):
    where, manifest, _, inside = forecaster
    sign(where, manifest, zipped(inside | NETWORKS[name](inside["config.json"])))
    with small_memory():
        assert not ends_well(lambda: load_saved(where), SavedForecasterError, where)


@contextmanager
def small_memory():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()


HEADER = b"Date,Open,High,Low,Close,Volume\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [b"Date\n" + b"1\n" * 2_000_000, b"ab," * 200_000 + b"\n1", HEADER + b'"\n",' * 1_000_000],
    ids=["rows", "columns", "quotes"],
)
def test_a_table_without_end_is_refused(content, folder, monkeypatch):
    """After a tenth of the rows that are allowed, which are soon read."""
    monkeypatch.setattr(table, "_MAX_ROWS", 100_000)
    path = folder / "endless" / "own.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    with small_memory():
        assert not ends_well(lambda: read_prices(path), DataError, path.parent)


@pytest.mark.slow
def test_a_hundred_years_without_a_price_are_read_soon(csv_file):
    days = np.arange("1900-01-01", "2000-01-01", dtype="datetime64[D]").astype(str)
    path = csv_file(HEADER + "".join(f"{day},,,,,\n" for day in days).encode())
    start = time.monotonic()
    assert len(read_prices(path).attrs["missing"]) == len(days)
    assert time.monotonic() - start < HANG_GUARD


# --------------------------------------------------------------------------- what is no plain file


@pytest.mark.parametrize("name", ["a\0b.txt", "x" * 300 + ".txt", "x/" * 3_000 + "a.txt", "."])
@pytest.mark.parametrize("load", [read_prices, lambda name: texts.load_text(name + ".txt")])
def test_a_path_that_cannot_be_one_is_refused(name, load):
    with pytest.raises(DataError, match=r"there is no file|is a folder"):
        load(name)


@pytest.fixture(params=["pipe", "device"])
def endless(request, tmp_path):
    """Return a function that puts what never ends in a file's place."""

    def put(name):
        path = tmp_path / name
        os.mkfifo(path) if request.param == "pipe" else path.symlink_to("/dev/zero")
        return path

    return put


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has neither pipes nor devices as files"
)
@pytest.mark.parametrize(
    ("name", "load", "errors"),
    [
        ("own.csv", read_prices, DataError),
        ("own.txt", own_text, DataError),
        ("ibm.csv", lambda path: read_study("ibm", path.parent), DataError),
        (MANIFEST, lambda path: load_forecaster(path.parent), SavedForecasterError),
        (MODEL, lambda path: load_forecaster(path.parent), SavedForecasterError),
        (texts.SHAKESPEARE, lambda path: texts.load_text("shakespeare"), DataError),
    ],
)
def test_a_pipe_or_a_device_in_a_file_s_place_is_never_read(
    name, load, errors, endless, forecaster, monkeypatch
):
    path = endless(name)
    if name == MODEL:
        (path.parent / MANIFEST).write_bytes(forecaster[1])
    monkeypatch.delenv("COURSE_EMBEDDED", raising=False)
    monkeypatch.setenv("COURSE_DATA_DIR", str(path.parent))
    assert not ends_well(lambda: load(path), errors, path.parent / "nothing")


GOOD = "0" * 64 + " https://example.invalid/x"


@pytest.mark.parametrize(
    "line",
    [
        *[f"{name} {GOOD}" for name in ("../x", "/x", "a/b", "a\\b", "C:x", "..", ".git", "ä")],
        f"x {'0' * 63} https://example.invalid/x",
        f"x md5:{'0' * 32} https://example.invalid/x",
        *[f"x {'0' * 64} {address}" for address in ("file:///x", "ftp://a/x", "http://[", "x")],
        f"x {GOOD} more",
        f"y {GOOD}",
    ],
)
def test_the_registry_leads_neither_out_of_its_folder_nor_to_anything_but_a_server(
    line, tmp_path, monkeypatch
):
    (tmp_path / "registry.txt").write_text(f"# files\ny {GOOD}\n{line}\n", encoding="utf-8")
    monkeypatch.setattr(registry, "REGISTRY", tmp_path / "registry.txt")
    with pytest.raises(
        DataError, match=r"registry\.txt, line 3 .*: correct it, or restore it from git"
    ):
        registry.registry()
