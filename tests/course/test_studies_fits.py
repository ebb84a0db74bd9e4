"""Single fits measure what they say: recall, a noisy sine, AAPL early and late, and sweeps."""

from dataclasses import fields, replace

from course.studies import apple, bands, free_running, sweeps, synthetic, thermostat
from course.studies.memory import recall_task
from course_utils import recipes
from course_utils.evaluation import rmse
from course_utils.thermostat import run_thermostat, weather

import keras
import numpy as np
import pytest
from helpers import made_up_prices
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, r2_score

NIGHTLY = pytest.mark.nightly
PRICES = made_up_prices("2015-06-01", "2017-03-31")

# ---------------------------------------------------------------------- memory


@given(samples=st.integers(1, 50), distance=st.integers(1, 30), seed=st.integers(0, 99))
def test_the_memory_task_asks_for_the_marked_bit_and_for_nothing_else(samples, distance, seed):
    inputs, first = recall_task(samples, distance, np.random.default_rng(seed))
    assert inputs.shape == (samples, distance + 1, 2)
    assert set(np.unique(inputs[:, :, 0])) <= {-1.0, 1.0}
    np.testing.assert_array_equal(inputs[:, 0, 1], 1)
    np.testing.assert_array_equal(inputs[:, 1:, 1], 0)
    np.testing.assert_array_equal(2 * first - 1, inputs[:, 0, 0])


# ---------------------------------------------------------------------- synthetic


def test_the_noise_is_all_that_the_clean_series_gets_wrong():
    clean, series = synthetic.noisy_sine(200_000, 0.1, seed=0)
    np.testing.assert_allclose(clean, np.sin(0.02 * np.arange(200_000)))
    noise = series - clean
    assert noise.std() == pytest.approx(0.1, rel=0.01)
    assert noise.mean() == pytest.approx(0, abs=1e-3)
    assert np.corrcoef(noise[:-1], noise[1:])[0, 1] == pytest.approx(0, abs=0.01)


