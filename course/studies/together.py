"""The study `together`: how many tickers are 31 tickers? Their losses rise and fall together."""

from dataclasses import dataclass
from typing import Any, ClassVar

from course.studies.fits import going_together
from course.studies.one_step import YEARS
from course.studies.study import Study
from course_utils.data.prices import load_prices
from course_utils.data.registry import tickers
from course_utils.recipes import RECIPES, forecast

import pandas as pd


@dataclass(frozen=True)
class Together:
    """A recipe's daily gain over a rival's in squared error, of all tickers in one year."""

    recipe: str
    rival: str
    column: str
    year: int
    version: ClassVar[int] = 1

    def measure(self, prices: None) -> dict[str, Any]:
        """Correlate the gains of each two tickers."""
        gains = pd.DataFrame({ticker: self._gains(ticker) for ticker in tickers()}).dropna()
        correlation, effective = going_together(gains)
        return {"tickers": gains.shape[1], "correlation": correlation, "effective": effective}

    def _gains(self, ticker: str) -> pd.Series:
        """Compute the rival's squared error minus the recipe's, by day, as shares of the price."""
        prices = load_prices(ticker).ffill()
        errors = {
            name: forecast(RECIPES[name], prices, self.column, self.year, 0) / prices[self.column]
            - 1
            for name in (self.recipe, self.rival)
        }
        return (errors[self.rival] ** 2 - errors[self.recipe] ** 2).dropna()


TOGETHER = Study(
    "together",
    "How far the daily gains of 31 tickers go together, and how many independent ones they equal.",
    lambda: [
        Together(recipe, "close and mean gap", "High", year)
        for recipe in ("linear, last day", "close and volatility")
        for year in YEARS
    ],
)
