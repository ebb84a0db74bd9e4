"""Figures of lessons 02 and 03: gradients, memory, and what gates do."""

from collections.abc import Mapping

from course_utils.plots.style import COLOURS, NAIVE, TRUTH, arrow, as_image, label_days, new_axes

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike


def gradients(by_kind: Mapping[str, Mapping[str, ArrayLike]], title: str) -> Image:
    """Draw how large the gradient is that arrives so many steps back, one panel a kind of cell.

    Args:
        by_kind: a panel's name, and in it a line's name and its gradient norms, the last step
            first, shape (time_steps,); zeros and what is smaller than 1e-30 is not drawn.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(1, len(by_kind), sharey=True, squeeze=False)[0]
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    ends = []
    for axes, (kind, lines) in zip(panels, by_kind.items(), strict=True):
        for colour, (name, norms) in zip(COLOURS, lines.items(), strict=False):
            norms = np.asarray(norms, dtype=float)
            axes.semilogy(np.where(norms > 1e-30, norms, np.nan), color=colour, label=name)
            ends.append(f"{kind}, {name}: {norms[-1]:.0e}")
        axes.axhline(1, color=NAIVE, linewidth=0.8)
        axes.set_title(kind, loc="left", fontsize=10)
        axes.set_xlabel("steps back in time")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("gradient norm (log scale)")
    panels[-1].legend(frameon=False, fontsize=9, loc="lower left")
    steps = len(norms) - 1
    return as_image(figure, f"{title}. Gradient norm {steps} steps back: {'; '.join(ends)}.")


def clipping(by_name: Mapping[str, list[ArrayLike]], baseline: float, title: str) -> Image:
    """Draw losses step by step, and mark where a run leaves the picture.

    Args:
        by_name: a way of training, and the losses of its runs, each of shape (steps,).
        baseline: the loss of always answering the mean.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "gradient step", "mean squared error (log scale)")
    top = 1e3
    words = []
    for colour, (name, runs) in zip((COLOURS[1], COLOURS[0]), by_name.items(), strict=True):
        lost = 0
        for number, run in enumerate(runs):
            losses = np.asarray(run, dtype=float)
            steps = np.arange(1, len(losses) + 1)
            fine = np.isfinite(losses) & (losses < top)
            last = len(losses) if fine.all() else int(np.argmin(fine))
            label = name if number == 0 else None
            axes.plot(steps[:last], losses[:last], color=colour, linewidth=1.2, label=label)
            if last < len(losses):
                lost += 1
                axes.plot([last, last + 1], [losses[last - 1], top], color=colour, linewidth=1.2)
                axes.plot(last + 1, top, "X", color=colour, markersize=9, clip_on=False)
        words.append(f"{name}: {lost} of {len(runs)} runs leave the picture")
    axes.plot([], [], "X", color=COLOURS[1], linestyle="", label="loss above 1,000, or no number")
    axes.axhline(baseline, color=NAIVE, linewidth=2, label="always answering the mean")
    axes.set_yscale("log")
    axes.set_ylim(top=top)
    axes.legend(frameon=False, loc="upper right", bbox_to_anchor=(1, 0.97))
    return as_image(figure, f"{title}. {'; '.join(words)}.")


