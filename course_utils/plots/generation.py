"""Figures of generated paths and of forecasts that are distributions: lesson 05."""

from course_utils.evaluation import bands
from course_utils.plots.style import (
    COLOURS,
    NAIVE,
    TRUTH,
    as_image,
    colours_of,
    label_days,
    new_axes,
)

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

LEVELS = (0.95, 0.8, 0.5)


def free_runs(truth: pd.Series, runs: pd.DataFrame, held: ArrayLike, title: str) -> Image:
    """Draw what several trainings of a network generated, beside the truth and the last price.

    Args:
        truth: true prices indexed by day, in USD.
        runs: generated prices of the same days, a column a seed.
        held: the last known price, held, shape (days,).
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "", "USD per share")
    axes.plot(truth.index, np.asarray(held), color=NAIVE, linewidth=2, label="last price held")
    lines = axes.plot(runs.index, runs.to_numpy(), color=COLOURS[1], linewidth=1, alpha=0.8)
    lines[0].set_label(f"generated, {runs.shape[1]} seeds")
    axes.plot(truth, color=TRUTH, linewidth=1.4, label="truth")
    axes.legend(frameon=False, ncols=3)
    label_days(axes)
    return as_image(
        figure,
        f"{title}. Lines from {truth.index[0]:%d %B %Y} to {truth.index[-1]:%d %B %Y}; at the end "
        f"the truth is at {truth.iloc[-1]:.0f} dollars, the held price at "
        f"{np.ravel(held)[-1]:.0f}, the {runs.shape[1]} generated ones between "
        f"{runs.iloc[-1].min():.0f} and {runs.iloc[-1].max():.0f}.",
    )


def by_horizon(table: pd.DataFrame, title: str) -> Image:
    """Draw the error against the number of steps ahead, with naive in grey.

    Args:
        table: index the steps ahead; first column the naive forecast's RMSE in USD, then one a
            run, those of one recipe under the same name.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "trading days ahead (log scale)", "RMSE in USD (log scale)")
    naive, *names = dict.fromkeys(table.columns)
    for name, colour in {naive: NAIVE, **colours_of(names, None)}.items():
        runs = table[[name]]
        if runs.shape[1] > 1:
            axes.plot(runs, ".", color=colour, alpha=0.5)
        width = 3 if name == naive else 1.8
        axes.plot(runs.median(axis=1), "o-", color=colour, linewidth=width, label=name)
    axes.set_xscale("log")
    axes.set_xticks(table.index, [str(steps) for steps in table.index])
    axes.set_yscale("log")
    ticks = [tick for tick in (0.5, 1, 2, 5, 10, 20, 50, 100, 200) if tick < 2 * table.max().max()]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_ylim(0.8 * table.min().min(), 1.25 * table.max().max())
    axes.minorticks_off()
    axes.legend(frameon=False, loc="upper left")
    words = "; ".join(
        f"{name} {', '.join(f'{error:.1f}' for error in table[[name]].median(axis=1))}"
        for name in (naive, *names)
    )
    steps = ", ".join(map(str, table.index))
    return as_image(figure, f"{title}. Median RMSE in dollars {steps} days ahead: {words}.")


def fan(past: pd.Series, truth: pd.Series, paths: ArrayLike, title: str) -> Image:
    """Draw bands that hold half, 80 and 95 % of the generated paths, and what came true.

    Args:
        past: prices up to the last known day, indexed by day, in USD.
        truth: true prices of the days that were generated.
        paths: generated prices of these days, shape (paths, days).
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "", "USD per share")
    samples = np.transpose(np.asarray(paths))
    words, keys, clear = [], [], 1.0
    for level, alpha in zip(LEVELS, (0.15, 0.25, 0.4), strict=True):
        low, high = bands(samples, level)
        axes.fill_between(truth.index, low, high, color=COLOURS[0], alpha=alpha, linewidth=0)
        clear *= 1 - alpha  # bands lie upon one another, and so must the legend's colour
        keys.append(Patch(color=COLOURS[0], alpha=1 - clear, linewidth=0, label=f"{level:.0%}"))
        words.append(f"{level:.0%} between {low[-1]:.0f} and {high[-1]:.0f}")
    keys += axes.plot(truth.index, np.median(samples, axis=1), color=COLOURS[0], label="median")
    axes.plot(past, color=TRUTH, linewidth=1.2)
    keys += axes.plot(truth, color=TRUTH, linewidth=1.2, label="truth")
    axes.legend(handles=keys, frameon=False, ncols=5, loc="upper left")
    label_days(axes)
    return as_image(
        figure,
        f"{title}. Bands that widen from {past.iloc[-1]:.0f} dollars; on the last day "
        f"{', '.join(words)}, the truth at {truth.iloc[-1]:.0f} dollars.",
    )


def lineup(panels: ArrayLike, title: str) -> Image:
    """Draw numbered panels, one line each, for a guessing game.

    Args:
        panels: shape (panels, days).
        title: what the picture shows.

    Returns:
        a picture with alternative text, which does not give the answer away.
    """
    panels = np.asarray(panels, dtype=float)
    rows = -(-len(panels) // 3)
    figure = Figure(figsize=(9, 1.7 * rows + 0.4), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    all_axes = np.ravel(figure.subplots(rows, 3, sharex=True, sharey=True))
    for axes in all_axes[len(panels) :]:
        axes.set_axis_off()
    for number, (axes, line) in enumerate(zip(all_axes, panels, strict=False), 1):
        axes.plot(line, color=TRUTH, linewidth=0.9)
        axes.set_title(str(number), loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.25)
    ends = "; ".join(
        f"{number} from {line[0]:.0f} to {line[-1]:.0f}, between {line.min():.0f} and "
        f"{line.max():.0f}, largest daily move {np.abs(np.diff(line)).max():.1f}"
        for number, line in enumerate(panels, 1)
    )
    return as_image(figure, f"{title}. {len(panels)} panels with a line each: {ends}.")
