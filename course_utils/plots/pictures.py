"""Figures of lesson 11: pictures with the captions that were written for them."""

from collections.abc import Sequence
from textwrap import fill

from course_utils.plots.style import as_image, new_panels

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
