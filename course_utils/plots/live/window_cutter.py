"""A series cut into windows and targets, with sliders."""

from course_utils.plots.live.explorer import INPUT, RECURRENT, Explorer
from course_utils.plots.style import NAIVE, as_image
from course_utils.windows import make_windows

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

MOST_VALUES = 100


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
