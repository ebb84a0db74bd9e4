"""The whole site, built without a warning, and its pages in a real browser."""

import functools
import json
import re
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

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
SERIOUS = ("serious", "critical")
GATES = "notebooks/02_lstm_gates.html"
LESSONS = find_lessons()
WITH_PLOTLY = [lesson for lesson in LESSONS if PLOTLY in lesson.path.read_text(encoding="utf-8")]
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


class Quiet(SimpleHTTPRequestHandler):
    """A static file server that writes no log."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def serve():
    """Return a function that serves a folder's files and gives their address."""
    servers = []

    def start(folder):
        handler = functools.partial(Quiet, directory=str(folder))
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def address(built, serve):
    return serve(SITE)


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
        link = pages[use.lesson.number].select_one(f"#{use.anchor} a")
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
    assert all(runner.find(id=f"course.{name}") for name in ("opening", "check", "exercises.judge"))


# The pages in a browser.


def problems_of(page, address, name):
    """Everything that is wrong with a page: what it loads, its width on a phone, axe's findings."""
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
    page.add_style_tag(content="* { transition: none !important; animation: none !important }")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    violations = axe(page, {})
    page.evaluate(IN_THE_DARK)
    violations += axe(page, {"runOnly": ["color-contrast"]})
    page.set_viewport_size(PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > PHONE["width"]:
        note("too wide for a phone", width)
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


@pytest.mark.parametrize("name", ["index.html", GATES, "glossary.html", "cheat_sheet.html"])
def test_a_page_loads_by_itself_fits_a_phone_and_is_accessible_in_light_and_dark(
    page, address, name
):
    assert problems_of(page, address, name) == []


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
    "too wide for a phone": '<div style="width: 500px">x</div>',
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


def test_the_theme_switch_works_by_keyboard_and_figures_stay_on_white(page, address):
    page.goto(address + GATES)
    for mode in ("light", "dark"):
        page.locator("button.theme-switch-button").press("Enter")
        page.locator(f"button.theme-change-button[data-mode='{mode}']").press("Enter")
        page.wait_for_function(f"document.documentElement.dataset.theme == '{mode}'")
    style = "image => [getComputedStyle(image).backgroundColor, getComputedStyle(image).filter]"
    assert page.locator(".cell_output img").first.evaluate(style) == ["rgb(255, 255, 255)", "none"]


def test_formulas_are_typeset_without_a_network(page, address):
    page.goto(address + GATES)
    page.wait_for_function("document.querySelectorAll('mjx-container svg').length > 20")
    assert page.locator("mjx-merror").count() == 0


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
