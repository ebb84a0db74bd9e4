"""The page's commands merge the course's next version into lessons that were changed in place."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from course_utils.files import ROOT

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PAGE = (ROOT / "site" / "make_it_yours.md").read_text(encoding="utf-8")
MERGE = re.search(r"^```\n(nbdime.*?)^```", PAGE, re.M | re.S)[1].splitlines()
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
ANYBODY = {
    f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
WITHOUT_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def run(folder, command, code=0):
    """Run a command in a folder, as in a shell where the course's `.venv` is active."""
    program, *arguments = command.split()
    done = subprocess.run(
        [shutil.which(program, path=PATH), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **ANYBODY, **WITHOUT_SETTINGS, "PATH": PATH},
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def write(folder, name, first="Before.", result="1.0", last="After."):
    """Write a lesson of three cells with ids, the middle one run; None drops the lesson."""
    output = new_output("stream", text=f"loss={result}\n")
    cells = [
        new_markdown_cell(first, id="first"),
        new_code_cell("train()", id="code", outputs=[output], execution_count=1),
        new_markdown_cell(last, id="last"),
    ]
    nbformat.write(new_notebook(cells=cells), folder / name)


@pytest.fixture
def clone(tmp_path):
    """A clone with two lessons changed in place, whose course has a new version."""
    course, own = tmp_path / "course", tmp_path / "own"
    course.mkdir()
    shutil.copy(ROOT / ".gitattributes", course)
    write(course, "05_runs.ipynb")
    write(course, "07_hybrids.ipynb")
    for command in ("git init -q", "git add .", "git commit -qm first"):
        run(course, command)
    run(tmp_path, "git clone -q course own")
    write(own, "05_runs.ipynb", last="Ours.", result="2.0")
    write(own, "07_hybrids.ipynb", last="Ours.")
    run(own, "git commit -qam ours")
    write(course, "05_runs.ipynb", first="New.", result="3.0")
    run(course, "git rm -q 07_hybrids.ipynb")
    run(course, "git commit -qam new")
    return own


@pytest.mark.slow
def test_prose_of_both_sides_stays_results_wait_for_a_run_and_a_dropped_lesson_for_a_choice(clone):
    *set_up, pull = MERGE
    for command in set_up:
        run(clone, command)
    assert run(clone, "git status --short") == ""  # enabling nbdime changes no file of the course
    run(clone, pull, code=1)
    merged = nbformat.read(clone / "05_runs.ipynb", as_version=4)
    nbformat.validate(merged)
    assert [cell.source for cell in merged.cells] == ["New.", "train()", "Ours."]
    assert {"UU 05_runs.ipynb", "UD 07_hybrids.ipynb"} == {
        *run(clone, "git status --short").splitlines()
    }
    kept = nbformat.read(clone / "07_hybrids.ipynb", as_version=4)
    assert kept.cells[-1].source == "Ours."
