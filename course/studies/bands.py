"""The studies `bands` and `walks`: how honest and how sharp are sampled paths?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from course.studies.fits import RecipeFit, continuations, histories
from course.studies.study import Study
from course_utils.data.registry import tickers
from course_utils.recipes import RECIPES, table_for, train_recipe

import numpy as np
import pandas as pd
from numpy.typing import NDArray

STEPS, ORIGINS, PATHS = 20, 60, 4000
RECENT = 250
"""days before an origin from which a recent sampler draws, about a year"""


@dataclass(frozen=True)
class Bands(RecipeFit):
    """A recipe on returns, trained before a year, and paths sampled from days of five years."""

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Sample from the network and from a random walk, both without the average return.

        Each draws once from all days before the year, and once from the days before its origin.
        """
        from course_utils.generation import sample_paths
        from course_utils.windows import make_windows, split_by_year, spread_origins

        recipe = RECIPES[self.recipe]
        trained = train_recipe(recipe, prices, self.column, self.year, [self.seed])
        (model,), scaler, scaled = trained
        table = table_for(recipe, prices, self.column)
        windows, targets = make_windows(scaler.transform(table), recipe.lookback)
        forecasts = model.predict(windows, verbose=0)[:, 0]
        known = len(split_by_year(table, self.year)[0]) - recipe.lookback

        price = prices[self.column].to_numpy()
        origins = spread_origins(prices.index, self.year, STEPS, ORIGINS)
        history = histories(scaled, origins, len(price), recipe.lookback)
        options = {"paths": PATHS, "seed": self.seed, "carry_state": True}
        ends = origins - recipe.lookback  # targets begin one day and a lookback late
        residuals = (targets - forecasts)[:known]
        pairs = zip(history, recent_errors(targets, forecasts, ends), strict=True)
        recent = [
            sample_paths(model, one[np.newaxis], STEPS, errors, **options) for one, errors in pairs
        ]
        drawn = {
            "network": sample_paths(model, history, STEPS, residuals, **options),
            "recent network": np.concatenate(recent),
        }
        drawn = {name: scaler.scale_[0] * paths for name, paths in drawn.items()}
        returns = np.diff(np.log(price))
        drawn |= walks(returns[: known + recipe.lookback], returns, origins)
        found, by_origin = scores(price, origins, drawn)
        for prefix in ("", "recent "):
            gains = by_origin[f"{prefix}walk"] - by_origin[f"{prefix}network"]
            found[f"{prefix}gain"] = gains.mean()
            found[f"{prefix}gain error"] = gains.std(ddof=1) / np.sqrt(len(gains))
        return found


@dataclass(frozen=True)
class Walk:
    """A random walk of one share, sampled from days of the years from one on."""

    ticker: str
    column: str
    year: int
    version: ClassVar[int] = 1

    def measure(self, prices: pd.DataFrame) -> dict[str, Any]:
        """Draw from all returns before the year, and from those of the days before each origin."""
        from course_utils.windows import spread_origins

        price = prices[self.column].to_numpy()
        returns = np.diff(np.log(price))
        before = (prices.index.year < self.year).sum() - 1
        origins = spread_origins(prices.index, self.year, STEPS, ORIGINS)
        return scores(price, origins, walks(returns[:before], returns, origins))[0]


def recent_errors(targets: NDArray, forecasts: NDArray, ends: Iterable[int]) -> list[NDArray]:
    """What a model got wrong on the days before each end, their average return left out."""
    found = []
    for end in ends:
        recent = np.s_[end - RECENT : end]
        found.append(targets[recent] - targets[recent].mean() - forecasts[recent])
    return found


def walks(before: NDArray, returns: NDArray, origins: NDArray) -> dict[str, NDArray]:
    """Draw log-returns without their average, shape (origins, paths, steps).

    The same draws for all seeds of a network, so that only the network makes them differ, and so
    many paths that the drawing hardly shows.
    """
    draw, shape = np.random.default_rng(0).choice, (PATHS, STEPS)
    pools = {
        "walk": [before] * len(origins),
        "recent walk": [returns[origin - RECENT : origin] for origin in origins],
    }
    return {
        name: np.stack([draw(pool - pool.mean(), shape) for pool in by_origin])
        for name, by_origin in pools.items()
    }


def scores(
    price: NDArray, origins: NDArray, drawn: dict[str, NDArray]
) -> tuple[dict[str, float], dict[str, NDArray]]:
    """Score sampled log-returns: the CRPS of the last day in USD, and the coverage of all days.

    Returns what was found, and the CRPS of each origin by sampler.
    """
    from course_utils.evaluation import coverage, crps

    truth, found, by_origin = continuations(price, origins, STEPS), {}, {}
    for name, returns in drawn.items():
        paths = price[origins, np.newaxis, np.newaxis] * np.exp(returns.cumsum(axis=-1))
        samples = paths.swapaxes(1, 2)  # (origins, days, paths)
        last_days = zip(truth[:, -1], samples[:, -1], strict=True)
        by_origin[name] = np.array([crps(*day) for day in last_days])
        found[f"{name} crps"] = by_origin[name].mean()
        for level in (0.5, 0.8, 0.95):
            found[f"{name} in {level:.0%}"] = coverage(truth, samples, level)
    return found, by_origin


BANDS = Study(
    "bands",
    "The GRU on returns, trained before 2012, five seeds.",
    lambda: [Bands("GRU on returns", "IBM", "High", 2012, seed) for seed in range(5)],
)
WALKS = Study(
    "walks",
    "A random walk of each of the 31 tickers, with returns drawn from all days and from a year.",
    lambda: [Walk(ticker, "High", 2012) for ticker in tickers()],
)
