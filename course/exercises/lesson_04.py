"""Checks of lesson 04, IBM 2017 prediction."""

from course.exercises.answers import ask_for_past_feature, ask_for_past_only, number, series_by_day
from course.exercises.hints import Hint, close, exercise, known_mistake, off
from course_utils.evaluation import diebold_mariano, rmse, skill
from course_utils.windows import returns_and_range, to_dollars

import numpy as np
import pandas as pd

TOO_GOOD = 0.3  # of exercise 4; the best rung of the ladder has a third of it


@exercise(
    "04-1",
    "`test_windows` has three axes: days of the test year, days in a window, columns.",
    "From each window, take the last five days and the column of the highs, index 0.",
    "The mean runs along the days of a window, axis 1 of what you have left; then `rmse`.",
)
def _five_day_mean(answer: object, prices: pd.DataFrame) -> str:
    found = number(answer)
    year, high = str(prices.attrs["test_year"]), prices["High"]

    def error(forecast: pd.Series) -> float:
        return rmse(high.loc[year], forecast.loc[year])

    def mean_before(days: int) -> pd.Series:
        return high.rolling(days).mean().shift()

    right = error(mean_before(5))
    if close(found, right, rtol=1e-4):
        worse = found / error(high.shift()) - 1
        return f"{found:.2f} dollars, {worse:.0%} worse than the last day alone."
    mistakes = {
        "Your mean contains the day that it forecasts: a leak.": error(high.rolling(5).mean()),
        "That is the mean of all 60 days.": error(mean_before(60)),
        "You averaged six days: -5: is five.": error(mean_before(6)),
        "That is the mean squared error: take its root.": right**2,
    }
    raise Hint(
        known_mistake(found, mistakes, rtol=1e-4)
        or f"{off(found, right)} Average the last five highs of each window, in dollars, and "
        "compare with all highs of the test year."
    )


@exercise(
    "04-2",
    "Part 5 fits this regression on all four columns; only the list of columns changes.",
    "`return` is the target, so it comes first in the list of two.",
    "The regression forecasts returns: an exponential and yesterday's high turn one into dollars.",
)
def _single_features(answer: object, prices: pd.DataFrame) -> str:
    names = [name for name in returns_and_range(prices, "High") if name != "return"]
    if not isinstance(answer, dict) or set(answer) != set(names):
        raise Hint(f"Give a dict with one RMSE for each of {', '.join(names)}.")
    found = {name: number(value) for name, value in answer.items()}
    for name in names:
        if close(found[name], _last_day_error(prices, ["return", name]), rtol=1e-4):
            continue
        if close(found[name], _last_day_error(prices, [name, "return"]), rtol=1e-4):
            raise Hint(f"Column 0 is the target: `return` comes first, then {name}.")
        if found[name] < 0.1:
            raise Hint(f"{found[name]:.3g} for {name} is an error of returns: go back to dollars.")
        raise Hint(
            f"The RMSE for {name} is off: use the columns ['return', '{name}'], forecast as "
            "part 5 does, and go back to dollars with yesterday's high."
        )
    best = min(found, key=found.__getitem__)
    year, high = str(prices.attrs["test_year"]), prices["High"]
    naive = rmse(high.loc[year], high.shift().loc[year])
    together = _last_day_error(prices, ["return", *names])
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
    return rmse(prices["High"][returns.index], to_dollars(returns, prices, "High"))


@exercise(
    "04-3",
    "Three steps: a mean of the last 20 days, a ratio, a logarithm.",
    "`rolling(20)` ends at its own day, so today is included and nothing later.",
    "Divide the column by its rolling mean and take `np.log`; let the first 19 days be nan.",
)
def _relative_volume(answer: object, prices: pd.DataFrame) -> str:
    found = series_by_day(answer, prices).reindex(prices.index)
    ask_for_past_feature(answer, prices)
    volume = prices["Volume"]
    ratio = volume / volume.rolling(20).mean()
    right = np.log(ratio)
    if close(found, right, rtol=1e-5, atol=1e-6):
        return "It knows the past only, so a model may have it."
    without_today = np.log(volume / volume.shift().rolling(20).mean())
    mistakes = {
        "Your window ends yesterday: include today.": without_today,
        "Take the logarithm of the ratio.": ratio,
    }
    if hint := known_mistake(found, mistakes, rtol=1e-5, atol=1e-6):
        raise Hint(hint)
    if found.count() != right.count():
        raise Hint(f"{found.count()} days have a value; {right.count()} have a full window.")
    raise Hint("The values are off: today's volume over the mean of 20 days, today included.")


@exercise(
    "04-4",
    "Begin with the best rung of part 5 as a function of the table, and check that it passes.",
    "Use only days up to yesterday for today's forecast, then go back to dollars.",
    "A regression on more days than the last costs little: try the `days` of `WindowRegression`.",
)
def _beat_the_ladder(answer: object, prices: pd.DataFrame) -> str:
    found = series_by_day(answer, prices)
    if not close(found, series_by_day(answer, prices).reindex(found.index), rtol=1e-5, atol=1e-8):
        raise Hint("Your function gives different forecasts each time: set the seed inside it.")
    year, high = prices.attrs["test_year"], prices["High"]
    truth, naive = high.loc[str(year)], high.shift().loc[str(year)]
    days = truth.index
    if not found.index.equals(days):
        raise Hint(f"Forecast each of the {len(days)} days of {year}, and no others.")
    if missing := (~np.isfinite(found)).sum():
        raise Hint(f"{missing} forecasts are missing or not finite.")
    if not 0.5 < (found / truth).median() < 2:
        raise Hint("The forecasts are not on the scale of the prices: go back to dollars.")
    ask_for_past_only(lambda table: series_by_day(answer, table), prices, days[len(days) // 2])
    gain = skill(truth, found, naive)
    if gain <= 0:
        raise Hint(f"No leak, but the skill is {gain:.1%}: naive is still better.")
    if gain > TOO_GOOD:
        raise Hint(
            f"A skill of {gain:.0%} is too good to be true. Use `table` and nothing else of the "
            "notebook: the check can hide the future of `table` only."
        )
    p_value = diebold_mariano(truth, found, naive).p_value
    ladder = _last_day_error(prices, list(returns_and_range(prices, "High")))
    return (
        f"No leak, RMSE {rmse(truth, found):.3f} dollars, skill {gain:.1%}, p-value against "
        f"naive {p_value:.2g}. The regression of part 5: {ladder:.3f} dollars."
    )
