"""Studies can be stopped and resumed, never mix old with new, and write the tables they should."""

import shutil
from pathlib import Path

from course.commands import app
from course.studies import running, workers
from course.studies.memory import Recall
from course.studies.one_step import IBM, OneStep
from course.studies.study import Study
from course_utils.evaluation import rmse
from course_utils.files import ROOT, DataError
from course_utils.recipes import CLASSIC, RECIPES, Recipe
from course_utils.studies import read_study

import pytest
from helpers import made_up_prices
from joblib.externals.loky import get_reusable_executor
from small_study import (
    LINEAR,
    NETWORK,
    WALKS,
    assert_same_results,
    counts,
    run,
    some_prices,
    use_made_up_prices,
    years_of_prices,
)
from typer.testing import CliRunner

FITS = LINEAR + NETWORK
NIGHTLY = pytest.mark.nightly


def times_written(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "fits").glob("*.json")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished study of four regressions and two tiny networks, and its table."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_made_up_prices(monkeypatch)
        return folder, run(folder, FITS)


@pytest.fixture(autouse=True)
def made_up(monkeypatch):
    use_made_up_prices(monkeypatch)


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished study that a test may damage."""
    return Path(shutil.copytree(finished[0], tmp_path / "copy"))


# ---------------------------------------------------------------- tables


@pytest.mark.slow
def test_the_table_has_one_row_per_fit_in_the_order_of_the_plan(finished):
    folder, table = finished
    fields = ["recipe", "ticker", "column", "year", "seed"]
    assert list(table.columns) == [*fields, "rmse", "naive", "lag", "seconds"]
    assert [OneStep(*row) for row in table[fields].itertuples(index=False)] == FITS
    assert len(times_written(folder)) == len(table)


@pytest.mark.slow
def test_the_table_says_how_it_was_made(finished):
    made_by = finished[1].attrs["made_by"]
    assert made_by[0] == "made by: course study small"
    versions = workers.versions_here()
    assert {"python", "tensorflow", "keras", "numpy", "scikit-learn"} == set(versions)
    assert made_by[1] == "versions: " + ", ".join(" ".join(pair) for pair in versions.items())
    assert made_by[2:] == [
        f"data: {ticker} sha256 {some_prices(ticker).attrs['sha256']}" for ticker in ("AAPL", "IBM")
    ]


def test_naive_in_the_table_is_yesterday(finished):
    high = some_prices("IBM")["High"]
    naive = finished[1].query("ticker == 'IBM' and column == 'High'")["naive"]
    expected = rmse(high.loc["2017"], high.shift().loc["2017"])
    assert naive.tolist() == pytest.approx([expected] * 3, abs=1e-4)


def test_a_different_seed_gives_a_different_network(finished):
    one, other = finished[1].query("recipe == 'tiny'")["rmse"]
    assert one != other


@pytest.mark.slow
def test_the_ibm_study_also_writes_daily_forecasts_and_a_picture(monkeypatch, tmp_path):
    for name in CLASSIC:
        monkeypatch.setitem(RECIPES, name, Recipe("levels", lookback=5, cell="regression"))
    fits = [OneStep(name, "IBM", "High", 2017, 0) for name in (*CLASSIC, "tiny")]
    study = Study("ibm", "", lambda: fits, IBM.daily, IBM.picture)
    written = running.run_study(study, 1, fits_folder=tmp_path, tables_folder=tmp_path)
    assert [path.name for path in written] == ["ibm.csv", "ibm_forecasts.csv", "ibm.png"]
    assert written[2].read_bytes().startswith(b"\x89PNG")
    table, daily = read_study("ibm", tmp_path), read_study("ibm_forecasts", tmp_path)
    assert daily.attrs["made_by"] == table.attrs["made_by"]
    runs = [f"{name}, seed 0" for name in CLASSIC]
    assert list(daily) == ["truth", "same as yesterday", *runs]
    high = some_prices("IBM")["High"].loc["2017"]
    assert list(daily.index) == list(high.index)
    assert daily["truth"].to_numpy() == pytest.approx(high.to_numpy(), abs=1e-3)
    assert daily["same as yesterday"].iloc[1:].tolist() == daily["truth"].iloc[:-1].tolist()
    assert rmse(daily["truth"], daily[runs[1]]) == pytest.approx(table["rmse"][1], abs=2e-3)


# ---------------------------------------------------------------- stopping and resuming


@pytest.mark.slow
def test_seeds_are_trained_together_or_what_is_missing_of_them_to_the_same_numbers(
    copied, finished, tmp_path, monkeypatch
):
    asked, measured = [], running.measured

    def noted(tasks, jobs, scheduler):
        asked.append([len(task.fits) for task in tasks])
        return measured(tasks, jobs, scheduler)

    monkeypatch.setattr(running, "measured", noted)
    for path in (copied / "fits").iterdir():
        if '"seed": 1' in path.read_text():
            path.unlink()
    one_left = run(copied, FITS)
    run(tmp_path, FITS)
    assert asked == [[1], [1, 1, 1, 1, 2]]
    assert_same_results(one_left, finished[1], rtol=0, atol=1e-4)


def test_a_study_stopped_midway_resumes_to_the_same_table(finished, tmp_path):
    def stop_after_two(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, LINEAR, report=stop_after_two)
    before = times_written(tmp_path)
    assert len(before) == 2
    assert not list((tmp_path / "tables").iterdir())
    table = run(tmp_path, LINEAR)
    assert before.items() <= times_written(tmp_path).items()
    assert_same_results(table, finished[1].iloc[: len(LINEAR)])


def test_a_finished_study_runs_nothing_and_writes_the_same_bytes(copied):
    path = copied / "tables" / "small.csv"
    times, text = times_written(copied), path.read_bytes()
    reports = []
    run(copied, FITS, report=counts(reports))
    assert reports == [(6, 6)]
    assert times_written(copied) == times
    assert path.read_bytes() == text


def change_prices_of_apple(monkeypatch, folder):
    def changed(ticker):
        return made_up_prices("2016-10-03", "2017-03-31", 9 if ticker == "AAPL" else 3, ticker)

    monkeypatch.setattr(running, "load_prices", changed)


def change_versions(monkeypatch, folder):
    monkeypatch.setattr(workers, "version", lambda package: "99.0")


def change_declared_version(monkeypatch, folder):
    monkeypatch.setattr(OneStep, "version", 99)


def change_code(name):
    def change(monkeypatch, folder):
        shutil.copytree(ROOT / "course_utils", folder / "course_utils")
        with (folder / "course_utils" / name).open("a", encoding="utf-8") as file:
            file.write("# a newer version\n")
        monkeypatch.setattr(workers, "PACKAGES", folder)

    return change


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (change_prices_of_apple, 2),
        (change_versions, 0),
        (change_declared_version, 0),
        (change_code("training.py"), 0),
        (change_code("evaluation/errors.py"), 0),
        (change_code("plots/prices.py"), 4),
    ],
)
def test_results_of_other_prices_versions_or_code_are_not_used(
    change, kept, copied, tmp_path, monkeypatch
):
    before = times_written(copied)
    change(monkeypatch, tmp_path)
    reports = []
    run(copied, LINEAR, report=counts(reports))
    assert reports[0] == (kept, 4)
    assert reports[-1] == (4, 4)
    assert before.items() <= times_written(copied).items()


def test_a_result_cut_off_by_a_power_cut_is_run_again(copied, finished):
    cut = next((copied / "fits").iterdir())
    cut.write_bytes(cut.read_bytes()[:-20])
    reports = []
    assert_same_results(run(copied, FITS, report=counts(reports)), finished[1])
    assert reports == [(5, 6), (6, 6)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "network",  # workers know no `tiny`
    [[], pytest.param([OneStep("GRU on returns", "IBM", "High", 2017, 0)], marks=NIGHTLY)],
)
def test_side_by_side_and_one_by_one_give_the_same_results(network, tmp_path, monkeypatch):
    use_made_up_prices(monkeypatch, years_of_prices)
    try:
        side_by_side = run(tmp_path / "two", [*network, *WALKS[:2]], jobs=2)
    finally:
        get_reusable_executor().shutdown(wait=True)
    assert_same_results(side_by_side, run(tmp_path / "one", [*network, *WALKS[:2]]))


def test_a_study_that_measures_time_runs_one_fit_at_a_time(tmp_path, monkeypatch):
    asked, measured = [], running.measured

    def noted(tasks, jobs, scheduler):
        asked.append(jobs)
        return measured(tasks, 1, scheduler)

    monkeypatch.setattr(running, "measured", noted)
    for alone in (False, True):
        timed = Study("timed", "Fits.", lambda: LINEAR[:1], alone=alone)
        running.run_study(timed, 2, fits_folder=tmp_path / "fits", tables_folder=tmp_path)
    assert asked == [2, 1]


# ---------------------------------------------------------------- prices


def test_gaps_are_filled_from_the_past(tmp_path, monkeypatch):
    def with_gap(ticker):
        prices = some_prices(ticker)
        prices.iloc[40:42] = float("nan")
        return prices

    monkeypatch.setattr(running, "load_prices", with_gap)
    gaps = run(tmp_path / "gaps", LINEAR)
    monkeypatch.setattr(running, "load_prices", lambda ticker: with_gap(ticker).ffill())
    assert_same_results(gaps, run(tmp_path / "filled", LINEAR))


@pytest.mark.parametrize("reason", ["refused", "embedded"])
def test_an_absent_ticker_is_left_out_and_named(tmp_path, monkeypatch, capsys, reason):
    def only_ibm(ticker):
        if ticker == "AAPL" and reason == "refused":
            raise DataError("AAPL.csv has a wrong checksum")
        prices = some_prices(ticker)
        prices.attrs["source"] = "full" if ticker == "IBM" else "embedded"
        return prices

    monkeypatch.setattr(running, "load_prices", only_ibm)
    table = run(tmp_path, LINEAR)
    assert set(table["ticker"]) == {"IBM"}
    assert table.attrs["made_by"][-1] == "not at hand: AAPL"
    assert ("wrong checksum" in capsys.readouterr().out) == (reason == "refused")


def test_without_any_full_prices_a_study_says_what_to_do(monkeypatch, tmp_path):
    def gone(ticker):
        raise DataError(f"{ticker} is not here")

    monkeypatch.setenv("COURSE_EMBEDDED", "0")  # with 1, the command says so, below
    monkeypatch.setattr(running, "load_prices", gone)
    with pytest.raises(DataError, match=r"`course data get AAPL IBM`.*COURSE_D"):
        run(tmp_path, LINEAR)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_memory_study_needs_no_prices(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_EMBEDDED", "1")
    table = run(tmp_path, [Recall("SimpleRNN", 2, 0)])
    assert table.columns.tolist() == ["cell", "distance", "seed", "accuracy", "seconds"]
    assert table["accuracy"].iloc[0] > 0.9


# ---------------------------------------------------------------- reading tables


@pytest.mark.parametrize("table", ["tickers", "ibm_forecasts"])
@pytest.mark.parametrize(
    "damaged",
    [
        None,
        b"",
        b"# made by: course study ibm\n",
        b"\x89PNG\r\n\x1a\n\x00\xff\xfe",
        b"# made by\nrecipe,rmse\na,1\nb,1,2,3\n",
        "a folder",
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_the_command_that_makes_it(
    tmp_path, table, damaged
):
    path = tmp_path / f"{table}.csv"
    if damaged == "a folder":
        path.mkdir()
    elif damaged is not None:
        path.write_bytes(damaged)
    command = f"`course study {table.removesuffix('_forecasts')}`"
    with pytest.raises(DataError, match=rf"(?s){table}\.csv cannot be read .*{command}"):
        read_study(table, tmp_path)


# ---------------------------------------------------------------- the command


def invoke(*arguments):
    result = CliRunner().invoke(app, ["study", *arguments])
    return result.exit_code, " ".join(result.output.split())


def test_the_command_refuses_an_unknown_study_and_names_the_known_ones():
    code, output = invoke("imb")
    assert code == 2
    assert "No study 'imb': choose ibm, wide" in output


def test_the_command_refuses_to_run_nothing_side_by_side():
    assert invoke("ibm", "--jobs", "0")[0] == 2


def test_the_command_ends_with_1_and_what_to_do_on_embedded_prices(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("COURSE_EMBEDDED", "1")
    code, output = invoke("ibm")
    assert code == 1
    assert "COURSE_EMBEDDED=1 forbids them: unset it" in output


def test_the_command_stopped_by_ctrl_c_says_that_finished_fits_are_kept(monkeypatch):
    def stop(study, jobs, report, scheduler):
        report(2, 4)
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "run_study", stop)
    code, output = invoke("ibm")
    assert code == 130
    assert "2 of 4 fits" in output
    assert "Finished fits are kept" in output


def test_the_command_names_every_file_that_it_wrote(monkeypatch):
    found = []

    def write(*options, **more):
        found.append((options[0].name, options[1], more["scheduler"]))
        return [Path("ibm.csv"), Path("ibm.png")]

    monkeypatch.setattr(running, "run_study", write)
    code, output = invoke("ibm", "--jobs", "3", "--dask", "tcp://there")
    assert (code, found) == (0, [("ibm", 3, "tcp://there")])
    assert "wrote ibm.csv wrote ibm.png" in output
