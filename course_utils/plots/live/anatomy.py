"""A network with all its weights, to hover over.

Plotly's description of the figure is the only one: the still picture is drawn from it.
"""

from collections.abc import Mapping
from typing import Any

from course_utils.plots.drawing import write
from course_utils.plots.live.explorer import INPUT, OUTPUT, RECURRENT, Picture
from course_utils.plots.names import TRUTH
from course_utils.plots.style import as_image

import numpy as np
from IPython.display import Image
from matplotlib.figure import Figure
from numpy.typing import NDArray

LIGHT_INPUT, LIGHT_OUTPUT = "#93bfdc", "#93cfbc"
MOST_UNITS = 50
LAYOUT = {
    "xaxis": {"visible": False, "fixedrange": True, "range": (-0.15, 2.18)},
    "yaxis": {"visible": False, "fixedrange": True, "range": (-1.3, 1.3)},
    "height": 640,
    "hovermode": "closest",
    "showlegend": False,
    "plot_bgcolor": "white",
    "margin": {"t": 50, "b": 10, "l": 10, "r": 10},
}


def network_anatomy(units: int = 50) -> Picture:
    """Draw SimpleRNN(units) and Dense(1) on one feature, each weight with its name in Keras.

    In JupyterLab, hovering over a unit or a line shows which weight it is and the shape of its
    array. Of the recurrent kernel, the weights of units on themselves are drawn as loops, and
    those of all units on one of them as arcs; the arcs of the other units would hide one another.

    Args:
        units: hidden units, 1 to 50.

    Returns:
        a picture with alternative text.

    Raises:
        ValueError: there are no units, or more than can be told apart.
    """
    if not 1 <= units <= MOST_UNITS:
        raise ValueError(f"{units} units cannot be drawn legibly: take 1 to {MOST_UNITS}.")
    s = "" if units == 1 else "s"
    title = (
        f"One input, {units} unit{s}, one output: {units**2 + 3 * units + 1:,} parameters to learn"
    )
    layout = LAYOUT | {"title": {"text": title}, "annotations": _labels(units)}
    figure = {"data": _traces(units), "layout": layout, "config": {"displayModeBar": False}}
    alt = (
        f"{title}. The input reaches each unit by kernel, shape (1, {units}); each unit hears the "
        f"last state of every unit by recurrent_kernel, shape ({units}, {units}), and adds its "
        f"bias, shape ({units},); Dense weighs the units by its kernel, shape ({units}, 1), and "
        "adds its bias, shape (1,)."
    )
    return Picture(_still(figure, alt), figure)


def _traces(units: int) -> list[dict[str, Any]]:
    """Lay the network out, from x = 0 (input) to x = 2 (output), units between y = -1 and 1."""
    each, listener = range(units), units // 2
    gap = 2 / max(units - 1, 4)
    zigzag = 0.018 * (-1) ** np.arange(units) * (units > 20)
    spots = np.column_stack([1 + zigzag, gap * ((units - 1) / 2 - np.arange(units))])
    start, end = np.array([[0, 0]]), np.array([[2, 0]])
    turn = np.linspace(0, 2 * np.pi, 13)
    loop = np.column_stack([0.022 * (1 - np.cos(turn)), min(0.42 * gap, 0.05) * np.sin(turn)])

    inward = {j: np.linspace(start[0], spots[j], 9) for j in each}
    outward = {j: np.linspace(end[0], spots[j], 9) for j in each}
    arcs = {j: _arc(spots[j], spots[listener]) for j in each if j != listener}
    loops = {j: spots[j] + loop for j in each}
    bodies = {j: spots[[j]] for j in each}

    kernel = f"kernel[0, {{j}}]<br>SimpleRNN kernel, shape (1, {units})"
    dense = f"kernel[{{j}}, 0]<br>Dense kernel, shape ({units}, 1)"
    square = f"SimpleRNN recurrent_kernel, shape ({units}, {units})"
    to_one = f"to unit {listener}<br>recurrent_kernel[{{j}}, {listener}]<br>{square}"
    to_itself = f"to itself<br>recurrent_kernel[{{j}}, {{j}}]<br>{square}"
    bias = f"bias[{{j}}]<br>SimpleRNN bias, shape ({units},)"
    hears = "the input by kernel[0, {j}] and the last states by recurrent_kernel[:, {j}]"
    traces = [
        _trace(inward, f"input to unit {{j}}<br>{kernel}", LIGHT_INPUT, 0.8),
        _trace(outward, f"unit {{j}} to output<br>{dense}", LIGHT_OUTPUT, 0.8),
        _trace(arcs, f"last state of unit {{j}} {to_one}", RECURRENT, 0.8),
        _trace(loops, f"last state of unit {{j}} {to_itself}", RECURRENT, 1.2),
        _trace(bodies, f"unit {{j}}<br>{bias}<br>hears {hears}", TRUTH, 7.5),
        _trace({0: start}, "input<br>one feature, no weight", INPUT, 19.5),
        _trace({0: end}, "output<br>bias[0]<br>Dense bias, shape (1,)", OUTPUT, 19.5),
    ]
    return [trace for trace in traces if trace["x"]]