def memory(table: pd.DataFrame, title: str) -> Image:
    """Draw how often a network recalls a bit, over the distance to it, each run a dot.

    Args:
        table: columns `cell`, `distance` in time steps and `accuracy` (0..1), one row a run.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "distance in time steps", "recalled, %")
    axes.axhline(50, color=NAIVE, linewidth=2, label="guessing")
    names, words = list(table["cell"].unique()), []
    distances = sorted(table["distance"].unique())
    for place, (colour, name) in enumerate(zip(COLOURS, names, strict=False)):
        runs = table[table["cell"] == name]
        shift = 1 + 0.035 * (place - (len(names) - 1) / 2)  # so that no dot hides another
        axes.plot(
            runs["distance"] * shift, 100 * runs["accuracy"], "o", color=colour, ms=4, alpha=0.5
        )
        means = 100 * runs.groupby("distance")["accuracy"].mean()
        axes.plot(means.index * shift, means, color=colour, linewidth=2, label=name)
        words.append(f"{name} " + ", ".join(f"{mean:.0f} % at {d}" for d, mean in means.items()))
    axes.set_xscale("log")
    axes.set_xticks(distances, [str(distance) for distance in distances])
    axes.minorticks_off()
    axes.set_ylim(40, 104)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(0, 0.45))
    return as_image(figure, f"{title}. Mean share recalled: {'; '.join(words)}.")


def gate_heat_map(
    price: pd.Series, gates: Mapping[str, ArrayLike], title: str, marked: int | None = None
) -> Image:
    """Draw what each gate of each unit lets through, day by day, below the price.

    Args:
        price: indexed by day, in USD.
        gates: a gate's name and its values on the same days, shape (days, units), all 0..1.
        title: what the picture shows.
        marked: a unit to be framed.

    Returns:
        a picture with alternative text.
    """
    figure = Figure(figsize=(9, 6.2), layout="constrained")
    heights = (1.2, *[1] * len(gates))
    top, *rest = figure.subplots(1 + len(gates), sharex=True, height_ratios=heights)
    top.set_title(title, loc="left", fontsize=12)
    top.plot(range(len(price)), price, color=TRUTH, linewidth=1.2)
    top.set_ylabel("USD")
    top.spines[["top", "right"]].set_visible(False)
    words = []
    for axes, (name, values) in zip(rest, gates.items(), strict=True):
        values = np.asarray(values)
        picture = axes.imshow(values.T, aspect="auto", cmap="cividis", vmin=0, vmax=1)
        axes.set_ylabel(f"{name}\nunit")
        axes.set_yticks(range(0, values.shape[1], 2))
        axes.spines[:].set_visible(False)
        if marked is not None:
            axes.axhspan(marked - 0.5, marked + 0.5, fill=False, edgecolor=COLOURS[1], linewidth=2)
        words.append(f"{name} {values.min():.2f} to {values.max():.2f}")
    days = price.index
    firsts = np.flatnonzero(days.month[1:] != days.month[:-1]) + 1
    rest[-1].set_xticks(firsts, [f"{days[place]:%d %b %Y}" for place in firsts])
    figure.colorbar(picture, ax=rest, label="0 shut, 1 open")
    frame = "" if marked is None else f" Unit {marked} is framed."
    return as_image(
        figure,
        f"{title}. Heat maps of the gates over {len(price)} days from {days[0]:%d %B %Y}: "
        f"{'; '.join(words)}.{frame}",
    )


def kept(by_name: Mapping[str, pd.Series], title: str) -> Image:
    """Draw two quantities of different units over the same days, each standardised.

    Args:
        by_name: name and values, indexed by day.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "", "standardised")
    for colour, (name, values) in zip((COLOURS[0], TRUTH), by_name.items(), strict=True):
        axes.plot((values - values.mean()) / values.std(), color=colour, linewidth=1.3, label=name)
    axes.legend(frameon=False, ncols=2, loc="upper right", bbox_to_anchor=(1, 1.02))
    axes.margins(y=0.15)
    label_days(axes)
    return as_image(figure, f"{title}. Lines of {' and '.join(by_name)}, each standardised.")


