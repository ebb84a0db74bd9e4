"""Whatever is killed, with no chance to clean up, leaves whole files and no kernel for long."""

import ctypes
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from course.copies.delivery import deliver
from course.lessons.lesson import find_lessons
from course.lessons.readme import TABLE_END, TABLE_START
from course.running import store
from course.running.execute import KERNEL, Execution
from course_utils import warm
from course_utils.files import OWN_COURSE

import nbformat
import psutil
import pytest
from command_line import course_here
from helpers import processes_below, wait_for
from sample_notebooks import lesson
from small_study import WALKS, assert_same_results, run, use_made_up_prices, years_of_prices

pytestmark = pytest.mark.slow  # kills processes
NIGHTLY = pytest.mark.nightly

COURSE = "from course.commands import app; app()"
DIES = """
import os, pathlib, sys
replace, left = pathlib.Path.replace, int(sys.argv[1])
def replace_or_die(path, target):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    return replace(path, target)
pathlib.Path.replace = replace_or_die
"""
"""a process dies when a file is written, but not yet in its place: the files before it are"""
PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture
def orphans_come_here():
    """Make this process the one that orphans go to, as a desktop's session manager is."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@contextmanager
def killed(*arguments, **env):
    """Start `course` in a process of its own, and kill this one when the block ends."""
    command = [sys.executable, "-c", COURSE, *map(str, arguments)]
    process = subprocess.Popen(
        command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def kernels_of(process):
    return processes_below(psutil.Process(process.pid), str(KERNEL))


def has_ended(kernel):
    return not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ---------------------------------------------------------------------------- run and warm


@pytest.mark.usefixtures("orphans_come_here")
def test_a_kernel_ends_though_its_run_is_killed_while_it_starts(tmp_path):
    lesson(tmp_path / "notebooks" / "01_any.ipynb", "1")
    with killed("run", "--folder", tmp_path / "notebooks", "--output", tmp_path) as process:
        kernels = wait_for(lambda: kernels_of(process))
    wait_for(lambda: all(has_ended(kernel) for kernel in kernels))


def test_a_killed_run_leaves_whole_pages_and_the_next_one_runs(tmp_path):
    folder, output, flag = tmp_path / "notebooks", tmp_path / "out", tmp_path / "started"
    lesson(folder / "01_done.ipynb", "'a' * 3")
    waits = f"import os, pathlib, time\nflag = pathlib.Path({str(flag)!r})"
    lesson(folder / "02_waits.ipynb", waits, "flag.exists() or flag.touch() or time.sleep(100)")
    before = contents(folder)
    arguments = ("run", "--folder", folder, "--output", output)
    with killed(*arguments) as process:
        wait_for(lambda: flag.exists() and (output / "01_done.html").exists())
        kernels = kernels_of(process)
        assert kernels
    wait_for(lambda: all(has_ended(kernel) for kernel in kernels))
    assert {path.name for path in output.iterdir()} == {"01_done.ipynb", "01_done.html"}
    executed = nbformat.read(output / "01_done.ipynb", as_version=4)
    assert executed.cells[1].outputs[0].data["text/plain"] == "'aaa'"
    assert (output / "01_done.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
    done = course_here(*arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    assert contents(folder) == before


@NIGHTLY
def test_a_killed_warm_keeps_what_was_trained_and_the_next_one_goes_on(course, tmp_path):
    flag = tmp_path / "started"
    network = (
        "from pathlib import Path\nimport time\nfrom course_utils.training import fit\n"
        "import keras, numpy as np\n\nkeras.utils.set_random_seed(0)\n"
        "model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\nones = np.ones((8, 3))"
    )
    waits = f"Path({str(flag)!r}).exists() or Path({str(flag)!r}).touch() or time.sleep(100)"
    trains = "fit(model, ones, ones[:, 0], epochs=1, label='small').history"
    lesson(tmp_path / "notebooks" / "01_trains.ipynb", network, trains, waits, trains)
    arguments = ("warm", "--folder", tmp_path / "notebooks")
    place = tmp_path / "warm"
    with killed(*arguments, **{warm.PLACE: str(place)}) as process:
        wait_for(flag.exists)
        kernels = kernels_of(process)
        assert kernels
    wait_for(lambda: all(has_ended(kernel) for kernel in kernels))
    (folder,) = place.iterdir()
    kept = contents(folder)
    assert len(kept) == 1
    done = course(*arguments, **{warm.PLACE: str(place)})
    assert (done.returncode, done.stderr) == (0, "")
    assert "training runs kept: 2," in done.stdout
    assert contents(folder).items() > kept.items()


# --------------------------------------------------------------------------- copies and store

DELIVERS = (
    DIES
    + """
