"""A table of text cells from a CSV file of whatever dialect: first how it is cut, then its header.

Separator, encoding, lines above the header and headers of several lines are found here; what the
cells mean is for `dates` and `numbers`.
"""

import codecs
import csv
import io
import os
import re
import unicodedata
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from course_utils.data.dates import MONTH, MONTHS, WHOLE_NUMBERS, date_form
from course_utils.data.numbers import MISSING, is_number
from course_utils.files import DataError, read_bytes, sha256, shown

import pandas as pd

# csv.Sniffer takes a decimal comma for the separator, so the separator is what gives most cells
# that are dates or numbers.
SEPARATORS = ",;\t|"
USUAL = ("Date", "Open", "High", "Low", "Close", "Volume")
DATE_NAMES = (
    *("date", "datetime", "timestamp", "time", "datum", "day", "month", "week", "quarter"),
    *("year", "period", "ds", "ts", "unix", "observation date", "time period", "yyyymm"),
    *("yyyymmdd", ""),
    *("zeit", "tag", "woche", "monat", "quartal", "jahr", "mess datum"),
    *("semana", "semaine", "mes", "mês", "mois", "trimestre", "año", "ano", "année", "annee"),
)
"""what columns of dates are called"""
_MAX_ROWS, _MAX_COLUMNS, _LOOKED_AT = 1_000_000, 1000, 100
_BINARY = {
    b"PK\x03\x04": "an Excel workbook or another zip file: save it as CSV there, or unpack it",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as CSV there",
    b"\x1f\x8b": "compressed (gzip): unpack it first",
    b"%PDF": "a PDF: download the CSV file itself",
    b"PAR1": "a Parquet file: read it with pandas.read_parquet and save it with to_csv",
}
_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in "＂，；｜"}
_ASCII |= dict.fromkeys((0xA0, 0x2007, 0x2009, 0x202F, 0x3000), " ") | dict.fromkeys(
    (*range(0x2010, 0x2015), 0x2212, 0xFE63), "-"
)
"""what Japanese digits, hard spaces, hyphens, dashes and a minus sign become"""
_UNSEEN = dict.fromkeys((0xAD, 0x200B, 0x200E, 0x200F, 0x202A, 0x202C, 0xFEFF))
"""what takes no place on a page, such as marks of the direction of writing, is left out"""
_OTHER_SCRIPT = re.compile(r"[^\x00-\x7f]{3}|[ƒ‚‹]")
"""what western encodings make of Cyrillic, Greek or Chinese letters, and of Japanese ones"""
_PART_OF_DATE = re.compile(rf"{MONTH}|q[1-4]|[0-9]{{1,2}}:[0-9]{{2}}", re.I)
_UNIT = re.compile(r"[0-9]+[sdn]|[^0-9]*|[^0-9+-].*")  # not -5 °C
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.I)


@dataclass(frozen=True)
class Table:
    """What a CSV file holds, as text."""

    file: str
    sha256: str
    separator: str
    cells: pd.DataFrame
    """stripped text, indexed by the lines of the file"""
    header: int
    """the line of their names"""
    shares: tuple[str, ...] = ()
    """the names in the second line of a header of several lines, as yfinance writes it"""

    def column(self, *names: str) -> str | None:
        """Find the first of some names among the columns, whatever their case."""
        known = {plain_name(name): name for name in reversed(self.cells.columns)}
        return next((known[name] for name in map(plain_name, names) if name in known), None)

    def apart(self, times: pd.Series, *others: str) -> str | None:
        """Find the column that tells rows of the same time apart, such as the name of a share.

        Args:
            times: the rows' times, some of them more than once.
            others: columns of which it is none.
        """
        known, kinds = set(map(plain_name, others)), {}
        for name, column in self.cells.items():
            few = column.nunique() <= len(column) / 2 or not column.map(is_number).any()
            whole = not (times.astype(str) + column).duplicated().any()
            if few and whole and plain_name(name) not in known:
                kinds[name] = column.nunique()
        return min(kinds, key=kinds.__getitem__, default=None)

    def one(self, column: str) -> str:
        """Say how to save the rows of one share, shop or place."""
        first = shown(self.cells[column].iloc[0], 60)
        return (
            f't = pd.read_csv("{self.file}", dtype=str{_told(self.separator, self.header)}); '
            f't[t["{column}"] == {first!r}].to_csv("one.csv", index=False)'
        )


