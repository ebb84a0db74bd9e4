"""The one style of all figures: colours, axes, and how a figure becomes a picture."""

from collections.abc import Iterable, Mapping
from io import BytesIO

import numpy as np
import pandas as pd
import PIL.Image
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from numpy.typing import ArrayLike

TRUTH, NAIVE = "#000000", "#8c8c8c"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def new_axes(title: str, x: str, y: str, height: float = 3.8) -> tuple[Figure, Axes]:
    """Start a figure with one chart, without pyplot: none stays open in a long lesson."""
    figure = Figure(figsize=(9, height), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=12)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    open_frame(axes)
    if y:  # rows with names need no lines
        axes.grid(axis="y", alpha=0.25)
    axes.set_axisbelow(True)
    return figure, axes


def day_axes(title: str, y: str = "USD per share") -> tuple[Figure, Axes]:
    """Start a chart over days, labelled briefly: the year once, not under every tick."""
    figure, axes = new_axes(title, "", y)
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    return figure, axes


def new_panels(
    title: str, height: float, rows: int, columns: int, **shared: bool
) -> tuple[Figure, list[Axes]]:
    """Start a figure of several charts under one title; `sharex` and `sharey` as in Matplotlib."""
    figure = Figure(figsize=(9, height), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    panels = figure.subplots(rows, columns, squeeze=False, **shared).ravel().tolist()
    for axes in panels:
        open_frame(axes)
    return figure, panels


def new_drawing(
    title: str, across: tuple[float, float], up: tuple[float, float], height: float | None = None
) -> tuple[Figure, Axes]:
    """Start a drawing without axes; without a height, one unit is as long across as up."""
    inches = height or 9 * (up[1] - up[0]) / (across[1] - across[0]) + 0.4
    figure = Figure(figsize=(9, inches), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=12)
    axes.set_xlim(across)
    axes.set_ylim(up)
    axes.set_axis_off()
    if height is None:
        axes.set_aspect("equal")
    return figure, axes


def as_image(figure: Figure, alt: str) -> Image:
    """Turn a figure into a picture with alternative text, the last line of a lesson's cell."""
    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", dpi=100)
    # 256 colours are enough for lines and bars, and keep notebooks small. An octree, because the
    # default method may shift the colour of a small dot to that of a neighbour.
    method = PIL.Image.Quantize.FASTOCTREE
    picture = PIL.Image.open(drawn).convert("RGB")
    picture = picture.quantize(256, method, dither=PIL.Image.Dither.NONE)
    picture.save(small, format="png", optimize=True)
    return Image(small.getvalue(), format="png", alt=alt)


def open_frame(axes: Axes) -> None:
    """Take away the frame's top and right side."""
    axes.spines[["top", "right"]].set_visible(False)


def legend_outside(axes: Axes) -> None:
    """Put the legend to the right of the chart, where it can hide no line."""
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def colours_of(names: Iterable[str], naive: str | None = None) -> dict[str, str]:
    """Give each name a colour, in order; the naive forecast always gets its grey."""
    others = [name for name in names if name != naive]
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(others)}
    return colours | ({naive: NAIVE} if naive else {})


def runs_by_name(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Group the columns of a table by their names: runs of the same kind have the same name."""
    return {name: table[[name]] for name in dict.fromkeys(table.columns)}


def in_words(values: Mapping[str, ArrayLike], style: str) -> str:
    """Write numbers for an alternative text: `GRU 1.5, 1.6; LSTM 1.4, 1.7`."""
    return "; ".join(
        f"{name} {', '.join(format(number, style) for number in np.ravel(numbers))}"
        for name, numbers in values.items()
    )


def write(axes: Axes, x: float, y: float, text: str, **style: object) -> None:
    """Write a text around a place."""
    axes.text(x, y, text, **{"ha": "center", "va": "center"} | style)


def box(axes: Axes, x: float, y: float, colour: str, text: str = "") -> None:
    """Draw a box around a place, with a text in it."""
    corner, style = (x - 0.24, y - 0.24), "round,pad=0.08"
    axes.add_patch(FancyBboxPatch(corner, 0.48, 0.48, boxstyle=style, color=colour, alpha=0.25))
    write(axes, x, y, text)


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = TRUTH
) -> None:
    """Draw an arrow from one place to another."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": colour, "shrinkA": 0})
