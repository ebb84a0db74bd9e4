"""Studies can be stopped and go on, never mix old with new, and their tables say what they must."""

import dataclasses
import re
import shutil
from pathlib import Path

from course.commands import app
from course.studies import running as studies
from course.studies import workers
from course.studies.memory import Recall
from course.studies.one_step import OneStep
from course.studies.plans import PLANS, plan
from course.studies.running import run_study
from course_utils import recipes
from course_utils.evaluation import check_past_only, rmse
from course_utils.files import DataError
from course_utils.recipes import CLASSIC, LADDER, RECIPES, Recipe
from course_utils.studies import read_study

import pandas as pd
import pytest
from helpers import made_up_prices
from joblib.externals.loky import get_reusable_executor
from typer.testing import CliRunner

COLUMNS = ["recipe", "ticker", "column", "year", "seed", "rmse", "naive", "lag", "seconds"]
LINEAR = [
    OneStep("linear, last day", ticker, column, 2017, 0)
    for ticker in ("AAPL", "IBM")
    for column in ("High", "Close")
]
NETWORK = [OneStep("tiny", "IBM", "High", 2017, seed) for seed in (0, 1)]
TINY = Recipe("returns", lookback=5, cell="SimpleRNN", units=2, epochs=1)


def some_prices(ticker):
    return made_up_prices("2016-10-03", "2017-03-31", seed=len(ticker), ticker=ticker)


def use_small_study(monkeypatch, fits):
    """Replace the data of a study, not its machinery: its prices, its plan, one recipe more."""
    monkeypatch.setattr(studies, "load_prices", some_prices)
    monkeypatch.setattr(studies, "plan", lambda study: fits)
    monkeypatch.setitem(RECIPES, "tiny", TINY)


def run(folder, study="tickers", **options):
    """Run the study in a folder; returns its table."""
    folders = {"fits_folder": folder / "fits", "tables_folder": folder / "tables"}
    path = run_study(study, **{"jobs": 1, **options}, **folders)
    assert path == folder / "tables" / f"{study}.csv"
    return read_study(study, folder / "tables")


def assert_same_results(one, other):
    """All columns but how long it took."""
    pd.testing.assert_frame_equal(one.drop(columns="seconds"), other.drop(columns="seconds"))


def times_written(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "fits").glob("*.json")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished study of four regressions and two tiny networks, and its table."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_small_study(monkeypatch, LINEAR + NETWORK)
        return folder, run(folder)


@pytest.fixture
def small_study(monkeypatch):
    use_small_study(monkeypatch, LINEAR + NETWORK)


@pytest.fixture
def linear_study(monkeypatch):
    use_small_study(monkeypatch, LINEAR)


@pytest.fixture
def copied(finished, tmp_path, small_study):
    """A copy of the finished study that a test may damage."""
    return Path(shutil.copytree(finished[0], tmp_path / "copy"))


# ---------------------------------------------------------------- tables and recipes


def test_the_table_has_a_row_a_fit_in_the_order_of_the_plan(finished):
    folder, table = finished
    assert list(table.columns) == COLUMNS
    rows = table[COLUMNS[:5]].itertuples(index=False)
    assert [OneStep(*row) for row in rows] == LINEAR + NETWORK
    assert (table[["rmse", "naive"]] > 0).all(axis=None)
    assert len(times_written(folder)) == len(table)


def test_the_table_says_how_it_was_made(finished):
    made_by = finished[1].attrs["made_by"]
    assert made_by[0] == "made by: course study tickers"
    assert made_by[1].startswith("versions: python 3.")
    for package in ("tensorflow", "keras", "numpy", "scikit-learn"):
        assert re.search(rf"\b{package} \d+\.\d+", made_by[1])
    assert made_by[2:] == [
        f"data: {ticker} sha256 {some_prices(ticker).attrs['sha256']}" for ticker in ("AAPL", "IBM")
    ]


def test_naive_in_the_table_is_yesterday(finished):
    high = some_prices("IBM")["High"]
    naive = finished[1].query("ticker == 'IBM' and column == 'High'")["naive"]
    expected = rmse(high.loc["2017"], high.shift().loc["2017"])
    assert naive.tolist() == pytest.approx([expected] * 3, abs=1e-4)


def test_another_seed_is_another_training(finished):
    one, other = finished[1].query("recipe == 'tiny'")["rmse"]
    assert one != other


