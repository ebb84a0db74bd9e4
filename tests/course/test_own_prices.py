"""Lesson 04 runs on any share's file, when its data cell alone is changed."""

import re

from course.lessons.lesson import NOTEBOOKS
from course.running.execute import code_cells, execute
from course.running.store import output_texts

import nbformat
import pytest
from helpers import made_up_prices

LESSON = NOTEBOOKS / "04_ibm_2017_prediction.ipynb"
DATA_CELL = 'load_shares("IBM", "AAPL")'
TRAINING = "## 4 "  # the part from which on cells take seconds


def bank_of_2013(folder):
    """A file as Yahoo writes it, without volumes, that ends in the middle of a year."""
    table = made_up_prices("2005-03-01", "2014-06-30", seed=1).drop(columns="Volume")
    table.assign(**{"Adj Close": table["Close"]}).to_csv(folder / "bank.csv")


def bank_of_2023(folder):
    """A file as Nasdaq's page writes it: the newest day first, the month first, dollar signs."""
    table = made_up_prices("2016-01-01", "2023-12-31", seed=2)
    table.iloc[::-1].map("${:.2f}".format).to_csv(folder / "bank.csv", date_format="%m/%d/%Y")


def on_own_prices(folder, write, until=None):
    """Run lesson 04 on a bank's file and a second one, up to the cell that begins a part."""
    write(folder)
    made_up_prices("2004-01-01", "2024-12-31", seed=3).to_csv(folder / "second.csv")
    notebook = nbformat.read(LESSON, as_version=4)
    (data_cell,) = [cell for cell in code_cells(notebook) if DATA_CELL in cell.source]
    data_cell.source = data_cell.source.replace(DATA_CELL, 'load_shares("bank.csv", "second.csv")')
    if until:
        starts = [cell.source.startswith(until) for cell in notebook.cells]
        notebook.cells = notebook.cells[: starts.index(True)]
    done = execute(notebook, folder, timeout=120)
    assert done.failure is None, done.failure
    return "\n".join(text for cell in notebook.cells for text in output_texts(cell))


def check_beginning(said, year):
    assert f"The test year is **{year}**" in said
    assert "The studies are of IBM" in said
    assert re.search(rf"first window +its target\n0 +{year - 1}-\d\d-\d\d {year}-01-", said)


@pytest.mark.slow
def test_lesson_04_begins_with_the_share_and_the_year_of_a_file(tmp_path):
    check_beginning(on_own_prices(tmp_path, bank_of_2013, until=TRAINING), 2013)


@pytest.mark.nightly
@pytest.mark.parametrize(("write", "year"), [(bank_of_2013, 2013), (bank_of_2023, 2023)])
def test_lesson_04_runs_to_its_end_on_a_file(write, year, tmp_path):
    said = on_own_prices(tmp_path, write)
    check_beginning(said, year)
    assert "✗ Exercise 04-1" in said
    assert "✓ Exercise 04-1" in said
    assert re.search(rf"\n{year - 5} .*\n(.*\n){{4}}{year} ", said)
