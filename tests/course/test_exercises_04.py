"""The checks of lesson 04: right answers pass, known mistakes get their own hint."""

from course.exercises import check
from course_utils.evaluation import rmse
from course_utils.models import WindowRegression
from course_utils.training import forecast_year
from course_utils.windows import returns_and_range

import numpy as np
import pytest
from helpers import made_up_prices

YEAR = 2017


@pytest.fixture(scope="module")
def prices():
    table = made_up_prices("2013-01-01", "2017-12-31")
    table.attrs["test_year"] = YEAR
    return table


@pytest.fixture
def verdict(prices, capsys):
    def ask(exercise, answer):
        check(exercise, answer, prices=prices)
        return capsys.readouterr().out

    return ask


def test_year_error(prices, forecast):
    return rmse(prices["High"].loc[str(YEAR)], forecast.loc[str(YEAR)])


test_year_error.__test__ = False


def regression(table, columns):
    def train(windows, targets):
        return WindowRegression().fit(windows, targets)

    returns = forecast_year(table[columns], YEAR, 20, train)
    return returns


def range_forecast(prices, ahead=0):
    features = returns_and_range(prices, "High")
    features["extra"] = np.log(prices["Close"]).diff().shift(-ahead)
    returns = regression(features.ffill(), list(features))
    return prices["High"].shift().loc[returns.index] * np.exp(returns)


def test_an_unknown_exercise_names_the_known_ones(prices):
    with pytest.raises(ValueError, match=r"No exercise '04-9': choose one of 04-1, 04-2"):
        check("04-9", 1, prices=prices)
    with pytest.raises(ValueError, match=r"No exercise '99-1'"):
        check("99-1", 1)


@pytest.mark.parametrize(
    ("mean", "answer"),
    [
        (lambda high: high.rolling(5).mean().shift(), "✓"),
        (lambda high: high.rolling(5).mean(), "a leak"),
        (lambda high: high.rolling(60).mean().shift(), "all 60 days"),
        (lambda high: high.rolling(6).mean().shift(), "six days"),
        (lambda high: high.rolling(4).mean().shift(), "too small"),
        (lambda high: high.rolling(9).mean().shift(), "too large"),
    ],
)
def test_the_five_day_mean_is_told_from_its_near_misses(mean, answer, prices, verdict):
    assert answer in verdict("04-1", test_year_error(prices, mean(prices["High"])))


def test_a_mean_squared_error_is_recognised(prices, verdict):
    right = test_year_error(prices, prices["High"].rolling(5).mean().shift())
    assert "take its root" in verdict("04-1", right**2)


def test_single_features_are_told_from_their_mistakes(prices, verdict):
    features, yesterday = returns_and_range(prices, "High"), prices["High"].shift()

    def errors(columns_of, back=lambda returns: yesterday.loc[returns.index] * np.exp(returns)):
        names = ["Open/High", "Low/High", "Close/High"]
        forecasts = {name: back(regression(features, columns_of(name))) for name in names}
        return {name: test_year_error(prices, forecast) for name, forecast in forecasts.items()}

    right = errors(lambda name: ["return", name])
    assert "✓" in verdict("04-2", right)
    assert "Column 0 is the target" in verdict("04-2", errors(lambda name: [name, "return"]))
    assert "is off" in verdict("04-2", {**right, "Low/High": right["Low/High"] + 0.2})
    assert "go back to dollars" in verdict("04-2", {**right, "Open/High": 0.01})


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (lambda t: np.log(t["Volume"] / t["Volume"].rolling(20).mean()), "✓"),
        (lambda t: t["Volume"] / t["Volume"].rolling(20).mean(), "logarithm"),
        (lambda t: np.log(t["Volume"] / t["Volume"].rolling(20, center=True).mean()), "ahead"),
        (lambda t: np.log(t["Volume"] / t["Volume"].mean()), "ahead"),
        (lambda t: np.log(t["Volume"] / t["Volume"].shift().rolling(20).mean()), "today belongs"),
        (lambda t: np.log(t["Volume"] / t["Volume"].rolling(10).mean()), "days have a value"),
        (lambda t: np.log(t["Volume"] / t["Volume"].shift().rolling(19).mean()), "are off"),
        (lambda t: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_relative_volume_is_told_from_its_mistakes(function, answer, verdict):
    assert answer in verdict("04-3", function)


def test_the_open_exercise_finds_the_leak_before_it_praises(prices, verdict):
    assert "A leak" in verdict("04-4", lambda table: range_forecast(table, ahead=1))


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (lambda t: t["High"].shift(), "and no others"),
        (lambda t: np.log(t["High"].shift()).loc["2017"], "dollars"),
        (lambda t: t["High"].shift(2).loc["2017"], "naive is still better"),
        (lambda t: t["High"].shift().where(t.index.day > 3).loc["2017"], "missing"),
    ],
)
def test_the_open_exercise_says_what_is_missing(function, answer, verdict):
    assert answer in verdict("04-4", function)


def test_the_open_exercise_praises_an_honest_gain(verdict):
    # A made-up high wanders about the close, so the day's range says something about the next.
    assert "No leak, RMSE" in verdict("04-4", range_forecast)


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (lambda t: t["Volume"].astype(str), "must return numbers"),
        (lambda t: t["Volume"].iloc[::-1], "oldest first"),
        (lambda t: t["Volume"].tail(100), "later day"),
    ],
)
def test_strange_series_get_a_hint(function, answer, verdict):
    assert answer in verdict("04-3", function)


def test_forecasts_made_from_another_table_are_not_praised(prices, verdict):
    truth = prices["High"].loc[str(YEAR)]
    assert "does it use another one" in verdict("04-4", lambda table: truth * 1.0)


def test_a_table_kept_outside_of_the_function_cannot_smuggle_in_the_future(prices, verdict):
    moves = prices["High"] / prices["High"].shift()
    told = verdict("04-4", lambda table: (table["High"].shift() * moves).loc[str(YEAR)])
    assert "too good to be true. Use `table`" in told


def test_an_unseeded_answer_is_asked_for_its_seed(prices, verdict):
    noise = np.random.default_rng()
    assert "set the seed" in verdict(
        "04-4", lambda t: t["High"].shift().loc[str(YEAR)] * noise.normal(1, 0.01)
    )
