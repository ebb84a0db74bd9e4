"""What fits of a recipe have in common: which prices, which year, which seed."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from course_utils.recipes import RECIPES, Recipe

import pandas as pd


@dataclass(frozen=True)
class RecipeFit:
    """A recipe trained on the days before a year; what is measured, its subclasses say."""

    recipe: str
    ticker: str
    column: str
    year: int
    seed: int
    recipes: ClassVar[dict[str, Recipe]] = RECIPES
    suffix: ClassVar[str] = ""

    @property
    def label(self) -> str:
        """What the file of its result is called."""
        return f"{self.ticker}-{self.column}-{self.year}{self.suffix}"

    @property
    def details(self) -> Recipe:
        """What else its result depends on."""
        return self.recipes[self.recipe]


class Fit(Protocol):
    """One training of a study: a frozen dataclass whose fields, and results, become a table row."""

    @property
    def label(self) -> str:
        """What the file of its result is called."""

    @property
    def details(self) -> object:
        """What its result depends on besides fields, data, versions and code."""

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train and measure; `series`, if there, holds series by day and stays out of the table."""
