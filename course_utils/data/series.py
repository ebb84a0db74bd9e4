"""Any table with a date and values, read from a CSV file onto a regular grid of steps."""

import os
import re
from collections.abc import Callable, Sequence

from course_utils.data.dates import WHOLE_NUMBERS, Dates, date_form, midnights, parse_dates
from course_utils.data.numbers import MISSING, is_number, parse_numbers, without_unit
from course_utils.data.table import DATE_NAMES, Table, plain_name, read_table
from course_utils.files import DataError, shown

import pandas as pd

_COUNTERS = ("", "Unnamed: 0", "rownames")  # how pandas and R's packages name the numbers of rows
_CLOCK = r"([01]?[0-9]|2[0-4])(:?[0-5][0-9]){0,2}(\.[0-9]+|\s?[ap]m)?"
_CLOCKS = (
    *("time", "hour", "hour ending", "hh", "hr", "uhrzeit", "zeit", "stunde"),
    *("hora", "hora utc", "heure"),
)
_MINUTES = ("minute", "minutes", "minuten", "minuto")
_YEARS = ("year", "jahr", "año", "ano", "année", "annee")
_PARTS = {
    "": ("month", "monat", "mes", "mês", "mois", "mo", "period"),
    "Q": ("quarter", "quartal", "trimestre"),
    "W": ("week", "woche", "kalenderwoche", "kw", "semana", "semaine"),
}
"""columns that make a date with a year, by the letter before their number"""
_DAYS = ("day", "tag", "día", "dia", "jour", "dy")
_LOOKED_AT = 50
_MARKS_OF_MISSING = (
    *(-99.0, -99.9, -99.99, -200.0, -999.0, -999.9, -999.99, -9999.0, -9999.9, -99999.0),
    *(-32767.0, -32768.0),
)
_REGULAR = 0.9
STEPS = {
    "YS": "years",
    "QS": "quarters",
    "MS": "months",
    "7D": "weeks",
    "D": "days",
    "B": "working days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
}


def read_series(
    path: str | os.PathLike[str],
    value: str | Sequence[str] | None = None,
    date: str | None = None,
    freq: str | None = None,
    *,
    day_first: bool | None = None,
    decimal: str | None = None,
) -> pd.DataFrame:
    """Read one or more series from a CSV file, and print one line that says how it was read.

    Args:
        path: a table of any of the dialects that `read_prices` reads: rows with a date, or a date
            and a time, and values.
        value: the column to forecast, or several columns with that one first; may be left out
            where only one column holds numbers.
        date: the column of dates; may be left out where only one can be it.
        freq: the step, such as "h", "D", "B", "W", "MS" or "QS"; found where the steps are regular.
            With it, each step has the last value after the step before, up to its own time, so that
            "MS" gives the value of 31 January to 1 February. Steps are counted from the first row
            if all rows fall on them, else from midnight.
        day_first: whether 03/01/2017 is 3 January; found if the file decides it.
        decimal: the decimal mark, "." or ","; found if the file decides it.

    Returns:
        a table of floats, oldest first, indexed by time at regular steps: without `freq`, months,
        quarters and years by their first day; times with a zone in UTC. Steps that the file lacks
        are missing values, except that working days found so have no row where the file has none.
        `attrs` say `file`, `sha256`, `freq` and `missing`, how many values are missing.

    Raises:
        DataError: what is wrong, in which line, and what to do; where two readings fit, which two
            and how to choose.
    """
    table = read_table(path)
    named = _named_values(table, value)
    date_cells, used = _date_cells(table, date, named)
    names = named or _only_value(table, used)
    dates = parse_dates(date_cells, table.file, day_first)
    cells = table.cells[names]
    values = parse_numbers(cells, table.file, table.separator, decimal)
    _refuse_marks(values, table.file)
    stamps = _in_one_zone(dates, table.file)
    if stamps.duplicated().any():
        _refuse_twice(stamps, table, (*used, *names))
    series = values.set_axis(pd.DatetimeIndex(stamps, name=str(date_cells.name) or "date"))
    series, step = _on_a_grid(series.sort_index(), freq, table.file, stamps)
    missing = int(series.isna().sum().sum())
    series.attrs = {"file": table.file, "sha256": table.sha256, "freq": step, "missing": missing}
    later = int((stamps > series.index[-1]).sum()) if freq else 0
    print(_said(series, dates.form, len(values), later))
    return series


