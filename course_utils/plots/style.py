"""The one style of all figures: colours, axes, and how a figure becomes a picture."""

from io import BytesIO

import PIL.Image
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

TRUTH, NAIVE = "#000000", "#8c8c8c"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def new_axes(title: str, x: str, y: str, height: float = 3.8) -> tuple[Figure, Axes]:
    """Start a figure: no pyplot, so none stays open in a long lesson."""
    figure = Figure(figsize=(9, height), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=12)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.25)
    axes.set_axisbelow(True)
    return figure, axes


def label_days(axes: Axes) -> None:
    """Label days briefly: the year once, not under every tick."""
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def as_image(figure: Figure, alt: str) -> Image:
    """Turn a figure into a picture with alternative text, the last line of a lesson's cell."""
    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", dpi=100)
    # 256 colours are enough for lines and bars, and keep notebooks small. An octree, because the
    # default way may shift the colour of a small dot to a neighbour's.
    method = PIL.Image.Quantize.FASTOCTREE
    picture = PIL.Image.open(drawn).convert("RGB")
    picture = picture.quantize(256, method, dither=PIL.Image.Dither.NONE)
    picture.save(small, format="png", optimize=True)
    return Image(small.getvalue(), format="png", alt=alt)


def colours_of(names: list[str], naive: str | None) -> dict[str, str]:
    """Give each forecast its colour, the naive one always its grey."""
    others = [name for name in names if name != naive]
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(others)}
    return colours | ({naive: NAIVE} if naive else {})


def box(axes: Axes, x: float, y: float, colour: str, text: str = "") -> None:
    """Draw a box around a place, with a text in it."""
    axes.add_patch(
        FancyBboxPatch(
            (x - 0.24, y - 0.24), 0.48, 0.48, boxstyle="round,pad=0.08", color=colour, alpha=0.25
        )
    )
    axes.text(x, y, text, ha="center", va="center")


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = TRUTH
) -> None:
    """Draw an arrow from one place to another."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": colour, "shrinkA": 0})
