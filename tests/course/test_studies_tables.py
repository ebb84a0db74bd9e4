"""The committed tables hold what their studies plan, and what the lessons say about them."""

import dataclasses
import re

from course.studies.catalogue import STUDIES
from course.studies.study import ticker_of
from course_utils.evaluation import paired_difference, rmse
from course_utils.recipes import CLASSIC, LADDER
from course_utils.studies import TABLES, read_study

import numpy as np
import pandas as pd
import pytest

COUNTS = {
    "ibm": 2 * 5 + 3 * 2 * 6 * 5 + 2 * 6,  # networks with seeds, over years; a regression
    "wide": 2,
    "tickers": 31 * 6 * 5,
    "rivals": 31 * 6 * (6 + 1),
    "together": 2 * 6,
    "cells": 3 * 6 * 5,
    "memory": 4 * 6 * 5,
    "thermostat": (6 + 2 * 2) * 5,
    "free_run": 10,
    "free_run_lstm": 5,
    "horizons": 5 * 5,
    "bands": 5,
    "walks": 31,
    "synthetic": 2 * 5,
    "apple": 2 * 5,
    "sweeps": (7 + 4 + 6 + 7 + 6 + 5 + 5) * 5,
    "hybrid": 6 * (5 * 5 + 1),
    "composition": 4 * 3,
    "multi30k": 2,
    "characters": 2 * 2,
    "volatility": 9 * 6 + 2 * 6 * 5 + 1,  # two networks with five seeds, one in a single year
    "padding": 3 * 5,
    "sentiment": 3 * 5 * 5,
    "lengths": 4 * 4 - 1,  # attention is too large for the longest
    "without_waiting": (3 * 3 + 1) * 5 + 1,
}


def test_every_study_is_counted_here():
    assert list(COUNTS) == list(STUDIES)


@pytest.mark.parametrize("name", COUNTS)
def test_a_committed_table_holds_every_fit_of_its_study_once(name):
    fits = STUDIES[name].fits()
    assert len(fits) == len(set(fits)) == COUNTS[name]
    table = read_study(name)
    absent = re.findall(r"not at hand: (.*)", "\n".join(table.attrs["made_by"]))
    absent = set(absent[0].split(", ")) if absent else set()
    fields = [field.name for field in dataclasses.fields(fits[0])]
    rows = table[fields].itertuples(index=False)
    assert [type(fits[0])(*row) for row in rows] == [
        fit for fit in fits if ticker_of(fit) not in absent
    ]


def test_committed_tables_are_whole_and_say_how_they_were_made():
    daily = [f"{study.name}_forecasts" for study in STUDIES.values() if study.daily]
    names = [path.stem for path in TABLES.glob("*.csv")]
    assert sorted(names) == sorted([*STUDIES, *daily])
    for name in names:
        table, study = read_study(name), name.removesuffix("_forecasts")
        made_by = table.attrs["made_by"]
        assert made_by[0] == f"made by: course study {study}"
        assert made_by[1].startswith("versions: ")
        if ticker_of(STUDIES[study].fits()[0]):
            assert re.fullmatch(r"data: [A-Z]+ sha256 [0-9a-f]{64}", made_by[2])
        by_epoch = table.filter(regex=r"^epoch \d+$").columns  # texts differ in epochs
        assert not table.drop(columns=by_epoch).isna().any(axis=None)


@pytest.fixture(scope="module")
def ibm():
    return read_study("ibm").assign(share=lambda table: table["rmse"] / table["naive"])


def test_naive_is_off_by_1_54_on_ibm_s_high_in_2017(ibm):
    (naive,) = ibm.query("column == 'High' and year == 2017")["naive"].unique()
    assert naive == pytest.approx(1.54, abs=0.01)


def test_the_gru_on_returns_and_range_beats_naive_by_8_percent(ibm):
    runs = ibm.query("recipe == 'GRU on returns and range' and column == 'High' and year == 2017")
    assert runs["rmse"].median() <= 1.42
    assert runs["share"].median() <= 0.92


