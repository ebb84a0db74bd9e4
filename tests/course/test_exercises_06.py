"""The checks of lesson 06: right answers pass, known mistakes get their own hint."""

import re
from dataclasses import replace

from course.exercises import judge, lesson_06
from course.exercises.hints import Hint
from course_utils import recipes
from course_utils.evaluation import rmse
from course_utils.windows import unscale

import numpy as np
import pytest
from exercise_verdict import assert_verdict
from helpers import made_up_prices
from sklearn.preprocessing import MinMaxScaler

FAST = replace(recipes.BASE, units=8, lookback=3, epochs=1, batch_size=64)
PRICES = made_up_prices("2012-01-02", "2017-03-31")
PRICES.attrs["test_year"] = 2017
GIVEN = {"06-3": {"prices": PRICES}, "06-4": {"prices": PRICES}}


# ---------------------------------------------------------------------- 2: back to dollars


def right_way_back(scaler, values, column):
    return (values - scaler.min_[column]) / scaler.scale_[column]


def with_dummies(scaler, values, column):
    table = np.zeros((values.size, scaler.n_features_in_))
    table[:, column] = values.ravel()
    return scaler.inverse_transform(table)[:, column].reshape(values.shape)


def in_place(scaler, values, column):
    values -= scaler.min_[column]
    values /= scaler.scale_[column]
    return values


# ---------------------------------------------------------------------- 3: z-score


def of(mean, std, column="Close"):
    """A score from two statistics of the prices."""
    return lambda prices: (prices[column] - mean(prices[column])) / std(prices[column])


def of_window(window, column="Close"):
    """A score from the mean and the standard deviation of a window of the prices."""
    return of(lambda close: window(close).mean(), lambda close: window(close).std(), column)


def last_20(close):
    return close.rolling(20)


def mean_20(close):
    return last_20(close).mean()


def last_std(close):
    return last_20(close).std()


z_score = of_window(last_20)
OUTSIDE = z_score(PRICES)


def z_score_by_loop(prices):
    close, found = prices["Close"], prices["Close"] * np.nan
    for day in range(19, len(close)):
        last = close.iloc[day - 19 : day + 1].to_numpy()
        found.iloc[day] = (last[-1] - last.mean()) / last.std(ddof=1)
    return found.dropna()


# ---------------------------------------------------------------------- verdicts


def test_the_right_skill_is_that_of_two_forecasts_with_such_r2():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=100_000)
    model, naive = (truth + rng.normal(0, np.sqrt(left), truth.size) for left in (0.03, 0.02))
    skill = 1 - rmse(truth, model) / rmse(truth, naive)
    assert skill == pytest.approx(1 - np.sqrt(1.5), abs=5e-3)


