"""Heat maps: gates day by day, what an output depends on, and where a decoder looks."""

from collections.abc import Mapping, Sequence

from course_utils.checks import check_days
from course_utils.plots.names import COLOURS, TRUTH
from course_utils.plots.style import as_image, new_axes, new_panels, open_frame

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike, NDArray


def gate_heat_map(price: pd.Series, gates: Mapping[str, NDArray], title: str, marked: int) -> Image:
    """Draw how far each gate of each unit is from its own mean, day by day, below the price.

    Args:
        price: indexed by day, in USD.
        gates: a gate's name and its values on the same days, shape (days, units), all 0..1.
        title: what the picture shows.
        marked: the unit to frame.

    Returns:
        a picture with alternative text.
    """
    check_days(price, kind=pd.Series)
    figure = Figure(figsize=(9, 6.2), layout="constrained")
    heights = [1.2] + [1] * len(gates)
    top, *rest = figure.subplots(1 + len(gates), sharex=True, height_ratios=heights)
    top.set_title(title, loc="left", fontsize=12)
    top.plot(range(len(price)), price, color=TRUTH, linewidth=1.2)
    top.set_ylabel("USD")
    open_frame(top)
    words, swings = [], {name: gate - gate.mean(axis=0) for name, gate in gates.items()}
    widest = max(abs(swing).max() for swing in swings.values())
    for axes, (name, values) in zip(rest, gates.items(), strict=True):
        picture = _unit_map(axes, swings[name], 2, cmap="PuOr_r", vmin=-widest, vmax=widest)
        axes.set_ylabel(f"{name}\nunit")
        axes.axhspan(marked - 0.5, marked + 0.5, fill=False, edgecolor=COLOURS[1], linewidth=2)
        words.append(f"{name} {values.min():.2f} to {values.max():.2f}")
    days = price.index
    firsts = np.flatnonzero(days.month[1:] != days.month[:-1]) + 1
    rest[-1].set_xticks(firsts, [f"{days[place]:%d %b %Y}" for place in firsts])
    figure.colorbar(picture, ax=rest, label="gate minus its own mean")
    return as_image(
        figure,
        f"{title}. Heat maps of the gates, each minus its mean, over {len(price)} days from "
        f"{days[0]:%d %B %Y}: {'; '.join(words)}. Unit {marked} is framed.",
    )


def written(update: NDArray, marks: NDArray, title: str) -> Image:
    """Draw how much of each unit a GRU's update gate rewrites at each time step.

    Args:
        update: the update gate, shape (time_steps, units), 0 to 1.
        marks: the time steps that matter, shape (time_steps,), True or False.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "time step (framed: marked)", "unit")
    axes.grid(visible=False)
    picture = _unit_map(axes, 1 - update, every=5)
    for step in np.flatnonzero(marks):
        axes.axvspan(step - 0.5, step + 0.5, fill=False, edgecolor=COLOURS[1], linewidth=3)
    axes.set_xticks(range(len(update)))
    figure.colorbar(picture, label="rewritten, 1 − z")
    means = 1 - update.mean(axis=1)
    return as_image(
        figure,
        f"{title}. Heat map of 1 - z, units over {len(update)} time steps; on average "
        f"{means[marks].mean():.2f} at the marked steps {np.flatnonzero(marks).tolist()}, "
        f"{means[~marks].mean():.2f} at the others.",
    )


def _unit_map(axes: Axes, values: NDArray, every: int, **scale: object) -> AxesImage:
    """Draw values, shape (steps, units), as a heat map, 0..1 unless the scale says otherwise."""
    axes.set_yticks(range(0, values.shape[1], every))
    axes.spines[:].set_visible(False)
    style = {"cmap": "cividis", "vmin": 0, "vmax": 1} | scale
    return axes.imshow(values.T, aspect="auto", **style)


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


def attention_map(
    weights: ArrayLike, source: Sequence[str], target: Sequence[str], title: str
) -> Image:
    """Draw a heat map: how much of each source word goes into each target word.

    Args:
        weights: shape (target words, source words).
        source: the words that are read, one per column.
        target: the words that are written, one per row.
        title: what the picture shows.

    Returns:
        a picture with alternative text.

    Raises:
        ValueError: there are not as many rows as target words, or columns as source words.
    """
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (len(target), len(source)):
        raise ValueError(
            f"Weights of shape {weights.shape} do not fit {len(target)} target words and "
            f"{len(source)} source words: cut off what belongs to the padding."
        )
    figure = Figure(figsize=(9, 1.4 + 0.32 * len(target)), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_title(title, loc="left", fontsize=12)
    axes.set_xticks(range(len(source)), source, rotation=30, ha="right")
    axes.set_yticks(range(len(target)), target)
    axes.set_xlabel("word read")
    axes.set_ylabel("word written")
    figure.colorbar(picture, ax=axes, label="weight")
    strongest = [
        f"{word} at {source[row.argmax()]} ({row.max():.2f})"
        for word, row in zip(target, weights, strict=True)
    ]
    return as_image(figure, f"{title}. Each word and where it looks most: {'; '.join(strongest)}.")
