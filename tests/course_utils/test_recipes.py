"""Recipes compare what they say they compare, and forecast without a look at the future."""

from dataclasses import replace

from course_utils.evaluation import check_past_only, rmse
from course_utils.recipes import (
    BASE,
    BUDGET,
    HYBRID,
    RECIPES,
    RIVALS,
    SIMPLE,
    Recipe,
    forecast,
    table_for,
    trains_together,
)

import pytest
from helpers import made_up_prices

PRICES = made_up_prices("2016-10-03", "2017-03-31")
LONGER = made_up_prices("2015-10-01", "2017-03-31")
"""as much as a rival with a year of gaps needs"""
FEATURES = ["levels", "prices", "returns", "range", "technical"]


def settings_except(recipe, *names):
    return {name: value for name, value in vars(recipe).items() if name not in names}


@pytest.mark.parametrize("group", [BUDGET, HYBRID])
def test_networks_of_one_budget_have_the_same_parameters_within_3_percent(group):
    from course_utils.models import recurrent

    counts = [
        recurrent(recipe.cell, 4, recipe.units, bidirectional=recipe.bidirectional).count_params()
        for recipe in (RECIPES[name] for name in group)
        if recipe.cell not in SIMPLE
    ]
    assert max(counts) <= 1.03 * min(counts)


def test_hybrids_differ_in_cell_units_and_direction_and_in_nothing_else():
    first, *others = (recipe for recipe in HYBRID.values() if recipe.cell not in SIMPLE)
    varied = ("cell", "units", "bidirectional")
    for recipe in others:
        assert settings_except(recipe, *varied) == settings_except(first, *varied)
    assert HYBRID["LSTM"] == RECIPES["LSTM, same budget"]
    assert HYBRID["GRU"] == RECIPES["GRU, same budget"]


def test_the_base_of_the_sweeps_is_the_ladder_s_gru_with_an_optimizer_that_decays():
    other, varied = RECIPES["GRU on returns and range"], ("optimizer", "weight_decay")
    assert settings_except(BASE, *varied) == settings_except(other, *varied)
    assert BASE.optimizer == "AdamW"


@pytest.mark.parametrize(
    ("recipe", "together"),
    [
        (RECIPES["GRU on returns and range"], True),
        (RECIPES["hybrid, LSTM then GRU"], True),
        (RECIPES["bidirectional LSTM"], False),
        (RECIPES["linear, last day"], False),
        (RECIPES["classic LSTM"], False),
        (replace(BASE, dropout=0.1), False),
        (replace(BASE, units=128), False),
    ],
)
def test_seeds_are_trained_together_where_that_is_faster_and_changes_no_number(recipe, together):
    assert trains_together(recipe) == together


@pytest.mark.parametrize("features", FEATURES)
def test_future_prices_never_change_a_recipe_s_past_forecasts(features):
    recipe = Recipe(features, cell="regression")
    check_past_only(
        lambda prices: forecast(recipe, prices, "High", 2017, seed=0), PRICES, "2017-02-15"
    )


@pytest.mark.parametrize("features", FEATURES)
def test_a_forecast_is_in_usd_for_each_day_of_the_year(features):
    forecasts = forecast(Recipe(features, cell="regression"), PRICES, "Close", 2017, seed=0)
    close = PRICES["Close"].loc["2017"]
    assert forecasts.index.equals(close.index)
    assert rmse(close, forecasts) < 0.05 * close.mean()


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("column", ["Foo", "Volume"])
def test_a_column_that_is_not_a_price_is_refused(features, column):
    with pytest.raises(ValueError, match=f"No price '{column}'"):
        table_for(Recipe(features), PRICES, column)


@pytest.mark.parametrize("column", ["High", "Low"])
@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_without_a_network_forecasts_a_high_or_low_and_never_sees_the_future(name, column):
    def way(prices):
        return forecast(RECIPES[name], prices, column, 2017, seed=0)

    check_past_only(way, LONGER, "2017-02-15")
    assert rmse(LONGER[column].loc["2017"], way(LONGER)) < 0.05 * LONGER[column].mean()


def test_the_recent_gap_is_the_mean_of_250_days_up_to_the_evening_before():
    gaps = LONGER["High"] - LONGER["Close"].shift()
    expected = LONGER["Close"].shift() + gaps.rolling(250).mean().shift()
    found = forecast(RECIPES["close and recent gap"], LONGER, "High", 2017, seed=0)
    assert found.to_numpy() == pytest.approx(expected.loc["2017"].to_numpy())


def test_a_regression_on_five_days_differs_from_that_on_one_in_its_days_alone():
    five, one = RECIPES["linear, 5 days"], RECIPES["linear, last day"]
    assert five == replace(one, days=5)
    forecasts = [forecast(recipe, PRICES, "High", 2017, seed=0) for recipe in (five, one)]
    assert (forecasts[0] != forecasts[1]).all()


def test_a_gap_to_the_close_is_no_forecast_of_a_close():
    with pytest.raises(ValueError, match="has High or Low, not Close"):
        table_for(RECIPES["close and mean gap"], PRICES, "Close")


def test_unknown_features_are_refused_with_the_known_ones():
    message = "No features 'level': choose levels, prices, day, returns, range or technical"
    with pytest.raises(ValueError, match=message):
        table_for(Recipe("level"), PRICES, "High")