def plain_name(name: str) -> str:
    """The name of a column without case, underscores and double spaces, however ä is stored."""
    plain = unicodedata.normalize("NFC", str(name).translate(_ASCII))
    return " ".join(plain.casefold().replace("_", " ").split())


def read_table(path: str | os.PathLike[str]) -> Table:
    """Read a CSV file into cells of text, and find out how it is cut.

    Args:
        path: a file in UTF-8, in UTF-16 with its mark, or in Windows' western encoding, separated
            by commas, semicolons, tabs or bars.

    Returns:
        its cells under the names of its header.

    Raises:
        DataError: it is no table, has no header, or a line of it is cut off.
    """
    path = Path(os.path.expanduser(path))
    content = read_bytes(path)
    text = _decode(content, path.name)
    _refuse_messages(text, path.name)
    lines = text.split("\n", 1)
    told = _SEPARATOR_LINE.fullmatch(lines[0])
    if told:
        text = "\n" + "".join(lines[1:])
    separator = told[1] if told else max(SEPARATORS, key=lambda mark: _fit(text, mark))
    rows = _cut(text, separator, path.name)
    header, names, shares, rows = _header(rows, separator, path.name)
    cells = pd.DataFrame(list(rows.values()), list(rows), names, dtype=object)
    return Table(path.name, sha256(content), separator, _with_own_names(cells), header, shares)


def _decode(content: bytes, file: str) -> str:
    for start, what in _BINARY.items():
        if content.startswith(start):
            raise DataError(f"{file} is not CSV but {what}")
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        text = io.StringIO(text.rstrip("\x1a"), newline=None).read().translate(_ASCII | _UNSEEN)
        if "\0" in text or (encoding == "cp1252" and _OTHER_SCRIPT.search(text)):
            break
        return unicodedata.normalize("NFC", text)
    raise DataError(f"{file} is not text in UTF-8 or a western encoding: save it as CSV in UTF-8")


def _refuse_messages(text: str, file: str) -> None:
    """Refuse what a server sends in place of a table, and show what it says."""
    start = text.lstrip()
    if start[:1] == "<" and not re.match(r"<\w+>[,;\t|]", start):  # Stooq's columns are <DATE>
        words = shown(re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", start[:20_000]), 100)
        said = f", and says '{words}'" if words else ""
        raise DataError(
            f"{file} is a web page (HTML) or XML, not CSV{said}: download the CSV file itself"
        )
    if start[:1] in ("{", "["):
        raise DataError(
            f"{file} is JSON, not CSV: '{shown(start, 200)}'. If that is a server's message, do "
            "what it says; if it is data, ask the server for CSV"
        )


def _fit(text: str, separator: str) -> tuple[int, int]:
    """How many cells are dates or numbers, and how many rows are alike, with this separator."""
    rows = _first_rows(text, separator)
    width = _width(rows)
    alike = [row for row in rows if len(row) == width > 1]
    return sum(_clean(cell) for row in alike for cell in row), len(alike)


def _first_rows(text: str, separator: str) -> list[list[str]]:
    rows = []
    with suppress(csv.Error):  # it is named when all is cut
        for row in islice(csv.reader(io.StringIO(text[:200_000]), delimiter=separator), _LOOKED_AT):
            rows.append(row)
    return [row for row in rows if any(map(str.strip, row))]


def _width(rows: list[list[str]]) -> int:
    """The most common number of cells in a row."""
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def _clean(cell: str) -> bool:
    cell = cell.strip()
    return len(cell) < 40 and (bool(date_form(cell)) or is_number(cell))


def _cut(text: str, separator: str, file: str) -> dict[int, list[str]]:
    """Cut a text into rows, by line; blank lines and drawn ones are left out.

    `csv` does this, because `pandas.read_csv` fills up a row that is cut off, without a word.
    """
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    filled = ((reader.line_num, row) for row in reader if any(cell.strip(" +-=:_") for cell in row))
    try:
        rows = dict(islice(filled, _MAX_ROWS + 1))
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.line_num}: not CSV ({error}): repair it") from None
    if len(rows) > _MAX_ROWS:
        raise DataError(f"{file} has more than {_MAX_ROWS:,} rows: keep the part that you need")
    for line, row in rows.items():
        if len(row) > _MAX_COLUMNS:
            raise DataError(
                f"{file}, line {line}: {len(row):,} cells are more than {_MAX_COLUMNS:,}: keep the "
                "columns that you need"
            )
    return {line: [cell.strip() for cell in row] for line, row in rows.items()}


