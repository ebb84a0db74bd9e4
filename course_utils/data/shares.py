"""Several shares with one test year, by ticker or from files of your own."""

from course_utils.data.price_table import full_years, read_prices
from course_utils.data.prices import IS_FILE, load_prices, span
from course_utils.files import DataError

import pandas as pd

YEARS_BEFORE = 6
"""whole years before the test year: one to train on, and five that a lesson tests as well"""


def load_shares(*shares: str, test_year: int | None = None) -> list[pd.DataFrame]:
    """Load the daily prices of shares that are tested in one year, and print a line for each.

    Args:
        shares: for each a ticker, such as "IBM", or a file that `read_prices` reads, such as
            "../data/bank.csv"; an ending such as `.csv` or a slash makes it a file.
        test_year: a year that each share covers in full, with the six before it; None for the
            last such year.

    Returns:
        A price table for each, as `load_prices` returns; `attrs["test_year"]` is the year of all.

    Raises:
        DataError: a share is not available, a file is wrong, or a share cannot be tested in that
            year.
    """
    tables = [_load(share) for share in shares]
    possible = [(table.attrs["ticker"], _years_to_test(table)) for table in tables]
    common = set.intersection(*(years for _, years in possible))
    test_year = max(common, default=None) if test_year is None else int(test_year)
    if test_year not in common:
        raise DataError(_why_not(test_year, possible, common))
    for table in tables:
        table.attrs["test_year"] = test_year
    return tables


def _load(share: str) -> pd.DataFrame:
    if not (isinstance(share, str) and IS_FILE.search(share)):
        return load_prices(share)
    prices = read_prices(share)
    print(f"{prices.attrs['ticker']}: {span(prices)}, from {prices.attrs['file']}")
    return prices


def _years_to_test(table: pd.DataFrame) -> set[int]:
    years = full_years(table.index)
    return {year for year in years if {*range(year - YEARS_BEFORE, year)} <= years}


def _why_not(year: int | None, possible: list[tuple[str, set[int]]], common: set[int]) -> str:
    """Say why shares cannot be tested in a year, and which year or files to take."""
    last = [
        f"{ticker} has {max(years)} as its last one" if years else f"{ticker} has none"
        for ticker, years in possible
    ]
    tickers = " and ".join(ticker for ticker, _ in possible)
    advice = f"take test_year={max(common)}" if common else "take files with more years"
    return (
        f"{tickers} cannot be tested in {year or 'one year'}: a test year and the {YEARS_BEFORE} "
        f"before it must be whole years of prices, and {', '.join(last)}: {advice}"
    )
