"""Checks of lesson 04, IBM 2017 prediction."""

from collections.abc import Callable

from course.exercises.answers import (
    ask_for_finite,
    ask_for_past_only,
    ask_for_same_series,
    number,
    series_by_day,
)
from course.exercises.hints import Hint, Slips, close, diagnosis, exercise, off, worked_out
from course_utils.evaluation import rmse, skill, skill_interval
from course_utils.recipes import RECIPES
from course_utils.recipes import forecast as follow
from course_utils.windows import returns_and_range, to_dollars

import numpy as np
import pandas as pd

YEARS = 6  # of exercise 4
TOO_GOOD = 0.3  # of exercise 4; on Apple, rung 5 has a quarter of it


def _error(prices: pd.DataFrame, forecast: pd.Series) -> float:
    """RMSE in dollars of a forecast of the highs of the test year, on the days that it has."""
    forecast = forecast.loc[str(prices.attrs["test_year"])].dropna()
    return rmse(prices["High"].loc[forecast.index], forecast)


def _misses(prices: pd.DataFrame) -> pd.Series:
    """Truth minus the forecast of exercise 1, on each day of the test year."""
    high = prices["High"]
    return (high - high.rolling(5).mean().shift()).loc[str(prices.attrs["test_year"])]


def _days_before(prices: pd.DataFrame, first: int, last: int = 1) -> float:
    """RMSE of the mean of the highs from `first` days before to `last` days before."""
    return _error(prices, prices["High"].rolling(first - last + 1).mean().shift(last))


def _all_against_all(prices: pd.DataFrame) -> float:
    """RMSE of each day's forecast of exercise 1 against the truth of every day."""
    year, high = str(prices.attrs["test_year"]), prices["High"]
    truth, forecast = high.loc[year].to_numpy(), high.rolling(5).mean().shift().loc[year]
    return float(np.sqrt(np.mean((truth[:, np.newaxis] - forecast.to_numpy()) ** 2)))


