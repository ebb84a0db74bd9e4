"""Checks of the exercises: what is right about an answer, or a hint on what is not.

A wrong answer gets a sentence, never a traceback, and never the solution.
"""

from collections.abc import Callable

from course_utils.evaluation import LeakError, check_past_only, diebold_mariano, rmse, skill
from course_utils.windows import returns_and_range

import numpy as np
import pandas as pd

RIGHT = "✓ Exercise {}: right. {}"
NOT_YET = "✗ Exercise {}: not yet. {}"


class _Hint(Exception):
    """What to tell a learner whose answer is not right yet."""


def check(exercise: str, answer: object, prices: pd.DataFrame) -> None:
    """Say whether an answer is right, and if it is not, what to look at.

    Args:
        exercise: its name, such as `04-1`.
        answer: what the exercise asks for.
        prices: the price table of the lesson, without missing values, in USD.

    Raises:
        ValueError: there is no such exercise.
    """
    if exercise not in _CHECKS:
        raise ValueError(f"No exercise {exercise!r}: choose one of {', '.join(_CHECKS)}.")
    if answer is ...:
        print(NOT_YET.format(exercise, "Replace the three dots with your answer."))
        return
    try:
        praise = _CHECKS[exercise](answer, prices)
    except _Hint as hint:
        print(NOT_YET.format(exercise, hint))
    else:
        print(RIGHT.format(exercise, praise))


def _number(answer: object) -> float:
    """Take a single finite number, or say what came instead."""
    try:
        values = np.ravel(np.asarray(answer, dtype=float))
    except (TypeError, ValueError):
        raise _Hint(f"A number is asked for, not {type(answer).__name__}.") from None
    if len(values) != 1:
        raise _Hint(f"One number is asked for, not {len(values)}: take the error of all days.")
    if not np.isfinite(values[0]):
        raise _Hint("The number is not finite: is a value missing where you average?")
    return float(values[0])


def _call(function: object, prices: pd.DataFrame) -> pd.Series:
    """Call a learner's function on prices and take a series by day, or say what came instead."""
    if not callable(function):
        raise _Hint("Hand over the function itself, without calling it.")
    try:
        result = function(prices.copy())
    except Exception as error:  # whatever a learner's code raises becomes a hint
        raise _Hint(f"Your function raised {type(error).__name__}: {error}") from error
    if not isinstance(result, pd.Series) or not isinstance(result.index, pd.DatetimeIndex):
        raise _Hint("Your function must return a pandas Series indexed by day.")
    return result


def _five_day_mean(answer: object, prices: pd.DataFrame) -> str:
    number = _number(answer)
    year, high = prices.attrs["test_year"], prices["High"]
    days = high.index[high.index.year == year]
    truth, means = high[days], high.rolling(5).mean()
    expected = rmse(truth, means.shift()[days])
    mistakes = {
        rmse(truth, means[days]): "Your mean contains the day that it forecasts: a leak.",
        rmse(truth, high.rolling(60).mean().shift()[days]): "That is the mean of all 60 days.",
        rmse(truth, high.rolling(6).mean().shift()[days]): "You averaged six days: -5: is five.",
        expected**2: "That is the mean squared error: take its root.",
    }
    for mistake, hint in mistakes.items():
        if np.isclose(number, mistake, rtol=1e-4):
            raise _Hint(hint)
    if not np.isclose(number, expected, rtol=1e-4):
        direction = "too small" if number < expected else "too large"
        raise _Hint(
            f"{number:.4g} is {direction}. Average axis 1 of windows[:, -5:, 0], in dollars, and "
            "compare with the test year's highs, all of them."
        )
    naive = rmse(truth, high.shift()[days])
    return f"{number:.2f} dollars, {number / naive - 1:.0%} worse than the last day alone."


