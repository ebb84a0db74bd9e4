"""Figures of generated paths and of forecasts that are distributions: lesson 05."""

from course_utils.checks import check_days
from course_utils.evaluation import bands
from course_utils.plots.names import COLOURS, NAIVE, TRUTH, colours_of, in_words, runs_by_name
from course_utils.plots.style import as_image, day_axes, new_axes, new_panels

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import NDArray

BANDS = {0.95: 0.15, 0.8: 0.25, 0.5: 0.4}
"""the share of paths that a band holds, and the band's opacity"""
TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)


def free_runs(truth: pd.Series, runs: pd.DataFrame, held: pd.Series, title: str) -> Image:
    """Draw what a network generated in several training runs, with the truth and the last price.

    Args:
        truth: true prices indexed by day, in USD.
        runs: generated prices of the same days, one column per seed.
        held: the last known price, held, on the same days.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    for table, kind in ((truth, pd.Series), (runs, pd.DataFrame), (held, pd.Series)):
        check_days(table, kind=kind)
    figure, axes = day_axes(title)
    axes.plot(held, color=NAIVE, linewidth=2, label="last price held")
    lines = axes.plot(runs, color=COLOURS[1], linewidth=1, alpha=0.8)
    lines[0].set_label(f"generated, {runs.shape[1]} seeds")
    axes.plot(truth, color=TRUTH, linewidth=1.4, label="truth")
    axes.legend(frameon=False, ncols=3)
    return as_image(
        figure,
        f"{title}. Lines from {truth.index[0]:%d %B %Y} to {truth.index[-1]:%d %B %Y}; at the end "
        f"the truth is at {truth.iloc[-1]:.0f} dollars, the held price at "
        f"{held.iloc[-1]:.0f}, the {runs.shape[1]} generated ones between "
        f"{runs.iloc[-1].min():.0f} and {runs.iloc[-1].max():.0f}.",
    )


def by_horizon(table: pd.DataFrame, title: str) -> Image:
    """Draw the error against the number of steps ahead, with naive in grey.

    Args:
        table: index the steps ahead; first column the naive forecast's RMSE in USD, then one
            column per run, those of one recipe under the same name.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "trading days ahead (log scale)", "RMSE in USD (log scale)")
    by_name, naive = runs_by_name(table), table.columns[0]
    colours, medians = colours_of(by_name, naive), {}
    for name, runs in by_name.items():
        if runs.shape[1] > 1:
            axes.plot(runs, ".", color=colours[name], alpha=0.5)
        medians[name], width = runs.median(axis=1), 3 if name == naive else 1.8
        axes.plot(medians[name], "o-", color=colours[name], linewidth=width, label=name)
    _log_scales(axes, table)
    axes.legend(frameon=False, loc="upper left")
    steps, words = ", ".join(map(str, table.index)), in_words(medians, ".1f")
    return as_image(figure, f"{title}. Median RMSE in dollars {steps} days ahead: {words}.")


def _log_scales(axes: Axes, table: pd.DataFrame) -> None:
    """Make both axes logarithmic, with a label at each number of steps and at round dollars."""
    lowest, highest = table.min().min(), table.max().max()
    ticks = [tick for tick in TICKS if tick < 2 * highest]
    axes.set_xscale("log")
    axes.set_xticks(table.index, map(str, table.index))
    axes.set_yscale("log")
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_ylim(0.8 * lowest, 1.25 * highest)
    axes.minorticks_off()


def fan(past: pd.Series, truth: pd.Series, paths: NDArray, title: str) -> Image:
    """Draw bands that hold half, 80 and 95 % of the generated paths, and what came true.

    Args:
        past: prices up to the last known day, indexed by day, in USD.
        truth: true prices of the days that were generated.
        paths: generated prices of these days, shape (paths, days).
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    check_days(past, kind=pd.Series)
    check_days(truth, kind=pd.Series)
    figure, axes = day_axes(title)
    words, keys, clear = [], [], 1.0
    for level, alpha in BANDS.items():
        low, high = bands(paths.T, level)
        axes.fill_between(truth.index, low, high, color=COLOURS[0], alpha=alpha, linewidth=0)
        clear *= 1 - alpha  # each band is drawn over the wider ones: its key shows the sum
        keys.append(Patch(color=COLOURS[0], alpha=1 - clear, linewidth=0, label=f"{level:.0%}"))
        words.append(f"{level:.0%} between {low[-1]:.0f} and {high[-1]:.0f}")
    keys += axes.plot(truth.index, np.median(paths, axis=0), color=COLOURS[0], label="median")
    axes.plot(past, color=TRUTH, linewidth=1.2)
    keys += axes.plot(truth, color=TRUTH, linewidth=1.2, label="truth")
    axes.legend(handles=keys, frameon=False, ncols=5, loc="upper left")
    return as_image(
        figure,
        f"{title}. Bands that widen from {past.iloc[-1]:.0f} dollars; on the last day "
        f"{', '.join(words)}, the truth at {truth.iloc[-1]:.0f} dollars.",
    )


def lineup(lines: NDArray, title: str) -> Image:
    """Draw numbered panels, one line each, for a guessing game.

    Args:
        lines: shape (panels, days).
        title: what the picture shows.

    Returns:
        a picture with alternative text, which does not give the answer away.
    """
    rows = -(-len(lines) // 3)
    figure, panels = new_panels(title, 1.7 * rows + 0.4, rows, 3, sharex=True, sharey=True)
    for axes in panels[len(lines) :]:
        axes.set_axis_off()
    words = []
    for number, (axes, line) in enumerate(zip(panels, lines, strict=False), 1):
        axes.plot(line, color=TRUTH, linewidth=0.9)
        axes.set_title(str(number), loc="left", fontsize=10)
        axes.grid(axis="y", alpha=0.25)
        words.append(
            f"{number} from {line[0]:.0f} to {line[-1]:.0f}, between {line.min():.0f} and "
            f"{line.max():.0f}, largest daily move {np.abs(np.diff(line)).max():.1f}"
        )
    return as_image(figure, f"{title}. {len(lines)} panels with a line each: {'; '.join(words)}.")
