"""The study `hybrid` compares what it says it compares."""

from course.studies import running as studies
from course.studies.hybrid import HybridFit, plan
from course.studies.running import run_study
from course_utils.evaluation import rmse
from course_utils.recipes import HYBRID, RECIPES
from course_utils.studies import read_study

import pytest
from helpers import made_up_prices

NETWORKS = {name: recipe for name, recipe in HYBRID.items() if recipe.cell}


def test_all_networks_have_the_same_number_of_parameters_within_3_percent():
    from course_utils.models import recurrent

    counts = [
        recurrent(recipe.cell, 4, recipe.units, bidirectional=recipe.bidirectional).count_params()
        for recipe in NETWORKS.values()
    ]
    assert max(counts) <= 1.03 * min(counts)


def test_networks_differ_in_cell_units_and_direction_and_in_nothing_else():
    settings = {
        tuple(
            value
            for name, value in vars(recipe).items()
            if name not in ("cell", "units", "bidirectional")
        )
        for recipe in NETWORKS.values()
    }
    assert len(settings) == 1
    assert {recipe.features for recipe in HYBRID.values()} == {"range"}


def test_the_plain_ones_are_those_of_the_other_studies():
    assert HYBRID["LSTM"] == RECIPES["LSTM, same budget"]
    assert HYBRID["GRU"] == RECIPES["GRU, same budget"]


def test_every_network_has_five_seeds_in_each_of_six_years_and_the_regression_one():
    fits = plan()
    for name, recipe in HYBRID.items():
        runs = {(fit.year, fit.seed) for fit in fits if fit.recipe == name}
        seeds = range(5) if recipe.cell else [0]
        assert runs == {(year, seed) for year in range(2012, 2018) for seed in seeds}
    assert {(fit.ticker, fit.column) for fit in fits} == {("IBM", "High")}


def test_a_fit_is_run_stored_and_read(tmp_path, monkeypatch):
    prices = made_up_prices("2016-10-03", "2017-03-31")
    monkeypatch.setattr(studies, "load_prices", lambda ticker: prices)
    fits = [HybridFit("linear, last day", "IBM", "High", 2017, 0)]
    monkeypatch.setattr(studies, "plan", lambda study: fits)
    run_study("hybrid", 1, fits_folder=tmp_path / "fits", tables_folder=tmp_path)
    (row,) = read_study("hybrid", tmp_path).to_dict("records")
    assert row["recipe"] == "linear, last day"
    high = prices["High"]
    expected = rmse(high.loc["2017"], high.shift().loc["2017"])
    assert row["naive"] == pytest.approx(expected, abs=1e-4)
    (stored,) = (tmp_path / "fits").glob("*.json")
    assert stored.name.startswith("IBM-High-2017-hybrid-")


def test_the_committed_table_holds_the_plan():
    table = read_study("hybrid")
    rows = table[["recipe", "ticker", "column", "year", "seed"]].itertuples(index=False)
    assert [HybridFit(*row) for row in rows] == plan()
    assert (table[["rmse", "naive"]] > 0).all(axis=None)
