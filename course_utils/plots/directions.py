"""Figures of lesson 07: two reading directions, and which inputs an output depends on."""

from collections.abc import Mapping

from course_utils.plots.style import COLOURS, arrow, as_image, box

import numpy as np
from IPython.display import Image
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike


def two_directions(steps: int = 5) -> Image:
    """Draw a bidirectional layer: one row of cells reads forward, one backward, outputs joined.

    Args:
        steps: time steps to draw.

    Returns:
        a picture with alternative text.
    """
    title = "Two readers, one sequence: every output joins what both have read so far"
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=12)
    axes.set_xlim(-2.4, 2 * steps - 1.2)
    axes.set_ylim(-0.5, 4.3)
    axes.set_axis_off()
    axes.set_aspect("equal")
    left, right, forward, backward = -0.4, 0.4, COLOURS[0], COLOURS[1]
    axes.text(-1, 1.2, "reads forward", color=forward, ha="right", va="center", fontsize=11)
    axes.text(-1, 2.6, "reads backward", color=backward, ha="right", va="center", fontsize=11)
    for t in range(steps):
        x = 2 * t
        axes.text(x, -0.25, f"$x_{{{t + 1}}}$", ha="center", va="center", fontsize=12)
        axes.text(x, 4.05, f"$y_{{{t + 1}}}$", ha="center", va="center", fontsize=12)
        box(axes, x + left, 1.2, forward)
        box(axes, x + right, 2.6, backward)
        arrow(axes, (x - 0.1, 0), (x + left, 0.86), forward)
        arrow(axes, (x + left, 1.54), (x - 0.1, 3.8), forward)
        arrow(axes, (x + 0.1, 0), (x + right, 2.26), backward)
        arrow(axes, (x + right, 2.94), (x + 0.1, 3.8), backward)
        if t:
            arrow(axes, (x + left - 1.66, 1.2), (x + left - 0.34, 1.2), forward)
            arrow(axes, (x + right - 0.34, 2.6), (x + right - 1.66, 2.6), backward)
    return as_image(
        figure,
        f"{title}. Inputs x1 to x{steps} at the bottom feed two rows of cells. The lower row hands "
        "its state from left to right, the upper row from right to left. Each output y at the top "
        "joins the two cells of its step.",
    )


def influence(by_name: Mapping[str, ArrayLike], title: str) -> Image:
    """Draw how far each output moves when one input is changed, one panel a layer.

    Args:
        by_name: a layer's name and its movements, shape (output steps, input steps), at least 0.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    tables = {name: np.asarray(table, dtype=float) for name, table in by_name.items()}
    seen = np.concatenate([table[table > 0] for table in tables.values()])
    scale = LogNorm(seen.min(), seen.max())
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    panels = figure.subplots(1, len(tables), sharey=True, squeeze=False)[0]
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    words = []
    for axes, (name, table) in zip(panels, tables.items(), strict=True):
        shown = np.ma.masked_equal(table, 0)
        rows, columns = table.shape
        extent = (0.5, columns + 0.5, rows + 0.5, 0.5)
        picture = axes.imshow(shown, cmap="cividis_r", norm=scale, extent=extent)
        axes.set_title(name, loc="left", fontsize=10)
        axes.set_xlabel("input changed at step")
        axes.set_xticks(range(1, columns + 1))
        axes.set_yticks(range(1, rows + 1))
        later = table[np.triu_indices(rows, 1, columns)]
        words.append(f"{name} {(later > 0).sum()} of {later.size}")
    panels[0].set_ylabel("output at step")
    figure.colorbar(picture, ax=list(panels), label="moves by (log scale)")
    return as_image(
        figure,
        f"{title}. Heat maps, white where nothing moves. Outputs that move with a later input: "
        f"{'; '.join(words)}.",
    )