def _arc(here: NDArray, there: NDArray) -> NDArray:
    """Half an ellipse to the right of two units, wider the further they are apart."""
    turn = np.linspace(0, np.pi, 15)[:, np.newaxis]
    bulge = np.array([0.05 + 0.3 * abs(here[1] - there[1]), 0])
    return (here + there) / 2 + (here - there) / 2 * np.cos(turn) + bulge * np.sin(turn)


def _trace(paths: Mapping[int, NDArray], text: str, colour: str, size: float) -> dict[str, Any]:
    """Describe dots or lines, each (points, 2), by its unit's number, which {j} stands for."""
    dots = all(len(path) == 1 for path in paths.values())
    end = [] if dots else [None]  # Plotly ends a line where it finds None
    x, y, numbers = [], [], []
    for number, path in paths.items():
        x += np.round(path[:, 0], 3).tolist() + end
        y += np.round(path[:, 1], 3).tolist() + end
        numbers += [number] * len(path) + end
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "customdata": numbers,
        "hovertemplate": text.replace("{j}", "%{customdata}") + "<extra></extra>",
        "mode": "markers" if dots else "lines",
        "marker" if dots else "line": {"color": colour, "size" if dots else "width": size},
    }


def _labels(units: int) -> list[dict[str, Any]]:
    """Name the parts, with the shapes and sizes of their arrays."""
    square = f"recurrent_kernel<br>shape ({units}, {units}): {units**2:,}"
    arcs = f"<br>arcs: all weights on unit {units // 2}" if units > 1 else ""
    labels = [
        (0, -0.15, "input", INPUT),
        (2, -0.15, "output", OUTPUT),
        (0.42, 0.95, f"SimpleRNN kernel<br>shape (1, {units}): {units:,}", INPUT),
        (1, 1.17, square, RECURRENT),
        (1.6, 0.95, f"Dense kernel<br>shape ({units}, 1): {units:,}", OUTPUT),
        (1, -1.15, f"bias, one in each unit<br>shape ({units},): {units:,}", TRUTH),
        (2, 0.25, "bias<br>shape (1,): 1", OUTPUT),
        (1.6, -0.95, f"loops: each unit's weight on itself{arcs}", RECURRENT),
    ]
    return [
        {"x": x, "y": y, "text": text, "showarrow": False, "font": {"color": colour}}
        for x, y, text, colour in labels
    ]


def _still(figure: Mapping[str, Any], alt: str) -> Image:
    """Draw Plotly's figure for readers without Plotly."""
    still = Figure(figsize=(8.6, 5.8))
    axes = still.add_axes((0, 0, 1, 0.93))
    layout = figure["layout"]
    axes.set_title(f" {layout['title']['text']}", loc="left", fontsize=12)
    axes.set_axis_off()
    axes.set_xlim(layout["xaxis"]["range"])
    axes.set_ylim(layout["yaxis"]["range"])
    for height, trace in enumerate(figure["data"]):
        path = np.array([trace["x"], trace["y"]], dtype=float)
        if marker := trace.get("marker"):
            style = {"ls": "", "marker": "o", "ms": marker["size"] / 1.5, "c": marker["color"]}
        else:
            style = {"lw": trace["line"]["width"], "c": trace["line"]["color"]}
        axes.plot(*path, zorder=height, **style)
    for label in layout["annotations"]:
        text = label["text"].replace("<br>", "\n")
        write(axes, label["x"], label["y"], text, color=label["font"]["color"])
    return as_image(still, alt)
