"""Figures of lesson 11: pictures, the captions written for them, and where the writer looks."""

from collections.abc import Sequence
from textwrap import fill

from course_utils.plots.style import as_image, new_panels

import numpy as np
from IPython.display import Image
from numpy.typing import NDArray


def captioned(pictures: NDArray, captions: Sequence[str], title: str) -> Image:
    """Draw pictures side by side, four to a row, each above its caption.

    Args:
        pictures: red, green and blue from 0 to 1, shape (pictures, height, width, 3).
        captions: one for each picture.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    rows = -(-len(pictures) // 4)
    figure, panels = new_panels(title, 0.4 + 2.4 * rows, rows, 4)
    for axes in panels[len(pictures) :]:
        axes.set_axis_off()
    for axes, picture, caption in zip(panels, pictures, captions, strict=False):
        axes.imshow(picture)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
        axes.set_title(fill(caption, 24), y=-0.05, va="top", fontsize=10)
    return as_image(figure, f"{title}. {'; '.join(captions)}.")


def looked_at(picture: NDArray, weights: NDArray, written: Sequence[str], title: str) -> Image:
    """Draw a picture once for each word, bright where attention looks while the word is written.

    Args:
        picture: red, green and blue from 0 to 1, shape (height, width, 3).
        weights: of the parts into which rows and columns divide the picture, shape
            (words, rows, columns).
        written: the words.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    lines = -(-len(written) // 5)
    figure, panels = new_panels(title, 0.5 + 1.9 * lines, lines, 5)
    for axes in panels:
        axes.set_axis_off()
    places = []
    for axes, word, grid in zip(panels, written, weights, strict=False):
        extent = (0, grid.shape[1], grid.shape[0], 0)
        axes.imshow(picture, extent=extent)
        shade = 0.75 * (1 - grid / grid.max())
        axes.imshow(np.zeros_like(grid), cmap="gray", alpha=shade, extent=extent)
        axes.set_title(word, fontsize=11)
        row, column = np.unravel_index(grid.argmax(), grid.shape)
        places.append(f"{word} at row {row + 1}, column {column + 1} ({grid.max():.2f})")
    return as_image(figure, f"{title}. Each word and where it looks most: {'; '.join(places)}.")
