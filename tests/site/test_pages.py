"""What the site's pages are made of: links, terms, folded cells, numbers, and Sphinx's settings."""

import ast
import json
import re
import runpy

from course.lessons.lesson import choose_lessons, find_lessons
from course_utils.files import ROOT
from course_utils.plots.live.anatomy import network_anatomy

import build
import cheat_sheet
import facts
import glossary
import links
import nbformat
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from helpers import python
from lesson_pages import lesson_page
from links import relink
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sample_notebooks import PIXEL

SITE = ROOT / "site"
HERE = "notebooks/01_small.ipynb"
ADDRESS = "https://github.com/someone/course"
TEXT = """\
# 01 Small

About **waves** of numbers.

**You will be able to**

- say what a wave is

**You need first**: nothing.

A **wave** is a hill; **Or so.** It has a `**crest**`, $**x**$ and, high above, the **top**.
This is the **peak**. See [this lesson](01_small.ipynb), [a file](../Makefile),
[the README](../README.md), [set up](../README.md#x) and [the web](https://a.org).

$$a^2 + b^2 = c^2$$ (pythagoras)

By {eq}`pythagoras`.

$$c = 5$$
"""


@pytest.fixture
def lesson(tmp_path):
    """A lesson with everything that a page changes."""
    anatomy, about = network_anatomy(3)._repr_mimebundle_()
    dot = new_output("display_data", {"image/png": PIXEL}, metadata={"image/png": {"alt": "A dot"}})
    moving = new_output("display_data", anatomy, metadata=about)
    notes = "**Notes for instructors, 1 minute.** Say it."
    cells = [
        new_markdown_cell(TEXT),
        new_markdown_cell(notes, metadata={"tags": ["notes"]}),
        new_code_cell("draw()", outputs=[dot], execution_count=1),
        new_code_cell("anatomy", outputs=[moving], execution_count=2),
        new_code_cell("check(...)", metadata={"tags": ["exercise"]}, execution_count=3),
        new_code_cell("check(1)", metadata={"tags": ["solution"]}, execution_count=4),
        new_markdown_cell("It is *one*.", metadata={"tags": ["answer"]}),
    ]
    path = tmp_path / HERE
    path.parent.mkdir()
    metadata = {"language_info": {"name": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    (found,) = find_lessons(path.parent)
    return found


def page_of(lesson, address=None):
    return lesson_page(lesson, glossary.find_uses([lesson]), address)


def test_a_term_is_bold_and_not_a_label_a_sentence_or_code(lesson):
    wave, top, peak = glossary.find_uses([lesson])
    assert (wave.term, wave.words, wave.sentence) == ("wave", "waves", "About waves of numbers.")
    assert (top.term, peak.term) == ("top", "peak")
    assert peak.sentence.startswith("It has a ")
    assert peak.sentence.endswith("This is the peak.")


@pytest.mark.parametrize(
    ("term", "clause"),
    [("gate", "A gate keeps a share."), ("cell", "A cell adds."), ("unit", "A unit sees both.")],
)
def test_a_list_of_clauses_says_of_a_term_what_its_clause_says(term, clause):
    block = "A **gate** keeps a share; a **cell** adds; a **unit** sees both; so it goes on."
    assert glossary._sentence(block, block.index(f"**{term}**")) == clause


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


def test_every_word_listed_as_stressed_is_still_stressed():
    for lesson in find_lessons():
        text = "".join(c["source"] for c in lesson.cells if c["cell_type"] == "markdown")
        stale = {w for w in glossary.STRESSED.get(lesson.number, ()) if f"**{w}**" not in text}
        assert not stale, lesson.number


@pytest.mark.parametrize(
    ("text", "address", "changed"),
    [
        ("[A](01_small.ipynb)", None, "[A](01_small.ipynb)"),
        ("[A](../README.md#x)", None, "[A](../setup.md#x)"),
        ("[A](../data/README.md)", None, "[A](../data.md)"),
        ("[A](../site/instructors.md)", None, "[A](../instructors.md)"),
        ("[`A`](../Makefile)", None, "`A`"),
        ("[A](../Makefile)", ADDRESS, f"[A]({ADDRESS}/blob/main/Makefile)"),
        ("[A](https://a.org/Makefile)", None, "[A](https://a.org/Makefile)"),
        ("[A](#recap)", None, "[A](#recap)"),
        ("`x[0](y)`", None, "`x[0](y)`"),
    ],
)
def test_links_lead_to_pages_or_to_the_repository_or_are_words(text, address, changed):
    assert relink(text, HERE, HERE, address) == changed


def test_links_to_lessons_that_ones_own_course_leaves_out_are_words(monkeypatch):
    monkeypatch.setattr(links, "left_out", lambda: {"07_bidirectional_and_hybrid.ipynb"})
    text = "[a](07_bidirectional_and_hybrid.ipynb#Recap), [b](our_markets.ipynb)"
    assert relink(text, HERE, HERE) == "a, [b](our_markets.ipynb)"


def test_a_cell_with_two_pictures_is_refused(lesson):
    notebook = nbformat.read(lesson.path, as_version=4)
    notebook.cells[2].outputs *= 2
    nbformat.write(notebook, lesson.path)
    with pytest.raises(ValueError, match=r"`draw\(\)` shows 2 pictures"):
        page_of(lesson)


def test_a_lesson_that_begins_with_a_byte_order_mark_has_its_page(lesson, tmp_path, monkeypatch):
    before = page_of(lesson)
    lesson.path.write_bytes(b"\xef\xbb\xbf" + lesson.path.read_bytes())
    assert page_of(lesson) == before
    monkeypatch.setattr(build, "OUTPUT", tmp_path)
    offered = tmp_path / "_sources" / HERE
    offered.parent.mkdir(parents=True)
    build.offer_notebooks([lesson])
    assert json.loads(offered.read_text(encoding="utf-8"))["cells"]


def test_a_folder_among_the_tables_is_passed_over(tmp_path, monkeypatch):
    tables, source = tmp_path / "data" / "studies", tmp_path / "source"
    (tables / ".ipynb_checkpoints").mkdir(parents=True)
    for file in (tables / "ibm.csv", tmp_path / "data" / "timings.csv"):
        file.touch()
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "TABLES", tables)
    monkeypatch.setattr(build, "SOURCE", source)
    monkeypatch.setattr(build, "timings_file", lambda: tmp_path / "data" / "timings.csv")
    build.lay_out({"index.md": "# A"})
    laid_out = {path.name for path in source.rglob("*") if path.is_file()}
    assert laid_out == {"index.md", "ibm.csv", "timings.csv"}


def test_a_picture_to_hover_over_keeps_its_still_version(lesson):
    still, moving = page_of(lesson).cells[2].outputs
    assert set(still.data) == {"image/png", "text/plain"}
    json.loads(re.sub(r"</?script[^>]*>", "", moving.data["text/html"]))


COMPUTED = r"\{\{.*?\}\}|\{%.*?%\}"
NAMES = (  # lessons, lists of pages, code
    r"\[(\d\d [^\]]*|lesson \d\d|[^\]\d]*)\]\([^)]*\)|^```.*?^```|`[^`\n]+`"
    r"|\b[Ll]esson \d\d\b|\bExercise \d\d-\d"
)
FORMULAS = r"\$\$.*?\$\$|\$[^$\n]+\$"
OWN_PAGES = sorted({path.name for path in SITE.glob("*.md")} - {"instructors.md"})


def typed_numbers(text):
    """Numbers that a page of our own types instead of computing them."""
    text = re.sub(f"{COMPUTED}|{NAMES}|{FORMULAS}", "", text, flags=re.M | re.S)
    return re.findall(r".{0,20}\d.{0,20}", text)


@pytest.mark.parametrize("page", OWN_PAGES)
def test_pages_compute_their_numbers(page):
    assert typed_numbers((SITE / page).read_text(encoding="utf-8")) == []


def test_a_typed_number_is_caught():
    assert typed_numbers("It loses by 3.76 dollars in [04 IBM](x.ipynb), {{ usd(1) }}.")


def test_runs_are_compared_with_the_naive_forecast():
    table = {"year": [1, 1, 1, 2], "rmse": [1.0, 1.0, 3.0, 2.0], "naive": 2.0}
    runs = facts.Runs(pd.DataFrame(table))
    assert (runs.count, runs.better, runs.worse) == (4, 2, 1)
    assert runs.years() == (1, 2)
    assert runs.skill == 0.25
    assert runs.of(year=1).count == 3
    assert runs.of(rmse=[2.0, 3.0])["year"].tolist() == [1, 2]


def test_a_page_that_needs_what_is_no_longer_there_is_not_built():
    with pytest.raises(ValueError, match="no training run with"):
        facts.Study("ibm").runs.of(recipe="classic transformer")
    with pytest.raises(ValueError, match="no section 'Nowhere'"):
        facts.readme("Nowhere")


def test_a_study_that_was_resumed_counts_all_its_epochs():
    study = facts.Study("multi30k")
    table = study.runs.table
    assert study.minutes > table["seconds"].sum() / 60
    assert study.minutes == pytest.approx(sum(table["epochs"] * table["seconds an epoch"]) / 60)


BUILD = """
import sys
sys.path.insert(0, sys.argv[1])
from course.copies import colab
colab.repository = lambda: sys.argv[2]
from sphinx.cmd.build import main
sys.exit(main(["-W", "-q", "-c", *sys.argv[1:2], *sys.argv[3:]]))
"""


@pytest.fixture
def small_site(lesson, tmp_path):
    """The folder of a site of one lesson, built with the course's settings and an address."""
    source, out = tmp_path / "source", tmp_path / "out"
    (source / "notebooks").mkdir(parents=True)
    nbformat.write(page_of(lesson, ADDRESS), source / HERE)
    tree = "# A\n\n```{toctree}\nnotebooks/01_small\nsetup\n```\n\n"
    terms = f"```{{glossary}}\n{glossary.entries(glossary.find_uses([lesson]))}\n```\n"
    (source / "index.md").write_text(tree + terms, encoding="utf-8")
    (source / "setup.md").write_text("# Set up\n\n## X\n", encoding="utf-8")
    done = python(BUILD, SITE, ADDRESS, source, out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.slow
def test_a_lesson_as_sphinx_shows_it(small_site):
    text = (small_site / "notebooks" / "01_small.html").read_text(encoding="utf-8")
    page = BeautifulSoup(text, "html.parser")
    main = page.select_one("article")
    folds = [fold.summary.get_text(" ", strip=True) for fold in main.select("details")]
    assert [fold.partition(" Hide")[0] for fold in folds] == [
        "Show the solution",
        "Show the answer",
    ]
    assert "check(...)" not in "".join(fold.get_text() for fold in main.select("details"))
    equation = main.select_one("div.math")
    assert main.find("a", href=f"#{equation['id']}", string="(1)")
    assert [number.get_text()[:3] for number in main.select(".eqno")] == ["(1)", "(2)"]
    opened_in = {link["href"] for link in page.select("a[href*='mybinder'], a[href*='colab']")}
    assert opened_in == {
        f"https://mybinder.org/v2/gh/someone/course/main?urlpath=lab/tree/{HERE}",
        "https://colab.research.google.com/github/someone/course/blob/colab/01_small.ipynb",
    }


@pytest.mark.slow
def test_the_whole_way_of_the_cheat_sheet_leads_from_a_file_to_a_score(tmp_path, monkeypatch):
    (lesson,) = choose_lessons(["13"])
    code = [cell["source"] for cell in lesson.cells if cell["cell_type"] == "code"]
    lines = [line for source in code for line in ast.parse(source).body]
    loading = [line for line in lines if isinstance(line, ast.Import | ast.ImportFrom)]
    imports = "\n".join(map(ast.unparse, loading))
    day = pd.date_range("2017-01-01", periods=400, freq="D", name="date")
    own = pd.DataFrame({"your column": np.sin(np.arange(400) / 9), "more": 1.0}, index=day)
    own.to_csv(tmp_path / "your.csv")
    monkeypatch.chdir(tmp_path)
    *way, score = map(ast.unparse, ast.parse(cheat_sheet.whole_way()).body)
    (tmp_path / "way.py").write_text("\n".join([imports, *way, f"score = {score}"]))
    assert "GRU" in str(runpy.run_path("way.py")["score"])
