"""A network with all its weights, to hover over."""

from dataclasses import dataclass
from typing import Any

from course_utils.plots.live.explorer import INPUT, OUTPUT, RECURRENT, Picture
from course_utils.plots.style import TRUTH, as_image

import numpy as np
from IPython.display import Image
from matplotlib.figure import Figure
from numpy.typing import NDArray

LIGHT_INPUT, LIGHT_OUTPUT = "#93bfdc", "#93cfbc"
MOST_UNITS = 50
X_RANGE, Y_RANGE = (-0.15, 2.18), (-1.3, 1.3)


@dataclass(frozen=True)
class _Strokes:
    """Dots or lines of one colour, numbered, and what to say when the mouse is over one."""

    paths: dict[int, NDArray]
    """each of shape (points, 2), by the number of the unit it belongs to; a dot is one point"""
    text: str
    """with {j} where the number belongs"""
    colour: str
    size: float

    @property
    def dots(self) -> bool:
        """Whether these are dots."""
        return all(len(path) == 1 for path in self.paths.values())


@dataclass(frozen=True)
class _Label:
    """A few words at a place."""

    x: float
    y: float
    text: str
    colour: str


def network_anatomy(units: int = 50) -> Picture:
    """Draw SimpleRNN(units) and Dense(1) on one feature, each weight with its name in Keras.

    In JupyterLab, hovering a unit or a line tells which weight it is and the shape of its array.
    Of the recurrent kernel, the weights of units on themselves are drawn as loops, and those of
    all units on one of them as arcs; the arcs of the other units would hide one another.

    Args:
        units: hidden units, 1 to 50.

    Returns:
        a picture with alternative text.

    Raises:
        ValueError: there are no units, or more than can be told apart.
    """
    if not 1 <= units <= MOST_UNITS:
        raise ValueError(f"{units} units cannot be drawn legibly: take 1 to {MOST_UNITS}.")
    strokes, labels = _anatomy(units), _labels(units)
    s = "" if units == 1 else "s"
    title = (
        f"One input, {units} unit{s}, one output: {units**2 + 3 * units + 1:,} parameters to learn"
    )
    alt = (
        f"{title}. The input reaches each unit by kernel, shape (1, {units}); each unit hears the "
        f"last state of every unit by recurrent_kernel, shape ({units}, {units}), and adds its "
        f"bias, shape ({units},); Dense weighs the units by its kernel, shape ({units}, 1), and "
        "adds its bias, shape (1,)."
    )
    return Picture(_draw_anatomy(strokes, labels, title, alt), _plotly(strokes, labels, title))


def _anatomy(units: int) -> list[_Strokes]:
    """Lay the network out, from x = 0 (input) to x = 2 (output), units between y = -1 and 1."""
    each, listener = range(units), units // 2
    gap = 2 / max(units - 1, 4)
    zigzag = 0.018 * (-1) ** np.arange(units) * (units > 20)
    spots = np.column_stack([1 + zigzag, gap * ((units - 1) / 2 - np.arange(units))])
    start, end = np.array([[0, 0]]), np.array([[2, 0]])
    turn = np.linspace(0, 2 * np.pi, 13)
    loop = np.column_stack([0.022 * (1 - np.cos(turn)), min(0.42 * gap, 0.05) * np.sin(turn)])
    recurrent = f"SimpleRNN recurrent_kernel, shape ({units}, {units})"
    return [
        _Strokes(
            {j: np.linspace(start[0], spots[j], 9) for j in each},
            f"input to unit {{j}}<br>kernel[0, {{j}}]<br>SimpleRNN kernel, shape (1, {units})",
            LIGHT_INPUT,
            0.8,
        ),
        _Strokes(
            {j: np.linspace(end[0], spots[j], 9) for j in each},
            f"unit {{j}} to output<br>kernel[{{j}}, 0]<br>Dense kernel, shape ({units}, 1)",
            LIGHT_OUTPUT,
            0.8,
        ),
        _Strokes(
            {j: _arc(spots[j], spots[listener]) for j in each if j != listener},
            f"last state of unit {{j}} to unit {listener}<br>recurrent_kernel[{{j}}, {listener}]"
            f"<br>{recurrent}",
            RECURRENT,
            0.8,
        ),
        _Strokes(
            {j: spots[j] + loop for j in each},
            f"last state of unit {{j}} to itself<br>recurrent_kernel[{{j}}, {{j}}]<br>{recurrent}",
            RECURRENT,
            1.2,
        ),
        _Strokes(
            {j: spots[[j]] for j in each},
            f"unit {{j}}<br>bias[{{j}}]<br>SimpleRNN bias, shape ({units},)<br>hears the input by "
            "kernel[0, {j}] and the last states by recurrent_kernel[:, {j}]",
            TRUTH,
            5,
        ),
        _Strokes({0: start}, "input<br>one feature, no weight", INPUT, 13),
        _Strokes({0: end}, "output<br>bias[0]<br>Dense bias, shape (1,)", OUTPUT, 13),
    ]


