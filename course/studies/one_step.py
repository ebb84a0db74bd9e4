"""The studies `ibm`, `tickers` and `cells`: a recipe's forecasts of each day of a year."""

from dataclasses import dataclass
from typing import Any

from course.studies.fits import RecipeFit
from course_utils.data.registry import tickers
from course_utils.recipes import BUDGET, CLASSIC, LADDER, RECIPES, forecast

import pandas as pd

SEEDS = range(5)
YEARS = range(2012, 2018)


@dataclass(frozen=True)
class OneStep(RecipeFit):
    """A recipe's training and the year it is tested on."""

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Follow the recipe and measure its forecasts of the year, in USD."""
        from course_utils.evaluation import lag, rmse

        forecasts = forecast(self.details, prices, self.column, self.year, self.seed)
        truth = prices[self.column].loc[forecasts.index]
        naive = prices[self.column].shift().loc[forecasts.index]
        return {
            "rmse": rmse(truth, forecasts),
            "naive": rmse(truth, naive),
            "lag": lag(truth, forecasts),
            "series": {"truth": truth, "same as yesterday": naive, "forecast": forecasts},
        }


def _fits(
    recipes: tuple[str, ...], names: list[str], columns: tuple[str, ...], years: range
) -> list[OneStep]:
    """All combinations; a regression has no seed to vary."""
    return [
        OneStep(recipe, ticker, column, year, seed)
        for recipe in recipes
        for ticker in names
        for column in columns
        for year in years
        for seed in (SEEDS if RECIPES[recipe].cell else [0])
    ]


def ibm() -> list[OneStep]:
    """The classic recipes in 2017, and the ladder for High and Close over the years."""
    classic = _fits(CLASSIC, ["IBM"], ("High",), range(2017, 2018))
    return classic + _fits(LADDER, ["IBM"], ("High", "Close"), YEARS)


def all_tickers() -> list[OneStep]:
    """The best rungs on all 31 tickers, over the years."""
    return _fits(LADDER[2:], tickers(), ("High",), YEARS)


def cells() -> list[OneStep]:
    """Three kinds of cell at one budget of parameters, over the years."""
    return _fits(BUDGET, ["IBM"], ("High",), YEARS)
