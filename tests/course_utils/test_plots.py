"""Each figure is a small PNG with alternative text, in the course's colours, without pyplot."""

import subprocess
import sys
from io import BytesIO

from course_utils import plots
from course_utils.evaluation import lag_profile

import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from IPython.display import Image
from matplotlib._pylab_helpers import Gcf
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread

PRICES = made_up_prices("2006-01-02", "2017-06-30")
HIGH = PRICES["High"]
NAIVE = HIGH.shift().bfill()
NAMES = ["same as yesterday", "classic LSTM", "classic GRU", "GRU on returns", "linear, last day"]
FORECASTS = {
    name: NAIVE + np.random.default_rng(i).normal(0, i, len(HIGH)) for i, name in enumerate(NAMES)
}
RUNS = pd.DataFrame(
    [
        {"recipe": name, "year": year, "rmse": 1 + 0.2 * i + 0.05 * seed, "naive": 1.54}
        for i, name in enumerate(NAMES)
        for year in range(2012, 2018)
        for seed in range(5)
    ]
)
LEAKS = pd.DataFrame(
    {"honest": [1.01, 0.99, 1.2], "leaking": [0.2, 0.5, 0.9]},
    index=["shuffled split", "centred mean", "scaler of all years"],
)

GATES = np.random.default_rng(0).uniform(size=(3, 70, 8))
DAYS = HIGH.iloc[-70:]
RECALLED = pd.DataFrame(
    [
        {"cell": cell, "distance": distance, "accuracy": 1 - 0.005 * distance}
        for cell in ["SimpleRNN", "LSTM, forget bias 1", "LSTM, forget bias 5"]
        for distance in [5, 10, 20, 40, 80]
    ]
)


SAMPLES = 100 + np.random.default_rng(1).normal(size=(300, len(HIGH.loc["2016"]))).cumsum(axis=1)


SWEPT = pd.DataFrame(
    {"value": [8, 8, 32], "train": [0.84, 0.86, 0.8], "validation": [0.89, 0.91, 2.5]}
)


def a_year(by_name):
    return {name: forecast.loc["2016"] for name, forecast in by_name.items()}