def gated_cells() -> Image:
    """Draw one step of an LSTM beside one step of a GRU.

    Returns:
        a picture with alternative text.
    """
    figure = Figure(figsize=(9, 3.7), layout="constrained")
    lstm, gru = figure.subplots(1, 2)
    lstm.set_title("LSTM: two states, four weighted parts", loc="left", fontsize=12)
    gru.set_title("GRU: one state, three weighted parts", loc="left", fontsize=12)
    for axes in (lstm, gru):
        axes.set_xlim(-0.4, 11.4)
        axes.set_ylim(0.4, 5.6)
        axes.set_axis_off()

    _line_through(lstm, 5, "$c_{t-1}$", "$c_t$", {2: "×", 4.7: "+"})
    _weighted_parts(lstm, {2: "$f_t$", 3.9: "$i_t$", 5.5: r"$\tilde{c}_t$", 7.3: "$o_t$"})
    arrow(lstm, (2, 2.65), (2, 4.8))
    _circle(lstm, 4.7, 3.7, "×")
    arrow(lstm, (4, 2.65), (4.5, 3.45))
    arrow(lstm, (5.4, 2.65), (4.9, 3.45))
    arrow(lstm, (4.7, 4), (4.7, 4.8))
    _plain_box(lstm, 8.9, 3.7, "tanh")
    arrow(lstm, (8.9, 5), (8.9, 4.05))
    _circle(lstm, 8.9, 2.2, "×")
    arrow(lstm, (8.9, 3.35), (8.9, 2.5))
    arrow(lstm, (7.85, 2.2), (8.6, 2.2))
    arrow(lstm, (9.2, 2.2), (10.5, 2.2))
    lstm.text(10.9, 2.2, "$h_t$", ha="center", va="center", fontsize=12)

    _line_through(gru, 5, "$h_{t-1}$", "$h_t$", {2.6: "×", 7.4: "+"})
    _weighted_parts(gru, {2.6: "$z_t$", 5: "$r_t$", 7.4: r"$\tilde{h}_t$"})
    arrow(gru, (2.6, 2.65), (2.6, 4.8))
    _plain_box(gru, 5, 3.7, r"$1 - z_t$")
    arrow(gru, (3.1, 2.6), (4.1, 3.45))
    _circle(gru, 7.4, 3.7, "×")
    arrow(gru, (5.95, 3.7), (7.1, 3.7))
    arrow(gru, (7.4, 2.65), (7.4, 3.4))
    arrow(gru, (7.4, 4), (7.4, 4.8))
    arrow(gru, (5.55, 2.2), (6.85, 2.2))
    return as_image(
        figure,
        "Two diagrams. LSTM: the cell state c runs along the top, multiplied by the forget gate "
        "f, then the product of input gate i and candidate is added; a copy goes through tanh "
        "and the output gate o to become h. GRU: the one state h runs along the top, multiplied "
        "by the update gate z, then the candidate times 1 - z is added; the reset gate r acts on "
        "the candidate. Parts with weights: four in the LSTM, three in the GRU.",
    )


def _line_through(axes: Axes, y: float, start: str, end: str, places: Mapping[float, str]) -> None:
    """Draw a state's way from left to right, with what happens to it in circles."""
    for left, right in zip([0.6, *places], [*places, 10.6], strict=True):
        arrow(axes, (left + 0.25, y), (right - 0.2, y))
    for x, sign in places.items():
        _circle(axes, x, y, sign)
    axes.text(0.1, y, start, ha="center", va="center", fontsize=12)
    axes.text(10.9, y, end, ha="center", va="center", fontsize=12)


def _weighted_parts(axes: Axes, parts: Mapping[float, str]) -> None:
    """Draw the boxes with weights, gates orange and the candidate blue, and what feeds them."""
    axes.text(0.4, 0.8, "$h_{t-1}, x_t$", ha="center", va="center", fontsize=12)
    axes.plot([1.3, max(parts)], [0.8, 0.8], color=TRUTH, linewidth=1)
    for x, name in parts.items():
        arrow(axes, (x, 0.8), (x, 1.75))
        colour = COLOURS[0] if "tilde" in name else COLOURS[4]
        style = {"boxstyle": "round,pad=0.4", "facecolor": colour, "alpha": 0.35}
        axes.text(x, 2.2, name, ha="center", va="center", fontsize=13, bbox=style)


