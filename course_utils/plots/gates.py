"""Figures of lessons 02 and 03: gradients, memory, and what gates are good for."""

from collections.abc import Mapping, Sequence

from course_utils.plots.names import COLOURS, NAIVE, TRUTH, colours_of, in_words, runs_by_name
from course_utils.plots.style import as_image, day_axes, legend_outside, new_axes, new_panels
from course_utils.thermostat import OFF_ABOVE, ON_BELOW, Record

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

HIGHEST_LOSS = 1e3
"""where the picture of losses ends"""


def gradients(by_kind: Mapping[str, Mapping[str, ArrayLike]], title: str) -> Image:
    """Draw how large the gradient is that arrives so many steps back, one panel per kind of cell.

    Args:
        by_kind: a panel's name, and in it a line's name and its gradient norms, the last step
            first, shape (time_steps,); zeros and norms below 1e-30 are not drawn.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, panels = new_panels(title, 3.6, 1, len(by_kind), sharey=True)
    ends = []
    for axes, (kind, lines) in zip(panels, by_kind.items(), strict=True):
        for name, colour in colours_of(lines).items():
            norms = np.asarray(lines[name], dtype=float)
            axes.semilogy(np.where(norms > 1e-30, norms, np.nan), color=colour, label=name)
            ends.append(f"{kind}, {name}: {norms[-1]:.0e}")
        axes.axhline(1, color=NAIVE, linewidth=0.8)
        axes.set_title(kind, loc="left", fontsize=10)
        axes.set_xlabel("steps, or layers, back")
    panels[0].set_ylabel("gradient norm (log scale)")
    panels[-1].legend(frameon=False, fontsize=9, loc="lower left")
    steps = len(norms) - 1
    return as_image(figure, f"{title}. Gradient norm {steps} steps back: {'; '.join(ends)}.")


def clipping(
    by_name: Mapping[str, Sequence[Sequence[float]]], baseline: float, title: str
) -> Image:
    """Draw losses step by step, and mark where a run leaves the picture.

    Args:
        by_name: a way of training, and the losses of its runs, each of shape (steps,).
        baseline: the loss of always answering the mean.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "gradient step", "mean squared error (log scale)")
    words = []
    for colour, (name, runs) in zip((COLOURS[1], COLOURS[0]), by_name.items(), strict=True):
        lost = sum(_draw_losses(axes, losses, colour) for losses in runs)
        axes.plot([], [], color=colour, linewidth=1.2, label=name)
        words.append(f"{name}: {lost} of {len(runs)} runs leave the picture")
    axes.plot([], [], "X", color=COLOURS[1], linestyle="", label="loss above 1,000, or no number")
    axes.axhline(baseline, color=NAIVE, linewidth=2, label="always answering the mean")
    axes.set_yscale("log")
    axes.set_ylim(top=HIGHEST_LOSS)
    axes.legend(frameon=False, loc="upper right", bbox_to_anchor=(1, 0.97))
    return as_image(figure, f"{title}. {'; '.join(words)}.")


def _draw_losses(axes: Axes, losses: Sequence[float], colour: str) -> bool:
    """Draw a run up to where it leaves the picture, and tell whether it does."""
    inside = [*(np.asarray(losses) < HIGHEST_LOSS), False]  # False, too, where it is not a number
    last = inside.index(False)
    axes.plot(range(1, last + 1), losses[:last], color=colour, linewidth=1.2)
    if last == len(losses):
        return False
    exit_line = [losses[last - 1], HIGHEST_LOSS]
    axes.plot([last, last + 1], exit_line, color=colour, linewidth=1.2)
    axes.plot(last + 1, HIGHEST_LOSS, "X", color=colour, markersize=9, clip_on=False)
    return True


