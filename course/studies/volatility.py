"""The study `volatility`: tomorrow's log range of 31 shares, from one share or from all at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar

from course.studies.fits import going_together
from course.studies.one_step import SEEDS, YEARS
from course.studies.study import Study
from course_utils.data.prices import load_prices
from course_utils.data.registry import tickers
from course_utils.volatility import HAR, OnWindows, describe_shares, span_means

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:  # loads TensorFlow
    from course_utils.training import Forecaster

LOOKBACK = 44
"""days, about two months: taken after 22 and 44 had been tried on 2014 and 2017"""
UNITS = 32
ALONE, POOLED, UNSEEN = "each by itself", "all at once", "by a model that never saw it"
DAILY = (
    "as yesterday",
    "HAR",
    "HAR and market",
    "regression on twelve",
    "regression on all 176",
    "GRU, one for all",
)
FEWER_YEARS = {"GRU, one per share": (2012,)}
"""of what takes long: 31 networks a year"""
SEEDED = ("GRU, one for all", "dense, one for all")
"""of the networks, those compared in every year"""

Train = Callable[[NDArray, NDArray, int], "Forecaster"]
"""from windows, targets and a seed to a trained model"""


@dataclass(frozen=True)
class Way:
    """How all shares are forecast: who learns from whom, what is seen, what is trained."""

    learns: str
    columns: tuple[str, ...]
    train: Train


class OfTwelve(OnWindows):
    """A model of twelve numbers: means of ranges, last return and gap, mean absolute returns."""

    def __init__(self, regression: Any) -> None:  # noqa: ANN401 (any of scikit-learn)
        self.regression = regression

    def _inputs(self, windows: NDArray) -> NDArray:
        ranges = windows[:, :, [0, 3]]
        moves = np.abs(windows[:, :, 1])
        sizes = np.stack([moves[:, -5:].mean(axis=1), moves[:, -22:].mean(axis=1)], axis=1)
        means = [span_means(ranges), ranges.mean(axis=1)]
        return np.concatenate([*means, windows[:, -1, 1:3], sizes], axis=1)


def _naive(name: str) -> Train:
    def train(windows: NDArray, targets: NDArray, seed: int) -> "Forecaster":
        from course_utils import models

        return getattr(models, name)()

    return train


def _har(windows: NDArray, targets: NDArray, seed: int) -> "Forecaster":
    return HAR().fit(windows, targets)


def _regression(windows: NDArray, targets: NDArray, seed: int) -> "Forecaster":
    from sklearn.linear_model import LinearRegression

    return OfTwelve(LinearRegression()).fit(windows, targets)


def _regression_on_all(windows: NDArray, targets: NDArray, seed: int) -> "Forecaster":
    from course_utils.models import WindowRegression

    return WindowRegression(LOOKBACK).fit(windows, targets)


def _boosting(windows: NDArray, targets: NDArray, seed: int) -> "Forecaster":
    from sklearn.ensemble import HistGradientBoostingRegressor

    return OfTwelve(HistGradientBoostingRegressor(random_state=seed)).fit(windows, targets)


def _gru(batch_size: int, epochs: int) -> Train:
    def train(windows: NDArray, targets: NDArray, seed: int) -> "Forecaster":
        from course_utils.models import recurrent

        import keras

        keras.utils.set_random_seed(seed)
        model = recurrent("GRU", windows.shape[2], UNITS)
        return _trained(model, windows, targets, batch_size, epochs)

    return train


def _dense(windows: NDArray, targets: NDArray, seed: int) -> "Forecaster":
    import keras

    keras.utils.set_random_seed(seed)
    hidden = [keras.layers.Dense(UNITS, "relu") for _ in range(2)]
    layers = [keras.layers.Flatten(), *hidden, keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(windows.shape[1:]), *layers])
    return _trained(model, windows, targets, 512, 8)


def _trained(
    model: Any,  # noqa: ANN401 (a Keras model, whose import is late)
    windows: NDArray,
    targets: NDArray,
    batch_size: int,
    epochs: int,
) -> "Forecaster":
    """Train with a learning rate that falls to 0 along a cosine."""
    from course_utils.training import fit

    import keras

    steps = epochs * ceil(len(windows) / batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(0.002, steps)
    model.compile(keras.optimizers.Adam(schedule), "mse")
    windows = windows.astype("float32")  # half the memory of 84,000 windows
    fit(model, windows, targets, epochs=epochs, batch_size=batch_size, quiet=True)
    return model


OWN, MARKET = ("log range",), ("log range", "market")
ALL = ("log range", "return", "gap", "market")
WAYS = {
    "as yesterday": Way(ALONE, OWN, _naive("Persistence")),
    "EWMA": Way(ALONE, OWN, _naive("EWMA")),
    "HAR": Way(ALONE, OWN, _har),
    "HAR and market": Way(ALONE, MARKET, _har),
    "HAR and market, one for all": Way(POOLED, MARKET, _har),
    "regression on twelve": Way(POOLED, ALL, _regression),
    "regression on all 176": Way(POOLED, ALL, _regression_on_all),
    "boosting on twelve": Way(POOLED, ALL, _boosting),
    "GRU, one for all": Way(POOLED, ALL, _gru(512, 8)),
    "dense, one for all": Way(POOLED, ALL, _dense),
    "GRU, share unseen": Way(UNSEEN, ALL, _gru(512, 8)),
    "GRU, one per share": Way(ALONE, ALL, _gru(64, 10)),
}


@dataclass(frozen=True)
class Ranges:
    """A way to forecast the log range of every share on each day of a year."""

    recipe: str
    """a key of `WAYS`"""
    year: int
    seed: int
    version: ClassVar[int] = 1

    def measure(self, prices: None) -> dict[str, Any]:
        """Measure the RMSE of each share, and how many independent shares the gains equal.

        `effective` is that number for gains over HAR in squared error, or of HAR over yesterday.
        `series` is the root mean squared error of all shares, by day.
        """
        tables = all_shares()
        errors = self.errors(tables)
        rival = "as yesterday" if self.recipe == "HAR" else "HAR"
        gains = Ranges(rival, self.year, 0).errors(tables) ** 2 - errors**2
        by_share = np.sqrt((errors**2).mean())  # a share that was not traded has no error that day
        by_day = np.sqrt((errors**2).mean(axis=1))
        found = {"effective": going_together(gains)[1]} | by_share.to_dict()
        return found | {"series": {"forecast": by_day}}

    def errors(self, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
        """Truth minus forecast, one row per day of the year and one column per share."""
        names, way = sorted(tables), WAYS[self.recipe]
        groups = {
            ALONE: [([name], [name]) for name in names],
            POOLED: [(names, names)],
            UNSEEN: [(names[::2], names[1::2]), (names[1::2], names[::2])],
        }
        found = {}
        for learned, asked in groups[way.learns]:
            chosen = {name: tables[name][[*way.columns]] for name in {*learned, *asked}}
            found |= self._forecasts(chosen, learned, asked)
        errors = {name: tables[name]["log range"] - found[name] for name in names}
        return pd.DataFrame(errors).loc[str(self.year)]

    def _forecasts(
        self, tables: dict[str, pd.DataFrame], learned: Sequence[str], asked: Sequence[str]
    ) -> dict[str, pd.Series]:
        """Train on some shares before the year, and forecast the year of some shares."""
        from course_utils.windows import (
            fit_scaler_on,
            make_windows,
            pool_windows,
            split_by_year,
            unscale,
        )

        from sklearn.preprocessing import StandardScaler

        parts = {name: split_by_year(table, self.year, LOOKBACK) for name, table in tables.items()}
        scaler = fit_scaler_on(pd.concat([parts[name][0] for name in learned]), StandardScaler())
        scaled = {name: scaler.transform(parts[name][0]) for name in learned}
        windows, targets, _ = pool_windows(scaled, LOOKBACK)
        model = WAYS[self.recipe].train(windows, targets, self.seed)
        found = {}
        for name in asked:
            year = parts[name][1]
            windows, _ = make_windows(scaler.transform(year), LOOKBACK)
            forecast = unscale(scaler, model.predict(windows, verbose=0)[:, 0])
            found[name] = pd.Series(forecast, year.index[LOOKBACK:])
        return found


@cache
def all_shares() -> dict[str, pd.DataFrame]:
    """Describe all shares of the registry, once per process, because that takes seconds."""
    return describe_shares({name: load_prices(name).ffill() for name in tickers()})


def _fits() -> list[Ranges]:
    return [
        Ranges(recipe, year, seed)
        for recipe in WAYS
        for year in FEWER_YEARS.get(recipe, YEARS)
        for seed in (SEEDS if recipe in SEEDED else [0])
    ]


def _picture(table: pd.DataFrame) -> bytes:
    """Draw the errors of four ways as shares of the error of "as yesterday", over the years."""
    from course_utils.plots import by_year

    shares = [name for name in table.columns if name.isupper()]
    errors = table.set_index(["recipe", "year", "seed"])[shares]
    naive = errors.loc["as yesterday"].droplevel("seed").reindex(errors.index, level="year")
    shown = ["HAR", "HAR and market", "dense, one for all", "GRU, one for all"]
    mean = (errors / naive).loc[shown].mean(axis=1).rename("rmse").reset_index().assign(naive=1.0)
    best = mean.pivot_table("rmse", "year", "recipe").idxmin(axis=1)
    lowest = f"{(best == shown[-1]).sum()} of {len(best)} years"
    title = f"How far 31 prices will move: one GRU for all has the lowest error in {lowest}"
    return by_year(mean, title).data


VOLATILITY = Study(
    "volatility",
    "Tomorrow's log range of 31 shares, over the years: regressions, and networks for all shares.",
    _fits,
    daily=DAILY,
    picture=_picture,
)
