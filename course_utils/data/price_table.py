"""What a price table is, and how to read one from a CSV file.

A price table is a DataFrame indexed by Date, oldest first, with the float columns Open, High,
Low, Close (USD) and Volume (shares).
"""

import csv
import io
import math
import os
from collections.abc import Iterator
from datetime import date, datetime
from itertools import compress
from pathlib import Path

from course_utils.files import DataError, read_text, shown

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = ("Open", "High", "Low", "Close", "Volume")
MAX_ROWS = 183_000
"""days from 1700 to 2200"""
MAX_LINE = 1_000_000
FULL_YEAR_DAYS = 200
_MISSING = {"", "null", "nan", "na", "n/a"}


def read_prices(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a price table from a CSV file, your own for instance, and check its structure.

    Args:
        path: a UTF-8 file with the columns Date (YYYY-MM-DD, oldest first), Open, High, Low,
            Close and Volume in any order and upper or lower case, also as Stooq's `<DATE>` and
            `<VOL>`. Other columns are ignored.

    Returns:
        A price table. Empty cells and "null" stay missing and are listed in `attrs["missing"]`;
        `attrs["source"]` is "own" and `attrs["ticker"]` the file's name without its ending.

    Raises:
        DataError: what is wrong, in which line (the header is line 1), and what to do.
    """
    path = Path(path)
    text, sha256 = read_text(path)
    header, lines, rows = split_rows(text, path.name)
    places = _find_columns(header, path.name)
    dates = _parse_dates([row[places["Date"]] for row in rows], lines, path.name)
    values = {
        column: _parse_numbers([row[places[column]] for row in rows], lines, column, path.name)
        for column in COLUMNS
    }
    return with_attrs(pd.DataFrame(values, index=dates), path.stem, "own", path.name, sha256)


def split_rows(text: str, file: str) -> tuple[list[str], list[int], list[list[str]]]:
    """Cut the text of a CSV file into cells; blank lines are left out.

    Returns:
        the header, the line numbers of the rows, and the rows.

    Raises:
        DataError: there is no row, a row has not as many cells as the header, or there are more
            rows or longer lines than in any table of this course.
    """
    reader = csv.reader(_lines(text, file))
    filled = (row for row in reader if any(cell.strip() for cell in row))
    lines, rows = [], []
    try:
        header = next(filled, [])
        for row in filled:
            lines.append(reader.line_num)
            rows.append(row)
            if len(row) != len(header):
                raise DataError(
                    f"{file}, line {lines[-1]}: {len(row)} cells under a header of {len(header)}: "
                    "the line is cut off, or a cell holds a comma without quotes. Repair it or "
                    "save it again"
                )
            if len(rows) > MAX_ROWS:
                raise DataError(
                    f"{file} has more rows than there are days from 1700 to 2200: keep one a day"
                )
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.line_num}: not CSV ({error}): repair it") from None
    if not rows:
        raise DataError(f"{file} has a header but no rows: download or save it again")
    return header, lines, rows


def _lines(text: str, file: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > MAX_LINE:
            raise DataError(f"{file}, line {number}: more than {MAX_LINE:,} characters: repair it")
        yield line


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


def _parse_dates(cells: list[str], lines: list[int], file: str) -> pd.DatetimeIndex:
    seen: dict[date, int] = {}
    latest = date.min
    for line, cell in zip(lines, cells, strict=True):
        day = _parse_date(cell)
        if day is None:
            raise DataError(
                f"{file}, line {line}: unparseable date {cell[:40]!r}: write dates as YYYY-MM-DD"
            )
        if day in seen:
            raise DataError(f"{file}, line {line}: {day} is in line {seen[day]} too: keep one")
        if day < latest:
            raise DataError(f"{file}, line {line}: {day} after {latest}: sort oldest first")
        seen[day], latest = line, day
    return pd.DatetimeIndex(np.array(list(seen), dtype="datetime64[ns]"), name="Date")


def _parse_date(cell: str) -> date | None:
    """Read an ISO 8601 date; the time of day and the time zone are dropped, not converted."""
    try:
        day = datetime.fromisoformat(cell.strip()).date()
    except ValueError:
        return None
    return day if 1700 <= day.year <= 2200 else None  # what datetime64[ns] can hold


def _parse_numbers(cells: list[str], lines: list[int], column: str, file: str) -> NDArray:
    values = np.array([_parse_number(cell) for cell in cells])
    kind = "0 or more" if column == "Volume" else "above 0"
    good = np.isfinite(values) & ((values >= 0) if column == "Volume" else (values > 0))
    missing = np.array([cell.strip().casefold() in _MISSING for cell in cells])
    for row in np.flatnonzero(~good & ~missing):
        raise DataError(
            f"{file}, line {lines[row]}: {column} is {cells[row][:40]!r}, but must be a finite "
            f"number {kind}, such as 123.45. Correct it, or empty the cell if it is missing"
        )
    return values


def _parse_number(cell: str) -> float:
    try:
        return math.nan if "_" in cell else float(cell)  # float takes 1_6 for 16
    except ValueError:
        return math.nan


def with_attrs(
    prices: pd.DataFrame, ticker: str, source: str, file: str, sha256: str
) -> pd.DataFrame:
    """Say in a price table's `attrs` what it is: see `load_prices`."""
    prices.attrs = {
        "ticker": ticker,
        "source": source,
        "file": file,
        "sha256": sha256,
        "test_year": _last_full_year(prices.index),
        "missing": _missing(prices),
    }
    return prices


def _last_full_year(dates: pd.DatetimeIndex) -> int | None:
    years = dates.year
    early = years[(dates.month == 1) & (dates.day <= 8)]
    late = years[(dates.month == 12) & (dates.day >= 24)]
    full = [year for year in set(early) & set(late) if (years == year).sum() >= FULL_YEAR_DAYS]
    return int(max(full)) if full else None


def _missing(prices: pd.DataFrame) -> list[str]:
    gaps = prices.isna()
    rows = gaps[gaps.any(axis=1)]
    days = rows.index.strftime("%Y-%m-%d")
    return [
        f"{day}: {', '.join(compress(COLUMNS, row))}"
        for day, row in zip(days, rows.to_numpy(), strict=True)
    ]
