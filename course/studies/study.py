"""What a study is: fits, the table that their results fill, and what is made of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import pandas as pd


class Fit(Protocol):
    """One training run: a frozen dataclass whose fields and results become a row of the table.

    A fit of prices has a field `ticker`, too. Where seeds are trained together, a fit has in place
    of `measure` a `measure_seeds(prices, seeds)`, which returns a dict per seed, and a property
    `group`, the same for all fits that are trained together.
    """

    version: ClassVar[int]
    """a part of the name of its result: raise it when code that is neither in the fit's own file
    nor in `workers.CODE` changes what is measured, such as that of `course_utils.text`"""

    def measure(self, prices: "pd.DataFrame | None") -> dict[str, Any]:
        """Train and measure; `series`, if present, holds series by day and stays out of the row."""


@dataclass(frozen=True)
class Study:
    """Fits whose results fill one committed table."""

    name: str
    about: str
    """what is fitted, in a sentence"""
    fits: Callable[[], Sequence[Fit]]
    """lists the fits, the longest first"""
    daily: tuple[str, ...] = ()
    """recipes whose forecasts fill a second table, `NAME_forecasts`, day by day"""
    picture: "Callable[[pd.DataFrame], bytes] | None" = None
    """draws a PNG from the table, if the study has a picture"""
    alone: bool = False
    """one fit at a time, because time is measured"""


def ticker_of(fit: Fit) -> str | None:
    """The ticker whose prices a fit needs, if it needs any."""
    return getattr(fit, "ticker", None)
