"""Each figure is a small PNG with alternative text, in the course's colours, without pyplot."""

from functools import cache
from inspect import signature

from course_utils import plots
from course_utils.evaluation import lag_profile
from course_utils.plots.names import COLOURS, NAIVE, TRUTH
from course_utils.thermostat import run_thermostat

import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from IPython.display import Image
from matplotlib._pylab_helpers import Gcf
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

PRICES = made_up_prices("2006-01-02", "2017-06-30")
HIGH, BEFORE = PRICES["High"], PRICES["High"].shift().bfill()
YEAR, HELD = HIGH.loc["2016"], BEFORE.loc["2016"]
PARTS = {"training": HIGH[:2000], "validation": HIGH[2000:2500], "test": HIGH[2500:]}
NAMES = ["yesterday", "LSTM", "GRU", "returns", "linear"]
FORECASTS = {
    name: HELD + np.random.default_rng(i).normal(0, i, len(HELD)) for i, name in enumerate(NAMES)
}
PROFILES = {name: lag_profile(YEAR, forecast) for name, forecast in FORECASTS.items()}
RUNS = pd.DataFrame(
    [
        {"recipe": name, "year": year, "rmse": 1 + 0.2 * i + 0.05 * seed, "naive": 1.54}
        for i, name in enumerate(NAMES)
        for year in range(2012, 2018)
        for seed in range(5)
    ]
)
LEAKS = pd.DataFrame(
    {"honest": [1.01, 0.99], "leaking": [0.2, 0.5], "control": [np.nan, 0.4]},
    ["shuffled", "centred"],
)
WALKS = pd.DataFrame({"High": [0.13, 0.2], "Close": [-0.01, 0.0]})
READING = pd.Series({"00 Start here": 9, "01 RNN basics": 30})
WAVES = {number: (np.sin(np.arange(20)), np.cos(np.arange(20))) for number in (0, 15, 30)}
COLUMNS = pd.DataFrame([[1, 2, 3], [2, 2, 4], [9, 5, 7]], [1, 20, 250], ["truth", "GRU", "GRU"])
GROWN = pd.DataFrame({"GRU": [2.0, 8, 32], "attention": [1, 16, np.nan]}, [100, 400, 1_600])
NORMS = {"scale 0.5": 0.3 ** np.arange(100.0), "scale 2": 1.3 ** np.arange(100.0)}
PANELS = dict.fromkeys(["tanh", "ReLU", "GRU", "LSTM"], NORMS)
LOST = {"plain": [[4, np.inf, np.nan], [4, 2e3]], "clipped": [np.geomspace(4, 0.01, 40)]}
RECALLED = pd.DataFrame(
    [
        {"cell": cell, "distance": distance, "accuracy": 1 - 0.005 * distance}
        for cell in ["SimpleRNN", "LSTM, forget bias 1", "LSTM, forget bias 5"]
        for distance in [5, 80]
    ]
)
GATES = {name: np.linspace(0.1, 0.9, 560).reshape(70, 8) for name in ("forget", "input", "output")}
STANDARDISED = {"cell state": YEAR, "range": YEAR.diff().dropna()}
COLD_THEN_WARM = run_thermostat(np.array([[-1, 0.5, 0.9, 1.2, 0.5]]))
RATIOS = pd.DataFrame({"size": [0.79, 0.75], "time": [1.2, 0.8]}, [16, 512])
EPOCHS = pd.DataFrame(np.full((8, 3), 0.3), columns=["LSTM", "LSTM", "GRU"])
PATHS = 100 + np.random.default_rng(1).normal(size=(300, len(YEAR))).cumsum(axis=1)
BOTH_WAYS = {"forward": np.tril(np.full((4, 4), 0.5)), "both": np.full((4, 4), 0.5)}
SWEPT = pd.DataFrame(
    {"value": [8, 8, 32], "train": [0.84, 0.86, 0.8], "validation": [0.89, 0.91, 2.5]}
)
REACH = pd.DataFrame({"best": [0.88, 0.9], "worst": [2.5, 0.95]}, ["rate", "units"])
TRIALS = pd.DataFrame({"error": [1.5, 1.3, 1.2], "pruned": [False, False, True]})
SHARES = pd.Series({"units": 0.2, "rate": 0.8})
SCORES = {"plain": pd.DataFrame({6: [90.0, 80, 70], 8: [60.0, 50, 10]})}
BITS = {"GRU, seed 0": [3, 2.5, 2.2], "GRU, seed 1": [3, 2.1]}
COSTS = {"unigram": [5, 2, 2, 1], "5-gram": [3, 2, 1, 1]}
NEXT = {"T = 1": [0.7, 0.2, 0.1], "T = 2": [0.5, 0.3, 0.2]}
KNOWN = pd.DataFrame({"words": [0.2, 0.9], "pairs": [0.0, 0.5]}, ["unigram", "real"])

