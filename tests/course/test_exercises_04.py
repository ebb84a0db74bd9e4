"""The checks of lesson 04: right answers pass, known mistakes get their own hint."""

from course_utils.evaluation import placebo, rmse
from course_utils.models import WindowRegression
from course_utils.recipes import RECIPES, forecast
from course_utils.training import forecast_year
from course_utils.windows import returns_and_range

import numpy as np
import pytest
from exercise_verdict import assert_verdict
from helpers import made_up_prices

PRICES = made_up_prices("2013-01-01", "2017-12-31")
PRICES.attrs["test_year"] = 2017
PRICES["Volume"] *= 1000  # millions, as on an exchange
GIVEN = {name: {"prices": PRICES} for name in ("04-1", "04-2", "04-3")}
WALK = placebo(4, first="2009-01-01")  # it triples, so a gap in dollars is wrong by its end
GIVEN["04-4"] = {"prices": WALK}
HIGH, YESTERDAY = PRICES["High"], PRICES["High"].shift()
FEATURES = returns_and_range(PRICES, "High")
NOISE = np.random.default_rng()


def error(forecast):
    return rmse(HIGH.loc["2017"], forecast.loc["2017"])


def regression(table):
    return forecast_year(table, 2017, 20, lambda *samples: WindowRegression().fit(*samples))


def errors_of_two(columns=lambda name: ["return", name]):
    """Errors of the last-day regression on two columns, given one of them."""
    names = ["Open/High", "Low/High", "Close/High"]
    returns = {name: regression(FEATURES[columns(name)]) for name in names}
    return {name: error(YESTERDAY * np.exp(returns[name])) for name in names}


def rival(name):
    return lambda table, year: forecast(RECIPES[name], table, "High", year, 0)


def whole_walk(table, year):
    """Trained on the years after the test year as well."""
    gap = (WALK["High"] - WALK["Close"].shift()).mean() * table["Close"].iloc[-1] / 250
    return (table["Close"].shift() + gap).loc[str(year)]


def volume_over(mean, log=np.log):
    return lambda table: log(table["Volume"] / mean(table["Volume"]))


SINGLE = errors_of_two()


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("04-1", error(HIGH.rolling(5).mean().shift()), "✓"),
        ("04-2", SINGLE, "✓"),
        ("04-3", volume_over(lambda v: v.rolling(20).mean()), "✓ It knows the past only"),
        ("04-3", lambda t: volume_over(lambda v: v.rolling(20).mean())(t).dropna(), "✓"),
        ("04-4", rival("close and volatility"), "✓ No leak: skill against the close plus"),
        ("04-1", error(HIGH.rolling(3).mean().shift()), "too small"),
        ("04-2", SINGLE | {"Low/High": SINGLE["Low/High"] + 0.2}, "is off"),
        ("04-2", SINGLE | {"Open/High": 0.01}, "go back to dollars"),
        ("04-2", SINGLE | {"Low/High": np.nan}, "For Low/High, give one number, not nan"),
        ("04-2", {"Open/High": 1.0}, "a dict with one RMSE for each of"),
        ("04-3", volume_over(lambda v: v.rolling(10).mean()), "have a full window"),
        ("04-3", volume_over(lambda v: v.shift().rolling(19).mean()), "but it is"),
        ("04-3", lambda t: t["Volume"].astype(str), "must return numbers"),
        ("04-3", lambda t: t["Volume"].iloc[::-1], "oldest first"),
        ("04-3", lambda t: t["Volume"].tz_localize("UTC"), "Keep the days"),
        ("04-3", lambda t: t["Volume"].tail(100), "1,185 days lack a value"),
        ("04-3", lambda t: np.log(0 * t["Volume"]), "infinite"),
        ("04-3", lambda t: t["Volume"] > 0, "must return numbers, not bool"),
        ("04-4", lambda t, y: rival("linear, last day")(t.shift(-1).ffill(), y), "A leak"),
        ("04-4", whole_walk, "A leak"),
        ("04-4", lambda t, y: t["High"].shift(), "and no others"),
        ("04-4", lambda t, y: np.log(t["High"].shift()).loc[str(y)], "dollars"),
        ("04-4", lambda t, y: t["High"].shift(2).loc[str(y)], "the rival is not beaten: skill"),
        ("04-4", rival("close and mean gap"), "That is a rival itself"),
        ("04-4", lambda t, y: t["High"].shift().loc[str(y)], "That is a rival itself"),
        ("04-4", lambda t, y: t["High"].shift().where(t.index.day > 3).loc[str(y)], "are missing"),
        # A table outside of the function, whose future the check cannot hide:
        ("04-4", lambda t, y: WALK["High"].loc[str(y)], "does it use another one"),
        (
            "04-4",
            lambda t, y: (t["High"].shift() * WALK["High"] / WALK["High"].shift()).loc[str(y)],
            "too good to be",
        ),
        (
            "04-4",
            lambda t, y: t["High"].shift().loc[str(y)] * NOISE.normal(1, 0.01),
            "set the seed",
        ),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)