def test_the_linear_regression_gains_as_much_in_every_year(ibm):
    runs = ibm.query("recipe == 'linear, last day' and column == 'High'")
    assert runs["year"].tolist() == list(range(2012, 2018))
    assert runs["share"].max() < 0.93


@pytest.mark.parametrize("recipe", LADDER)
def test_close_is_not_forecast_better_than_naive(ibm, recipe):
    assert ibm.query("recipe == @recipe and column == 'Close'")["share"].median() >= 0.99


@pytest.mark.parametrize("recipe", CLASSIC)
def test_classic_recipes_are_worse_than_naive_and_their_daily_forecasts_say_so(ibm, recipe):
    runs = ibm.query("recipe == @recipe")
    assert runs["share"].median() > 1
    daily = read_study("ibm_forecasts")
    assert set(daily.index.year) == {2017}
    assert len(daily) == 251
    naive = rmse(daily["truth"], daily["same as yesterday"])
    assert naive == pytest.approx(runs["naive"].iloc[0], abs=1e-3)
    for fit in runs.itertuples():
        error = rmse(daily["truth"], daily[f"{recipe}, seed {fit.seed}"])
        assert error == pytest.approx(fit.rmse, abs=2e-3)


@pytest.fixture(scope="module")
def highs():
    """Errors for a high of each ticker and year, over the seeds, one column per recipe."""
    table = pd.concat([read_study("rivals"), read_study("tickers")]).query("column == 'High'")
    return table.pivot_table("rmse", ["ticker", "year"], "recipe")


def gain_over_years(highs, recipe, rival):
    """The mean of the years' median skills over all tickers, and its interval."""
    in_years = (1 - highs[recipe] / highs[rival]).groupby("year").median()
    return paired_difference(in_years, 0 * in_years)


@pytest.mark.parametrize("rival", ["close and mean gap", "linear, last day"])
def test_over_all_tickers_the_network_is_ahead_of_weak_rivals(highs, rival):
    assert gain_over_years(highs, "GRU on returns and range", rival).low > 0


@pytest.mark.parametrize("rival", ["close and recent gap", "linear, 5 days"])
def test_against_fair_rivals_the_network_s_gain_is_within_chance(highs, rival):
    gain = gain_over_years(highs, "GRU on returns and range", rival)
    assert gain.low < 0 < gain.high


@pytest.mark.parametrize("rival", ["close and recent gap", "GRU on returns and range"])
def test_a_formula_with_the_range_stays_ahead(highs, rival):
    assert gain_over_years(highs, "close and volatility", rival).low > 0


def test_memory_is_a_share():
    assert read_study("memory")["accuracy"].between(0, 1).all()


def test_on_the_thermostat_every_cell_knows_what_no_window_of_20_steps_can():
    table = read_study("thermostat").set_index("network")
    windows = table.index.str.contains("20 steps")
    cells = table.index.isin(["SimpleRNN", "LSTM", "GRU"])
    for column in ("200, 50+", "1000, 50+"):
        assert table.loc[windows, column].between(0.45, 0.55).all()
        assert table.loc[cells, column].min() > 0.7


def test_the_cell_with_most_gates_is_not_ahead_on_the_thermostat():
    runs = read_study("thermostat").query("size == 400").groupby("network")["200, 50+"].mean()
    assert runs["LSTM"] < min(runs["GRU"], runs["SimpleRNN"])


def test_a_translator_with_attention_is_ahead_on_held_out_combinations_in_every_seed():
    by_seed = read_study("composition").pivot(index="seed", columns="network", values="test bleu")
    attention, plain = by_seed.pop("with attention"), by_seed.pop("encoder-decoder")
    assert (attention >= 95).all()
    assert by_seed.lt(attention, axis=0).all(axis=None)
    assert by_seed.gt(plain, axis=0).all(axis=None)


