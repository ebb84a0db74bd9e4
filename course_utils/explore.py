"""Pictures that can be touched: hovered over, or moved with sliders.

Evaluated at the end of a cell, each is a PNG with alternative text, so that a stored notebook is
small and reads the same everywhere; `network_anatomy` adds Plotly's JSON, which JupyterLab
prefers and can hover over without a kernel. Sliders that act together need a kernel and thus
ipywidgets, whose state must not be stored: only `.live()` shows them, and only where a Jupyter
front-end started the kernel; elsewhere it gives the same PNG.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from course_utils.cells import LSTMGates, remember
from course_utils.plots.style import COLOURS, NAIVE, TRUTH, as_image
from course_utils.windows import make_windows

import numpy as np
import pandas as pd
from IPython.display import Image, display
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

PLOTLY = "application/vnd.plotly.v1+json"
INPUT, RECURRENT, OUTPUT = COLOURS[:3]
LIGHT_INPUT, LIGHT_OUTPUT = "#93bfdc", "#93cfbc"
MOST_UNITS = 50
X_RANGE, Y_RANGE = (-0.15, 2.18), (-1.3, 1.3)
MOST_VALUES = 100
STEPS = 20
GATE_RANGES = {
    "forget": (0.0, 1.0),
    "input": (0.0, 1.0),
    "candidate": (-1.0, 1.0),
    "output": (0.0, 1.0),
    "cell_state": (-2.0, 2.0),
}


@dataclass(frozen=True)
class Picture:
    """A picture with alternative text, and optionally the same one for Plotly."""

    image: Image
    figure: Mapping[str, Any] | None = None
    """Plotly's `data` and `layout`, where there is something to hover over"""

    def _repr_mimebundle_(self, **_: object) -> tuple[dict, dict]:
        data, metadata = self.image._repr_mimebundle_()
        data["text/plain"] = self.image.alt
        return data | ({PLOTLY: self.figure} if self.figure else {}), metadata


@dataclass(frozen=True)
class Explorer:
    """A picture drawn from a few values; `live` gives each of them a slider."""

    draw: Callable[..., Image]
    """draws the picture, called with a keyword for each slider"""
    sliders: Mapping[str, tuple[float, float]]
    """lowest and highest value by name; whole numbers move by 1, others by 0.05"""
    start: Mapping[str, float]
    """the values to begin with, by name"""

    def _repr_mimebundle_(self, **_: object) -> tuple[dict, dict]:
        return Picture(self.draw(**self.start))._repr_mimebundle_()

    def live(self) -> None:
        """Show the picture with sliders in JupyterLab, and the picture alone elsewhere.

        Front-ends name the session when they start a kernel; tools that only run a notebook
        from top to bottom do not, and so never meet a widget. The picture is an ordinary output
        beside the sliders: what a learner saves is the picture as it was last seen.
        """
        if "JPY_SESSION_NAME" not in os.environ:
            display(self)
            return
        from ipywidgets import FloatSlider, IntSlider, VBox

        sliders = {}
        for name, (low, high) in self.sliders.items():
            kind, step = (IntSlider, 1) if isinstance(low, int) else (FloatSlider, 0.05)
            sliders[name] = kind(
                self.start[name], min=low, max=high, step=step, description=name.replace("_", " ")
            )
        display(VBox(list(sliders.values())))
        handle = display(self, display_id=True)

        def redraw(_: object) -> None:
            values = {name: slider.value for name, slider in sliders.items()}
            handle.update(Picture(self.draw(**values)))

        for slider in sliders.values():
            slider.observe(redraw, "value")


# The network's anatomy.


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
    strokes, labels = _anatomy(units)
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


