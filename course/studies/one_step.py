"""The studies of recipes over days of a year: networks and rivals, cells, and hybrids."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from course.studies.fits import RecipeFit
from course.studies.study import Study
from course_utils.data.registry import tickers
from course_utils.recipes import (
    BUDGET,
    CLASSIC,
    HYBRID,
    LADDER,
    RECIPES,
    RIVALS,
    SIMPLE,
    forecasts,
    trains_together,
)
from course_utils.studies import read_study

import pandas as pd

SEEDS = range(5)
YEARS = range(2012, 2018)


@dataclass(frozen=True)
class OneStep(RecipeFit):
    """A recipe's training run and the year it is tested on."""

    @property
    def group(self) -> "OneStep":
        """The same for all seeds, where they are trained together."""
        return replace(self, seed=0) if trains_together(RECIPES[self.recipe]) else self

    def measure_seeds(self, prices: pd.DataFrame, seeds: list[int]) -> list[dict[str, Any]]:
        """Follow the recipe with each seed and measure the forecasts of the year, in USD."""
        from course_utils.evaluation import lag, rmse

        by_seed = forecasts(RECIPES[self.recipe], prices, self.column, self.year, seeds)
        truth = prices[self.column].loc[by_seed.index]
        naive = prices[self.column].shift().loc[by_seed.index]
        return [
            {
                "rmse": rmse(truth, forecast),
                "naive": rmse(truth, naive),
                "lag": lag(truth, forecast),
                "series": {"truth": truth, "same as yesterday": naive, "forecast": forecast},
            }
            for _, forecast in by_seed.items()
        ]


def _fits(
    recipes: Iterable[str],
    names: Iterable[str] = ("IBM",),
    columns: Iterable[str] = ("High",),
    years: Iterable[int] = YEARS,
    seeds: Iterable[int] = SEEDS,
) -> list[OneStep]:
    """All combinations; a model without a network has no seed to vary."""
    return [
        OneStep(recipe, ticker, column, year, seed)
        for recipe, ticker, column, year in product(recipes, names, columns, years)
        for seed in ([0] if RECIPES[recipe].cell in SIMPLE else seeds)
    ]


def year_of_forecasts(table: pd.DataFrame) -> dict[str, Any]:
    """What `year_and_zoom` draws: 2017 as tutorials show it, with an LSTM of median error."""
    runs = read_study("ibm_forecasts")
    lstm = table[table["recipe"] == CLASSIC[0]].sort_values("rmse")
    seed = lstm["seed"].iloc[len(lstm) // 2]
    naive = "same as yesterday"
    by_name = {naive: runs[naive], CLASSIC[0]: runs[f"{CLASSIC[0]}, seed {seed}"]}
    return {
        "truth": runs["truth"],
        "by_name": by_name,
        "part": slice("2017-03", "2017-04"),
        "title": "IBM's high in 2017: over a year both look good, close up both are late",
        "naive": naive,
    }


def _the_year(table: pd.DataFrame) -> bytes:
    from course_utils.plots import year_and_zoom

    return year_and_zoom(**year_of_forecasts(table)).data


def _the_ladder(table: pd.DataFrame) -> bytes:
    """Draw the errors for IBM's high in 2017, with and without networks."""
    from course_utils.plots import errors

    everyone = pd.concat([read_study("ibm"), table[table["ticker"] == "IBM"]])
    fits = everyone.query("column == 'High' and year == 2017").drop_duplicates(["recipe", "seed"])
    fits = fits.set_index("recipe", drop=False).rename_axis(None)
    gap = ("close plus a constant", fits.loc["close and mean gap", "rmse"])
    shown = [*CLASSIC, *LADDER, "linear on levels", "close and volatility"]
    title = "IBM's next high in 2017: the network comes as far as the close plus a constant"
    return errors(fits.loc[shown], fits["naive"].iloc[0], title, gap).data


IBM = Study(
    "ibm",
    "The classic recipes in 2017, and the ladder for High and Close over the years.",
    lambda: _fits(CLASSIC, years=[2017]) + _fits(LADDER, columns=("High", "Close")),
    daily=CLASSIC,
    picture=_the_year,
)
WIDE = Study(
    "wide",
    "The classic GRU with 100 units a layer in place of 50, in 2017, two seeds.",
    lambda: _fits(["classic GRU, 100 units"], years=[2017], seeds=range(2)),
)
TICKERS = Study(
    "tickers",
    "The GRU on returns and range on all 31 tickers, over the years, five seeds.",
    lambda: _fits(LADDER[2:3], tickers()),
)
RIVALS_OF_A_HIGH = Study(
    "rivals",
    "Models without a network on all 31 tickers, over the years: what a High is, and what a Close.",
    lambda: _fits(RIVALS, tickers()) + _fits(LADDER[3:], tickers(), ["Close"]),
    picture=_the_ladder,
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
