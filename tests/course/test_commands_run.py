"""`course run` with real kernels, real notebooks and real files."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from course.commands import run, warm
from course.copies.delivery import RECORD
from course.lessons.lesson import Lesson
from course.lessons.readme import TABLE_END, TABLE_START
from course.lessons.timings import Timing, Timings, timings_file, write_timings
from course.running import pages
from course_utils import machine
from course_utils.data.prices import load_prices
from course_utils.warm import PLACE

import nbformat
import psutil
import pytest
from command_line import course_here
from helpers import wait_for
from sample_notebooks import lesson


def result_of(path):
    """The last output of an executed lesson's first code cell."""
    return nbformat.read(path, as_version=4).cells[1].outputs[-1].data["text/plain"]


@pytest.mark.slow
def test_every_lesson_is_run_and_reported_though_some_fail(course, tmp_path):
    folder, output = tmp_path / "my lessons", tmp_path / "out put"
    lesson(
        folder / "01_fine.ipynb", "import os\nassert os.getcwd().endswith('my lessons')", "'a' * 3"
    )
    lesson(folder / "02_fails.ipynb", "1", "# two lines\n1 / 0", "'never run'")
    lesson(folder / "03_dies.ipynb", "import os; os._exit(1)")
    lesson(folder / "04_grumbles.ipynb", "import sys; print('careful', file=sys.stderr)")
    begin = time.monotonic()
    done = course("run", "--folder", folder, "--output", output)
    assert done.returncode == 1, done.stderr
    assert time.monotonic() - begin < 60  # a dead kernel is noticed, not waited for
    measured = r"  \d+\.\d s, [1-9]\d* MiB, slowest code cell \d \(\d+\.\d s\)\n"
    for report in (  # in the order in which they end
        "OK     01_fine" + measured,
        "FAILED 02_fails" + measured + r" +code cell 2 `# two lines`: ZeroDivisionError: division",
        "FAILED 03_dies" + measured + r" +code cell 1 `import os; os._exit\(1\)`: the kernel died",
        "OK     04_grumbles" + measured + "WARN   code cell 1 wrote to stderr: careful\n",
    ):
        name = report[7:].partition("  ")[0]
        assert re.search(f"START  {name}\n(.*\n)*{report}", done.stdout)
    assert re.search(r"\n2 of 4 lessons ran, \d+\.\d s; failed: 02, 03\n", done.stdout)

    index = (output / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]*)"', index)
    assert len(links) == 8
    assert all((output / link).is_file() for link in links)
    assert index.count(">OK<") == 2
    assert "ZeroDivisionError" in index
    executed = nbformat.read(output / "01_fine.ipynb", as_version=4)
    assert executed.cells[2].outputs[0].data["text/plain"] == "'aaa'"
    stopped = nbformat.read(output / "02_fails.ipynb", as_version=4)
    assert [cell.execution_count for cell in stopped.cells[1:]] == [1, 2, None]


@pytest.mark.slow
def test_a_named_lesson_alone_is_run_on_the_embedded_prices_if_told_so(tmp_path):
    folder, output = tmp_path / "notebooks", tmp_path / "out"
    lesson(folder / "01_one.ipynb", "1 / 0")
    prices = "from course_utils.data import load_prices\nload_prices('IBM').attrs['source']"
    lesson(folder / "02_prices.ipynb", prices)
    done = course_here("run", "2", "--embedded", "--folder", folder, "--output", output)
    assert (done.exit_code, done.stderr) == (0, "")
    (path,) = output.glob("*.ipynb")
    assert (path.name, result_of(path)) == ("02_prices.ipynb", "'embedded'")