_OTHER_MEANS: Slips = {
    "That is the naive forecast, the last high alone: average five.": lambda prices: _days_before(
        prices, 1
    ),
    "Your mean contains the day that it forecasts: a leak.": lambda prices: _error(
        prices, prices["High"].rolling(5).mean()
    ),
    "Your window is centred, so it contains days that are yet to come: a leak.": lambda prices: (
        _error(prices, prices["High"].rolling(5, center=True).mean())
    ),
    "Your window is centred on the day before, so it contains later days: a leak.": (
        lambda prices: _error(prices, prices["High"].rolling(5, center=True).mean().shift())
    ),
    "That is the mean of all 60 days.": lambda prices: _days_before(prices, 60),
    "You averaged six days: -5: is five.": lambda prices: _days_before(prices, 6),
    "You averaged four days, the newest ones: -5: is five.": lambda prices: _days_before(prices, 4),
    "You left out the newest day: end the slice with -5:, not with -5:-1.": lambda prices: (
        _days_before(prices, 5, 2)
    ),
    "Your five days end a day too early: shift by one day only.": lambda prices: _days_before(
        prices, 6, 2
    ),
    "You averaged the five oldest days of each window: the newest are at its end.": (
        lambda prices: _days_before(prices, 60, 56)
    ),
    "You averaged all but the five oldest days: 5: begins at the sixth, -5: at the last five.": (
        lambda prices: _days_before(prices, 55)
    ),
    "You averaged all but the five newest days: :-5 leaves them out, -5: keeps them.": (
        lambda prices: _days_before(prices, 60, 6)
    ),
    "That is one day, five days before: -5: with the colon takes five.": lambda prices: (
        _days_before(prices, 5, 5)
    ),
    "That is the mean absolute error: take the root of the mean square.": lambda prices: (
        _misses(prices).abs().mean()
    ),
    "That is the mean squared error: take its root.": lambda prices: (_misses(prices) ** 2).mean(),
    "That is the mean error, in which misses cancel: square them first.": lambda prices: _misses(
        prices
    ).mean(),
    "That is the standard deviation of the errors: take the root of their mean square.": (
        lambda prices: _misses(prices).std()
    ),
    "That is the sum of five days: take their mean.": lambda prices: _error(
        prices, prices["High"].rolling(5).sum().shift()
    ),
    "That is the root of the sum of the squares: take that of their mean.": lambda prices: float(
        np.linalg.norm(_misses(prices))
    ),
    "You averaged the lows: take the highs, column 0.": lambda prices: _error(
        prices, prices["Low"].rolling(5).mean().shift()
    ),
    "That is an error of logarithms: give dollars.": lambda prices: rmse(
        np.log(high := prices["High"].loc[str(prices.attrs["test_year"])]),
        np.log(high - _misses(prices)),
    ),
    "That is the median of five days: take their mean.": lambda prices: _error(
        prices, prices["High"].rolling(5).median().shift()
    ),
    "You averaged the closes: take the highs, column 0.": lambda prices: _error(
        prices, prices["Close"].rolling(5).mean().shift()
    ),
    "You averaged all four columns: take the highs, column 0.": lambda prices: _error(
        prices,
        prices[["Open", "High", "Low", "Close"]].mean(axis=1).rolling(5).mean().shift(),
    ),
    "Your mean runs over all windows at once: take it along the days, axis=1.": lambda prices: (
        _error(
            prices,
            0 * prices["High"]
            + prices["High"].rolling(5).mean().shift().loc[str(prices.attrs["test_year"])].mean(),
        )
    ),
    "Every forecast was compared with every day, n by n: both need the same shape, (n,).": (
        _all_against_all
    ),
    "That is a skill: give the RMSE in dollars.": lambda prices: (
        1 - _days_before(prices, 5) / _days_before(prices, 1)
    ),
    "That is for all years: take the test year.": lambda prices: float(
        np.sqrt(((prices["High"] - prices["High"].rolling(5).mean().shift()) ** 2).mean())
    ),
    "That is in per cent of the price: give dollars.": lambda prices: (
        100 * _days_before(prices, 5) / prices["High"].loc[str(prices.attrs["test_year"])].mean()
    ),
    "That is the highest of five days: take their mean.": lambda prices: _error(
        prices, prices["High"].rolling(5).max().shift()
    ),
    "Your mean forgets bit by bit: take the plain mean of five days.": lambda prices: _error(
        prices, prices["High"].ewm(span=5).mean().shift()
    ),
    "That is the deviation of the year's highs: forecast each day first.": lambda prices: (
        prices["High"].loc[str(prices.attrs["test_year"])].std()
    ),
}


@exercise(
    "04-1",
    "`test_windows` has three axes: days of the test year, days in a window, columns.",
    "From each window, take the last five days and the column of the highs, index 0.",
    "The mean runs along the days of a window, axis 1 of what you have left; then `rmse`.",
    slips=_OTHER_MEANS,
)
def _five_day_mean(answer: object, prices: pd.DataFrame) -> str:
    found = number(answer)
    right, naive = _days_before(prices, 5), _days_before(prices, 1)
    if close(found, right, rtol=1e-4):
        return f"{found:.2f} dollars, {found / naive - 1:.0%} worse than the last day alone."
    raise Hint(
        diagnosis(found, right, worked_out(_OTHER_MEANS, prices=prices), rtol=1e-4)
        or f"{off(found, right)} Average the last five highs of each window, in dollars, and "
        "compare with all highs of the test year."
    )


def _features(prices: pd.DataFrame) -> list[str]:
    return [name for name in returns_and_range(prices, "High") if name != "return"]


def _single_errors(
    prices: pd.DataFrame, columns: Callable[[str], list[str]] = lambda name: ["return", name]
) -> dict[str, float]:
    """RMSE in dollars by feature, of the last-day regression on the columns chosen for it."""
    return {name: _last_day_error(prices, columns(name)) for name in _features(prices)}


