"""Pictures that can be touched without a kernel: their numbers are ours, and every slider acts."""

import re
import shutil
from functools import cache

from course.lessons.lesson import find_lessons
from course_utils.cells import LSTMGates, Part, RNNWeights, remember, rnn_backward
from course_utils.evaluation import rmse
from course_utils.files import ROOT
from course_utils.plots.live import (
    attention_explorer,
    forecast_explorer,
    gate_explorer,
    gradient_explorer,
    thermostat_explorer,
    training_explorer,
    window_cutter,
)
from course_utils.plots.live.explorer import LIVE
from course_utils.text.translation import attention_weights, encoder_decoder
from course_utils.thermostat import run_thermostat
from course_utils.windows import make_windows

import keras
import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from live_pictures import live_forecasts, live_picture
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

MODULES = ROOT / "course_utils" / "plots" / "live"
RNG = np.random.default_rng(0)
HIGH = made_up_prices("2016-01-04", "2016-12-30")["High"]
READ, WRITTEN = ["we", "see", "it", "<eos>"], ["wir", "sehen", "es"]
LOOKS = RNG.dirichlet(np.ones(4), 3)
BY_NAIVE = {"naive": HIGH.shift(1).bfill()}
PICTURES = {
    "attention": lambda: attention_explorer(LOOKS, READ, WRITTEN, "A"),
    "forecast": lambda: forecast_explorer(HIGH, BY_NAIVE, slice("2016-06"), "A", "naive"),
    "lstm_cell": gate_explorer,
    "sine_network": lambda: training_explorer(pd.Series([0.2, 0.1]), "A"),
    "thermostat": lambda: thermostat_explorer(
        run_thermostat(np.array([[-1, 0, 0.5]])), "A", lookback=2
    ),
    "unrolled": gradient_explorer,
    "window_cutter": lambda: window_cutter(HIGH),
}


@cache
def picture(name):
    """A picture of each module, drawn where a test needs it."""
    drawn = PICTURES[name]()
    assert drawn.module == name
    return drawn


@pytest.fixture(scope="module")
def address(serve, tmp_path_factory):
    """The address of a folder with the modules, and a page for each picture."""
    folder = tmp_path_factory.mktemp("live")
    for path in [*MODULES.glob("*.[jc]s*"), *(ROOT / "site" / "_static").glob("*.*")]:
        shutil.copy(path, folder)
    head = '<!DOCTYPE html><title>A</title><link rel="stylesheet" href="site.css">'
    head += '<link rel="stylesheet" href="picture.css">'
    for name in PICTURES:
        body = f"<figure>still</figure>{live_picture(name, picture(name).text())}"
        page = f'{head}{body}<script type="module" src="live.js"></script>'
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return serve(folder)


@pytest.fixture(scope="module")
def module(context, address):
    """Return a function that calls what a module exports."""
    call = "async ([name, what, all]) => (await import(`./${name}.js`))[what](...all)"
    with context.new_page() as page:
        page.goto(f"{address}forecast.html")
        yield lambda name, what, *arguments: page.evaluate(call, [name, what, list(arguments)])


def test_the_cell_is_that_of_course_utils(module):
    for _ in range(5):
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
    temperature = np.concatenate([[-1.0], RNG.uniform(-1.5, 1.5, 30)])
    on, found = 0, []
    for each in temperature.tolist():
        on = module("thermostat", "heating", each, on)
        found.append(on)
    assert found == run_thermostat(temperature[np.newaxis]).heating[0].tolist()


@pytest.mark.parametrize("carries", [True, False])
def test_ten_steps_of_training_in_the_page_are_those_of_keras(module, carries):
    keras.utils.set_random_seed(0)
    memory = keras.layers.SimpleRNN(8, return_sequences=True, stateful=True)
    place = keras.Input(batch_shape=(1, None, 1))
    network = keras.Sequential([place, memory, keras.layers.Dense(1)])
    network.compile(keras.optimizers.Adam(0.01), "mse", run_eagerly=True)
    found = module("sine_network", "train", weights_in_a_row(network), 10, carries)
    losses = []
    for number in range(10):
        times = np.linspace(number * np.pi, (number + 1) * np.pi, 21)
        sine = np.sin(times)[np.newaxis, :, np.newaxis]
        if not carries:
            memory.reset_state()
        losses.append(network.train_on_batch(sine[:, :-1], sine[:, 1:]))
    np.testing.assert_allclose(found["losses"], losses, atol=1e-4)
    np.testing.assert_allclose(found["weights"], weights_in_a_row(network), atol=1e-4)