@pytest.mark.slow
def test_one_bad_page_ends_no_run_and_a_byte_order_mark_or_widgets_spoil_none(
    tmp_path, monkeypatch
):
    folder, output = tmp_path / "notebooks", tmp_path / "out"
    for name in ("01_widgets", "02_unprintable", "03_marked"):
        path = lesson(folder / f"{name}.ipynb", "1 + 1")
        notebook = nbformat.read(path, as_version=4)
        # As Colab and VS Code leave it: without `state` around the widgets.
        notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"a1": {}}}
        nbformat.write(notebook, path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    make = pages.HTMLExporter.from_notebook_node

    def fail_once(exporter, notebook, resources):
        if resources["metadata"]["name"] == "02_unprintable":
            raise KeyError("state")
        return make(exporter, notebook, resources=resources)

    monkeypatch.setattr(pages.HTMLExporter, "from_notebook_node", fail_once)
    done = course_here("run", "--folder", folder, "--output", output)
    assert done.exit_code == 1
    assert "its page: KeyError: 'state'" in done.stdout
    assert "2 of 3 lessons ran" in done.stdout
    assert {page.stem for page in output.glob("*.html")} == {"01_widgets", "03_marked", "index"}
    links = re.findall(r'href="([^"]*)"', (output / "index.html").read_text(encoding="utf-8"))
    assert all((output / link).is_file() for link in links)


def test_copies_never_replace_the_lessons_themselves(tmp_path):
    folder = tmp_path / "notebooks"
    path = lesson(folder / "01_mine.ipynb", "1")
    before = path.read_bytes()
    spellings = [folder, tmp_path / "out" / ".." / "notebooks"]
    if os.name != "nt":
        (tmp_path / "link").symlink_to(folder)
        spellings.append(tmp_path / "link")
    for output in spellings:
        done = course_here("run", "--folder", folder, "--output", output)
        assert done.exit_code == 2
        assert "holds the lessons: name another folder" in done.stderr
    assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("name", ["my_work", "mine"])
def test_a_run_never_replaces_a_learners_copies(name, tmp_path):
    lesson(tmp_path / "notebooks" / "01_mine.ipynb", "1")
    own = lesson(tmp_path / name / "01_mine.ipynb", "'two hours'")
    if name != "my_work":
        (tmp_path / name / RECORD).write_text("{}")
    before = own.read_bytes()
    done = course_here("run", "--folder", tmp_path / "notebooks", "--output", tmp_path / name)
    assert done.exit_code == 2
    assert "copies: name another folder" in " ".join(done.stderr.split())
    assert own.read_bytes() == before


@pytest.mark.slow
def test_lessons_run_in_this_python_though_the_user_has_another_python3_kernel(
    tmp_path, monkeypatch
):
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = '{"argv": ["no-such-python"], "display_name": "Other", "language": "python"}'
    (kernel / "kernel.json").write_text(spec, encoding="utf-8")
    lesson(tmp_path / "notebooks" / "01_which.ipynb", "import sys; sys.executable")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    output = tmp_path / "out"
    done = course_here("run", "--folder", tmp_path / "notebooks", "--output", output)
    assert done.exit_code == 0, done.output
    assert result_of(output / "01_which.ipynb") == repr(sys.executable)


def test_as_many_lessons_run_at_once_as_cores_and_free_memory_allow(tmp_path, monkeypatch):
    *chosen, new = (Lesson(number, Path(f"{number}_a.ipynb"), "", []) for number in "123")
    timed = {"1": Timing(1, 500, 1, 1), "2": Timing(1, 1000, 1, 1)}
    write_timings(Timings({"cores": "2"}, timed), timings_file(tmp_path))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**40))
    monkeypatch.setattr(machine, "GROUP", tmp_path)  # of a container on a large machine
    for name, content in {"max": f"{3500 * 2**20}", "current": "0", "stat": ""}.items():
        (tmp_path / f"memory.{name}").write_text(content)
    monkeypatch.setattr(run, "cores", lambda: 8)
    assert run.as_many_as_fit(chosen, tmp_path) == 3
    assert run.as_many_as_fit([*chosen, new], tmp_path) == 1
    monkeypatch.setattr(run, "cores", lambda: 2)
    assert run.as_many_as_fit(chosen, tmp_path) == 2
    (tmp_path / "memory.max").write_text("0")
    assert run.as_many_as_fit(chosen, tmp_path) == 1