def _plain_box(axes: Axes, x: float, y: float, text: str) -> None:
    """Draw a box that holds no weights."""
    style = {"boxstyle": "round,pad=0.35", "facecolor": "white"}
    axes.text(x, y, text, ha="center", va="center", fontsize=10, bbox=style)


def _circle(axes: Axes, x: float, y: float, sign: str) -> None:
    """Draw a multiplication or an addition, element by element."""
    style = {"boxstyle": "circle,pad=0.12", "facecolor": "white"}
    axes.text(x, y, sign, ha="center", va="center", fontsize=11, bbox=style)


def ratios(table: pd.DataFrame, title: str) -> Image:
    """Draw what a GRU has or takes as a share of an LSTM of as many units.

    Args:
        table: index the units; each column a ratio, GRU over LSTM.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "units", "GRU / LSTM")
    axes.axhline(1, color=TRUTH, linewidth=0.8)
    for colour, name in zip(COLOURS, table, strict=False):
        axes.plot(table[name], "o-", color=colour, label=name)
    axes.set_xscale("log", base=2)
    axes.set_xticks(table.index, [str(units) for units in table.index])
    axes.set_ylim(0, max(1.1, 1.1 * table.max().max()))
    axes.legend(frameon=False, loc="lower left", ncols=table.shape[1])
    values = "; ".join(
        f"{name} {', '.join(f'{ratio:.2f}' for ratio in table[name])}" for name in table
    )
    units = ", ".join(map(str, table.index))
    return as_image(figure, f"{title}. GRU over LSTM for {units} units: {values}.")


def learning_curves(table: pd.DataFrame, naive: float, title: str) -> Image:
    """Draw the error of several trainings, epoch by epoch, with naive as a line.

    Args:
        table: index the epoch; a column a training, those of one cell under the same name; RMSE.
        naive: the naive forecast's RMSE.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "epoch", "RMSE in training")
    axes.axhline(naive, color=NAIVE, linewidth=2, label=f"naive {naive:.2f}")
    names = list(dict.fromkeys(table.columns))
    for colour, name in zip(COLOURS, names, strict=False):
        lines = axes.plot(table[[name]], ".-", color=colour)
        lines[0].set_label(name)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    ends = "; ".join(
        f"{name} {', '.join(f'{end:.2f}' for end in table[[name]].iloc[-1])}" for name in names
    )
    return as_image(figure, f"{title}. RMSE after the last epoch: {ends}; naive {naive:.2f}.")


def written(update: ArrayLike, marks: ArrayLike, title: str) -> Image:
    """Draw how much of each unit a GRU's update gate rewrites at each time step.

    Args:
        update: the update gate, shape (time_steps, units), 0 to 1.
        marks: the time steps that matter, shape (time_steps,), True or False.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    update, marks = np.asarray(update), np.asarray(marks, dtype=bool)
    figure, axes = new_axes(title, "time step (framed: marked)", "unit")
    axes.grid(visible=False)
    picture = axes.imshow(1 - update.T, aspect="auto", cmap="cividis", vmin=0, vmax=1)
    for step in np.flatnonzero(marks):
        axes.axvspan(step - 0.5, step + 0.5, fill=False, edgecolor=COLOURS[1], linewidth=3)
    axes.set_xticks(range(len(update)))
    axes.set_yticks(range(0, update.shape[1], 5))
    axes.spines[:].set_visible(False)
    figure.colorbar(picture, label="rewritten, 1 − z")
    means = 1 - update.mean(axis=1)
    return as_image(
        figure,
        f"{title}. Heat map of 1 - z, units over {len(update)} time steps; on average "
        f"{means[marks].mean():.2f} at the marked steps {np.flatnonzero(marks).tolist()}, "
        f"{means[~marks].mean():.2f} at the others.",
    )
