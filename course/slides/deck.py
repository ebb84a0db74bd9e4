"""A lesson as slides: one page of reveal.js with all its files, which opens without a network."""

import ast
import re
import shutil
from collections.abc import Iterator
from html import escape as escape_html
from importlib.resources import files
from pathlib import Path

from course.lessons.lesson import OPTION, Lesson, read_notebook, tags_of
from course_utils.files import write_whole

import nbformat
from jinja2 import FileSystemLoader, pass_context
from jinja2.runtime import Context
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


LEFT_OUT_TAGS = {"more", "exercise", "solution", "answer"}
LEFT_OUT_SECTIONS = ("What often goes wrong", "Read on")
WORTH_SHOWING = {"image/png", "text/html"}
NO_PARAGRAPH = r"[#|>$<]|[-*] |\d+\. |```"
SENTENCE = r"(?:(?<=[.?!])|(?<=[.?!]\*\*))\s+(?=[A-Z*`$\"“])"
MOST_WORDS, MOST_LINES = 40, 11
"""of a paragraph and of code, at a size that the last row can read"""


class _ForMathJax(IPythonRenderer):
    """Formulas between marks that prose about dollars cannot contain by chance."""

    def inline_math(self, body: str) -> str:
        return rf"\({escape_html(body)}\)"

    def block_math(self, body: str) -> str:
        return rf"\[{escape_html(body)}\]"


class _Exporter(SlidesExporter):
    """nbconvert's slides with our template, and formulas for MathJax."""

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Turn markdown into HTML."""
        renderer = _ForMathJax(escape=False, exclude_anchor_links=True)
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
    mathjax = Path(str(files("mathjax"))) / "static" / "mathjax" / "es5" / "tex-svg.js"
    _copy(mathjax, output / "tex-svg.js")
    page = output / "index.html"
    write_whole(page, body)
    return page


def as_slides(notebook: NotebookNode) -> NotebookNode:
    """Cut a notebook's cells, in place, into the blocks that a room needs, and place them.

    Headings of the first two levels start slides. Of a paragraph slides have the gist, of the code
    what defines something, of the exercises the titles; imports, checks, answers and what follows
    the recap stay in the notebook. Notes become the speaker's.
    """
    blocks = [block for cell in notebook.cells for block in _blocks(cell)]
    notebook.cells = []
    section = ""
    for block in blocks:
        if block.cell_type == "markdown" and block.source.startswith("## "):
            section = block.source.strip("# \n")
        if section == "Exercises":
            block = _title_of_exercise(block)
        if block and section not in LEFT_OUT_SECTIONS:
            notebook.cells.append(_placed(block))
    return notebook


def _blocks(cell: NotebookNode) -> Iterator[NotebookNode]:
    """A cell's paragraphs, or its code and its outputs, as far as slides have them."""
    tags = set(tags_of(cell))
    if "notes" in tags:
        yield cell
    elif not tags & LEFT_OUT_TAGS:
        yield from _code_and_outputs(cell) if cell.cell_type == "code" else _paragraphs(cell.source)


def _title_of_exercise(block: NotebookNode) -> NotebookNode | None:
    """An exercise's title as an item of a list; nothing for its text and code."""
    if block.source.startswith("### "):
        return new_markdown_cell(f"- {block.source.strip('# ')}")
    return block if block.source.startswith("## ") or "notes" in tags_of(block) else None


def _placed(cell: NotebookNode) -> NotebookNode:
    slide_type = "-"
    if "notes" in tags_of(cell):
        slide_type = "notes"
    elif cell.cell_type == "markdown" and re.match("##? ", cell.source):
        slide_type = "slide"
    cell.metadata["slideshow"] = {"slide_type": slide_type}
    return cell


def _paragraphs(source: str, opens: bool = False) -> Iterator[NotebookNode]:
    """A markdown cell for each heading, gist, list item, table, formula or fenced block."""
    parts: list[str] = []
    lines: list[str] = []
    fence = ""
    after_blank = False
    for line in re.sub(OPTION, r"- \1", source).splitlines():  # verdicts would tell what comes
        starts = re.match(r"#{1,6} |[-*] |\d+\. ", line) or (after_blank and line[:1] != " ")
        if lines and starts and not fence:
            parts.append("\n".join(lines))
            lines = []
        for mark in ("```", "$$"):
            if fence in ("", mark) and line.count(mark) % 2:
                fence = "" if fence else mark
        lines.append(line)
        after_blank = not line.strip()
    parts.append("\n".join(lines))
    for part in map(str.strip, parts):
        if text := part if re.match(NO_PARAGRAPH, part) else gist(part, opens):
            yield new_markdown_cell(text)
        opens = part.startswith("#")


def gist(paragraph: str, opens: bool) -> str:
    """What a slide has of a paragraph.

    Args:
        paragraph: in Markdown.
        opens: whether it comes first below a heading.

    Returns:
        the sentences that set a term in bold, ask what one expects, or lead to what follows;
        where there is none, the first of an opening paragraph, and nothing of others.
    """
    paragraph = re.sub(r"(Choose, t|T)hen run\.$", "", paragraph)
    sentences = re.split(SENTENCE, paragraph.rstrip())
    asks = "What do you expect" in paragraph
    chosen = [one for one in sentences if "**" in one or one.endswith("?" if asks else ":")]
    if asks and len(chosen) == 1:  # the question comes without a mark of its own
        chosen = sentences
    while len(chosen) > 1 and len(" ".join(chosen).split()) > MOST_WORDS:
        chosen.pop()
    return " ".join(chosen or sentences[:opens])


def _code_and_outputs(cell: NotebookNode) -> Iterator[NotebookNode]:
    """The code if it defines something and fits, and the pictures, tables and results."""
    outputs, cell.outputs = cell.outputs, []
    if "assert " not in cell.source and (code := _definitions(cell.source)):
        yield nbformat.from_dict({**cell, "source": code})
    for number, output in enumerate(outputs if "opening(" not in cell.source else []):
        data = output.get("data", {})
        if "text/markdown" in data:
            yield from _paragraphs(data["text/markdown"], opens=True)
        elif WORTH_SHOWING & set(data):
            hidden = {**cell.metadata, "transient": {"remove_source": True}}
            shown = {**cell, "id": f"{cell.id}-{number}", "metadata": hidden, "outputs": [output]}
            yield nbformat.from_dict(shown)


def _definitions(code: str) -> str:
    """The functions and classes that some code defines, if a slide has room for them."""
    try:
        parts = ast.parse(code).body
    except SyntaxError:  # a command of IPython's, or somebody's own notebook
        return ""
    lines = code.split("\n")
    found = [part for part in parts if isinstance(part, ast.FunctionDef | ast.ClassDef)]
    spans = [((part.decorator_list or [part])[0].lineno - 1, part.end_lineno) for part in found]
    shown = "\n\n".join("\n".join(lines[start:end]) for start, end in spans)
    return shown if len(shown.splitlines()) <= MOST_LINES else ""


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)