MANY = [f"number {i}" for i in range(8)]

# A function (and a variant), what to draw, and what the words must tell.
RETURNS = YEAR.pct_change().dropna()
WIDTHS = {
    name: np.linspace(-width, width, 99) * np.ones((len(RETURNS), 1))
    for name, width in (("narrow", 0.01), ("wide", 0.2))
}
FIGURES = {
    "breathing": ((RETURNS, WIDTHS, "Bands"), "wide, width 38.0% to 38.0%, 0.0% outside"),
    "pit_histograms": (({"even": np.linspace(0.05, 0.95, 10)}, "A"), "even 10%" + 9 * ", 10%"),
    "price_history": ((PRICES, "High", 2016), "Line of the daily High from 2006 to 2016, between"),
    "forecasts": ((YEAR, FORECASTS, "Of 2016", NAMES[0]), "Of 2016. Lines of the truth and of "),
    "forecasts of all days": ((HIGH, {NAMES[0]: BEFORE}, "All", NAMES[0]), "from 02 January 2006"),
    "lag_profiles": ((PROFILES, "Late", NAMES[0]), "each line's peak is its delay, yesterday 1"),
    "errors": ((RUNS, 1.54, "In 2017"), "yesterday 1.10; LSTM 1.30; GRU 1.50; returns 1.70"),
    "errors with a rival": ((RUNS, 1.54, "A", ("close", 1.39)), "1.90; naive 1.54; close 1.39."),
    "year_and_zoom": (
        (YEAR, FORECASTS, slice("2016-03", "2016-04"), "Late", NAMES[0]),
        "through 2016, and from 01 March to 29 April close up",
    ),
    "placebos": ((WALKS, {"IBM": 0.09}, "A"), "High 13% to 20%; Close -1% to 0%. Lines: IBM 9%"),
    "by_year": ((RUNS, "By year"), "yesterday 71 %; LSTM 84 %; GRU 97 %; returns 110 %"),
    "leaks": (
        (LEAKS, "Pretended"),
        "shuffled: honest 101%; leaking 20%; centred: honest 99%; leaking 50%; control 40%",
    ),
    "lessons_at_a_glance": ((READING,), "about 0.7 hours of reading. Bars of minutes: 00"),
    "unrolled": ((), "right, the same box 4 times side by side"),
    "unrolled with numbers": (([1, 0, 0], [0.76, 0.55, 0.41]), "$h_1$ = 0.76, $h_2$ = 0.55"),
    "five_types": ((), "Encoder-decoder: three inputs, then three outputs"),
    "five_types with scores": ((["bag\n48%", *"bcde"],), "Below them: bag 48%; b; c; d; e."),
    "captioned": ((np.ones((2, 4, 4, 3)), ["a cross", "a dot"], "Two"), "Two. a cross; a dot."),
    "looked_at": (
        (np.ones((4, 4, 3)), np.array([[[0.1, 0.7], [0.1, 0.1]]]), ["dot"], "Gaze"),
        "Gaze. Each word and where it looks most: dot at row 1, column 2 (0.70).",
    ),
    "three_parts": ((PARTS, "Cut"), "A line in parts that follow each other: training 2006-01-02"),
    "curves": ((COLUMNS, "A", "x", "y", True), "over x; at the right end, y: truth 9; GRU 6"),
    "growth": (
        (GROWN, "Grows", "time steps", "ms"),
        "100 to 1,600; first and last ms: GRU, slope 1.0 2, 32; attention, slope 2.0 1, 16",
    ),
    "chunks": ((WAVES, "Waves"), "largest error: chunk 0 1.4; chunk 15 1.4"),
    "gradients": ((PANELS, "Back"), "Gradient norm 99 steps back: tanh, scale 0.5: 2e-52"),
    "clipping": ((LOST, 0.5, "Saved"), "plain: 2 of 2 runs leave the picture; clipped: 0 of 1"),
    "memory": ((RECALLED, "Recalled"), "SimpleRNN 98 % at 5, 60 % at 80; LSTM, forget bias 1 98 %"),
    "gate_heat_map": ((YEAR[:70], GATES, "Gates", 1), "forget 0.10 to 0.90; input 0.10 to 0.90"),
    "kept": ((STANDARDISED, "Kept"), "Kept. Lines of cell state and range, each standardised"),
    "lstm_cell": (("Cell",), "to become h."),
    "lstm_cell lit": (
        ("Cell", {"c_{t-1}": 0.8, "f_t": 0.9, "h_t": 0.3}, "forget"),
        "Framed: forget. c_{t-1} = 0.8. f_t = 0.9.",
    ),
    "gated_cells": ((), "Parts with weights: four in the LSTM, three in the GRU"),
    "ratios": ((RATIOS, "Less"), "for 16, 512 units: size 0.79, 0.75; time 1.20, 0.80"),
    "learning_curves": ((EPOCHS, 0.4, "Below"), "LSTM 0.30, 0.30; GRU 0.30; naive 0.40"),
    "thermostat": ((COLD_THEN_WARM, "Heats"), "is on in 60% of the steps, switched at 1"),
    "written": (
        (np.full((20, 16), 0.75), np.arange(20) % 9 == 3, "Marked"),
        "0.25 at the marked steps [3, 12], 0.25 at the others",
    ),
    "free_runs": (
        (YEAR, pd.DataFrame(FORECASTS), HELD, "Alone"),
        f"the truth is at {YEAR.iloc[-1]:.0f} dollars, the held price at {HELD.iloc[-1]:.0f}, the",
    ),
    "by_horizon": ((COLUMNS, "Far"), "250 days ahead: truth 1.0, 2.0, 9.0; GRU 2.5, 3.0, 6.0"),
    "fan": (
        (HIGH.loc["2015"], YEAR, PATHS, "Bands"),
        "50% between {:.0f} and {:.0f}".format(*np.quantile(PATHS[:, -1], [0.25, 0.75])),
    ),
    "lineup": ((PATHS[:8], "Which?"), f"8 panels with a line each: 1 from {PATHS[0, 0]:.0f} to"),
    "two_directions": ((), "The lower row hands its state from left to right, the upper"),
    "influence": ((BOTH_WAYS, "Seen"), "that move with a later input: forward 0 of 6; both 6 of 6"),
    "sweep": ((SWEPT, "units", "At"), "at 8, 32: train 85.0, 80.0; validation 90.0, 250.0"),
    "reach": ((REACH, "Best"), "best to worst: rate 88.0 to 250.0; units 90.0 to 95.0"),
    "search": ((TRIALS, "Tried"), "3 trials, 1 of them stopped early; the best has 130.0 % of"),
    "importance": ((SHARES, "Counts"), "Counts. Bars: rate 80%, units 20%"),
    "attention_map": (([[0.9, 0.1], [0.2, 0.8]], "a.", "ä!", "A"), "ä at a (0.90); ! at . (0.80)"),
    "encoder_to_decoder": ((["dog"], ["hund", "<eos>"]), "Read: dog. Written: hund <eos>."),
    "scores_by_length": ((SCORES, "Right", "per cent"), "Medians by length: plain 6: 80, 8: 50"),
    "writing_loop": ((), "here c, a, t, and each is the input of the next step"),
    "bits_by_epoch": ((BITS, {"5-gram": 2.4}, "Bits"), "GRU, seed 1 ends at 2.10; 5-gram 2.40"),
    "surprise": (("ab\nc", COSTS, "Cost"), "unigram: 2.50 bits on average, 3.00 at the beginnings"),
    "piano_roll": (({"given": [(60, 2)], "own": [(66, 3), (59, 1)]}, "Tune"), "own: F#4 3 B3 1"),
    "surprise of digits": (("1 2", {"GRU": [1, 2, 3]}, "A"), "GRU: 2.00 bits on average."),
    "temperatures": ((NEXT, "a \n", "After"), "T = 1: the likeliest of those shown has 70%"),
    "by_year of many": ((pd.concat(RUNS.assign(recipe=name) for name in MANY), "Many"), "number 7"),
    "ratios of many": ((pd.DataFrame({name: [1.0] for name in MANY}, [16]), "Many"), "number 7"),
    "placebos of many": ((WALKS, dict.fromkeys(MANY, 0.1), "Many"), "number 7 10%"),
    "three_parts of many": ((dict.fromkeys(MANY, HIGH[:9]), "Many"), "number 7 2006-01-02"),
    "piano_roll of many": ((dict.fromkeys(MANY, ((60, 2),)), "Many"), "number 7: C4 2"),
    "shares_known": ((KNOWN, "Known"), "unigram: words 20%, pairs 0%; real: words 90%, pairs 50%"),
}


