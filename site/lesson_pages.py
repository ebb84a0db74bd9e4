"""A stored lesson as a page of the site: the same cells, folded and linked as a page needs them."""

import itertools
import json
import re
from collections.abc import Iterable, Mapping

from course.copies.audiences import without
from course.lessons.lesson import Lesson, read_notebook, tags_of
from course_utils.plots.live.explorer import LIVE, PLOTLY

import nbformat
from glossary import Use, linked
from links import relink
from live_pictures import live_picture
from nbformat import NotebookNode

FOLDED = {"solution", "answer"}
"""tags of cells that are folded"""
EQUATION = re.compile(r"^\$\$(?:(?!\$\$).)+\$\$$", re.M | re.S)
ALSO_PLOTLY = '<script type="application/json" class="plotly-figure">{}</script>'


def lesson_page(lesson: Lesson, uses: Iterable[Use], address: str | None) -> NotebookNode:
    """Make the notebook that Sphinx turns into a lesson's page.

    Args:
        lesson: the stored lesson.
        uses: where the lessons set terms in bold.
        address: of the repository, if there is one.

    Returns:
        the notebook, with terms linked to the glossary, links that lead to pages, numbered
        equations, folded solutions and answers, alternative text for pictures, and no notes.
    """
    notebook = read_notebook(lesson.path)
    here = f"notebooks/{lesson.path.name}"
    own = [use for use in uses if use.lesson == lesson]
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            source = linked(cell.source, [use for use in own if use.cell == number])
            cell.source = numbered(relink(source, here, here, address), f"{lesson.number}-{number}")
        for tag in FOLDED.intersection(tags_of(cell)):
            _fold(cell, tag)
        if cell.cell_type == "code":
            _describe_picture(cell)
            _add_what_answers(cell)
    return without(notebook, {"notes"})


def numbered(source: str, place: str) -> str:
    """A cell's source with a label after each displayed equation, which Sphinx then numbers.

    Args:
        source: of a Markdown cell.
        place: a name for the cell that no other cell of the site has.
    """
    count = itertools.count(1)
    return EQUATION.sub(lambda found: f"{found[0]} (eq-{place}-{next(count)})", source)


def _fold(cell: NotebookNode, what: str) -> None:
    if cell.cell_type == "markdown":
        cell.source = (
            f'<details class="admonition hide"><summary>Show the {what}</summary>\n\n'
            f"{cell.source}\n\n</details>"
        )
        return
    cell.metadata["tags"] = [*tags_of(cell), "hide-cell"]
    _options(cell)["code_prompt_show"] = f"Show the {what}"
    _options(cell)["code_prompt_hide"] = f"Hide the {what}"


def _describe_picture(cell: NotebookNode) -> None:
    """Put the alternative text into the cell's metadata, the only place where MyST-NB looks.

    Raises:
        ValueError: the cell shows several pictures, which one text cannot describe.
    """
    pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    if len(pictures) > 1:
        first = cell.source.partition("\n")[0]
        raise ValueError(
            f"the cell `{first}` shows {len(pictures)} pictures: show each in its own cell"
        )
    for picture in pictures:
        alt = picture.metadata.get("image/png", {}).get("alt") or cell.metadata.get("alt", "")
        _options(cell)["image"] = {"alt": alt}


def _add_what_answers(cell: NotebookNode) -> None:
    """Add a picture that answers a hover or a slider to its still version, for page's scripts."""
    for output in list(cell.outputs):
        data = output.get("data", {})
        figure: Mapping | None = data.pop(PLOTLY, None)
        live: Mapping | None = data.pop(LIVE, None)
        if figure is not None:
            text = json.dumps(figure).replace("</", r"<\/")
            _show(cell, ALSO_PLOTLY.format(text))
        if live is not None:
            _show(cell, live_picture(**live))


def _show(cell: NotebookNode, html: str) -> None:
    cell.outputs.append(nbformat.v4.new_output("display_data", {"text/html": html}))


def _options(cell: NotebookNode) -> dict:
    return cell.metadata.setdefault("mystnb", {})
