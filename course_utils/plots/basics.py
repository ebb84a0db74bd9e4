"""Figures of lesson 01: the recurrent cell, shapes, and carried memory."""

from collections.abc import Mapping, Sequence
from itertools import cycle

from course_utils.checks import check_days
from course_utils.plots.drawing import arrow, box, new_drawing, write
from course_utils.plots.names import COLOURS, NAIVE, TRUTH, colours_of, in_words, runs_by_name
from course_utils.plots.style import as_image, day_axes, legend_outside, new_axes, new_panels

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike


def unrolled(inputs: Sequence[float] | None = None, states: Sequence[float] | None = None) -> Image:
    """Draw a recurrent cell as a loop, and unrolled over its time steps.

    Args:
        inputs: numbers to write at the inputs, one per time step; symbols if not given.
        states: the state after each step.

    Returns:
        a picture with alternative text.
    """
    steps = 4 if inputs is None else len(inputs)
    below, above = _numbered("x", inputs, steps), _numbered("h", states, steps)
    title = "One cell with one set of weights, used again at every time step"
    figure, axes = new_drawing(title, (-0.5, steps + 1.6), (-1.2, 1.2))
    _cell_with_a_loop(axes)
    write(axes, 1.05, 0, "=", fontsize=20)
    axes.text(1.35, 0.09, "$h_0 = 0$", color=COLOURS[1], ha="center")
    for t, (x, h) in enumerate(zip(below, above, strict=True)):
        _cell(axes, 2 + t, x, h)
        arrow(axes, (1.2 + t + (t > 0) * 0.1, 0), (1.68 + t, 0), COLOURS[1])
        if t:
            axes.text(1.5 + t, 0.09, "$W_h$", color=COLOURS[1], ha="center")
    values = "" if states is None else f" The states are {', '.join(above)}."
    return as_image(
        figure,
        f"{title}. Left, a box with an input from below, an output above and a loop to itself; "
        f"right, the same box {steps} times side by side, each handing its state to the next."
        f"{values}",
    )


def _numbered(kind: str, values: Sequence[float] | None, steps: int) -> list[str]:
    """Name a quantity at each step, with its value where that is known."""
    names = [f"${kind}_{t}$" for t in range(1, steps + 1)]
    if values is None:
        return names
    return [f"{name} = {value:.3g}" for name, value in zip(names, values, strict=True)]


def _cell_with_a_loop(axes: Axes) -> None:
    """Draw a recurrent cell that hands its state to itself."""
    _cell(axes, 0, "$x_t$", "$h_t$")
    angle = np.linspace(-0.75 * np.pi, 0.75 * np.pi, 40)
    axes.plot(0.47 + 0.2 * np.cos(angle), 0.2 * np.sin(angle), color=COLOURS[1], linewidth=1)
    arrow(axes, (0.37, -0.167), (0.31, -0.11), COLOURS[1])
    axes.text(0.7, 0, "$W_h$", color=COLOURS[1], va="center")


def _cell(axes: Axes, x: float, below: str, above: str) -> None:
    """Draw a recurrent cell with its input below and its state above."""
    box(axes, x, 0, COLOURS[0], "cell")
    arrow(axes, (x, -0.85), (x, -0.33))
    arrow(axes, (x, 0.33), (x, 0.85))
    write(axes, x, -1.05, below)
    write(axes, x, 1.05, above)
    axes.text(x + 0.08, -0.62, "$W_x$", color=COLOURS[0], va="center")


def five_types(scores: Sequence[str] = ("",) * 5) -> Image:
    """Draw the five ways in which a recurrent network can take inputs and give outputs.

    Args:
        scores: what to write below each of them, such as how well a network did.

    Returns:
        a picture with alternative text.
    """
    kinds = (
        ("one to one", 1, (0,), (0,)),
        ("one to many", 4, (0,), (0, 1, 2, 3)),
        ("many to one", 4, (0, 1, 2, 3), (3,)),
        ("many to many,\naligned", 4, (0, 1, 2, 3), (0, 1, 2, 3)),
        ("many to many,\nencoder-decoder", 6, (0, 1, 2), (3, 4, 5)),
    )
    title = "Inputs (blue) below, outputs (green) above, states (orange) from left to right"
    deepest = max(score.count("\n") + bool(score) for score in scores)
    height = 5.1 + 0.62 * deepest
    figure, axes = new_drawing(title, (-0.8, 22.8), (1.8 - height, 1.8))
    start = 0.0
    for (name, steps, inputs, outputs), score in zip(kinds, scores, strict=True):
        for t in range(steps):
            x = start + t
            decoder = len(inputs) == 3 and t >= 3
            box(axes, x, 0, COLOURS[4] if decoder else NAIVE)
            if t:
                arrow(axes, (x - 0.68, 0), (x - 0.34, 0), COLOURS[1])
            if t in inputs:
                box(axes, x, -1.3, COLOURS[0])
                arrow(axes, (x, -0.94), (x, -0.36))
            if t in outputs:
                box(axes, x, 1.3, COLOURS[2])
                arrow(axes, (x, 0.36), (x, 0.94))
        middle = start + (steps - 1) / 2
        write(axes, middle, -1.95, name, va="top", fontsize=9.5)
        write(axes, middle, -3.4, score, va="top", fontsize=9.5, fontweight="bold")
        start += steps + 0.9
    return as_image(
        figure,
        f"{title}. One to one: one input, one output. One to many: one input, four outputs. Many "
        "to one: four inputs, one output after the last. Aligned: four inputs, an output at each. "
        "Encoder-decoder: three inputs, then three outputs from a second cell."
        + (f" Below them: {'; '.join(scores)}." if deepest else "").replace("\n", " "),
    )


