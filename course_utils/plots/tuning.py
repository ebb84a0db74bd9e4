"""Figures of settings tried, of searches among them, and of training curves: lesson 06."""

from course_utils.plots.names import COLOURS, NAIVE, TRUTH, in_words
from course_utils.plots.style import as_image, legend_outside, new_axes

import pandas as pd
from IPython.display import Image

HIGHEST = 115.0
"""per cent of the naive error; higher ones are written instead of drawn"""


def sweep(table: pd.DataFrame, setting: str, title: str) -> Image:
    """Draw the error against one setting, each run a dot, in training and in validation.

    Args:
        table: columns `value`, `train` and `validation`, shares of naive; one row per run.
        setting: what the setting is called.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, setting, "RMSE, naive = 100 %")
    axes.axhline(100, color=NAIVE, linewidth=2, label="naive")
    places = table["value"].rank(method="dense") - 1
    medians = 100 * table.groupby("value")[["train", "validation"]].median()
    for name, colour in (("train", COLOURS[1]), ("validation", COLOURS[0])):
        axes.plot(places, (100 * table[name]).clip(upper=HIGHEST), ".", color=colour, alpha=0.5)
        drawn = medians[name].clip(upper=HIGHEST).to_numpy()
        axes.plot(drawn, "o-", color=colour, label=name)
    for place, median in enumerate(medians["validation"]):
        if median > HIGHEST:
            axes.text(place, HIGHEST, f"{median:.0f} % ", ha="right", va="top")
    labels = [f"{value:g}" for value in medians.index]
    axes.set_xticks(range(len(labels)), labels)
    axes.legend(frameon=False, ncols=3)
    words = in_words(medians, ".1f")
    return as_image(
        figure, f"{title}. Median RMSE in per cent of naive at {', '.join(labels)}: {words}."
    )


def reach(table: pd.DataFrame, title: str) -> Image:
    """Draw how far each setting moves the error: a line from its best to its worst value.

    Args:
        table: index the setting; columns `best` and `worst`, errors as shares of naive.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "RMSE, naive = 100 %", "", height=0.5 * len(table) + 1.4)
    axes.axvline(100, color=NAIVE, linewidth=2, label="naive")
    shares = 100 * table[["best", "worst"]]
    for place, (best, worst) in enumerate(shares.to_numpy()[::-1]):
        axes.plot([best, min(worst, HIGHEST)], [place, place], color=COLOURS[1], linewidth=4)
        axes.plot(best, place, "o", color=COLOURS[0], markersize=9)
        if worst > HIGHEST:
            axes.text(HIGHEST, place + 0.18, f"to {worst:.0f} %", ha="right")
    axes.set_yticks(range(len(table)), table.index[::-1])
    axes.set_ylim(-0.6, len(table) - 0.3)
    legend_outside(axes)
    words = "; ".join(
        f"{name} {best:.1f} to {worst:.1f}" for name, best, worst in shares.itertuples()
    )
    return as_image(figure, f"{title}. Median RMSE in per cent of naive, best to worst: {words}.")


def search(trials: pd.DataFrame, title: str) -> Image:
    """Draw the trials of a search in order, those that were stopped early as crosses.

    Args:
        trials: columns `error`, as a share of naive, and `pruned`, in order.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "trial", "validation RMSE, naive = 100 %")
    measured, pruned = 100 * trials["error"], trials["pruned"]
    errors = measured.clip(upper=HIGHEST)
    axes.axhline(100, color=NAIVE, linewidth=2, label="naive")
    best = errors.where(~pruned).cummin().ffill()
    axes.plot(best, drawstyle="steps-post", color=TRUTH, linewidth=1.2, label="best so far")
    axes.plot(errors[~pruned], "o", color=COLOURS[0], label="finished")
    axes.plot(errors[pruned], "x", color=COLOURS[1], label="stopped early")
    axes.legend(frameon=False, ncols=4)
    return as_image(
        figure,
        f"{title}. {len(trials)} trials, {pruned.sum()} of them stopped early; the best has "
        f"{measured[~pruned].min():.1f} % of the naive error.",
    )


def importance(shares: pd.Series, title: str) -> Image:
    """Draw how much each setting accounts for of the differences among trials.

    Args:
        shares: indexed by setting, adding up to 1.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    shares = shares.sort_values()
    figure, axes = new_axes(title, "share of the differences", "", height=0.4 * len(shares) + 1.3)
    bars = axes.barh(shares.index, shares, color=COLOURS[0], alpha=0.75, height=0.6)
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], padding=4)
    axes.set_xlim(0, 1.12 * shares.max())
    words = ", ".join(f"{name} {share:.0%}" for name, share in shares[::-1].items())
    return as_image(figure, f"{title}. Bars: {words}.")
