"""Pictures that can be touched are right, small, readable without a mouse, and store no widget."""

import base64
import json
import re
from io import BytesIO
from types import SimpleNamespace

from course.lessons import rules
from course_utils import plots
from course_utils.cells import LSTMGates, LSTMWeights, Part, unroll
from course_utils.plots.live.anatomy import network_anatomy
from course_utils.plots.live.explorer import LIVE, PLOTLY
from course_utils.plots.live.explorers import (
    attention_explorer,
    forecast_explorer,
    gradient_explorer,
    thermostat_explorer,
)
from course_utils.plots.live.gate_explorer import GATE_RANGES, STEPS, gate_explorer, held_gates
from course_utils.plots.live.window_cutter import window_cutter
from course_utils.plots.names import COLOURS
from course_utils.thermostat import run_thermostat
from course_utils.windows import make_windows

import keras
import numpy as np
import PIL.Image
import plotly.graph_objects as go
import pytest
from helpers import made_up_prices
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

HIGH = made_up_prices("2016-01-04", "2016-12-30")["High"].rename("High in USD")
TENS = np.arange(10, 100, 10)


def alt(picture):
    return picture._repr_mimebundle_()[1]["image/png"]["alt"]


# In real kernels.

SOURCES = (
    "from course_utils.plots.live import gate_explorer, network_anatomy, window_cutter",
    "network_anatomy()",
    "window_cutter(range(100))",
    "gate_explorer()",
)


