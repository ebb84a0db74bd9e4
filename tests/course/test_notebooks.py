"""The stored lessons keep the rules, and the rules catch what breaks them."""

import base64
import os
import subprocess
import sys
from pathlib import Path

from course.instructors import plans as instructors
from course.lessons import lesson as lessons
from course.lessons.lesson import NOTEBOOKS, find_lessons
from course.lessons.opening import opening
from course.lessons.readme import lesson_table, with_table
from course.lessons.timings import Timing, Timings, read_timings, timings_file
from course.running.execute import code_cells
from course.running.store import output_texts
from course_utils.files import ROOT

import nbformat
import notebook_rules
import pytest
from nbformat.v4 import new_code_cell, new_output
from sample_notebooks import good_notebook, notes

STORED = sorted(NOTEBOOKS.rglob("*.ipynb"))
STORED = [path for path in STORED if not {".ipynb_checkpoints", "my_work"} & {*path.parts}]
PAGES = ["README.md", "CONTRIBUTING.md", "data/README.md", "site/instructors.md"]
ON_PRICES = [path for path in STORED if "load_prices(" in path.read_text(encoding="utf-8")]


def test_there_are_lessons_and_nothing_else():
    found = [lesson.path for lesson in find_lessons()]
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
    assert opening(number).data in shown


def test_readme_table_says_what_the_committed_files_say():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_table(readme, lesson_table()) == readme