def weights_in_a_row(network):
    return np.concatenate([np.ravel(each) for each in network.trainable_variables]).tolist()


def test_a_network_trains_in_the_page_and_only_the_reset_one_misses_first_steps(page, address):
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{address}sine_network.html")
    said, start = page.locator(".says"), page.get_by_role("button", name="Start", exact=True)
    for chunk in range(25, 301, 25):
        start.press("Enter")
        expect(said).to_contain_text(f"Chunk {chunk}, state carried")
    first_step = r"off by (\d\.\d+) at the chunk's first step"
    carried = float(re.search(first_step, said.text_content())[1])
    page.get_by_role("checkbox").press("Space")
    reset = float(re.search(first_step, said.text_content())[1])
    assert reset > 0.9 * np.sin(np.pi / 20) > 0.1 * np.sin(np.pi / 20) > carried
    page.get_by_role("button", name="Start again").click()
    expect(said).to_contain_text("wait for their first chunk")


def test_training_in_the_page_can_be_paused_and_goes_on_step_by_step(page, address):
    page.goto(f"{address}sine_network.html")
    page.get_by_role("button", name="Start", exact=True).click()
    said = page.locator(".says")
    expect(said).to_contain_text("Chunk 10,")
    page.get_by_role("button", name="Pause").click()
    paused = int(re.search(r"Chunk (\d+)", said.text_content())[1])
    page.get_by_role("button", name="Step").click()
    expect(said).to_contain_text(f"Chunk {paused + 1},")


def each_slider_acts(live):
    """Move each slider by key and by pointer, and see that the picture follows."""
    for slider in live.get_by_role("slider").all():
        value = slider.locator("xpath=following-sibling::output")
        before = value.text_content()
        last = slider.input_value() == slider.get_attribute("max")
        slider.press("Home" if last else "ArrowRight")
        expect(value).not_to_have_text(before)
        slider.click(position={"x": 40, "y": 8})
        by_pointer = live.inner_html()
        slider.click(position={"x": 90, "y": 8})
        assert live.inner_html() != by_pointer


@pytest.mark.parametrize("name", PICTURES)
def test_every_slider_acts_by_key_and_by_pointer_on_a_page_and_in_a_notebook_and_not_on_paper(
    page, address, name
):
    page.goto(f"{address}{name}.html")
    live, still = page.locator(".live-picture"), page.locator("figure")
    expect(live).to_be_visible()
    assert not still.is_visible()
    on_page = page.locator(".says").text_content()
    each_slider_acts(live)
    page.emulate_media(media="print")
    assert still.is_visible()
    assert not live.is_visible()
    page.emulate_media(media="screen")
    page.set_content(picture(name).page())
    expect(page.locator(".says")).to_have_text(on_page)
    assert page.locator("img").count() == 0
    each_slider_acts(page.locator(".live-picture"))


def test_a_word_that_is_written_shows_the_weights_of_an_attention_layer(page):
    keras.utils.set_random_seed(0)
    network = encoder_decoder(20, 20, units=8, attention=True)
    network.set_weights([20 * each for each in network.get_weights()])  # so that weights differ
    rows = np.array([[3, 4, 5, 6]]), np.array([[7, 8, 9]])
    weights = attention_weights(network, *rows)[0]
    page.set_content(attention_explorer(weights, READ, WRITTEN, "A").page())
    shown, words = page.locator(".word output"), page.get_by_role("radio")
    expect(shown).to_have_text([f"{weight:.2f}" for weight in weights[0]])
    words.first.focus()
    words.first.press("ArrowRight")
    expect(shown).to_have_text([f"{weight:.2f}" for weight in weights[1]])
    page.get_by_text(WRITTEN[2], exact=True).hover()
    expect(shown).to_have_text([f"{weight:.2f}" for weight in weights[2]])
    expect(page.locator(".says")).to_contain_text(f"While it writes “{WRITTEN[2]}”")


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
    expect(page.locator(".says")).to_contain_text("naive 0.00")


def test_every_picture_has_a_place_on_a_page():
    cells = [cell for lesson in find_lessons() for cell in lesson.cells]
    shown = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    placed = {data[LIVE]["module"] for data in shown if LIVE in data}
    assert placed == set(PICTURES) == {path.stem for path in MODULES.glob("*.js")} - {"picture"}
    assert 'data-picture="forecast"' in live_forecasts()  # on the front page