def _anatomy(units: int) -> tuple[list[_Strokes], list[_Label]]:
    """Lay the network out, from x = 0 (input) to x = 2 (output), units between y = -1 and 1."""
    each, listener = range(units), units // 2
    gap = 2 / max(units - 1, 4)
    zigzag = 0.018 * (-1) ** np.arange(units) * (units > 20)
    spots = np.column_stack([1 + zigzag, gap * ((units - 1) / 2 - np.arange(units))])
    start, end = np.array([0, 0]), np.array([2, 0])
    turn = np.linspace(0, 2 * np.pi, 13)
    loop = np.column_stack([0.022 * (1 - np.cos(turn)), min(0.42 * gap, 0.05) * np.sin(turn)])
    square = f"({units}, {units})"
    strokes = [
        _Strokes(
            {j: np.linspace(start, spots[j], 9) for j in each},
            f"input to unit {{j}}<br>kernel[0, {{j}}]<br>SimpleRNN kernel, shape (1, {units})",
            LIGHT_INPUT,
            0.8,
        ),
        _Strokes(
            {j: np.linspace(end, spots[j], 9) for j in each},
            f"unit {{j}} to output<br>kernel[{{j}}, 0]<br>Dense kernel, shape ({units}, 1)",
            LIGHT_OUTPUT,
            0.8,
        ),
        _Strokes(
            {j: _arc(spots[j], spots[listener]) for j in each if j != listener},
            f"last state of unit {{j}} to unit {listener}<br>recurrent_kernel[{{j}}, {listener}]"
            f"<br>SimpleRNN recurrent_kernel, shape {square}",
            RECURRENT,
            0.8,
        ),
        _Strokes(
            {j: spots[j] + loop for j in each},
            "last state of unit {j} to itself<br>recurrent_kernel[{j}, {j}]"
            f"<br>SimpleRNN recurrent_kernel, shape {square}",
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
        _Strokes({0: start[np.newaxis]}, "input<br>one feature, no weight", INPUT, 13),
        _Strokes({0: end[np.newaxis]}, "output<br>bias[0]<br>Dense bias, shape (1,)", OUTPUT, 13),
    ]
    labels = [
        _Label(0, -0.15, "input", INPUT),
        _Label(2, -0.15, "output", OUTPUT),
        _Label(0.42, 0.95, f"SimpleRNN kernel<br>shape (1, {units}): {units:,}", INPUT),
        _Label(1, 1.17, f"recurrent_kernel<br>shape {square}: {units**2:,}", RECURRENT),
        _Label(1.6, 0.95, f"Dense kernel<br>shape ({units}, 1): {units:,}", OUTPUT),
        _Label(1, -1.15, f"bias, one in each unit<br>shape ({units},): {units:,}", TRUTH),
        _Label(2, 0.25, "bias<br>shape (1,): 1", OUTPUT),
        _Label(
            1.6,
            -0.95,
            "loops: each unit's weight on itself"
            + (f"<br>arcs: all weights on unit {listener}" if units > 1 else ""),
            RECURRENT,
        ),
    ]
    return strokes, labels


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
        {
            **{"x": label.x, "y": label.y, "text": label.text, "showarrow": False},
            "font": {"color": label.colour},
        }
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
    return {
        **{"type": "scatter", "x": x, "y": y, "customdata": numbers, "hovertemplate": text},
        **style,
    }


# Windows.


def window_table(
    series: ArrayLike, lookback: int, horizon: int = 1, rows: int | None = None
) -> pd.DataFrame:
    """Write windows and their targets as a table, one window a row.

    Args:
        series: shape (time,), oldest first.
        lookback: time steps in a window.
        horizon: steps ahead of the window's end at which the target lies.
        rows: only the first so many windows; all of them if not given.

    Returns:
        columns `t-2`, `t-1`, `t` (for lookback 3) and `t+1`, the target (for horizon 1).

    Raises:
        ValueError: as `make_windows` does.
    """
    windows, targets = make_windows(series, lookback, horizon)
    columns = [f"t-{back}" for back in range(lookback - 1, 0, -1)] + ["t", f"t+{horizon}"]
    table = np.column_stack([windows[:rows, :, 0], targets[:rows]])
    return pd.DataFrame(table, columns=columns).rename_axis("window")


def window_cutter(series: pd.Series | ArrayLike, lookback: int = 20, horizon: int = 5) -> Explorer:
    """Draw how a series is cut: the first window, the gap, the target, and the windows after it.

    `.live()` has sliders for lookback and horizon.

    Args:
        series: shape (time,), oldest first, for example some months of prices, with its name as
            the axis label; of a longer one the first 100 values are drawn, and all are counted.
        lookback: time steps in a window.
        horizon: steps ahead of the window's end at which the target lies.

    Returns:
        a picture with alternative text, which can also be moved.

    Raises:
        ValueError: as `make_windows` does, or the first target lies beyond the picture.
    """
    series = pd.Series(series, dtype=float)
    make_windows(series, lookback, horizon)
    shown = min(len(series), MOST_VALUES)
    longest = max(1, shown * 3 // 4)
    room = 4 if len(series) > shown else 0  # for the four windows after the first
    furthest = max(1, shown - longest - room)
    if lookback > longest or horizon > furthest:
        raise ValueError(
            f"lookback {lookback} and horizon {horizon} are too large for a picture of {shown} "
            f"values: take at most {longest} and {furthest}."
        )
    return Explorer(
        draw=lambda lookback, horizon: _draw_windows(series, lookback, horizon),
        sliders={"lookback": (1, longest), "horizon": (1, furthest)},
        start={"lookback": lookback, "horizon": horizon},
    )


def _draw_windows(series: pd.Series, lookback: int, horizon: int) -> Image:
    """Draw the first window in the series, the first five above one another, and their table."""
    samples = len(make_windows(series, lookback, horizon)[0])
    table = window_table(series, lookback, horizon, rows=5)
    values = series.to_numpy()[:MOST_VALUES]
    target = lookback + horizon - 1
    title = (
        f"Lookback {lookback}, horizon {horizon}: {len(series):,} values give {samples:,} "
        f"window{'s' * (samples != 1)} of shape ({lookback}, 1), each with its target"
    )
    figure = Figure(figsize=(9, 6.4))
    top, middle, bottom = figure.subplots(3, height_ratios=(2.4, 1.3, 1.7))
    figure.subplots_adjust(left=0.075, right=0.99, top=0.95, bottom=0.005, hspace=0.06)
    for axes in (top, middle):
        axes.set_xlim(-1, len(values))
        axes.spines[["top", "right"]].set_visible(False)
    top.set_title(title, loc="left", fontsize=12)
    top.axvspan(-0.5, lookback - 0.5, color=INPUT, alpha=0.12, lw=0)
    top.plot(values, color=NAIVE, lw=1)
    top.plot(values[:lookback], ".-", color=INPUT, lw=1.6, label="window 0: what the model sees")
    if horizon > 1:
        gap = {"facecolor": "none", "edgecolor": NAIVE, "hatch": "///", "alpha": 0.5, "lw": 0}
        top.axvspan(lookback - 0.5, target - 0.5, label="gap: not seen, not asked for", **gap)
    top.plot(target, values[target], "o", color=RECURRENT, ms=9, label="target: what it forecasts")
    top.legend(frameon=False, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0, -0.02))
    top.set_ylabel(series.name or "value")
    top.margins(y=0.2)
    top.set_xticks([])
    for row in range(len(table)):
        middle.barh(row, lookback, left=row - 0.5, height=0.62, color=INPUT, alpha=0.7)
        if horizon > 1:
            middle.barh(row, horizon - 1, left=row + lookback - 0.5, height=0.62, **gap)
        middle.plot(row + target, row, "o", color=RECURRENT, ms=6)
    middle.set_ylim(len(table) - 0.4, -0.6)
    middle.set_yticks(range(len(table)))
    middle.set_ylabel("window")
    places = range(0, len(values), -(-len(values) // 9))
    middle.set_xticks(places, [_day(series.index[place], "%d %b") for place in places])
    bottom.set_axis_off()
    rows = [_table_row(series, lookback, target, *row) for row in enumerate(table.to_numpy())]
    heads = ("window", "from", "to", "values, oldest first", "target on", "target")
    drawn = bottom.table(
        rows,
        colLabels=heads,
        loc="center",
        cellLoc="center",
        edges="horizontal",
        colWidths=(0.09, 0.13, 0.13, 0.39, 0.13, 0.13),
    )
    for cell in drawn.get_celld().values():
        cell.set_edgecolor("#cccccc")
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(9)
    drawn.scale(1, 1.25)
    _, first, last, inside, day, value = rows[0]
    return as_image(
        figure,
        f"{title}. The first window, from {first} to {last}, holds {inside}; its target is "
        f"{value}, on {day}. Each next window begins one step later.",
    )


def _day(label: object, style: str = "%d %b %Y") -> str:
    """Write a day, or the position in a series without days."""
    return format(label, style) if isinstance(label, pd.Timestamp) else str(label)


def _table_row(series: pd.Series, lookback: int, target: int, number: int, row: NDArray) -> tuple:
    """Write one window and its target in words, the middle of a long window left out."""
    whole = (row == row.round()).all()
    decimals = 0 if whole else max(0, 4 - int(np.log10(np.abs(row).max())))
    words = [f"{value:,.{decimals}f}" for value in row]
    inside = words[:-1] if lookback <= 5 else [*words[:2], "…", *words[-3:-1]]
    first, last, day = (_day(series.index[number + place]) for place in (0, lookback - 1, target))
    return str(number), first, last, ", ".join(inside), day, words[-1]


# Gates.


def gate_explorer(
    forget: float = 0.9,
    input: float = 0.3,
    candidate: float = 0.8,
    output: float = 0.5,
    cell_state: float = -1.0,
) -> Explorer:
    """Draw what an LSTM's gates do to one cell, in one step and when they stay so for 20 steps.

    `.live()` has a slider for each gate, the candidate and the cell's state before.

    Args:
        forget: how much of the state is kept, 0..1.
        input: how much of the candidate is added, 0..1.
        candidate: what could be added, -1..1.
        output: how much of the state is shown, 0..1.
        cell_state: the state before the first step, -2..2.

    Returns:
        a picture with alternative text, which can also be moved.

    Raises:
        ValueError: a value lies outside its range.
    """
    start = {
        "forget": forget,
        "input": input,
        "candidate": candidate,
        "output": output,
        "cell_state": cell_state,
    }
    for name, (low, high) in GATE_RANGES.items():
        if not low <= start[name] <= high:
            raise ValueError(f"{name} is {start[name]}: take a value from {low} to {high}.")
    return Explorer(draw=_draw_gates, sliders=GATE_RANGES, start=start)


def held_gates(gates: LSTMGates, cell_state: ArrayLike, steps: int) -> tuple[NDArray, NDArray]:
    """Let the same gates act again and again.

    Args:
        gates: the gates of every step.
        cell_state: the state before the first step.
        steps: how many steps.

    Returns:
        hidden states, shape (steps, ...), and cell states, shape (steps + 1, ...), the first of
        them the state before.
    """
    hidden_states, cell_states = [], [np.asarray(cell_state, dtype=float)]
    for _ in range(steps):
        h, c = remember(cell_states[-1], gates)
        hidden_states.append(h)
        cell_states.append(c)
    return np.array(hidden_states), np.array(cell_states)


def _draw_gates(
    forget: float,
    input: float,
    candidate: float,
    output: float,
    cell_state: float,
) -> Image:
    """Draw one step as bars, and the states over time as lines."""
    gates = LSTMGates(input=input, forget=forget, candidate=candidate, output=output)
    hidden_states, cell_states = held_gates(gates, cell_state, STEPS)
    h, c = hidden_states[0], cell_states[1]
    figure = Figure(figsize=(9, 4.2))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    figure.subplots_adjust(left=0.215, right=0.985, top=0.86, bottom=0.12, wspace=0.14)
    bars = {
        "state before\n$c_{t-1}$": (cell_state, NAIVE),
        f"kept\n$f\\,c_{{t-1}}$ = {forget:z.2f} × {_signed(cell_state)}": (
            forget * cell_state,
            NAIVE,
        ),
        f"added\n$i\\,\\tilde{{c}}$ = {input:z.2f} × {_signed(candidate)}": (
            input * candidate,
            OUTPUT,
        ),
        "new state\n$c_t$ = kept + added": (c, INPUT),
        f"shown\n$h_t$ = {output:z.2f} × tanh $c_t$": (h, RECURRENT),
    }
    for row, (value, colour) in enumerate(bars.values()):
        left.barh(row, value, color=colour, height=0.6)
        side = "left" if value >= 0 else "right"
        left.text(value, row, f" {value:z.2f} ".replace("-", "−"), ha=side, va="center")
    left.set_yticks(range(len(bars)), bars)
    left.set_ylim(len(bars) - 0.5, -0.5)
    left.set_title("one step", fontsize=11)
    left.axvline(0, color=TRUTH, lw=0.8)
    left.set_xlim(-3.4, 3.4)
    time = np.arange(STEPS + 1)
    right.plot(time, cell_states, "o-", color=INPUT, ms=4, label="cell state c")
    right.plot(time[1:], hidden_states, "o-", color=RECURRENT, ms=4, label="hidden state h")
    right.plot(
        time, cell_state * forget**time, "--", color=NAIVE, label="what is left of the start"
    )
    right.axhline(0, color=TRUTH, lw=0.8)
    right.set_title(f"the same gates for {STEPS} steps", fontsize=11)
    right.set_xlabel("time step")
    right.legend(frameon=False, fontsize=9)
    low, high = min(-2, *cell_states), max(2, *cell_states)
    right.set_ylim(1.08 * low, 1.08 * high)
    right.set_xticks(range(0, STEPS + 1, 5))
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    title = _gate_finding(forget, input, candidate)
    figure.suptitle(title.replace("-", "−"), x=0.01, ha="left", fontsize=12)
    return as_image(
        figure,
        f"{title}. Forget {forget:z.2f}, input {input:z.2f}, candidate {candidate:z.2f}, output "
        f"{output:z.2f}: the cell state goes from {cell_state:z.2f} to {c:z.2f} in one step and to "
        f"{cell_states[-1]:z.2f} in {STEPS}; the hidden state is {h:z.2f}, then "
        f"{hidden_states[-1]:z.2f}.",
    )


def _signed(value: float) -> str:
    """Write a factor, in brackets where it is negative."""
    return f"{value:z.2f}" if value >= 0 else f"(−{-value:z.2f})"


def _gate_finding(forget: float, input: float, candidate: float) -> str:
    """Say in a sentence what these gates do in the long run."""
    added = input * candidate
    if forget == 1:
        kept = "Nothing is forgotten"
        return f"{kept}, and {added:z.2f} is added at every step" if added else f"{kept} or added"
    settles = f"the state settles at {added / (1 - forget):z.2f}"
    if forget == 0:
        return f"Everything is forgotten at every step: {settles}"
    return f"Half of the start is forgotten in {np.log(0.5) / np.log(forget):.1f} steps; {settles}"
