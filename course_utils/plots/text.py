"""Figures of lesson 09: bits per character, surprise by character, temperatures, and words."""

from collections.abc import Mapping, Sequence

from course_utils.plots.style import COLOURS, NAIVE, TRUTH, arrow, as_image, box, new_axes

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike


def writing_loop(read: str = "The ", written: str = "cat") -> Image:
    """Draw how a character model writes: each drawn character is the next input.

    Args:
        read: the prompt's characters.
        written: the characters that are drawn after it.

    Returns:
        a picture with alternative text.
    """
    title = "Guess the next character, draw one, feed it back: that is writing"
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=12)
    steps = len(read) + len(written) - 1
    axes.set_xlim(-1.6, steps - 0.3)
    axes.set_ylim(-0.4, 3.5)
    axes.set_axis_off()
    for y, name in ((0, "input"), (1, "GRU"), (2, "guesses"), (3, "drawn")):
        axes.text(-0.75, y, name, ha="right", va="center", fontsize=11)
    rng = np.random.default_rng(2)
    inputs, last = (read + written[:-1]).replace(" ", "␣"), len(read) - 1
    for t, character in enumerate(inputs):
        colour = COLOURS[0] if t <= last else COLOURS[1]
        axes.text(t, 0, character, ha="center", va="center", fontsize=14, color=colour)
        box(axes, t, 1, COLOURS[2])
        arrow(axes, (t, 0.2), (t, 0.66))
        arrow(axes, (t, 1.34), (t, 1.7))
        heights = 0.5 * rng.dirichlet(np.ones(5))
        axes.bar(t + np.linspace(-0.2, 0.2, 5), heights, 0.08, bottom=1.75, color=NAIVE)
        if t:
            arrow(axes, (t - 0.66, 1), (t - 0.34, 1), COLOURS[2])
        if t >= last:
            drawn = written[t - last]
            axes.text(t, 3, drawn, ha="center", va="center", fontsize=14, color=COLOURS[1])
            arrow(axes, (t, 2.35), (t, 2.8))
            if t < steps - 1:
                arrow(axes, (t + 0.12, 2.85), (t + 0.92, 0.18), COLOURS[1])
    return as_image(
        figure,
        f"{title}. A row of GRU cells reads the prompt {read!r} character by character and hands "
        f"its state on. Above each cell are its guesses. After the prompt, characters are drawn, "
        f"here {', '.join(written)}, and each is the input of the next step.",
    )


def bits_by_epoch(
    runs: Mapping[str, ArrayLike], baselines: Mapping[str, float], title: str
) -> Image:
    """Draw bits per character after each epoch, a line a run, and baselines as level lines.

    Args:
        runs: a run's name and its bits per character, shape (epochs,); runs of the same name up to
            a comma, such as "GRU, seed 1", share a colour.
        baselines: a model's name and its bits per character.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "epoch", "bits per character, held out")
    kinds = list(dict.fromkeys(name.split(",")[0] for name in runs))
    longest = max(len(np.ravel(bits)) for bits in runs.values())
    drawn = set()
    for name, bits in runs.items():
        kind, values = name.split(",")[0], np.ravel(bits)
        colour = COLOURS[kinds.index(kind) % len(COLOURS)]
        label = kind if kind not in drawn else None
        drawn.add(kind)
        axes.plot(range(1, len(values) + 1), values, marker=".", color=colour, label=label)
    for name, level in baselines.items():
        axes.axhline(level, color=NAIVE, linestyle="--", linewidth=1.2)
        axes.text(longest, level, f"{name} {level:.2f}", color=NAIVE, ha="right", va="bottom")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    ends = [f"{name} ends at {np.ravel(bits)[-1]:.2f}" for name, bits in runs.items()]
    levels = [f"{name} {level:.2f}" for name, level in baselines.items()]
    return as_image(figure, f"{title}. Bits per character: {'; '.join([*ends, *levels])}.")


def surprise(text: str, bits: Mapping[str, ArrayLike], title: str) -> Image:
    """Draw how many bits each character of a line cost, one panel a model.

    Args:
        text: the characters, one a bar; a space is shown as an open box.
        bits: a model's name and the bits of each character, shape (characters,).
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure = Figure(figsize=(9, 1.2 + 1.3 * len(bits)), layout="constrained")
    panels = figure.subplots(len(bits), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    words = []
    letters = [False, *(character.isalpha() for character in text)]
    begins = [at for at in range(len(text)) if letters[at + 1] and not letters[at]]
    for axes, (name, values) in zip(panels, bits.items(), strict=True):
        values = np.ravel(values)
        colours = [COLOURS[1] if at in begins else COLOURS[0] for at in range(len(text))]
        axes.bar(range(len(text)), values, color=colours, width=0.8)
        axes.set_title(f"{name}: {values.mean():.2f} bits on average", loc="left", fontsize=10)
        axes.set_ylabel("bits")
        axes.tick_params(axis="x", length=0)
        axes.spines[["top", "right"]].set_visible(False)
        words.append(
            f"{name}: {values.mean():.2f} bits on average, "
            f"{values[begins].mean():.2f} at the beginnings of words"
        )
    shown = ["␣" if character.isspace() else character for character in text]
    panels[-1].set_xticks(range(len(text)), shown, family="monospace")
    panels[-1].set_xlim(-0.8, len(text) - 0.2)
    return as_image(figure, f"{title}. The line is: {text.strip()}. {'; '.join(words)}.")


def temperatures(
    probabilities: Mapping[str, ArrayLike], characters: Sequence[str], title: str
) -> Image:
    """Draw the probabilities of the next character, one panel a setting.

    Args:
        probabilities: a setting's name and the probabilities, shape (characters,).
        characters: what each of them stands for.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    panels = figure.subplots(1, len(probabilities), sharey=True, squeeze=False)[0]
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    shown = [{" ": "␣", "\n": "⏎"}.get(character, character) for character in characters]
    words = []
    for place, (axes, (name, values)) in enumerate(zip(panels, probabilities.items(), strict=True)):
        values = np.ravel(values)
        axes.bar(range(len(values)), values, color=COLOURS[0])
        axes.set_xticks(range(len(values)), shown, family="monospace", fontsize=8)
        axes.tick_params(axis="x", length=0)
        axes.set_title(name, loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_ylabel("" if place else "probability")
        words.append(f"{name}: the likeliest of those shown has {values.max():.0%}")
    return as_image(figure, f"{title}. {'; '.join(words)}.")


def shares_known(table: pd.DataFrame, title: str) -> Image:
    """Draw which share of words and phrases is known, a group of bars a length.

    Args:
        table: a row a writer, a column a kind of run ("words", "pairs" ...), shares from 0 to 1;
            the last row is the real text and drawn in black.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "", "share known from the training text")
    width = 0.8 / len(table)
    colours = [*(COLOURS[place % len(COLOURS)] for place in range(len(table) - 1)), TRUTH]
    for place, (name, row) in enumerate(table.iterrows()):
        x = np.arange(len(row)) + (place - (len(table) - 1) / 2) * width
        axes.bar(x, row, width * 0.9, color=colours[place], label=name)
        for at, value in zip(x, row, strict=True):
            axes.text(at, value, f"{value:.0%}", ha="center", va="bottom", fontsize=8)
    axes.set_xticks(range(table.shape[1]), table.columns)
    axes.set_ylim(0, 1.08)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.legend(frameon=False)
    words = [
        f"{name}: " + ", ".join(f"{kind} {value:.0%}" for kind, value in row.items())
        for name, row in table.iterrows()
    ]
    return as_image(figure, f"{title}. {'; '.join(words)}.")
