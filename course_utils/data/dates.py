"""Dates as people and programs write them, read as one way of writing them per column."""

import re
from typing import NamedTuple

from course_utils.files import DataError, shown

import numpy as np
import pandas as pd

_TIME = (
    r"(?:[t ,:]+(?P<hour>[0-9]{1,2})(?::?(?P<minute>[0-9]{2}))?(?::?(?P<second>[0-9]{2}))?"
    r"(?:[.,](?P<fraction>[0-9]+))?\s?(?P<half>[ap]m)?\s?"
    r"(?P<zone>z|cet|cest|mez|mesz|(?:utc|gmt)?[+-][0-9]{1,2}(?::?[0-9]{2})?|utc|gmt)?)?"
)
_ZONES = {"z": "+0", "utc": "+0", "gmt": "+0", "cet": "+1", "mez": "+1", "cest": "+2", "mesz": "+2"}
_NAMES = (
    *("jan|jän|ene|gen", "feb|fév|fev", "mar|mär|mrz|mrt", "apr|avr|abr", "may|mai|mag|mei"),
    *("jun|juin|giu", "jul|juil|lug", "aug|aoû|ago", "sep|set", "oct|okt|out|ott", "nov"),
    "dec|dez|déc|dic",
)
"""how months begin in English, German, French, Spanish, Italian, Portuguese and Dutch"""
MONTHS = {name: month for month, names in enumerate(_NAMES, 1) for name in names.split("|")}
MONTH = rf"(?P<name>{'|'.join(MONTHS)})[a-zß-ÿ]*\.?"
_WEEKDAY = r"(?:[a-zß-ÿ]{2,10}[.,]* )?"
_YEAR, _TWO = r"(?P<year>[0-9]{4})", r"[0-9]{1,2}"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er|º)?"
_SHORT_OR_LONG = r"(?P<year>[0-9]{4}|[0-9]{2})"
FORMS = {
    "YYYY-MM-DD": rf"(?=[0-9]{{4}}[-/.年]|[0-9]{{8}}(?![0-9])){_YEAR}(?P<mark>[-/.年]?)"
    rf"(?P<month>{_TWO})(?:(?P=mark)|月)(?P<day>{_TWO})日?{_TIME}",
    "D/M/Y": rf"{_WEEKDAY}(?P<day>{_TWO})(?P<mark>[-/.]) ?(?P<month>{_TWO})(?P=mark) ?"
    rf"{_SHORT_OR_LONG}{_TIME}(?: - [0-9./: ]+)?",  # to the end of an hour, as ENTSO-E writes
    "D Mon Y": rf"{_WEEKDAY}{_DAY}[-. /]*(?:de )?{MONTH}[-., /]*(?:de )?{_SHORT_OR_LONG}{_TIME}",
    "Mon D, Y": rf"{_WEEKDAY}{MONTH}[- ]?{_DAY}(?:-|,? ){_YEAR}{_TIME}",
    "YYYY-Qn": rf"{_YEAR}[- /:]?[qt]0?(?P<quarter>[1-4])",
    "Qn YYYY": rf"[qt](?P<quarter>[1-4])(?![0-9]{{2}}$)[- /']*{_SHORT_OR_LONG}",  # not T101
    "nQ YYYY": rf"(?P<quarter>[1-4])\.? ?[qt][a-z]*[- /']*{_SHORT_OR_LONG}",
    "YYYY": rf"(?:fy ?)?{_YEAR}(?P<part>\.[0-9]+)?"  # 2017.0 as pandas writes it beside gaps
    r"(?: \[yr(?P=year)\])?",  # as the World Bank does
    "YYYY-MM": rf"{_YEAR}(?:[-/.年]|[- ]?m)(?P<month>{_TWO})月?",
    "MM/YYYY": rf"(?P<month>{_TWO})[-/.]{_YEAR}",
    "Mon YYYY": rf"{MONTH}[- /]*(?:de )?{_SHORT_OR_LONG}",
    "YYYY Mon": rf"{_YEAR}[- ]*{MONTH}",
    "YYYY-Wnn": rf"{_YEAR}[- /]*k?w ?(?P<week>{_TWO})",
    "Wnn YYYY": rf"k?w ?(?P<week>{_TWO})[- /.]+{_YEAR}",
    "YYYYMM": r"(?P<year>(?:19|20)[0-9]{2})(?P<month>0[1-9]|1[0-2])",
    "YYYYMMDDhh": r"(?P<year>(?:19|20)[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-3][0-9])"
    r"(?P<hour>[01][0-9]|2[0-4])(?:(?P<minute>[0-5][0-9])(?P<second>[0-5][0-9])?)?",
    "Unix time": r"(?P<unix>[0-9]{9,19})(?:\.(?P<fraction>[0-9]+))?",
}
"""patterns of a date by what we call them"""
WHOLE_NUMBERS = ("YYYY", "YYYYMM", "YYYYMMDDhh", "Unix time")
"""forms that any number could have, so that only the name of its column makes it a date"""
_FORMS = {form: re.compile(pattern, re.ASCII) for form, pattern in FORMS.items()}
_UNIX = {9: "s", 10: "s", 12: "ms", 13: "ms", 15: "us", 16: "us", 18: "ns", 19: "ns"}
FIRST_YEAR, LAST_YEAR = 1700, 2200  # what datetime64[ns] can hold
_MOST = {"year": LAST_YEAR, "month": 12, "day": 31, "hour": 24, "minute": 59, "second": 60}
"""pandas would take 25:00 for 1:00 on the next day"""