def _header(
    rows: dict[int, list[str]], separator: str, file: str
) -> tuple[int, list[str], tuple[str, ...], dict[int, list[str]]]:
    """Find the header's line, the names of columns and of shares, and the rows below, by line."""
    lines, cut = list(rows), list(rows.values())
    first = _first_row(cut)
    if first >= len(cut) or len(cut[first]) < 2 or not any(map(_clean, cut[first])):
        if _width(cut) == 1 and is_number(cut[-1][0]):
            raise DataError(
                f"{file} has one column of numbers: add one with their dates, such as 2017-01-31"
            )
        text = shown(" ".join(map(separator.join, cut)), 200)
        says = f"it says '{text}'" if cut else "it is empty"
        raise DataError(
            f"{file} has no rows below a header, {says}: download it again, or save it as CSV with "
            "commas between the cells"
        )
    above = dict(zip(lines[: first + 4], cut, strict=False))  # and what a date of issue hides
    _refuse_dates_side_by_side(above, separator, file)
    header = first - 1
    names, shares = (cut[header], ()) if first else ([], ())
    if first > 1 and len(cut[first - 2]) == len(names) > 1:
        if names[0] and not any(names[1:]):
            names, shares = _names_of_levels(cut[max(0, first - 3) : first - 1], names[0])
        elif _are_units(names, cut[first - 2]):
            header = first - 2
            names = cut[header]
    if len(names) == 1 < len(cut[first]) or not names:
        raise DataError(
            f"{file}, line {lines[first]}: '{shown(separator.join(cut[first]), 60)}' is the first "
            f"row, and no header is above it: add a line with the names of its {len(cut[first])} "
            f"columns, such as {shown(separator.join(USUAL), 60)}, separated as the rows are"
        )
    body = dict(zip(lines[first:], cut[first:], strict=True))
    _check_widths(body, names, separator, file)
    names = [shown(name.strip("#<>* "), 200) for name in names]
    body = {line: row[: len(names)] for line, row in body.items()}
    return lines[header], names, shares, body


def _refuse_dates_side_by_side(rows: dict[int, list[str]], separator: str, file: str) -> None:
    aside = {line: dates for line, row in rows.items() if (dates := _side_by_side(row))}
    forms = [date_form(dates[0]) for dates in aside.values()]
    if not forms or forms.count(forms[0]) > 1:  # no header, but rows of several dates each
        return
    line, dates = next(iter(aside.items()))
    first, last = (rows[line].index(cell) for cell in (dates[0], dates[-1]))
    way = 't.T.to_csv("turned.csv")'
    if not date_form(dates[0]):
        way = (
            't = t.stack(); t.index = [f"{day} {part}" for day, part in t.index]; '
            't.to_csv("turned.csv", header=["value"])'
        )
    raise DataError(
        f"{file}, line {line}: the dates stand side by side, {dates[0]} to {dates[-1]}: give each "
        f'a row, for example with t = pd.read_csv("{file}"{_told(separator, line)}, index_col=0)'
        f".iloc[:, {first - 1}:{last}]; {way}"
    )


def _side_by_side(row: list[str]) -> list[str]:
    """The dates in a header, or months, quarters or hours; none in a row that begins with one."""
    dates = [cell for cell in row if date_form(cell)]
    forms, up = {date_form(cell) for cell in dates}, sorted({*dates})
    once = len(dates) == len(up) and len(forms) == 1
    ordered = dates in (up, up[::-1]) or not forms <= {*WHOLE_NUMBERS}
    most = 2 * len(dates) >= len(row) - row.count("")
    if once and ordered and most and len(dates) > 2 and not date_form(row[0]):
        return dates
    parts = [part for part in map(_PART_OF_DATE.fullmatch, row[1:]) if part]
    months = [MONTHS[part["name"].casefold()] for part in parts if part["name"]]
    steps = {(after - before) % 12 for before, after in pairwise(months)}
    regular = len(steps) < 2 and 0 not in steps  # Energy, Market and Output are no months
    return [part[0] for part in parts] if len(parts) > 3 and regular else []