@pytest.mark.parametrize("path", ON_PRICES, ids=lambda path: path.stem)
def test_lessons_on_prices_run_on_the_embedded_default(path, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    command = [sys.executable, "-c", "from course.commands import app; app()", "run"]
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


def drop(notebook, place):
    notebook.cells.pop(place)
    renumber(notebook)


def add_code(notebook, place, source):
    notebook.cells.insert(place, new_code_cell(source))
    renumber(notebook)


def renumber(notebook):
    for count, cell in enumerate(code_cells(notebook), 1):
        cell.execution_count = count


def without_exercise_2(notebook):
    change_text(notebook, "### Exercise 2: a sum (easy)", "More")
    change_text(notebook, "Exercise 2, 2 minutes: add. ", "")
    change_text(notebook, "instructors, 6 minutes", "instructors, 4 minutes")


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
    "no pitfalls": ("headings", lambda n: change_text(n, "## What often", "What often")),
    "no further reading": ("headings", lambda n: change_text(n, "## Read on", "Read on")),
    "two exercises": ("exercises_with_solutions", lambda n: without_exercise_2(n)),
    "no solution": ("exercises_with_solutions", lambda n: drop(n, -2)),
    "no stub": ("exercises_with_solutions", lambda n: drop(n, -3)),
    "untagged solution": ("no_untagged_solution", lambda n: add_code(n, -1, "check(3, 2)")),
    "solution in two cells": ("no_untagged_solution", lambda n: add_code(n, -2, "total = 2")),
    "goal that is practised nowhere": (
        "goals_practised",
        lambda n: change_text(n, "a sum is\n", "a sum is\n- subtract\n"),
    ),
    "goal of a cell in which nothing is asked": (
        "goals_practised",
        lambda n: code_cells(n)[1].metadata.update(tags=["goal-2"]),
    ),
    "goal that is not there": (
        "goals_practised",
        lambda n: n.cells[-3].metadata.update(tags=["exercise", "goal-3"]),
    ),
    "number that the code says otherwise": (
        "numbers_of_the_code",
        lambda n: change_text(n, "Now a figure.", "The sum is 2.5, see a figure."),
    ),
    "share that the code says otherwise": (
        "numbers_of_the_code",
        lambda n: change_text(n, "Now a figure.", "It grew by 37 %."),
    ),
    "year of a work that is not listed": (
        "numbers_of_the_code",
        lambda n: change_text(n, "Now a figure.", "A figure (Playfair, 1786)."),
    ),
    "section without notes": ("notes_for_instructors", lambda n: n.cells.pop(1)),
    "notes without a section": (
        "notes_for_instructors",
        lambda n: n.cells.insert(-1, notes(1)),
    ),
    **{
        f"notes that begin {line!r}": (
            "notes_for_instructors",
            lambda n, line=line: change_text(n, "**Notes for instructors, 3 minutes.**", line),
        )
        for line in (
            "**Notes for instructors.**",
            "Notes for instructors, 3 minutes.",
            "**Notes for instructors, some minutes.**",
            "**Notes for instructors, 0 minutes.**",
            "**Notes for instructors, 3 minutes.** Say",
        )
    },
    "notes of a sentence": (
        "notes_for_instructors",
        lambda n: n.cells[1].update(source="**Notes for instructors, 3 minutes.**\n\n**Say** Add."),
    ),
    "notes without a break": (
        "notes_for_instructors",
        lambda n: change_text(n, "**Break**", "**Rest**"),
    ),
    "exercise without minutes": (
        "notes_for_instructors",
        lambda n: change_text(n, "Exercise 2, 2 minutes:", "Exercise 2:"),
    ),
    "minutes that are no sum": (
        "notes_for_instructors",
        lambda n: change_text(n, "instructors, 6 minutes", "instructors, 7 minutes"),
    ),
    "link to no file": (
        "links_to_files",
        lambda n: change_text(n, "A book.", "[A lesson](99_gone.ipynb#Recap)."),
    ),
    "link by name to no file": (
        "links_to_files",
        lambda n: change_text(n, "A book.", "[A page].\n\n[A page]: ../gone.md"),
    ),
    **{
        f"link to no heading, {link}": (
            "links_to_headings",
            lambda n, link=link: change_text(n, "A book.", f"[A part]({link})."),
        )
        for link in (
            "#Gone",
            "#recap",  # JupyterLab keeps capital letters
            "02_lstm_gates.ipynb#6-Gone",
            "../README.md#gone",
        )
    },
    "link by name to no heading": (
        "links_to_headings",
        lambda n: change_text(n, "A book.", "[A part].\n\n[A part]: #Gone"),
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
    own = ["/elsewhere/ann", "C:\\Python", "C:/Python", str(ROOT)]
    change_text(notebook, "A book.", f"{own}, not https://a.org/elsewhere/ann nor ./course_of_ann")
    found = notebook_rules.no_machine_paths(notebook)
    assert len(found) == len(own), found


def test_links_that_lead_somewhere_are_kept():
    notebook = good_notebook()
    text = (
        "[A](../README.md#the-lessons), [B](#Recap), [C](02_lstm_gates.ipynb#2-The-cell), "
        "[D](#What-often-goes-wrong), [E](https://a.org/x#y), [F](mailto:a@b.org), `e[0](x#y)`"
    )
    change_text(notebook, "A book.", text)
    assert notebook_rules.links_to_files(notebook) == []
    assert notebook_rules.links_to_headings(notebook) == []


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_pages_lead_somewhere(page):
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    assert notebook_rules.dead_links(text, path.parent) == []
    own = notebook_rules.heading_ids(path)
    assert notebook_rules.dead_anchors(text, path.parent, own) == []


@pytest.mark.parametrize(
    "text",
    [
        "The sum is 2, or 200 %, of three; see lesson 04 and parts 14 to 15.",
        '$2.5$ and `37` and [a page](https://a.org/53), and as they say: "37 %".',
        "Found by Playfair (1786).\n\n## Read on\n\n- Playfair (1786).",
    ],
)
def test_numbers_of_code_formulas_and_works_may_stand_in_prose(text):
    notebook = good_notebook()
    change_text(notebook, "## Read on\n\nA book.", text)
    assert notebook_rules.numbers_of_the_code(notebook) == []


@pytest.mark.parametrize(
    ("before", "source"),
    [("**What do you expect?** Then run.", "total"), ("Make sure.", "assert total == 2")],
)
def test_a_prediction_and_an_assertion_practise_a_goal(before, source):
    notebook = good_notebook()
    notebook.cells[-3].metadata.tags.append("goal-2")
    for cell in code_cells(notebook):
        cell.metadata.tags = [tag for tag in cell.metadata.get("tags", []) if tag != "goal-2"]
    assert notebook_rules.goals_practised(notebook) == ["goal 2 is practised nowhere"]
    notebook.cells[3].source, notebook.cells[4].source = before, source
    notebook.cells[4].metadata.tags = ["goal-2"]
    assert notebook_rules.goals_practised(notebook) == []


def test_the_measured_times_are_within_the_budget():
    timings = read_timings(timings_file())
    assert timings.lessons
    assert notebook_rules.over_budget(timings) == []


@pytest.mark.parametrize(
    ("seconds", "slowest", "caught"), [(135, 30, 0), (136, 5, 1), (60, 31, 1), (200, 40, 2)]
)
def test_a_lesson_or_a_cell_over_budget_is_caught(seconds, slowest, caught):
    timings = Timings({}, {"01": Timing(seconds, 800, 20, slowest)})
    assert len(notebook_rules.over_budget(timings)) == caught


def test_the_page_for_instructors_says_what_the_committed_files_say():
    assert instructors.PAGE.read_text(encoding="utf-8") == instructors.page()
