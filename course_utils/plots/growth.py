"""Figures of costs that grow with the length of a sequence: lesson 12."""

from course_utils.plots.names import colours_of, in_words
from course_utils.plots.style import as_image, legend_outside, new_axes

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.ticker import FuncFormatter, NullLocator


def growth(table: pd.DataFrame, title: str, x: str, y: str) -> Image:
    """Draw the columns of a table on two log axes, where a power is a line, with their slopes.

    Args:
        table: positive numbers; the index, ascending, is the x axis; a missing one is left out.
        title: what the picture shows.
        x: what the x axis is, with its unit.
        y: what the y axis is, with its unit.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, x, y)
    colours, ends = colours_of(table.columns), {}
    for name, column in table.items():
        known = column.dropna()
        slope = np.polyfit(np.log(known.index), np.log(known), 1)[0]
        label = f"{name}, slope {slope:z.1f}"
        axes.loglog(known, "o-", color=colours[name], linewidth=1.8, markersize=5, label=label)
        ends[label] = known.iloc[[0, -1]]
    axes.set_xticks(table.index)
    axes.xaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,g}"))
    legend_outside(axes)
    return as_image(
        figure,
        f"{title}. Lines on log axes over {x}, {table.index[0]:,} to {table.index[-1]:,}; first "
        f"and last {y}: {in_words(ends, ',.3g')}.",
    )
