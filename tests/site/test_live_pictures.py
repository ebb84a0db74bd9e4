"""Pictures that can be touched without a kernel: their numbers are ours, and every slider acts."""

import shutil

from course.lessons.lesson import find_lessons, tags_of
from course_utils.cells import LSTMGates, Part, RNNWeights, remember, rnn_backward
from course_utils.evaluation import rmse
from course_utils.files import ROOT
from course_utils.thermostat import run_thermostat
from course_utils.windows import make_windows

import numpy as np
import pytest
from lesson_pages import LIVE
from live_pictures import live_picture
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

MODULES = ROOT / "course_utils" / "plots" / "live"
NAMES = sorted(path.stem for path in MODULES.glob("*.js") if path.stem != "picture")
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def address(serve, tmp_path_factory):
    """The address of a folder with the modules, and a page for each picture."""
    folder = tmp_path_factory.mktemp("live")
    for path in [*MODULES.glob("*.js"), *(ROOT / "site" / "_static").glob("*.*")]:
        shutil.copy(path, folder)
    head = '<!DOCTYPE html><title>A</title><link rel="stylesheet" href="site.css">'
    for name in NAMES:
        body = f"<figure>still</figure>{live_picture(name)}"
        page = f'{head}{body}<script type="module" src="live.js"></script>'
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return serve(folder)


@pytest.fixture
def module(page, address):
    """Return a function that calls what a module exports."""
    page.goto(f"{address}forecast.html")
    call = "async ([name, what, all]) => (await import(`./${name}.js`))[what](...all)"
    return lambda name, what, *arguments: page.evaluate(call, [name, what, list(arguments)])


def test_the_cell_is_that_of_course_utils(module):
    for _ in range(20):
        c, *values = RNG.uniform(-1, 1, 5)
        gates = dict(zip(["input", "forget", "candidate", "output"], values, strict=True))
        found = module("lstm_cell", "remember", c, gates)
        np.testing.assert_allclose((found["h"], found["c"]), remember(c, LSTMGates(**gates)))
    assert 0.9 ** module("lstm_cell", "halfLife", 0.9) == pytest.approx(0.5)


def test_the_gradient_is_that_of_a_linear_unit(module):
    one, weight = np.ones((1, 1)), 0.9
    unit = RNNWeights(Part(one, weight * one, np.zeros(1)), "linear")
    last = np.zeros((1, 30, 1))
    last[:, -1] = 1
    _, back = rnn_backward(np.zeros((1, 30, 1)), unit, last)
    found = [module("unrolled", "gradient", weight, steps) for steps in range(30)]
    np.testing.assert_allclose(found, back[0, ::-1, 0])


@pytest.mark.parametrize("shift", [0, 1, 5])
def test_the_error_of_forecasts_moved_back_is_that_of_course_utils(module, shift):
    truth, forecast = RNG.normal(size=(2, 40))
    found = module("forecast", "rmse", truth.tolist(), forecast.tolist(), shift)
    assert found == pytest.approx(rmse(truth[: 40 - shift], forecast[shift:]))


def test_windows_and_targets_lie_where_make_windows_cuts_them(module):
    series = np.arange(30.0)
    windows, targets = make_windows(series, lookback=7, horizon=3)
    assert module("window_cutter", "count", len(series), 7, 3) == len(windows)
    for number in (0, len(windows) - 1):
        place = module("window_cutter", "cut", number, 7, 3)
        assert series[place["start"] : place["end"]].tolist() == windows[number, :, 0].tolist()
        assert series[place["target"]] == targets[number]


def test_the_heating_is_that_of_course_utils(module):
    temperature = np.concatenate([[-1.0], RNG.uniform(-1.5, 1.5, 60)])
    on, found = 0, []
    for each in temperature.tolist():
        on = module("thermostat", "heating", each, on)
        found.append(on)
    assert found == run_thermostat(temperature[np.newaxis]).heating[0].tolist()


@pytest.mark.parametrize("name", NAMES)
def test_every_slider_acts_by_key_and_by_pointer_and_the_still_version_is_for_paper(
    page, address, name
):
    page.goto(f"{address}{name}.html")
    picture, still = page.locator(".live-picture"), page.locator("figure")
    expect(picture).to_be_visible()
    assert not still.is_visible()
    for slider in picture.get_by_role("slider").all():
        value = slider.locator("xpath=following-sibling::output")
        before = value.text_content()
        slider.press(
            "ArrowRight" if slider.input_value() != slider.get_attribute("max") else "Home"
        )
        expect(value).not_to_have_text(before)
        slider.click(position={"x": 40, "y": 8})
        by_key = picture.inner_html()
        slider.click(position={"x": 90, "y": 8})
        assert picture.inner_html() != by_key
    page.emulate_media(media="print")
    assert still.is_visible()
    assert not picture.is_visible()


def test_the_state_runs_on_at_once_where_motion_is_unwanted(page, address):
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{address}lstm_cell.html")
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".says")).to_contain_text("Step 11")
    page.get_by_role("button", name="Start again").click()
    expect(page.locator(".says")).to_contain_text("Step 1:")


def test_the_half_life_is_told_after_a_guess_and_not_before(page, address):
    page.goto(f"{address}lstm_cell.html")
    answer = page.locator(".guess output")
    page.get_by_role("button", name="Compare").click()
    expect(answer).to_be_empty()
    page.get_by_role("spinbutton").fill("10")
    page.get_by_role("button", name="Compare").click()
    expect(answer).to_contain_text("You said 10; it is after 6.6 steps")
    page.get_by_role("slider").first.press("ArrowRight")
    expect(answer).to_be_empty()


def test_yesterday_moved_back_by_a_day_is_the_truth(page, address):
    page.goto(f"{address}forecast.html")
    page.get_by_role("slider", name="days moved back").press("ArrowRight")
    expect(page.locator(".says")).to_contain_text("same as yesterday 0.00")


def test_every_picture_has_a_place_on_a_page():
    tags = {tag for lesson in find_lessons() for cell in lesson.cells for tag in tags_of(cell)}
    placed = {tag.removeprefix(LIVE) for tag in tags if tag.startswith(LIVE)}
    assert placed | {"forecast"} == set(NAMES)  # the front page has the forecast
