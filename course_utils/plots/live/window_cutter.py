"""A series cut into windows and targets, with sliders."""

from course_utils.plots.live.explorer import INPUT, RECURRENT, Explorer
from course_utils.plots.names import NAIVE
from course_utils.plots.style import as_image, open_frame
from course_utils.windows import make_windows

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

MOST_VALUES, WINDOWS = 100, 5
"""how many values, and how many of the windows, are drawn"""
GAP = {"facecolor": "none", "edgecolor": NAIVE, "hatch": "///", "alpha": 0.5, "lw": 0}
HEADS = ("window", "from", "to", "values, oldest first", "target on", "target")
WIDTHS = (0.09, 0.13, 0.13, 0.39, 0.13, 0.13)
"""of the table's columns, as shares of the picture's width"""


def window_cutter(series: pd.Series | ArrayLike, lookback: int = 20, horizon: int = 5) -> Explorer:
    """Draw how a series is cut: the first window, the gap, the target, and the windows after it.

    Where it is live, it has sliders for lookback, horizon and the window to look at.

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
    make_windows(series, lookback, horizon)
    series = pd.Series(np.squeeze(series), dtype=float)
    shown = min(len(series), MOST_VALUES)
    longest = shown * 3 // 4
    room = WINDOWS - 1 if len(series) > shown else 0  # for the windows after the first
    furthest = shown - longest - room
    if lookback > longest or horizon > furthest:
        raise ValueError(
            f"lookback {lookback} and horizon {horizon} are too large for a picture of {shown} "
            f"values: take at most {longest} and {furthest}."
        )
    values = {
        "name": str(series.name or "value"),
        "values": series.iloc[:MOST_VALUES].tolist(),
        "length": len(series),
        "lookback": lookback,
        "horizon": horizon,
    }
    return Explorer(_draw_windows(series, lookback, horizon), "window_cutter", values)


def _draw_windows(series: pd.Series, lookback: int, horizon: int) -> Image:
    """Draw the first window in the series, the first five above one another, and their table."""
    windows, targets = make_windows(series, lookback, horizon)
    title = (
        f"Lookback {lookback}, horizon {horizon}: {len(series):,} values give {len(windows):,} "
        f"window{'s' * (len(windows) != 1)} of shape ({lookback}, 1), each with its target"
    )
    first = np.column_stack([windows[:WINDOWS, :, 0], targets[:WINDOWS]])
    rows = [_in_words(series, horizon, *row) for row in enumerate(first)]
    figure = Figure(figsize=(9, 6.4))
    top, middle, bottom = figure.subplots(3, height_ratios=(2.4, 1.3, 1.7))
    figure.subplots_adjust(left=0.075, right=0.99, top=0.95, bottom=0.005, hspace=0.06)
    for axes in (top, middle):
        axes.set_xlim(-1, min(len(series), MOST_VALUES))
        open_frame(axes)
    top.set_title(title, loc="left", fontsize=12)
    _draw_first(top, series, lookback, horizon)
    _draw_bars(middle, series.index[:MOST_VALUES], lookback, horizon, len(rows))
    _draw_table(bottom, rows)
    _, start, end, inside, day, value = rows[0]
    return as_image(
        figure,
        f"{title}. The first window, from {start} to {end}, holds {inside}; its target is "
        f"{value}, on {day}. Each next window begins one step later.",
    )


def _draw_first(axes: Axes, series: pd.Series, lookback: int, horizon: int) -> None:
    """Draw the series with its first window, the gap after it, and the target."""
    values, target = series.to_numpy()[:MOST_VALUES], lookback + horizon - 1
    axes.axvspan(-0.5, lookback - 0.5, color=INPUT, alpha=0.12, lw=0)
    axes.plot(values, color=NAIVE, lw=1)
    axes.plot(values[:lookback], ".-", color=INPUT, lw=1.6, label="window 0: what the model sees")
    if horizon > 1:
        axes.axvspan(lookback - 0.5, target - 0.5, label="gap: not seen, not asked for", **GAP)
    axes.plot(target, values[target], "o", color=RECURRENT, ms=9, label="target: what it forecasts")
    axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0, -0.02))
    axes.set_ylabel(series.name or "value")
    axes.margins(y=0.2)
    axes.set_xticks([])


def _draw_bars(axes: Axes, days: pd.Index, lookback: int, horizon: int, count: int) -> None:
    """Draw the first windows above one another, each with its gap and target."""
    for row in range(count):
        axes.barh(row, lookback, left=row - 0.5, height=0.62, color=INPUT, alpha=0.7)
        if horizon > 1:
            axes.barh(row, horizon - 1, left=row + lookback - 0.5, height=0.62, **GAP)
        axes.plot(row + lookback + horizon - 1, row, "o", color=RECURRENT, ms=6)
    axes.set_ylim(count - 0.4, -0.6)
    axes.set_yticks(range(count))
    axes.set_ylabel("window")
    places = range(0, len(days), -(-len(days) // 9))
    axes.set_xticks(places, [_day(days[place], "%d %b") for place in places])


def _draw_table(axes: Axes, rows: list[tuple[str, ...]]) -> None:
    """Draw the table of the first windows."""
    axes.set_axis_off()
    style = {"loc": "center", "cellLoc": "center", "edges": "horizontal"}
    table = axes.table(rows, colLabels=HEADS, colWidths=WIDTHS, **style)
    for cell in table.get_celld().values():
        cell.set_edgecolor("#cccccc")
    table.auto_set_font_size(False)
    table.set_fontsize(9)
    table.scale(1, 1.25)


def _in_words(series: pd.Series, horizon: int, number: int, row: NDArray) -> tuple[str, ...]:
    """Write one window and its target in words, the middle of a long window left out."""
    lookback = len(row) - 1
    whole = (row == row.round()).all()
    decimals = 0 if whole else max(0, 4 - int(np.log10(np.abs(row).max())))
    words = [f"{value:,.{decimals}f}" for value in row]
    inside = words[:-1] if lookback <= 5 else [*words[:2], "…", *words[-3:-1]]
    ends = (0, lookback - 1, lookback + horizon - 1)
    first, last, day = (_day(series.index[number + place]) for place in ends)
    return str(number), first, last, ", ".join(inside), day, words[-1]


def _day(label: object, style: str = "%d %b %Y") -> str:
    """Write a day, or the position in a series without days."""
    return format(label, style) if isinstance(label, pd.Timestamp) else str(label)
