"""A lesson as slides: one page of reveal.js with all its files, which opens without a network."""

import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from course.lessons.lesson import Lesson, read_notebook, tags_of
from course_utils.files import write_whole

import nbformat
from jinja2 import FileSystemLoader, pass_context
from jinja2.runtime import Context
from latex2mathml.converter import convert
from nbconvert import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

OWN_FILES = Path(__file__).with_name("reveal")
REVEAL_FILES = (
    "LICENSE",
    "dist/reveal.css",
    "dist/reveal.js",
    "dist/theme/white.css",
    "dist/theme/fonts/source-sans-pro",
    "plugin/notes/notes.js",
)


class _MathML(IPythonRenderer):
    """Formulas as MathML, which browsers typeset by themselves."""

    def inline_math(self, body: str) -> str:
        return convert(body)

    def block_math(self, body: str) -> str:
        return convert(body, display="block")


class _Exporter(SlidesExporter):
    """nbconvert's slides with our template, and formulas as MathML."""

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Turn markdown into HTML."""
        renderer = _MathML(escape=False, exclude_anchor_links=True)
        return MarkdownWithMath(renderer=renderer).render(source)


def write_deck(lesson: Lesson, output: Path) -> Path:
    """Write a lesson's slides and all files that they need; returns the page to open.

    Args:
        lesson: its stored outputs are shown, nothing runs.
        output: the folder of this lesson's slides.
    """
    exporter = _Exporter(
        extra_loaders=[FileSystemLoader(OWN_FILES)],
        template_file="slides.html.j2",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        reveal_url_prefix="reveal",
        reveal_theme="course",
    )
    notebook = as_slides(read_notebook(lesson.path))
    resources = {"metadata": {"name": lesson.name}}
    body, _ = exporter.from_notebook_node(notebook, resources=resources)
    source = Path(str(files("sphinx_revealjs"))) / "_static" / "revealjs"
    for file in REVEAL_FILES:
        _copy(source / file, output / "reveal" / file)
    _copy(OWN_FILES / "course.css", output / "reveal" / "dist" / "theme" / "course.css")
    _copy(OWN_FILES / "paginate.js", output / "paginate.js")
    page = output / "index.html"
    write_whole(page, body)
    return page


def as_slides(notebook: NotebookNode) -> NotebookNode:
    """Cut a notebook's cells, in place, into blocks, and say where a slide starts.

    Every heading starts a slide; one of the third level goes below the slide before. So does what
    the audience sees only on demand: an answer or a solution. Notes become the speaker's.
    """
    notebook.cells = [block for cell in notebook.cells for block in _blocks(cell)]
    return notebook


def _blocks(cell: NotebookNode) -> Iterator[NotebookNode]:
    tags = set(tags_of(cell))
    if "notes" in tags:
        yield _placed(cell, "notes")
        return
    parts = _paragraphs(cell) if cell.cell_type == "markdown" else _code_and_outputs(cell, tags)
    on_demand = bool(tags & {"answer", "solution"})
    for part in parts:
        heading = part.cell_type == "markdown" and re.match(r"#{1,3} ", part.source)
        if heading:
            yield _placed(part, "subslide" if part.source.startswith("### ") else "slide")
        else:
            yield _placed(part, "subslide" if on_demand else "-")
        on_demand = False


def _placed(cell: NotebookNode, slide_type: str) -> NotebookNode:
    cell.metadata["slideshow"] = {"slide_type": slide_type}
    return cell


def _paragraphs(cell: NotebookNode) -> Iterator[NotebookNode]:
    """A markdown cell for each paragraph, list, table, formula or fenced block."""
    lines: list[str] = []
    fence = ""
    after_blank = False
    for line in cell.source.splitlines():
        starts = re.match(r"#{1,6} ", line) or (after_blank and not line.startswith(" "))
        if lines and starts and not fence:
            yield new_markdown_cell("\n".join(lines))
            lines = []
        for mark in ("```", "$$"):
            if fence in ("", mark) and line.count(mark) % 2:
                fence = "" if fence else mark
        lines.append(line)
        after_blank = not line.strip()
    if "".join(lines).strip():
        yield new_markdown_cell("\n".join(lines))


def _code_and_outputs(cell: NotebookNode, tags: set[str]) -> Iterator[NotebookNode]:
    """A code cell's source and its outputs, each as a cell; a stub has no outputs yet."""
    if not cell.source.strip():
        return
    outputs, cell.outputs = cell.outputs, []
    yield cell
    if outputs and "exercise" not in tags:
        hidden = {**cell.metadata, "transient": {"remove_source": True}}
        name = f"{cell.get('id', 'cell')}-outputs"  # before nbformat 4.5 cells had no names
        yield nbformat.from_dict({**cell, "id": name, "metadata": hidden, "outputs": outputs})


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)
