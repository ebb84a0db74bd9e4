"""The study `hybrid`: stacked and bidirectional networks at one budget, over the years."""

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

from course.studies.one_step import SEEDS, YEARS, OneStep
from course_utils.recipes import HYBRID, Recipe


@dataclass(frozen=True)
class HybridFit(OneStep):
    """A recipe of this study, trained and tested as those of `one_step` are."""

    recipes: ClassVar[dict[str, Recipe]] = HYBRID
    suffix: ClassVar[str] = "-hybrid"


def plan() -> list[HybridFit]:
    """All recipes on IBM's high, every year and seed; a regression has no seed to vary."""
    return [
        HybridFit(recipe, "IBM", "High", year, seed)
        for recipe, year in product(HYBRID, YEARS)
        for seed in (SEEDS if HYBRID[recipe].cell else [0])
    ]
