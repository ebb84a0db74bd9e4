"""A real browser for tests, and a line that says so where there is none.

Tests ask for the fixture `browser` or `page`. `conftest.py` imports the fixtures and the rest.
"""

import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window, for one file of tests: Playwright's event loop ends with it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(browser):
    """What the pages of a file of tests share: scripts that they have loaded, a laptop's window."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        yield context


@pytest.fixture
def page(context):
    """A page of its own."""
    with context.new_page() as page:
        yield page


def leave_out_without_a_browser(config, items):
    """Leave out the tests that need a browser, where there is none."""
    if CHROMIUM:
        return
    # pytest 8 lists no fixture behind one that a file overrides, so `page` is looked for as well.
    ours = {"browser", "page"}
    left_out = [item for item in items if ours.intersection(getattr(item, "fixturenames", ()))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter):
    """Say in a line that these tests did not run."""
    if CHROMIUM is None:
        terminalreporter.write_line(
            f"There is no Chromium here, so no test in a browser ran. To run them, install one of "
            f"{', '.join(NAMES)}.",
            yellow=True,
        )
