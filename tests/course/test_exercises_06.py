"""The checks of lesson 06: right answers pass, known mistakes get their own hint."""

from dataclasses import replace

from course.exercises import check, lesson_06
from course.studies import sweeps
from course_utils.evaluation import rmse
from course_utils.windows import unscale

import numpy as np
import pytest
from helpers import made_up_prices
from sklearn.preprocessing import MinMaxScaler

GIVEN = {"06-3", "06-4"}
FAST = replace(sweeps.BASE, units=8, lookback=3, epochs=1, batch_size=64)

PRICES = made_up_prices("2012-01-02", "2017-03-31")
PRICES.attrs["test_year"] = 2017


@pytest.fixture
def verdict(capsys, monkeypatch):
    monkeypatch.setattr(sweeps, "BASE", FAST)

    def ask(exercise, answer, prices=PRICES):
        check(exercise, answer, **({"prices": prices} if exercise in GIVEN else {}))
        captured = capsys.readouterr()
        assert captured.err == ""
        assert all(line.startswith("  Hint ") for line in captured.out.splitlines()[1:])
        return captured.out

    return ask


# ---------------------------------------------------------------------- 1: skill from R²


def test_the_skill_is_what_two_forecasts_of_such_r2_have(verdict):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=100_000)
    model, naive = (truth + rng.normal(0, np.sqrt(left), truth.size) for left in (0.03, 0.02))
    skill = 1 - rmse(truth, model) / rmse(truth, naive)
    assert skill == pytest.approx(1 - np.sqrt(1.5), abs=5e-3)
    assert verdict("06-1", 1 - np.sqrt(1.5)).startswith("✓")
    assert verdict("06-1", "-0.225").startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (-0.5, "take the root"),
        (1.5, "ratio of the squared"),
        (np.sqrt(1.5), "ratio of the RMSEs"),
        (np.sqrt(1.5) - 1, "below 0"),
        (100 - 100 * np.sqrt(1.5), "not per cent"),
        (0.97 - 0.98, "cannot be subtracted"),
        (0.98 - 0.97, "cannot be subtracted"),
        (1 - 0.97 / 0.98, "in 1 - R², not in R²"),
        (1 - np.sqrt(0.97 / 0.98), "in 1 - R², not in R²"),
        (1 - np.sqrt(2 / 3), "is divided by"),
        (0.3, "it cancels"),
    ],
)
def test_known_mistakes_about_the_skill_get_their_hint(answer, hint, verdict):
    assert hint in verdict("06-1", answer)


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


def test_the_right_way_back_passes(verdict):
    assert verdict("06-2", right_way_back).startswith("✓")
    assert verdict("06-2", unscale).startswith("✓")
    listed = verdict("06-2", lambda *given: right_way_back(*given).tolist())
    assert listed.startswith("✓")


def test_the_right_way_back_is_scikit_learn_s():
    scaler = MinMaxScaler((-1, 1)).fit(np.random.default_rng(0).uniform(5, 9, (9, 3)))
    values = np.linspace(-1, 1, 6).reshape(3, 2)
    np.testing.assert_allclose(
        right_way_back(scaler, values, 1), with_dummies(scaler, values, 1), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (lambda s, v, c: v * s.data_range_[c] + s.data_min_[c], "for (0, 1) only"),
        (lambda s, v, c: right_way_back(s, v, 0), "That is column 0"),
        (lambda s, v, c: right_way_back(s, v, (c + 1) % 3), "That is column 2"),
        (lambda s, v, c: (v - s.min_[c]) * s.scale_[c], "multiplies by `scale_`"),
        (lambda s, v, c: v * s.scale_[c] + s.min_[c], "`transform` once more"),
        (lambda s, v, c: v / s.scale_[c], "`min_` is missing"),
        (lambda s, v, c: (v + s.min_[c]) / s.scale_[c], "which sign"),
        (lambda s, v, c: v / s.scale_[c] - s.min_[c], "Undo the last step"),
        (lambda s, v, c: v, "scaled values still"),
        (lambda s, v, c: 1000 * v, "should become"),
        (lambda s, v, c: right_way_back(s, v.ravel(), c), "return the same, not (8,)"),
        (lambda s, v, c: right_way_back(s, v, c).mean(), "return the same, not ()"),
        (lambda s, v, c: right_way_back(s, v, c) * np.nan, "not nan"),
        (lambda s, v, c: (v - s.min_) / s.scale_, "raised ValueError"),
        (lambda s, v: v, "raised TypeError"),
        (with_dummies, "wants dummy columns"),
        (in_place, "work on a copy"),
        (lambda s, v, c: None, "end it with `return`"),
    ],
)
def test_known_mistakes_on_the_way_back_get_their_hint(function, hint, verdict):
    assert hint in verdict("06-2", function)