def _same_error(prices: pd.DataFrame, columns: list[str]) -> dict[str, float]:
    """One and the same error by feature, of the last-day regression on these columns."""
    return dict.fromkeys(_features(prices), _last_day_error(prices, columns))


_OTHER_COLUMNS: Slips = {
    "Column 0 is the target: `return` comes first, then the other column.": lambda prices: (
        _single_errors(prices, lambda name: [name, "return"])
    ),
    "`return` is left out: it is the target, and comes first.": lambda prices: _single_errors(
        prices, lambda name: [name]
    ),
    "Those are regressions on `return` alone: add the other column.": lambda prices: _same_error(
        prices, ["return"]
    ),
    "Those are regressions on all four columns: take two each time.": lambda prices: _same_error(
        prices, ["return", *_features(prices)]
    ),
    "That is naive's error: forecast with the regression, then go back to dollars.": (
        lambda prices: dict.fromkeys(_features(prices), _days_before(prices, 1))
    ),
    "Those are mean squared errors: take their roots.": lambda prices: {
        name: error**2 for name, error in _single_errors(prices).items()
    },
    "Those are skills: give the RMSE in dollars.": lambda prices: {
        name: 1 - error / _days_before(prices, 1) for name, error in _single_errors(prices).items()
    },
    "All three are the same: does each turn of your loop take its own column?": lambda prices: (
        _same_error(prices, ["return", "Close/High"])
    ),
}


@exercise(
    "04-2",
    "Part 5 fits this regression on all four columns; only the list of columns changes.",
    "`return` is the target, so it comes first in the list of two.",
    "The regression forecasts returns: an exponential and yesterday's high turn one into dollars.",
    slips=_OTHER_COLUMNS,
)
def _single_features(answer: object, prices: pd.DataFrame) -> str:
    names = _features(prices)
    if not isinstance(answer, (dict, pd.Series)) or {*answer.keys()} != {*names}:
        raise Hint(f"Give a dict with one RMSE for each of {', '.join(names)}.")
    found = {name: number(answer[name], f"For {name}, give") for name in names}
    right = _single_errors(prices)
    if not close([*found.values()], [*right.values()], rtol=1e-4):
        raise Hint(_why_errors_are_off(found, right, prices))
    best = min(found, key=found.__getitem__)
    naive = _days_before(prices, 1)
    together = _last_day_error(prices, ["return", *names])
    share = (naive - found[best]) / (naive - together)
    return f"{best} alone brings {share:.0%} of what all three bring together."


def _why_errors_are_off(
    found: dict[str, float], right: dict[str, float], prices: pd.DataFrame
) -> str:
    """Say what may have gone wrong with errors by feature."""
    wrong = {
        told: [row[name] for name in right]
        for told, row in worked_out(_OTHER_COLUMNS, prices=prices).items()
    }
    if hint := diagnosis([*found.values()], [*right.values()], wrong, rtol=1e-4):
        return hint
    if sorted(found.values()) == sorted(right.values()):
        return "The right errors under the wrong names."
    name = next(name for name in right if not close(found[name], right[name], rtol=1e-4))
    high = prices["High"].loc[str(prices.attrs["test_year"])].mean()
    if 0.5 < found[name] * high / right[name] < 2:
        return f"{found[name]:.3g} for {name} is an error of returns: go back to dollars."
    return (
        f"The RMSE for {name} is off: use the columns ['return', '{name}'], forecast as "
        "part 5 does, and go back to dollars with yesterday's high."
    )


def _last_day_error(prices: pd.DataFrame, columns: list[str]) -> float:
    """RMSE in dollars of the last-day regression on these columns, over the test year."""
    from course_utils.models import WindowRegression
    from course_utils.training import forecast_year

    table = returns_and_range(prices, "High")[columns]
    returns = forecast_year(
        table, prices.attrs["test_year"], 20, lambda *samples: WindowRegression().fit(*samples)
    )
    return rmse(prices["High"][returns.index], to_dollars(returns, prices, "High"))


