"""How sure a difference is: the test of Diebold and Mariano, bootstrap intervals, pairs."""

import warnings

from course_utils.evaluation import diebold_mariano, paired_difference, rmse, skill, skill_interval
from course_utils.windows import unscale

import numpy as np
import pytest
from helpers import made_up_prices
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import MinMaxScaler, StandardScaler

PRICES = made_up_prices("2015-06-01", "2017-12-29")

RISING = np.arange(30.0)


def test_in_one_block_of_days_the_statistic_is_a_ratio_of_cosines_as_by_hand():
    truth, forecast, rival = np.random.default_rng(0).normal(size=(3, 10))
    gains = (truth - rival) ** 2 - (truth - forecast) ** 2
    waves = [
        sum(gains[t] * np.cos(np.pi * j * (t + 0.5) / 10) for t in range(10)) for j in (1, 2, 3, 4)
    ]
    # 1 / sqrt(10) as for a mean of independent values; (10 - 1) / 10 after Harvey and others
    spread = np.sqrt(np.mean(np.square(waves)) * 2 / 10 / 10)
    expected = np.sqrt(0.9) * gains.mean() / spread
    found = diebold_mariano(truth, forecast, rival)
    np.testing.assert_allclose(found.statistic, expected)
    np.testing.assert_allclose(found.p_value, 2 * stats.t.sf(abs(expected), 4))


@given(days=st.integers(10, 100), seed=st.integers(0, 999))
def test_swapping_forecast_and_rival_flips_the_gain_and_keeps_p(days, seed):
    truth, forecast, rival = np.random.default_rng(seed).normal(size=(3, days))
    one = diebold_mariano(truth, forecast, rival)
    other = diebold_mariano(truth, rival, forecast)
    np.testing.assert_allclose(one, [-other.gain, -other.statistic, other.p_value])
    assert one.gain == pytest.approx(rmse(truth, rival) ** 2 - rmse(truth, forecast) ** 2)


def changes(rng, horizon, days=250):
    """Changes over a horizon, one a day: neighbours share all but one of their days."""
    walk = rng.normal(size=days + horizon).cumsum()
    return walk[horizon:] - walk[:-horizon]


@pytest.mark.parametrize("horizon", [1, 5, 20])
def test_between_equally_good_forecasts_5_percent_of_p_values_fall_below_5_percent(horizon):
    rng, rejected = np.random.default_rng(0), 0
    for _ in range(1500):
        truth, one, other = (changes(rng, horizon) for _ in range(3))
        rejected += diebold_mariano(truth, one / 2, other / 2, horizon).p_value < 0.05
    assert 0.02 < rejected / 1500 < 0.08


@pytest.mark.parametrize("horizon", [5, 20])
def test_targets_that_overlap_are_refused_where_no_horizon_is_named(horizon):
    rng = np.random.default_rng(0)
    for _ in range(20):
        targets = changes(rng, horizon)
        with pytest.raises(ValueError, match="days ahead with horizon="):
            diebold_mariano(targets, targets * 0, targets * 0 + 0.1)


def test_a_rival_that_is_always_off_by_the_same_is_compared_without_a_warning():
    truth = np.random.default_rng(0).integers(9, size=50).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert diebold_mariano(truth, np.roll(truth, 1), truth + 1).gain < 0


def test_two_forecasts_that_differ_in_a_single_wild_day_are_not_told_apart():
    truth = np.random.default_rng(0).normal(size=250)
    forecast = np.where(np.arange(250) == 100, truth, truth - 1)
    assert diebold_mariano(truth, forecast, truth - 1).p_value > 0.2


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler])
def test_two_forecasts_that_differ_by_rounding_are_refused(kind):
    high = PRICES[["High"]]
    scaler = kind().fit(high)
    naive = high["High"].shift().iloc[1:]
    there_and_back = unscale(scaler, scaler.transform(high)[:-1, 0].astype("float32"))
    with pytest.raises(ValueError, match="nothing to test"):
        diebold_mariano(high["High"].iloc[1:], there_and_back, naive)