def _single_features(answer: object, prices: pd.DataFrame) -> str:
    names = [name for name in returns_and_range(prices, "High") if name != "return"]
    if not isinstance(answer, dict) or set(answer) != set(names):
        raise _Hint(f"A dict with one RMSE for each of {', '.join(names)} is asked for.")
    found = {name: _number(value) for name, value in answer.items()}
    for name in names:
        expected = _last_day_error(prices, ["return", name])
        if np.isclose(found[name], _last_day_error(prices, [name, "return"]), rtol=1e-4):
            raise _Hint(f"Column 0 is the target: `return` comes first, then {name}.")
        if found[name] < 0.1:
            raise _Hint(f"{found[name]:.3g} for {name} is an error of returns: go back to dollars.")
        if not np.isclose(found[name], expected, rtol=1e-4):
            raise _Hint(f"The RMSE for {name} is off: use the columns ['return', '{name}'].")
    best = min(found, key=found.__getitem__)
    return f"{best} alone brings most of the gain."


def _last_day_error(prices: pd.DataFrame, columns: list[str]) -> float:
    """RMSE in dollars of the last-day regression on these columns, over the test year."""
    from course_utils.models import LastDayRegression
    from course_utils.training import forecast_year

    table = returns_and_range(prices, "High")[columns]
    returns = forecast_year(
        table, prices.attrs["test_year"], 20, lambda *samples: LastDayRegression().fit(*samples)
    )
    forecast = prices["High"].shift()[returns.index] * np.exp(returns)
    return rmse(prices["High"][returns.index], forecast)


def _relative_volume(answer: object, prices: pd.DataFrame) -> str:
    found = _call(answer, prices)
    expected = np.log(prices["Volume"] / prices["Volume"].rolling(20).mean()).dropna()
    if not found.index.isin(prices.index).all():
        raise _Hint("Keep the days of the price table as the index.")
    try:
        check_past_only(
            lambda table: _call(answer, table).shift().dropna(), prices, prices.index[1000]
        )
    except LeakError:
        raise _Hint("It changes when later days change: does your mean look ahead?") from None
    found = found.dropna()
    if len(found) != len(expected):
        raise _Hint(f"{len(found)} days have a value; with 20 days needed it is {len(expected)}.")
    if np.allclose(np.exp(expected), found, atol=1e-6):
        raise _Hint("Take the logarithm of the ratio.")
    if not np.allclose(found, expected, atol=1e-6):
        raise _Hint("The values are off: today's volume over the mean of 20 days, today included.")
    return "It knows the past only, so a model may have it."


def _beat_the_ladder(answer: object, prices: pd.DataFrame) -> str:
    found = _call(answer, prices)
    high, year = prices["High"], prices.attrs["test_year"]
    days = high.index[high.index.year == year]
    if not found.index.equals(days):
        raise _Hint(f"Forecast each of the {len(days)} days of {year}, and no others.")
    if found.isna().any():
        raise _Hint(f"{found.isna().sum()} forecasts are missing.")
    if not 0.5 < (found / high[days]).median() < 2:
        raise _Hint("The forecasts are not on the scale of the prices: go back to dollars.")
    try:
        check_past_only(lambda table: _call(answer, table), prices, days[len(days) // 2])
    except LeakError as leak:
        raise _Hint(f"A leak: {leak}") from None
    gain = skill(high[days], found, high.shift()[days])
    if gain <= 0:
        raise _Hint(f"No leak, and honest, but the skill is {gain:.1%}: naive is still better.")
    p_value = diebold_mariano(high[days], found, high.shift()[days]).p_value
    return (
        f"No leak, RMSE {rmse(high[days], found):.3f} dollars, skill {gain:.1%}, p-value against "
        f"naive {p_value:.2g}."
    )


_CHECKS: dict[str, Callable[[object, pd.DataFrame], str]] = {
    "04-1": _five_day_mean,
    "04-2": _single_features,
    "04-3": _relative_volume,
    "04-4": _beat_the_ladder,
}
