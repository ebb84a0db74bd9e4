"""The whole site, built without a warning, and its pages in a real browser."""

import json
import re
import subprocess
import sys
from functools import cache

from course.copies.colab import repository
from course.lessons.lesson import find_lessons, is_notes
from course_utils.files import ROOT
from course_utils.plots.live.explorer import PLOTLY

import facts
import glossary
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

pytestmark = pytest.mark.slow

SITE = ROOT / "build" / "site"
PHONE, LAPTOP = {"width": 375, "height": 800}, {"width": 1280, "height": 800}
WIDTHS = (1280, 768, 375)
SERIOUS = ("serious", "critical")
GATES = "notebooks/02_lstm_gates.html"
LESSONS = find_lessons()
WITH_PLOTLY = [lesson for lesson in LESSONS if PLOTLY in lesson.path.read_text(encoding="utf-8")]
AT_ONCE = "* { transition: none !important; animation: none !important }"
"""what slides or fades is where it goes, without waiting"""
IN_THE_DARK = """() => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    document.documentElement.dataset.theme = "dark";
}"""


@pytest.fixture(scope="module")
def built():
    """Build the site; only what has changed since the last time is made again."""
    command = [sys.executable, str(ROOT / "site" / "build.py")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""


@pytest.fixture(scope="module")
def address(built, serve):
    return serve(SITE)


@cache
def parsed(name):
    return BeautifulSoup((SITE / name).read_text(encoding="utf-8"), "html.parser")


def page_of(lesson):
    return f"notebooks/{lesson.path.stem}.html"


# What the pages contain.


def test_every_term_is_linked_from_its_first_use_and_back(built):
    pages = {lesson.number: parsed(page_of(lesson)) for lesson in LESSONS}
    meanings = parsed("glossary.html")
    listed = {term.get_text().rstrip("#") for term in meanings.select("dl.glossary dt")}
    uses = glossary.find_uses(LESSONS)
    assert listed == {use.term for use in uses}
    for use in uses:
        link = pages[use.lesson.number].find(id=use.anchor).find("a")
        meaning = meanings.find(id=link["href"].partition("glossary.html#")[2])
        assert meaning.get_text().rstrip("#") == use.term
        back = f"{page_of(use.lesson)}#{use.anchor}"
        assert meaning.find_next("dd").find("a", href=back), use.term


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_a_lesson_has_its_alternative_texts_its_download_and_no_notes(built, lesson):
    page = parsed(page_of(lesson))
    outputs = [output for cell in lesson.cells for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    texts = [picture["metadata"]["image/png"]["alt"] for picture in pictures]
    assert [image["alt"] for image in page.select("article img")] == texts
    assert all(text.strip() for text in texts)
    assert "Notes for instructors" not in page.get_text()
    assert bool(page.select("a[href*='mybinder']")) == bool(repository())
    offered = json.loads((SITE / "_sources/notebooks" / lesson.path.name).read_text("utf-8"))
    stored = [cell["source"] for cell in lesson.cells if not is_notes(cell)]
    assert ["".join(cell["source"]) for cell in offered["cells"]] == stored


def test_the_front_page_shows_the_readmes_picture_and_the_lessons_with_their_minutes(built):
    page = parsed("index.html")
    shown = [image["alt"] for image in page.select("article figure img")]
    assert shown == [picture["alt"] for picture in facts.pictures()]
    for card, lesson in zip(page.select(".lesson-cards > li"), LESSONS, strict=True):
        assert card.a["href"] == page_of(lesson)
        assert f"{lesson.minutes_to_read} minutes to read" in card.get_text()


def test_every_table_of_a_study_is_offered_with_who_made_it(built):
    text = parsed("measured.html").get_text()
    tables = facts.studies()
    assert {path.name for path in SITE.glob("_downloads/*/*.csv")} == {
        "timings.csv",
        *(f"{table.name}.csv" for table in tables),
    }
    for table in tables:
        assert table.made_by.startswith("course study ")
        assert table.made_by in text
        assert "tensorflow" in table.versions
        assert table.versions in text
        assert table.about


def test_docstrings_of_all_that_lessons_import_are_there_and_say_array_like(built):
    for lesson in LESSONS:
        code = "\n".join(c["source"] for c in lesson.cells if c["cell_type"] == "code")
        for module in re.findall(r"^from course_utils\.(\w+)[\w.]* import", code, re.M):
            assert module == "files" or (SITE / "api" / f"{module}.html").is_file()
    windows = parsed("api/windows.html").get_text()
    assert "ArrayLike" in windows
    assert "NDArray" in windows
    assert "_ScalarT" not in windows
    runner = parsed("api.html")
    assert all(
        runner.find(id=f"course.{name}") for name in ("opening", "check", "exercises.grade.grade")
    )


# The pages in a browser.


@pytest.fixture(scope="module")
def gates(context, address):
    """Lesson 02, opened once for what leaves the page as it was for others."""
    with context.new_page() as page:
        page.goto(address + GATES)
        yield page


# What is cut off: wider than its block, which neither lets it be seen nor shows that it scrolls.
# Fonts and formulas may be a pixel wider than they say.
CUT_OFF = """() => [document.documentElement, ...document.querySelectorAll("body *")]
    .filter(block => block.clientWidth > 1 && block.scrollWidth > block.clientWidth + 1)
    .filter(block => block.checkVisibility() && !block.closest("svg, mjx-assistive-mml, pre"))
    .filter(block => {
        const { overflowX, maskImage } = getComputedStyle(block);
        const scrolls = ["auto", "scroll"].includes(overflowX);
        const hides = ["hidden", "clip"].includes(overflowX);
        return block === document.documentElement || hides || scrolls && maskImage === "none";
    })
    .map(block => `${block.tagName}.${block.className}: ${block.textContent.slice(0, 80)}`)"""
# Scripts see a width a frame after it is reached, and may change the page in the next one.
SETTLE = """async () => {
    const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    await frame();
    await frame();
}"""


def cut_off(page):
    """What a page cuts off at some width, once it and its scripts have settled there."""
    page.add_style_tag(content=AT_ONCE)
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(SETTLE)
        found[width] = page.evaluate(CUT_OFF)
    return {width: blocks for width, blocks in found.items() if blocks}


def problems_of(page, address, name):
    """Everything that is wrong with a page: what it loads, what it cuts off, axe's findings."""
    problems = []

    def note(kind, text):
        problems.append(f"{name}: {kind}: {text}")

    listeners = {
        "console": lambda said: said.type in ("error", "warning") and note("console", said.text),
        "pageerror": lambda error: note("script", error),
        "request": lambda request: (
            request.url.startswith((address, "data:", "blob:")) or note("foreign host", request.url)
        ),
        "requestfailed": lambda request: note("failed", request.url),
        "response": lambda response: response.status < 400 or note("no such file", response.url),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    page.set_viewport_size(LAPTOP)
    page.goto(address + name, wait_until="load", timeout=60_000)
    page.wait_for_function("!window.MathJax || MathJax.startup.promise.then(() => true)")
    page.add_style_tag(content=AT_ONCE)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    violations = axe(page, {})
    page.evaluate(IN_THE_DARK)
    violations += axe(page, {"runOnly": ["color-contrast"]})
    for width, blocks in cut_off(page).items():
        note("cut off", f"{width} pixels wide: {blocks}")
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    for violation in violations:
        node = violation["nodes"][0]
        note(violation["id"], f"{node['html'][:200]} {node['failureSummary']}")
    return problems


def axe(page, options):
    context = {"exclude": ["mjx-container svg"]}  # hidden from readers, who get MathML instead
    options = {"resultTypes": ["violations"], "preload": False, **options}
    found = Axe().run(page, context, options).response["violations"]
    return [violation for violation in found if violation["impact"] in SERIOUS]


@pytest.mark.parametrize("name", ["index.html", page_of(LESSONS[0]), "cheat_sheet.html"])
def test_a_page_loads_by_itself_fits_every_width_and_is_accessible_in_light_and_dark(
    page, address, name
):
    assert problems_of(page, address, name) == []


def test_nothing_of_the_widest_table_is_cut_off(page, address):
    page.goto(f"{address}notebooks/03_gru.html")
    page.evaluate(IN_THE_DARK)
    assert cut_off(page) == {}


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_cheat_sheet_prints_on_one_page(page, address, paper):
    page.goto(f"{address}cheat_sheet.html")
    page.wait_for_selector("mjx-container")
    printed = page.pdf(format=paper, margin=dict.fromkeys(("top", "bottom", "left"), "10mm"))
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


@pytest.mark.nightly
def test_so_does_every_other_page(page, address):
    names = [path.relative_to(SITE).as_posix() for path in sorted(SITE.rglob("*.html"))]
    pages = [name for name in names if not name.startswith("_static/")]
    assert len(pages) > len(LESSONS)
    assert [problem for name in pages for problem in problems_of(page, address, name)] == []


BROKEN = {
    "foreign host": '<script src="https://example.invalid/x.js"></script>',
    "failed": '<script src="https://example.invalid/y.js"></script>',
    "no such file": '<img src="gone.png" alt="A dot">',
    "console": '<script>console.error("oh")</script>',
    "script": "<script>throw new Error('oh')</script>",
    "cut off": '<div style="width: 500px">x</div>',
    "image-alt": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "color-contrast": '<p style="color: #999; background: #aaa">pale</p>',
    "scrollable-region-focusable": (
        '<div style="overflow: scroll; width: 99px; height: 20px"><p>a<br>b<br>c</p></div>'
    ),
}


def test_all_that_is_broken_on_a_page_is_caught_and_nothing_on_a_sound_one(page, serve, tmp_path):
    head = '<!DOCTYPE html><html lang="en"><head><title>A</title><link rel="icon" href="data:,">'
    for name, body in (("sound.html", ""), ("broken.html", "".join(BROKEN.values()))):
        text = f"{head}</head><main><h1>A</h1>{body}</main>"
        (tmp_path / name).write_text(text, encoding="utf-8")
    address = serve(tmp_path)
    assert problems_of(page, address, "sound.html") == []
    found = {problem.split(": ")[1] for problem in problems_of(page, address, "broken.html")}
    assert found == set(BROKEN)


@pytest.mark.parametrize("style", ["overflow: hidden", "overflow: auto", "overflow: visible"])
def test_what_is_cut_off_is_found(page, style):
    block = f'<div style="width: 300px; {style}"><p style="width: 500px">wide</p></div>'
    page.set_content(block)
    assert PHONE["width"] in cut_off(page)


def test_a_figure_opens_large_at_a_tap_and_closes_by_keyboard(page, address):
    page.set_viewport_size(PHONE)
    page.goto(address + GATES)
    figure = page.locator("article .enlarge").first
    figure.click()
    large = page.locator("dialog.large-figure img")
    assert large.bounding_box()["width"] > 2 * figure.bounding_box()["width"]
    page.keyboard.press("Escape")
    assert not large.is_visible()


def test_the_code_of_a_page_can_be_hidden(gates):
    code = gates.locator("article .cell_input").first
    for visible in (False, True):
        gates.locator(".code-switch").press("Enter")
        assert code.is_visible() is visible


@pytest.mark.parametrize("name", ["index.html", GATES])
def test_live_pictures_take_the_place_of_still_ones(page, address, name):
    page.goto(address + name)
    page.locator(".live-picture").last.wait_for()
    assert not page.locator("article .still-version").first.is_visible()


def test_what_comes_out_after_a_question_waits_for_a_guess(gates):
    hidden = gates.locator("article .waits")
    questions = gates.locator("article p", has_text=re.compile("^What do you expect"))
    assert hidden.count() == questions.count() > 3
    first = hidden.first.element_handle()
    assert not first.is_visible()
    gates.locator(".after-guess").first.press("Enter")
    assert first.is_visible()


def test_an_answer_is_chosen_by_key_says_at_once_whether_and_why_and_shows_the_output(
    page, address
):
    page.goto(address + GATES)
    answer = page.locator("article details", has_text="69 steps")
    waiting = page.locator(".waits", has_text="steps until half is gone")
    assert (answer.inner_text(), waiting.count()) == ("69 steps", 1)
    answer.locator("summary").press("Enter")
    assert "✓ Yes: 0.99, multiplied by itself" in answer.inner_text()
    waiting.wait_for(state="detached")  # a page hears of an unfolding a moment later


def test_search_finds_the_forget_gate_in_lesson_02(page, address):
    page.goto(f"{address}search.html?q=forget+gate")
    page.locator(f"#search-results a[href*='{GATES}']").first.wait_for()


def test_a_solution_unfolds_by_keyboard_and_code_can_be_copied(page, address):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address + GATES)
    page.locator("div.highlight").first.hover()
    page.locator("button.copybtn").first.click()
    assert "opening(" in page.evaluate("navigator.clipboard.readText()")
    fold = page.locator("details", has_text="Show the solution").first
    code = fold.locator("pre").first
    assert not code.is_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert code.is_visible()
    assert page.locator("details[open]").count() == 1


def test_the_theme_switch_works_by_keyboard_and_figures_stay_on_white(gates):
    for mode in ("light", "dark"):
        gates.locator("button.theme-switch-button").press("Enter")
        gates.locator(f"button.theme-change-button[data-mode='{mode}']").press("Enter")
        gates.wait_for_function(f"document.documentElement.dataset.theme == '{mode}'")
    style = "image => [getComputedStyle(image).backgroundColor, getComputedStyle(image).filter]"
    assert gates.locator(".cell_output img").first.evaluate(style) == ["rgb(255, 255, 255)", "none"]


def test_formulas_are_typeset_without_a_network(gates):
    gates.wait_for_function("document.querySelectorAll('mjx-container svg').length > 20")
    assert gates.locator("mjx-merror").count() == 0


@pytest.mark.parametrize("lesson", WITH_PLOTLY, ids=lambda lesson: lesson.number)
def test_a_picture_answers_a_hover(page, address, lesson):
    page.goto(address + page_of(lesson))
    page.locator(".cell_output:has(script.plotly-figure)").scroll_into_view_if_needed()
    drawn = page.locator(".plotly-drawn .nsewdrag")
    drawn.wait_for()
    said = page.locator(".plotly-drawn").get_attribute("aria-label")
    assert re.match(r"One input, \d+ units", said)
    box = drawn.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 5)
    page.mouse.move(box["x"] + box["width"] * 0.48, box["y"] + box["height"] / 2, steps=10)
    said = page.locator(".hoverlayer .hovertext").first
    said.wait_for()
    assert "kernel[" in said.text_content()
    assert cut_off(page) == {}