class Dates(NamedTuple):
    """A column of dates."""

    stamps: pd.Series
    """the time that each cell shows, whatever its zone"""
    offsets: pd.Series
    """hours that a clock showing it is ahead of UTC; missing where the cell does not say"""
    form: str
    """how they were written, such as `YYYY-MM-DD`"""

    @property
    def utc(self) -> bool:
        """Whether every cell says that it is in UTC."""
        return bool((self.offsets == 0).all())


def date_form(cell: str) -> str:
    """Name the way in which a cell is written as a date, or "" if it is not one."""
    text = cell.strip().casefold()
    return next((form for form, pattern in _FORMS.items() if pattern.fullmatch(text)), "")


def parse_dates(cells: pd.Series, file: str, day_first: bool | None = None) -> Dates:
    """Read a column of dates.

    Args:
        cells: text, indexed by the lines of the file; the series has the column's name.
        file: its name, for messages.
        day_first: whether 03/01/2017 is 3 January; None finds it.

    Returns:
        the dates, in the order of the file.

    Raises:
        DataError: a cell is not a date, or day and month cannot be told apart.
    """
    text = cells.str.strip().str.casefold()
    years = text.str.extract(r"^([0-9]{4})[-/]([0-9]{2}|[0-9]{4})$").astype(float)
    if len(years) > 1 and ((years[0] + 1 - years[1]) % 100 == 0).all():  # 2015/16 is no month
        text = text.str[:4]
    forms = text.iloc[:50].map(date_form)
    form = forms[forms != ""].mode().get(0, "YYYY-MM-DD")
    parts = text.str.extract(f"^{FORMS[form]}$", flags=re.ASCII)
    if form == "Mon YYYY":
        _refuse_days_of_a_month(parts, file, cells)
    stamps = _stamps(parts, form)
    if form == "D/M/Y":
        stamps, form = _day_or_month(stamps, parts, file, cells, day_first)
    good = stamps.dt.year.between(FIRST_YEAR, LAST_YEAR)
    if not good.all():
        _refuse(cells, good, form, file)
    offsets = pd.Series(0.0, stamps.index) if form == "Unix time" else _offsets(parts, stamps)
    return Dates(stamps, offsets, form)