@pytest.mark.slow
def test_lessons_side_by_side_have_one_thread_each_and_meet(tmp_path, monkeypatch):
    for name in run.THREADS:
        monkeypatch.delenv(name, raising=False)
    folder, output = tmp_path / "notebooks", tmp_path / "out"
    for number, other in (("01", "02"), ("02", "01")):  # each waits until the other one runs
        meet = (
            "import os, pathlib, time\n"
            f"pathlib.Path('{number}').touch()\n"
            f"while not pathlib.Path('{other}').exists(): time.sleep(0.02)\n"
            "os.environ['TF_NUM_INTRAOP_THREADS']"
        )
        lesson(folder / f"{number}_a.ipynb", meet)
    done = course_here("run", "--jobs", 2, "--timeout", 30, "--folder", folder, "--output", output)
    assert (done.exit_code, done.stderr) == (0, ""), done.stdout
    assert {result_of(path) for path in output.glob("*.ipynb")} == {"'1'"}


@pytest.mark.slow
def test_stopping_a_run_ends_its_kernels(tmp_path):
    flags = [tmp_path / "01", tmp_path / "02"]
    for flag in flags:
        lesson(
            tmp_path / f"{flag.name}_long.ipynb",
            "import os, time, pathlib\n"
            f"pathlib.Path({str(flag)!r}).write_text(str(os.getpid()))\ntime.sleep(100)",
        )
    # Windows sends Ctrl-C to a whole group; there the handler is called from within instead.
    stop = "import _thread, threading; threading.Timer({}, _thread.interrupt_main).start()\n"
    # Tests that run as a shell's background job ignore Ctrl-C, and what they start inherits that.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program = heed + "from course.commands import app; app()"
    if os.name == "nt":
        program = stop.format(15) + program
    output = tmp_path / "out"
    command = [sys.executable, "-c", program, "run", "--jobs", 2]
    command += ["--folder", tmp_path, "--output", output]
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    kernels = [
        psutil.Process(int(wait_for(lambda flag=flag: flag.exists() and flag.read_text())))
        for flag in flags
    ]
    if os.name != "nt":
        process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in stderr
    for kernel in kernels:
        assert not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(("command", "runs"), [(run, "execute_all"), (warm, "_run")])
def test_a_command_ends_on_sigterm_and_gives_the_handler_back(command, runs, tmp_path, monkeypatch):
    lesson(tmp_path / "notebooks" / "01_mine.ipynb", "1")
    monkeypatch.setenv(PLACE, str(tmp_path / "warm"))
    monkeypatch.setattr(command, runs, lambda *_, **__: signal.raise_signal(signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    name = command.__name__.rpartition(".")[2]
    output = ("--output", tmp_path / "out") if command is run else ()
    done = course_here(name, "--folder", tmp_path / "notebooks", *output)
    assert done.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.slow
def test_storing_needs_the_full_data(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    path = lesson(folder / "01_mine.ipynb", "1 + 1")
    (tmp_path / "README.md").write_text(f"# A\n{TABLE_START}\n{TABLE_END}\n", encoding="utf-8")
    before = path.read_bytes()
    arguments = ("run", "--store", "--folder", folder, "--output", tmp_path / "out")
    assert course_here(*arguments, "--embedded").exit_code == 2
    with monkeypatch.context() as patch:
        patch.setenv("COURSE_EMBEDDED", "1")
        done = course_here(*arguments)
    assert done.exit_code == 1
    assert "full data" in done.stderr
    assert path.read_bytes() == before
    full = load_prices("IBM").attrs["source"] == "full"
    assert course_here(*arguments).exit_code == (0 if full else 1)
    assert (path.read_bytes() != before) == full
