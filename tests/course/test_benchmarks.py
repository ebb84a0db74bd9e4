"""make bench asks what it says, keeps a failed way's reason, and its committed table is whole."""

from dataclasses import replace

import bench
import pandas as pd
import pytest
from contenders import QUESTIONS, Question
from typer.testing import CliRunner


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """One question of one round, and results in a folder of the test's own."""
    asked = {"windows-3k": replace(QUESTIONS["windows-3k"], rounds=1)}
    monkeypatch.setattr(bench, "QUESTIONS", asked)
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "results.csv")
    monkeypatch.setattr(bench, "header", lambda: (["made by: make bench", "machine: x"], False))
    return bench.RESULTS


def read(path):
    return pd.read_csv(path, comment="#", keep_default_na=False, dtype=str)


def test_every_way_of_a_question_takes_its_turns_and_is_held_against_the_first(quick):
    bench.main(None)
    table = read(quick)
    assert table["way"].tolist() == list(QUESTIONS["windows-3k"].ways)
    ratio, seconds = table["ratio"].astype(float), table["seconds"].astype(float)
    assert ratio[0] == 1
    assert ratio.tolist() == pytest.approx((seconds / seconds[0]).tolist(), rel=1e-2)
    assert set(table["GPU ratio"]) == {"not measured"}


def test_answers_replace_earlier_ones_to_the_same_question_on_the_same_machine_only(quick):
    quick.write_text(
        "# made by: make bench\n# machine: x\n"
        "question,text,way,ratio\nwindows-3k,old,old,9\nanother,kept,kept,2\n"
    )
    bench.main(["windows-3k"])
    assert "kept" in set(read(quick)["way"])
    assert "old" not in set(read(quick)["way"])
    quick.write_text(quick.read_text().replace("machine: x", "machine: y"))
    bench.main(["windows-3k"])
    assert "kept" not in set(read(quick)["way"])


def test_a_way_that_cannot_be_measured_says_so_and_why():
    question = Question("-", {"first": None, "no such way": None}, rounds=2)
    row = bench.rows("windows-3k", question, has_gpu=False)[1]
    assert row["ratio"] == row["seconds"] == "not measured"
    assert "no such way" in row["note"]


def test_an_unknown_question_is_refused_with_the_known_ones():
    import typer

    app = typer.Typer()
    app.command()(bench.main)
    result = CliRunner().invoke(app, ["free-walk"])
    assert result.exit_code == 2
    assert "free-run" in result.output


def test_the_committed_table_answers_every_question_in_every_way():
    table = read(bench.RESULTS)
    measured = [tuple(row) for row in table[["question", "text", "way"]].to_numpy()]
    assert measured == [
        (name, question.text, way) for name, question in QUESTIONS.items() for way in question.ways
    ]
