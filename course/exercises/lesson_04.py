"""Checks of lesson 04, IBM 2017 prediction."""

from collections.abc import Callable

from course.exercises.hints import Hint, number, series_by_day
from course_utils.evaluation import LeakError, check_past_only, diebold_mariano, rmse, skill
from course_utils.windows import returns_and_range

import numpy as np
import pandas as pd

TOO_GOOD = 0.3  # of exercise 4; the best rung of the ladder has a third of it


def _five_day_mean(answer: object, prices: pd.DataFrame) -> str:
    found = number(answer)
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
        if np.isclose(found, mistake, rtol=1e-4):
            raise Hint(hint)
    if not np.isclose(found, expected, rtol=1e-4):
        direction = "too small" if found < expected else "too large"
        raise Hint(
            f"{found:.4g} is {direction}. Average the last five highs of each window, in dollars, "
            "and compare with all highs of the test year."
        )
    naive = rmse(truth, high.shift()[days])
    return f"{found:.2f} dollars, {found / naive - 1:.0%} worse than the last day alone."


def _single_features(answer: object, prices: pd.DataFrame) -> str:
    names = [name for name in returns_and_range(prices, "High") if name != "return"]
    if not isinstance(answer, dict) or set(answer) != set(names):
        raise Hint(f"A dict with one RMSE for each of {', '.join(names)} is asked for.")
    found = {name: number(value) for name, value in answer.items()}
    for name in names:
        expected = _last_day_error(prices, ["return", name])
        if np.isclose(found[name], _last_day_error(prices, [name, "return"]), rtol=1e-4):
            raise Hint(f"Column 0 is the target: `return` comes first, then {name}.")
        if found[name] < 0.1:
            raise Hint(f"{found[name]:.3g} for {name} is an error of returns: go back to dollars.")
        if not np.isclose(found[name], expected, rtol=1e-4):
            raise Hint(
                f"The RMSE for {name} is off: use the columns ['return', '{name}'], forecast as "
                "part 5 does, and go back to dollars with yesterday's high."
            )
    best = min(found, key=found.__getitem__)
    year, high = prices.attrs["test_year"], prices["High"]
    days = high.index[high.index.year == year]
    naive, together = (
        rmse(high[days], high.shift()[days]),
        _last_day_error(prices, ["return", *names]),
    )
    share = (naive - found[best]) / (naive - together)
    return f"{best} alone brings {share:.0%} of what all three bring together."


def _last_day_error(prices: pd.DataFrame, columns: list[str]) -> float:
    """RMSE in dollars of the last-day regression on these columns, over the test year."""
    from course_utils.models import WindowRegression
    from course_utils.training import forecast_year

    table = returns_and_range(prices, "High")[columns]
    returns = forecast_year(
        table, prices.attrs["test_year"], 20, lambda *samples: WindowRegression().fit(*samples)
    )
    forecast = prices["High"].shift()[returns.index] * np.exp(returns)
    return rmse(prices["High"][returns.index], forecast)


def _relative_volume(answer: object, prices: pd.DataFrame) -> str:
    found = series_by_day(answer, prices)
    expected = np.log(prices["Volume"] / prices["Volume"].rolling(20).mean()).dropna()
    if not found.index.isin(prices.index).all():
        raise Hint("Keep the days of the price table as the index.")
    try:
        check_past_only(
            lambda table: series_by_day(answer, table).shift().dropna(), prices, prices.index[1000]
        )
    except LeakError:
        raise Hint("It changes when later days change: does your mean look ahead?") from None
    except ValueError as error:
        raise Hint(str(error)) from None
    found = found.dropna()
    before = np.log(prices["Volume"] / prices["Volume"].shift().rolling(20).mean()).dropna()
    if len(found) == len(before) and np.allclose(found, before, atol=1e-6):
        raise Hint("Your window ends yesterday: today belongs to it.")
    if len(found) != len(expected):
        raise Hint(f"{len(found)} days have a value; with 20 days needed it is {len(expected)}.")
    if np.allclose(np.exp(expected), found, atol=1e-6):
        raise Hint("Take the logarithm of the ratio.")
    if not np.allclose(found, expected, atol=1e-6):
        raise Hint("The values are off: today's volume over the mean of 20 days, today included.")
    return "It knows the past only, so a model may have it."


def _beat_the_ladder(answer: object, prices: pd.DataFrame) -> str:
    found = series_by_day(answer, prices)
    again = series_by_day(answer, prices).reindex(found.index)
    if not np.allclose(found, again, equal_nan=True):
        raise Hint("Your function gives another answer each time: set the seed inside it.")
    high, year = prices["High"], prices.attrs["test_year"]
    days = high.index[high.index.year == year]
    if not found.index.equals(days):
        raise Hint(f"Forecast each of the {len(days)} days of {year}, and no others.")
    if found.isna().any():
        raise Hint(f"{found.isna().sum()} forecasts are missing.")
    if not 0.5 < (found / high[days]).median() < 2:
        raise Hint("The forecasts are not on the scale of the prices: go back to dollars.")
    try:
        check_past_only(lambda table: series_by_day(answer, table), prices, days[len(days) // 2])
    except LeakError as leak:
        raise Hint(f"A leak: {leak}") from None
    except ValueError as error:
        raise Hint(str(error)) from None
    gain = skill(high[days], found, high.shift()[days])
    if gain <= 0:
        raise Hint(f"No leak, and honest, but the skill is {gain:.1%}: naive is still better.")
    if gain > TOO_GOOD:
        raise Hint(
            f"A skill of {gain:.0%} is too good to be true. Use `table` and nothing else of the "
            "notebook: the check can hide the future of `table` only."
        )
    p_value = diebold_mariano(high[days], found, high.shift()[days]).p_value
    ladder = _last_day_error(prices, list(returns_and_range(prices, "High")))
    return (
        f"No leak, RMSE {rmse(high[days], found):.3f} dollars, skill {gain:.1%}, p-value against "
        f"naive {p_value:.2g}. The regression of part 5: {ladder:.3f} dollars."
    )


CHECKS: dict[str, Callable[[object, pd.DataFrame], str]] = {
    "04-1": _five_day_mean,
    "04-2": _single_features,
    "04-3": _relative_volume,
    "04-4": _beat_the_ladder,
}

HINTS: dict[str, tuple[str, ...]] = {
    "04-1": (
        "`test_windows` has three axes: days of the test year, days in a window, columns.",
        "Of each window, take the last five days and the column of the highs, index 0.",
        "The mean runs along the days of a window, axis 1 of what you have left; then `rmse`.",
    ),
    "04-2": (
        "Part 5 fits this regression on all four columns; only the list of columns changes.",
        "`return` is the target, so it comes first in the list of two.",
        "The regression forecasts returns. From a return to dollars it takes yesterday's high "
        "and an exponential.",
    ),
    "04-3": (
        "Three steps: a mean of the last 20 days, a ratio, a logarithm.",
        "`rolling(20)` ends at its own day, so today is included and nothing later.",
        "Divide the column by its rolling mean and take `np.log`; let the first 19 days be nan.",
    ),
    "04-4": (
        "Begin with the best rung of part 5 as a function of the table, and check that it passes.",
        "Whatever you compute, use days up to yesterday for today's forecast, then go back to "
        "dollars.",
        "A regression that sees more than the last day costs little: try `WindowRegression` "
        "with another number of days.",
    ),
}
