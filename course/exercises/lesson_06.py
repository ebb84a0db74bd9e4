"""Checks of lesson 06, features and hyperparameters."""

from collections.abc import Callable
from dataclasses import replace
from math import inf, sqrt
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from course_utils.recipes import Recipe

from course.exercises.answers import ask_for_same, ask_for_same_series, number
from course.exercises.hints import Hint, Slips, close, diagnosis, exercise
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


_SQUARES = 0.03 / 0.02
_OTHER_SKILLS: Slips = {
    "R²s cannot be subtracted: compare what each of them leaves, 1 - R².": 0.97 - 0.98,
    "R²s cannot be subtracted, whatever the sign: compare what each leaves, 1 - R².": 0.98 - 0.97,
    "The size is right. A model that is worse than naive has a skill below 0.": sqrt(_SQUARES) - 1,
    "Give a share, not per cent.": 100 * (1 - sqrt(_SQUARES)),
    "That is the ratio of the RMSEs: the skill is 1 minus it.": sqrt(_SQUARES),
    "1 - R² gives the ratio of squared errors: take the root for RMSEs.": 1 - _SQUARES,
    "That is the ratio of the squared errors.": _SQUARES,
    "Divide the model's RMSE by naive's, not naive's by the model's.": 1 - 1 / sqrt(_SQUARES),
    "Divide the model's by naive's, and take the root: these are squared errors.": 1 - 1 / _SQUARES,
    "That is naive's RMSE over the model's: the other way round, and 1 minus it.": (
        1 / sqrt(_SQUARES)
    ),
    "The errors are in 1 - R², not in R².": 1 - 0.97 / 0.98,
    "The errors are in 1 - R², not in R²: no root of R² helps.": 1 - sqrt(0.97 / 0.98),
    "The errors are in 1 - R², and that is the ratio of R²s.": 0.97 / 0.98,
    "The skill compares two RMSEs: divide, do not subtract.": sqrt(0.02) - sqrt(0.03),
    "Take the root of the ratio, not its square.": 1 - _SQUARES**2,
    "That is what the model leaves: compare it with what naive leaves.": 0.03,
    "That is the model's R² itself.": 0.97,
}


@exercise(
    "06-1",
    "1 - R² is what a forecast leaves unexplained. Compute it for both.",
    "These are squared errors over one and the same variance. In their ratio it cancels.",
    "The root of the ratio is RMSE over naive RMSE; the skill is 1 minus that.",
    slips=_OTHER_SKILLS,
)
def _skill_from_r2(answer: object) -> str:
    found = number(answer)
    ratio = sqrt(_SQUARES)
    if close(found, 1 - ratio, atol=5e-3):
        return f"R² is 0.97, and the errors are {ratio - 1:.0%} larger than naive's."
    raise Hint(
        diagnosis(found, 1 - ratio, _OTHER_SKILLS, atol=1e-4)
        or "R² is 1 minus squared errors over the variance of the truth, and that variance is the "
        "same for both: it cancels."
    )


class _NoDummies(MinMaxScaler):
    """A scaler whose own way back, which wants all columns, is closed."""

    def inverse_transform(self, X: object) -> NoReturn:
        """Refuse."""
        raise Hint("Do without `inverse_transform`: it wants dummy columns, and you need none.")


def _back(scaler: MinMaxScaler, values: NDArray, column: int) -> NDArray:
    return (values - scaler.min_[column]) / scaler.scale_[column]


