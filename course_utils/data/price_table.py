"""What a price table is, and how to read one from a CSV file.

A price table is a DataFrame indexed by Date, oldest first, with the float columns Open, High,
Low, Close (USD) and, where the file has it, Volume (shares).
"""

import math
import os
import re
from collections.abc import Collection, Sequence

from course_utils.data.dates import Dates, midnights, nearest_days, parse_dates
from course_utils.data.numbers import parse_numbers
from course_utils.data.registry import Slip
from course_utils.data.table import Table, plain_name, read_table
from course_utils.files import DataError, shown

import pandas as pd

COLUMNS = ("Open", "High", "Low", "Close", "Volume")
_FULL_YEAR_DAYS = 200
_DAYS_NAMED = 5
_SPLITS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50)
_NAMES = {
    "Date": ("date", "timestamp", "datetime", "time", "day", "datum", "open time", "unix", ""),
    "Open": ("open", "1. open", "erster", "eröffnung", "eroeffnung", "eröffn."),
    "High": ("high", "2. high", "hoch", "tageshoch"),
    "Low": ("low", "3. low", "tief", "tagestief"),
    "Close": ("close", "close/last", "4. close", "schluss", "schlusskurs", "zuletzt", "price"),
    "Volume": (
        *("volume", "vol", "vol.", "5. volume", "6. volume", "stuecke", "stücke"),
        *("umsatz in stück", "volumen"),
    ),
}
"""what files call the columns, the likeliest first"""
_SHARE_NAMES = ("ticker", "symbol", "name", "stock", "isin")


def read_prices(
    path: str | os.PathLike[str], *, day_first: bool | None = None, decimal: str | None = None
) -> pd.DataFrame:
    """Read a price table from a CSV file, your own for instance, and check its structure.

    Prints a line if a split seems to be left in the prices, if the rows are weeks or months, and
    on days whose prices contradict each other or repeat the row before; all are kept.

    Args:
        path: a file with the columns Date, Open, High, Low, Close and perhaps Volume, in any
            order, as one of the usual sources writes it: with commas, semicolons or tabs, points
            or decimal commas, dollar signs, 2.69M, the newest day first, or Unix times. Other
            columns are ignored.
        day_first: whether 03/01/2017 is 3 January; found if the file decides it.
        decimal: the decimal mark, "." or ","; found if the file decides it.

    Returns:
        A price table. Empty cells and "null" stay missing and are listed in `attrs["missing"]`;
        `attrs["source"]` is "own" and `attrs["ticker"]` the file's name without its ending.

    Raises:
        DataError: what is wrong, in which line (the header is line 1), and what to do.
    """
    return read_with_slips(path, (), day_first, decimal)


def read_with_slips(
    path: str | os.PathLike[str],
    slips: Sequence[Slip] = (),
    day_first: bool | None = None,
    decimal: str | None = None,
) -> pd.DataFrame:
    """Read a price table whose known slips become missing values: see `read_prices`."""
    table = read_table(path)
    if len(table.shares) > 1:
        names = ", ".join(shown(name, 12) for name in table.shares[:5])
        raise DataError(
            f"{table.file} holds several shares side by side ({names}): save one, for example with "
            f'yf.download("{shown(table.shares[0], 12)}", multi_level_index=False).to_csv(...)'
        )
    places = _find_columns(table)
    dates = parse_dates(table.cells[places.pop("Date")].rename("Date"), table.file, day_first)
    cells = table.cells[list(places.values())].set_axis(list(places), axis=1)
    days = _one_per_day(trading_days(dates, table.file), table, places.values())
    for slip in slips:
        cells.loc[days == slip.day, slip.column] = ""
    prices = parse_numbers(cells, table.file, table.separator, decimal)
    _refuse_impossible(prices, cells, table.file)
    prices = prices.set_axis(pd.DatetimeIndex(days, name="Date"))
    if days.is_monotonic_decreasing:
        prices = prices.iloc[::-1]
    _name_splits(prices, table.file)
    _name_odd_days(prices, table.file)
    _name_long_steps(prices.index, table.file)
    stem = os.path.splitext(table.file)[0]
    origin = {"ticker": stem, "source": "own", "file": table.file, "sha256": table.sha256}
    return with_attrs(prices, slips, **origin)


def _find_columns(table: Table) -> dict[str, str]:
    """Find which of the file's columns is which of ours; only Volume may be missing."""
    folded = [re.sub(r"\.[0-9]+$", "", plain_name(name)) for name in table.cells.columns]
    places = {column: table.column(*names) for column, names in _NAMES.items()}
    if places["Volume"] is None:
        del places["Volume"]
    if missing := [column for column, found in places.items() if found is None]:
        has = ", ".join(shown(str(name), 30) for name in table.cells.columns[:12])
        raise DataError(
            f"{table.file} has no column {', '.join(missing)}, it has {has}: add or rename what is "
            "missing, or read the file with read_series if it holds no share's daily prices"
        )
    for column, found in places.items():
        if (count := folded.count(plain_name(found))) > 1:
            raise DataError(f"{table.file} has {count} columns named {column}: keep or rename one")
    return places


def _refuse_impossible(prices: pd.DataFrame, cells: pd.DataFrame, file: str) -> None:
    """Refuse a price that is not above 0, and a volume below 0."""
    for column, values in prices.items():
        least = values >= 0 if column == "Volume" else values > 0
        bad = values.notna() & ~least
        if bad.any():
            line, kind = bad.idxmax(), "0 or more" if column == "Volume" else "above 0"
            raise DataError(
                f"{file}, line {line}: {column} is '{shown(cells.at[line, column], 40)}', but must "
                f"be {kind}: correct it, empty it if it is missing, or read the file with "
                "read_series if it holds no share's prices"
            )


