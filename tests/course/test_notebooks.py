"""The stored lessons keep the rules, and the rules catch what breaks them."""

import base64
import re
import sys
from functools import cache

from course.lessons import rules
from course.lessons.lesson import NOTEBOOKS, find_lessons
from course.lessons.opening import opening
from course.lessons.readme import lesson_table, with_table
from course.lessons.timings import read_timings, timings_file
from course.running import store
from course.running.execute import code_cells
from course.running.store import output_texts
from course_utils.files import ROOT

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output
from sample_notebooks import good_notebook, notes

STORED = sorted(NOTEBOOKS.rglob("*.ipynb"))
STORED = [path for path in STORED if not {".ipynb_checkpoints", "my_work"} & {*path.parts}]
PAGES = ["README.md", "CONTRIBUTING.md", "DECISIONS.md", "data/README.md", "site/instructors.md"]
ON_PRICES = [p for p in STORED if re.search(r"load_(prices|shares)\(", p.read_text("utf-8"))]


@cache
def stored(path):
    return nbformat.read(path, as_version=4)


def test_there_are_lessons_and_nothing_else():
    found = [lesson.path for lesson in find_lessons()]
    assert found
    assert found == STORED


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_lesson_keeps_the_rules(path):
    broken = {rule.__name__: rule(stored(path)) for rule in rules.RULES}
    assert {name: problems for name, problems in broken.items() if problems} == {}


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_lesson_opens_with_its_own_number_and_the_committed_times(path):
    number = path.name[:2]
    assert stored(path).cells[0].source.startswith(f"# {number} ")
    shown = [text for cell in stored(path).cells for text in output_texts(cell)]
    assert opening(number).data in shown


def test_readme_table_says_what_the_committed_files_say():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_table(readme, lesson_table()) == readme


