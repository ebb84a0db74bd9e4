"""The study `hybrid`: stacked and bidirectional networks at one budget, over the years."""

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

from course_utils.recipes import RECIPES, Recipe
from course_utils.studies.one_step import SEEDS, YEARS, Fit

# Units such that all networks have as many parameters as GRU(32) on four features, Dense included.
HYBRID = {
    "LSTM": Recipe("range", cell="LSTM", units=28),
    "GRU": Recipe("range", cell="GRU", units=32),
    "two GRU layers": Recipe("range", cell=("GRU", "GRU"), units=19),
    "hybrid, LSTM then GRU": Recipe("range", cell=("LSTM", "GRU"), units=18),
    "bidirectional LSTM": Recipe("range", cell="LSTM", units=19, bidirectional=True),
    "linear, last day": RECIPES["linear, last day"],
}


@dataclass(frozen=True)
class HybridFit(Fit):
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
