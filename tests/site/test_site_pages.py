"""What the site's pages are made of: links, terms, folded cells, numbers, and Sphinx's settings."""

import json
import os
import re
import subprocess
import sys

from course.lessons.lesson import find_lessons
from course_utils.files import ROOT
from course_utils.plots.live.anatomy import network_anatomy

import facts
import glossary
import nbformat
import pytest
from bs4 import BeautifulSoup
from lesson_pages import lesson_page
from links import page_of, relink
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sample_notebooks import PIXEL

SITE = ROOT / "site"
ADDRESS = "https://github.com/someone/course"
TEXT = """\
# 01 Small

About **waves** of numbers.

**You will be able to**

- say what a wave is

**You need first**: nothing.

A **wave** is a hill; **Or so.** It has a `**crest**`, $**x**$ and, high above, the **top**.
This is the **peak**. See [the last lesson](09_last.ipynb#recap), [a file](../Makefile),
[the README](../README.md), [set up](../README.md#x) and [the web](https://a.org).

$$a^2 + b^2 = c^2$$ (pythagoras)

By {eq}`pythagoras`.

$$c = 5$$
"""


def picture(data, alt):
    return new_output("display_data", data, metadata={"image/png": {"alt": alt}})


@pytest.fixture
def lesson(tmp_path):
    """A lesson with all that a page treats in its own way."""
    anatomy, about = network_anatomy(3)._repr_mimebundle_()
    cells = [
        new_markdown_cell(TEXT),
        new_markdown_cell(
            "**Notes for instructors, 1 minute.** Say it.", metadata={"tags": ["notes"]}
        ),
        new_code_cell(
            "draw()",
            outputs=[
                new_output(
                    "display_data", {"image/png": PIXEL}, metadata={"image/png": {"alt": "A dot"}}
                )
            ],
        ),
        new_code_cell("anatomy", outputs=[new_output("display_data", anatomy, metadata=about)]),
        new_code_cell("check(...)", metadata={"tags": ["exercise"]}),
        new_code_cell("check(1)", metadata={"tags": ["solution"]}),
        new_markdown_cell("It is *one*.", metadata={"tags": ["answer"]}),
    ]
    for number, cell in enumerate((cell for cell in cells if cell.cell_type == "code"), 1):
        cell.execution_count = number
    path = tmp_path / "notebooks" / "01_small.ipynb"
    path.parent.mkdir()
    metadata = {"language_info": {"name": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    (found,) = find_lessons(path.parent)
    return found


@pytest.fixture
def page(lesson):
    return lesson_page(lesson, glossary.find_uses([lesson]), None)


def test_a_term_is_what_stands_in_bold_and_is_no_label_no_sentence_and_no_code(lesson):
    uses = glossary.find_uses([lesson])
    assert [(use.term, use.words) for use in uses] == [
        ("wave", "waves"),
        ("top", "top"),
        ("peak", "peak"),
    ]
    assert uses[0].sentence == "About waves of numbers."
    assert uses[2].sentence.endswith("This is the peak.")
    assert uses[2].sentence.startswith("It has a ")


@pytest.mark.parametrize(
    ("words", "before", "term"),
    [
        ("Batch size", "", "batch size"),
        ("Adam", "the optimizer, ", "Adam"),
        ("RMSE", "", "RMSE"),
        ("AdamW", "Done. ", "AdamW"),
    ],
)
def test_a_capital_stays_only_where_it_is_the_terms_own(words, before, term):
    assert glossary._in_a_list(words, before) == term


def test_what_lessons_stress_without_a_definition_is_still_there():
    for lesson in find_lessons():
        text = "".join(c["source"] for c in lesson.cells if c["cell_type"] == "markdown")
        stale = {w for w in glossary.STRESSED.get(lesson.number, ()) if f"**{w}**" not in text}
        assert not stale, lesson.number


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("[A](01_small.ipynb)", "[A](01_small.ipynb)"),
        ("[A](../README.md#x)", "[A](../setup.md#x)"),
        ("[A](../data/README.md)", "[A](../data.md)"),
        ("[A](../site/instructors.md)", "[A](../instructors.md)"),
        ("[A](../Makefile)", "A"),
        ("[A](https://a.org/Makefile)", "[A](https://a.org/Makefile)"),
        ("[A](#recap)", "[A](#recap)"),
        ("`x[0](y)`", "`x[0](y)`"),
        ("[`A`](../Makefile)", "`A`"),
    ],
)
def test_links_lead_to_pages_or_are_words(text, changed):
    here = "notebooks/01_small.ipynb"
    assert relink(text, here, here) == changed


def test_links_to_what_is_no_page_lead_to_the_repository_if_there_is_one():
    here = "notebooks/01_small.ipynb"
    assert relink("[A](../Makefile)", here, here, ADDRESS) == f"[A]({ADDRESS}/blob/main/Makefile)"
    assert page_of("Makefile") is None


def test_a_page_folds_solutions_and_answers_and_leaves_notes_out(page):
    sources = [cell.source for cell in page.cells]
    assert not any("Notes for instructors" in source for source in sources)
    solution = page.cells[-2]
    assert "hide-cell" in solution.metadata.tags
    assert solution.metadata.mystnb["code_prompt_show"] == "Show the solution"
    assert "hide-cell" not in page.cells[-3].metadata.tags
    assert sources[-1].startswith("<details")