@pytest.mark.nightly  # by day, test_installed.py loads that sample
@pytest.mark.parametrize("path", ON_PRICES, ids=lambda path: path.stem)
def test_lessons_on_prices_run_on_the_embedded_default(course, path, tmp_path):
    done = course("run", path.name[:2], "--embedded", "--output", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    executed = nbformat.read(tmp_path / path.name, as_version=4)
    texts = [text for cell in executed.cells for text in output_texts(cell)]
    assert any("embedded sample" in text for text in texts)


# ----------------------------------------------------------------------- what breaks a rule


def first_code(notebook):
    return code_cells(notebook)[0]


def add_output(notebook, output):
    first_code(notebook).outputs.append(output)


def renumber(notebook):
    for count, cell in enumerate(code_cells(notebook), 1):
        cell.execution_count = count


def change_text(notebook, *changes):
    for cell in notebook.cells:
        for old, new in changes:
            cell.source = cell.source.replace(old, new)


def text(old, new, *more):
    """Breaks a notebook by a change of its text, or several."""
    return lambda notebook: change_text(notebook, (old, new), *more)


def says(line, name="stdout"):
    """Breaks a notebook by what its first cell writes."""
    return lambda n: add_output(n, new_output("stream", name=name, text=line))


def displays(data, **metadata):
    """Breaks a notebook by what its first cell displays."""
    return lambda n: add_output(n, new_output("display_data", data, metadata=metadata))


def without_cell(place):
    def breaks(notebook):
        notebook.cells.pop(place)
        renumber(notebook)

    return breaks


def with_code(place, source):
    def breaks(notebook):
        notebook.cells.insert(place, new_code_cell(source))
        renumber(notebook)

    return breaks


MACHINE_PLACES = [
    "/home/ann/model.keras",
    "/opt/conda/x",
    "/srv/course",
    "file:///usr/lib/python3/x.py",
    "/content/model.keras",
    "/Volumes/stick",
    "/data/ann/x",
    "D:\\x",
    "'D:\\\\course'",
    "C:\\Users\\ann",
]
BIG_IMAGE = base64.b64encode(bytes(rules.MAX_IMAGE_BYTES + 1)).decode()
NOTES_LINE = "**Notes for instructors, 3 minutes.**"

BROKEN = {
    "executed_in_order": {
        "cell not run": lambda n: first_code(n).update(execution_count=None),
        "run out of order": lambda n: first_code(n).update(execution_count=9),
    },
    "no_errors": {"error": lambda n: add_output(n, new_output("error", ename="KeyError"))},
    "nothing_on_stderr": {"stderr": says("careful", name="stderr")},
    "no_widget_state": {
        "widget state": lambda n: n.metadata.update(widgets={}),
        "widget view": displays({"application/vnd.jupyter.widget-view+json": {}}),
    },
    "machine_paths": {
        **{f"{place} in an output": says(f"saved to {place}") for place in MACHINE_PLACES},
        "home in an error's page": displays({"text/html": "<b>/root/x</b>"}),
        "temporary file in the code": text("1 + 1", "len('/tmp/x')"),
    },
    "metadata_of_a_front_end": {
        "own kernel": lambda n: n.metadata.kernelspec.update(name="mine"),
        "less than a front-end writes": lambda n: n.metadata.language_info.pop("mimetype"),
        "more": lambda n: n.metadata.update(colab={}),
        "folded by half": lambda n: first_code(n).metadata.update(jupyter={"outputs_hidden": True}),
        "Python's 1.0": displays({"application/json": {"a": [1.0]}}),
    },
    "full_data": {"embedded data": says("IBM: embedded sample of 3,270 days")},
    "short_cells": {
        "long cells": text("total", "(\n" * 8 + "total" + ")" * 8),
        "one very long cell": with_code(2, "x = 1\n" * 21),
    },
    "title_and_goals": {
        "no title": text("# 01 A", "# A"),
        "no goals": text("able to**\n- ", "able to**\n"),
    },
    "headings": {
        f"no {heading}": text(heading, heading.removeprefix("## ")) for heading in rules.HEADINGS
    },
    "exercises_with_solutions": {
        "two exercises": text(
            "### Exercise 2: a sum (easy)",
            "More",
            ('"01-2"', '"01-1"'),
            ("Exercise 2, 2 minutes: add. ", ""),
            ("instructors, 6 minutes", "instructors, 4 minutes"),
        ),
        "no solution": without_cell(-2),
        "no stub": without_cell(-3),
    },
    "opened_and_checked_by_name": {
        "no opening": text('opening("01")\n', ""),
        "another lesson's checks": text('check("01-', 'check("00-'),
        "another exercise's check": text('"01-2", ...', '"01-3", ...'),
        "solution of another exercise": text('"01-2", total', '"01-1", total'),
    },
    "no_untagged_solution": {
        "untagged solution": with_code(-1, "check(3, 2)"),
        "solution in two cells": with_code(-2, "total = 2"),
    },
    "checked_exercises": {
        "solution that fails": lambda n: n.cells[-2].outputs[0].update(text="✗ not yet"),
        "stub that passes": lambda n: n.cells[-3].outputs[0].update(text="✓ right"),
    },
    "goals_practised": {
        "goal that is practised nowhere": text("a sum is\n", "a sum is\n- subtract\n"),
        "goal of a cell in which nothing is asked": (
            lambda n: code_cells(n)[0].metadata.update(tags=["goal-2"])
        ),
        "goal that does not exist": (
            lambda n: n.cells[-3].metadata.update(tags=["exercise", "goal-3"])
        ),
    },
    "answers_to_choose": {
        "no question": text("What do you expect", "Guess"),
        "nothing to choose": text("details>", "p>"),
        "two right ones": text("✗", "✓"),
        "no right one": text("✓", "✗"),
        "no verdict": text("✗ No: one is only the first number.", ""),
        "no reason": text("Yes: one and one make two.", "Yes, it is."),
    },
    "numbers_of_the_code": {
        sentence: text("Now a figure.", sentence)
        for sentence in (
            "The sum is 2.5, see a figure.",
            "It grew by 37 %.",
            "A figure (Playfair, 1786).",
        )
    },
    "numbers_of_a_task": {
        sentence: text("Add 2.", sentence) for sentence in ("Add 7.", "Add 2, or eleven.")
    },
    "notes_for_instructors": {
        "section without notes": lambda n: n.cells.pop(1),
        "notes without a section": lambda n: n.cells.insert(-1, notes(1)),
        **{
            f"notes that begin {line!r}": text(NOTES_LINE, line)
            for line in (
                "**Notes for instructors.**",
                "Notes for instructors, 3 minutes.",
                "**Notes for instructors, some minutes.**",
                "**Notes for instructors, 0 minutes.**",
                f"{NOTES_LINE} Say",
            )
        },
        "notes of a sentence": (
            lambda n: n.cells[1].update(source=f"{NOTES_LINE}\n\n**Say** Add.")
        ),
        "notes without a break": text("**Break**", "**Rest**"),
        "exercise without minutes": text("Exercise 2, 2 minutes:", "Exercise 2:"),
        "minutes that do not add up": text("instructors, 6 minutes", "instructors, 7 minutes"),
    },
    "expected_answers": {
        "answer that no slip knows": text(
            "Exercise 1, 2 minutes: add", "Exercise 1, 2 minutes: expect yellow bananas"
        )
    },
    "links_to_files": {
        link: text("A book.", link)
        for link in ("[A lesson](99_gone.ipynb#Recap).", "[A page].\n\n[A page]: ../gone.md")
    },
    "links_to_headings": {
        link: text("A book.", link)
        for link in (
            "[A part](#Gone).",
            "[A part](#recap).",  # JupyterLab keeps capital letters
            "[A part](02_lstm_gates.ipynb#6-Gone).",
            "[A part](../README.md#gone).",
            "[A part].\n\n[A part]: #Gone",
        )
    },
    "alt_texts": {
        "no alt text": lambda n: code_cells(n)[1].metadata.pop("alt"),
        "empty alt text": lambda n: code_cells(n)[1].metadata.update(alt=" "),
    },
    "small_images": {
        "big image": displays({"image/png": BIG_IMAGE}, **{"image/png": {"alt": "A"}})
    },
    "sounds": {
        "no description": displays({"text/html": "<audio src='data:audio/wav;base64,AAAA'>"}),
    },
}
CASES = [
    pytest.param(rule, breaks, id=f"{rule}-{name}")
    for rule, cases in BROKEN.items()
    for name, breaks in cases.items()
]


@pytest.mark.parametrize(("rule", "breaks"), CASES)
def test_a_broken_notebook_is_caught_by_its_rule_alone(rule, breaks):
    notebook = good_notebook()
    breaks(notebook)
    caught = {check.__name__ for check in rules.RULES if check(notebook)}
    assert caught == {rule}


def test_the_good_notebook_keeps_every_rule_and_every_rule_has_a_broken_one():
    notebook = good_notebook()
    nbformat.validate(notebook)
    assert [rule.__name__ for rule in rules.RULES if rule(notebook)] == []
    assert set(BROKEN) == {rule.__name__ for rule in rules.RULES}


# ---------------------------------------------------------------------- what breaks no rule


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("machine_paths", "See https://example.org/home/a, ../tmp/x and data/work/y."),
        ("machine_paths", "https://a.org/opt/x, https://a.org:80/data/x/y, http://opt/x"),
        ("machine_paths", "./data/ann/x, course_utils/data/x/y, build/srv/x, {folder}/content/x"),
        ("machine_paths", "/data, /content and /opt"),
        ("machine_paths", "print('D:\\n', 'D:\\t')"),
        ("machine_paths", "$A:\\text{days}$, at 12:30"),
        (
            "numbers_of_the_code",
            "The sum is 2, or 200 %, of three; see lesson 04 and parts 14 to 15.",
        ),
        ("numbers_of_the_code", '$2.5$, `37` and [a page](https://a.org/53), they say: "37 %".'),
        ("numbers_of_the_code", "Found by Playfair (1786).\n\n## Read on\n\n- Playfair (1786)."),
        ("links_to_files", "[A](../README.md#the-lessons), [F](mailto:a@b.org), `e[0](x#y)`"),
        ("links_to_headings", "[B](#Recap), [D](#What-often-goes-wrong), `e[0](x#y)`"),
        ("links_to_headings", "[A](../README.md#the-lessons), [E](https://a.org/x#y)"),
        ("links_to_headings", "[C](02_lstm_gates.ipynb#2-The-cell)"),
    ],
)
def test_what_only_looks_wrong_is_let_through(rule, line):
    notebook = good_notebook()
    change_text(notebook, ("## Read on\n\nA book.", line))
    assert getattr(rules, rule)(notebook) == []