# ------------------------------------------------------------------------- which column is which


def _date_cells(table: Table, date: str | None, values: list[str]) -> tuple[pd.Series, list[str]]:
    """Find the dates, as text, and the columns that hold them, a clock's among them."""
    if date is not None:
        dates, used = table.cells[_named(table, date)], [_named(table, date)]
    else:
        dates, used = _dates_found(table)
    words = {*re.findall(r"\w+", plain_name(dates.name))}
    for mark, number in (("Q", "0?[1-4]"), ("W", "[0-9]{1,2}")):
        year = "[12][0-9]{3}"
        bare = f"(?:({year})[-/. ]?({number})|({number})[-/. ]({year}))"
        # 201705 and 05/2017 are no months under "week"; 03/2017 and 06/2017 may end quarters
        if words & {*_PARTS[mark]} and dates.str.fullmatch(bare).all():
            dates = dates.str.replace(bare, rf"\1\4-{mark}\2\3", regex=True)
    if (clock := _clock(table, dates, used, values)) is None:
        return dates, used
    return (dates + " " + clock[0]).rename(dates.name), [*used, *clock[1]]


def _dates_found(table: Table) -> tuple[pd.Series, list[str]]:
    """Find the column of dates, or columns of their parts, and say which it is."""
    cells = table.cells
    found = [name for name in cells.columns if _holds_dates(cells, name)]
    forms = {name: {*map(date_form, cells[name].iloc[:_LOOKED_AT])} for name in found}
    whole = [name for name in found if forms[name] <= {"", *WHOLE_NUMBERS}]
    written = [name for name in found if name not in whole]
    clock = table.column(*_CLOCKS)
    if clock in written[1:] and cells[clock].str.len().max() <= len("10.00.00"):  # either
        written.remove(clock)
    if len(written) > 1:  # not the day of the download
        written = [name for name in written if cells[name].nunique() > 1] or written
    if not written and (joined := _parts_of_dates(table)):
        return joined
    named = [name for name in (table.column(*DATE_NAMES),) if name]
    found = written or whole[:1] or named
    if len(found) != 1:
        raise _which(table, found, "dates", "the right one, such as date=")
    return cells[found[0]], found


