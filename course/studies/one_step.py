"""The studies of recipes: `ibm`, `tickers`, `rivals`, `cells` and `hybrid`, each day of a year."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

from course.studies.fits import RecipeFit
from course.studies.study import Study
from course_utils.data.registry import tickers
from course_utils.recipes import BUDGET, CLASSIC, HYBRID, LADDER, RECIPES, RIVALS, SIMPLE, forecast

import pandas as pd

SEEDS = range(5)
YEARS = range(2012, 2018)


@dataclass(frozen=True)
class OneStep(RecipeFit):
    """A recipe's training run and the year it is tested on."""

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Follow the recipe and measure its forecasts of the year, in USD."""
        from course_utils.evaluation import lag, rmse

        recipe = RECIPES[self.recipe]
        forecasts = forecast(recipe, prices, self.column, self.year, self.seed)
        truth = prices[self.column].loc[forecasts.index]
        naive = prices[self.column].shift().loc[forecasts.index]
        return {
            "rmse": rmse(truth, forecasts),
            "naive": rmse(truth, naive),
            "lag": lag(truth, forecasts),
            "series": {"truth": truth, "same as yesterday": naive, "forecast": forecasts},
        }


def _fits(
    recipes: Iterable[str],
    names: Iterable[str] = ("IBM",),
    columns: Iterable[str] = ("High",),
    years: Iterable[int] = YEARS,
) -> list[OneStep]:
    """All combinations; a model without a network has no seed to vary."""
    return [
        OneStep(recipe, ticker, column, year, seed)
        for recipe, ticker, column, year in product(recipes, names, columns, years)
        for seed in ([0] if RECIPES[recipe].cell in SIMPLE else SEEDS)
    ]


def _readme_picture(table: pd.DataFrame) -> bytes:
    """Draw the errors for IBM's high in 2017 from the study's table."""
    from course_utils.plots import errors

    fits = table[(table["column"] == "High") & (table["year"] == 2017)]
    title = "IBM's next high in 2017: it takes the day's range to beat naive"
    return errors(fits, fits["naive"].iloc[0], title).data


IBM = Study(
    "ibm",
    "The classic recipes in 2017, and the ladder for High and Close over the years.",
    lambda: _fits(CLASSIC, years=[2017]) + _fits(LADDER, columns=("High", "Close")),
    daily=CLASSIC,
    picture=_readme_picture,
)
TICKERS = Study(
    "tickers",
    "The GRU on returns and range on all 31 tickers, over the years.",
    lambda: sorted(_fits(LADDER[2:3], tickers()), key=lambda fit: fit.seed),
)
RIVALS_OF_A_HIGH = Study(
    "rivals",
    "Models without a network on all 31 tickers, over the years: what a High is, and what a Close.",
    lambda: _fits(RIVALS, tickers()) + _fits(LADDER[3:], tickers(), ["Close"]),
)
CELLS = Study(
    "cells",
    "Three kinds of cell at one budget of parameters, over the years.",
    lambda: _fits(BUDGET),
)
HYBRIDS = Study(
    "hybrid",
    "Stacked and bidirectional networks at one budget of parameters, over the years.",
    lambda: _fits(HYBRID),
)