def test_this_machines_own_places_are_machine_paths(monkeypatch):
    monkeypatch.setenv("HOME", "/elsewhere/ann")
    monkeypatch.setenv("USERPROFILE", "/elsewhere/ann")
    monkeypatch.setattr(sys, "prefix", "C:\\Python")
    monkeypatch.setattr(store, "ROOT", "/course_of_ann")
    own = ["/elsewhere/ann", "C:\\Python", "C:/Python", "/course_of_ann"]
    notebook = good_notebook()
    change_text(
        notebook, ("A book.", f"{own}, not https://a.org/elsewhere/ann nor ./course_of_ann")
    )
    found = rules.machine_paths(notebook)
    assert len(found) == len(own), found


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_pages_lead_somewhere(page):
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    assert rules.dead_links(text, path.parent) == []
    own = rules.heading_ids(path)
    assert rules.dead_anchors(text, path.parent, own) == []


def test_a_link_leads_into_a_notebook_that_begins_with_a_byte_order_mark(tmp_path):
    text = nbformat.writes(good_notebook())
    (tmp_path / "a.ipynb").write_text(text, encoding="utf-8-sig")
    found = rules.dead_anchors("[A](a.ipynb#Recap), [B](a.ipynb#Nowhere)", tmp_path, ())
    assert found == ["a.ipynb#Nowhere names no heading"]


@pytest.mark.parametrize(
    ("before", "source"),
    [("**What do you expect?** Then run.", "total"), ("Make sure.", "assert total == 2")],
)
def test_a_prediction_and_an_assertion_practise_a_goal(before, source):
    notebook = good_notebook()
    for cell in code_cells(notebook):
        cell.metadata.tags = [tag for tag in cell.metadata.get("tags", []) if tag != "goal-2"]
    assert rules.goals_practised(notebook) == ["goal 2 is practised nowhere"]
    notebook.cells[3].source, notebook.cells[4].source = before, source
    notebook.cells[4].metadata.tags = ["goal-2"]
    assert rules.goals_practised(notebook) == []


# ------------------------------------------------------------------------- times and pages


def test_the_measured_times_are_within_the_budget_and_what_a_slow_machine_explains():
    timings = read_timings(timings_file()).lessons
    assert timings
    for number, timing in timings.items():
        assert timing.seconds <= 1.5 * 90, number
        assert timing.slowest_cell_seconds <= 1.5 * 20, number
