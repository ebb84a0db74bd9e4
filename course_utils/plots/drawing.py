"""Drawings of networks: a canvas without axes, texts, boxes and arrows."""

from course_utils.plots.names import TRUTH

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch


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
