"""The study of ranges: who learns from whom, what is seen, and what its numbers mean."""

from course.studies import volatility
from course.studies.fits import going_together
from course.studies.volatility import LOOKBACK, OWN, UNSEEN, WAYS, Ranges, Way
from course_utils.volatility import HAR, describe_shares
from course_utils.windows import make_windows

import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices

TABLES = describe_shares(
    {name: made_up_prices("2015-01-01", "2017-06-30", seed) for seed, name in enumerate("ABCD")}
)


class Constant:
    """Forecasts the mean of what it was trained on."""

    def __init__(self, targets):
        self.value = targets.mean()

    def predict(self, windows, verbose):
        return np.full((len(windows), 1), self.value)


@pytest.fixture(autouse=True)
def made_up_shares(monkeypatch):
    monkeypatch.setattr(volatility, "all_shares", lambda: TABLES)
    constant = Way(UNSEEN, OWN, lambda windows, targets, seed: Constant(targets))
    monkeypatch.setitem(WAYS, "constant", constant)


def test_har_of_a_share_is_measured_on_the_days_of_its_year():
    table = TABLES["B"][["log range"]]
    before, first = table[table.index.year < 2017], (table.index.year < 2017).sum()
    model = HAR().fit(*make_windows(before, LOOKBACK))
    windows, truth = make_windows(table.iloc[first - LOOKBACK :], LOOKBACK)
    expected = truth - model.predict(windows)[:, 0]
    found = Ranges("HAR", 2017, 0).errors(TABLES)
    assert found.index.tolist() == table.index[first:].tolist()
    np.testing.assert_allclose(found["B"], expected, atol=1e-9)


def test_a_share_unseen_is_forecast_from_the_others_only():
    errors = Ranges("constant", 2017, 0).errors(TABLES)
    for asked, learned in {"AC": "BD", "BD": "AC"}.items():
        known = [TABLES[name]["log range"].loc[:"2016"].iloc[LOOKBACK:] for name in learned]
        for name in asked:
            forecast = TABLES[name]["log range"].loc["2017"] - errors[name]
            np.testing.assert_allclose(forecast, np.mean(known))


@pytest.mark.parametrize("recipe", ["as yesterday", "EWMA", "HAR and market, one for all"])
def test_a_fit_is_measured_by_share_and_by_day(recipe):
    found = Ranges(recipe, 2017, 0).measure(None)
    errors = Ranges(recipe, 2017, 0).errors(TABLES)
    assert found["C"] == pytest.approx(np.sqrt((errors["C"] ** 2).mean()))
    by_day = found["series"]["forecast"]
    assert np.mean(by_day**2) == pytest.approx(np.mean([found[name] ** 2 for name in TABLES]))
    gains = Ranges("HAR", 2017, 0).errors(TABLES) ** 2 - errors**2
    assert found["effective"] == pytest.approx(going_together(gains)[1])


def test_twelve_numbers_hold_of_the_days_before_the_last_month_only_their_mean():
    windows = np.random.default_rng(0).normal(size=(60, LOOKBACK, 4))
    turned, higher = windows.copy(), windows.copy()
    turned[:, : LOOKBACK - 22] = turned[:, LOOKBACK - 23 :: -1]
    higher[:, : LOOKBACK - 22] += 9
    for way in ("regression on twelve", "boosting on twelve"):
        model = WAYS[way].train(windows, windows[:, :, 0].mean(axis=1), 0)
        assert model.predict(windows).shape == (60, 1)
        np.testing.assert_allclose(model.predict(windows), model.predict(turned))
        assert not np.allclose(model.predict(windows), model.predict(higher))


def test_a_regression_on_all_numbers_sees_each_of_every_day():
    windows = np.random.default_rng(0).normal(size=(400, LOOKBACK, 4))
    assert windows[0].size == 176
    targets = windows[:, 0, 2] - 2 * windows[:, -1, 3]  # the first gap, the market's last range
    model = WAYS["regression on all 176"].train(windows, targets, 0)
    np.testing.assert_allclose(model.predict(windows), targets[:, np.newaxis], atol=1e-9)


def test_equal_columns_are_worth_one_and_independent_ones_what_they_are():
    alone = np.random.default_rng(0).normal(size=(20_000, 9))
    assert going_together(pd.DataFrame(alone[:, [0] * 9]))[1] == pytest.approx(1)
    assert going_together(pd.DataFrame(alone))[1] == pytest.approx(9, rel=0.05)
    together = pd.DataFrame(alone[:, :8] + alone[:, 8:])  # correlations of one half
    assert going_together(together)[1] == pytest.approx(8 / (1 + 7 / 2), rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "recipe", ["GRU, one for all", pytest.param("dense, one for all", marks=pytest.mark.nightly)]
)
def test_networks_forecast_every_share_and_repeat_with_their_seed(recipe, monkeypatch):
    monkeypatch.setattr(volatility, "UNITS", 2)
    tables = {name: TABLES[name].loc["2016-09":] for name in "AB"}
    one, same = (Ranges(recipe, 2017, 0).errors(tables) for _ in range(2))
    pd.testing.assert_frame_equal(one, same)
    assert one.notna().all(axis=None)