# ---------------------------------------------------------------------- 3: z-score


def z_score(prices):
    window = prices["Close"].rolling(20)
    return (prices["Close"] - window.mean()) / window.std()


def z_score_by_loop(prices):
    close, found = prices["Close"], prices["Close"] * np.nan
    for day in range(19, len(close)):
        last = close.iloc[day - 19 : day + 1].to_numpy()
        found.iloc[day] = (last[-1] - last.mean()) / last.std(ddof=1)
    return found.dropna()


def of(mean, std, absolute=False, column="Close"):
    def score(prices):
        close = prices[column]
        found = (close - mean(close)) / std(close)
        return found.abs() if absolute else found

    return score


def window(name, **options):
    def statistic(close):
        found = close.rolling(20, center=options.get("center", False))
        return getattr(found, name)(**{k: v for k, v in options.items() if k == "ddof"})

    return statistic


def raising(prices):
    raise RuntimeError("no idea")


OUTSIDE = z_score(PRICES)


def test_the_right_score_passes(verdict):
    assert verdict("06-3", z_score).startswith("✓")
    assert verdict("06-3", z_score_by_loop).startswith("✓")
    assert verdict("06-3", lambda prices: z_score(prices).astype("Float64")).startswith("✓")
    assert verdict("06-3", of(window("mean"), window("std", ddof=0))).startswith("✓")


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (of(lambda close: close.mean(), lambda close: close.std()), "mean of all days"),
        (of(window("mean", center=True), window("std", center=True)), "is centred"),
        (
            of(lambda c: window("mean")(c).shift(), lambda c: window("std")(c).shift()),
            "today belongs to it",
        ),
        (of(window("mean"), lambda close: 1), "That is in dollars"),
        (of(window("mean"), window("var")), "by the variance"),
        (of(window("mean"), window("std"), absolute=True), "leave the sign"),
        (lambda prices: -z_score(prices), "turn the difference round"),
        (of(window("mean"), window("std"), column="High"), "The values are off"),
        (of(window("mean"), lambda close: close.std()), "does your window look ahead"),
        (of(lambda c: c.rolling(19).mean(), lambda c: c.rolling(19).std()), "with 20 days needed"),
        (lambda prices: OUTSIDE, "does it use another one"),
        (lambda prices: z_score(prices).reset_index(drop=True), "indexed by day"),
        (lambda prices: z_score(prices).shift(freq="D"), "Keep the days"),
        (lambda prices: z_score(prices)[::-1], "oldest first"),
        (lambda prices: z_score(prices).astype(str), "must return numbers"),
        (lambda prices: prices, "pandas Series"),
        (lambda prices: prices["close"], "raised KeyError"),
        (raising, "raised RuntimeError: no idea"),
        (z_score(PRICES), "without calling it"),
    ],
)
def test_known_mistakes_in_the_score_get_their_hint(function, hint, verdict):
    assert hint in verdict("06-3", function)


# ---------------------------------------------------------------------- 4: half the network


@pytest.fixture
def errors(monkeypatch):
    """Set the errors that the trainings come to, by the units; returns the recipes trained."""
    monkeypatch.setattr(lesson_06, "_base_errors", {})
    trained = []

    def use(by_units):
        def error(recipe, prices, year):
            trained.append(recipe)
            assert year == 2016
            return by_units[recipe.units]

        monkeypatch.setattr(lesson_06, "_mean_error", error)
        return trained

    return use


def test_a_network_of_half_the_size_and_the_same_error_passes(verdict, errors):
    trained = errors({8: 1.0, 4: 1.005})
    text = verdict("06-4", {"units": np.int64(4), "learning_rate": 0.01, "dropout": 0})
    assert text.startswith("✓")
    assert "with 36% of the parameters" in text
    assert trained == [FAST, replace(FAST, units=4, learning_rate=0.01)]


