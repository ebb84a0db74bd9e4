"""Executed lessons are stored with timings and table that agree, or not at all."""

from course.lessons.lesson import LessonError, find_lessons
from course.lessons.opening import opening
from course.lessons.readme import TABLE_END, TABLE_START, lesson_table
from course.lessons.timings import Timing, Timings, read_timings, timings_file, write_timings
from course.running import store
from course.running.execute import Execution, Failure
from course_utils.machine import this_machine

import nbformat
import pytest
from nbformat.v4 import new_output
from sample_notebooks import lesson


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "notebooks"
    lesson(folder / "01_mine.ipynb", "opening('01')", "1 + 1")
    (tmp_path / "README.md").write_text(f"# A\n{TABLE_START}\n{TABLE_END}\n", encoding="utf-8")
    return folder


def executed(folder, *outputs, failure=None):
    """The lesson in a folder as if it had run, with its opening line and more outputs."""
    (found,) = find_lessons(folder)
    notebook = nbformat.read(found.path, as_version=4)
    line = {"text/markdown": opening("01", folder).data}
    first, second = notebook.cells[1:]
    first.outputs, second.outputs = [new_output("display_data", line)], list(outputs)
    return found, Execution(notebook, 33.6, 800, [1.0, 32.0], failure)


def test_storing_writes_outputs_timings_and_table_that_agree(folder, tmp_path):
    found, execution = executed(folder)
    notebook = execution.notebook
    ids = [cell.id for cell in notebook.cells]
    notebook.metadata["widgets"] = {"state": {}}
    notebook.cells[1].metadata["execution"] = {"iopub.status.busy": "2024-01-01"}
    store.store({found: execution}, folder)
    stored = nbformat.read(found.path, as_version=4)
    assert [cell.id for cell in stored.cells] == ids
    assert stored.metadata == store.front_end_metadata()
    assert stored.cells[1].metadata == {}
    assert stored.cells[1].outputs[0].data["text/markdown"] == opening("01", folder).data
    assert "measured by" in stored.cells[1].outputs[0].data["text/markdown"]
    timings = read_timings(timings_file(folder))
    assert timings.lessons == {"01": Timing(33.6, 800, 2, 32.0)}
    assert timings.measured_on == this_machine()
    assert lesson_table(folder) in (tmp_path / "README.md").read_text(encoding="utf-8")
    kinds = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert kinds == {".ipynb", ".csv", ".md"}
    before = found.path.read_bytes()
    (found,) = find_lessons(folder)
    store.store({found: execution}, folder)
    assert found.path.read_bytes() == before


@pytest.mark.parametrize(
    ("stream", "text", "failure", "reason"),
    [
        ("stdout", "so far", Failure(2, "1 / 0", "ZeroDivisionError"), "failed"),
        ("stderr", "careful", None, "stderr: careful"),
        ("stdout", "/home/ann/course", None, "/home/ann"),
    ],
)
def test_nothing_is_stored_unless_all_is_well(folder, tmp_path, stream, text, failure, reason):
    output = new_output("stream", name=stream, text=text)
    found, execution = executed(folder, output, failure=failure)
    files = [found.path, tmp_path / "README.md"]
    before = [file.read_bytes() for file in files]
    with pytest.raises(LessonError, match=reason):
        store.store({found: execution}, folder)
    assert [file.read_bytes() for file in files] == before
    assert not timings_file(folder).exists()


def test_what_an_author_saved_while_a_lesson_ran_is_not_overwritten(folder):
    found, execution = executed(folder)
    lesson(found.path, "opening('01')", "1 + 2")
    before = found.path.read_bytes()
    with pytest.raises(LessonError, match=r"01_mine\.ipynb was saved by .* while it ran"):
        store.store({found: execution}, folder)
    assert found.path.read_bytes() == before
    assert not timings_file(folder).exists()


def test_an_installed_course_or_one_of_ones_own_stores_nothing(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "WORK", tmp_path)
    with pytest.raises(LessonError, match="--store is for the course's own repository"):
        store.check_storable(find_lessons(folder), folder)


def test_timings_of_two_machines_are_not_mixed(folder):
    lesson(folder / "02_two.ipynb", "2")
    one, two = find_lessons(folder)
    other = {**this_machine(), "cores": "64"}
    write_timings(Timings(other, {"01": Timing(1, 1, 1, 1)}), timings_file(folder))
    store.check_mergeable([one, two], folder)
    store.check_mergeable([one], folder)
    with pytest.raises(LessonError, match="cores 64"):
        store.check_mergeable([two], folder)