def memory(table: pd.DataFrame, title: str) -> Image:
    """Draw how often a network recalls a bit, over the distance to it, each run a dot.

    Args:
        table: columns `cell`, `distance` in time steps and `accuracy` (0..1), one row per run.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "distance in time steps", "recalled, %")
    axes.axhline(50, color=NAIVE, linewidth=2, label="guessing")
    colours, words = colours_of(table["cell"].unique()), []
    for place, (name, colour) in enumerate(colours.items()):
        runs = table[table["cell"] == name]
        shift = 1 + 0.035 * (place - (len(colours) - 1) / 2)  # so that no dot hides another
        dots = {"color": colour, "markersize": 4, "alpha": 0.5}
        axes.plot(runs["distance"] * shift, 100 * runs["accuracy"], "o", **dots)
        means = 100 * runs.groupby("distance")["accuracy"].mean()
        axes.plot(means.index * shift, means, color=colour, linewidth=2, label=name)
        words.append(f"{name} " + ", ".join(f"{mean:.0f} % at {d}" for d, mean in means.items()))
    axes.set_xscale("log")
    distances = sorted(table["distance"].unique())
    axes.set_xticks(distances, map(str, distances))
    axes.minorticks_off()
    axes.set_ylim(40, 104)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(0, 0.45))
    return as_image(figure, f"{title}. Mean share recalled: {'; '.join(words)}.")


def kept(by_name: Mapping[str, pd.Series], title: str) -> Image:
    """Draw two quantities of different units over the same days, each standardised.

    Args:
        by_name: name and values, indexed by day.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = day_axes(title, "standardised")
    for colour, (name, values) in zip((COLOURS[0], TRUTH), by_name.items(), strict=True):
        axes.plot((values - values.mean()) / values.std(), color=colour, linewidth=1.3, label=name)
    axes.legend(frameon=False, ncols=2, loc="upper right", bbox_to_anchor=(1, 1.02))
    axes.margins(y=0.15)
    return as_image(figure, f"{title}. Lines of {' and '.join(by_name)}, each standardised.")


def ratios(table: pd.DataFrame, title: str) -> Image:
    """Draw what a GRU has or takes as a share of an LSTM with the same number of units.

    Args:
        table: index the units; each column a ratio, GRU over LSTM.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "units", "GRU / LSTM")
    axes.axhline(1, color=TRUTH, linewidth=0.8)
    for name, colour in colours_of(table).items():
        axes.plot(table[name], "o-", color=colour, label=name)
    axes.set_xscale("log", base=2)
    axes.set_xticks(table.index, map(str, table.index))
    axes.set_ylim(0, max(1.1, 1.1 * table.max().max()))
    axes.legend(frameon=False, loc="lower left", ncols=table.shape[1])
    units = ", ".join(map(str, table.index))
    return as_image(figure, f"{title}. GRU over LSTM for {units} units: {in_words(table, '.2f')}.")


def learning_curves(table: pd.DataFrame, naive: float, title: str) -> Image:
    """Draw the error of several training runs, epoch by epoch, with naive as a line.

    Args:
        table: index the epoch; one column per run, those of one cell under the same name; RMSE.
        naive: the naive forecast's RMSE.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "epoch", "RMSE in training")
    axes.axhline(naive, color=NAIVE, linewidth=2, label=f"naive {naive:.2f}")
    by_name = runs_by_name(table)
    for name, colour in colours_of(by_name).items():
        lines = axes.plot(by_name[name], ".-", color=colour)
        lines[0].set_label(name)
    axes.set_ylim(bottom=0)
    legend_outside(axes)
    ends = in_words({name: runs.iloc[-1] for name, runs in by_name.items()}, ".2f")
    return as_image(figure, f"{title}. RMSE after the last epoch: {ends}; naive {naive:.2f}.")


def thermostat(record: Record, title: str) -> Image:
    """Draw the temperature of a record's first series, and when the heating is on.

    Args:
        record: temperatures in °C and the heating, shape (series, time_steps).
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "time step", "temperature, °C", height=3.2)
    temperature, heating = record.temperature[0], record.heating[0]
    axes.plot(temperature, color=TRUTH, linewidth=1.3, label="temperature")
    for threshold in (ON_BELOW, OFF_ABOVE):
        axes.axhline(threshold, color=NAIVE, linestyle="--")
    steps, edges = np.arange(len(heating)), axes.get_ylim()
    on = {"color": COLOURS[1], "alpha": 0.2, "linewidth": 0, "label": "heating on"}
    axes.fill_between(steps, *edges, where=heating == 1, **on)
    axes.set_ylim(edges)
    legend_outside(axes)
    switches = np.count_nonzero(np.diff(heating))
    return as_image(
        figure,
        f"{title}. Temperature over {len(heating)} steps between {temperature.min():.1f} and "
        f"{temperature.max():.1f} °C; dashed thresholds at {ON_BELOW:g} and {OFF_ABOVE:g} °C; the "
        f"heating is on in {heating.mean():.0%} of the steps, switched at {switches}.",
    )