_OTHER_WAYS: Slips = {
    "the data's minimum and range work for (0, 1) only: this scaler's feature_range is another.": (
        lambda s, v, c: v * s.data_range_[c] + s.data_min_[c]
    ),
    "these are still the scaled values.": lambda s, v, c: v,
    "`min_` is missing: `transform` adds it.": lambda s, v, c: v / s.scale_[c],
    "`scale_` is missing: `transform` multiplies by it.": lambda s, v, c: v - s.min_[c],
    "`transform` adds `min_`: which sign has it on the way back?": lambda s, v, c: (
        (v + s.min_[c]) / s.scale_[c]
    ),
    "`transform` multiplies by `scale_`: go the other way.": lambda s, v, c: (
        (v - s.min_[c]) * s.scale_[c]
    ),
    "that is `transform` once more: go the other way.": lambda s, v, c: v * s.scale_[c] + s.min_[c],
    "undo the last step of `transform` first: it adds `min_`.": lambda s, v, c: (
        v / s.scale_[c] - s.min_[c]
    ),
    "`min_` is the minimum on the new scale, not in dollars: subtract it first.": lambda s, v, c: (
        v / s.scale_[c] + s.min_[c]
    ),
    "brackets are missing: subtract `min_` first, then divide.": lambda s, v, c: (
        v - s.min_[c] / s.scale_[c]
    ),
    "that takes scaled values for shares of the largest price: undo both steps of `transform`.": (
        lambda s, v, c: v * s.data_max_[c]
    ),
    "that is column 0, whatever `column` says.": lambda s, v, c: _back(s, v, 0),
    "that is the last column, whatever `column` says.": lambda s, v, c: _back(s, v, -1),
    "that is the column before: they count from 0.": lambda s, v, c: _back(s, v, c - 1),
    "that is the column after: they count from 0.": lambda s, v, c: _back(s, v, (c + 1) % 3),
    "`scale_` and `min_` are swapped: scaled = value × `scale_` + `min_`.": lambda s, v, c: (
        (v - s.scale_[c]) / s.min_[c]
    ),
    "that scales once more, from dollars: go the other way, with `scale_` and `min_`.": (
        lambda s, v, c: (v - s.data_min_[c]) / s.data_range_[c]
    ),
}


@exercise(
    "06-2",
    "Write down what `transform` does: first it multiplies, then it adds.",
    "The way back undoes the last step first.",
    "`scale_` and `min_` hold one number per column: take those of `column`.",
    slips=_OTHER_WAYS,
)
def _back_to_dollars(answer: object) -> str:
    rng = np.random.default_rng(0)
    table = rng.uniform([10, 100, 1000], [20, 130, 5000], (30, 3))
    cases = {}
    for low_and_high in [(0, 1), (-1, 1)]:
        scaler = _NoDummies(feature_range=low_and_high).fit(table)
        for column, shape in [(1, (5,)), (0, (4, 2)), (2, (4, 2, 1)), (1, (3, 1))]:
            case = f"With feature_range {low_and_high}, column {column} and shape {shape}"
            cases[case] = (scaler, rng.uniform(*low_and_high, shape), column)
    general = "the values are off: undo what `transform` did, the last step first."
    ask_for_same(answer, _back, cases, _OTHER_WAYS, general, axes="values.shape")
    return "Right for three columns, four shapes, and two ranges, without a dummy."


def _score(
    window: Callable[[pd.Series], Rolling | pd.Series], ddof: int = 1, column: str = "Close"
) -> Callable[[pd.DataFrame], pd.Series]:
    """How many standard deviations a price is above the mean of a window of it."""

    def score(table: pd.DataFrame) -> pd.Series:
        price = table[column]
        return (price - window(price).mean()) / window(price).std(ddof=ddof)

    return score


def _last(price: pd.Series) -> Rolling:
    return price.rolling(20)


def _of_closes(formula: Callable[[pd.Series, Rolling], pd.Series]) -> Callable:
    """What a formula makes of the closes and of their last 20 days."""
    return lambda table: formula(table["Close"], _last(table["Close"]))