def _volume(mean: Callable[[pd.Series], pd.Series], column: str = "Volume") -> Callable:
    """The logarithm of a column over what is made of it."""
    return lambda table: np.log(table[column] / mean(table[column]))


_OTHER_RATIOS: Slips = {
    "Your window ends yesterday: include today.": _volume(lambda v: v.shift().rolling(20).mean()),
    "Take the logarithm of the ratio.": lambda t: t["Volume"] / t["Volume"].rolling(20).mean(),
    "Upside down: today's volume over the mean, not the mean over today's volume.": lambda t: (
        np.log(t["Volume"].rolling(20).mean() / t["Volume"])
    ),
    "Take the natural logarithm, `np.log`, not that to base 10.": lambda t: np.log10(
        t["Volume"] / t["Volume"].rolling(20).mean()
    ),
    "Take `np.log`, not `np.log1p`, which adds 1 first.": lambda t: np.log1p(
        t["Volume"] / t["Volume"].rolling(20).mean()
    ),
    "Take the natural logarithm, `np.log`, not that to base 2.": lambda t: np.log2(
        t["Volume"] / t["Volume"].rolling(20).mean()
    ),
    "Your window is centred: it looks ahead.": _volume(lambda v: v.rolling(20, center=True).mean()),
    "That is the mean of all days: does your window look ahead? Take the last 20.": _volume(
        lambda v: v.mean()
    ),
    "That is the mean of the days to come: a window that looks ahead.": _volume(
        lambda v: v[::-1].rolling(20).mean()[::-1]
    ),
    "You divided by the sum of 20 days: take their mean.": _volume(lambda v: v.rolling(20).sum()),
    "You divided by the median of 20 days: take their mean.": _volume(
        lambda v: v.rolling(20).median()
    ),
    "You divided by the deviation of 20 days: take their mean.": _volume(
        lambda v: v.rolling(20).std()
    ),
    "You took the mean of logarithms: take the logarithm of the ratio to the mean.": lambda t: (
        np.log(t["Volume"]) - np.log(t["Volume"]).rolling(20).mean()
    ),
    "That is the mean of the ratios' logarithms: the mean comes before the ratio.": lambda t: (
        np.log(t["Volume"] / t["Volume"].rolling(20).mean()).rolling(20).mean()
    ),
    "Divide by the mean, do not subtract it.": lambda t: (
        t["Volume"] - t["Volume"].rolling(20).mean()
    ),
    "Divide the logarithm's argument by the mean, not the logarithm itself.": lambda t: (
        np.log(t["Volume"]) / t["Volume"].rolling(20).mean()
    ),
    "The ratio comes first, then its logarithm: do not divide logarithms.": lambda t: (
        np.log(t["Volume"]) / np.log(t["Volume"].rolling(20).mean())
    ),
    "That is the logarithm of the mean: today's volume is missing.": lambda t: np.log(
        t["Volume"].rolling(20).mean()
    ),
    "That is the logarithm of the volume alone: divide by the mean first.": lambda t: np.log(
        t["Volume"]
    ),
    "That is the change from the day before: take the mean of 20 days.": _volume(
        lambda v: v.shift()
    ),
    "Your mean runs over all days so far: take the last 20.": _volume(
        lambda v: v.expanding().mean()
    ),
    "Your mean forgets bit by bit: take the plain mean of 20 days.": _volume(
        lambda v: v.ewm(span=20).mean()
    ),
    "Your window is open on the first 19 days: leave them missing, without `min_periods`.": (
        _volume(lambda v: v.rolling(20, min_periods=1).mean())
    ),
    'rolling("20D") is 20 days of the calendar: take 20 rows.': _volume(
        lambda v: v.rolling("20D").mean()
    ),
    "You averaged 19 days: take 20, today included.": _volume(lambda v: v.rolling(19).mean()),
    "You averaged 21 days: take 20, today included.": _volume(lambda v: v.rolling(21).mean()),
    "That is the column Close: take Volume.": _volume(lambda v: v.rolling(20).mean(), "Close"),
    "That is the column High: take Volume.": _volume(lambda v: v.rolling(20).mean(), "High"),
    "That is a z-score: take the logarithm of the ratio to the mean.": lambda t: (
        (t["Volume"] - t["Volume"].rolling(20).mean()) / t["Volume"].rolling(20).std()
    ),
    "That is the mean of the logarithms alone: today's volume is missing.": lambda t: (
        np.log(t["Volume"]).rolling(20).mean()
    ),
    "You compared with the day 20 days ago: take the mean of 20 days.": _volume(
        lambda v: v.shift(20)
    ),
    "You averaged five days: take 20, today included.": _volume(lambda v: v.rolling(5).mean()),
    "That is volume times price: take the volume alone.": lambda t: np.log(
        t["Volume"] * t["Close"] / (t["Volume"] * t["Close"]).rolling(20).mean()
    ),
}


