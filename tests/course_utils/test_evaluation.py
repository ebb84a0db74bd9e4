"""Metrics agree with hand calculations and with their definitions."""

import warnings

from course_utils.evaluation import (
    bands,
    coverage,
    crps,
    diebold_mariano,
    error_by_horizon,
    lag,
    lag_profile,
    rmse,
    score_table,
    skill,
)

import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

PRICES = made_up_prices("2015-06-01", "2017-12-29")
NUMBERS = st.floats(-100, 100, width=32)


def random_walk(days, seed=0):
    return np.random.default_rng(seed).normal(size=days).cumsum()


# ---------------------------------------------------------------- errors


def test_rmse_by_hand():
    assert rmse([1, 2, 3], [1, 4, 2]) == pytest.approx(np.sqrt(5 / 3))


def test_errors_in_half_precision_do_not_overflow():
    assert rmse(np.float16([0, 300]), np.float16([300, 0])) == 300


@given(days=st.integers(1, 40), seed=st.integers(0, 99))
def test_a_column_against_a_row_does_not_broadcast(days, seed):
    truth, forecast = np.random.default_rng(seed).normal(size=(2, days))
    expected = np.sqrt(np.mean((truth - forecast) ** 2))
    assert rmse(truth, forecast[:, np.newaxis]) == pytest.approx(expected)
    assert rmse(truth[:, np.newaxis], pd.Series(forecast)) == pytest.approx(expected)


@pytest.mark.parametrize(("off", "expected"), [(1, 0), (0, 1), (0.75, 0.25), (3, -2)])
def test_skill_is_0_for_naive_1_for_perfect_and_negative_for_worse(off, expected):
    truth = random_walk(50)
    assert skill(truth, truth + off, naive=truth + 1) == pytest.approx(expected)


METRICS = {
    "rmse": rmse,
    "skill": lambda truth, forecast: skill(truth, forecast, np.zeros_like(truth)),
    "lag": lag,
    "score_table": lambda truth, forecast: score_table(truth, {"naive": forecast}),
    "diebold_mariano, forecast": lambda t, f: diebold_mariano(t, f, np.zeros_like(t)),
    "diebold_mariano, rival": lambda t, f: diebold_mariano(t, np.zeros_like(t), f),
}


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_unequal_lengths_and_missing_values_are_refused(metric):
    truth, forecast = random_walk(40), random_walk(40, seed=1)
    with pytest.raises(ValueError, match="40 true values but 39 forecasts: they must be the same"):
        metric(truth, forecast[:39])
    for place in (0, 20, 39):
        gap = np.where(np.arange(40) == place, np.nan, 0)
        for given_ in ((truth, forecast + gap), (truth + gap, forecast)):
            with pytest.raises(ValueError, match=r"(?i)missing|nan"):
                metric(*given_)


# ---------------------------------------------------------------- delays


@given(
    delay=st.integers(0, 5),
    seed=st.integers(0, 999),
    offset=st.floats(-50, 50),
    factor=st.floats(0.1, 10),
)
def test_a_planted_delay_is_found_whatever_the_offset_and_size_of_moves(
    delay, seed, offset, factor
):
    walk = random_walk(205, seed)
    truth, late = walk[5:], walk[5 - delay : 205 - delay]
    profile = lag_profile(truth, offset + factor * late)
    assert list(profile.index) == list(range(11))
    assert lag(truth, offset + factor * late) == delay
    assert profile[delay] == pytest.approx(1)