def trading_days(dates: Dates, file: str) -> pd.Series:
    """Drop the time of day, except where it is a midnight east of Greenwich, written in UTC.

    Such a midnight is late on the day before in UTC, so that there are times on Sundays, but none
    whose nearest midnight begins a day of the weekend.

    Raises:
        DataError: it is 22:00 or 23:00 in UTC, and the days do not decide.
    """
    days, nearest = dates.stamps.dt.normalize(), nearest_days(dates.stamps)
    weekdays = set(days.dt.day_of_week)
    if 6 in weekdays and not {5, 6} & set(nearest.dt.day_of_week):
        return nearest
    if (rounded := midnights(dates)) is not None:
        return rounded
    if dates.utc and dates.stamps.dt.hour.isin([22, 23]).all() and not weekdays & {4, 5}:
        raise DataError(
            f"{file}, line {days.index[0]}: {dates.stamps.iloc[0]} in UTC may be that day, or the "
            "midnight that begins the next one in Europe: write plain dates, YYYY-MM-DD"
        )
    return days


def _one_per_day(days: pd.Series, table: Table, places: Collection[str]) -> pd.Series:
    """Check that there is one row per day, in the order of time or against it."""
    repeated = days.duplicated()
    name = table.column(*_SHARE_NAMES)
    if name is None or not 1 < table.cells[name].nunique() <= len(days) / 2:  # else a remark
        name = table.apart(days, *places, *_NAMES["Date"]) if repeated.any() else None
    if name is not None:
        shares = table.cells[name].nunique()
        raise DataError(
            f"{table.file} holds {shares} shares below one another, named in its column {name}: "
            f"keep one, with {table.one(name)}, or delete that column if all are one share"
        )
    if days.is_unique and (days.is_monotonic_increasing or days.is_monotonic_decreasing):
        return days.astype("datetime64[ns]")
    if repeated.any():
        line, day = repeated.idxmax(), days[repeated].iloc[0]
        raise DataError(
            f"{table.file}, line {line}: {day:%Y-%m-%d} has {(days == day).sum()} rows, the first "
            f"in line {(days == day).idxmax()}, and a price table has one row per day: keep one, "
            "or read all with read_series"
        )
    wrong = days.diff().lt(pd.Timedelta(0))
    raise DataError(
        f"{table.file}, line {wrong.idxmax()}: Date is {days[wrong.idxmax()]:%Y-%m-%d}, but must "
        "be after the row above: sort oldest first"
    )


def _name_odd_days(prices: pd.DataFrame, file: str) -> None:
    """Print the days whose prices cannot all be right, or are those of the row before."""
    four = prices[list(COLUMNS[:4])]
    kinds = {
        "one price is more than e times another": (
            four.max(axis=1) > math.e * four.min(axis=1),
            "if it is wrong, empty its cell",
        ),
        "the High is below the Low": (
            prices["High"] < prices["Low"],
            "correct them, or exchange the names of the columns",
        ),
        "the prices are those of the row before": (
            (four.diff() == 0).all(axis=1),
            "if nothing was traded, delete the row",
        ),
    }
    for what, (odd, advice) in kinds.items():
        if odd.any():
            days = ", ".join(prices.index[odd][:_DAYS_NAMED].strftime("%Y-%m-%d"))
            more = f" and {odd.sum() - _DAYS_NAMED} more days" if odd.sum() > _DAYS_NAMED else ""
            print(f"{file}: {what} on {days}{more}: {advice}")


def _name_long_steps(days: pd.DatetimeIndex, file: str) -> None:
    """Say that the rows are weeks or months if most are further apart than a long weekend."""
    step = days.diff().median() / pd.Timedelta(days=1)
    if step > 4:
        print(f"{file}: the rows are {step:g} days apart, so a day of the course is that long here")


def _name_splits(prices: pd.DataFrame, file: str) -> None:
    """Say where a price jumps to a simple multiple or part of the day before: a split."""
    closes, opens = prices["Close"].shift(), prices["Open"].fillna(prices["Close"])
    said = [
        f"{file}: on {day:%Y-%m-%d} the price goes from {closes[day]:g} to {opens[day]:g}, as "
        f"after a split of {new:g} to {old:g}. If it is one, "
        f"{'divide' if new > 1 else 'multiply'} the prices before by {split:g}."
        for split in _SPLITS
        for new, old in ((split, 1), (1, split))
        for day in prices.index[(closes / opens * old / new - 1).abs() < 0.04]
    ]
    print(*said[:_DAYS_NAMED], sep="\n", end="\n" if said else "")


def with_attrs(prices: pd.DataFrame, slips: Sequence[Slip] = (), **origin: str) -> pd.DataFrame:
    """Say in a price table's `attrs` its origin and what its rows tell: see `load_prices`."""
    prices.attrs = origin | {
        "test_year": max(full_years(prices.index), default=None),
        "missing": _missing(prices),
        "slips": [f"{slip.day}: {slip.column}, because {slip.why}" for slip in slips],
    }
    return prices


def full_years(dates: pd.DatetimeIndex) -> set[int]:
    """The calendar years that dates cover in full, from the first week to the last."""
    years = dates.year
    early = years[(dates.month == 1) & (dates.day <= 8)]
    late = years[(dates.month == 12) & (dates.day >= 24)]
    both = {*early} & {*late}
    return {int(year) for year in both if (years == year).sum() >= _FULL_YEAR_DAYS}


def _missing(prices: pd.DataFrame) -> list[str]:
    rows = prices.isna()[prices.isna().any(axis=1)]
    return [
        f"{day:%Y-%m-%d}: {', '.join(prices.columns[row])}"
        for day, row in zip(rows.index, rows.to_numpy(), strict=True)
    ]
