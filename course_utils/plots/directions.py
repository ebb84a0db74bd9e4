"""Figures of lesson 07: two reading directions, and which inputs an output depends on."""

from collections.abc import Mapping

from course_utils.plots.style import COLOURS, arrow, as_image, box, new_drawing, new_panels, write

import numpy as np
from IPython.display import Image
from matplotlib.colors import LogNorm
from numpy.typing import ArrayLike

STEPS = 5


def two_directions() -> Image:
    """Draw a bidirectional layer: one row of cells reads forward, one backward, outputs joined.

    Returns:
        a picture with alternative text.
    """
    title = "Two readers, one sequence: every output joins what both have read so far"
    figure, axes = new_drawing(title, (-2.4, 2 * STEPS - 1.2), (-0.5, 4.3), height=3.8)
    axes.set_aspect("equal")
    left, right, forward, backward = -0.4, 0.4, COLOURS[0], COLOURS[1]
    write(axes, -1, 1.2, "reads forward", color=forward, ha="right", fontsize=11)
    write(axes, -1, 2.6, "reads backward", color=backward, ha="right", fontsize=11)
    for t in range(STEPS):
        x = 2 * t
        write(axes, x, -0.25, f"$x_{t + 1}$", fontsize=12)
        write(axes, x, 4.05, f"$y_{t + 1}$", fontsize=12)
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
        f"{title}. Inputs x1 to x{STEPS} at the bottom feed two rows of cells. The lower row hands "
        "its state from left to right, the upper row from right to left. Each output y at the top "
        "joins the two cells of its step.",
    )


def influence(by_name: Mapping[str, ArrayLike], title: str) -> Image:
    """Draw how far each output moves when one input is changed, one panel per layer.

    Args:
        by_name: a layer's name and its movements, shape (output steps, input steps), at least 0.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    tables = {name: np.ma.masked_equal(table, 0).astype(float) for name, table in by_name.items()}
    seen = np.ma.concatenate([table.ravel() for table in tables.values()])
    scale = LogNorm(seen.min(), seen.max())
    figure, panels = new_panels(title, 3.4, 1, len(tables), sharey=True)
    words = []
    for axes, (name, table) in zip(panels, tables.items(), strict=True):
        rows, columns = table.shape
        extent = (0.5, columns + 0.5, rows + 0.5, 0.5)
        picture = axes.imshow(table, cmap="cividis_r", norm=scale, extent=extent)
        axes.spines[:].set_visible(True)
        axes.set_title(name, loc="left", fontsize=10)
        axes.set_xlabel("input changed at step")
        axes.set_xticks(range(1, columns + 1))
        axes.set_yticks(range(1, rows + 1))
        later = table[np.triu_indices(rows, 1, columns)]
        words.append(f"{name} {later.count()} of {later.size}")
    panels[0].set_ylabel("output at step")
    figure.colorbar(picture, ax=panels, label="moves by (log scale)")
    return as_image(
        figure,
        f"{title}. Heat maps, white where nothing moves. Outputs that move with a later input: "
        f"{'; '.join(words)}.",
    )
