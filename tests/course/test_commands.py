"""What all commands of `course` share: errors of one line, and names that mean lessons."""

import os
import subprocess
import sys

from course_utils.data import registry

import pytest
from command_line import course_here
from sample_notebooks import lesson


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes, and no `head`")
def test_a_reader_that_has_read_enough_ends_a_command_without_a_word():
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-c", "from course.commands import app; app()", "data"]
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, check=False)
    os.close(writes)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize(("command", "has_option"), [("copies", True), ("data", False)])
def test_a_folder_that_is_not_yours_is_named_with_an_option_that_exists(
    monkeypatch, command, has_option
):
    def refused(*_arguments, **_options):
        raise PermissionError(13, "Permission denied", "/theirs")

    monkeypatch.setattr("course.commands.copies.deliver", refused)
    monkeypatch.setattr(registry, "registry", refused)
    done = course_here(command, *(["student"] if has_option else []))
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: you may not write or read /theirs: work in a copy")
    assert ("--output" in done.stderr) == has_option


@pytest.mark.parametrize("command", [["run"], ["slides"], ["warm"], ["copies", "student"]])
def test_an_unknown_lesson_and_a_damaged_one_are_errors_of_a_few_words(command, tmp_path):
    empty = course_here(*command, "--folder", tmp_path)
    assert empty.exit_code == 1
    assert empty.stderr.startswith(f"Error: {tmp_path} holds no lesson")
    lesson(tmp_path / "01_one.ipynb", "1")
    lesson(tmp_path / "02_two.ipynb", "2")
    unknown = course_here(*command, "7", "--folder", tmp_path)
    assert unknown.exit_code == 2
    assert "no lesson '7': there are 01_one, 02_two" in unknown.stderr
    (tmp_path / "01_one.ipynb").write_text("<<<<<<<", encoding="utf-8")
    damaged = course_here(*command, "--folder", tmp_path)
    assert damaged.exit_code == 1
    assert damaged.stderr.startswith("Error: 01_one.ipynb")
    assert [len(done.stderr.splitlines()) for done in (empty, damaged)] == [1, 1]