def _labels(units: int) -> list[_Label]:
    """Name the parts, with the shapes and sizes of their arrays."""
    loops = "loops: each unit's weight on itself"
    arcs = f"<br>arcs: all weights on unit {units // 2}" if units > 1 else ""
    recurrent = f"recurrent_kernel<br>shape ({units}, {units}): {units**2:,}"
    return [
        _Label(0, -0.15, "input", INPUT),
        _Label(2, -0.15, "output", OUTPUT),
        _Label(0.42, 0.95, f"SimpleRNN kernel<br>shape (1, {units}): {units:,}", INPUT),
        _Label(1, 1.17, recurrent, RECURRENT),
        _Label(1.6, 0.95, f"Dense kernel<br>shape ({units}, 1): {units:,}", OUTPUT),
        _Label(1, -1.15, f"bias, one in each unit<br>shape ({units},): {units:,}", TRUTH),
        _Label(2, 0.25, "bias<br>shape (1,): 1", OUTPUT),
        _Label(1.6, -0.95, loops + arcs, RECURRENT),
    ]


def _arc(here: NDArray, there: NDArray) -> NDArray:
    """Half an ellipse to the right of two units, wider the further they are apart."""
    turn = np.linspace(0, np.pi, 15)[:, np.newaxis]
    bulge = np.array([0.05 + 0.3 * abs(here[1] - there[1]), 0])
    return (here + there) / 2 + (here - there) / 2 * np.cos(turn) + bulge * np.sin(turn)


def _draw_anatomy(strokes: list[_Strokes], labels: list[_Label], title: str, alt: str) -> Image:
    """Draw the network for the page."""
    figure = Figure(figsize=(8.6, 5.8))
    axes = figure.add_axes((0, 0, 1, 0.93))
    axes.set_title(f" {title}", loc="left", fontsize=12)
    axes.set_axis_off()
    axes.set_xlim(*X_RANGE)
    axes.set_ylim(*Y_RANGE)
    for height, group in enumerate(strokes):
        size = {"marker": "o", "markersize": group.size} if group.dots else {"lw": group.size}
        for path in group.paths.values():
            axes.plot(*path.T, color=group.colour, zorder=height, **size)
    for label in labels:
        text = label.text.replace("<br>", "\n")
        axes.text(label.x, label.y, text, color=label.colour, ha="center", va="center")
    return as_image(figure, alt)


def _plotly(strokes: list[_Strokes], labels: list[_Label], title: str) -> dict[str, Any]:
    """Describe the same network to Plotly, with the texts to hover over."""
    hidden = {"visible": False, "fixedrange": True}
    notes = [
        dict(x=label.x, y=label.y, text=label.text, font={"color": label.colour}, showarrow=False)
        for label in labels
    ]
    layout = {
        "title": {"text": title},
        "annotations": notes,
        "xaxis": {**hidden, "range": X_RANGE},
        "yaxis": {**hidden, "range": Y_RANGE},
        "height": 640,
        "hovermode": "closest",
        "showlegend": False,
        "plot_bgcolor": "white",
        "margin": {"t": 50, "b": 10, "l": 10, "r": 10},
    }
    traces = [_trace(group) for group in strokes if group.paths]
    return {"data": traces, "layout": layout, "config": {"displayModeBar": False}}


def _trace(group: _Strokes) -> dict[str, Any]:
    """Describe dots or lines to Plotly, which ends a line where it finds None."""
    x, y, numbers = [], [], []
    for number, path in group.paths.items():
        end = [] if group.dots else [None]
        x += np.round(path[:, 0], 3).tolist() + end
        y += np.round(path[:, 1], 3).tolist() + end
        numbers += [number] * len(path) + end
    style = (
        {"mode": "markers", "marker": {"color": group.colour, "size": 1.5 * group.size}}
        if group.dots
        else {"mode": "lines", "line": {"color": group.colour, "width": group.size}}
    )
    text = group.text.replace("{j}", "%{customdata}") + "<extra></extra>"
    return {"type": "scatter", "x": x, "y": y, "customdata": numbers, "hovertemplate": text} | style
