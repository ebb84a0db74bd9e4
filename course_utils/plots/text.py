"""Figures of lesson 09: bits per character, surprise by character, temperatures, and words."""

from collections.abc import Mapping, Sequence
from itertools import cycle, pairwise

from course_utils.plots.drawing import arrow, box, new_drawing, write
from course_utils.plots.names import COLOURS, NAIVE, TRUTH, colours_of
from course_utils.plots.style import as_image, new_axes, new_panels

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

PROMPT, DRAWN = "The ", "cat"


def writing_loop() -> Image:
    """Draw how a character model writes: each drawn character is the next input.

    Returns:
        a picture with alternative text.
    """
    title = "Guess the next character, draw one, feed it back: that is writing"
    steps, last = len(PROMPT) + len(DRAWN) - 1, len(PROMPT) - 1
    figure, axes = new_drawing(title, (-1.6, steps - 0.3), (-0.4, 3.5), height=3.6)
    for y, name in enumerate(["input", "GRU", "guesses", "drawn"]):
        write(axes, -0.75, y, name, ha="right", fontsize=11)
    guesses = np.random.default_rng(2).dirichlet(np.ones(5), size=steps)
    for t, character in enumerate((PROMPT + DRAWN[:-1]).replace(" ", "␣")):
        colour = COLOURS[0] if t <= last else COLOURS[1]
        write(axes, t, 0, character, fontsize=14, color=colour)
        box(axes, t, 1, COLOURS[2])
        arrow(axes, (t, 0.2), (t, 0.66))
        arrow(axes, (t, 1.34), (t, 1.7))
        places = t + np.linspace(-0.2, 0.2, 5)
        axes.bar(places, 0.5 * guesses[t], 0.08, bottom=1.75, color=NAIVE)
        if t:
            arrow(axes, (t - 0.66, 1), (t - 0.34, 1), COLOURS[2])
        if t >= last:
            write(axes, t, 3, DRAWN[t - last], fontsize=14, color=COLOURS[1])
            arrow(axes, (t, 2.35), (t, 2.8))
        if last <= t < steps - 1:
            arrow(axes, (t + 0.12, 2.85), (t + 0.92, 0.18), COLOURS[1])
    return as_image(
        figure,
        f"{title}. A row of GRU cells reads the prompt {PROMPT!r} character by character and hands "
        f"its state on. Above each cell are its guesses. After the prompt, characters are drawn, "
        f"here {', '.join(DRAWN)}, and each is the input of the next step.",
    )


def bits_by_epoch(
    runs: Mapping[str, Sequence[float]], baselines: Mapping[str, float], title: str
) -> Image:
    """Draw bits per character after each epoch, one line per run, and baselines as level lines.

    Args:
        runs: a run's name and its bits per character, shape (epochs,); runs of the same name up to
            a comma, such as "GRU, seed 1", share a colour.
        baselines: a model's name and its bits per character.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "epoch", "bits per character, held out")
    colours, lines = colours_of(dict.fromkeys(name.split(",")[0] for name in runs)), {}
    words = []
    for name, bits in runs.items():
        kind, epochs, values = name.split(",")[0], range(1, len(bits) + 1), np.asarray(bits)
        lines[kind] = axes.plot(epochs, values, marker=".", color=colours[kind])[0]
        words.append(f"{name} ends at {values[-1]:.2f}")
    longest = max(map(len, runs.values()))
    lowest = min(level for _, level in baselines.items())
    axes.margins(y=0.1)  # room for a name below the lowest line
    for name, level in baselines.items():
        axes.axhline(level, color=NAIVE, linestyle="--", linewidth=1.2)
        side = "top" if level == lowest else "bottom"
        axes.text(longest, level, f"{name} {level:.2f}", color=NAIVE, ha="right", va=side)
        words.append(f"{name} {level:.2f}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(lines.values(), lines, frameon=False)
    return as_image(figure, f"{title}. Bits per character: {'; '.join(words)}.")


def surprise(text: str, bits: Mapping[str, NDArray], title: str) -> Image:
    """Draw how many bits each character of a line cost, one panel per model.

    Args:
        text: the characters, one for each bar; a space is shown as an open box.
        bits: a model's name and the bits of each character, shape (characters,).
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    height, count = 1.2 + 1.3 * len(bits), len(text)
    figure, panels = new_panels(title, height, len(bits), 1, sharex=True, sharey=True)
    begins = [
        place
        for place, (before, character) in enumerate(pairwise(" " + text))
        if character.isalpha() and not before.isalpha()
    ]
    colours = [COLOURS[1] if place in begins else COLOURS[0] for place in range(count)]
    words = []
    for axes, (name, values) in zip(panels, bits.items(), strict=True):
        average = f"{name}: {np.mean(values):.2f} bits on average"
        axes.bar(range(count), values, color=colours, width=0.8)
        axes.set_title(average, loc="left", fontsize=10)
        axes.set_ylabel("bits")
        if begins:
            average += f", {np.take(values, begins).mean():.2f} at the beginnings of words"
        words.append(average)
        _characters_below(axes, text.replace("\n", " "))
    panels[-1].set_xlim(-0.8, count - 0.2)
    return as_image(figure, f"{title}. The line is: {text.strip()}. {'; '.join(words)}.")


