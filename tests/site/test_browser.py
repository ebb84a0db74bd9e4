"""A student's way through a lesson in JupyterLab, and a lesson's slides, in a real browser."""

import json
import os
import subprocess
import sys
import time

from course.exercises.record import RECORD, read_record
from course.lessons.lesson import choose_lessons

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect

EXERCISE = "00-2"
IMPORTS = (
    "from course_utils.data import load_prices\nfrom course import check\n\n"
    'year = load_prices("IBM").attrs["test_year"]'
)
SECONDS_TO_START = 180  # a few on a quiet machine

expect.set_options(timeout=60_000)


@pytest.fixture
def page(page):
    """Patient: a kernel takes its time to start."""
    page.set_default_timeout(60_000)
    return page


def sources(start):
    """The source of the cell of lesson 00 that is an exercise or its solution."""
    cells = choose_lessons(["00"])[0].cells
    return next(
        cell["source"]
        for cell in cells
        if start in cell["metadata"].get("tags", []) and f'check("{EXERCISE}"' in cell["source"]
    )


@pytest.fixture
def work(tmp_path):
    """A student's folder with a small copy of lesson 00: one exercise, and what it needs."""
    folder = tmp_path / "my_work"
    folder.mkdir()
    cells = [
        new_markdown_cell("# 00 Start here"),
        new_code_cell(IMPORTS),
        new_code_cell('prices = load_prices("IBM")\nprices.tail(3)'),
        new_code_cell(sources("exercise"), metadata={"tags": ["exercise"]}),
    ]
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=cells, metadata=python), folder / "00_start_here.ipynb")
    return folder


@pytest.fixture
def lab(work, tmp_path):
    """Address and token of a JupyterLab in the student's folder, without settings of ours."""
    settings = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    folders = {"RUNTIME": "runtime", "CONFIG": "config"}
    env = {
        **os.environ,
        **{f"JUPYTER_{name}_DIR": str(tmp_path / folder) for name, folder in folders.items()},
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
        "COURSE_EMBEDDED": "1",
    }
    options = ("--no-browser", "--allow-root", "--ServerApp.port=0")
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options, str(work)],
            env=env,
            stdout=log,
            stderr=log,
        )
    try:
        yield address_of(server, tmp_path)
    finally:
        server.terminate()
        server.wait()


def address_of(process, folder):
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        for file in (folder / "runtime").glob("jpserver-*.json"):
            server = json.loads(file.read_text())
            return server["url"], server["token"]
        time.sleep(0.1)
    raise AssertionError((folder / "lab.log").read_text())


def run_all(page, command="Run All Cells"):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=command).first.click()


def answer(page, source):
    """Put a source into the exercise's cell and run it."""
    page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(source)
    page.keyboard.press("Control+Enter")


def test_a_student_gets_hints_solves_an_exercise_and_starts_anew(lab, work, page, course):
    address, token = lab
    page.goto(f"{address}lab/tree/00_start_here.ipynb?token={token}")
    said = page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output")
    # Without a kernel yet, "Run All Cells" would ask for one.
    page.get_by_text("| Idle").wait_for(timeout=SECONDS_TO_START * 1000)
    run_all(page)
    expect(said).to_contain_text("Replace the three dots", timeout=SECONDS_TO_START * 1000)
    stub = sources("exercise")
    answer(page, stub.replace("...", "1"))
    expect(said).to_contain_text("1 is too small")
    answer(page, stub.replace("...", "2"))
    expect(said).to_contain_text("2 is too small")
    expect(said).to_contain_text("Hint 1 of 3")
    answer(page, sources("solution"))
    expect(said).to_contain_text(f"✓ Exercise {EXERCISE}: right")
    run_all(page, "Restart Kernel and Run All Cells")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(page.locator(".jp-CodeCell").last.locator(".jp-InputPrompt")).to_have_text(
        "[3]:", timeout=SECONDS_TO_START * 1000
    )
    expect(said).to_contain_text(f"✓ Exercise {EXERCISE}: right")
    results = [entry.right for entry in read_record(work / RECORD)]
    assert results == [False, False, True, True]
    assert f"✓ {EXERCISE}" in course("progress", "--work", work).stdout


# What a slide shows that is wider or taller than the screen; a pixel is for rounding.
OVERFLOWING = """() => Reveal.getSlides().flatMap(slide => {
    const {h, v} = Reveal.getIndices(slide);
    Reveal.slide(h, v);
    const {width, height} = Reveal.getConfig();
    const fits = slide.scrollHeight <= height + 1 && slide.scrollWidth <= width + 1;
    return fits ? [] : [[h, v, slide.scrollHeight, slide.scrollWidth]];
})"""


@pytest.mark.parametrize("number", ["02"])
def test_slides_open_without_a_network_and_fit_the_screen(number, page, tmp_path, course):
    requests, problems = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    assert course("slides", number, "--output", tmp_path).returncode == 0
    page.goto((tmp_path / number / "index.html").as_uri())
    page.wait_for_function("window.Reveal?.isReady()")
    assert {url.partition(":")[0] for url in requests} <= {"file", "data"}
    assert problems == []
    assert page.evaluate("Reveal.getTotalSlides()") > 50
    assert page.locator("math").count() > 20
    assert page.evaluate(OVERFLOWING) == []
