"""Scores of distributions agree with their definitions, and errors by horizon with each RMSE."""

from course_utils.evaluation import bands, coverage, crps, error_by_horizon, rmse

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

NUMBERS = st.floats(-100, 100, width=32)


@given(samples=arrays(float, (3, 40), elements=NUMBERS), level=st.floats(0.05, 0.95))
def test_a_band_holds_its_level_of_the_samples_with_as_many_below_as_above(samples, level):
    low, high = bands(samples, level)
    below = (samples < low[:, np.newaxis]).mean(axis=1)
    above = (samples > high[:, np.newaxis]).mean(axis=1)
    outside = (1 - level) / 2 + 1 / samples.shape[1]
    assert (below <= outside).all()
    assert (above <= outside).all()
    assert (low <= high).all()


def test_a_band_is_no_wider_than_its_level_asks_for():
    low, high = bands(np.arange(1001.0), 0.8)
    assert (low, high) == pytest.approx((100, 900))


def test_a_wider_level_is_a_wider_band():
    samples = np.random.default_rng(0).normal(size=(5, 1000))
    edges = [bands(samples, level) for level in (0.5, 0.8, 0.95)]
    widths = np.array([high - low for low, high in edges])
    assert (np.diff(widths, axis=0) > 0).all()
    np.testing.assert_allclose(edges[2][1], 1.96, atol=0.25)


def test_samples_of_the_truth_s_own_distribution_are_covered_as_claimed():
    rng = np.random.default_rng(0)
    truth, samples = rng.normal(size=4000), rng.normal(size=(4000, 300))
    for level in (0.5, 0.8, 0.95):
        assert coverage(truth, samples, level) == pytest.approx(level, abs=0.02)
        assert coverage(truth, 3 * samples, level) > level + 0.04
        assert coverage(truth, samples / 3, level) < level - 0.2


@given(truth=arrays(float, 4, elements=NUMBERS), samples=arrays(float, (4, 7), elements=NUMBERS))
def test_crps_equals_its_definition_by_expected_distances(truth, samples):
    to_truth = np.abs(samples - truth[:, np.newaxis]).mean(axis=1)
    among = np.abs(samples[:, :, np.newaxis] - samples[:, np.newaxis]).mean(axis=(1, 2))
    assert crps(truth, samples) == pytest.approx((to_truth - among / 2).mean(), abs=1e-4)


def test_crps_of_a_single_number_is_the_mean_absolute_error():
    assert crps([1.0, 5.0], [[3.0], [4.0]]) == pytest.approx(1.5)


def test_crps_prefers_the_true_distribution_to_a_wider_a_sharper_and_a_shifted_one():
    rng = np.random.default_rng(1)
    truth, samples = rng.normal(size=3000), rng.normal(size=(3000, 200))
    right = crps(truth, samples)
    for wrong in (2 * samples, samples / 2, samples + 0.5):
        assert crps(truth, wrong) > right + 0.01


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
def test_what_does_not_fit_is_refused(score, truth, samples, message):
    with pytest.raises(ValueError, match=message):
        score(truth, samples)


@pytest.mark.parametrize("level", [0, 1, 95, -0.5])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match=r"95 % is 0\.95"):
        bands(np.zeros((2, 3)), level)


# ---------------------------------------------------------------------- errors by horizon


def test_each_row_is_the_rmse_at_that_horizon_and_each_column_a_forecast():
    rng = np.random.default_rng(0)
    truth, naive, network = rng.normal(size=(3, 24, 10))
    table = error_by_horizon(truth, {"naive": naive, "network": network}, [1, 4, 10])
    assert table.columns.tolist() == ["naive", "network"]
    assert table.index.tolist() == [1, 4, 10]
    assert table.loc[4, "network"] == rmse(truth[:, 3], network[:, 3])
    assert table.loc[10, "naive"] == rmse(truth[:, 9], naive[:, 9])


def test_origins_whose_truth_is_not_known_yet_are_left_out():
    truth = np.array([[1.0, 2.0], [3.0, np.nan]])
    table = error_by_horizon(truth, {"naive": np.zeros((2, 2))}, [1, 2])
    assert table["naive"].tolist() == pytest.approx([np.sqrt(5), 2.0])


def test_a_single_origin_must_say_so():
    with pytest.raises(ValueError, match=r"one origin is truth\[np\.newaxis\]"):
        error_by_horizon(np.zeros(3), {"naive": np.zeros(3)}, [1])


@pytest.mark.parametrize(
    ("forecast", "horizons", "message"),
    [
        (np.zeros((3, 2)), [1], r"naive: shape \(3, 2\), but the truth has \(2, 3\)"),
        (np.zeros((2, 3)), [4], "No horizon 4: there are 3 steps"),
        (np.zeros((2, 3)), [0], "No horizon 0"),
        (np.zeros((2, 3)), [3], "known truth 3 steps ahead"),
        (np.full((2, 3), np.nan), [1], "missing values"),
    ],
)
def test_horizons_that_cannot_be_scored_are_refused(forecast, horizons, message):
    truth = np.array([[1.0, 2.0, np.nan], [1.0, 2.0, np.nan]])
    with pytest.raises(ValueError, match=message):
        error_by_horizon(truth, {"naive": forecast}, horizons)
