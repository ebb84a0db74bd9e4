"""The whole site, built without a warning, and its pages in a real browser."""

import functools
import json
import re
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from course.lessons.lesson import find_lessons
from course_utils.files import ROOT
from course_utils.plots.live.explorer import PLOTLY

import glossary
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

SITE = ROOT / "build" / "site"
PHONE, LAPTOP = {"width": 375, "height": 800}, {"width": 1280, "height": 800}
SERIOUS = ("serious", "critical")
GATES = "notebooks/02_lstm_gates.html"
WITH_PLOTLY = [
    lesson for lesson in find_lessons() if PLOTLY in lesson.path.read_text(encoding="utf-8")
]
IN_THE_DARK = """() => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    document.documentElement.dataset.theme = "dark";
}"""


@pytest.fixture(scope="module")
def built():
    """Build the site; only what has changed since the last time is made anew."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "site" / "build.py")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return SITE


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
    return serve(built)


def names_of_pages():
    names = (path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    return sorted(name for name in names if not name.startswith("_static/"))


def parsed(name):
    return BeautifulSoup((SITE / name).read_text(encoding="utf-8"), "html.parser")


def page_of(lesson):
    return f"notebooks/{lesson.path.stem}.html"


# What the pages hold.


def test_every_term_is_linked_from_its_first_use_and_back(built):
    pages = {lesson.number: parsed(page_of(lesson)) for lesson in find_lessons()}
    meanings = parsed("glossary.html")
    listed = {term.get_text().rstrip("#") for term in meanings.select("dl.glossary dt")}
    uses = glossary.find_uses(find_lessons())
    assert listed == {use.term for use in uses}
    for use in uses:
        link = pages[use.lesson.number].select_one(f"#{use.anchor} a")
        target = link["href"].partition("glossary.html#")[2]
        meaning = meanings.find(id=target)
        assert meaning.get_text().rstrip("#") == use.term
        back = f"notebooks/{use.lesson.path.stem}.html#{use.anchor}"
        assert meaning.find_next("dd").find("a", href=back), use.term


def test_every_picture_has_the_alternative_text_of_its_notebook(built):
    for lesson in find_lessons():
        shown = [image["alt"] for image in parsed(page_of(lesson)).select("article img")]
        stored = [
            output["metadata"]["image/png"]["alt"]
            for cell in lesson.cells
            for output in cell.get("outputs", [])
            if "image/png" in output.get("data", {})
        ]
        assert shown == stored
        assert all(text.strip() for text in shown)


def test_the_front_page_shows_the_readmes_picture_and_the_lessons_with_their_minutes(built):
    page = parsed("index.html")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"![{page.select_one('article figure img')['alt']}](" in readme
    cards = page.select(".lesson-cards > li")
    for card, lesson in zip(cards, find_lessons(), strict=True):
        assert card.a["href"] == page_of(lesson)
        assert f"{lesson.minutes_to_read} minutes to read" in card.get_text()


def test_every_table_of_a_study_is_offered_with_who_made_it(built):
    text = parsed("measured.html").get_text()
    tables = sorted((ROOT / "data" / "studies").glob("*.csv"))
    assert sorted(path.name for path in SITE.glob("_downloads/*/*.csv")) == sorted(
        [path.name for path in tables] + ["timings.csv"]
    )
    for path in tables:
        made_by, versions = path.read_text(encoding="utf-8").splitlines()[:2]
        assert made_by.removeprefix("# made by: ") in text
        assert versions.removeprefix("# versions: ") in text


def test_a_downloaded_lesson_is_the_stored_one(built):
    for lesson in find_lessons():
        offered = json.loads(
            (SITE / "_sources" / "notebooks" / lesson.path.name).read_text("utf-8")
        )
        stored = [cell for cell in lesson.cells if "notes" not in cell["metadata"].get("tags", [])]
        assert ["".join(c["source"]) for c in offered["cells"]] == [c["source"] for c in stored]


def test_no_page_holds_notes_for_instructors(built):
    for lesson in find_lessons():
        assert "Notes for instructors" not in parsed(page_of(lesson)).get_text()


def test_signatures_say_array_like(built):
    text = parsed("api/windows.html").get_text()
    assert "ArrayLike" in text
    assert "NDArray" in text
    assert "_ScalarT" not in text


# The pages in a browser.


def problems_of(page, address, name):
    """Everything that is wrong with a page: what it loads, its width on a phone, axe's findings."""
    problems = []

    def note(kind, text):
        problems.append(f"{name}: {kind}: {text}")

    def on_request(request):
        if not request.url.startswith((address, "data:", "blob:")):
            note("foreign host", request.url)

    def on_response(response):
        if response.status >= 400:
            note("no such file", response.url)

    listeners = {
        "console": lambda said: said.type in ("error", "warning") and note("console", said.text),
        "pageerror": lambda error: note("script", error),
        "request": on_request,
        "requestfailed": lambda request: note("failed", request.url),
        "response": on_response,
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
    context = {"exclude": ["mjx-container svg"]}  # hidden from readers, who get MathML beside it
    options = {"resultTypes": ["violations"], "preload": False, **options}
    found = Axe().run(page, context, options).response["violations"]
    return [violation for violation in found if violation["impact"] in SERIOUS]


def test_every_page_loads_by_itself_fits_a_phone_and_is_accessible_in_light_and_dark(page, address):
    names = names_of_pages()
    assert len(names) > 30
    problems = [problem for name in names for problem in problems_of(page, address, name)]
    assert problems == []


BROKEN = {
    "foreign host": '<script src="https://example.invalid/x.js"></script>',
    "failed": '<script src="https://example.invalid/x.js"></script>',
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


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_page_is_caught(page, serve, tmp_path, kind):
    head = '<!DOCTYPE html><html lang="en"><head><title>A</title><link rel="icon" href="data:,">'
    text = f"{head}</head><main><h1>A</h1>{BROKEN[kind]}</main>"
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    found = {problem.split(": ")[1] for problem in problems_of(page, serve(tmp_path), "a.html")}
    assert kind in found


def test_search_finds_the_forget_gate_in_lesson_02(page, address):
    page.goto(f"{address}search.html?q=forget+gate")
    page.wait_for_function(
        "document.querySelector('#search-results .search-summary, #search-results p')"
    )
    assert page.locator(f"#search-results a[href*='{GATES}']").count() >= 1


def test_a_solution_unfolds_by_keyboard(page, address):
    page.goto(address + GATES)
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


def test_code_can_be_copied(page, address):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address + GATES)
    page.locator("div.highlight").first.hover()
    page.locator("button.copybtn").first.click()
    assert "opening(" in page.evaluate("navigator.clipboard.readText()")


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
    said = page.locator(".hoverlayer .hovertext")
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 5)
    page.mouse.move(box["x"] + box["width"] * 0.48, box["y"] + box["height"] / 2, steps=10)
    said.first.wait_for()
    assert "kernel[" in said.first.text_content()