def test_a_translator_of_captions_needs_attention_to_beat_the_dictionary():
    table = read_study("multi30k").set_index("network")
    bleus = table["greedy bleu"]
    assert bleus["with attention"] > 1.5 * bleus["encoder-decoder"]
    assert bleus["with attention"] > 1.5 * table["dictionary bleu"]["with attention"]
    assert (table["beam bleu"] > bleus).all()
    assert (table.filter(regex="^loss").diff(axis=1).iloc[:, 1:] < 0).all(axis=None)


def test_character_networks_beat_the_5_gram_and_that_the_unigram():
    table = read_study("characters")
    assert (table["GRU"] < table["5-gram"]).all()
    assert (table["5-gram"] < table["unigram"]).all()
    last = table.filter(regex=r"^epoch \d+$").ffill(axis=1).iloc[:, -1]
    assert last.tolist() == table["GRU"].tolist()


def test_a_reader_learns_nothing_behind_unmasked_padding_and_nearly_all_with_a_mask():
    by_padding = read_study("padding").groupby("padding")["test"]
    assert by_padding.max()["behind"] < 0.6
    assert by_padding.min()["behind, masked"] > 0.9


def test_readers_of_real_sentences_are_better_than_chance_and_tested_on_the_same_folds():
    table = read_study("sentiment")
    assert (table[["all", "plain", "denied"]].mean() > 0.7).all()
    assert (table.groupby(["seed", "fold"])["share denied"].nunique() == 1).all()
    assert 0.1 < table["share denied"].mean() < 0.3


@pytest.fixture(scope="module")
def ranges():
    """Errors of each way and year, over the seeds, one column per share."""
    table = read_study("volatility")
    shares = [name for name in table if name.isupper()]
    assert len(shares) == 31
    return table.groupby(["recipe", "year"])[shares].mean()


def test_har_beats_yesterday_for_every_share_in_every_year(ranges):
    share = ranges.loc["HAR"] / ranges.loc["as yesterday"]
    assert (share < 1).all(axis=None)
    assert share.stack().median() == pytest.approx(0.81, abs=0.01)


def test_one_network_for_all_shares_is_ahead_in_every_year(ranges):
    network = ranges.loc["GRU, one for all"]
    assert ((network < ranges.loc["HAR"]).sum(axis=1) >= 26).all()
    for rival in ("HAR and market", "boosting on twelve", "dense, one for all"):
        assert (network.mean(axis=1) < ranges.loc[rival].mean(axis=1)).all()


def test_twelve_means_chosen_by_hand_are_as_good_within_chance(ranges):
    gain = paired_difference(
        ranges.loc["regression on twelve"].mean(axis=1), ranges.loc["GRU, one for all"].mean(axis=1)
    )
    assert gain.low < 0 < gain.high


def test_least_squares_on_the_raw_numbers_beats_the_dense_network_and_comes_near_the_other(ranges):
    by_year = ranges.mean(axis=1)
    raw, network = by_year["regression on all 176"], by_year["GRU, one for all"]
    assert (raw < by_year["dense, one for all"]).all()
    assert (raw < by_year["HAR and market, one for all"]).all()
    assert raw.mean() / network.mean() - 1 == pytest.approx(0.004, abs=0.001)
    assert (network < raw).sum() == 5
    gain = paired_difference(raw, network)
    assert gain.low < 0 < gain.mean


def test_daily_errors_of_all_shares_are_those_of_the_table(ranges):
    daily = read_study("volatility_forecasts")["HAR, seed 0"]
    by_year = (daily**2).groupby(daily.index.year).mean()
    np.testing.assert_allclose(by_year, (ranges.loc["HAR"] ** 2).mean(axis=1), rtol=5e-3)


def test_well_smoothed_counts_pay_less_for_text_than_the_networks():
    study = read_study("characters")
    assert (study["5-gram, Kneser-Ney"] < study["GRU"]).all()
    assert (study["GRU"] < study["5-gram"]).all()
