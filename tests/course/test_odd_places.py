"""The course works in unusual folders, accounts and locales, or says what to do."""

import os
import shutil
import subprocess
import sys

from course_utils.files import ROOT

import nbformat
import pytest
from command_line import SEVERAL
from sample_notebooks import TRAINING, lesson

pytestmark = pytest.mark.slow

ONE_CORE = """
import psutil
if hasattr(psutil.Process, "cpu_affinity"):
    psutil.Process().cpu_affinity(psutil.Process().cpu_affinity()[:1])
"""
WITHOUT_THE_POWERS_OF_ROOT = """
import ctypes, os, subprocess, sys
if sys.platform == "linux" and os.geteuid() == 0:
    for power in (1, 2, 3):  # to read and write whatever the modes of files say
        ctypes.CDLL(None).prctl(24, power, 0, 0, 0)
sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))
"""
NEITHER = dict.fromkeys(["LANG", "PYTHONUTF8", "PYTHONIOENCODING"])


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the course, with two small lessons, in a folder with an odd name."""
    root = tmp_path_factory.mktemp("place") / "Übung (größer) von Jürgen"
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("course", "course_utils"):
        shutil.copytree(ROOT / package, root / package, ignore=ignored)
    (root / "data").mkdir()
    shutil.copy(ROOT / "data" / "registry.txt", root / "data")
    lesson(root / "notebooks" / "00_tiny.ipynb", "import course_utils\ncourse_utils.__file__")
    lesson(root / "notebooks" / "01_trains.ipynb", TRAINING)
    return root


def python(root, program, *arguments, **env):
    """Run a program with a clone's package, in its folder; a variable that is None is unset."""
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONUTF8": "1", "COURSE_EMBEDDED": "1", **env}
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=root,
        env={name: value for name, value in env.items() if value is not None},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("program", "env", "which"),
    [
        pytest.param(SEVERAL, NEITHER | {"HOME": None, "LC_ALL": "C"}, "0", id="no home, C locale"),
        pytest.param(
            ONE_CORE + SEVERAL,
            NEITHER | {"LC_ALL": "POSIX"},
            "1",
            id="one core",
            marks=pytest.mark.nightly,
        ),
    ],
)
def test_the_course_works_in_an_odd_folder(clone, tmp_path, program, env, which):
    commands = "data", "copies student", "progress", f"run {which} --output build/run"
    done = python(clone, program, *commands, **env)
    shown = done.stdout.decode(errors="replace")  # Windows has another encoding
    assert (done.stderr.decode(), shown.count("ended with 0")) == ("", 4), shown
    assert "next: nothing, all are solved" in shown
    (path,) = (clone / "build" / "run").glob(f"0{which}*.ipynb")
    executed = nbformat.read(path, as_version=4)
    (text,) = [cell.outputs[-1].data["text/plain"] for cell in executed.cells[1:]]
    assert text.startswith(repr(str(clone))[:-1] if which == "0" else "{'loss': [")
    assert (clone / "my_work" / path.name).is_file()


def test_signs_that_an_encoding_lacks_stop_nothing(clone):
    stub = nbformat.v4.new_code_cell('check("00-1", ...)', metadata={"tags": ["exercise"]})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 00 A"), stub])
    (clone / "others").mkdir()
    nbformat.write(notebook, clone / "others" / "00_a.ipynb")
    command = "progress --folder others"
    done = python(clone, SEVERAL, command, PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert done.stderr == b""
    first, legend, *_ = done.stdout.decode("cp1252").splitlines()
    assert first == "00 A  · 00-1"
    assert legend == "? solved, … tried, · not yet: 0 of 1 solved"


def test_a_course_that_cannot_be_written_to_says_so_and_runs_with_output_elsewhere(clone, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(clone, root, ignore=shutil.ignore_patterns("build", "my_work"))
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    commands = "copies student", "data", f"run 0 --output {tmp_path / 'out'}"
    try:
        for folder in folders:
            folder.chmod(0o555)
        done = python(root, WITHOUT_THE_POWERS_OF_ROOT, "-c", SEVERAL, *commands)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    lines = done.stdout.decode(errors="replace").splitlines()
    ends = [line for line in lines if line.startswith("ended")]
    if os.name == "nt":  # there you can write to your own folder, whatever its mode
        assert ends == ["ended with 0"] * 3
        return
    assert ends == ["ended with 1", "ended with 0", "ended with 0"]
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"Error: you may not write or read {root / 'my_work'}: work in a copy")
    assert (tmp_path / "out" / "00_tiny.html").is_file()
