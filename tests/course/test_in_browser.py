"""A student's way through a lesson in JupyterLab, and a lesson's slides, in a real browser."""

import json
import os
import platform
import subprocess
import sys

from course.exercises.record import read_record
from course.lessons.lesson import choose_lessons, find_lessons, read_notebook, tags_of
from course.slides.deck import write_deck

import nbformat
import pytest
from helpers import wait_for
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect
from sample_notebooks import QUESTION

pytestmark = pytest.mark.slow

EXERCISE = "00-2"
IMPORTS = (
    "from course_utils.data import load_prices\nfrom course import check\n\n"
    'year = load_prices("IBM").attrs["test_year"]'
)


def at_night_all_but(*by_day):
    """All lessons, of which `make test` takes some."""
    return [
        pytest.param(lesson, marks=[pytest.mark.nightly] * (lesson.number not in by_day))
        for lesson in find_lessons()
    ]


SECONDS_TO_START = 180  # a few on a quiet machine

expect.set_options(timeout=60_000)


def source(tag):
    """The source of the cell of lesson 00 that is the exercise or its solution."""
    cells = choose_lessons(["00"])[0].cells
    return next(
        cell["source"]
        for cell in cells
        if tag in tags_of(cell) and f'check("{EXERCISE}"' in cell["source"]
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("course")


@pytest.fixture(scope="module")
def work(root):
    """A student's folder with a small copy of lesson 00: one exercise, and what it needs."""
    folder = root / "my_work"
    folder.mkdir()
    cells = [
        new_code_cell(IMPORTS),
        new_code_cell('prices = load_prices("IBM")\nprices.tail(3)'),
        new_markdown_cell(QUESTION),
        new_code_cell(source("exercise"), metadata={"tags": ["exercise"]}),
    ]
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=cells, metadata=python), folder / "00_start_here.ipynb")
    return folder


@pytest.fixture(scope="module")
def lab(work, root):
    """The address of a lesson of the student's in a JupyterLab without settings of ours.

    Each lesson has a workspace of its own, so that none opens with the tabs of another.
    """
    for place, settings in {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "docmanager-extension/plugin": {"autosaveInterval": 1},
    }.items():
        file = root / "settings" / "@jupyterlab" / f"{place}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(settings))
    env = {
        **os.environ,
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
        "COURSE_EMBEDDED": "1",
        "COURSE_PROGRESS_DIR": str(root),
    }
    command = [sys.executable, "-m", "jupyterlab", str(work)]
    command += ["--no-browser", "--allow-root", "--ServerApp.port=0"]
    with subprocess.Popen(command, env=env) as server:
        try:
            running = json.loads(wait_for(lambda: written(root / "runtime"), SECONDS_TO_START))
            address = f"{running['url']}lab/workspaces/{{0}}/tree/{{0}}.ipynb"
            yield f"{address}?token={running['token']}".format
        finally:
            server.terminate()


def written(runtime):
    """What a server says about itself, once it has made its file and written it."""
    return "".join(file.read_text() for file in runtime.glob("jpserver-*.json"))


def run_all(page, command="Run All Cells"):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=command).first.click()


def answer(page, text):
    """Put a text into the exercise's cell and run it."""
    page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")


def test_a_student_chooses_an_answer_gets_hints_solves_an_exercise_and_starts_again(
    lab, work, page, course
):
    page.set_default_timeout(SECONDS_TO_START * 1000)
    page.goto(lab("00_start_here"))
    option = page.locator(".jp-MarkdownOutput details", has_text="At two")
    option.locator("summary").click()
    expect(option).to_have_attribute("open", "")
    expect(option).to_contain_text("✓ Yes: one and one make two.")
    exercise = page.locator(".jp-CodeCell").last
    said = exercise.locator(".jp-OutputArea-output")
    # Without a kernel yet, "Run All Cells" would ask for one.
    page.get_by_text("| Idle").wait_for()
    run_all(page)
    expect(said).to_contain_text("Replace the three dots", timeout=SECONDS_TO_START * 1000)
    stub = source("exercise")
    answer(page, stub.replace("...", "1"))
    expect(said).to_contain_text("1 is too small")
    answer(page, stub.replace("...", "2"))
    expect(said).to_contain_text("2 is too small")
    expect(said).to_contain_text("Hint 1 of 3")
    answer(page, source("solution"))
    expect(said).to_contain_text(f"✓ Exercise {EXERCISE}: right")
    expect(said).to_contain_text("1 of this lesson's")
    run_all(page, "Restart Kernel and Run All Cells")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    prompt = exercise.locator(".jp-InputPrompt")
    expect(prompt).to_have_text("[3]:", timeout=SECONDS_TO_START * 1000)
    expect(said).to_contain_text(f"✓ Exercise {EXERCISE}: right")
    results = [entry.right for entry in read_record(work.parent / "progress.jsonl")]
    assert results == [False, False, True, True]
    assert f"✓ {EXERCISE}" in course("progress", COURSE_PROGRESS_DIR=str(work.parent)).stdout


