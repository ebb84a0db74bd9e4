"""Files are delivered into a folder, and what its reader has written there is never touched."""

import json
import subprocess
import sys

from course.copies.delivery import RECORD, deliver
from course.lessons.lesson import LessonError

import pytest


def outcome(folder, text, name="04_a.ipynb"):
    (one,) = deliver({name: text}, folder)
    return one.outcome, one.place


def contents(folder):
    return {p.name: p.read_text() for p in sorted(folder.iterdir()) if not p.name.startswith(".")}


@pytest.fixture
def changed(tmp_path):
    """A folder with a delivered file that its reader has changed since."""
    outcome(tmp_path, "v1")
    (tmp_path / "04_a.ipynb").write_text("mine")
    return tmp_path


def test_a_new_file_is_brought_and_an_untouched_one_refreshed(tmp_path):
    folder = tmp_path / "my" / "work"
    assert outcome(folder, "v1") == ("new", "04_a.ipynb")
    assert outcome(folder, "v1") == ("kept", "04_a.ipynb")
    assert contents(folder) == {"04_a.ipynb": "v1"}
    assert outcome(folder, "v2") == ("refreshed", "04_a.ipynb")
    assert outcome(folder, "v2") == ("kept", "04_a.ipynb")
    assert contents(folder) == {"04_a.ipynb": "v2"}


def test_nothing_happens_while_only_the_learner_changes_a_file(changed):
    assert outcome(changed, "v1") == ("kept", "04_a.ipynb")
    assert contents(changed) == {"04_a.ipynb": "mine"}


def test_a_new_version_comes_once_beside_a_changed_file(changed):
    assert outcome(changed, "v2") == ("new", "04_a.new.ipynb")
    assert outcome(changed, "v2") == ("kept", "04_a.new.ipynb")
    assert outcome(changed, "v3") == ("refreshed", "04_a.new.ipynb")
    assert contents(changed) == {"04_a.ipynb": "mine", "04_a.new.ipynb": "v3"}


def test_a_new_version_of_an_assignment_is_not_in_its_folder(tmp_path):
    """Nbgrader hands out every notebook in that folder."""
    name = "source/04_a/04_a.ipynb"
    deliver({name: "v1"}, tmp_path)
    (tmp_path / name).write_text("mine")
    assert outcome(tmp_path, "v2", name) == ("new", "new/04_a/04_a.new.ipynb")
    assert [path.name for path in (tmp_path / "source").rglob("*.ipynb")] == ["04_a.ipynb"]


def test_a_changed_file_beside_is_the_learners_too(changed):
    outcome(changed, "v2")
    (changed / "04_a.new.ipynb").write_text("mine, too")
    assert outcome(changed, "v2") == ("kept", "04_a.new.ipynb")
    assert outcome(changed, "v3") == ("new", "04_a.new-2.ipynb")
    assert outcome(changed, "v4") == ("refreshed", "04_a.new-2.ipynb")
    own = {"04_a.ipynb": "mine", "04_a.new.ipynb": "mine, too"}
    assert contents(changed) == own | {"04_a.new-2.ipynb": "v4"}


def test_a_deleted_file_comes_back_and_a_deleted_one_beside_does_not(changed):
    (changed / "04_a.ipynb").unlink()
    assert outcome(changed, "v1") == ("new", "04_a.ipynb")
    (changed / "04_a.ipynb").write_text("mine")
    outcome(changed, "v2")
    (changed / "04_a.new.ipynb").unlink()
    assert outcome(changed, "v2")[0] == "kept"
    assert outcome(changed, "v3") == ("new", "04_a.new.ipynb")


def test_a_new_version_that_the_learner_adopts_is_refreshed_from_then_on(changed):
    outcome(changed, "v2")
    (changed / "04_a.new.ipynb").replace(changed / "04_a.ipynb")
    assert outcome(changed, "v2") == ("kept", "04_a.ipynb")
    assert outcome(changed, "v3") == ("refreshed", "04_a.ipynb")
    assert contents(changed) == {"04_a.ipynb": "v3"}


def test_a_file_that_nobody_recorded_is_the_learners(tmp_path):
    (tmp_path / "04_a.ipynb").write_text("mine")
    (tmp_path / "05_b.ipynb").write_text("v1")
    assert outcome(tmp_path, "v1") == ("new", "04_a.new.ipynb")
    assert outcome(tmp_path, "v1", "05_b.ipynb") == ("kept", "05_b.ipynb")
    assert outcome(tmp_path, "v2", "05_b.ipynb") == ("refreshed", "05_b.ipynb")
    assert contents(tmp_path)["04_a.ipynb"] == "mine"


def test_a_notebook_that_was_only_opened_is_untouched(tmp_path):
    first = {"cells": [{"source": ["1"]}], "metadata": {}}
    opened = {"metadata": {"language_info": {"version": "3"}}, "cells": first["cells"]}
    newer = {"cells": [{"source": ["2"]}], "metadata": {}}
    outcome(tmp_path, json.dumps(first))
    (tmp_path / "04_a.ipynb").write_text(json.dumps(opened))
    assert outcome(tmp_path, json.dumps(first)) == ("kept", "04_a.ipynb")
    assert outcome(tmp_path, json.dumps(newer)) == ("refreshed", "04_a.ipynb")


@pytest.mark.parametrize("damage", ["{", "3", "[1]"])
def test_a_damaged_record_is_named_and_nothing_is_written(tmp_path, damage):
    outcome(tmp_path, "v1")
    (tmp_path / RECORD).write_text(damage)
    with pytest.raises(LessonError, match=r"copies\.json is damaged: delete it"):
        deliver({"04_a.ipynb": "v2", "05_b.ipynb": "v2"}, tmp_path)
    assert contents(tmp_path) == {"04_a.ipynb": "v1"}


DELIVER = """
import sys
from pathlib import Path
from course.copies.delivery import deliver
for version in "vwxvwx":
    deliver({name: version * 2_000_000 for name in sys.argv[2].split()}, Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_deliveries_at_once_do_not_harm_each_other(tmp_path):
    processes = [
        subprocess.Popen([sys.executable, "-c", DELIVER, str(tmp_path), names])
        for names in ("a.md b.md", "b.md c.md", "d.md a.md")
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert contents(tmp_path) == {f"{name}.md": "x" * 2_000_000 for name in "abcd"}
    assert set(json.loads((tmp_path / RECORD).read_text())) == {"a.md", "b.md", "c.md", "d.md"}