def test_an_error_half_a_per_cent_above_is_too_much(verdict, errors):
    errors({8: 1.0, 4: 1.0051})
    assert "too far above it" in verdict("06-4", {"units": 4})


def test_a_second_attempt_trains_the_base_no_more_but_other_prices_do(verdict, errors):
    trained = errors({8: 1.0, 4: 1.2})
    verdict("06-4", {"units": 4})
    verdict("06-4", {"units": 4, "dropout": 0.5})
    assert [recipe.units for recipe in trained] == [8, 4, 4]
    other = made_up_prices("2012-01-02", "2017-03-31", seed=1)
    other.attrs["test_year"] = 2017
    verdict("06-4", {"units": 4}, prices=other)
    assert [recipe.units for recipe in trained[3:]] == [8, 4]


def test_the_errors_are_those_of_two_trainings_before_the_year(verdict):
    from course_utils.recipes import forecast

    high = PRICES["High"]
    each = [rmse(high.loc["2016"], forecast(FAST, PRICES, "High", 2016, seed)) for seed in (0, 1)]
    naive = rmse(high.loc["2016"], high.shift().loc["2016"])
    text = verdict("06-4", {"units": 4, "layers": 1})
    assert each[0] != each[1]
    assert f"BASE's {np.mean(each) / naive:.1%}" in text


def test_prices_from_the_test_year_on_change_no_error(monkeypatch):
    monkeypatch.setattr(lesson_06, "SEEDS", (0,))
    errors = []
    for factor in (1, 3):
        changed = PRICES.copy()
        changed.loc["2017":] *= factor
        errors.append(lesson_06._mean_error(replace(FAST, units=2), changed, 2016))
    assert errors[0] == errors[1]


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({}, "345 parameters: at most half of BASE's 345"),
        ({"units": 6}, "at most half of BASE's"),
        ({"units": 3, "layers": 3}, "at most half of BASE's"),
        ([("units", 4)], "A dict of settings is asked for, not list"),
        ({"unit": 4}, "No setting 'unit': choose among units"),
        ({4: "units"}, "No setting 4"),
        ({"epochs": 100}, "No setting 'epochs'"),
        ({"cell": "LSTM"}, "No setting 'cell'"),
        ({"units": 4.0}, "units must be a whole number from 1 to 64, not 4.0"),
        ({"units": True}, "units must be a whole number"),
        ({"units": "4"}, "units must be a whole number"),
        ({"units": [4]}, "units must be a whole number"),
        ({"units": None}, "units must be a whole number"),
        ({"units": 0}, "units must be a whole number"),
        ({"units": 65}, "units must be a whole number"),
        ({"layers": 4}, "layers must be a whole number from 1 to 3"),
        ({"lookback": 61}, "lookback must be a whole number from 1 to 60"),
        ({"batch_size": 8}, "batch_size must be a whole number from 16 to 512"),
        ({"batch_size": 1024}, "batch_size must be"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0"),
        ({"learning_rate": 1.5}, "learning_rate must be"),
        ({"learning_rate": float("nan")}, "learning_rate must be"),
        ({"learning_rate": 1 + 0j}, "learning_rate must be"),
        ({"dropout": 1.0}, "dropout must be a number from 0 up, below 1"),
        ({"dropout": -0.1}, "dropout must be"),
        ({"weight_decay": -1}, "weight_decay must be a number from 0 up"),
        ({"weight_decay": float("inf")}, "weight_decay must be"),
        ({"weight_decay": None}, "weight_decay must be"),
        ({"units": 1, "layers": 3, "lookback": 60}, "too long to check"),
        ({"units": 1, "batch_size": 16, "lookback": 10}, "too long to check"),
    ],
)
def test_settings_that_cannot_be_checked_are_refused_before_any_training(
    settings, hint, verdict, errors
):
    trained = errors({})
    assert hint in verdict("06-4", settings)
    assert trained == []


def test_a_training_that_diverges_gets_a_hint(verdict):
    text = verdict("06-4", {"units": 4, "learning_rate": 1.0, "weight_decay": 1e30})
    assert "diverged" in text


def test_too_few_days_for_the_lookback_get_a_hint(verdict):
    short = made_up_prices("2015-12-01", "2017-03-31")
    short.attrs["test_year"] = 2017
    settings = {"units": 4, "lookback": 60, "batch_size": 512}
    assert "too few for training with lookback 60" in verdict("06-4", settings, prices=short)