@pytest.mark.parametrize("moves", [0, 0.1, 1], ids=["constant", "rounding line", "exact line"])
def test_a_forecast_or_truth_whose_moves_never_differ_has_no_delay(moves):
    line, walk = 30 + moves * np.arange(100), random_walk(100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for truth, forecast in ((walk, line), (line, walk)):
            with pytest.raises(ValueError, match="no delay"):
                lag(truth, forecast)


def test_too_few_days_for_a_delay_are_refused():
    walk = random_walk(15)
    assert lag(walk[1:], walk[:-1]) == 1
    with pytest.raises(ValueError, match="13 days are too few to look for delays up to 10"):
        lag(walk[2:], walk[1:-1])


# ---------------------------------------------------------------- the table


def test_score_table_has_its_columns_in_order_and_a_row_per_forecast_in_the_given_order():
    truth, naive = (series.loc["2017"] for series in (PRICES["High"], PRICES["High"].shift()))
    forecasts = {"same as yesterday": naive, "zebra": truth + 0.01, "ape": naive.to_numpy() + 3}
    table = score_table(truth, forecasts)
    assert list(table.columns) == ["RMSE", "skill", "lag"]
    assert list(table.index) == list(forecasts)
    assert table["lag"].tolist() == [1, 0, 1]
    assert table["lag"].dtype.kind == "i"
    for name, forecast in forecasts.items():
        assert table.loc[name, "RMSE"] == rmse(truth, forecast)
        assert table.loc[name, "skill"] == skill(truth, forecast, naive)


def test_forecasts_that_stand_still_drift_evenly_or_settle_have_no_lag():
    truth, days = PRICES["High"].iloc[:100], np.arange(100)
    forecasts = {
        "naive": truth.shift().bfill(),
        "held": truth * 0 + truth.iloc[0],
        "held drift": truth.iloc[0] + 0.05 * days,
        "settled": np.where(days < 5, 150 + 10 * 0.5**days, 150.0),
    }
    assert score_table(truth, forecasts)["lag"].isna().tolist() == [False, True, True, True]


def test_nothing_to_compare_is_refused():
    with pytest.raises(ValueError, match="nothing to compare"):
        score_table(PRICES["High"], {})


# ---------------------------------------------------------------- errors by horizon


def test_each_row_is_the_rmse_at_that_horizon_and_each_column_a_forecast():
    truth, naive, network = np.random.default_rng(0).normal(size=(3, 24, 10))
    table = error_by_horizon(truth, {"naive": naive, "network": network}, [1, 4, 10])
    assert table.columns.tolist() == ["naive", "network"]
    assert table.index.tolist() == [1, 4, 10]
    assert table.loc[4, "network"] == rmse(truth[:, 3], network[:, 3])
    assert table.loc[10, "naive"] == rmse(truth[:, 9], naive[:, 9])


def test_origins_whose_truth_is_not_known_yet_are_left_out():
    truth = np.array([[1.0, 2.0], [3.0, np.nan]])
    table = error_by_horizon(truth, {"naive": np.zeros((2, 2))}, [1, 2])
    assert table["naive"].tolist() == pytest.approx([np.sqrt(5), 2.0])


UNKNOWN_END = np.array([[1.0, 2.0, np.nan], [1.0, 2.0, np.nan]])


@pytest.mark.parametrize(
    ("truth", "forecast", "horizon", "message"),
    [
        (np.zeros(3), np.zeros(3), 1, r"one origin is truth\[np\.newaxis\]"),
        (UNKNOWN_END, np.zeros((3, 2)), 1, r"naive: shape \(3, 2\), but the truth has \(2, 3\)"),
        (UNKNOWN_END, np.zeros((2, 3)), 4, "No horizon 4: there are 3 steps"),
        (UNKNOWN_END, np.zeros((2, 3)), 0, "No horizon 0"),
        (UNKNOWN_END, np.zeros((2, 3)), 3, "known truth 3 steps ahead"),
        (UNKNOWN_END, np.full((2, 3), np.nan), 1, "missing values"),
    ],
)
def test_horizons_that_cannot_be_scored_are_refused(truth, forecast, horizon, message):
    with pytest.raises(ValueError, match=message):
        error_by_horizon(truth, {"naive": forecast}, [horizon])


# ---------------------------------------------------------------- distributions


@given(samples=arrays(float, (3, 40), elements=NUMBERS), level=st.floats(0.05, 0.95))
def test_a_band_holds_its_level_of_the_samples_with_as_many_below_as_above(samples, level):
    low, high = bands(samples, level)
    below = (samples < low[:, np.newaxis]).mean(axis=1)
    above = (samples > high[:, np.newaxis]).mean(axis=1)
    outside = (1 - level) / 2 + 1 / samples.shape[1]
    assert (below <= outside).all()
    assert (above <= outside).all()
    assert (low <= high).all()


def test_a_band_is_as_wide_as_its_level():
    for level, edges in [(0.5, (250, 750)), (0.8, (100, 900)), (0.95, (25, 975))]:
        assert bands(np.arange(1001.0), level) == pytest.approx(edges)


@given(truth=arrays(float, 4, elements=NUMBERS), samples=arrays(float, (4, 7), elements=NUMBERS))
def test_crps_equals_its_definition_by_expected_distances(truth, samples):
    to_truth = np.abs(samples - truth[:, np.newaxis]).mean(axis=1)
    among = np.abs(samples[:, :, np.newaxis] - samples[:, np.newaxis]).mean(axis=(1, 2))
    assert crps(truth, samples) == pytest.approx((to_truth - among / 2).mean(), abs=1e-4)


def test_crps_of_a_single_number_is_the_mean_absolute_error():
    assert crps([1.0, 5.0], [[3.0], [4.0]]) == pytest.approx(1.5)


@pytest.mark.parametrize("score", [lambda t, s: coverage(t, s, 0.9), crps])
@pytest.mark.parametrize(
    ("truth", "samples", "message"),
    [
        (np.zeros(3), np.zeros((5, 3)), r"shape \(3,\) need samples of shape \(3, 'samples'\)"),
        (np.zeros(3), np.zeros(3), "samples last"),
        ([0.0, np.nan], np.zeros((2, 4)), "missing values"),
        ([0.0, 1.0], [[0.0, np.nan], [1.0, 1.0]], "missing values"),
        ([0.0, 1.0], np.zeros((2, 0)), "missing values"),
    ],
)
def test_truth_and_samples_that_do_not_fit_are_refused(score, truth, samples, message):
    with pytest.raises(ValueError, match=message):
        score(truth, samples)


@pytest.mark.parametrize("level", [0, 1, 95, -0.5])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match=r"95% is 0\.95"):
        bands(np.zeros((2, 3)), level)
