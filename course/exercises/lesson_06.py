"""Checks of lesson 06, features and hyperparameters."""

from collections.abc import Callable
from dataclasses import replace
from math import inf, sqrt
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from course_utils.recipes import Recipe

from course.exercises.answers import ask_for_past_feature, called, number, series_by_day, shaped
from course.exercises.hints import Hint, close, exercise, known_mistake
from course_utils.evaluation import rmse

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.typing import Rolling
from sklearn.preprocessing import MinMaxScaler

SETTINGS: dict[str, tuple[type, Callable[[Any], bool], str]] = {
    "units": (Integral, lambda value: 1 <= value <= 64, "a whole number from 1 to 64"),
    "layers": (Integral, lambda value: 1 <= value <= 3, "a whole number from 1 to 3"),
    "lookback": (Integral, lambda value: 1 <= value <= 60, "a whole number from 1 to 60"),
    "batch_size": (Integral, lambda value: 16 <= value <= 512, "a whole number from 16 to 512"),
    "learning_rate": (Real, lambda value: 0 < value <= 1, "a number above 0, at most 1"),
    "dropout": (Real, lambda value: 0 <= value < 1, "a number from 0 up, below 1"),
    "weight_decay": (Real, lambda value: 0 <= value < inf, "a number from 0 up"),
}
"""of exercise 4: the kind of each setting, whether a value is sane, and what to say if it is not"""
SEEDS = (0, 1)
SLACK = 1.005
_base_errors: dict[tuple, float] = {}
"""measured once, so that a second attempt at exercise 4 takes half the time"""


@exercise(
    "06-1",
    "1 - R² is what a forecast leaves unexplained. Compute it for both.",
    "These are squared errors over one and the same variance. In their ratio it cancels.",
    "The root of the ratio is RMSE over naive RMSE; the skill is 1 minus that.",
)
def _skill_from_r2(answer: object) -> str:
    found = number(answer)
    ratio = sqrt(0.03 / 0.02)
    if close(found, 1 - ratio, atol=5e-3):
        return f"R² is 0.97, and the errors are {ratio - 1:.0%} larger than naive's."
    if close(abs(found), 0.01, atol=1e-4):
        raise Hint("R²s cannot be subtracted: compare what each of them leaves, 1 - R².")
    mistakes = {
        "The size is right. A model that is worse than naive has a skill below 0.": ratio - 1,
        "Give a share, not per cent.": 100 * (1 - ratio),
        "That is the ratio of the RMSEs: the skill is 1 minus it.": ratio,
        "1 - R² gives the ratio of squared errors: take the root for RMSEs.": 1 - 1.5,
        "That is the ratio of the squared errors.": 1.5,
        "Divide the model's RMSE by naive's, not naive's by the model's.": 1 - 1 / ratio,
        "The errors are in 1 - R², not in R².": 1 - 0.97 / 0.98,
        "The errors are in 1 - R², not in R²: no root of R² helps.": 1 - sqrt(0.97 / 0.98),
    }
    raise Hint(
        known_mistake(found, mistakes, atol=1e-4)
        or "R² is 1 minus squared errors over the variance of the truth, and that variance is the "
        "same for both: it cancels."
    )


class _NoDummies(MinMaxScaler):
    """A scaler whose own way back, which wants all columns, is closed."""

    def inverse_transform(self, X: object) -> NoReturn:
        """Refuse."""
        raise Hint("Do without `inverse_transform`: it wants dummy columns, and you need none.")


@exercise(
    "06-2",
    "Write down what `transform` does: first it multiplies, then it adds.",
    "The way back undoes the last step first.",
    "`scale_` and `min_` hold one number per column: take those of `column`.",
)
def _back_to_dollars(answer: object) -> str:
    rng = np.random.default_rng(0)
    table = rng.uniform([10, 100, 1000], [20, 130, 5000], (30, 3))
    for feature_range in [(0, 1), (-1, 1)]:
        scaler = _NoDummies(feature_range=feature_range).fit(table)
        for column, shape in [(1, (5,)), (0, (4, 2)), (2, (4, 2, 1)), (1, (3, 1))]:
            values = rng.uniform(*feature_range, shape)
            found = shaped(called(answer, scaler, values, column, keep=True), shape, "values.shape")
            right = (values - scaler.min_[column]) / scaler.scale_[column]
            if close(found, right, rtol=1e-5):
                continue
            raise Hint(
                known_mistake(found, _wrong_ways_back(scaler, values, column), rtol=1e-5)
                or f"With feature_range {feature_range}, {values.flat[0]:.3g} in column {column} "
                f"should become {right.flat[0]:.4g}, not {found.flat[0]:.4g}."
            )
    return "Right for three columns, four shapes, and two ranges, without a dummy."


def _wrong_ways_back(scaler: MinMaxScaler, values: NDArray, column: int) -> dict[str, NDArray]:
    """Known mistakes on the way back, and the values that they give."""
    minimum, scale = scaler.min_[column], scaler.scale_[column]
    by_data = values * scaler.data_range_[column] + scaler.data_min_[column]
    mistakes = {
        "The data's minimum and range work for (0, 1) only: this scaler's feature_range is "
        f"{scaler.feature_range}.": by_data,
        "These are still the scaled values.": values,
        "`min_` is missing: `transform` adds it.": values / scale,
        "`transform` adds `min_`: which sign has it on the way back?": (values + minimum) / scale,
        "`transform` multiplies by `scale_`: go the other way.": (values - minimum) * scale,
        "That is `transform` once more: go the other way.": values * scale + minimum,
        "Undo the last step of `transform` first: it adds `min_`.": values / scale - minimum,
    }
    for other in {0, 1, 2} - {column}:
        wrong_column = (values - scaler.min_[other]) / scaler.scale_[other]
        mistakes[f"That is column {other}, not column {column}."] = wrong_column
    return mistakes