@pytest.fixture(scope="module")
def executed():
    """Return a notebook of these sources, run from top to bottom as CI does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("JPY_SESSION_NAME", raising=False)
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        notebook = new_notebook(cells=[new_code_cell(source) for source in SOURCES])
        return NotebookClient(notebook, kernel_name="python3", timeout=120).execute()


@pytest.mark.slow
def test_an_executed_notebook_stores_no_error_no_widget_and_small_images_with_words(executed):
    for rule in ["no_errors", "nothing_on_stderr", "no_widget_state", "alt_texts", "small_images"]:
        assert getattr(rules, rule)(executed) == [], rule


@pytest.mark.slow
def test_each_cell_stores_one_small_png_and_only_the_anatomy_plotly(executed):
    outputs = [output for cell in executed.cells[1:] for output in cell.outputs]
    assert [PLOTLY in output.data for output in outputs] == [True, False, False]
    assert [LIVE in output.data for output in outputs] == [False, True, True]
    for output in outputs:
        assert output.data["text/plain"] == output.metadata["image/png"]["alt"]
        assert len(json.dumps(output)) < 150_000
        PIL.Image.open(BytesIO(base64.b64decode(output.data["image/png"]))).verify()


# Live, without a kernel: tests/site/test_live_pictures.py moves the sliders in a browser.


@pytest.mark.parametrize("asked", [True, False])
def test_a_notebook_gets_the_script_only_where_somebody_could_answer_an_input(asked, monkeypatch):
    kernel = SimpleNamespace(get_parent=lambda channel: {"content": {"allow_stdin": asked}})
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=kernel))
    data, _ = gate_explorer()._repr_mimebundle_()
    assert ("text/html" in data) is asked
    assert data[LIVE] == {"module": "lstm_cell", "values": gate_explorer().text()}


def test_each_explorer_draws_what_its_still_figure_draws_and_hands_over_the_same_numbers():
    record = run_thermostat(np.array([[-1, 0.1234, 2.0]]))
    steered = thermostat_explorer(record, "A", lookback=2)
    assert alt(steered) == plots.thermostat(record, "A").metadata["alt"]
    assert steered.values == {"temperature": [-1, 0.123, 2], "lookback": 2}
    year = {"by_name": {"B": HIGH + 1}, "part": slice("2016-06", "2016-07")}
    forecast = forecast_explorer(HIGH, **year, title="A", naive="B")
    assert alt(forecast) == plots.year_and_zoom(HIGH, **year, title="A", naive="B").metadata["alt"]
    np.testing.assert_allclose(forecast.values["lines"]["B"], HIGH + 1, atol=0.005)
    looks = [[0.25, 0.75]], ["a", "b"], ["c"], "A"
    attention = attention_explorer(*looks)
    assert alt(attention) == plots.attention_map(*looks).metadata["alt"]
    assert attention.values == {"weights": looks[0], "read": looks[1], "written": looks[2]}


ENDS = [
    *(lambda ends=ends: gate_explorer(*ends) for ends in zip(*GATE_RANGES.values(), strict=True)),
    *(lambda n=n: window_cutter(range(n), 1, 1) for n in (2, 9, 100, 101)),
    lambda: window_cutter(range(9), 6, 3),
    lambda: window_cutter(range(101), 75, 21),
]


@pytest.mark.parametrize("draw", ENDS)
def test_the_words_are_complete_at_the_ends_of_the_ranges(draw):
    assert "nan" not in alt(draw())


# The network's anatomy.


def hover_texts(picture):
    """Return what the mouse would tell, once for each thing it can be over."""
    texts = []
    for trace in picture.figure["data"]:
        template = trace["hovertemplate"].removesuffix("<extra></extra>")
        numbers = dict.fromkeys(number for number in trace["customdata"] if number is not None)
        texts += [template.replace("%{customdata}", str(number)) for number in numbers]
    return texts


@pytest.mark.parametrize("units", [1, 2, 50])
def test_anatomy_names_every_weight_as_keras_does_with_its_shape(units):
    layers = [keras.layers.SimpleRNN(units), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 1)), *layers])
    expected = {
        (type(layer).__name__, weight.name, str(tuple(weight.shape)))
        for layer in layers
        for weight in layer.weights
    }
    picture = network_anatomy(units)
    pattern = r"(SimpleRNN|Dense) (\w+), shape (\([\d, ]+\))"
    found = {match for text in hover_texts(picture) for match in re.findall(pattern, text)}
    assert found == expected
    assert f"{model.count_params():,} parameters" in alt(picture)
    assert all(f"shape {shape}" in alt(picture) for _, _, shape in expected)


def test_anatomy_draws_every_unit_edge_loop_and_one_unit_s_arcs():
    names = {text.split("<br>")[1] for text in hover_texts(network_anatomy(50))}
    patterns = "kernel[0, {}]", "kernel[{}, 0]", "bias[{}]", "recurrent_kernel[{}, 25]"
    expected = {pattern.format(j) for pattern in patterns for j in range(50)}
    expected |= {f"recurrent_kernel[{j}, {j}]" for j in range(50)}
    assert names - {"one feature, no weight"} == expected


def test_anatomy_is_a_valid_plotly_figure_that_needs_nothing_from_the_network():
    figure = network_anatomy().figure
    go.Figure({key: figure[key] for key in ("data", "layout")})  # validates every key
    assert "http" not in json.dumps(figure)
    for trace in figure["data"]:
        assert len(trace["x"]) == len(trace["y"]) == len(trace["customdata"])


def test_anatomy_shows_input_and_output_in_their_colours():
    picture = PIL.Image.open(BytesIO(network_anatomy().image.data)).convert("RGB")
    found = np.array([colour for _, colour in picture.getcolors()])
    for colour in (*COLOURS[:3], "#000000", "#ffffff"):
        wanted = 255 * np.array(to_rgb(colour))
        assert np.abs(found - wanted).max(axis=1).min() <= 12, colour


# Windows.


@pytest.mark.parametrize(("lookback", "horizon"), [(1, 1), (5, 1), (6, 3), (60, 16)])
def test_window_cutter_tells_the_first_window_and_its_target(lookback, horizon):
    windows, targets = make_windows(HIGH, lookback, horizon)
    text = alt(window_cutter(HIGH, lookback, horizon))
    assert f"{len(HIGH)} values give {len(windows)} windows of shape ({lookback}, 1)" in text
    assert f"from {HIGH.index[0]:%d %b %Y} to {HIGH.index[lookback - 1]:%d %b %Y}" in text
    assert f"holds {windows[0, 0, 0]:.2f}" in text
    assert f"{windows[0, -1, 0]:.2f}; its target is {targets[0]:.2f}" in text
    assert f"on {HIGH.index[lookback + horizon - 1]:%d %b %Y}" in text


def test_window_cutter_draws_the_first_windows_of_tens_as_by_hand(monkeypatch):
    tables, draw_table = [], Axes.table
    monkeypatch.setattr(
        Axes,
        "table",
        lambda *given, **named: tables.append(given[1]) or draw_table(*given, **named),
    )
    text = alt(window_cutter(TENS, 3, 2))
    assert "9 values give 5 windows of shape (3, 1)" in text
    assert "from 0 to 2, holds 10, 20, 30; its target is 50, on 4" in text
    assert tables[0][0] == ("0", "0", "2", "10, 20, 30", "4", "50")
    assert tables[0][4] == ("4", "4", "6", "50, 60, 70", "8", "90")


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (0.01, "0.010000"), (1.5, "1.5000"), (150.25, "150.25"), (2e6, "2,000,000")],
)
def test_window_cutter_writes_values_of_any_size(value, written):
    text = alt(window_cutter([value] * 9, 3, 1))
    assert f"holds {written}, {written}, {written}; its target is {written}, on" in text


# Gates.

open_to = st.floats(0.01, 0.99)


def constant(gate):
    """Return weights that ignore input and state: only the bias speaks."""
    return Part(np.zeros((1, 1)), np.zeros((1, 1)), np.array([gate]))


@pytest.mark.slow
@settings(max_examples=4)
@given(f=open_to, i=open_to, o=open_to, candidate=st.floats(-0.99, 0.99), start=st.floats(-2, 2))
def test_held_gates_do_what_an_lstm_with_such_gates_does(f, i, o, candidate, start):
    logit = {name: np.log(gate / (1 - gate)) for name, gate in {"f": f, "i": i, "o": o}.items()}
    weights = LSTMWeights(
        input=constant(logit["i"]),
        forget=constant(logit["f"]),
        candidate=constant(np.arctanh(candidate)),
        output=constant(logit["o"]),
    )
    run = unroll(np.zeros((1, STEPS, 1)), weights, cell_state=[[start]])
    gates = LSTMGates(input=i, forget=f, candidate=candidate, output=o)
    hidden_states, cell_states = held_gates(gates, start)
    assert cell_states[0] == start
    np.testing.assert_allclose(cell_states[1:], run.cell_states[0, :, 0], atol=1e-12)
    np.testing.assert_allclose(hidden_states, run.hidden_states[0, :, 0], atol=1e-12)
    text = alt(gate_explorer(f, i, candidate, o, start))
    assert f"to {cell_states[1]:z.2f} in one step" in text
    assert f"to {cell_states[-1]:z.2f} in 20" in text


@pytest.mark.parametrize(
    ("values", "finding"),
    [
        ({"forget": 0.5, "input": 0.5, "candidate": 1}, "in 1.0 steps; the state settles at 1.00"),
        ({"forget": 0, "input": 1, "candidate": -0.5}, "Everything is .* settles at -0.50"),
        ({"forget": 1, "input": 0}, "Nothing is forgotten or added"),
        ({"forget": 1, "input": 0.5, "candidate": 0.5}, "Nothing is .* 0.25 is added at every"),
        ({"forget": 0, "input": 0, "candidate": -1}, "settles at 0.00"),
    ],
)
def test_gate_explorer_says_what_the_gates_do_in_the_long_run(values, finding):
    assert re.search(finding, alt(gate_explorer(**values)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: network_anatomy(0), "0 units cannot be drawn legibly: take 1 to 50"),
        (lambda: network_anatomy(51), "51 units cannot be drawn legibly"),
        (lambda: window_cutter(TENS, 9, 1), "9 values give no window of lookback 9"),
        (lambda: window_cutter(TENS, 7, 1), "7 and horizon 1 are too large .* at most 6 and 3"),
        (lambda: window_cutter(HIGH, 20, 22), "at most 75 and 21"),
        (lambda: window_cutter(TENS, 0, 1), "must both be at least 1"),
        (lambda: window_cutter([1.0, np.nan, 3, 4], 1, 1), "position 1 is missing"),
        (lambda: gradient_explorer(weight=2.1), "weight 2.1 .*: take a weight from 0 to 2"),
        (lambda: gradient_explorer(steps=0), "1 to 100 steps"),
        (lambda: gate_explorer(forget=1.1), "forget is 1.1: take a value from 0.0 to 1.0"),
        (lambda: gate_explorer(input=-0.1), "input is -0.1"),
        (lambda: gate_explorer(candidate=2), "candidate is 2"),
        (lambda: gate_explorer(output=np.nan), "output is nan"),
        (lambda: gate_explorer(cell_state=3), "cell_state is 3"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