@cache
def drawn(name):
    """Draw one of FIGURES, whose first word is the name of its function: the picture, the axes."""
    figures, savefig = [], Figure.savefig

    def keep(figure, *arguments, **options):
        figures.append(figure)
        return savefig(figure, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", keep)
        image = getattr(plots, name.split(" ")[0])(*FIGURES[name][0])
    return image, figures[-1].axes


def axes_of(name, place=0):
    return drawn(name)[1][place]


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_a_small_png_that_says_in_words_what_it_shows(name):
    image, _ = drawn(name)
    arguments, words = FIGURES[name]
    given = signature(getattr(plots, name.split(" ")[0])).bind(*arguments).arguments
    assert isinstance(image, Image)
    alt = image._repr_png_()[1]["alt"]
    assert words in alt
    assert given.get("title", "") in alt
    assert "nan" not in alt
    assert image.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(image.data) < 60_000
    assert Gcf.get_all_fig_managers() == []


def test_every_function_that_draws_is_tested_here():
    public = {name for name, value in vars(plots).items() if callable(value)}
    assert public == {name.split(" ")[0] for name in FIGURES}


def colours(axes):
    return {line.get_label().split(":")[0]: to_hex(line.get_color()) for line in axes.lines}


@pytest.mark.parametrize(
    ("name", "truth", "naive"),
    [
        ("forecasts", "truth", "yesterday"),
        ("forecasts of all days", "truth", "yesterday"),
        ("free_runs", "truth", "last price held"),
        ("lag_profiles", None, "yesterday"),
        ("by_horizon", None, "truth"),
        ("curves", "truth", None),
    ],
)
def test_truth_is_black_naive_grey_and_nothing_else_is(name, truth, naive):
    found = colours(axes_of(name))
    assert found.pop(truth, "#000000") == TRUTH == "#000000"
    assert found.pop(naive, "#8c8c8c") == NAIVE == "#8c8c8c"
    named = [colour for label, colour in found.items() if not label.startswith("_")]
    assert len(set(named)) == len(named)
    assert set(named) <= set(COLOURS)


def test_lines_hold_the_prices_and_forecasts_given():
    lines = {line.get_label(): line.get_ydata() for line in axes_of("forecasts").lines}
    assert list(lines) == ["truth", *NAMES]
    for name, values in {"truth": YEAR, **FORECASTS}.items():
        np.testing.assert_array_equal(lines[name], values)


def test_columns_of_the_same_name_are_runs_around_their_median():
    lines = [line.get_ydata().tolist() for line in axes_of("curves").lines]
    assert lines == [[1, 2, 9], [2, 2, 5], [3, 4, 7], [2.5, 3, 6]]


def test_the_price_is_black_up_to_the_test_year_and_ends_with_it():
    train, test = axes_of("price_history").lines
    assert to_hex(train.get_color()) == TRUTH != to_hex(test.get_color())
    assert len(train.get_xdata()) == len(HIGH.loc[:"2015"])
    assert len(test.get_xdata()) == len(YEAR)


def test_a_run_that_is_lost_is_marked_at_the_top_where_it_leaves():
    axes = axes_of("clipping")
    crosses = [line for line in axes.lines if line.get_marker() == "X" and len(line.get_xdata())]
    assert [(*line.get_xdata(), *line.get_ydata()) for line in crosses] == [(2, 1000)] * 2


def test_the_heating_is_shaded_where_it_is_on():
    (shaded,) = axes_of("thermostat").collections
    steps = shaded.get_paths()[0].vertices[:, 0]
    assert (steps.min(), steps.max()) == (0, 2)


def test_an_error_far_above_naive_is_written_and_does_not_flatten_the_rest():
    axes = axes_of("sweep")
    assert "250 % " in [text.get_text() for text in axes.texts]
    assert axes.get_ylim()[1] < 130


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.curves(pd.DataFrame({"a": ["1", "two"]}), "A", "x", "y"), "a holds '1'"),
        (lambda: plots.curves(pd.Series([np.nan], name="a"), "A", "x", "y"), "a holds no number"),
        (lambda: plots.forecasts(YEAR, {"own": YEAR.map(str)}, "A"), "is not a number"),
        (
            lambda: plots.year_and_zoom(YEAR, {}, slice("1999", "2000"), "A", "naive"),
            "with no day from 1999 to 2000",
        ),
    ],
)
def test_lines_that_cannot_be_drawn_are_named(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_a_series_is_drawn_as_one_line():
    table = pd.DataFrame({"a": [1.0, 2.0]})
    assert plots.curves(table["a"], "A", "x", "y").data == plots.curves(table, "A", "x", "y").data


def test_weights_that_do_not_fit_the_words_are_refused():
    with pytest.raises(ValueError, match="do not fit 1 target words and 2 source words"):
        plots.attention_map(np.ones((2, 2)), ["a", "b"], ["c"], "Looks")


@pytest.mark.parametrize(("name", "shown"), [("surprise", "ab␣c"), ("temperatures", "a␣⏎")])
def test_spaces_and_new_lines_below_bars_can_be_seen(name, shown):
    assert "".join(label.get_text() for label in axes_of(name, -1).get_xticklabels()) == shown


@pytest.mark.parametrize(("name", "place"), [("errors", 1.54), ("by_year", 100), ("leaks", 100)])
def test_the_naive_error_is_a_grey_line(name, place):
    (grey,) = (line for line in axes_of(name).lines if to_hex(line.get_color()) == NAIVE)
    assert set(grey.get_xdata() if name == "errors" else grey.get_ydata()) == {place}


def test_every_run_is_a_dot_and_every_recipe_a_bar():
    axes = axes_of("errors")
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert sum(len(line.get_xdata()) for line in dots) == len(RUNS)
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES[::-1]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([1.9, 1.7, 1.5, 1.3, 1.1])


@pytest.mark.parametrize("name", [name for name in FIGURES if name.endswith(" of many")])
def test_more_names_than_colours_are_all_drawn(name):
    labels = axes_of(name).get_legend_handles_labels()[1]
    assert {*MANY} <= {label.split(":")[0] for label in labels}