@exercise(
    "06-3",
    "Mean and standard deviation come from one and the same rolling window of closes.",
    "`rolling(20)` ends today, and its `std()` is the one you need.",
    "How far is the close from the mean, and how many standard deviations is that?",
)
def _z_score(answer: object, prices: pd.DataFrame) -> str:
    price = prices["Close"]
    found = series_by_day(answer, prices).reindex(prices.index)
    last, around = price.rolling(20), price.rolling(20, center=True)

    def score(window: Rolling | pd.Series, ddof: int = 1) -> pd.Series:
        return (price - window.mean()) / window.std(ddof=ddof)

    right, above = score(last), price - last.mean()
    mistakes = {
        "That is the mean of all days, later ones included: take the last 20.": score(price),
        "Your window is centred, so it contains days that are yet to come.": score(around),
        "Your window ends yesterday: include today.": score(price.shift().rolling(20)),
        "That is in dollars: divide by the standard deviation.": above,
        "You divided by the variance.": above / last.var(),
        "Below the mean the score is negative: keep the sign.": right.abs(),
        "Above the mean the score is positive: turn the difference round.": -right,
    }
    if hint := known_mistake(found, mistakes, rtol=1e-5, atol=1e-6):
        raise Hint(hint)
    ask_for_past_feature(answer, prices)
    if found.count() != right.count():
        raise Hint(f"{found.count()} days have a value; {right.count()} have a full window.")
    by_20 = score(last, ddof=0)  # pandas' default divides by 19
    if not any(close(found, known, rtol=1e-5, atol=1e-6) for known in (right, by_20)):
        raise Hint("The values are off: close, mean and standard deviation of the last 20 days.")
    return f"Today's close lies {found.abs().max():.1f} standard deviations off at most."


@exercise(
    "06-4",
    "Parameters grow with the square of the units: 30% fewer units leave about half of them.",
    "Lookback and learning rate cost no parameters. What did their sweeps say?",
    "A short lookback lost nothing in the sweeps: combine one with fewer units and larger steps.",
)
def _half_the_network(answer: object, prices: pd.DataFrame) -> str:
    from course_utils.recipes import BASE

    recipe = replace(BASE, **_settings(answer))
    used, whole = _parameters(recipe, prices), _parameters(BASE, prices)
    if used > whole / 2:
        raise Hint(f"{used:,} parameters: at most half of BASE's {whole:,} are allowed.")
    if _epoch_cost(recipe) > 2.3 * _epoch_cost(BASE):
        raise Hint(
            "That takes too long to check: take larger batches, a shorter lookback, or fewer "
            "layers."
        )
    year = prices.attrs["test_year"] - 1
    key = (BASE, year, int(pd.util.hash_pandas_object(prices).sum()))
    if key not in _base_errors:
        _base_errors[key] = _mean_error(BASE, prices, year)
    base = _base_errors[key]
    try:
        yours = _mean_error(recipe, prices, year)
    except ValueError as error:  # such as too few days for the lookback
        raise Hint(str(error)) from None
    high = prices["High"]
    naive = rmse(high.loc[str(year)], high.shift().loc[str(year)])
    errors = f"RMSE {yours / naive:.1%} of naive's, BASE's {base / naive:.1%}"
    if yours > SLACK * base:
        raise Hint(f"{errors}: too far above BASE's. How a network is trained costs no parameters.")
    return f"{errors}, with {used / whole:.0%} of the parameters; {year} is one year, two seeds."


def _settings(answer: object) -> dict[str, int | float]:
    """Take sane settings, or say which is not."""
    if not isinstance(answer, dict) or not all(isinstance(name, str) for name in answer):
        raise Hint("Give a dict from the names of settings to their values.")
    settings = {}
    for name, value in answer.items():
        if name not in SETTINGS:
            raise Hint(f"There is no setting {name!r}: choose among {', '.join(SETTINGS)}.")
        kind, sane, wanted = SETTINGS[name]
        if not isinstance(value, kind) or isinstance(value, bool) or not sane(value):
            raise Hint(f"{name} must be {wanted}.")
        settings[name] = int(value) if kind is Integral else float(value)
    return settings


def _epoch_cost(recipe: "Recipe") -> float:
    """Estimate how long an epoch takes, per window, in units of one time step of one window.

    Measured: starting a batch costs as much as 33 time steps, and a step of 100 windows twice as
    much as a step of one.
    """
    step_of_the_batch = 1 + recipe.batch_size / 100
    return (33 + recipe.layers * recipe.lookback * step_of_the_batch) / recipe.batch_size


def _parameters(recipe: "Recipe", prices: pd.DataFrame) -> int:
    """Count the weights of a recipe's network."""
    from course_utils.models import recurrent
    from course_utils.recipes import table_for

    features = table_for(recipe, prices, "High").shape[1]
    return recurrent(recipe.cell, features, recipe.units, recipe.layers).count_params()


def _mean_error(recipe: "Recipe", prices: pd.DataFrame, year: int) -> float:
    """Train before a year with each seed, and average the RMSEs of the year, in USD."""
    from course_utils.recipes import forecast

    errors = []
    for seed in SEEDS:
        with np.errstate(over="ignore"):
            found = forecast(recipe, prices, "High", year, seed)
        if not np.isfinite(found).all():
            raise Hint("The training diverged: forecasts are no longer finite.")
        errors.append(rmse(prices["High"][found.index], found))
    return float(np.mean(errors))
