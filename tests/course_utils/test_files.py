"""Files are read with one clear error for what cannot be text, and written whole or not at all."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from course_utils import files
from course_utils.files import (
    DataError,
    read_noted,
    read_text,
    sha256,
    shown,
    write_noted,
    write_whole,
)

import pandas as pd
import pytest

# -------------------------------------------------------------------------------------- text


@pytest.mark.parametrize("content", [b"a\nb\n", b"\xef\xbb\xbfa\nb\n", b"a\r\nb\r\n", b"a\rb\r"])
def test_text_has_one_kind_of_line_end_and_no_mark(content, csv_file):
    assert read_text(csv_file(content)) == "a\nb\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("für".encode("latin-1"), r"own\.csv is not UTF-8: its byte 1 does not fit\. Save it"),
        ("für".encode("utf-16"), r"own\.csv is not UTF-8: its byte 0 does not fit"),
        (b"PK\x03\x04\x00\x00", r"own\.csv is not plain text: save it as UTF-8"),
        (b"x" * 101, r"own\.csv has 101 bytes, and the course reads at most 100: keep the part"),
    ],
)
def test_what_is_not_text_or_too_long_is_refused(content, message, csv_file):
    with pytest.raises(DataError, match=message):
        read_text(csv_file(content), most=100)


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(10**13)  # a sparse file: it takes no room on the disk
    with pytest.raises(DataError, match="at most 20,000,000: keep the part that you need"):
        read_text(path)


def test_a_missing_file_is_named_by_its_full_path_and_a_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as refusal:
        read_text(tmp_path.relative_to(tmp_path) / "none.csv")
    assert f"there is no file {tmp_path / 'none.csv'}: check its name" in str(refusal.value)
    with pytest.raises(DataError, match="is a folder: name the file in it"):
        read_text(tmp_path)
    with pytest.raises(DataError, match=r"a\.csv is at a web address: download it"):
        read_text(Path("https://example.invalid/a.csv"))


def test_the_checksum_of_a_file_is_that_of_its_bytes(csv_file):
    assert sha256(csv_file(b"abc")) == sha256(b"abc") == hashlib.sha256(b"abc").hexdigest()


def test_a_text_in_a_message_is_one_short_printable_line():
    assert shown("  two\n\tlines ", 20) == "two lines"
    assert shown("x" * 999, 5) == "xxxxx"
    assert shown("\x1b[2J\u202e", 9) == "?[2J?"


# ----------------------------------------------------------------------------- tables with notes


def test_a_table_comes_back_with_its_notes(tmp_path):
    table = pd.DataFrame({"name": ["a", "b, c"], "value": [0.125, float("nan")]})
    write_noted(tmp_path / "table.csv", ["made by hand", "# twice"], table, float_format="%.3f")
    notes, found = read_noted(tmp_path / "table.csv")
    assert notes == ["made by hand", "# twice"]
    pd.testing.assert_frame_equal(found, table)


@pytest.mark.parametrize(
    "content",
    ["", "# made by\n", "a,b\n", "a,b\n1,2\n3\n", "a,b\n1,2,3\n", '"' + "x" * 200_000, "a\nx\n"],
    ids=["empty", "notes", "header", "short", "long", "quote", "type"],
)
def test_a_damaged_table_is_refused(content, csv_file):
    with pytest.raises(DataError, match=r"own\.csv is damaged: "):
        read_noted(csv_file(content), dtype={"a": float})


# --------------------------------------------------------------------------------------- writing


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows replaces no file that is being read")
def test_two_writers_of_one_file_leave_a_whole_text(tmp_path):
    program = (
        "import sys; from pathlib import Path; from course_utils.files import write_whole\n"
        "for _ in range(200): write_whole(Path(sys.argv[1]), sys.argv[2] * 50_000)"
    )
    file = tmp_path / "page.md"
    writers = [subprocess.Popen([sys.executable, "-c", program, file, text]) for text in "ab"]
    while any(writer.poll() is None for writer in writers):
        if file.exists():
            assert file.read_text(encoding="utf-8") in ("a" * 50_000, "b" * 50_000)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert [*tmp_path.iterdir()] == [file]


def test_two_threads_write_one_file_whole(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        [*pool.map(write_whole, [tmp_path / "page.md"] * 100, ["a" * 50_000, "b" * 50_000] * 50)]
    assert (tmp_path / "page.md").read_text(encoding="utf-8") in ("a" * 50_000, "b" * 50_000)


def test_what_a_killed_writer_left_is_removed_and_a_living_one_s_part_kept(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name in (f".page.md.{gone.pid}.part", ".page.md.x.part", f".page.md.{os.getppid()}.part"):
        (tmp_path / name).write_text("half")
    write_whole(tmp_path / "page.md", b"whole")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"page.md", f".page.md.{os.getppid()}.part"}


def test_a_text_that_cannot_take_its_place_leaves_no_part(tmp_path):
    (tmp_path / "page.md").mkdir()
    with pytest.raises(OSError, match=r"page\.md"):
        write_whole(tmp_path / "page.md", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


@pytest.mark.parametrize("held", [3, None])
def test_a_file_that_another_program_holds_is_replaced_when_it_lets_go(tmp_path, monkeypatch, held):
    """On Windows a scanner or a sync program may hold a file for a moment, or for good."""
    tries, replace = [], Path.replace

    def replace_unless_held(part, file):
        tries.append(part)
        if held is None or len(tries) <= held:
            raise PermissionError(13, "held", str(file))
        return replace(part, file)

    monkeypatch.setattr(Path, "replace", replace_unless_held)
    monkeypatch.setattr(files, "HELD_SECONDS", 5.0 if held else 0.2)
    with nullcontext() if held else pytest.raises(PermissionError):
        write_whole(tmp_path / "a.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == (["a.txt"] if held else [])
