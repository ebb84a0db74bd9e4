"""Checks of lesson 06, features and hyperparameters."""

from collections.abc import Callable
from dataclasses import replace
from math import inf, sqrt
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from course_utils.recipes import Recipe

from course.exercises.hints import Hint, array, called, number, series_by_day
from course_utils.evaluation import LeakError, check_past_only, rmse

import numpy as np
import pandas as pd
from numpy.typing import NDArray
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


def _skill_from_r2(answer: object) -> str:
    found = number(answer)
    ratio = sqrt(0.03 / 0.02)
    if np.isclose(found, 1 - ratio, atol=5e-3):
        return f"R² is 0.97, and the errors are {ratio - 1:.0%} larger than naive's."
    mistakes = {
        ratio - 1: "The size is right. A model that is worse than naive has a skill below 0.",
        100 * (1 - ratio): "Give a share, not per cent.",
        ratio: "That is the ratio of the RMSEs: the skill is what it lacks to 1.",
        1 - 1.5: "1 - R² is the ratio of squared errors: take the root for RMSEs.",
        1.5: "That is the ratio of the squared errors.",
        1 - 1 / ratio: "Naive's RMSE is what the model's is divided by.",
        0.97 - 0.98: "R²s cannot be subtracted: compare what each of them leaves, 1 - R².",
        0.98 - 0.97: "R²s cannot be subtracted: compare what each of them leaves, 1 - R².",
        1 - 0.97 / 0.98: "The errors are in 1 - R², not in R².",
        1 - sqrt(0.97 / 0.98): "The errors are in 1 - R², not in R².",
    }
    for mistake, hint in mistakes.items():
        if np.isclose(found, mistake, atol=1e-4):
            raise Hint(hint)
    raise Hint(
        "R² is 1 minus squared errors over the variance of the truth, and that variance is the "
        "same for both: it cancels."
    )


class _NoDummies(MinMaxScaler):
    """A scaler whose own way back, which wants all columns, is closed."""

    def inverse_transform(self, X: object) -> NoReturn:
        """Refuse."""
        raise Hint("Leave `inverse_transform` out: it wants dummy columns, and you need none.")


def _back_to_dollars(answer: object) -> str:
    rng = np.random.default_rng(0)
    table = rng.uniform([10, 100, 1000], [20, 130, 5000], (30, 3))
    for feature_range in [(0, 1), (-1, 1)]:
        scaler = _NoDummies(feature_range=feature_range).fit(table)
        for column, shape in [(1, (5,)), (0, (4, 2)), (2, (4, 2, 1)), (1, (3, 1))]:
            values = rng.uniform(*feature_range, shape)
            found = _called_on(answer, scaler, values, column)
            _compare_with_mistakes(found, scaler, values, column)
    return "Right for three columns, four shapes, and two ranges, without a dummy."


def _called_on(
    function: Callable[..., Any], scaler: MinMaxScaler, values: NDArray, column: int
) -> NDArray:
    """Call a learner's function and take numbers of the same shape, or say what came instead."""
    given = values.copy()
    found = array(called(function, scaler, given, column))
    if not np.array_equal(given, values):
        raise Hint("Your function changed the caller's values: work on a copy.")
    if found.shape != values.shape:
        raise Hint(f"For values of shape {values.shape}, return the same, not {found.shape}.")
    return found


def _compare_with_mistakes(
    found: NDArray, scaler: MinMaxScaler, values: NDArray, column: int
) -> None:
    """Give a hint unless these are the values in their own unit."""
    minimum, scale = scaler.min_[column], scaler.scale_[column]
    expected = (values - minimum) / scale
    if np.allclose(found, expected, rtol=1e-5):
        return
    mistakes = [
        (
            values * scaler.data_range_[column] + scaler.data_min_[column],
            f"The data's minimum and range do for (0, 1) only: this scaler's feature_range is "
            f"{scaler.feature_range}.",
        ),
        (values, "These are the scaled values still."),
        (values / scale, "`min_` is missing: `transform` adds it."),
        ((values + minimum) / scale, "`transform` adds `min_`: which sign has the way back?"),
        ((values - minimum) * scale, "`transform` multiplies by `scale_`: you go the other way."),
        (values * scale + minimum, "That is `transform` once more: go the other way."),
        (values / scale - minimum, "Undo the last step of `transform` first: it adds `min_`."),
    ]
    for other in set(range(len(scaler.scale_))) - {column}:
        mistakes.append(
            (
                (values - scaler.min_[other]) / scaler.scale_[other],
                f"That is column {other}, and column {column} was asked for.",
            )
        )
    for mistake, hint in mistakes:
        if np.allclose(found, mistake, rtol=1e-5):
            raise Hint(hint)
    raise Hint(
        f"With feature_range {scaler.feature_range}, {values.flat[0]:.3g} in column {column} "
        f"should become {expected.flat[0]:.4g}, not {found.flat[0]:.4g}."
    )