FIGURES = {
    "price_history": lambda: plots.price_history(PRICES, "High", 2016),
    "forecasts of a year": lambda: plots.forecasts(
        HIGH.loc["2016"], a_year(FORECASTS), "Forecasts of 2016", naive="same as yesterday"
    ),
    "forecasts of 3,000 days": lambda: plots.forecasts(
        HIGH, {"same as yesterday": NAIVE}, "All days", naive="same as yesterday"
    ),
    "lag_profiles": lambda: plots.lag_profiles(
        {name: lag_profile(HIGH, forecast) for name, forecast in FORECASTS.items()},
        "Who repeats yesterday",
        naive="same as yesterday",
    ),
    "errors": lambda: plots.errors(RUNS, 1.54, "Errors in 2017"),
    "by_year": lambda: plots.by_year(RUNS, "Errors by year"),
    "leaks": lambda: plots.leaks(LEAKS, "What leaks pretend"),
    "unrolled": lambda: plots.unrolled(),
    "unrolled with numbers": lambda: plots.unrolled([1, 0, 0], [0.76, 0.55, 0.41]),
    "five_types": lambda: plots.five_types(),
    "three_parts": lambda: plots.three_parts(
        {"training": HIGH[:2000], "validation": HIGH[2000:2500], "test": HIGH[2500:]}, "In parts"
    ),
    "curves": lambda: plots.curves(pd.DataFrame(a_year(FORECASTS)), "Five curves", "day", "USD"),
    "chunks": lambda: plots.chunks(
        {number: (np.sin(np.arange(20)), np.cos(np.arange(20))) for number in (0, 15, 30)}, "Waves"
    ),
    "gradients of four cells": lambda: plots.gradients(
        {
            kind: {"scale 0.5": 0.3 ** np.arange(100.0), "scale 2": 1.3 ** np.arange(100.0)}
            for kind in ["tanh", "ReLU", "GRU", "LSTM"]
        },
        "Straight lines",
    ),
    "clipping": lambda: plots.clipping(
        {"no clipping": [np.array([4, np.inf, np.nan])], "clipped": [np.geomspace(4, 0.01, 40)]},
        0.5,
        "Lost and saved",
    ),
    "memory": lambda: plots.memory(RECALLED, "Recalled"),
    "gate_heat_map": lambda: plots.gate_heat_map(
        DAYS, {"forget": GATES[0], "input": GATES[1], "output": GATES[2]}, "Gates by day", marked=1
    ),
    "kept": lambda: plots.kept({"cell state": DAYS, "mean range": DAYS.diff().dropna()}, "Kept"),
    "lessons_at_a_glance": lambda: plots.lessons_at_a_glance(
        pd.Series({"00 Start here": 9, "01 RNN basics": 30})
    ),
    "gated_cells": lambda: plots.gated_cells(),
    "ratios": lambda: plots.ratios(
        pd.DataFrame({"parameters": [0.79, 0.75], "time": [1.2, 0.8]}, index=[16, 512]),
        "GRU over LSTM",
    ),
    "learning_curves": lambda: plots.learning_curves(
        pd.DataFrame(np.full((8, 4), 0.3), columns=["LSTM", "LSTM", "GRU", "GRU"]),
        0.4,
        "Below naive",
    ),
    "written": lambda: plots.written(
        np.full((20, 16), 0.75), np.arange(20) % 9 == 3, "Written at marks"
    ),
    "free_runs": lambda: plots.free_runs(
        HIGH.loc["2016"], pd.DataFrame(a_year(FORECASTS)), NAIVE.loc["2016"], "Left alone"
    ),
    "by_horizon": lambda: plots.by_horizon(
        pd.DataFrame(
            [[1, 2, 3], [2, 2, 4], [9, 5, 7]], [1, 20, 250], ["last price held", "GRU", "GRU"]
        ),
        "Far ahead",
    ),
    "fan": lambda: plots.fan(HIGH.loc["2015"], HIGH.loc["2016"], SAMPLES, "Fanned out"),
    "lineup": lambda: plots.lineup(SAMPLES[:8], "Which is real?"),
    "two_directions": lambda: plots.two_directions(),
    "influence": lambda: plots.influence(
        {"forward": np.tril(np.full((4, 4), 0.5)), "both": np.full((4, 4), 0.5)}, "Seen"
    ),
    "sweep": lambda: plots.sweep(SWEPT, "units", "Units"),
    "reach": lambda: plots.reach(
        pd.DataFrame({"best": [0.88, 0.9], "worst": [2.5, 0.95]}, ["learning rate", "units"]), "Far"
    ),
    "search": lambda: plots.search(
        pd.DataFrame({"error": [0.95, 3, 0.91], "pruned": [False, True, False]}), "Searched"
    ),
    "importance": lambda: plots.importance(pd.Series({"units": 0.2, "rate": 0.8}), "Important"),
    "attention_map": lambda: plots.attention_map(
        [[0.9, 0.1], [0.2, 0.8]], ["dog", "."], ["hund", "."], "Looks"
    ),
    "encoder_to_decoder": lambda: plots.encoder_to_decoder(["dog"], ["hund", "<eos>"]),
    "scores_by_length": lambda: plots.scores_by_length(
        {"plain": pd.DataFrame({6: [90.0, 80.0, 70.0], 8: [60.0, 50.0, 10.0]})}, "Right", "per cent"
    ),
    "writing_loop": lambda: plots.writing_loop(),
    "bits_by_epoch": lambda: plots.bits_by_epoch(
        {"GRU, seed 0": [3, 2.5, 2.2], "GRU, seed 1": [3, 2.1]}, {"5-gram": 2.4}, "Bits"
    ),
    "surprise": lambda: plots.surprise(
        "ab c", {"unigram": [5, 2, 2, 1], "5-gram": [3, 2, 1, 1]}, "Cost"
    ),
    "temperatures": lambda: plots.temperatures(
        {"T = 1": [0.7, 0.2, 0.1], "T = 2": [0.5, 0.3, 0.2]}, "a \n", "After"
    ),
    "shares_known": lambda: plots.shares_known(
        pd.DataFrame({"words": [0.2, 0.9], "pairs": [0.0, 0.5]}, ["unigram", "real text"]), "Known"
    ),
}
TITLES = {
    "price_history": "daily High from 2006 to 2016",
    "forecasts of a year": "Forecasts of 2016",
    "forecasts of 3,000 days": "All days",
    "lag_profiles": "Who repeats yesterday",
    "errors": "Errors in 2017",
    "by_year": "Errors by year",
    "leaks": "What leaks pretend",
    "unrolled": "",
    "unrolled with numbers": "",
    "five_types": "",
    "three_parts": "In parts",
    "curves": "Five curves",
    "chunks": "Waves",
    "gradients of four cells": "Straight lines",
    "clipping": "Lost and saved",
    "memory": "Recalled",
    "gate_heat_map": "Gates by day",
    "kept": "Kept",
    "lessons_at_a_glance": "2 lessons, about 0.7 hours of reading",
    "gated_cells": "four in the LSTM, three in the GRU",
    "ratios": "time 1.20, 0.80",
    "learning_curves": "Below naive",
    "written": "0.25 at the marked steps [3, 12]",
    "free_runs": "Left alone",
    "by_horizon": "last price held 1.0, 2.0, 9.0; GRU 2.5, 3.0, 6.0",
    "fan": "Fanned out",
    "lineup": "8 panels",
    "two_directions": "hands its state from left to right, the upper row from right to left",
    "influence": "Seen",
    "sweep": "at 8, 32: train 85.0, 80.0; validation 90.0, 250.0",
    "reach": "learning rate 88.0 to 250.0; units 90.0 to 95.0",
    "search": "3 trials, 1 of them stopped early; the best has 91.0 % of the naive error",
    "importance": "rate 80%, units 20%",
    "attention_map": "hund at dog (0.90)",
    "encoder_to_decoder": "Read: dog. Written: hund <eos>.",
    "scores_by_length": "plain 6: 80, 8: 50",
    "writing_loop": "here c, a, t, and each is the input of the next step",
    "bits_by_epoch": "GRU, seed 1 ends at 2.10",
    "surprise": "unigram: 2.50 bits on average, 3.00 at the beginnings",
    "temperatures": "T = 1: the likeliest of those shown has 70%",
    "shares_known": "real text: words 90%, pairs 50%",
}