def test_a_live_picture_in_a_notebook_answers_to_key_and_pointer_and_needs_no_widget(
    lab, work, page
):
    code = "from course_utils.plots.live import gate_explorer\n\ngate_explorer()"
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    file = work / "live.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(code)], metadata=python), file)
    page.set_default_timeout(SECONDS_TO_START * 1000)
    page.goto(lab("live"))
    page.get_by_text("| Idle").wait_for()
    run_all(page)
    said = page.locator(".live-picture .says")
    expect(said).to_contain_text("keeps −0.90", timeout=SECONDS_TO_START * 1000)
    gate = page.get_by_role("slider", name="forget gate")
    gate.press("ArrowLeft")
    expect(said).to_contain_text("keeps −0.89")
    gate.click(position={"x": 1, "y": 8})
    expect(said).to_contain_text("keeps 0.00")
    page.get_by_role("spinbutton").press("1")  # a shortcut of JupyterLab, were it not for us
    expect(page.get_by_role("spinbutton")).to_have_value("1")
    page.keyboard.press("ControlOrMeta+S")
    wait_for(lambda: "live-picture" in file.read_text(encoding="utf-8"))
    assert "widget" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("lesson", at_night_all_but("13"), ids=lambda lesson: lesson.number)
def test_a_stored_lesson_that_is_opened_and_saved_stays_as_it_is(lab, work, page, lesson):
    notebook = read_notebook(lesson.path)
    notebook.metadata.language_info.version = platform.python_version()
    stored = (nbformat.writes(notebook) + "\n").encode()
    file = work / f"{lesson.number}_stored.ipynb"
    file.write_bytes(stored)
    page.set_default_timeout(SECONDS_TO_START * 1000)
    before = file.stat().st_mtime_ns
    page.goto(lab(file.stem))
    page.get_by_text("| Idle").wait_for()
    page.wait_for_timeout(1500)  # an autosave
    page.keyboard.press("ControlOrMeta+S")
    wait_for(lambda: file.stat().st_mtime_ns > before and file.read_bytes() == stored)


# What each slide shows: its size on the screen, its words, and its smallest letters in pixels.
SHOWN = """() => Reveal.getSlides().map(slide => {
    const {h, v} = Reveal.getIndices(slide);
    Reveal.slide(h, v);
    const all = selector => [...slide.querySelectorAll(`:scope > :not(aside) ${selector}`)];
    const smallest = some => Math.min(
        ...some.map(one => parseFloat(getComputedStyle(one).fontSize) * one.currentCSSZoom));
    const prose = all(".jp-RenderedMarkdown :is(p, li:not(:has(p)), h1, h2, h3)");
    const again = [...slide.querySelectorAll(":scope > .continued")];
    const words = [...again, ...prose].flatMap(
        one => one.innerText.match(/[\\p{L}\\p{N}'’-]+/gu) ?? []);
    return {at: [h, v], height: slide.scrollHeight, width: slide.scrollWidth, words: words.length,
            prose: smallest([...again, ...prose]), code: smallest(all(":is(pre, td)"))};
})"""
POINT = 4 / 3  # pixels
MOST_SLIDES = 35


def open_slides(page, lesson, folder):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(write_deck(lesson, folder).as_uri())
    page.wait_for_function("window.Reveal?.isReady?.()")


@pytest.mark.parametrize("lesson", at_night_all_but("09"), ids=lambda lesson: lesson.number)
def test_slides_are_few_fit_the_screen_and_can_be_read_from_the_last_row(page, lesson, tmp_path):
    open_slides(page, lesson, tmp_path)
    slides = page.evaluate(SHOWN)
    assert 10 < len(slides) <= MOST_SLIDES
    fits = {"height": 720 + 1, "width": 1280 + 1, "words": 60}  # a pixel is for rounding
    large = {"prose": 24 * POINT, "code": 18 * POINT}
    for slide in slides:
        assert all(slide[name] <= most for name, most in fits.items()), slide
        assert all(slide[name] >= least for name, least in large.items()), slide


def test_slides_open_without_a_network_and_show_formulas(page, tmp_path):
    requests, problems = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    open_slides(page, *choose_lessons(["02"]), tmp_path)
    assert {url.partition(":")[0] for url in requests} <= {"file", "data"}
    assert problems == []
    assert page.locator("mjx-container").count() > 20
    assert page.locator("mjx-merror").count() == 0