def temperatures(
    probabilities: Mapping[str, ArrayLike], characters: Sequence[str], title: str
) -> Image:
    """Draw the probabilities of the next character, one panel per setting.

    Args:
        probabilities: a setting's name and the probabilities, shape (characters,).
        characters: what each of them belongs to.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, panels = new_panels(title, 3.2, 1, len(probabilities), sharey=True)
    words = []
    for axes, (name, values) in zip(panels, probabilities.items(), strict=True):
        axes.bar(range(len(characters)), values, color=COLOURS[0])
        axes.set_title(name, loc="left", fontsize=10)
        words.append(f"{name}: the likeliest of those shown has {np.max(values):.0%}")
        _characters_below(axes, characters, fontsize=8)
    panels[0].set_ylabel("probability")
    return as_image(figure, f"{title}. {'; '.join(words)}.")


def _characters_below(axes: Axes, characters: Sequence[str], **style: float) -> None:
    """Write a character below each bar, with a sign for a space and for a new line."""
    shown = [{" ": "␣", "\n": "⏎"}.get(character, character) for character in characters]
    axes.set_xticks(range(len(shown)), shown, family="monospace", **style)
    axes.tick_params(axis="x", length=0)


def shares_known(table: pd.DataFrame, title: str) -> Image:
    """Draw which share of words and phrases is known, one group of bars per length.

    Args:
        table: one row per writer, one column per kind of run ("words", "pairs" ...), shares from 0
            to 1; the last row is the real text and drawn in black.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "", "share known from the training text")
    width, words = 0.8 / len(table), []
    colours = colours_of(table.index) | {table.index[-1]: TRUTH}
    for place, (name, row) in enumerate(table.iterrows()):
        x = np.arange(len(row)) + (place - (len(table) - 1) / 2) * width
        bars = axes.bar(x, row, width * 0.9, color=colours[name], label=name)
        axes.bar_label(bars, [f"{share:.0%}" for share in row], fontsize=8)
        words.append(f"{name}: " + ", ".join(f"{kind} {share:.0%}" for kind, share in row.items()))
    axes.set_xticks(range(table.shape[1]), table.columns)
    axes.set_ylim(0, 1.08)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.legend(frameon=False)
    return as_image(figure, f"{title}. {'; '.join(words)}.")


def piano_roll(parts: Mapping[str, Sequence[tuple[int, int]]], title: str) -> Image:
    """Draw a melody as a piano roll: one bar per note, as high as its pitch and as long as it is.

    Args:
        parts: what a stretch of the melody is called, and its notes, each a pitch as MIDI numbers
            it and a length in eighths; the stretches follow each other.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "eighths", "", height=3.2)
    start, words = 0, []
    for (name, notes), colour in zip(parts.items(), cycle(COLOURS), strict=False):
        pitches, lengths = zip(*notes, strict=True)
        starts = start + np.cumsum([0, *lengths[:-1]])
        axes.barh(pitches, np.subtract(lengths, 0.15), 0.8, starts, color=colour, label=name)
        words.append(f"{name}: {' '.join(f'{_note(pitch)} {n}' for pitch, n in notes)}")
        start += sum(lengths)
    low, high = axes.get_ylim()
    shown = [pitch for pitch in range(round(low), round(high) + 1) if "#" not in _note(pitch)]
    axes.set_yticks(shown, [_note(pitch) for pitch in shown], fontsize=8)
    axes.legend(frameon=False, ncols=len(parts), loc="lower right", bbox_to_anchor=(1, 1))
    text = "; ".join(words)
    return as_image(figure, f"{title}. Each note and its length in eighths, {text}.")


def _note(pitch: int) -> str:
    """Name a pitch: 60 is C4, the middle C of a piano."""
    names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    return f"{names[pitch % 12]}{pitch // 12 - 1}"