@pytest.fixture(scope="module")
def images():
    assert len(PRICES) > 2_990
    return {name: draw() for name, draw in FIGURES.items()}


@pytest.fixture
def drawn(monkeypatch):
    """Return a function that draws one of FIGURES and returns the axes that went into it."""
    figures = []
    savefig = Figure.savefig

    def keep(figure, *arguments, **options):
        figures.append(figure)
        return savefig(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", keep)

    def draw(name):
        FIGURES[name]()
        return figures[-1].axes[0]

    return draw


def colours(axes):
    return {line.get_label(): to_hex(line.get_color()) for line in axes.lines}


def test_every_function_that_draws_is_tested_here():
    public = {
        name
        for name, value in vars(plots).items()
        if callable(value) and value.__module__.startswith(plots.__name__)
    }
    assert public == {name.split(" ")[0] for name in FIGURES}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_a_png_of_less_than_60_kilobytes(images, name):
    image = images[name]
    assert isinstance(image, Image)
    assert image.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(image.data) < 60_000


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_in_words_what_it_shows(images, name):
    _, metadata = images[name]._repr_png_()
    assert metadata["alt"] == images[name].alt
    assert TITLES[name] in images[name].alt
    assert "nan" not in images[name].alt


@pytest.mark.parametrize("name", ["forecasts of a year", "lag_profiles", "errors", "by_year"])
def test_the_words_name_every_forecast(images, name):
    for forecast in NAMES:
        assert forecast in images[name].alt


def test_the_words_give_the_numbers(images):
    assert "classic LSTM 1.30" in images["errors"].alt
    assert "naive 1.54" in images["errors"].alt
    assert "same as yesterday 1 days" in images["lag_profiles"].alt
    assert "classic LSTM 84 %" in images["by_year"].alt
    assert "shuffled split: honest 101%, leaking 20%" in images["leaks"].alt
    assert f"between {HIGH.loc[:'2016'].min():.0f} and" in images["price_history"].alt


def test_no_figure_stays_open(images):
    assert images
    assert Gcf.get_all_fig_managers() == []


def test_drawing_never_loads_pyplot():
    code = (
        "import sys, pandas as pd; from course_utils import plots; "
        "days = pd.Series(range(30), pd.date_range('2017-01-02', periods=30)); "
        "plots.forecasts(days, {'naive': days.shift()}, 'title', naive='naive'); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_stored_pixels_keep_the_colours(images):
    pixels = imread(BytesIO(images["forecasts of a year"].data))[..., :3].reshape(-1, 3)
    for colour in (plots.TRUTH, plots.NAIVE, *plots.COLOURS[:4]):
        assert np.abs(pixels - to_rgb(colour)).max(axis=1).min() < 0.03


@pytest.mark.parametrize("name", ["forecasts of a year", "forecasts of 3,000 days"])
def test_truth_is_black_and_naive_grey_in_forecasts(drawn, name):
    found = colours(drawn(name))
    assert found["truth"] == plots.TRUTH == "#000000"
    assert found["same as yesterday"] == plots.NAIVE == "#8c8c8c"
    others = [colour for label, colour in found.items() if label in NAMES[1:]]
    assert set(others) <= set(plots.COLOURS)
    assert len(set(others)) == len(others)


def test_the_price_is_black_up_to_the_test_year_and_ends_with_it(drawn):
    train, test = drawn("price_history").lines[:2]
    assert to_hex(train.get_color()) == plots.TRUTH
    assert to_hex(test.get_color()) != plots.TRUTH
    assert len(train.get_xdata()) == len(HIGH.loc[:"2015"])
    assert len(test.get_xdata()) == len(HIGH.loc["2016"])


def test_naive_is_grey_among_delays(drawn):
    labels = {
        label.split(":")[0]: colour for label, colour in colours(drawn("lag_profiles")).items()
    }
    assert labels["same as yesterday"] == plots.NAIVE
    assert plots.NAIVE not in [labels[name] for name in NAMES[1:]]


def test_the_last_price_held_is_grey_and_the_truth_black_beside_free_runs(drawn):
    found = colours(drawn("free_runs"))
    assert found["truth"] == plots.TRUTH
    assert found["last price held"] == plots.NAIVE
    assert found["generated, 5 seeds"] not in (plots.TRUTH, plots.NAIVE)
    assert colours(drawn("by_horizon"))["last price held"] == plots.NAIVE


def test_an_error_far_above_naive_is_written_and_does_not_flatten_the_rest(drawn):
    axes = drawn("sweep")
    assert "250 % " in [text.get_text() for text in axes.texts]
    assert axes.get_ylim()[1] < 130


def test_weights_that_do_not_fit_the_words_are_refused():
    with pytest.raises(ValueError, match="do not fit 1 target words and 2 source words"):
        plots.attention_map(np.ones((2, 2)), ["a", "b"], ["c"], "Looks")


@pytest.mark.parametrize("name", ["errors", "by_year", "leaks"])
def test_the_naive_error_is_a_grey_line(drawn, name):
    axes = drawn(name)
    place = {"errors": 1.54, "by_year": 100, "leaks": 100}[name]
    grey = [line for line in axes.lines if to_hex(line.get_color()) == plots.NAIVE]
    assert len(grey) == 1
    values = grey[0].get_xdata() if name == "errors" else grey[0].get_ydata()
    assert set(values) == {place}


def test_every_run_is_a_dot_and_every_recipe_a_bar(drawn):
    axes = drawn("errors")
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert sum(len(line.get_xdata()) for line in dots) == len(RUNS)
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES[::-1]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([1.9, 1.7, 1.5, 1.3, 1.1])


def test_more_recipes_than_colours_are_all_drawn(drawn, monkeypatch):
    many = pd.concat([RUNS.assign(recipe=f"recipe {i}") for i in range(8)])
    monkeypatch.setitem(FIGURES, "by_year", lambda: plots.by_year(many, "Many"))
    assert {f"recipe {i}" for i in range(8)} <= set(colours(drawn("by_year")))


def test_a_search_without_success_says_how_bad_the_best_was():
    trials = pd.DataFrame({"error": [1.5, 1.3, 1.2], "pruned": [False, False, True]})
    assert "the best has 130.0 % of the naive error" in plots.search(trials, "Searched").alt
