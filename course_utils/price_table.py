"""What a price table is, and how to read one from a CSV file.

A price table is a DataFrame indexed by Date, oldest first, with the float columns Open, High,
Low, Close (USD) and Volume (shares).
"""

import csv
import hashlib
import io
import math
import os
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = ("Open", "High", "Low", "Close", "Volume")
MAX_BYTES = 50_000_000
FULL_YEAR_DAYS = 200
_MISSING = {"", "null", "nan", "na", "n/a"}


class DataError(ValueError):
    """A data file or request that the course refuses, with what to do next."""


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
    text, sha256 = _read_text(path)
    header, lines, rows = _split_rows(text, path.name)
    places = _find_columns(header, path.name)
    dates = _parse_dates([row[places["Date"]] for row in rows], lines, path.name)
    values = {
        column: _parse_numbers([row[places[column]] for row in rows], lines, column, path.name)
        for column in COLUMNS
    }
    return with_attrs(pd.DataFrame(values, index=dates), path.stem, "own", path.name, sha256)


def _read_text(path: Path) -> tuple[str, str]:
    """Return a file's text and the sha256 of its bytes."""
    if path.is_dir():
        raise DataError(f"{path} is a folder: name the CSV file in it")
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise DataError(
                f"{path.name} has {size / 1e6:,.0f} MB, and the course reads at most "
                f"{MAX_BYTES / 1e6:.0f} MB: keep the rows and columns that you need"
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"there is no file {path}: check its name and folder") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataError(f"{path.name} is not UTF-8 text: save it as CSV (UTF-8)")
    if not text.strip():
        raise DataError(f"{path.name} is empty: download or save it again")
    if text.lstrip()[:9].casefold().startswith(("<!doctype", "<html")):
        raise DataError(f"{path.name} is a web page (HTML), not CSV: download the CSV file itself")
    return text, hashlib.sha256(content).hexdigest()


def _split_rows(text: str, file: str) -> tuple[list[str], list[int], list[list[str]]]:
    """Return the header, the line numbers of the rows, and the rows; blank lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.line_num}: not CSV ({error}): repair it") from None
    if len(rows) < 2:
        raise DataError(f"{file} has a header but no rows: download or save it again")
    header = rows.pop(0)[1]
    for line, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"{file}, line {line}: {len(row)} cells under a header of {len(header)}: the line "
                "is cut off, or a cell holds a comma without quotes. Repair it or save it again"
            )
    return header, [line for line, _ in rows], [row for _, row in rows]


def _find_columns(header: list[str], file: str) -> dict[str, int]:
    names = [name.strip().strip("<>").casefold() for name in header]
    if "volume" not in names:
        names = ["volume" if name == "vol" else name for name in names]
    for column in ("Date", *COLUMNS):
        if (count := names.count(column.casefold())) > 1:
            raise DataError(f"{file} has {count} columns named {column}: keep or rename one")
        if count == 0:
            has = ", ".join(name.strip()[:30] for name in header[:12])
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
    early = dates.year[(dates.month == 1) & (dates.day <= 8)]
    late = dates.year[(dates.month == 12) & (dates.day >= 24)]
    full = [year for year in set(early) & set(late) if (dates.year == year).sum() >= FULL_YEAR_DAYS]
    return int(max(full)) if full else None


def _missing(prices: pd.DataFrame) -> list[str]:
    gaps = prices.isna()
    rows = gaps[gaps.any(axis=1)]
    return [f"{day:%Y-%m-%d}: {', '.join(prices.columns[row])}" for day, row in rows.iterrows()]