def _clock(
    table: Table, dates: pd.Series, used: list[str], values: list[str]
) -> tuple[pd.Series, list[str]] | None:
    """Find the times beside days, and the columns that hold them, perhaps hours and minutes.

    They are found by their column's name, or as 9:30 beside days with many rows.
    A column that is asked for as a value, such as the time of a run, is no clock.
    """
    named, minute = table.column(*_CLOCKS), table.column(*_MINUTES)
    again = dates.duplicated().any()
    if dates.str.contains(":").any() or named in used:
        return None
    left = table.cells.columns.drop([*used, *values], errors="ignore")
    for name in sorted(left, key=lambda name: name != named):
        times = table.cells[name]
        if name != named and not (again and ":" in times.iloc[0]):
            continue
        times = times.where(times.str.contains(":"), times.str.replace(".", ":"))
        if times.str.isdigit().all():  # 30 is 00:30 beside 1230
            times = times.str.zfill((times.str.len().max() + 1) // 2 * 2)
        columns = [name]
        if times.str.fullmatch("[0-9]{2}").all() and minute in left:
            times, columns = times + ":" + _two_digits(table.cells[minute]), [name, minute]
        if times.str.fullmatch(_CLOCK, case=False).all():
            return times, columns
    return None


def _parts_of_dates(table: Table) -> tuple[pd.Series, list[str]] | None:
    """Put a date together from columns year, month and day, or year and quarter or week."""
    cells, year = table.cells, table.column(*_YEARS)
    for mark, names in _PARTS.items():
        part, day = table.column(*names), table.column(*_DAYS)
        if None not in (year, part):
            text = _two_digits(cells[year]) + "-" + mark + _two_digits(cells[part], mark)
            used = [year, part]
            if mark == "" and day is not None:
                text, used = text + "-" + _two_digits(cells[day]), [*used, day]
            return text.rename("date"), used
    return None


def _two_digits(numbers: pd.Series, mark: str = "") -> pd.Series:
    return numbers.str.removesuffix(".0").str.strip(mark).str.zfill(2)


def _mostly(column: pd.Series, kind: Callable[[str], object]) -> bool:
    """Whether most of the first cells are of a kind; the rest are named where they are read."""
    filled = [cell for cell in column.iloc[:_LOOKED_AT] if cell.casefold() not in MISSING]
    return 2 * sum(bool(kind(cell)) for cell in filled) > len(filled)


def _holds_dates(cells: pd.DataFrame, name: str) -> bool:
    """Whether a column holds dates; whole numbers are dates only under a name that says so."""
    plain = _mostly(cells[name], is_number)
    return _mostly(cells[name], date_form) and (plain_name(name) in DATE_NAMES or not plain)


def _named(table: Table, name: str) -> str:
    """The column of exactly this name, else the first of this name in another case."""
    found = table.column(name) if isinstance(name, str) else None
    if found is None:
        has = ", ".join(shown(str(each), 30) for each in table.cells.columns[:12])
        raise DataError(f"{table.file} has no column {shown(str(name), 40)}, it has {has}")
    name = name if name in table.cells else found
    if f"{name}.1" in table.cells:
        first = shown(name, 30)
        raise DataError(
            f"{table.file} has both {first} and {first}.1 (columns of one name are numbered): "
            "give the one that you mean another name"
        )
    return name


def _named_values(table: Table, value: str | Sequence[str] | None) -> list[str]:
    """The columns that are asked for; none if that is left open."""
    if value is None:
        return []
    names = [*value] if pd.api.types.is_list_like(value) else [value]
    if not names:
        raise DataError("value=[] names no column: name the one to forecast, or leave it out")
    return [*dict.fromkeys(_named(table, name) for name in names)]


def _only_value(table: Table, dates: list[str]) -> list[str]:
    """The only column that holds numbers."""
    left = [name for name in table.cells.columns if name not in (*dates, *_COUNTERS)]
    top = table.cells[left].iloc[:_LOOKED_AT].apply(without_unit)
    found = [name for name in left if _mostly(top[name], is_number)]
    whole = [name for name in found if top[name].str.fullmatch(r"([0-9]+(\.0)?)?").all()]
    parts = [name for name in whole if plain_name(name) in DATE_NAMES]  # 1.5 is no month
    found = [name for name in found if name not in parts] or found
    if not found and len(left) == 1:
        return left
    if len(found) != 1:
        raise _which(table, found, "numbers", "the one to forecast, or several, such as value=")
    return found


def _which(table: Table, found: list[str], kind: str, wanted: str) -> DataError:
    """Say that several columns may be meant, or none."""
    columns = [shown(name, 30) for name in (found or table.cells.columns)[:12]]
    problem = f"several columns hold {kind}" if found else f"no column holds {kind}"
    other = "write dates as 2017-01-31, or " if kind == "dates" and not found else ""
    such = next((name for name in columns if f"{name}.1" not in columns), columns[0])
    return DataError(
        f"{table.file}: {problem} ({', '.join(columns)}): {other}name {wanted}{such!r}"
    )


def _refuse_marks(values: pd.DataFrame, file: str) -> None:
    """Refuse -999, 9999 and the like, far from all other values: they stand for missing ones."""
    for name, column in values.items():
        if column.isna().all():
            raise DataError(f"{file} has no number in its column {name}: name another with value=")
        least, most = column.min(), column.max()
        low, high = column[column > least].min(), column[column < most].max()
        if least in _MARKS_OF_MISSING and low > least / 2:
            mark, rest = least, f"below {low:g}"
        elif most >= 999 and -most in _MARKS_OF_MISSING and high < most / 10:
            mark, rest = most, f"above {high:g}"
        else:
            continue
        marked = column == mark
        raise DataError(
            f"{file}, line {marked.idxmax()}: {name} is {mark:g} ({marked.sum()} times) and "
            f"nowhere else {rest}: empty these cells if that stands for a missing value, or write "
            f"{mark + 0.001:.8g} if it was measured"
        )


# --------------------------------------------------------------------------- when, and how often


def _in_one_zone(dates: Dates, file: str) -> pd.Series:
    """Give days without a time as they are, and times with a zone in UTC."""
    stamps, offsets = dates.stamps, dates.offsets
    midnight = (stamps.dt.normalize() == stamps).all()
    if offsets.isna().all() or midnight:
        return stamps
    if offsets.isna().any():
        line = offsets.isna().idxmax()
        raise DataError(f"{file}, line {line}: this time has no zone, and others have: add it")
    utc, days = stamps - pd.to_timedelta(offsets, unit="h"), midnights(dates)
    return utc.dt.tz_localize("UTC") if days is None or days.duplicated().any() else days


def _refuse_twice(stamps: pd.Series, table: Table, used: Sequence[str]) -> None:
    """Refuse a time that comes twice, and say what tells its rows apart."""
    line = stamps.duplicated().idxmax()
    time, first = stamps[line], (stamps == stamps[line]).idxmax()
    why = "keep one, or their mean or sum, or add to the date what tells them apart"
    if time.month in (4, 10, 11) and time.day_of_week == 6 and 0 < time.hour < 4:
        why = "clocks were set back then, so save the times in UTC or with their zone"
    elif (name := table.column(*_CLOCKS)) not in (None, *used):
        why = f"if {shown(name, 30)} tells them apart, write it as 9:30"
    elif (name := table.apart(stamps, *used, *DATE_NAMES)) is not None:
        why = (
            f"they differ in {shown(name, 30)}: add it to the date if it is a part of the time, "
            f"else keep the rows of one, with {table.one(name)}"
        )
    raise DataError(f"{table.file}, line {line}: {time} was in line {first} already: {why}")


def _turn(stamps: pd.Series) -> str:
    """Say where rows run against the others in time, as they do with day and month swapped."""
    steps = stamps.diff() / pd.Timedelta(days=1)
    against = steps < 0 if steps.median() > 0 else steps > 0
    if not against.any():
        return ""
    return (
        f", and line {against.idxmax()} runs against the others in time: correct it if day and "
        "month are swapped there or above, else"
    )


def _on_a_grid(
    series: pd.DataFrame, freq: str | None, file: str, stamps: pd.Series
) -> tuple[pd.DataFrame, str]:
    """Put a series on regular steps; those it lacks are missing. `stamps` are as in the file."""
    times = series.index
    if freq is not None:
        try:
            grid = pd.date_range(times[0], times[-1], freq=freq, name=times.name)
            if not times.isin(grid).all():  # 9:00 each day may stay
                grid = pd.date_range(times[0].normalize(), times[-1], freq=freq, name=times.name)
        except (TypeError, ValueError, ZeroDivisionError):
            known = ", ".join(STEPS)
            raise DataError(f"freq={freq!r} is not a step: take one such as {known}") from None
        grid = grid[grid.searchsorted(times[0]) :]
        if not len(grid):
            raise DataError(f"{file} has no whole step of freq={freq!r}: take a shorter one")
        own = grid.searchsorted(times)  # the first step that is not before a row
        within = own < len(grid)
        return series[within].groupby(grid[own[within]]).last().reindex(grid), freq
    if len(series) < 3:
        raise DataError(f"{file} has fewer than 3 rows, too few to see their step: pass freq=...")
    step = _likely_step(times)
    if step == "B":
        return series, step  # holidays are no gaps
    steps = times.to_series().diff().dropna()
    usual = steps.mode().iloc[0]
    if len(times) > (times[-1] - times[0]) / usual / 3:
        if step.endswith("S"):
            times = times.tz_localize(None).to_period(step[-2]).to_timestamp()
        grid = pd.date_range(times[0], times[-1], freq=step, name=times.name)
        if times.is_unique and times.isin(grid).all():
            return series.set_axis(times).reindex(grid), step
    often, least, most = f"{(steps == usual).mean():.0%}", _long(steps.min()), _long(steps.max())
    against = _turn(stamps) or ":"
    raise DataError(
        f"{file}: the steps are irregular, most often {_long(usual)} ({often} of them), from "
        f'{least} to {most}{against} pass freq=..., such as "h" or "D", to have the last '
        "value of each step"
    )


def _likely_step(times: pd.DatetimeIndex) -> str:
    """The step that the differences of times suggest."""
    steps = times.to_series().diff().dropna()
    usual, days = steps.mode().iloc[0], steps / pd.Timedelta(days=1)
    months = int(pd.Series(12 * times.year + times.month).diff().mode().iloc[0])
    same_day = times.day.nunique() == 1 or times.day.min() > 27  # or ends of months
    near = (days - 30.44 * months).abs().lt(4).mean() >= _REGULAR
    if months and (same_day or (near and (days % usual.days).any())):  # not every 28 days
        return {1: "MS", 3: "QS", 12: "YS"}.get(months, f"{months}MS")
    if usual == pd.Timedelta(days=1):
        worked = (times.day_of_week < 5).all() and days.max() >= 3 and len(times) > 5
        most = 2 * len(times) > len(pd.bdate_range(times[0], times[-1]))  # not some here and there
        return "B" if worked and most and times.normalize().is_unique else "D"
    whole = usual == usual.floor("D")
    return f"{usual.days}D" if whole else pd.tseries.frequencies.to_offset(usual).freqstr


def _long(step: pd.Timedelta) -> str:
    """A length of time as people say it."""
    return re.sub(r"^0 days |(?<=days) 00:00:00$", "", str(step)).strip()


def _said(series: pd.DataFrame, form: str, rows: int, later: int) -> str:
    step, index = series.attrs["freq"], series.index
    days = (index == index.normalize()).all()
    clock = "" if days else " %H:%M:%S" if index.second.any() else " %H:%M"
    first, last = (f"{time:%Y-%m-%d{clock}}" for time in (index[0], index[-1]))
    missing = series.index[series.isna().any(axis=1)]
    gaps = ""
    if len(missing):
        gaps = f"; {len(missing)} without a value, the first {missing[0]:%Y-%m-%d{clock}}"
    if later:
        gaps += f"; {later} row{'s' * (later > 1)} after the last step left out"
    apart = index.to_series().diff()
    if step == "B" and apart.max() > pd.Timedelta(days=14):  # longer than holidays
        end = apart.idxmax()
        gaps += f"; no row between {end - apart[end]:%Y-%m-%d} and {end:%Y-%m-%d}"
    what = STEPS.get(step, f"steps of {step.replace('MS', ' months')}")
    zone = ", in UTC" if index.tz is not None else ""
    return (
        f"{series.attrs['file']}: {', '.join(map(str, series.columns))}, {len(series):,} {what}, "
        f"{first} to {last}{zone}, from {rows:,} rows with dates as {form}{gaps}"
    )
