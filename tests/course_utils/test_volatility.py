"""Ranges are measured by hand, and HAR finds the process that it was written for."""

from course_utils.volatility import (
    HAR,
    SPANS,
    CloseAndVolatility,
    describe_shares,
    log_range,
    span_means,
)
from course_utils.windows import make_windows

import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from hypothesis import given
from hypothesis import strategies as st

PRICES = made_up_prices("2012-01-02", "2017-12-29")


def har_process(days, weights=(0.4, 0.3, 0.2), noise=0.1, seed=0):
    """A series that HAR describes exactly, around 0."""
    rng = np.random.default_rng(seed)
    values = list(rng.normal(0, noise, 22))
    for _ in range(days):
        means = [np.mean(values[-span:]) for span in SPANS]
        values.append(np.dot(weights, means) + rng.normal(0, noise))
    return np.array(values)


def test_a_log_range_is_the_log_of_the_log_of_high_over_low():
    day = pd.DataFrame({"High": [np.e**0.5], "Low": [1.0]}, pd.DatetimeIndex(["2017-01-03"]))
    assert log_range(day).tolist() == pytest.approx([np.log(0.5)])
    pd.testing.assert_series_equal(log_range(PRICES), log_range(7 * PRICES))


@pytest.mark.parametrize("low", [np.nan, "the high"])
def test_a_day_without_a_high_above_its_low_is_named(low):
    prices = PRICES.copy()
    prices.loc["2017-03-01", "Low"] = prices.loc["2017-03-01", "High"] if low == "the high" else low
    with pytest.raises(ValueError, match=r"high of 2017-03-01 .* \(days in all: 1\): leave"):
        log_range(prices)


def test_a_day_of_a_share_is_described_by_hand():
    other = made_up_prices("2012-01-05", "2017-12-29", seed=1)
    tables = describe_shares({"A": PRICES, "B": other})
    assert [*tables["A"].columns] == ["log range", "return", "gap", "market"]
    yesterday, today = PRICES.loc["2017-01-03"], PRICES.loc["2017-01-04"]
    described = tables["A"].loc["2017-01-04"]
    assert described["return"] == pytest.approx(np.log(today["Close"] / yesterday["Close"]))
    assert described["gap"] == pytest.approx(np.log(today["Open"] / yesterday["Close"]))
    both = [log_range(table)["2017-01-04"] for table in (PRICES, other)]
    assert described["log range"] == pytest.approx(both[0])
    assert described["market"] == pytest.approx(np.mean(both))
    alone = tables["A"].loc["2012-01-04"]  # B is not traded yet
    assert alone["market"] == alone["log range"]
    for name, table in (("A", PRICES), ("B", other)):
        assert tables[name].index.equals(table.index[1:])
        assert tables[name].notna().all(axis=None)


@given(lookback=st.integers(22, 40), features=st.integers(1, 3), seed=st.integers(0, 99))
def test_means_are_over_the_last_days_of_each_feature(lookback, features, seed):
    windows = np.random.default_rng(seed).normal(size=(3, lookback, features))
    means = span_means(windows).reshape(3, 3, features)
    for place, days in enumerate(SPANS):
        np.testing.assert_allclose(means[:, place], windows[:, lookback - days :].mean(axis=1))


def test_har_finds_the_weights_of_its_own_process():
    model = HAR().fit(*make_windows(har_process(20_000), 22))
    np.testing.assert_allclose(model.regression.coef_, [0.4, 0.3, 0.2], atol=0.06)
    windows, _ = make_windows(har_process(100, seed=1), 30)
    expected = span_means(windows) @ model.regression.coef_ + model.regression.intercept_
    np.testing.assert_allclose(model.predict(windows), expected[:, np.newaxis])


def test_a_second_feature_brings_its_own_means():
    market = har_process(3_000, noise=0.3)
    share = np.append(0, market[:-1]) / 2  # the market of the day before
    windows, targets = make_windows(np.column_stack([share, market]), 22)
    np.testing.assert_allclose(
        HAR().fit(windows, targets).predict(windows)[:, 0], targets, atol=1e-9
    )


def test_windows_of_less_than_a_month_are_refused():
    with pytest.raises(ValueError, match="holds no month: take a lookback of at least 22"):
        HAR().fit(*make_windows(har_process(50), 21))


# ---------------------------------------------------------------- a High from its volatility


@pytest.mark.parametrize("other", [1 / 1.5, 1.5], ids=["High", "Low"])
def test_close_and_volatility_finds_a_law_of_its_form(other):
    rng = np.random.default_rng(0)
    # Ranges whose size does not change: then sigma is their mean, and c is known.
    width = np.abs(np.log(other)) * np.ones((300, 1))
    close = 100 * np.exp(rng.normal(0, 0.01, (300, 1)).cumsum(axis=0))
    day = np.hstack([close, close * np.exp(np.sign(np.log(other)) * width), close])
    windows, _ = make_windows(day, 22)
    targets = windows[:, -1, 2] * np.exp(0.4 * np.log(1 / other))
    model = CloseAndVolatility().fit(windows, targets)
    assert model.c == pytest.approx(0.4)
    np.testing.assert_allclose(model.predict(windows)[:, 0], targets)


@pytest.mark.parametrize(
    ("shape", "message"), [((5, 21, 3), "lookback of at least 22"), ((5, 22, 4), "of 4 features")]
)
def test_windows_without_a_month_of_high_low_and_close_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        CloseAndVolatility().fit(np.ones(shape), np.ones(5))