def three_parts(
    parts: Mapping[str, pd.Series], title: str, y: str = "USD per share", steps: str = "days"
) -> Image:
    """Draw a series that is cut in time into training, validation and test part.

    Args:
        parts: name and values of each part, oldest first.
        title: what the picture shows.
        y: what the values are, with their unit.
        steps: what the rows are.

    Returns:
        a picture with alternative text.
    """
    for part in parts.values():
        check_days(part)
    figure, axes = day_axes(title, y)
    for colour, (name, part) in zip(cycle((TRUTH, *COLOURS)), parts.items(), strict=False):
        axes.plot(part, color=colour, linewidth=1, label=f"{name}: {len(part):,} {steps}")
    axes.legend(frameon=False)
    spans = "; ".join(
        f"{name} {part.index[0]:%Y-%m-%d} to {part.index[-1]:%Y-%m-%d}"
        for name, part in parts.items()
    )
    return as_image(figure, f"{title}. A line in parts that follow each other: {spans}.")


def curves(table: pd.DataFrame | pd.Series, title: str, x: str, y: str, log: bool = False) -> Image:
    """Draw the columns of a table as lines, or a series as one.

    Args:
        table: the index is the x axis; a column named `truth` is drawn in the colour of truth;
            columns of the same name are runs, drawn thin below their median.
        title: what the picture shows.
        x: what the x axis is, with its unit.
        y: what the y axis is, with its unit.
        log: whether the y axis is logarithmic.

    Returns:
        a picture with alternative text.

    Raises:
        ValueError: a column holds text or another object, or no number at all.
    """
    figure, axes = new_axes(title, x, y)
    by_name = runs_by_name(pd.DataFrame(table))
    colours = colours_of(name for name in by_name if name != "truth") | {"truth": TRUTH}
    ends = {}
    for name, runs in by_name.items():
        if runs.shape[1] > 1:
            axes.plot(runs, color=colours[name], linewidth=0.6, alpha=0.35)
        median = runs.median(axis=1)
        if median.isna().all():
            raise ValueError(f"Column {name} holds no number to draw: leave it out.")
        axes.plot(median, color=colours[name], linewidth=4 if name == "truth" else 1.8, label=name)
        ends[name] = median.dropna().iloc[-1]
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if log:
        _log_scale(axes)
    legend_outside(axes)
    words = in_words(ends, ".3g")
    return as_image(figure, f"{title}. Lines over {x}; at the right end, {y}: {words}.")


def _log_scale(axes: Axes) -> None:
    """Make the y axis logarithmic, with labels between powers of ten where those are few."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high < 1000 * low:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        axes.yaxis.set_minor_formatter(NullFormatter())


def chunks(by_number: Mapping[int, tuple[ArrayLike, ArrayLike]], title: str) -> Image:
    """Draw what a network forecast on some chunks of a series, over the truth.

    Args:
        by_number: number of the chunk, its true next values and the forecasts, (time_steps,).
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, panels = new_panels(title, 3, 1, len(by_number), sharey=True)
    largest = {}
    for axes, (number, pair) in zip(panels, by_number.items(), strict=True):
        truth, forecast = map(np.ravel, pair)
        axes.plot(truth, color=TRUTH, linewidth=2.2, label="truth")
        axes.plot(forecast, ".-", color=COLOURS[1], linewidth=1, label="forecast")
        loss = np.mean((truth - forecast) ** 2)
        axes.set_title(f"chunk {number}\nMSE {loss:.5f}", fontsize=10)
        axes.set_xlabel("time step")
        largest[f"chunk {number}"] = np.abs(truth - forecast).max()
    panels[0].set_ylabel("next value")
    panels[0].legend(frameon=False, loc="best")
    words = in_words(largest, ".2g")
    return as_image(figure, f"{title}. Forecast over truth; largest error: {words}.")