def _told(separator: str, header: int) -> str:
    """What tells `pd.read_csv` the separator and the line of the header."""
    mark = "" if separator == "," else f", sep={separator!r}"
    return mark + (f", skiprows={header - 1}" if header > 1 else "")


def _are_units(row: list[str], above: list[str]) -> bool:
    """Whether a row is a line of units below the header, such as UTC and °C, or 20d and 14n."""
    named, dated = ({*map(plain_name, filter(None, each))} & {*DATE_NAMES} for each in (row, above))
    units = bool(dated) and not named and not any(map(_clean, above))
    return all(above) and (not row[0] or (units and all(map(_UNIT.fullmatch, row))))


def _first_row(rows: list[list[str]]) -> int:
    """The place of the first row below the header: the first with a date where most have one.

    Rows right above it with a date there, or with numbers alone, belong to it: words beside the
    one and a wrong date beside the other are said later.
    """
    dated = [_dates(row) for row in rows[:_LOOKED_AT]]
    usual = Counter(place for row in dated for place in row).most_common(1)
    first = next((place for place, row in enumerate(dated) if row and usual[0][0] in row), None)
    if first is None:  # no row looks like data: the first one that is as wide as most is the header
        width = _width(rows[:_LOOKED_AT])
        return 1 + next((place for place, row in enumerate(rows) if len(row) == width), 0)
    place = usual[0][0]
    while first > 1 and (
        any(map(date_form, rows[first - 1][place : place + 1])) or _has_numbers(rows[first - 1])
    ):
        first -= 1
    return first


def _has_numbers(row: list[str]) -> bool:
    filled = [cell for cell in row[1:] if cell]
    return bool(filled) and all(map(is_number, filled))


def _dates(row: list[str]) -> list[int]:
    """The places of dates in a row, if dates and numbers are at least half of what is in it."""
    filled = [cell for cell in row if cell]
    clean = [cell for cell in filled if _clean(cell) or cell.casefold() in MISSING]
    whole = len(row) > 1 and 2 * len(clean) >= len(filled)
    return [place for place, cell in enumerate(row) if date_form(cell)] if whole else []


def _names_of_levels(levels: list[list[str]], date: str) -> tuple[list[str], tuple[str, ...]]:
    """Take the header that pandas writes for two levels: what, then of which share."""
    top, below = levels[0], levels[-1]
    if top[0].casefold() == "ticker":
        top, below = below, top
    shares = tuple(dict.fromkeys(below[1:])) if len(levels) > 1 else ()
    if len(shares) > 1:
        return [date, *map(" ".join, zip(top[1:], below[1:], strict=True))], shares
    return [date, *top[1:]], shares


def _check_widths(body: dict[int, list[str]], names: list[str], separator: str, file: str) -> None:
    """Refuse a row of another length than the header; empty cells at its end do no harm."""
    for line, row in body.items():
        if len(row) < len(names) or any(row[len(names) :]):
            comma = ", for instance a decimal comma" if separator == "," else ""
            name = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}.get(separator, "mark")
            raise DataError(
                f"{file}, line {line}: {len(row)} cell{'s' * (len(row) > 1)} under a header of "
                f"{len(names)}: the line is cut off or not part of the table, or a cell holds a "
                f"{name} without quotes{comma}. Repair or delete it, or save the file again"
            )


def _with_own_names(cells: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns without name and content, and number those of one name, as pandas does."""
    cells = cells.loc[:, [bool(name) or (column != "").any() for name, column in cells.items()]]
    times = cells.columns.to_series().groupby(level=0).cumcount()
    return cells.set_axis(cells.columns + times.map(lambda n: f".{n}" if n else ""), axis=1)