def test_a_cell_with_two_pictures_is_refused(lesson):
    notebook = nbformat.read(lesson.path, as_version=4)
    notebook.cells[2].outputs *= 2
    nbformat.write(notebook, lesson.path)
    with pytest.raises(ValueError, match=r"`draw\(\)` shows 2 pictures"):
        lesson_page(lesson, [], None)


def test_a_picture_to_hover_over_keeps_its_still_version(page):
    still, moving = page.cells[2].outputs
    assert set(still.data) == {"image/png", "text/plain"}
    json.loads(re.sub(r"</?script[^>]*>", "", moving.data["text/html"]))


COMPUTED = r"\{\{.*?\}\}|\{%.*?%\}"
NAMES = r"\[(\d\d [^\]]*|lesson \d\d|[^\]\d]*)\]\([^)]*\)|^```.*?^```"  # lessons, lists of pages
OWN_PAGES = sorted({path.name for path in SITE.glob("*.md")} - {"instructors.md"})


def typed_numbers(text):
    """Numbers that a page of our own types instead of computing them."""
    text = re.sub(f"{COMPUTED}|{NAMES}", "", text, flags=re.M | re.S)
    return re.findall(r".{0,20}\d.{0,20}", text)


@pytest.mark.parametrize("name", OWN_PAGES)
def test_pages_compute_their_numbers(name):
    assert typed_numbers((SITE / name).read_text(encoding="utf-8")) == []


def test_a_typed_number_is_caught():
    assert typed_numbers("It loses by 3.76 dollars in [04 IBM](x.ipynb), {{ usd(1) }}.")


def test_numbers_are_those_of_the_committed_tables():
    classic = facts.study("ibm").runs.of(recipe=facts.CLASSIC)
    table = classic.table
    assert classic.worse + classic.better == classic.count == len(table)
    assert classic.worse == sum(table.rmse > table.naive)
    assert classic.skill == pytest.approx((1 - table.rmse / table.naive).median())


def test_a_page_that_speaks_of_what_a_table_no_longer_holds_is_not_built():
    with pytest.raises(ValueError, match="no training with"):
        facts.study("ibm").runs.of(recipe="classic transformer")
    with pytest.raises(ValueError, match="no section 'Nowhere'"):
        facts.readme("Nowhere")


def test_every_study_says_who_made_it():
    for study in facts.studies():
        assert study.made_by.startswith("course study ")
        assert "tensorflow" in study.versions
        assert study.about


def test_a_study_that_was_resumed_counts_all_its_epochs():
    study = facts.study("multi30k")
    table = study.runs.table
    assert study.minutes > table["seconds"].sum() / 60
    assert study.minutes == pytest.approx(sum(table["epochs"] * table["seconds an epoch"]) / 60)


BUILD = """
import sys
sys.path.insert(0, sys.argv[1])
import links
links.repository = lambda: sys.argv[2] or None
from sphinx.cmd.build import main
sys.exit(main(["-W", "-q", "-c", sys.argv[1], *sys.argv[3:]]))
"""


def small_site(lesson, folder, address):
    """Build a site of one lesson with the course's settings; returns the lesson's page."""
    source = folder / "source"
    (source / "notebooks").mkdir(parents=True)
    uses = glossary.find_uses([lesson])
    page = lesson_page(lesson, uses, address)
    page.cells[0].source = page.cells[0].source.replace("09_last.ipynb#recap", "01_small.ipynb")
    nbformat.write(page, source / "notebooks" / "01_small.ipynb")
    tree = "# A\n\n```{toctree}\nnotebooks/01_small\nsetup\n```\n\n"
    index = f"{tree}```{{glossary}}\n{glossary.entries(uses)}\n```\n"
    (source / "index.md").write_text(index, encoding="utf-8")
    (source / "setup.md").write_text("# Set up\n\n## X\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(SITE), address or "", str(source), str(folder / "out")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return parsed(folder / "out" / "notebooks" / "01_small.html")


def parsed(file):
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


def test_a_lesson_as_sphinx_shows_it(lesson, tmp_path):
    page = small_site(lesson, tmp_path, None)
    main = page.select_one("article")
    assert main.img["alt"] == "A dot"
    folds = main.select("details")
    assert [fold.summary.get_text(" ", strip=True).partition(" Hide")[0] for fold in folds] == [
        "Show the solution",
        "Show the answer",
    ]
    assert "Notes for instructors" not in main.get_text()
    equation = main.select_one("div.math")
    assert equation.select_one(".eqno").get_text().startswith("(1)")
    assert main.find("a", href=f"#{equation['id']}", string="(1)")
    numbers = [number.get_text()[:3] for number in main.select(".eqno")]
    assert numbers == ["(1)", "(2)"]
    term = main.select_one("#wave-in-01 a")
    assert term["href"] == "../index.html#term-wave"
    assert not page.select("a[href*=colab], a[href*=binder]")
    index = BeautifulSoup(
        (tmp_path / "out" / "index.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert (
        index.select_one("#term-wave")
        .find_next("dd")
        .find("a", href="notebooks/01_small.html#wave-in-01")
    )


def test_lessons_open_in_binder_and_colab_once_the_repository_is_known(lesson, tmp_path):
    page = small_site(lesson, tmp_path, ADDRESS)
    links = {link["href"] for link in page.select("a[href*='mybinder'], a[href*='colab']")}
    assert links == {
        "https://mybinder.org/v2/gh/someone/course/main?urlpath=lab/tree/notebooks/01_small.ipynb",
        "https://colab.research.google.com/github/someone/course/blob/main/notebooks/01_small.ipynb",
    }