@pytest.mark.parametrize("features", ["levels", "returns", "range"])
def test_future_prices_never_change_a_recipe_s_past_forecasts(features):
    recipe = Recipe(features, cell=None)
    check_past_only(
        lambda prices: recipes.forecast(recipe, prices, "High", 2017, seed=0),
        some_prices("IBM"),
        "2017-02-15",
    )


@pytest.mark.parametrize("features", ["levels", "returns", "range"])
def test_a_forecast_is_in_usd_for_each_day_of_the_year(features):
    prices = some_prices("IBM")
    forecasts = recipes.forecast(Recipe(features, cell=None), prices, "Close", 2017, seed=0)
    days = prices.loc["2017"]
    pd.testing.assert_index_equal(forecasts.index, days.index)
    assert rmse(days["Close"], forecasts) < 0.05 * days["Close"].mean()


def test_the_ibm_study_also_writes_the_classic_forecasts(monkeypatch, tmp_path):
    use_small_study(
        monkeypatch, [OneStep(name, "IBM", "High", 2017, 0) for name in (*CLASSIC, "tiny")]
    )
    for name in CLASSIC:
        monkeypatch.setitem(RECIPES, name, Recipe("levels", lookback=5, cell=None))
    table = run(tmp_path, "ibm")
    forecasts = read_study("ibm_forecasts", tmp_path / "tables")
    high = some_prices("IBM")["High"]
    assert list(forecasts) == [
        "truth",
        "same as yesterday",
        "classic LSTM, seed 0",
        "classic GRU, seed 0",
    ]
    assert forecasts.attrs["made_by"] == table.attrs["made_by"]
    assert list(forecasts.index) == list(high.loc["2017"].index)
    assert forecasts["truth"].to_numpy() == pytest.approx(high.loc["2017"].to_numpy(), abs=1e-3)
    assert forecasts["same as yesterday"].iloc[1:].tolist() == forecasts["truth"].iloc[:-1].tolist()
    error = rmse(forecasts["truth"], forecasts["classic GRU, seed 0"])
    assert error == pytest.approx(table["rmse"][1], abs=2e-3)


# ---------------------------------------------------------------- stopping and going on


def test_fits_whose_results_are_gone_are_run_again_and_no_others(copied, finished):
    before = times_written(copied)
    gone = sorted(before)[::3]
    for name in gone:
        (copied / "fits" / name).unlink()
    reports = []
    table = run(copied, report=lambda *counts: reports.append(counts))
    assert reports == [(done, 6) for done in range(6 - len(gone), 7)]
    after = times_written(copied)
    assert set(after) == set(before)
    assert {name for name in after if after[name] == before[name]} == set(before) - set(gone)
    assert_same_results(table, finished[1])


def test_a_study_stopped_midway_goes_on_to_the_same_table(linear_study, finished, tmp_path):
    def stop_after_two(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, report=stop_after_two)
    before = times_written(tmp_path)
    assert len(before) == 2
    assert not list((tmp_path / "tables").iterdir())
    table = run(tmp_path)
    assert before.items() <= times_written(tmp_path).items()
    assert_same_results(table, finished[1].iloc[: len(LINEAR)])


def test_a_finished_study_runs_nothing_and_writes_the_same_bytes(copied):
    path = copied / "tables" / "tickers.csv"
    times, text = times_written(copied), path.read_bytes()
    reports = []
    run(copied, report=lambda *counts: reports.append(counts))
    assert reports == [(6, 6)]
    assert times_written(copied) == times
    assert path.read_bytes() == text


def test_a_changed_recipe_runs_its_own_fits_again_and_no_others(copied, finished, monkeypatch):
    before = times_written(copied)
    monkeypatch.setitem(RECIPES, "tiny", Recipe(**{**vars(TINY), "learning_rate": 0.5}))
    reports = []
    table = run(copied, report=lambda *counts: reports.append(counts))
    assert reports[0] == (len(LINEAR), 6)
    assert before.items() <= times_written(copied).items()
    changed = table["rmse"] != finished[1]["rmse"]
    assert table.loc[changed, "recipe"].tolist() == ["tiny", "tiny"]


def test_changed_prices_run_the_fits_on_them_again(copied, monkeypatch):
    monkeypatch.setattr(studies, "plan", lambda study: LINEAR)

    def other_apple(ticker):
        return made_up_prices("2016-10-03", "2017-03-31", 9 if ticker == "AAPL" else 3, ticker)

    monkeypatch.setattr(studies, "load_prices", other_apple)
    reports = []
    run(copied, report=lambda *counts: reports.append(counts))
    assert reports == [(2, 4), (3, 4), (4, 4)]