def _refuse(cells: pd.Series, good: pd.Series, form: str, file: str) -> None:
    """Refuse a column for its first cell that is not a date as the others are."""
    cell, line = cells[~good].iloc[0], cells.index[(~good).argmax()]
    wanted = (
        f"a date such as 2017-01-31, 2017-01, 2017-Q1 or 2017-W05, from {FIRST_YEAR} to "
        f"{LAST_YEAR}: write all of them so"
    )
    if re.fullmatch(r"[34][0-9]{4}([.,][0-9]+)?", cell.strip()):
        wanted = "a date: this is Excel's number of a day, so format the column as a date there"
    elif good.any() and date_form(cell) == date_form(cells[good].iloc[0]):
        wanted = (
            f"a time that exists, as {form}, from {FIRST_YEAR} to {LAST_YEAR}: correct it, or "
            "delete the line"
        )
    elif good.any():
        wanted = (
            f"a date as in the other lines, as {form}: correct it, or delete the line if it is no "
            "row of the table"
        )
    raise DataError(
        f"{file}, line {line}: {cells.name} is '{shown(cell, 40)}', but must be {wanted}"
    )


def _stamps(parts: pd.DataFrame, form: str) -> pd.Series:
    """Put years, months, days and times together; what does not exist is missing."""
    if form == "Unix time":
        units = parts["unix"].str.len().map(_UNIX)
        stamps = pd.Series(pd.NaT, parts.index, dtype="datetime64[ns]")
        for unit in units.dropna().unique():
            numbers = pd.to_numeric(parts["unix"][units == unit]).astype("int64")
            stamps[units == unit] = pd.to_datetime(numbers, unit=unit, errors="coerce")
        return stamps + _fractions(parts).where(units == "s", pd.Timedelta(0))
    fields = {"year": _years(parts["year"]), "month": 1, "day": 1}
    for name in ("month", "day", "hour", "minute", "second"):
        if name in parts:
            fields[name] = pd.to_numeric(parts[name]).fillna(0)
    if "part" in parts:  # R's 1949.25 is April
        months = parts["part"].astype(float).fillna(0) * 12
        fields["month"] = (months.round() + 1).where((months - months.round()).abs() < 0.07)
    if "name" in parts:
        fields["month"] = parts["name"].map(MONTHS)
    if "quarter" in parts:
        fields["month"] = pd.to_numeric(parts["quarter"]) * 3 - 2
    if "half" in parts and parts["half"].notna().any():
        fields["hour"] = fields["hour"] % 12 + 12 * (parts["half"] == "pm")
    if "week" in parts:
        weeks = parts["year"] + parts["week"].str.zfill(2) + "1"
        weeks = weeks.where(fields["year"].between(FIRST_YEAR, LAST_YEAR))
        return pd.to_datetime(weeks, format="%G%V%u", errors="coerce").astype("datetime64[ns]")
    table = pd.DataFrame(fields, index=parts.index)
    possible = (table["year"] >= FIRST_YEAR) & (table <= pd.Series(_MOST)[table.columns]).all(
        axis=1
    )
    stamps = pd.to_datetime(table.where(possible), errors="coerce").astype("datetime64[ns]")
    return stamps + _fractions(parts) if "fraction" in parts else stamps


def _fractions(parts: pd.DataFrame) -> pd.Series:
    """The parts of a second."""
    return pd.to_timedelta(("0." + parts["fraction"].fillna("0")).astype(float), unit="s")


def _years(written: pd.Series) -> pd.Series:
    """Read years; of two digits, 69 to 99 are in the twentieth century, as POSIX has it.

    Years to come are a century earlier, because what was measured is past, unless only then the
    years jump, as those of a plan would.
    """
    short, years = written.str.len() == 2, pd.to_numeric(written)
    years = years.where(~short, years + np.where(years < 69, 2000, 1900))
    past = years - 100 * (short & (years > pd.Timestamp.now().year))
    return years if _in_order(years) and not _in_order(past) else past


def _in_order(times: pd.Series) -> bool:
    return times.is_monotonic_increasing or times.is_monotonic_decreasing


def nearest_days(stamps: pd.Series) -> pd.Series:
    """The days whose midnight is nearest: of two as near, the next one."""
    return (stamps + pd.Timedelta(hours=12)).dt.normalize()


def midnights(dates: Dates) -> pd.Series | None:
    """Round times to days if they are midnights elsewhere, written in UTC.

    Returns:
        the days; None unless the hours are those of midnight in Europe, in summer and in winter,
        or each time is in the second half of the day before the first of a month.
    """
    stamps, days = dates.stamps, nearest_days(dates.stamps)
    whole = (stamps == stamps.dt.floor("h")).all()
    europe = set(stamps.dt.hour) in ({22, 23}, {23, 0})
    first = ((days.dt.day == 1) & (days > stamps)).all()
    return days if dates.utc and whole and (europe or first) else None