_OTHER_SCORES: Slips = {
    "That is the mean of all days, later ones included: take the last 20.": _score(lambda c: c),
    "The deviation is that of all days: does your window look ahead? Take the last 20.": (
        _of_closes(lambda c, last: (c - last.mean()) / c.std())
    ),
    "The mean is that of all days: does your window look ahead? Take the last 20.": (
        _of_closes(lambda c, last: (c - c.mean()) / last.std())
    ),
    "Your window is centred, so it contains days that are yet to come.": _score(
        lambda c: c.rolling(20, center=True)
    ),
    "Your window ends yesterday: include today.": _score(lambda c: c.shift().rolling(20)),
    "That is in dollars: divide by the standard deviation.": _of_closes(
        lambda c, last: c - last.mean()
    ),
    "The deviation is that of the changes: take that of the closes.": lambda t: (
        (t["Close"] - t["Close"].rolling(20).mean()) / t["Close"].diff().rolling(20).std()
    ),
    "You divided by the variance.": _of_closes(lambda c, last: (c - last.mean()) / last.var()),
    "Divide by the deviation, do not multiply by it.": _of_closes(
        lambda c, last: (c - last.mean()) * last.std()
    ),
    "You divided by the mean: divide by the standard deviation.": _of_closes(
        lambda c, last: (c - last.mean()) / last.mean()
    ),
    "Brackets are missing: the difference comes first, then the division.": _of_closes(
        lambda c, last: c - last.mean() / last.std()
    ),
    "The mean is missing: how far is the close from it?": _of_closes(
        lambda c, last: c / last.std()
    ),
    "Upside down: the difference over the deviation.": _of_closes(
        lambda c, last: last.std() / (c - last.mean())
    ),
    "That is the mean over the deviation: take the close's distance from the mean.": _of_closes(
        lambda c, last: last.mean() / last.std()
    ),
    "That is the deviation alone.": _of_closes(lambda c, last: last.std()),
    "Below the mean the score is negative: keep the sign.": lambda t: _score(_last)(t).abs(),
    "Above the mean the score is positive: turn the difference round.": lambda t: -_score(_last)(t),
    "You took the median: take the mean.": _of_closes(
        lambda c, last: (c - last.median()) / last.std()
    ),
    "Take the closes themselves, not their logarithms.": lambda t: _score(_last)(np.log(t)),
    "Take the closes themselves, not their changes.": lambda t: _score(_last)(t.pct_change()),
    "Your window begins on the first day: take the last 20.": _score(lambda c: c.expanding()),
    "Your window is open on the first 19 days: leave them missing, without `min_periods`.": (
        _score(lambda c: c.rolling(20, min_periods=2))
    ),
    'rolling("20D") is 20 days of the calendar: take 20 rows.': _score(lambda c: c.rolling("20D")),
    "Your window has 19 days: take 20, so that all have a full window.": _score(
        lambda c: c.rolling(19)
    ),
    "Your window has 21 days: take 20.": _score(lambda c: c.rolling(21)),
    "The price is High, the mean that of Close: take Close for both.": lambda t: (
        (t["High"] - _last(t["Close"]).mean()) / _last(t["Close"]).std()
    ),
    "That is the column High: take Close.": _score(_last, column="High"),
    "That is the column Low: take Close.": _score(_last, column="Low"),
    "That is the column Open: take Close.": _score(_last, column="Open"),
    "Your window forgets bit by bit: take the last 20, with the same weight.": _of_closes(
        lambda c, last: (c - c.ewm(span=20).mean()) / c.ewm(span=20).std()
    ),
    "You divided by the standard error: the deviation is not over the root of 20.": _of_closes(
        lambda c, last: (c - last.mean()) / last.std() * 20**0.5
    ),
    "That is the deviation of the differences: take that of the closes.": _of_closes(
        lambda c, last: (c - last.mean()) / (c - last.mean()).rolling(20).std()
    ),
}


@exercise(
    "06-3",
    "Mean and standard deviation come from one and the same rolling window of closes.",
    "`rolling(20)` ends today, and its `std()` is the one you need.",
    "How far is the close from the mean, and how many standard deviations is that?",
    slips=_OTHER_SCORES,
)
def _z_score(answer: object, prices: pd.DataFrame) -> str:
    ask_for_same_series(
        answer,
        [_score(_last), _score(_last, ddof=0)],  # pandas' default divides by 19
        prices,
        _OTHER_SCORES,
        "take close, mean and standard deviation of the last 20 days, which have a full window.",
    )
    farthest = _score(_last)(prices).abs().max()
    return f"Today's close lies {farthest:.1f} standard deviations off at most."


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
    from course_utils.recipes import forecasts

    try:
        with np.errstate(over="ignore"):
            found = forecasts(recipe, prices, "High", year, SEEDS)
    except ValueError as error:
        if "position 0 is" not in str(error):  # the first forecast, not the first price
            raise
        raise Hint("The training diverged: forecasts are no longer finite.") from None
    return float(np.mean([rmse(prices["High"][found.index], found[seed]) for seed in SEEDS]))
