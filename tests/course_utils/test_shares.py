"""Shares of one test year: tickers and files of one's own, and which years they have."""

from course_utils.data import load_shares
from course_utils.files import DataError

import pytest
from helpers import made_up_prices


def file_of(folder, name, first, last):
    made_up_prices(f"{first}-01-01", f"{last}-12-31").to_csv(folder / name)
    return str(folder / name)


@pytest.mark.parametrize(
    ("last", "wanted", "year"), [(2013, None, 2013), (2023, None, 2021), (2023, 2020, 2020)]
)
def test_shares_are_tested_in_the_last_year_of_all_or_in_the_one_that_is_named(
    last, wanted, year, tmp_path, capsys
):
    bank = file_of(tmp_path, "bank.csv", 2006, last)
    second = file_of(tmp_path, "second.csv", 2005, 2021)
    tables = load_shares(bank, second, test_year=wanted)
    assert [table.attrs["ticker"] for table in tables] == ["bank", "second"]
    assert [table.attrs["test_year"] for table in tables] == [year, year]
    assert f"bank: {len(tables[0]):,} days, 2006-01-02 to {last}" in capsys.readouterr().out


def test_a_ticker_stands_next_to_a_file(tmp_path):
    ibm, bank = load_shares("IBM", file_of(tmp_path, "bank.csv", 2005, 2012))
    assert (ibm.attrs["ticker"], ibm.attrs["test_year"]) == ("IBM", 2012)
    assert bank.attrs["source"] == "own"


def test_two_shares_of_one_name_are_both_tested(tmp_path):
    (tmp_path / "new").mkdir()
    own = [file_of(tmp_path, "IBM.csv", 2005, 2013), file_of(tmp_path, "new/IBM.csv", 2006, 2021)]
    for shares in (own, own[::-1]):
        assert {table.attrs["test_year"] for table in load_shares(*shares)} == {2013}


@pytest.mark.parametrize(
    ("first", "last", "test_year", "told"),
    [
        (2006, 2013, 2017, "bank has 2013 as its last one, second has .*: take test_year=2013"),
        (2006, 2013, 2011, "bank and second cannot be tested in 2011"),
        (2016, 2021, None, "in one year: .* the 6 before.* bank has none, .*: take files"),
    ],
)
def test_a_test_year_that_a_file_lacks_is_answered_with_one_that_it_has(
    first, last, test_year, told, tmp_path
):
    bank = file_of(tmp_path, "bank.csv", first, last)
    second = file_of(tmp_path, "second.csv", 2005, 2021)
    with pytest.raises(DataError, match=told) as caught:
        load_shares(bank, second, test_year=test_year)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", ["BANK", "SAP.DE", None])
def test_what_is_neither_a_ticker_nor_a_file_is_refused_as_load_prices_does(share):
    with pytest.raises((DataError, TypeError), match="ticker"):
        load_shares("IBM", share)
