"""Scores of distributions agree with what is known in closed form."""

from course_utils.evaluation import bands, conformal, coverage_by_group, pinball, pit

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=20_000)
QUANTILES = np.broadcast_to(stats.norm.ppf((np.arange(200) + 0.5) / 200), (20_000, 200))


def test_bands_of_one_width_hold_too_much_on_calm_days_and_too_little_on_wild_ones():
    """Calm days have half the standard deviation, wild days twice: known shares within a band."""
    wild = RNG.random(len(TRUTH)) < 0.5
    groups = np.where(wild, "wild", "calm")
    found = coverage_by_group(TRUTH * np.where(wild, 2, 0.5), QUANTILES, [0.5, 0.8], groups)
    assert found.index.tolist() == ["calm", "wild"]
    for level in (0.5, 0.8):
        edge = bands(QUANTILES[0], level)[1]
        for group, width in (("calm", 0.5), ("wild", 2)):
            expected = 2 * stats.norm.cdf(edge / width) - 1
            assert found.loc[group, level] == pytest.approx(expected, abs=0.015)
    with pytest.raises(ValueError, match="need as many groups"):
        coverage_by_group(TRUTH, QUANTILES, [0.5], groups[:9])
    by_day = pd.Series(TRUTH), QUANTILES, [0.5], pd.Series(groups)[::-1]
    with pytest.raises(ValueError, match="Row 0 is 0 in one and 19999 in the other"):
        coverage_by_group(*by_day)


@pytest.mark.parametrize(("width", "middle"), [(1, 0.5), (2, 2 * stats.norm.cdf(2 * 0.6745) - 1)])
def test_pit_is_uniform_if_honest_and_heaps_up_in_the_middle_if_bands_are_too_wide(width, middle):
    shares = pit(TRUTH, width * QUANTILES)
    assert ((shares > 0.25) & (shares < 0.75)).mean() == pytest.approx(middle, abs=0.015)


def test_pit_counts_ties_half():
    assert pit([0.0, 2.0], [[0, 0, 0, 0], [1, 2, 3, 4]]).tolist() == [0.5, 0.375]


@given(level=st.floats(0.05, 0.95), shift=st.floats(-2, 2).filter(lambda shift: abs(shift) > 0.1))
def test_pinball_is_lowest_at_the_quantile_where_its_value_is_known(level, shift):
    """At its quantile q, a normal variable costs its density at q (Gneiting, 2011)."""
    quantile = stats.norm.ppf(level)
    forecasts = np.full((len(TRUTH), 1), quantile)
    assert pinball(TRUTH, forecasts, [level]) == pytest.approx(stats.norm.pdf(quantile), abs=0.02)
    assert pinball(TRUTH, forecasts + shift, [level]) > pinball(TRUTH, forecasts, [level])


def test_pinball_by_hand_and_with_wrong_levels():
    assert pinball([1.0], [[0.0, 3.0]], [0.1, 0.9]) == pytest.approx((0.1 + 0.2) / 2)
    for levels in ([0.5], [0.1, 1.0]):
        with pytest.raises(ValueError, match="as many levels between 0 and 1"):
            pinball([1.0], [[0.0, 3.0]], levels)


@given(count=st.integers(1, 30), level=st.floats(0.01, 0.99))
def test_a_conformal_interval_holds_the_next_error_as_often_as_its_rank_says(count, level):
    """Sizes 1 to n and a new one that may fall between any two: count the gaps below the width."""
    width = conformal(np.arange(1.0, count + 1) * (-1) ** np.arange(count), level)
    held = min(width, count + 1) / (count + 1)
    assert level - 1e-9 <= held <= level + 1 / (count + 1)
    assert np.isinf(width) == (level > count / (count + 1) + 1e-9)


def test_rounding_makes_no_interval_wider():
    assert conformal(np.arange(1, 75), 0.68) == 51  # of 75 places


@pytest.mark.parametrize(("errors", "level"), [([1.0], 1), ([], 0.5), ([np.nan], 0.5)])
def test_widths_of_nothing_or_of_no_share_are_refused(errors, level):
    with pytest.raises(ValueError, match=r"not a share|missing"):
        conformal(errors, level)
