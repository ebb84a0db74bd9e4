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


def lesson_to_show():
    return new_notebook(
        cells=[
            new_markdown_cell("# 07 A title\n\nWhat it is about.\n\n- one\n\n  and more\n- two"),
            new_markdown_cell("## Part\n\n$$\na < b\n\n= c\n$$\n\n```\n# no heading\n\nx\n```"),
            new_markdown_cell(
                "**Notes for instructors, 1 minute.**\n\nBe slow.", metadata=tagged("notes")
            ),
            new_code_cell("1 + 1", outputs=said("two\n")),
            new_markdown_cell("What do you expect?"),
            new_markdown_cell("It is $\\frac{1}{2}$.", metadata=tagged("answer")),
            new_markdown_cell("### Exercise 1"),
            new_code_cell("a = ...", metadata=tagged("exercise"), outputs=said("✗ not yet\n")),
            new_code_cell("a = 4321", metadata=tagged("solution"), outputs=said("✓ right\n")),
        ]
    )


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    nbformat.write(lesson_to_show(), folder / "07_small.ipynb")
    (lesson,) = find_lessons(folder)
    return write_deck(lesson, folder / "slides")


def test_headings_start_slides_and_what_is_shown_on_demand_comes_below():
    cells = as_slides(lesson_to_show()).cells
    assert [(cell.metadata.slideshow.slide_type, cell.source) for cell in cells] == [
        ("slide", "# 07 A title\n"),
        ("-", "What it is about.\n"),
        ("-", "- one\n\n  and more\n- two"),
        ("slide", "## Part\n"),
        ("-", "$$\na < b\n\n= c\n$$\n"),
        ("-", "```\n# no heading\n\nx\n```"),
        ("notes", NOTES),
        ("-", "1 + 1"),
        ("-", "1 + 1"),
        ("-", "What do you expect?"),
        ("subslide", "It is $\\frac{1}{2}$."),
        ("subslide", "### Exercise 1"),
        ("-", "a = ..."),
        ("subslide", "a = 4321"),
        ("-", "a = 4321"),
    ]


def test_code_is_shown_once_and_a_stub_without_what_its_check_says(deck):
    page = deck.read_text(encoding="utf-8")
    assert page.count("4321") == 1
    assert "✓ right" in page
    assert "✗ not yet" not in page


def test_formulas_are_mathml_and_notes_are_the_speakers(deck):
    page = deck.read_text(encoding="utf-8")
    assert "<mfrac>" in page
    assert "MathJax" not in page
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