@exercise(
    "04-3",
    "Three steps: a mean of the last 20 days, a ratio, a logarithm.",
    "`rolling(20)` ends at its own day, so today is included and nothing later.",
    "Divide the column by its rolling mean and take `np.log`; let the first 19 days be nan.",
    slips=_OTHER_RATIOS,
)
def _relative_volume(answer: object, prices: pd.DataFrame) -> str:
    ask_for_same_series(
        answer,
        [_volume(lambda volume: volume.rolling(20).mean())],
        prices,
        _OTHER_RATIOS,
        "take today's volume over the mean of the last 20 days, which have a full window.",
    )
    return "It knows the past only, so a model may have it."


@exercise(
    "04-4",
    "Begin with rung 5 of part 5 as a function of the table and the year, and see what it says.",
    "Train on the days before the year only, and use days up to yesterday for today's forecast.",
    "What moves the next high is how far the price will move: think of what else tells that.",
)
def _beat_the_right_rival(answer: object, prices: pd.DataFrame) -> str:
    last = prices.attrs["test_year"]
    years = range(last + 1 - YEARS, last + 1)
    found = pd.concat([_of_year(answer, prices, year) for year in years])
    first = years[0]
    days = found.loc[str(first)].index
    middle = days[len(days) // 2]
    ask_for_past_only(lambda table: _of_year(answer, table, first), prices, middle)
    rival = pd.concat(
        [follow(RECIPES["close and mean gap"], prices, "High", year, 0) for year in years]
    )
    truth, naive = prices["High"].loc[found.index], prices["High"].shift().loc[found.index]
    gain = skill(truth, found, rival)
    if close(found, naive, rtol=1e-6) or close(found, rival, rtol=1e-6):
        raise Hint("That is a rival itself: forecast something of your own.")
    if gain > TOO_GOOD:
        raise Hint(
            f"A skill of {gain:.0%} is too good to be true. Use `table` and nothing else of the "
            "notebook: the check can hide the future of `table` only."
        )
    low, high = skill_interval(truth, found, rival)
    verdict = (
        f"skill against the close plus a constant {gain:+.1%}, 95 % interval {low:+.1%} to "
        f"{high:+.1%}; against the same as yesterday {skill(truth, found, naive):+.1%}"
    )
    if low <= 0:
        raise Hint(f"No leak, but the rival is not beaten: {verdict}.")
    return f"No leak: {verdict}."


def _of_year(answer: object, prices: pd.DataFrame, year: int) -> pd.Series:
    """Ask for the forecasts of one year, and for one on each of its days, in dollars."""
    found = series_by_day(answer, prices, year)
    days = prices.loc[str(year)].index
    if not found.index.equals(days):
        raise Hint(f"Forecast each of the {len(days)} days of {year}, and no others.")
    ask_for_finite(found)
    if not 0.5 < (found / prices["High"].loc[days]).median() < 2:
        raise Hint("The forecasts are not on the scale of the prices: go back to dollars.")
    return found
