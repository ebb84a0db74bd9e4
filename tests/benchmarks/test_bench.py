"""`make bench` measures what it names, says why a way failed, and its committed table is whole."""

from dataclasses import replace

from course.lessons.readme import with_table
from course_utils.files import read_noted, write_noted

import bench
import pandas as pd
import pytest
import typer
from contenders import QUESTIONS, Question
from typer.testing import CliRunner

KEPT = pd.DataFrame(
    {
        "question": ["windows-3k", "another"],
        "text": "-",
        "way": ["old", "kept"],
        "ratio": ["9", "2"],
    }
)


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """One question of one round, and results in a folder of the test's own."""
    asked = {"windows-3k": replace(QUESTIONS["windows-3k"], rounds=1)}
    monkeypatch.setattr(bench, "QUESTIONS", asked)
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "results.csv")
    monkeypatch.setattr(bench, "README", tmp_path / "README.md")
    bench.README.write_text("the ratios of all questions".join(bench.MARKS))
    monkeypatch.setattr(bench, "header", lambda: (["made by: make bench", "machine: x"], False))
    return bench.RESULTS


def read(path):
    return read_noted(path, keep_default_na=False, dtype=str)[1]


@pytest.mark.slow
def test_every_way_takes_its_turn_and_replaces_answers_of_this_machine_to_its_question(quick):
    write_noted(quick, ["made by: make bench", "machine: x"], KEPT)
    bench.main(["windows-3k"])
    table = read(quick)
    assert table["way"].tolist() == [*QUESTIONS["windows-3k"].ways, "kept"]
    answers = table[table["question"] == "windows-3k"]
    ratio, seconds = answers["ratio"].astype(float), answers["seconds"].astype(float)
    assert ratio[0] == 1
    assert ratio.tolist() == pytest.approx((seconds / seconds[0]).tolist(), rel=1e-2)
    assert set(answers["GPU ratio"]) == {"not measured"}
    assert "the ratios of all questions" in bench.README.read_text()


def test_answers_of_a_different_machine_are_dropped(quick):
    write_noted(quick, ["made by: make bench", "machine: y"], KEPT)
    bench.save(["made by: make bench", "machine: x"], KEPT[:1])
    assert read(quick)["way"].tolist() == ["old"]


def test_a_way_that_cannot_be_measured_says_why():
    question = Question("-", {"first": None, "no such way": None}, rounds=2)
    row = bench.rows("windows-3k", question, has_gpu=False)[1]
    assert row["ratio"] == row["seconds"] == "not measured"
    assert "no such way" in row["note"]


def test_an_unknown_question_is_refused_with_the_known_ones():
    app = typer.Typer()
    app.command()(bench.main)
    result = CliRunner().invoke(app, ["free-walk"])
    assert result.exit_code == 2
    assert "free-run" in result.output


def test_the_committed_table_answers_every_question_in_every_way():
    table = read(bench.RESULTS)
    measured = {tuple(row) for row in table[["question", "text", "way"]].to_numpy()}
    assert measured == {
        (name, question.text, way) for name, question in QUESTIONS.items() for way in question.ways
    }


def test_readme_names_the_ratios_of_the_committed_table():
    readme = bench.README.read_text(encoding="utf-8")
    lines = bench.ratios(read(bench.RESULTS))
    assert len(lines) == len(bench.RATIOS)
    assert with_table(readme, "\n".join(lines), *bench.MARKS) == readme


def test_a_ratio_is_how_many_times_as_fast_a_way_is():
    ways = {"question": ["free-run", "error"], "way": ["free_run", "GRU on returns and range"]}
    (line,) = bench.ratios(pd.DataFrame(ways | {"ratio": ["0.004", "not measured"]}))
    assert "**250 times**" in line