def _z_score(answer: object, prices: pd.DataFrame) -> str:
    def asked(table: pd.DataFrame) -> pd.Series:
        return series_by_day(answer, table).astype(float)

    found, close = asked(prices), prices["Close"]
    last = close.rolling(20)
    expected = ((close - last.mean()) / last.std()).dropna()
    if not found.index.isin(prices.index).all():
        raise Hint("Keep the days of the price table as the index.")
    found = found.dropna()
    around = close.rolling(20, center=True)
    before = close.shift().rolling(20)
    mistakes = [
        (
            (close - close.mean()) / close.std(),
            "That is the mean of all days, later ones included: take the last 20.",
        ),
        (
            (close - around.mean()) / around.std(),
            "Your window is centred, so it holds days that are yet to come.",
        ),
        (
            (close - before.mean()) / before.std(),
            "Your window ends yesterday: today belongs to it.",
        ),
        (close - last.mean(), "That is in dollars: divide by the standard deviation."),
        ((close - last.mean()) / last.var(), "You divided by the variance."),
        (expected.abs(), "Below the mean the score is negative: leave the sign."),
        (-expected, "Above the mean the score is positive: turn the difference round."),
    ]
    for mistake, hint in mistakes:
        if _same(found, mistake.dropna()):
            raise Hint(hint)
    try:
        check_past_only(lambda table: asked(table).shift().dropna(), prices, prices.index[1000])
    except LeakError:
        raise Hint("It changes when later days change: does your window look ahead?") from None
    except ValueError as error:
        raise Hint(str(error)) from None
    if len(found) != len(expected):
        raise Hint(f"{len(found)} days have a value; with 20 days needed it is {len(expected)}.")
    by_20 = (close - last.mean()) / last.std(ddof=0)  # pandas' default divides by 19
    if not (_same(found, expected) or _same(found, by_20.dropna())):
        raise Hint("The values are off: close, mean and standard deviation of the last 20 days.")
    return f"Today's close lies {found.abs().max():.1f} standard deviations off at most."


def _same(found: pd.Series, expected: pd.Series) -> bool:
    """Whether two series hold the same values on the same days."""
    return found.index.equals(expected.index) and np.allclose(found, expected, atol=1e-6)


def _half_the_network(answer: object, prices: pd.DataFrame) -> str:
    from course_utils.recipes import BASE

    recipe = replace(BASE, **_settings(answer))
    year = prices.attrs["test_year"] - 1
    try:
        used, whole = _parameters(recipe, prices), _parameters(BASE, prices)
        if used > whole / 2:
            raise Hint(f"{used:,} parameters: at most half of BASE's {whole:,} are allowed.")
        # Measured: a batch costs 33 time steps and its own, which cost twice as much for 100
        # windows as for one. The limit is a little more than twice what BASE takes.
        time_steps = recipe.layers * recipe.lookback
        if 33 + time_steps * (1 + recipe.batch_size / 100) > 2.4 * recipe.batch_size:
            raise Hint(
                "That takes too long to check: take larger batches, a shorter lookback, or fewer "
                "layers."
            )
        key = (BASE, year, int(pd.util.hash_pandas_object(prices).sum()))
        if key not in _base_errors:
            _base_errors[key] = _mean_error(BASE, prices, year)
        base, yours = _base_errors[key], _mean_error(recipe, prices, year)
    except ValueError as error:  # such as too few days for the lookback
        raise Hint(str(error)) from None
    high = prices["High"]
    days = high.index[high.index.year == year]
    naive = rmse(high[days], high.shift()[days])
    errors = f"RMSE {yours / naive:.1%} of naive's, BASE's {base / naive:.1%}"
    if yours > SLACK * base:
        raise Hint(f"{errors}: too far above it. How a network learns costs no parameters.")
    return f"{errors}, with {used / whole:.0%} of the parameters; {year} is one year, two seeds."


def _settings(answer: object) -> dict[str, int | float]:
    """Take sane settings, or say which is not."""
    if not isinstance(answer, dict):
        raise Hint(f"A dict of settings is asked for, not {type(answer).__name__}.")
    unknown = [name for name in answer if name not in SETTINGS]
    if unknown:
        raise Hint(f"No setting {unknown[0]!r}: choose among {', '.join(SETTINGS)}.")
    settings = {}
    for name, value in answer.items():
        kind, sane, wanted = SETTINGS[name]
        if not isinstance(value, kind) or isinstance(value, bool) or not sane(value):
            raise Hint(f"{name} must be {wanted}, not {value!r}.")
        settings[name] = int(value) if kind is Integral else float(value)
    return settings


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


CHECKS: dict[str, Callable[..., str]] = {
    "06-1": _skill_from_r2,
    "06-2": _back_to_dollars,
    "06-3": _z_score,
    "06-4": _half_the_network,
}

HINTS: dict[str, tuple[str, ...]] = {
    "06-1": (
        "1 - R² is what a forecast leaves unexplained. Compute it for both.",
        "These are squared errors over one and the same variance. In their ratio it cancels.",
        "The root of the ratio is RMSE over naive RMSE; the skill is 1 minus that.",
    ),
    "06-2": (
        "Write down what `transform` does: first it multiplies, then it adds.",
        "The way back undoes the last step first.",
        "`scale_` and `min_` hold one number for each column: take those of `column`.",
    ),
    "06-3": (
        "Mean and standard deviation come from one and the same rolling window of closes.",
        "`rolling(20)` ends today, and its `std()` is the one that is asked for.",
        "How far is the close from the mean, and how many standard deviations is that?",
    ),
    "06-4": (
        "Parameters grow with the square of the units: 30% fewer units are about half of them.",
        "Lookback and learning rate cost no parameters. What did their sweeps say?",
        "In the sweeps a short lookback lost nothing. Combine one with fewer units and larger "
        "steps.",
    ),
}
