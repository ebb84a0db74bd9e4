"""Figures of lesson 08: the way through encoder and decoder, and scores by length."""

from collections.abc import Mapping, Sequence

from course_utils.plots.drawing import arrow, box, new_drawing, write
from course_utils.plots.names import COLOURS, colours_of
from course_utils.plots.style import as_image, new_axes

import pandas as pd
from IPython.display import Image


def encoder_to_decoder(source: Sequence[str], target: Sequence[str]) -> Image:
    """Draw a sentence read by the encoder, its last state, and its translation by the decoder.

    Args:
        source: the words that are read.
        target: the words that are written, `<eos>` included.

    Returns:
        a picture with alternative text.
    """
    title = "The encoder reads, hands over one state, and the decoder writes word by word"
    reading, writing, bridge = COLOURS[0], COLOURS[1], len(source)
    places = bridge + len(target)
    figure, axes = new_drawing(title, (-0.7, places - 0.3), (-0.8, 2.8), height=3.4)
    for x, word in enumerate([*source, "<sos>", *target[:-1]]):
        colour = reading if x < bridge else writing
        box(axes, x, 1.2, colour)
        write(axes, x, 0, word, fontsize=10)
        arrow(axes, (x, 0.22), (x, 0.88), colour)
        if x >= bridge:
            write(axes, x, 2.4, target[x - bridge], fontsize=10, fontweight="bold")
            arrow(axes, (x, 1.54), (x, 2.18), colour)
        if x and x != bridge:
            arrow(axes, (x - 0.66, 1.2), (x - 0.34, 1.2), colour)
    arrow(axes, (bridge - 0.66, 1.2), (bridge - 0.34, 1.2))
    axes.text(bridge - 0.5, 1.75, "state", ha="center", fontsize=10)
    write(axes, -0.5, 2.4, "encoder", color=reading, fontsize=11, ha="left")
    below = "decoder: each word written is the next one read"
    write(axes, places - 0.5, -0.55, below, color=writing, fontsize=10, ha="right")
    return as_image(
        figure,
        f"{title}. Read: {' '.join(source)}. Written: {' '.join(target)}. The only way from left "
        "to right is the state after the last word.",
    )


def scores_by_length(runs: Mapping[str, pd.DataFrame], title: str, y: str) -> Image:
    """Draw a score against the length of the source sentence: runs thin, their median thick.

    Args:
        runs: a translator's name and its scores, one row per run, one column per length.
        title: what the picture shows.
        y: what the score is.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "words and marks, in the longer of the two languages", y)
    words = []
    for name, colour in colours_of(runs).items():
        axes.plot(runs[name].T, color=colour, linewidth=0.6, alpha=0.5)
        median = runs[name].median()
        axes.plot(median, "o-", color=colour, linewidth=2, label=name)
        steps = ", ".join(f"{length}: {score:.0f}" for length, score in median.items())
        words.append(f"{name} {steps}")
    axes.set_xticks(median.index)
    axes.legend(frameon=False)
    return as_image(figure, f"{title}. Medians by length: {'; '.join(words)}.")
