"""The one style of all figures: axes, legends, and how a figure becomes a picture."""

from io import BytesIO

import PIL.Image
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure


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
    """Start a chart over days."""
    figure, axes = new_axes(title, "", y)
    brief_days(axes)
    return figure, axes


def brief_days(axes: Axes) -> None:
    """Label days briefly: the year once, not under every tick."""
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


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


def open_frame(axes: Axes) -> None:
    """Take away the frame's top and right side."""
    axes.spines[["top", "right"]].set_visible(False)


def legend_outside(axes: Axes) -> None:
    """Put the legend to the right of the chart, where it can hide no line."""
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


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
    # Not `alt=alt`, which the IPython of Colab does not know.
    return Image(small.getvalue(), format="png", metadata={"alt": alt})