@pytest.mark.parametrize(
    ("compare", "message"),
    [
        (lambda: diebold_mariano(RISING[:5], RISING[:5] + 1, RISING[:5]), "take 10 or more"),
        (lambda: diebold_mariano(RISING, RISING + 1, RISING, 0), "horizon 0 must be at least 1"),
        (lambda: skill_interval(RISING, RISING + 1, RISING, 95), "95% is 0.95"),
        (lambda: paired_difference(RISING, RISING**2, 95), "95% is 0.95"),
        (lambda: diebold_mariano(RISING, RISING + 1, RISING, 5), "5 days ahead: take 40 or more"),
        (lambda: diebold_mariano(RISING, RISING + 1, RISING + 2), "nothing to test"),
        (lambda: diebold_mariano(RISING, RISING + 1, RISING[:, np.newaxis] + 1), "Equal forecasts"),
        (lambda: diebold_mariano(*np.ones((3, 30, 5))), "several targets for each day"),
        (lambda: skill_interval(RISING, RISING + 1, RISING + 2), "30 days are too few"),
        (lambda: skill_interval(RISING, RISING + 1, RISING, block=5), "nothing left to gain"),
        (lambda: skill_interval(RISING, RISING + 1, RISING + (RISING > 28), block=5), "In .* dra"),
        (lambda: paired_difference(RISING, RISING[1:]), "make no pairs"),
        (lambda: paired_difference(RISING, RISING + 1), "30 differences, 1 of them distinct"),
        (lambda: paired_difference([1, 2], [2, 4]), "take at least 3 pairs"),
        (lambda: paired_difference([1, 2, np.nan], [2, 4, 5]), "missing"),
    ],
)
def test_what_cannot_be_compared_is_refused(compare, message):
    with pytest.raises(ValueError, match=message):
        compare()


# ---------------------------------------------------------------- intervals


def test_about_95_of_100_intervals_hold_the_true_skill():
    rng, held = np.random.default_rng(0), 0
    for _ in range(200):
        truth = rng.normal(size=500)
        forecast = truth + rng.normal(0, 0.8, 500)
        low, high = skill_interval(truth, forecast, truth + rng.normal(size=500), draws=300)
        held += low < 0.2 < high
    assert 180 < held < 200


def test_an_interval_holds_the_skill_is_the_same_each_time_and_widens_with_the_level():
    truth, naive = (series.loc["2017"] for series in (PRICES["High"], PRICES["High"].shift()))
    forecast = (truth + naive) / 2
    narrow, wide = (skill_interval(truth, forecast, naive, level) for level in (0.5, 0.95))
    # Halfway to the truth is half the error on every day, so all draws agree.
    np.testing.assert_allclose([*narrow, *wide], 0.5)
    noisy = naive + np.random.default_rng(0).normal(size=len(naive))
    narrow, wide = (skill_interval(truth, noisy, naive, level) for level in (0.5, 0.95))
    assert wide.low < narrow.low < skill(truth, noisy, naive) < narrow.high < wide.high
    assert skill_interval(truth, noisy, naive) == wide


# ---------------------------------------------------------------- pairs


@given(seed=st.integers(0, 999), pairs=st.integers(3, 40))
def test_pairs_are_compared_as_students_t_compares_them(seed, pairs):
    one, other = np.random.default_rng(seed).normal(size=(2, pairs))
    found, expected = paired_difference(one, other), stats.ttest_rel(one, other)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose(found.mean / found.standard_error, expected.statistic)
    np.testing.assert_allclose(found[2:], [interval.low, interval.high])


@pytest.mark.parametrize(("kind", "most"), [("uint8", 256), ("int32", 200_000)])
def test_small_integers_are_compared_as_other_numbers(kind, most):
    days = np.random.default_rng(0).integers(most, size=(3, 60))
    for compare in (diebold_mariano, lambda one, other, _: paired_difference(one, other)):
        assert compare(*days.astype(kind)) == compare(*days.astype(float))
