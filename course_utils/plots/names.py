"""What a name gets in every figure: its colour, its runs, and its numbers in words."""

from collections.abc import Iterable, Mapping

from course_utils.checks import as_numbers

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

TRUTH, NAIVE = "#000000", "#8c8c8c"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def colours_of(names: Iterable[str], naive: str | None = None) -> dict[str, str]:
    """Give each name a colour, in order; the naive forecast always gets its grey."""
    others = [name for name in names if name != naive]
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(others)}
    return colours | ({naive: NAIVE} if naive else {})


def runs_by_name(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Group the columns of a table by their names: runs of the same kind have the same name.

    Raises:
        ValueError: a column holds something else than numbers.
    """
    as_numbers(table)
    return {name: table[[name]] for name in dict.fromkeys(table.columns)}


def in_words(values: Mapping[str, ArrayLike], style: str) -> str:
    """Write numbers for an alternative text: `GRU 1.5, 1.6; LSTM 1.4, 1.7`."""
    return "; ".join(
        f"{name} {', '.join(format(number, style) for number in np.ravel(numbers))}"
        for name, numbers in values.items()
    )