def test_the_right_way_back_is_scikit_learns():
    scaler = MinMaxScaler((-1, 1)).fit(np.random.default_rng(0).uniform(5, 9, (9, 3)))
    values = np.linspace(-1, 1, 6).reshape(3, 2)
    np.testing.assert_allclose(
        right_way_back(scaler, values, 1), with_dummies(scaler, values, 1), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("06-1", 1 - np.sqrt(1.5), "✓"),
        ("06-1", -0.225, "✓"),
        ("06-2", right_way_back, "✓"),
        ("06-2", unscale, "✓"),
        ("06-2", lambda *given: right_way_back(*given).tolist(), "✓"),
        ("06-3", z_score, "✓"),
        ("06-3", z_score_by_loop, "✓"),
        ("06-3", lambda prices: z_score(prices).astype("Float64"), "✓"),
        ("06-3", of(mean_20, lambda close: close.rolling(20).std(ddof=0)), "✓"),
        ("06-1", 0.3, "it cancels"),
        ("06-2", lambda s, v, c: 1000 * v, "the values are off"),
        ("06-2", lambda s, v, c: right_way_back(s, v.ravel(), c), "here (4, 2), not (8,)"),
        ("06-2", lambda s, v, c: right_way_back(s, v, c) * np.nan, "nan among its numbers"),
        ("06-2", with_dummies, "Do without `inverse_transform`"),
        ("06-2", in_place, "work on a copy"),
        ("06-3", lambda prices: OUTSIDE, "no table of the notebook"),
        ("06-3", of(lambda _: mean_20(PRICES["Close"]), last_std), "right for this table only"),
        ("06-3", lambda prices: z_score(prices).fillna(0), "leave the others missing"),
        ("06-3", lambda prices: z_score(prices).shift(), "a day late"),
        ("06-3", lambda prices: z_score(prices).reset_index(drop=True), "indexed by day"),
        ("06-3", lambda prices: prices, "pandas Series"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)


# ---------------------------------------------------------------------- 4: half the network


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(recipes, "BASE", FAST)
    monkeypatch.setattr(lesson_06, "_base_errors", {})


@pytest.fixture
def errors(monkeypatch):
    """Set the errors of training runs by their units; returns the recipes that are trained."""
    trained = []

    def use(by_units):
        def error(recipe, prices, year):
            trained.append(recipe)
            assert year == 2016
            return by_units[recipe.units]

        monkeypatch.setattr(lesson_06, "_mean_error", error)
        return trained

    return use


def test_a_network_of_half_the_size_and_the_same_error_passes(errors):
    trained = errors({8: 1.0, 4: 1.005})
    settings = {"units": np.int64(4), "learning_rate": 0.01, "dropout": 0}
    assert "with 36% of the parameters" in judge("06-4", settings, prices=PRICES)
    assert trained == [FAST, replace(FAST, units=4, learning_rate=0.01)]


def test_an_error_more_than_half_a_per_cent_above_is_too_large(errors):
    errors({8: 1.0, 4: 1.0051})
    with pytest.raises(Hint, match="too far above BASE's"):
        judge("06-4", {"units": 4}, prices=PRICES)


def test_a_second_attempt_trains_the_base_no_more_but_different_prices_do(errors):
    trained = errors({8: 1.0, 4: 1.0})
    judge("06-4", {"units": 4}, prices=PRICES)
    judge("06-4", {"units": 4, "dropout": 0.5}, prices=PRICES)
    assert [recipe.units for recipe in trained] == [8, 4, 4]
    other = made_up_prices("2012-01-02", "2017-03-31", seed=1)
    other.attrs["test_year"] = 2017
    judge("06-4", {"units": 4}, prices=other)
    assert [recipe.units for recipe in trained[3:]] == [8, 4]


@pytest.mark.slow
def test_the_error_is_that_of_two_training_runs_before_the_year_and_sees_nothing_later():
    prices = PRICES.loc["2015-06":]
    truth = prices["High"].loc["2016"]
    found = recipes.forecasts(FAST, prices, "High", 2016, (0, 1))  # compiled for both runs
    each = [rmse(truth, found[seed]) for seed in (0, 1)]
    assert each[0] != each[1]
    changed = prices.copy()
    changed.loc["2017":] *= 3
    assert lesson_06._mean_error(FAST, changed, 2016) == pytest.approx(np.mean(each), rel=1e-4)


@pytest.mark.slow
def test_a_training_run_that_diverges_gets_a_hint():
    recipe = replace(FAST, units=4, learning_rate=1.0, weight_decay=1e30)
    with pytest.raises(Hint, match="diverged"):
        lesson_06._mean_error(recipe, PRICES.loc["2015-06":], 2016)


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({}, "345 parameters: at most half of BASE's 345"),
        ({"units": 6}, "at most half of BASE's"),
        ({"units": 3, "layers": 3}, "at most half of BASE's"),
        ([("units", 4)], "a dict from the names of settings"),
        ({4: "units"}, "a dict from the names of settings"),
        ({"unit": 4}, "no setting 'unit': choose among units"),
        ({"epochs": 100}, "no setting 'epochs'"),
        *[
            ({"units": value}, "units must be a whole number from 1 to 64.")
            for value in (4.0, True, 0, 65)
        ],
        ({"layers": 4}, "layers must be a whole number from 1 to 3"),
        ({"lookback": 61}, "lookback must be a whole number from 1 to 60"),
        ({"batch_size": 8}, "batch_size must be a whole number from 16 to 512"),
        ({"batch_size": 1024}, "batch_size must be"),
        *[
            ({"learning_rate": value}, "learning_rate must be a number above 0, at most 1.")
            for value in (0, 1.5, float("nan"), 1 + 0j)
        ],
        ({"dropout": 1.0}, "dropout must be a number from 0 up, below 1"),
        ({"dropout": -0.1}, "dropout must be"),
        *[
            ({"weight_decay": value}, "weight_decay must be a number from 0 up.")
            for value in (-1, float("inf"))
        ],
        ({"units": 1, "layers": 3, "lookback": 60}, "too long to check"),
        ({"units": 1, "batch_size": 16, "lookback": 10}, "too long to check"),
    ],
)
def test_settings_that_cannot_be_checked_are_refused_before_any_training(settings, hint, errors):
    trained = errors({})
    with pytest.raises(Hint, match=re.escape(hint)):
        judge("06-4", settings, prices=PRICES)
    assert trained == []


@pytest.mark.slow
def test_too_few_days_for_the_lookback_get_a_hint(monkeypatch):
    monkeypatch.setattr(lesson_06, "SEEDS", (0,))
    short = made_up_prices("2015-12-01", "2017-03-31")
    short.attrs["test_year"] = 2017
    settings = {"units": 4, "lookback": 60, "batch_size": 512}
    with pytest.raises(Hint, match="too few for training with lookback 60"):
        judge("06-4", settings, prices=short)
