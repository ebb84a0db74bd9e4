"""Pictures of one or two coloured shapes, drawn in NumPy, each with the one caption that fits it.

Of two shapes, the caption names the upper or the left one first. Certain combinations of a colour
and a shape are kept for the test, as in the course's other grammars.
"""

from dataclasses import dataclass
from random import Random

from course_utils.text.grammar import draw_parts, one_in_seven

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SIZES = {"train": 5_000, "valid": 500, "test": 500}
SIDE = 24
"""pixels, both ways"""
COLOURS = {
    "red": (0.85, 0.1, 0.1),
    "green": (0.1, 0.6, 0.2),
    "blue": (0.1, 0.3, 0.85),
    "yellow": (0.95, 0.8, 0.1),
    "black": (0.1, 0.1, 0.1),
}
SHAPES = ("circle", "square", "triangle", "cross")
RADII = {"small": 2.5, "large": 4.5}
"""half of a shape's width, in pixels"""


@dataclass(frozen=True)
class Shape:
    """A shape and the pixel of its centre, counted from the upper left corner."""

    size: str
    colour: str
    kind: str
    row: float
    column: float

    def __str__(self) -> str:
        return f"a {self.size} {self.colour} {self.kind}"


def caption(shapes: list[Shape]) -> str:
    """Say what a picture shows; the upper or left shape comes first."""
    if len(shapes) == 1:
        return str(shapes[0])
    first, second = shapes
    side_by_side = abs(first.column - second.column) > abs(first.row - second.row)
    return f"{first} {'to the left of' if side_by_side else 'above'} {second}"


def draw(shapes: list[Shape]) -> NDArray[np.float32]:
    """Draw shapes on white.

    Args:
        shapes: what to draw, the last one on top.

    Returns:
        red, green and blue from 0 to 1, shape (SIDE, SIDE, 3).
    """
    picture = np.ones((SIDE, SIDE, 3), dtype=np.float32)
    for shape in shapes:
        down, across = np.indices((SIDE, SIDE)) - np.reshape((shape.row, shape.column), (2, 1, 1))
        picture[_covers(shape.kind, down, across, RADII[shape.size])] = COLOURS[shape.colour]
    return picture


def _covers(kind: str, down: NDArray, across: NDArray, radius: float) -> NDArray[np.bool_]:
    """Which pixels a shape covers, by their distances from its centre."""
    inside = np.maximum(np.abs(down), np.abs(across)) <= radius
    if kind == "circle":
        return down**2 + across**2 <= radius**2
    if kind == "triangle":
        return inside & (2 * np.abs(across) <= down + radius)
    if kind == "cross":
        return inside & (np.minimum(np.abs(down), np.abs(across)) <= radius / 3)
    return inside


def held_out() -> frozenset[tuple[str, str]]:
    """List the combinations of a colour and a shape that no training picture shows."""
    return frozenset(
        (colour, kind)
        for place, colour in enumerate(COLOURS)
        for n, kind in enumerate(SHAPES)
        if one_in_seven(place, n)
    )


def _draw_scene(random: Random) -> list[Shape]:
    """One shape near the middle, or two that do not touch, the upper or the left one first."""
    far, near, middle = (5, 6), (17, 18), (11, 12)
    if random.random() < 0.25:
        places = [((8, 15), (8, 15))]
    elif random.random() < 0.5:
        places = [(far, middle), (near, middle)]
    else:
        places = [(middle, far), (middle, near)]
    ways = [[*RADII], [*COLOURS], [*SHAPES]]
    return [
        Shape(*map(random.choice, ways), *(random.randint(*bounds) for bounds in place))
        for place in places
    ]


def captioned_pictures(
    sizes: dict[str, int] | None = None,
) -> tuple[NDArray[np.float32], pd.DataFrame]:
    """Draw pictures with their captions, each picture once, the same ones every time.

    Args:
        sizes: pictures of each part, by default `SIZES`. Those of the part `test` show a
            combination of `held_out`, those of all other parts do not.

    Returns:
        the pictures, shape (pictures, SIDE, SIDE, 3), and a table with the columns `caption` and
        `part`, in the same order.
    """
    random, kept = Random(0), held_out()

    def one() -> tuple[tuple[tuple[Shape, ...], str], bool]:
        shapes = _draw_scene(random)
        new = any((shape.colour, shape.kind) in kept for shape in shapes)
        return (tuple(shapes), caption(shapes)), new

    rows = draw_parts(one, SIZES if sizes is None else sizes)
    table = pd.DataFrame(rows, columns=["shapes", "caption", "part"])
    return np.stack([draw(shapes) for shapes in table.pop("shapes")]), table
