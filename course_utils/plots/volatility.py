"""Figures of forecasts of a width: lesson 10."""

from collections.abc import Mapping

from course_utils.checks import check_days
from course_utils.evaluation import bands
from course_utils.plots.generation import BANDS
from course_utils.plots.names import COLOURS, NAIVE, TRUTH, in_words
from course_utils.plots.style import as_image, brief_days, new_panels

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray


def breathing(truth: pd.Series, by_name: Mapping[str, NDArray], title: str) -> Image:
    """Draw the bands that were forecast for each day, one panel per model, and what came true.

    Args:
        truth: returns as shares, indexed by day.
        by_name: name and equally likely values for each day, shape (days, samples).
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    check_days(truth, kind=pd.Series)
    figure, panels = new_panels(title, 2.3 * len(by_name) + 0.4, len(by_name), 1, sharex=True)
    words = []
    for axes, (name, samples) in zip(panels, by_name.items(), strict=True):
        for level, alpha in BANDS.items():
            low, high = bands(samples, level)
            axes.fill_between(truth.index, low, high, color=COLOURS[0], alpha=alpha, linewidth=0)
            if level == max(BANDS):
                outside = (truth < low) | (truth > high)
                widths = f"{np.min(high - low):.1%} to {np.max(high - low):.1%}"
        axes.plot(truth[~outside], ".", color=TRUTH, markersize=3)
        axes.plot(truth[outside], "o", color=COLOURS[1], markersize=4)
        axes.set_title(f"{name}: {outside.mean():.1%} of the days outside", loc="left", fontsize=10)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        words.append(f"{name}, width {widths}, {outside.mean():.1%} outside")
    brief_days(axes)
    most = f"{max(BANDS):.0%} bands of returns by day"
    return as_image(figure, f"{title}. A panel for each model, with {most}: {'; '.join(words)}.")


def pit_histograms(by_name: Mapping[str, NDArray], title: str) -> Image:
    """Draw how often the truth fell into each tenth of its forecast distribution.

    Args:
        by_name: name and what `pit` returns, shape (days,).
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, panels = new_panels(title, 2.9, 1, len(by_name), sharey=True)
    words = {}
    for axes, (name, shares) in zip(panels, by_name.items(), strict=True):
        counts, edges = np.histogram(shares, bins=10, range=(0, 1))
        words[name] = counts / len(shares)
        axes.bar(edges[:-1], words[name], 0.1, align="edge", color=COLOURS[0], edgecolor="white")
        axes.axhline(0.1, color=NAIVE, linewidth=2)
        axes.set_title(name, loc="left", fontsize=10)
        axes.set_xlabel("place in the forecast")
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    panels[0].set_ylabel("share of days")
    return as_image(figure, f"{title}. Share of days in each tenth: {in_words(words, '.0%')}.")