def test_seeds_of_the_noise_repeat_and_differ():
    one, same, other = (synthetic.noisy_sine(50, 0.1, seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).all()


@pytest.mark.slow
@pytest.mark.parametrize("split", [pytest.param("by time", marks=NIGHTLY), "at random"])
def test_a_sine_is_measured_on_its_test_windows(split, monkeypatch):
    """Few samples, and a network of one unit in place of 3 × 128."""
    sizes = {"SAMPLES": 120, "LOOKBACK": 5, "TRAIN": 60, "VALIDATION": 20}
    for name, value in sizes.items():
        monkeypatch.setattr(synthetic, name, value)
    built = []

    def tiny(cell, features, units, layers, dropout):
        built.append((cell, features, units, layers, dropout))
        network = [keras.layers.SimpleRNN(1), keras.layers.Dense(1)]
        return keras.Sequential([keras.Input((None, 1)), *network])

    monkeypatch.setattr("course_utils.models.recurrent", tiny)
    found = synthetic.Synthetic(split, seed=2).measure(None)
    assert built == [("LSTM", 1, 128, 3, 0.2)]
    clean, series = synthetic.noisy_sine(120, 0.1, seed=2)
    order = np.arange(115)
    if split == "at random":
        order = np.random.default_rng(2).permutation(order)
    test = 5 + order[80:]
    assert found["floor"] == pytest.approx(rmse(series[test], clean[test]))
    assert found["naive"] == pytest.approx(rmse(series[test], series[test - 1]))
    assert 0 < found["linear"] < found["naive"]
    assert found["rmse"] > 0
    assert 10 <= found["epochs"] <= 40
    assert found.keys() == {"rmse", "naive", "linear", "floor", "epochs"}


# ---------------------------------------------------------------------- thermostat


class Always:
    """A model that says at every step that the heating is on."""

    def predict(self, temperature, **_):
        return np.ones_like(temperature)


def test_answers_on_the_thermostat_are_scored_by_age_where_every_window_is_full():
    record = run_thermostat(weather(30, 200, np.random.default_rng(0)))
    found = thermostat.accuracies(Always(), {"200": record})
    age, on = record.age[:, 99:], record.heating[:, 99:]
    bands = {"200": age > 0, "200, 1-19": (age > 0) & (age < 20), "200, 50+": age >= 50}
    assert {name: found[name] for name in bands} == pytest.approx(
        {name: on[band].mean() for name, band in bands.items()}
    )


@pytest.mark.slow
@pytest.mark.parametrize("network", thermostat.WINDOW_NETWORKS)
def test_a_window_on_the_thermostat_reaches_as_far_back_as_its_name_says(network):
    series = weather(1, 200, np.random.default_rng(0))[..., np.newaxis]
    other = series.copy()
    other[:, 50] += 5
    model = thermostat.build(network)
    moved = np.flatnonzero(np.asarray(model(series) != model(other)))
    lookback = int(network.split()[-2])
    assert (moved.min(), moved.max()) == (50, 50 + lookback - 1)


# ---------------------------------------------------------------------- apple


@pytest.mark.slow
@pytest.mark.parametrize(
    "network",
    [
        "SimpleRNN(50) on features",
        pytest.param("2 × SimpleRNN(32), full batch", marks=NIGHTLY),
    ],
)
def test_apple_is_measured_early_and_late_next_to_yesterday(network, monkeypatch):
    """Neither the scaler nor the network sees the last fifth."""
    tiny = replace(apple.NETWORKS[network], units=1, epochs=1)
    monkeypatch.setitem(apple.NETWORKS, network, tiny)
    changed = PRICES.copy()
    changed.iloc[-50:] *= 3
    fit = apple.Apple(network, "AAPL", 0)
    found, later = fit.measure(PRICES), fit.measure(changed)
    for name in ("train rmse", "train naive"):
        assert found[name] == later[name]
    assert found["test rmse"] != later["test rmse"]

    lost = 14 if network == "SimpleRNN(50) on features" else 0  # days that lack a feature
    close = PRICES["Close"].to_numpy()[lost:]
    cut = int(0.8 * len(close))
    early, late = np.arange(20, cut), np.arange(cut, len(close))
    assert found["train naive"] == pytest.approx(rmse(close[early], close[early - 1]))
    assert found["test naive"] == pytest.approx(rmse(close[late], close[late - 1]))
    assert found["naive mae"] == pytest.approx(mean_absolute_error(close[late], close[late - 1]))
    assert found["naive r2"] == pytest.approx(r2_score(close[late], close[late - 1]))
    error = (found["test rmse"] / found["test naive"]) ** 2
    assert 1 - found["test r2"] == pytest.approx((1 - found["naive r2"]) * error)
    assert 0 < found["test mae"] <= found["test rmse"]


# ---------------------------------------------------------------------- sweeps


@pytest.mark.parametrize("setting", sweeps.VALUES)
def test_each_value_of_a_sweep_changes_its_setting_and_no_other(setting):
    values = sweeps.VALUES[setting]
    assert getattr(sweeps.BASE, setting) in values
    assert list(values) == sorted(set(values))
    for value in values:
        recipe = sweeps.Sweep(setting, float(value), "IBM", "High", 2016, 0).changed
        assert getattr(recipe, setting) == value
        assert replace(recipe, **{setting: getattr(sweeps.BASE, setting)}) == sweeps.BASE
        for field in fields(recipe):
            assert type(getattr(recipe, field.name)) is type(getattr(sweeps.BASE, field.name))


@pytest.mark.slow
def test_a_sweep_s_errors_are_those_of_the_forecasts_of_the_year(monkeypatch):
    """And later prices never change them."""
    base = replace(sweeps.BASE, units=2, lookback=3, epochs=1, batch_size=64)
    monkeypatch.setattr(sweeps, "BASE", base)
    fit = sweeps.Sweep("lookback", 5.0, "IBM", "Close", 2016, 1)
    (found,) = fit.measure_seeds(PRICES, [1])
    recipe = replace(base, lookback=5)
    forecast = recipes.forecast(recipe, PRICES, "Close", 2016, seed=1)
    close = PRICES["Close"]
    assert found["rmse"] == pytest.approx(rmse(close.loc["2016"], forecast), rel=1e-5)
    assert found["naive"] == pytest.approx(rmse(close.loc["2016"], close.shift().loc["2016"]))
    before = close.loc[:"2015"].iloc[recipe.lookback + 1 :]  # the first day has no return
    assert found["train naive"] == pytest.approx(rmse(before, close.shift().loc[before.index]))
    assert 0 < found["train rmse"] < 0.05 * close.mean()
    changed = PRICES.copy()
    changed.loc["2017":] *= 3
    assert fit.measure_seeds(changed, [1]) == [found]


# ---------------------------------------------------------------------- bands and horizons


def test_a_recent_walk_draws_from_the_days_before_its_origin_without_their_average():
    returns = np.concatenate([np.full(300, 0.5), np.tile([0.01, 0.03], 150)])
    drawn = bands.walks(returns[:300], returns, np.array([600]))
    assert set(drawn["walk"].ravel()) == {0.0}
    np.testing.assert_allclose(np.unique(drawn["recent walk"]), [-0.01, 0.01])


def test_recent_errors_leave_out_the_average_and_end_at_the_origin():
    targets, forecasts = np.arange(400.0), np.zeros(400)
    (found,) = bands.recent_errors(targets, forecasts, [300])
    np.testing.assert_allclose(found, np.arange(250) - 124.5)


def test_a_walk_of_constant_noise_is_as_honest_with_all_days_as_with_a_year(monkeypatch):
    monkeypatch.setattr(bands, "PATHS", 200)
    steady = made_up_prices("2010-01-01", "2017-12-31")
    steady["High"] = 100 * np.exp(np.random.default_rng(1).normal(0, 0.01, len(steady)).cumsum())
    found = bands.Walk("IBM", "High", 2014).measure(steady)
    assert found["walk in 80%"] == pytest.approx(0.8, abs=0.1)
    assert found["recent walk in 80%"] == pytest.approx(found["walk in 80%"], abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["GRU on levels", "GRU on returns"])
def test_a_network_that_answers_all_days_at_once_is_measured_at_each_horizon(name, monkeypatch):
    monkeypatch.setattr(free_running, "STEPS_AHEAD", (1, 5))
    monkeypatch.setattr(free_running, "ORIGINS", 6)
    tiny = replace(recipes.RECIPES[name], units=2, epochs=1)
    monkeypatch.setitem(recipes.RECIPES, name, tiny)
    found = free_running.Horizons(name, "IBM", "High", 2016, 0, direct=True).measure(PRICES)
    for horizon in (1, 5):
        assert 0 < found[f"rmse {horizon}"] < 200
        ahead = found[f"rmse {horizon}"] < found[f"naive {horizon}"]
        assert (found[f"t {horizon}"] > 0) == ahead
