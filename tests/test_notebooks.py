"""The stored lessons keep the rules, and the rules catch what breaks them."""

import base64
import os
import subprocess
import sys
from pathlib import Path

from course_utils import lessons
from course_utils.cli.execute import code_cells
from course_utils.cli.store import output_texts

import nbformat
import notebook_rules
import pytest
from nbformat.v4 import new_output
from sample_notebooks import good_notebook

STORED = sorted(lessons.NOTEBOOKS.rglob("*.ipynb"))
STORED = [path for path in STORED if not {".ipynb_checkpoints", "my_work"} & {*path.parts}]
ON_PRICES = [path for path in STORED if "load_prices(" in path.read_text(encoding="utf-8")]


def test_there_are_lessons_and_nothing_else():
    found = [lesson.path for lesson in lessons.find_lessons()]
    assert found
    assert found == STORED


@pytest.mark.parametrize("rule", notebook_rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_lesson_keeps_the_rule(path, rule):
    assert rule(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_lesson_opens_with_its_own_number_and_the_committed_times(path):
    notebook = nbformat.read(path, as_version=4)
    number = path.name[:2]
    assert notebook.cells[0].source.startswith(f"# {number} ")
    shown = [text for cell in notebook.cells for _, text in output_texts(cell)]
    assert lessons.opening(number).data in shown


def test_readme_table_says_what_the_committed_files_say():
    readme = (lessons.ROOT / "README.md").read_text(encoding="utf-8")
    assert lessons.with_table(readme, lessons.lesson_table()) == readme


@pytest.mark.parametrize("path", ON_PRICES, ids=lambda path: path.stem)
def test_lessons_on_prices_run_on_the_embedded_default(path, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    command = [sys.executable, "-c", "from course_utils.cli import app; app()", "run"]
    done = subprocess.run(
        [*command, path.name[:2], "--embedded", "--output", str(tmp_path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    executed = nbformat.read(tmp_path / path.name, as_version=4)
    texts = [text for cell in executed.cells for _, text in output_texts(cell)]
    assert any("embedded sample" in text for text in texts)


def first_code(notebook):
    return code_cells(notebook)[0]


def add_output(notebook, output):
    first_code(notebook).outputs.append(output)


def change_text(notebook, old, new):
    for cell in notebook.cells:
        cell.source = cell.source.replace(old, new)


def big_image():
    return base64.b64encode(bytes(notebook_rules.MAX_IMAGE_BYTES + 1)).decode()


def stream(name, text):
    return new_output("stream", name=name, text=text)


BROKEN = {
    "cell not run": ("executed_in_order", lambda n: first_code(n).update(execution_count=None)),
    "run out of order": ("executed_in_order", lambda n: first_code(n).update(execution_count=9)),
    "error": ("no_errors", lambda n: add_output(n, new_output("error", ename="KeyError"))),
    "stderr": ("nothing_on_stderr", lambda n: add_output(n, stream("stderr", "careful"))),
    "widget state": ("no_widget_state", lambda n: n.metadata.update(widgets={})),
    "widget view": (
        "no_widget_state",
        lambda n: add_output(
            n, new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})
        ),
    ),
    "home in an output": (
        "no_machine_paths",
        lambda n: add_output(n, stream("stdout", "saved to /home/ann/model.keras")),
    ),
    "home on Windows": (
        "no_machine_paths",
        lambda n: add_output(n, stream("stdout", r"C:\Users\ann")),
    ),
    "home in an error's page": (
        "no_machine_paths",
        lambda n: add_output(n, new_output("display_data", {"text/html": "<b>/root/x</b>"})),
    ),
    **{
        f"{place} in an output": (
            "no_machine_paths",
            lambda n, place=place: add_output(n, stream("stdout", f"saved to {place}")),
        )
        for place in (
            "/opt/conda/x",
            "/srv/course",
            "file:///usr/lib/python3/x.py",
            "/content/model.keras",
            "/Volumes/stick",
            "/data/ann/x",
            "D:\\x",
            "'D:\\\\course'",
        )
    },
    "temporary file in the code": (
        "no_machine_paths",
        lambda n: change_text(n, "1 + 1", "len('/tmp/x')"),
    ),
    "own kernel": ("plain_kernelspec", lambda n: n.metadata.kernelspec.update(name="mine")),
    "version": ("minimal_metadata", lambda n: n.metadata.language_info.update(version="3.12.1")),
    "embedded data": (
        "full_data",
        lambda n: add_output(n, stream("stdout", "IBM: embedded sample of 3,270 days")),
    ),
    "long cells": ("short_cells", lambda n: change_text(n, "total", "(\n" * 8 + "total" + ")" * 8)),
    "one very long cell": (
        "short_cells",
        lambda n: first_code(n).update(source="x = 1\n" * 21),
    ),
    "no title": ("title_and_goals", lambda n: change_text(n, "# 01 A", "# A")),
    "no goals": ("title_and_goals", lambda n: change_text(n, "able to**\n- ", "able to**\n")),
    "no recap": ("headings", lambda n: change_text(n, "## Recap", "Recap")),
    "no pitfalls": ("headings", lambda n: change_text(n, "## What often", "## What")),
    "no further reading": ("headings", lambda n: change_text(n, "## Read on", "## Read")),
    "two exercises": (
        "exercises_with_solutions",
        lambda n: change_text(n, "### Exercise 2", "More"),
    ),
    "no solution": ("exercises_with_solutions", lambda n: n.cells[-2].metadata.pop("tags")),
    "no stub": ("exercises_with_solutions", lambda n: n.cells[-3].metadata.pop("tags")),
    "link to no file": (
        "links_to_files",
        lambda n: change_text(n, "A book.", "[A lesson](99_gone.ipynb#recap)."),
    ),
    "link by name to no file": (
        "links_to_files",
        lambda n: change_text(n, "A book.", "[A page].\n\n[A page]: ../gone.md"),
    ),
    "solution that fails": (
        "checked_exercises",
        lambda n: n.cells[-2].outputs[0].update(text="✗ not yet"),
    ),
    "stub that passes": (
        "checked_exercises",
        lambda n: n.cells[-3].outputs[0].update(text="✓ right"),
    ),
    "no alt text": ("alt_texts", lambda n: code_cells(n)[1].metadata.pop("alt")),
    "empty alt text": ("alt_texts", lambda n: code_cells(n)[1].metadata.update(alt=" ")),
    "big image": (
        "small_images",
        lambda n: add_output(
            n,
            new_output(
                "display_data", {"image/png": big_image()}, metadata={"image/png": {"alt": "A"}}
            ),
        ),
    ),
}


@pytest.mark.parametrize(("rule", "breaks"), BROKEN.values(), ids=BROKEN)
def test_a_broken_notebook_is_caught_by_its_rule_alone(rule, breaks):
    notebook = good_notebook()
    breaks(notebook)
    caught = {check.__name__ for check in notebook_rules.RULES if check(notebook)}
    assert caught == {rule}


def test_the_good_notebook_keeps_every_rule_and_every_rule_has_a_broken_one():
    notebook = good_notebook()
    nbformat.validate(notebook)
    assert [rule.__name__ for rule in notebook_rules.RULES if rule(notebook)] == []
    assert {rule for rule, _ in BROKEN.values()} == {r.__name__ for r in notebook_rules.RULES}


@pytest.mark.parametrize(
    "text",
    [
        "See https://example.org/home/a, ../tmp/x and data/work/y.",
        "https://example.org/opt/x, https://example.org:80/data/x/y, http://opt/x, ./data/ann/x",
        "course_utils/data/x/y, build/srv/x, {folder}/content/x, /data, /content and /opt",
        "print('D:\\n', 'D:\\t')",
        "$A:\\text{days}$, at 12:30",
    ],
)
def test_addresses_and_relative_paths_are_no_machine_paths(text):
    notebook = good_notebook()
    change_text(notebook, "A book.", text)
    assert notebook_rules.no_machine_paths(notebook) == []


def test_this_machines_own_places_are_machine_paths(monkeypatch):
    monkeypatch.setenv("HOME", "/elsewhere/ann")
    monkeypatch.setenv("USERPROFILE", "/elsewhere/ann")
    monkeypatch.setattr(sys, "prefix", "C:\\Python")
    monkeypatch.setattr(lessons, "ROOT", Path("/course_of_ann"))
    notebook = good_notebook()
    own = ["/elsewhere/ann", "C:\\Python", "C:/Python", str(lessons.ROOT)]
    change_text(notebook, "A book.", f"{own}, not https://a.org/elsewhere/ann nor ./course_of_ann")
    found = notebook_rules.no_machine_paths(notebook)
    assert len(found) == len(own), found


def test_links_that_lead_somewhere_are_kept():
    notebook = good_notebook()
    text = "[A](../README.md#x), [B](#recap), [C](https://a.org/x), [D](mailto:a@b.org), `e[0](x)`"
    change_text(notebook, "A book.", text)
    assert notebook_rules.links_to_files(notebook) == []
