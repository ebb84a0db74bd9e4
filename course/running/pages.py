"""Executed lessons as web pages, and one page that links to them all."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

from course.copies.audiences import without
from course.lessons.lesson import Lesson
from course.running.execute import Execution
from course_utils.files import write_whole
from course_utils.machine import this_machine

import nbformat
from jinja2 import Environment, FileSystemLoader
from nbconvert import HTMLExporter

TEMPLATES = FileSystemLoader(Path(__file__).with_name("templates"))


def write_lesson(lesson: Lesson, execution: Execution, output: Path) -> None:
    """Write a lesson's executed copy and its page, images embedded, without instructors' notes."""
    write_whole(output / lesson.path.name, nbformat.writes(execution.notebook))
    page = page_of(lesson, output)
    page.unlink(missing_ok=True)  # if the new one fails, none of an earlier run is taken for it
    exporter = HTMLExporter(
        extra_loaders=[TEMPLATES], template_file="lesson.html.j2", embed_images=True
    )
    formulas = any("$" in cell.source or r"\(" in cell.source for cell in execution.notebook.cells)
    resources = {
        "has_formulas": formulas,
        "metadata": {"name": lesson.path.stem, "path": str(lesson.path.parent)},
    }
    shown = without(deepcopy(execution.notebook), {"notes"})
    shown.metadata.pop("widgets", None)  # of another run, and no page can move a slider
    body, _ = exporter.from_notebook_node(shown, resources=resources)
    write_whole(page, body)


def page_of(lesson: Lesson, output: Path) -> Path:
    """Where a lesson's page is, once it has been made."""
    return (output / lesson.path.name).with_suffix(".html")


def write_index(executions: Mapping[Lesson, Execution], output: Path) -> Path:
    """Write the page that links to every executed lesson; returns its path."""
    template = Environment(loader=TEMPLATES, autoescape=True).get_template("index.html.j2")
    machine = ", ".join(f"{key} {value}" for key, value in this_machine().items())
    made = {lesson for lesson in executions if page_of(lesson, output).exists()}
    index = output / "index.html"
    write_whole(index, template.render(executions=executions, machine=machine, made=made))
    return index