from course.copies.delivery import deliver
deliver({name: sys.argv[3] for name in "abc"}, pathlib.Path(sys.argv[2]))
"""
)


def dies(program, writes, *arguments):
    """Run a program that dies after so many writes."""
    command = [sys.executable, "-c", program, str(writes), *map(str, arguments)]
    return subprocess.run(command, check=False).returncode == 9


@pytest.mark.parametrize("writes", range(4))  # from the fifth on it goes on as it began
def test_copies_killed_at_any_write_are_whole_and_the_next_delivery_completes_them(
    tmp_path, writes
):
    deliver(dict.fromkeys("abc", "v1"), tmp_path)
    (tmp_path / "b").write_text("mine")
    assert dies(DELIVERS, writes, tmp_path, "v2")
    visible = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert {(tmp_path / name).read_text() for name in visible - {"b"}} <= {"v1", "v2"}
    deliver(dict.fromkeys("abc", "v2"), tmp_path)
    found = {path.name: path.read_text() for path in tmp_path.iterdir() if path.name[0] != "."}
    assert found == {"a": "v2", "b": "mine", "b.new": "v2", "c": "v2"}
    assert {path.name for path in tmp_path.iterdir()} - set(found) == {
        ".copies.json",
        ".copies.lock",
    }


STORES = (
    DIES
    + """
import nbformat
from course.lessons.lesson import find_lessons
from course.running import store
from course.running.execute import Execution
folder = pathlib.Path(sys.argv[2])
executions = {
    lesson: Execution(nbformat.read(lesson.path, as_version=4), 7.0, 100, [7.0])
    for lesson in find_lessons(folder)
}
store.store(executions, folder)
"""
)


@pytest.mark.parametrize("writes", [1, *(pytest.param(at, marks=NIGHTLY) for at in (0, 2, 3))])
def test_a_store_killed_at_any_write_leaves_whole_files_and_the_next_one_completes_them(
    tmp_path, writes
):
    folder, readme = tmp_path / "notebooks", tmp_path / "README.md"
    for name in ("01_one.ipynb", "02_two.ipynb"):
        lesson(folder / name, "1")
    readme.write_text(f"# A\n{TABLE_START}\n{TABLE_END}\n", encoding="utf-8")
    assert dies(STORES, writes, folder)
    found = find_lessons(folder)
    assert [lesson.number for lesson in found] == ["01", "02"]
    assert "# A\n" in readme.read_text(encoding="utf-8")
    execution = {
        lesson: Execution(nbformat.read(lesson.path, as_version=4), 7.0, 100, [7.0])
        for lesson in found
    }
    store.store(execution, folder)
    assert readme.read_text(encoding="utf-8").count("7 s") == 2
    for path in folder.iterdir():
        assert json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert [path.name for path in tmp_path.rglob("*.part")] == []


STUDY = """
import sys
from pathlib import Path
import pytest
sys.path[:0] = sys.argv[2:]
from small_study import WALKS, run, use_made_up_prices, years_of_prices
use_made_up_prices(pytest.MonkeyPatch(), years_of_prices)
run(Path(sys.argv[1]), WALKS[:2])
"""


def test_a_killed_study_loses_no_finished_fit(tmp_path, monkeypatch):
    use_made_up_prices(monkeypatch, years_of_prices)
    whole = run(tmp_path / "whole", WALKS[:2])
    fits = tmp_path / "killed" / "fits"
    places = Path(__file__).parent, Path(__file__).parents[1]
    process = subprocess.Popen([*map(str, [sys.executable, "-c", STUDY, fits.parent, *places])])
    wait_for(lambda: [*fits.glob("*.json")])
    process.kill()
    process.wait()
    finished = {path: path.read_bytes() for path in fits.glob("*.json")}
    assert all("walk crps" in json.loads(text) for text in finished.values())
    assert_same_results(run(fits.parent, WALKS[:2]), whole)
    assert all(path.read_bytes() == text for path, text in finished.items())


WAITING = """
import sys
sys.path[:0] = sys.argv[1:]
from course.commands import app
from course.studies import catalogue
from course.studies.study import Study
from small_study import Waits
catalogue.find_study = lambda name: Study("waits", "", lambda: [Waits(name)])
app(["study", "begun", "--jobs", "2"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
@pytest.mark.usefixtures("orphans_come_here")
def test_a_study_that_is_told_to_end_takes_its_workers_with_it(tmp_path):
    places = Path(__file__).parent, Path(__file__).parents[1]
    (tmp_path / OWN_COURSE).touch()  # so that its results go there
    process = subprocess.Popen(
        [*map(str, [sys.executable, "-c", WAITING, *places])],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    wait_for((tmp_path / "begun").exists)
    workers = processes_below(psutil.Process(process.pid), "LokyProcess")
    assert workers
    process.terminate()
    assert process.wait() == 143
    wait_for(lambda: all(has_ended(worker) for worker in workers), seconds=30)
