"""The studies of lesson 06 measure what they say: on a noisy sine, on AAPL, and in sweeps."""

from dataclasses import fields, replace

from course.studies import apple, sweeps, synthetic
from course_utils import recipes
from course_utils.evaluation import rmse
from course_utils.recipes import RECIPES

import keras
import numpy as np
import pytest
from helpers import made_up_prices
from sklearn.metrics import mean_absolute_error, r2_score

PRICES = made_up_prices("2015-06-01", "2017-03-31")


# ---------------------------------------------------------------------- synthetic


def test_the_noise_is_all_that_the_clean_series_gets_wrong():
    clean, series = synthetic.noisy_sine(200_000, 0.1, seed=0)
    np.testing.assert_allclose(clean, np.sin(0.02 * np.arange(200_000)))
    noise = series - clean
    assert rmse(series, clean) == pytest.approx(0.1, rel=0.01)
    assert noise.mean() == pytest.approx(0, abs=1e-3)
    assert np.corrcoef(noise[:-1], noise[1:])[0, 1] == pytest.approx(0, abs=0.01)


def test_without_noise_both_series_are_the_same():
    clean, series = synthetic.noisy_sine(50, 0.0, seed=3)
    np.testing.assert_array_equal(clean, series)


def test_seeds_of_the_noise_repeat_and_differ():
    same = [synthetic.noisy_sine(50, 0.1, seed)[1] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(same[0], same[1])
    assert (same[0] != same[2]).all()


def test_both_splits_have_each_seed_once():
    fits = synthetic.plan()
    assert len(fits) == len(set(fits)) == 10
    assert {(fit.split, fit.seed) for fit in fits} == {
        (split, seed) for split in ("by time", "at random") for seed in range(5)
    }


@pytest.fixture
def small_sine(monkeypatch):
    """A sine that takes no time: few samples, and a network of one unit in place of 3 × 128."""
    monkeypatch.setattr(synthetic, "SAMPLES", 120)
    monkeypatch.setattr(synthetic, "LOOKBACK", 5)
    monkeypatch.setattr(synthetic, "TRAIN", 60)
    monkeypatch.setattr(synthetic, "VALIDATION", 20)
    built = []

    def tiny(cell, features, units, layers, dropout):
        built.append((cell, features, units, layers, dropout))
        return keras.Sequential(
            [keras.Input((None, 1)), keras.layers.SimpleRNN(1), keras.layers.Dense(1)]
        )

    monkeypatch.setattr("course_utils.models.recurrent", tiny)
    return built


@pytest.mark.parametrize("split", ["by time", "at random"])
def test_a_sine_is_measured_on_its_test_windows(split, small_sine):
    fit = synthetic.Synthetic(split, seed=2)
    found = fit.measure(None)
    assert small_sine == [("LSTM", 1, 128, 3, 0.2)]
    clean, series = synthetic.noisy_sine(120, 0.1, seed=2)
    order = np.arange(115)
    if split == "at random":
        order = np.random.default_rng(2).permutation(order)
    test = 5 + order[80:]
    assert len(test) == 35
    assert found["floor"] == pytest.approx(rmse(series[test], clean[test]))
    assert found["naive"] == pytest.approx(rmse(series[test], series[test - 1]))
    assert 0 < found["linear"] < found["naive"]
    assert found["rmse"] > 0
    assert 10 <= found["epochs"] <= 40
    assert found.keys() == {"rmse", "naive", "linear", "floor", "epochs"}


def test_a_sine_depends_on_all_that_makes_it(small_sine):
    assert synthetic.Synthetic("by time", 0).details == (120, 0.1, 5, 60, 20)


# ---------------------------------------------------------------------- apple


@pytest.fixture
def tiny_networks(monkeypatch):
    """The two networks with one unit and one epoch."""
    tiny = {name: settings | {"units": 1, "epochs": 1} for name, settings in apple.NETWORKS.items()}
    monkeypatch.setattr(apple, "NETWORKS", tiny)


@pytest.mark.parametrize("network", apple.NETWORKS)
def test_apple_is_measured_early_and_late_beside_yesterday(network, tiny_networks):
    found = apple.Apple(network, "AAPL", 0).measure(PRICES)
    lost = 14 if apple.NETWORKS[network]["features"] else 0  # days that lack a feature
    close = PRICES["Close"].to_numpy()[lost:]
    cut = int(0.8 * len(close))
    early, late = np.arange(20, cut), np.arange(cut, len(close))
    assert found["train naive"] == pytest.approx(rmse(close[early], close[early - 1]))
    assert found["test naive"] == pytest.approx(rmse(close[late], close[late - 1]))
    assert found["naive mae"] == pytest.approx(mean_absolute_error(close[late], close[late - 1]))
    assert found["naive r2"] == pytest.approx(r2_score(close[late], close[late - 1]))
    left = 1 - found["test r2"]
    assert left == pytest.approx(
        (1 - found["naive r2"]) * (found["test rmse"] / found["test naive"]) ** 2
    )
    assert 0 < found["test mae"] <= found["test rmse"]


@pytest.mark.parametrize("network", apple.NETWORKS)
def test_late_prices_never_change_what_apple_learns(network, tiny_networks):
    """Neither the scaler nor the network has seen the last fifth."""
    changed = PRICES.copy()
    changed.iloc[-50:] *= 3
    found = [apple.Apple(network, "AAPL", 0).measure(prices) for prices in (PRICES, changed)]
    for name in ("train rmse", "train naive"):
        assert found[0][name] == found[1][name]
    assert found[0]["test rmse"] != found[1]["test rmse"]


def test_apple_s_networks_have_five_seeds_each_and_depend_on_their_settings():
    fits = apple.plan()
    assert len(fits) == len(set(fits)) == 10
    assert {(fit.network, fit.seed) for fit in fits} == {
        (name, seed) for name in apple.NETWORKS for seed in range(5)
    }
    assert {fit.ticker for fit in fits} == {"AAPL"}
    for fit in fits:
        assert fit.details == apple.NETWORKS[fit.network]


# ---------------------------------------------------------------------- sweeps

SETTINGS = [(setting, value) for setting, values in sweeps.SWEEPS.items() for value in values]


@pytest.mark.parametrize(("setting", "value"), SETTINGS)
def test_each_value_of_a_sweep_changes_its_setting_and_no_other(setting, value):
    recipe = sweeps.Sweep(setting, float(value), "IBM", "High", 2016, 0).details
    assert getattr(recipe, setting) == value
    assert replace(recipe, **{setting: getattr(sweeps.BASE, setting)}) == sweeps.BASE
    for field in fields(recipe):
        assert type(getattr(recipe, field.name)) is type(getattr(sweeps.BASE, field.name))


@pytest.mark.parametrize("setting", sweeps.SWEEPS)
def test_the_base_is_in_each_sweep(setting):
    values = sweeps.SWEEPS[setting]
    assert getattr(sweeps.BASE, setting) in values
    assert list(values) == sorted(set(values))


def test_the_base_is_the_network_of_the_other_studies_with_an_optimizer_that_decays():
    other = RECIPES["GRU on returns and range"]
    decay = {"optimizer": other.optimizer, "weight_decay": other.weight_decay}
    assert replace(sweeps.BASE, **decay) == other
    assert sweeps.BASE.optimizer == "AdamW"


def test_every_value_has_five_seeds_on_the_year_before_the_test_year():
    fits = sweeps.plan()
    assert len(fits) == len(set(fits)) == 5 * len(SETTINGS)
    assert {(fit.ticker, fit.column, fit.year) for fit in fits} == {("IBM", "High", 2016)}
    assert {(fit.setting, fit.value) for fit in fits} == set(SETTINGS)


@pytest.fixture
def tiny_base(monkeypatch):
    base = replace(sweeps.BASE, units=2, lookback=3, epochs=1, batch_size=64)
    monkeypatch.setattr(sweeps, "BASE", base)
    return base


@pytest.mark.parametrize(("setting", "value"), [("units", 3.0), ("lookback", 5.0)])
def test_a_sweep_s_errors_are_those_of_the_forecasts_of_the_year(setting, value, tiny_base):
    found = sweeps.Sweep(setting, value, "IBM", "Close", 2016, 1).measure(PRICES)
    recipe = replace(tiny_base, **{setting: int(value)})
    forecast = recipes.forecast(recipe, PRICES, "Close", 2016, seed=1)
    close = PRICES["Close"]
    year = close.loc["2016"]
    assert found["rmse"] == pytest.approx(rmse(year, forecast), rel=1e-5)
    assert found["naive"] == pytest.approx(rmse(year, close.shift().loc["2016"]))
    before = close.loc[:"2015"].iloc[recipe.lookback + 1 :]  # the first day has no return
    assert found["train naive"] == pytest.approx(rmse(before, close.shift().loc[before.index]))
    assert 0 < found["train rmse"] < 0.05 * close.mean()


def test_later_prices_never_change_a_sweep_s_errors(tiny_base):
    changed = PRICES.copy()
    changed.loc["2017":] *= 3
    fit = sweeps.Sweep("units", 2.0, "IBM", "High", 2016, 0)
    assert fit.measure(PRICES) == fit.measure(changed)
