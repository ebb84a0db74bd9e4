"""What a price table is, and how to read one from a CSV file.

A price table is a DataFrame indexed by Date, oldest first, with the float columns Open, High,
Low, Close (USD) and Volume (shares).
"""

import csv
import io
import math
import os
from collections.abc import Sequence
from itertools import compress, islice
from pathlib import Path

from course_utils.data.registry import Slip
from course_utils.files import DataError, read_text, shown

import pandas as pd

COLUMNS = ("Open", "High", "Low", "Close", "Volume")
_MAX_ROWS = 183_000  # days from 1700 to 2200
_FULL_YEAR_DAYS = 200
_DAYS_NAMED = 5
_DAY = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})"
_TIME = r"[T ][0-9]{2}(?::?[0-9]{2}){0,2}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"  # float takes 1_6 for 16
_MISSING = ("", "null", "nan", "na", "n/a")


def read_prices(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a price table from a CSV file, your own for instance, and check its structure.

    Args:
        path: a UTF-8 file with the columns Date (YYYY-MM-DD, oldest first), Open, High, Low,
            Close and Volume in any order and upper or lower case, also as Stooq's `<DATE>` and
            `<VOL>`. Other columns are ignored.

    Returns:
        A price table. Empty cells and "null" stay missing and are listed in `attrs["missing"]`;
        `attrs["source"]` is "own" and `attrs["ticker"]` the file's name without its ending. Days
        whose High is more than e times the Low are kept, and named in a printed line.

    Raises:
        DataError: what is wrong, in which line (the header is line 1), and what to do.
    """
    return read_with_slips(Path(path))


def read_with_slips(path: Path, slips: Sequence[Slip] = ()) -> pd.DataFrame:
    """Read a price table whose known slips become missing values: see `read_prices`.

    Any other day whose High is more than e times its Low is named in a printed line, and kept.
    """
    text, sha256 = read_text(path)
    if text.lstrip()[:9].casefold().startswith(("<!doctype", "<html")):
        raise DataError(f"{path.name} is a web page (HTML), not CSV: download the CSV file itself")
    cells = _cut(text, path.name)
    dates = _parse_dates(cells["Date"], path.name)
    for slip in slips:
        cells.loc[dates == slip.day, slip.column] = ""
    values = {column: _parse_numbers(cells[column], path.name) for column in COLUMNS}
    prices = pd.DataFrame(values).set_axis(dates)
    _name_odd_days(prices, path.name)
    return with_attrs(prices, path.stem, "own", path.name, sha256, slips)


def _name_odd_days(prices: pd.DataFrame, file: str) -> None:
    """Print the days on which a price has more than doubled and fallen back, if there are any."""
    odd = prices.index[prices["High"] > math.e * prices["Low"]]
    if len(odd):
        days = ", ".join(odd[:_DAYS_NAMED].strftime("%Y-%m-%d"))
        more = f" and {len(odd) - _DAYS_NAMED} more days" if len(odd) > _DAYS_NAMED else ""
        advice = "if a price is wrong, empty its cell"
        print(f"{file}: the High is more than e times the Low on {days}{more}: {advice}")


def _cut(text: str, file: str) -> pd.DataFrame:
    """Cut the text of a CSV file into cells.

    `csv` does this, because `pandas.read_csv` fills up a row that is cut off, without a word.

    Returns:
        the columns of a price table as strings, indexed by the lines that they are in; blank
        lines are left out.
    """
    reader = csv.reader(io.StringIO(text))
    filled = ((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
    try:
        _, header = next(filled, (0, []))
        rows = dict(islice(filled, _MAX_ROWS + 1))
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.line_num}: not CSV ({error}): repair it") from None
    if not rows:
        raise DataError(f"{file} has no rows below a header: download or save it again")
    if len(rows) > _MAX_ROWS:
        raise DataError(f"{file} has more rows than days from 1700 to 2200: keep one per day")
    for line, row in rows.items():
        if len(row) != len(header):
            raise DataError(
                f"{file}, line {line}: {len(row)} cells under a header of {len(header)}: the line "
                "is cut off, or a cell holds a comma without quotes. Repair it or save it again"
            )
    places = _find_columns(header, file)
    cells = {name: [row[place] for row in rows.values()] for name, place in places.items()}
    return pd.DataFrame(cells, index=list(rows), dtype=object).map(str.strip)


def _find_columns(header: list[str], file: str) -> dict[str, int]:
    names = [name.strip().strip("<>").casefold() for name in header]
    if "volume" not in names:
        names = ["volume" if name == "vol" else name for name in names]
    for column in ("Date", *COLUMNS):
        if (count := names.count(column.casefold())) > 1:
            raise DataError(f"{file} has {count} columns named {column}: keep or rename one")
        if count == 0:
            has = ", ".join(shown(name.strip(), 30) for name in header[:12])
            raise DataError(f"{file} has no column {column}, it has {has}: add or rename it")
    return {column: names.index(column.casefold()) for column in ("Date", *COLUMNS)}


def _parse_dates(cells: pd.Series, file: str) -> pd.DatetimeIndex:
    """Read ISO 8601 dates; the time of day and the time zone are dropped, not converted."""
    days = cells.str.extract(f"^({_DAY})(?:{_TIME})?$", expand=False).str.replace("-", "")
    dates = pd.to_datetime(days, format="%Y%m%d", errors="coerce")
    possible = dates.dt.year.between(1700, 2200)  # what datetime64[ns] can hold
    _refuse(cells[~possible], "a date such as 2017-01-31: write it as YYYY-MM-DD", file)
    later = dates.diff() > pd.Timedelta(0)
    later.iloc[0] = True
    _refuse(cells[~later], "after the row above: sort oldest first, one row per day", file)
    return pd.DatetimeIndex(dates.dt.as_unit("ns"), name="Date")


def _parse_numbers(cells: pd.Series, file: str) -> pd.Series:
    numbers = cells.where(cells.str.fullmatch(_NUMBER)).astype(float)
    volume = cells.name == "Volume"
    good = ((numbers >= 0) if volume else (numbers > 0)) & (numbers < math.inf)
    missing = cells.str.casefold().isin(_MISSING)
    kind = "0 or more" if volume else "above 0"
    wanted = f"a finite number {kind}, such as 123.45: correct it, or empty it if it is missing"
    _refuse(cells[~good & ~missing], wanted, file)
    return numbers


def _refuse(bad: pd.Series, wanted: str, file: str) -> None:
    """Refuse a file for the first of its bad cells, if there is one."""
    if len(bad):
        cell = f"{bad.name} is {bad.iloc[0][:40]!r}"
        raise DataError(f"{file}, line {bad.index[0]}: {cell}, but must be {wanted}")


def with_attrs(
    prices: pd.DataFrame,
    ticker: str,
    source: str,
    file: str,
    sha256: str,
    slips: Sequence[Slip] = (),
) -> pd.DataFrame:
    """Say in a price table's `attrs` what it is: see `load_prices`."""
    prices.attrs = {
        "ticker": ticker,
        "source": source,
        "file": file,
        "sha256": sha256,
        "test_year": _last_full_year(prices.index),
        "missing": _missing(prices),
        "slips": [f"{slip.day}: {slip.column}, because {slip.why}" for slip in slips],
    }
    return prices


def _last_full_year(dates: pd.DatetimeIndex) -> int | None:
    years = dates.year
    early = years[(dates.month == 1) & (dates.day <= 8)]
    late = years[(dates.month == 12) & (dates.day >= 24)]
    full = [year for year in set(early) & set(late) if (years == year).sum() >= _FULL_YEAR_DAYS]
    return int(max(full)) if full else None


def _missing(prices: pd.DataFrame) -> list[str]:
    gaps = prices.isna()
    rows = gaps[gaps.any(axis=1)]
    days = rows.index.strftime("%Y-%m-%d")
    return [
        f"{day}: {', '.join(compress(COLUMNS, row))}"
        for day, row in zip(days, rows.to_numpy(), strict=True)
    ]
