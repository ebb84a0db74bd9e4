"""Slides of a small lesson: what starts a slide, what is shown when, which files are written."""

import re

from course.lessons.lesson import find_lessons
from course.slides.deck import as_slides, write_deck

import nbformat
import pytest
from command_line import course_here
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sample_notebooks import tagged

NOTES = "**Notes for instructors, 1 minute.**\n\nBe slow."


def said(text):
    return [new_output("stream", name="stdout", text=text)]


def tabled(words):
    return [new_output("execute_result", {"text/html": f"<table><tr><td>{words}</table>"})]


def lesson_to_show():
    return new_notebook(
        cells=[
            new_markdown_cell("# 07 A title\n\nWhat it is. And more.\n\n- one\n\n  too\n- two"),
            new_code_cell('opening("07")', outputs=tabled("minutes")),
            new_code_cell("import this\n\nassert this"),
            new_markdown_cell("## Part\n\n$$\na < b\n\n= c\n$$\n\n```\n# no heading\n\nx\n```"),
            new_markdown_cell(
                "**Notes for instructors, 1 minute.**\n\nBe slow.", metadata=tagged("notes")
            ),
            new_code_cell("def half(x):\n    return x / 2", outputs=said("1.0\n")),
            new_code_cell("@cache\n@wraps(half)\ndef whole(x):\n    return x\n\n\nwhole(1)"),
            new_code_cell("show(half)", outputs=tabled("a result")),
            new_markdown_cell("It costs \\$3. A **term** is $\\frac{1}{2}$. And so on."),
            new_markdown_cell("Nothing that a slide needs. At all."),
            new_markdown_cell(
                "### Lower\n\n**What do you expect?** Now 2. More, or less? Choose, then run."
                "\n\n<details><summary>More</summary>✗ No.</details>"
                "\n<details><summary>Less</summary>✓ Yes.</details>"
            ),
            new_markdown_cell("It is less.", metadata=tagged("answer")),
            new_markdown_cell("## Exercises\n\nReplace.\n\n### Exercise 1 (easy)\n\nDo it."),
            new_code_cell("a = ...", metadata=tagged("exercise"), outputs=said("✗ not yet\n")),
            new_code_cell("a = 4321", metadata=tagged("solution"), outputs=said("✓ right\n")),
            new_markdown_cell("## Recap\n\n- all\n\n## Read on\n\n- books"),
        ]
    )


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    nbformat.write(lesson_to_show(), folder / "07_small.ipynb")
    (lesson,) = find_lessons(folder)
    return write_deck(lesson, folder / "slides")


def test_slides_have_what_a_room_needs_and_leave_out_imports_checks_and_asides():
    cells = as_slides(lesson_to_show()).cells
    assert [(cell.metadata.slideshow.slide_type, cell.source) for cell in cells] == [
        ("slide", "# 07 A title"),
        ("-", "What it is."),
        ("-", "- one\n\n  too"),
        ("-", "- two"),
        ("slide", "## Part"),
        ("-", "$$\na < b\n\n= c\n$$"),
        ("-", "```\n# no heading\n\nx\n```"),
        ("notes", NOTES),
        ("-", "def half(x):\n    return x / 2"),
        ("-", "@cache\n@wraps(half)\ndef whole(x):\n    return x"),
        ("-", "show(half)"),
        ("-", "A **term** is $\\frac{1}{2}$."),
        ("-", "### Lower"),
        ("-", "**What do you expect?** More, or less?"),
        ("-", "- More"),
        ("-", "- Less"),
        ("slide", "## Exercises"),
        ("-", "- Exercise 1 (easy)"),
        ("slide", "## Recap"),
        ("-", "- all"),
    ]


def test_results_are_shown_without_the_call_that_gives_them(deck):
    page = deck.read_text(encoding="utf-8")
    assert "a result" in page
    assert "show(half)" not in page
    assert all(hidden not in page for hidden in ("minutes", "4321", "✓ right", "✗ not yet"))


def test_formulas_are_for_mathjax_and_notes_are_the_speakers(deck):
    page = deck.read_text(encoding="utf-8")
    assert r"\(\frac{1}{2}\)" in page
    assert "a &lt; b" in page
    (notes,) = re.findall(r'<aside class="notes">(.*?)</aside>', page, re.S)
    assert "Be slow." in notes


def test_all_files_that_the_page_names_are_written(deck):
    page = deck.read_text(encoding="utf-8")
    named = re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', page)
    assert len(named) >= 5
    assert [name for name in named if not (deck.parent / name).is_file()] == []
    style = deck.parent / "reveal" / "dist" / "theme" / "white.css"
    for css in (style, style.with_name("course.css")):
        for name in re.findall(r"@import url\(\"?([^\")]+)", css.read_text(encoding="utf-8")):
            assert (css.parent / name).is_file()


def test_without_a_name_every_lesson_gets_slides_whatever_its_format(tmp_path):
    lesson = lesson_to_show()
    nbformat.write(lesson, tmp_path / "01_title.ipynb")
    lesson.nbformat_minor = 4
    for cell in lesson.cells:
        del cell["id"]  # older notebooks do not name their cells
    nbformat.write(lesson, tmp_path / "02_old.ipynb")
    done = course_here("slides", "--folder", tmp_path, "--output", tmp_path / "slides")
    assert (done.exit_code, done.stderr) == (0, "")
    assert sorted(page.parent.name for page in tmp_path.glob("slides/*/index.html")) == ["01", "02"]
