"""The house: `course` imports `course_utils`, never the reverse, and nothing goes in a circle."""

import ast
from graphlib import CycleError, TopologicalSorter

from course_utils.files import ROOT

import pytest

PACKAGES = ("course", "course_utils")
HEAVY = {
    *("keras", "tensorflow", "sklearn", "statsmodels", "scoringrules", "sacrebleu", "optuna"),
    *("nbformat", "nbclient", "nbconvert", "nbgrader", "jupyterlab", "IPython", "ipywidgets"),
    *("bokeh_sampledata", "pooch", "requests", "psutil", "tqdm", "joblib", "distributed"),
}


def sources(root=ROOT):
    """Every module of both packages, by its dotted name."""
    files = [file for package in PACKAGES for file in sorted((root / package).rglob("*.py"))]
    names = (".".join(file.relative_to(root).with_suffix("").parts) for file in files)
    return {
        name.removesuffix(".__init__"): file.read_text(encoding="utf-8")
        for name, file in zip(names, files, strict=True)
    }


def arrows(modules):
    """What each module imports of ours, imports inside functions included."""
    found = {}
    for name, source in modules.items():
        targets = set()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{name} imports relatively"
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                targets |= {each if each in modules else node.module for each in whole}
        found[name] = {each for each in targets & set(modules) if each != name}
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
