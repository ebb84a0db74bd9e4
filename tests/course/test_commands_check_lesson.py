"""`course check-lesson` says in words what a notebook lacks to be a lesson."""

from course.lessons.rules import RULES

import nbformat
import pytest
from command_line import course_here
from nbformat.v4 import new_code_cell, new_notebook
from sample_notebooks import good_notebook

ALL = len(RULES)


def test_a_notebook_that_keeps_all_rules_is_told_so(tmp_path):
    nbformat.write(good_notebook(), tmp_path / "01_small.ipynb")
    done = course_here("check-lesson", tmp_path / "01_small.ipynb")
    assert (done.exit_code, done.stdout) == (0, f"01_small.ipynb keeps {ALL} of {ALL} rules\n")


def test_what_is_missing_is_said_below_what_is_demanded(tmp_path):
    notebook = good_notebook()
    notebook.cells.pop(-2)
    notebook.cells[4].metadata.pop("alt")
    nbformat.write(notebook, tmp_path / "01_small.ipynb")
    done = course_here("check-lesson", tmp_path / "01_small.ipynb")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "✗ There are at least three exercises, each with its stub and its solution.",
        "    no solution after `### Exercise 3: a sum (easy)`",
        "✗ Each picture has a text for those who cannot see it.",
        "    no alt text in `draw(total)`",
        f"01_small.ipynb keeps {ALL - 2} of {ALL} rules",
    ]


@pytest.mark.parametrize(
    "cells", [[], [new_code_cell("")], [new_code_cell("check(1)"), new_code_cell("")]]
)
def test_any_notebook_is_judged(tmp_path, cells):
    nbformat.write(new_notebook(cells=cells), tmp_path / "a.ipynb")
    done = course_here("check-lesson", tmp_path / "a.ipynb")
    assert done.exit_code == 1
    assert done.stdout.startswith("✗ ")


@pytest.mark.parametrize("name", ["02_small", "our_markets"])
def test_a_lesson_that_still_opens_as_another_is_told_its_name(tmp_path, name):
    nbformat.write(good_notebook(), tmp_path / f"{name}.ipynb")
    done = course_here("check-lesson", tmp_path / f"{name}.ipynb")
    assert f'    no `opening("{name[:2] if name[0] == "0" else name}")`\n' in done.stdout
    assert f"keeps {ALL - 1} of {ALL} rules" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(easy)\n\nAdd 1.", "(easy)", f"keeps {ALL} of {ALL} rules"),
        ("### Exercise 1:", "### Exercise:", "`### Exercise: a sum (easy)` has no number"),
        ("✗ No: one is only the first number.", " ", "no reason in ``"),
    ],
)
def test_an_exercise_that_is_being_written_is_judged(tmp_path, old, new, said):
    notebook = good_notebook()
    for cell in notebook.cells:
        cell.source = cell.source.replace(old, new)
    nbformat.write(notebook, tmp_path / "01_small.ipynb")
    done = course_here("check-lesson", tmp_path / "01_small.ipynb")
    assert (done.exit_code, done.stderr) == (int("keeps" not in said), "")
    assert said in done.stdout


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5}']
)
def test_what_is_not_a_notebook_gets_one_line(tmp_path, text):
    (tmp_path / "a.ipynb").write_text(text)
    done = course_here("check-lesson", tmp_path / "a.ipynb")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "a.ipynb is not a notebook" in done.stderr


def test_a_file_that_is_not_there_is_named_without_a_number_of_the_system(tmp_path):
    done = course_here("check-lesson", tmp_path / "none.ipynb")
    said = f"Error: {tmp_path / 'none.ipynb'} cannot be read or written: No such file or directory"
    assert done.stderr == said + "\n"