def _offsets(parts: pd.DataFrame, stamps: pd.Series) -> pd.Series:
    """Hours ahead of UTC, from Z, +01:00, -0500 and the like; none from 00:00-01:00, an hour."""
    if "zone" not in parts or parts["zone"].isna().all():
        return pd.Series(np.nan, parts.index)
    zone = parts["zone"].replace(_ZONES).str.extract(r"([+-])([0-9]{1,2}?):?([0-9]{2})?$")
    hours = pd.to_numeric(zone[1]) + pd.to_numeric(zone[2]).fillna(0) / 60
    lengths = (hours - stamps.dt.hour - stamps.dt.minute / 60).mod(24).round(6)
    if zone[0].eq("-").all() and lengths.nunique() < hours.nunique():  # ends of what begins there
        return pd.Series(np.nan, parts.index)
    return hours * np.where(zone[0] == "-", -1, 1)


def _day_or_month(
    day_before: pd.Series, parts: pd.DataFrame, file: str, cells: pd.Series, day_first: bool | None
) -> tuple[pd.Series, str]:
    """Choose between day/month and month/day: what exists, then what runs in one direction."""
    swapped = parts.rename(columns={"day": "month", "month": "day"})
    month_before = _stamps(swapped, "D/M/Y")
    readings = {"day/month/year": day_before, "month/day/year": month_before}
    if day_first is not None:
        name = [*readings][not day_first]
        return readings[name], name
    if parts["mark"].dropna().eq(".").all():  # nobody writes month.day.year
        return day_before, "day.month.year"
    _refuse_years_first(parts, file, cells)
    possible = {name: s for name, s in readings.items() if s.notna().all()}
    ordered = {name: s for name, s in possible.items() if _in_order(s)}
    fitting = ordered or possible
    if len(fitting) == 2 and not day_before.equals(month_before):
        unlike = (day_before != month_before).argmax()
        first, second = (f"{s.iloc[unlike].day} {s.iloc[unlike]:%B %Y}" for s in fitting.values())
        raise DataError(
            f"{file}, line {cells.index[unlike]}: {cells.name} is '{shown(cells.iloc[unlike], 30)}'"
            f", which may be {first} or {second}, and no other line decides: say which, "
            "day_first=True or day_first=False"
        )
    # If neither fits, one is nearly right: its first wrong cell is named.
    name = max(fitting or readings, key=lambda name: readings[name].count())
    return readings[name], name


def _refuse_days_of_a_month(parts: pd.DataFrame, file: str, cells: pd.Series) -> None:
    """Refuse Jan 02, Jan 03 and so on, which may be days or years."""
    numbers = pd.to_numeric(parts["year"])
    if parts["name"].nunique() == 1 and numbers.between(1, 31).all() and _in_order(numbers):
        raise DataError(
            f"{file}, line {cells.index[0]}: {cells.name} is '{shown(cells.iloc[0], 30)}', whose "
            "number may be a day or a year: write years with four digits, or days as 2017-01-31"
        )


def _refuse_years_first(parts: pd.DataFrame, file: str, cells: pd.Series) -> None:
    """Refuse 20/01/31 where the year may be what comes first."""
    first, middle, last = parts["day"], parts["month"], parts["year"]
    changing = max(middle.nunique(), last.nunique())
    if not last.str.fullmatch("[0-9]{2}").all() or changing < first.nunique():
        return
    turned = _stamps(parts.assign(day=last, year=first.str.zfill(2)), "D/M/Y")
    if turned.notna().all() and _in_order(turned) and turned.dt.date.nunique() > 1:
        raise DataError(
            f"{file}, line {cells.index[0]}: {cells.name} is '{shown(cells.iloc[0], 30)}', which "
            f"may be {turned.iloc[0].day} {turned.iloc[0]:%B %Y}: write years with four digits, or "
            "say that they come last, with day_first=True or day_first=False"
        )
