"""A notebook runs in a fresh kernel: what is measured, kept, and said about a failure."""

import re
import subprocess
import sys
import threading

from course.lessons.lesson import find_lessons
from course.running import execute as running
from course.running import pages
from course.running.execute import Execution, Failure, code_cells, execute
from course_utils.files import ROOT

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from sample_notebooks import good_notebook


def run_cells(*sources, timeout=30):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    return execute(notebook, ROOT, timeout=timeout)


@pytest.mark.slow
def test_memory_of_the_kernel_and_its_slowest_cell_are_measured():
    little = run_cells("1", "import time; time.sleep(1)", "1")
    much = run_cells("block = bytearray(200 * 2**20)", "import time; time.sleep(1)")
    assert 150 < much.peak_mib - little.peak_mib < 300
    number, seconds = little.slowest
    assert number == 2
    assert 1 <= seconds < 30
    assert len(little.cell_seconds) == 3
    assert little.seconds >= sum(little.cell_seconds)


@pytest.mark.slow
def test_a_cell_that_takes_too_long_is_stopped_and_named():
    result = run_cells("1", "import time\ntime.sleep(100)", timeout=1)
    assert (result.failure.cell, result.failure.line) == (2, "import time")
    assert "took longer than 1 s" in result.failure.error
    assert result.seconds < 20


@pytest.mark.slow
def test_expected_errors_fail_nothing_and_a_line_of_a_million_characters_is_kept_in_time():
    expected = new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    notebook = new_notebook(cells=[new_code_cell("print('a' * 1_000_000)"), expected])
    result = execute(notebook, ROOT, timeout=30)
    assert result.failure is None
    (output,) = notebook.cells[0].outputs
    assert output.text == "a" * 1_000_000 + "\n"
    assert result.seconds < 60


def test_a_kernel_is_killed_though_a_child_of_it_has_just_ended(monkeypatch):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    child = psutil.Process(ended.pid)
    ended.wait()
    kernel = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    worker = threading.Thread(target=kernel.wait)
    worker.start()
    monkeypatch.setattr(running, "_processes", lambda client: [child, kernel])
    try:
        running._kill(None, worker)
        assert not worker.is_alive()
    finally:
        kernel.kill()


WRITTEN = {
    "\rstep 0\rstep 1\rstep 2": "step 2",  # as a progress bar does
    "one\rtwo\n\rthree": "two\nthree",
    "one\r\ntwo\r": "one\r\ntwo\r",
    "\n\r\n": "\n\r\n",
}


@pytest.mark.slow
def test_a_line_that_was_overwritten_is_kept_as_it_was_last():
    sources = [
        "\n".join(f"import sys; sys.stdout.write({c!r}); sys.stdout.flush()" for c in written)
        for written in WRITTEN
    ]
    result = run_cells(*(f"{source}\nNone" for source in sources))
    texts = ["".join(output.text for output in cell.outputs) for cell in result.notebook.cells]
    assert texts == list(WRITTEN.values())


@pytest.mark.slow
def test_old_outputs_do_not_survive_a_failed_run():
    notebook = good_notebook()
    code_cells(notebook)[0].source = "1 / 0"
    assert execute(notebook, ROOT, timeout=30).failure.cell == 1
    assert [cell.outputs for cell in code_cells(notebook)[1:] if cell.outputs] == []


def test_a_failure_says_where_and_why():
    assert str(Failure(2, "1/0", "oh")) == "code cell 2 `1/0`: oh"
    assert str(Failure(0, "", "no answer")) == "before the first cell: no answer"


def test_pages_hold_their_images_with_alt_text_and_load_nothing(tmp_path):
    path = tmp_path / "01_figure.ipynb"
    notebook = good_notebook()
    code_cells(notebook)[1].metadata["alt"] = 'A dot "at" two & more.'
    nbformat.write(notebook, path)
    (found,) = find_lessons(tmp_path)
    pages.write_lesson(found, Execution(notebook), tmp_path)
    page = (tmp_path / "01_figure.html").read_text(encoding="utf-8")
    (image,) = re.findall(r"<img [^>]*>", page)
    assert 'src="data:image/png;base64,' in image
    assert (
        "A dot &quot;at&quot; two &amp; more." in image or "'A dot \"at\" two &amp; more.'" in image
    )
    assert re.findall(r"<script[^>]*src=", page) == []
    assert "What often goes wrong" in page
    assert "Notes for instructors" not in page


def test_the_page_of_all_lessons_escapes_what_lessons_say(tmp_path):
    nbformat.write(good_notebook(), tmp_path / "01_a&b.ipynb")
    (found,) = find_lessons(tmp_path)
    execution = Execution(good_notebook(), failure=Failure(1, "a < b", "<oh>"))
    pages.page_of(found, tmp_path).touch()
    page = pages.write_index({found: execution}, tmp_path).read_text(encoding="utf-8")
    assert 'href="01_a&amp;b.html"' in page
    assert "failed in code cell 1 `a &lt; b`: &lt;oh&gt;" in page