def test_other_versions_run_all_again(linear_study, tmp_path, monkeypatch):
    run(tmp_path)
    monkeypatch.setattr(workers, "version", lambda package: "99.0")
    reports = []
    table = run(tmp_path, report=lambda *counts: reports.append(counts))
    assert reports[0] == (0, len(LINEAR))
    assert "keras 99.0" in table.attrs["made_by"][1]


def test_a_worker_killed_while_it_writes_leaves_no_half_result(linear_study, finished, tmp_path):
    write_text = Path.write_text

    def write_half(path, text, **options):
        write_text(path, text[: len(text) // 2], **options)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Path, "write_text", write_half)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path)
    assert [*(tmp_path / "fits").iterdir()] == []
    assert_same_results(run(tmp_path), finished[1].iloc[: len(LINEAR)])


def test_side_by_side_and_one_by_one_give_the_same_results(monkeypatch, tmp_path):
    network = OneStep(
        "GRU on returns", "IBM", "High", 2017, 0
    )  # workers know the real recipes only
    use_small_study(monkeypatch, [network, *LINEAR])
    try:
        side_by_side = run(tmp_path / "two", jobs=2)
    finally:
        get_reusable_executor().shutdown(wait=True)
    assert_same_results(side_by_side, run(tmp_path / "one", jobs=1))


# ---------------------------------------------------------------- prices


def test_gaps_are_filled_from_the_past(linear_study, tmp_path, monkeypatch):
    def with_gap(ticker):
        prices = some_prices(ticker)
        prices.iloc[40:42] = float("nan")
        return prices

    monkeypatch.setattr(studies, "load_prices", with_gap)
    gaps = run(tmp_path / "gaps")
    monkeypatch.setattr(studies, "load_prices", lambda ticker: with_gap(ticker).ffill())
    assert_same_results(gaps, run(tmp_path / "filled"))


@pytest.mark.parametrize("reason", ["refused", "embedded"])
def test_a_ticker_that_is_not_at_hand_is_left_out_and_named(
    linear_study, tmp_path, monkeypatch, capsys, reason
):
    def only_ibm(ticker):
        if ticker == "AAPL" and reason == "refused":
            raise DataError("AAPL.csv has a wrong checksum")
        prices = some_prices(ticker)
        prices.attrs["source"] = "full" if ticker == "IBM" else "embedded"
        return prices

    monkeypatch.setattr(studies, "load_prices", only_ibm)
    table = run(tmp_path)
    assert set(table["ticker"]) == {"IBM"}
    assert table.attrs["made_by"][-1] == "not at hand: AAPL"
    assert ("wrong checksum" in capsys.readouterr().out) == (reason == "refused")


def test_embedded_prices_are_refused_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_EMBEDDED", "1")
    with pytest.raises(DataError, match="COURSE_EMBEDDED=1 forbids them: unset it"):
        run(tmp_path, "ibm")
    assert list(tmp_path.iterdir()) == []


def test_prices_that_are_not_here_are_asked_for_by_name(monkeypatch, tmp_path):
    def gone(ticker):
        raise DataError(f"{ticker} is not here")

    monkeypatch.setattr(studies, "load_prices", gone)
    with pytest.raises(DataError, match=r"`course data get IBM`.*COURSE_DATA_DIR"):
        run(tmp_path, "ibm")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- reading tables


def damage_nothing_there(path):
    pass


def damage_empty(path):
    path.touch()


def damage_header_alone(path):
    path.write_text("# made by: course study ibm\n", encoding="utf-8")


def damage_other_bytes(path):
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe")


def damage_rows_of_unequal_length(path):
    path.write_text("# made by\nrecipe,rmse\na,1\nb,1,2,3\n", encoding="utf-8")


def damage_folder_in_its_place(path):
    path.mkdir()


@pytest.mark.parametrize("table", ["ibm", "tickers", "ibm_forecasts"])
@pytest.mark.parametrize(
    "damage",
    [
        damage_nothing_there,
        damage_empty,
        damage_header_alone,
        damage_other_bytes,
        damage_rows_of_unequal_length,
        damage_folder_in_its_place,
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_the_command_that_makes_it(
    tmp_path, table, damage
):
    damage(tmp_path / f"{table}.csv")
    command = f"`course study {table.removesuffix('_forecasts')}`"
    with pytest.raises(DataError, match=rf"(?s){table}\.csv cannot be read .*{command}"):
        read_study(table, tmp_path)


# ---------------------------------------------------------------- plans and the command


def test_the_ibm_plan_has_each_combination_once():
    fits = plan("ibm")
    assert len(fits) == len(set(fits)) == 2 * 5 + 3 * 2 * 6 * 5 + 2 * 6
    assert [fit.recipe for fit in fits[:10]] == ["classic LSTM"] * 5 + ["classic GRU"] * 5
    assert {fit.recipe for fit in fits[10:]} == set(LADDER)


def test_the_tickers_plan_has_31_tickers_in_six_years():
    fits = plan("tickers")
    assert len({fit.ticker for fit in fits}) == 31
    assert {fit.year for fit in fits} == set(range(2012, 2018))
    assert len(fits) == len(set(fits)) == 31 * 6 * (5 + 1)


def test_an_unknown_study_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="No study 'imb': choose ibm, tickers, cells"):
        run(tmp_path, "imb")


def test_the_command_refuses_an_unknown_study_as_wrong_usage():
    result = CliRunner().invoke(app, ["study", "imb"])
    assert result.exit_code == 2
    assert "choose ibm, tickers" in " ".join(result.output.split())


def test_the_command_ends_with_1_and_what_to_do_on_embedded_prices(monkeypatch):
    monkeypatch.setenv("COURSE_EMBEDDED", "1")
    result = CliRunner().invoke(app, ["study", "ibm"])
    assert result.exit_code == 1
    assert "COURSE_EMBEDDED=1 forbids them: unset it" in " ".join(result.output.split())


def test_the_command_stopped_by_ctrl_c_says_that_finished_fits_are_kept(monkeypatch):
    def stop(name, jobs, report, scheduler):
        report(2, 4)
        raise KeyboardInterrupt

    monkeypatch.setattr("course.studies.running.run_study", stop)
    result = CliRunner().invoke(app, ["study", "ibm"])
    assert result.exit_code == 130
    assert "Finished fits are kept" in result.output


# ---------------------------------------------------------------- the committed tables


@pytest.fixture(scope="module")
def ibm():
    return read_study("ibm").assign(share=lambda table: table["rmse"] / table["naive"])


def committed():
    return sorted(path.stem for path in studies.TABLES.glob("*.csv"))


def test_committed_tables_are_whole_and_say_how_they_were_made():
    with_forecasts = [f"{study}_forecasts" for study in studies.WITH_SERIES]
    assert committed() == sorted([*PLANS, *with_forecasts])
    for name in committed():
        table = read_study(name)
        study = name.removesuffix("_forecasts")
        made_by = table.attrs["made_by"]
        assert made_by[0] == f"made by: course study {study}"
        assert made_by[1].startswith("versions: ")
        if any(hasattr(fit, "ticker") for fit in plan(study)):
            assert re.fullmatch(r"data: [A-Z]+ sha256 [0-9a-f]{64}", made_by[2])
        by_epoch = table.filter(
            regex=r"^epoch \d+$"
        ).columns  # one text has more epochs than another
        assert not table.drop(columns=by_epoch).isna().any(axis=None)


@pytest.mark.parametrize("study", PLANS)
def test_committed_tables_hold_every_fit_of_the_plan(study):
    table = read_study(study)
    absent = re.findall(r"not at hand: (.*)", "\n".join(table.attrs["made_by"]))
    absent = set(absent[0].split(", ")) if absent else set()
    fits = [fit for fit in plan(study) if getattr(fit, "ticker", None) not in absent]
    fields = [field.name for field in dataclasses.fields(fits[0])]
    rows = table[fields].itertuples(index=False)
    assert [type(fits[0])(*row) for row in rows] == fits


def test_committed_memory_is_a_share():
    assert read_study("memory")["accuracy"].between(0, 1).all()


def test_committed_ibm_has_5_seeds_of_each_network_over_years_and_prices(ibm):
    runs = ibm.groupby(["recipe", "column", "year"])["seed"].apply(sorted)
    for recipe in LADDER:
        seeds = [0] if RECIPES[recipe].cell is None else [0, 1, 2, 3, 4]
        for column in ("High", "Close"):
            assert runs[recipe, column].to_dict() == dict.fromkeys(range(2012, 2018), seeds)
    for recipe in CLASSIC:
        assert runs[recipe].to_dict() == {("High", 2017): [0, 1, 2, 3, 4]}


def test_committed_naive_of_ibm_high_in_2017_is_1_54(ibm):
    naive = ibm.query("column == 'High' and year == 2017")["naive"]
    assert naive.nunique() == 1
    assert naive.iloc[0] == pytest.approx(1.54, abs=0.01)


def test_committed_gru_on_returns_and_range_beats_naive_by_8_percent(ibm):
    runs = ibm.query("recipe == 'GRU on returns and range' and column == 'High' and year == 2017")
    assert runs["rmse"].median() <= 1.42
    assert runs["share"].median() <= 0.92


def test_committed_linear_regression_gains_as_much_in_every_year(ibm):
    runs = ibm.query("recipe == 'linear, last day' and column == 'High'")
    assert runs["year"].tolist() == list(range(2012, 2018))
    assert runs["share"].max() < 0.93


@pytest.mark.parametrize("recipe", LADDER)
def test_committed_close_is_not_forecast_better_than_naive(ibm, recipe):
    runs = ibm[(ibm["recipe"] == recipe) & (ibm["column"] == "Close")]
    assert runs["share"].median() >= 0.99


@pytest.mark.parametrize("recipe", CLASSIC)
def test_committed_classic_recipes_are_worse_than_naive(ibm, recipe):
    assert ibm[ibm["recipe"] == recipe]["share"].median() > 1


def test_committed_classic_forecasts_agree_with_the_committed_errors(ibm):
    forecasts = read_study("ibm_forecasts")
    assert set(forecasts.index.year) == {2017}
    assert len(forecasts) == 251
    truth = forecasts["truth"]
    naive = ibm.query("column == 'High' and year == 2017")["naive"].iloc[0]
    assert rmse(truth, forecasts["same as yesterday"]) == pytest.approx(naive, abs=1e-3)
    for run_ in ibm[ibm["recipe"].isin(CLASSIC)].itertuples():
        error = rmse(truth, forecasts[f"{run_.recipe}, seed {run_.seed}"])
        assert error == pytest.approx(run_.rmse, abs=2e-3)


@pytest.mark.parametrize("network", ["read backwards", "with attention"])
def test_committed_translators_pass_90_on_held_out_combinations_in_every_seed(network):
    runs = read_study("composition").query("network == @network")
    assert len(runs) == 3
    assert (runs["test bleu"] >= 90).all()


def test_committed_translator_of_captions_needs_attention_to_beat_the_dictionary():
    table = read_study("multi30k").set_index("network")
    bleus = table["greedy bleu"]
    assert bleus["with attention"] > 1.5 * bleus["encoder-decoder"]
    assert bleus["with attention"] > 1.5 * table["dictionary bleu"]["with attention"]
    assert (table["beam bleu"] > bleus).all()
    assert (table.filter(regex="^loss").diff(axis=1).iloc[:, 1:] < 0).all(axis=None)


def test_committed_character_networks_beat_the_5_gram_and_that_the_unigram():
    table = read_study("characters")
    assert (table["GRU"] < table["5-gram"]).all()
    assert (table["5-gram"] < table["unigram"]).all()
    last = table.filter(regex=r"^epoch \d+$").ffill(axis=1).iloc[:, -1]
    assert last.tolist() == table["GRU"].tolist()


def test_a_result_cut_off_by_a_power_cut_is_run_again(tmp_path):
    whole, cut, absent = (tmp_path / name for name in ("whole.json", "cut.json", "absent.json"))
    whole.write_text('{"rmse": 1.0, "seconds": 2.5}')
    cut.write_text('{"rmse": 1.0, "sec')
    assert [studies._is_result(path) for path in (whole, cut, absent)] == [True, False, False]


def test_the_memory_study_needs_no_prices(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_EMBEDDED", "1")
    monkeypatch.setattr(studies, "plan", lambda study: [Recall("SimpleRNN", 2, 0)])
    table = read_study(
        studies.run_study("memory", 1, lambda *_: None, tmp_path, tmp_path).stem, tmp_path
    )
    assert table.columns.tolist() == ["cell", "distance", "seed", "accuracy", "seconds"]
    assert table["accuracy"].iloc[0] > 0.9
