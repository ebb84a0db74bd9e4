"""The house: `course` imports `course_utils`, never the reverse, and nothing goes in a circle."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter

from course.lessons.lesson import choose_lessons, find_lessons
from course_utils.files import ROOT

import pytest
from helpers import python
from sample_notebooks import TRAINING

parsed = cache(ast.parse)
PACKAGES = ("course", "course_utils")
BACKEND = {"keras", "tensorflow"}
WITHOUT_BACKEND = (
    "cells",
    "data",
    "evaluation",
    "features",
    "plots",
    "studies",
    "volatility",
    "windows",
)
"""rooms of course_utils that a reader may import without waiting for TensorFlow"""


def sources(root=ROOT):
    """Every module of both packages, by its dotted name."""
    files = [file for package in PACKAGES for file in sorted((root / package).rglob("*.py"))]
    names = (".".join(file.relative_to(root).with_suffix("").parts) for file in files)
    return {
        name.removesuffix(".__init__"): file.read_text(encoding="utf-8")
        for name, file in zip(names, files, strict=True)
    }


def imported(statements, modules):
    """What some statements import: modules of ours whole, of others the packages."""
    targets = set()
    for node in statements:
        if isinstance(node, ast.Import):
            targets |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "an import is relative"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            targets |= {each if each in modules else node.module for each in whole}
    return {each if each in modules else each.partition(".")[0] for each in targets}


def arrows(modules):
    """What each module imports of ours, imports inside functions included."""
    return {
        name: imported(ast.walk(parsed(source)), modules) & set(modules) - {name}
        for name, source in modules.items()
    }


def backed(modules):
    """The modules that import Keras or TensorFlow, or a module of ours that does, as they load."""
    at_the_top = {name: imported(parsed(text).body, modules) for name, text in modules.items()}
    found = set()
    while more := {name for name, used in at_the_top.items() if used & (BACKEND | found)} - found:
        found |= more
    return found


def climbs(found):
    """Arrows from what a lesson teaches with to what runs the course."""
    return [
        (name, target)
        for name, targets in found.items()
        for target in targets
        if name.split(".")[0] == "course_utils" and target.split(".")[0] == "course"
    ]


def circle(found):
    """The modules of a circle of imports, if there is one."""
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_course_utils_never_imports_course_and_no_import_goes_in_a_circle():
    found = arrows(sources())
    assert len(found) > 70
    assert climbs(found) == []
    assert circle(found) == []


@pytest.mark.parametrize(
    "hidden", ["from course.lessons import lesson", "def late():\n    import course.lessons.lesson"]
)
def test_an_arrow_back_up_is_found_also_inside_a_function(hidden):
    modules = sources() | {"course_utils.cells": hidden}
    assert climbs(arrows(modules)) == [("course_utils.cells", "course.lessons.lesson")]


def test_a_circle_is_found_also_inside_a_function():
    modules = sources()
    modules["course_utils.files"] += "\ndef late():\n    from course_utils.studies import TABLES\n"
    assert {"course_utils.files", "course_utils.studies"} <= set(circle(arrows(modules)))


# --------------------------------------------------------------------- what loads something heavy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "heavy"),
    [
        ("import course, course_utils", "numpy pandas typer"),
        ("from course.commands import app", "pandas scipy sklearn IPython jupyter_client nbformat"),
        ("import course; course.opening('00')", "nbformat sklearn tensorflow"),
        ("from course_utils.data import load_text; load_text()", "requests bokeh_sampledata tqdm"),
        (
            "from course_utils.plots import five_types, live; five_types()",
            "ipywidgets plotly matplotlib.pyplot",
        ),
    ],
)
def test_nobody_waits_for_what_is_not_needed(program, heavy):
    done = python(f"import sys; {program}; print(*sys.modules)", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert {*done.stdout.split()} & {*heavy.split(), "keras", "tensorflow"} == set()


IMPORT_ALL = """
import sys, warnings
from importlib import import_module
warnings.filterwarnings("error", module=r"course(_utils)?\\b")
without, backed = (names.split() for names in sys.argv[1:])
for name in without:
    import_module(name)
    assert not {"tensorflow", "keras"} & set(sys.modules), name
for name in backed:
    import_module(name)
"""


def test_only_modules_that_build_or_train_networks_import_keras_as_they_load():
    modules = sources()
    may = backed(modules)
    assert "course_utils.models" in may
    assert may & {name.rpartition(".")[0] for name in modules} == set()  # the packages
    assert [name for name in may if name.split(".")[0] == "course"] == []
    assert [name for name in may if name.split(".")[1] in WITHOUT_BACKEND] == []


@pytest.mark.slow
def test_all_other_modules_load_no_tensorflow_and_none_of_all_causes_a_warning():
    modules = sources()
    may = backed(modules)
    parts = [" ".join(sorted(names)) for names in (modules.keys() - may, may)]
    done = python(IMPORT_ALL + TRAINING, *parts, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


TO_THE_FIRST_PICTURE = """
import json, sys
from pathlib import Path
for path in map(Path, sys.argv[1:]):
    names = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            if "image/png" in str(cell["outputs"]):
                break
    assert not {"tensorflow", "keras"} & set(sys.modules), path.name
"""


TRAINS_FIRST = {"11"}  # its first picture is of two networks that have been trained
BY_DAY = {"00", "04", "09"}
AT_NIGHT = {lesson.number for lesson in find_lessons()} - BY_DAY - TRAINS_FIRST


@pytest.mark.slow
@pytest.mark.parametrize("numbers", [BY_DAY, pytest.param(AT_NIGHT, marks=pytest.mark.nightly)])
def test_the_first_picture_of_a_lesson_waits_for_no_tensorflow(numbers):
    lessons = [lesson.path for lesson in choose_lessons(sorted(numbers))]
    done = python(TO_THE_FIRST_PICTURE, *lessons, cwd=ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("direct", ["from tensorflow import keras", "import keras.layers"])
def test_a_module_is_found_that_loads_tensorflow_through_another(direct):
    modules = {"a": direct, "b": "from a import x", "c": "import b", "d": "def f():\n    import a"}
    assert backed(modules) == {"a", "b", "c"}
