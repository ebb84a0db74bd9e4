"""Numbers as people and programs write them: 1,234.5 and 1.234,5, $154.04, 2.69M, n/a."""

import re

from course_utils.files import DataError, shown

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MISSING = (
    *("", "null", "nan", "na", "n/a", "#n/a", "<na>", "none", "nat", "#div/0!"),
    *("#n/a n/a", "#nv", "#n/d", "\\n", "unavailable", "unknown"),
    *("-", "--", ".", "..", "...", "…", ":", "?"),
)
MULTIPLES = {"": 1.0, "%": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_CURRENCY = r"(?:[$€£¥₹]|usd|eur|gbp|chf)"
_PLAIN = re.compile(r"[0-9.+-]*")
_AROUND = re.compile(rf"^([+-]?)\s*{_CURRENCY}\s*|(?<!T)\s*{_CURRENCY}$", re.I)  # T€: thousands
_SPACE = re.compile(r"(?<=[0-9])[ '’](?=[0-9]{3}(?![0-9]))")  # 1 234 567, 1'234'567
_UNIT = r"((?:[^\W\d_]|[$€£¥₹°/.\s])*)"
_BEFORE = r"((?:[^\W\d_]{1,3}[.\s]\s?|R?[$€£¥₹]\s?)?)"
_WITH_UNIT = rf"{_BEFORE}([+-]?[.,]?[0-9](?:.*[0-9])?){_UNIT}"
_SCALE = re.compile(
    r"\s*([kmbt]|mn|bn|mio|mln|mrd|mil|tsd|thousand|tausend|cr|crore|lac|lakh|[百千万億]+"
    rf"|(m|b|tr)il\w*(on|ón|ard|ão|õ)\w*)\.?\s*{_CURRENCY}?(\s.*)?",
    re.I,
)
_FLAG = re.compile(r"(?<=[0-9:]) (?!(b|bn|cr)$)[bcdefnprsuz]{1,3}$")
"""Eurostat's; 2 b and 2 bn may be billions, 2 cr ten millions"""
_WRITTEN = (
    r"[+-]?(?=POINT?[0-9])(?:[1-9][0-9]{0,2}(?:GROUP[0-9]{2,3})*GROUP[0-9]{3}|[0-9]*)"
    r"(?:POINT[0-9]*)?(?:[eE][+-]?[0-9]+)?(?:\s*%|[kKMBT])?"
)
STYLES = {
    ".": _WRITTEN.replace("POINT", r"\.").replace("GROUP", ","),
    ",": _WRITTEN.replace("POINT", ",").replace("GROUP", r"\."),
}
"""patterns of a number, by its decimal mark"""
_ANY = re.compile("|".join(STYLES.values()), re.ASCII)


def is_number(cell: str) -> bool:
    """Whether a cell is a number in any of the ways of writing one."""
    return bool(_ANY.fullmatch(_bare(cell)))


def parse_numbers(
    cells: pd.DataFrame, file: str, separator: str = ",", decimal: str | None = None
) -> pd.DataFrame:
    """Read the columns of a table as numbers.

    Args:
        cells: text, indexed by the lines of the file.
        file: its name, for messages.
        separator: what the cells were separated by.
        decimal: the decimal mark, "." or ","; None finds it.

    Returns:
        floats in the same places; empty cells and marks such as "n/a" are missing.

    Raises:
        DataError: a cell is not a number, or the decimal mark is not clear.
    """
    alone = [without_unit(cells.iloc[:, place]) for place in range(cells.shape[1])]
    written = pd.Series(np.stack(alone, axis=1).ravel(), dtype=object).map(_bare)
    missing = written.str.casefold().isin(MISSING)
    values = {mark: _values(written, mark) for mark in STYLES if decimal in (None, mark)}
    if not values:
        raise ValueError(f'decimal is "." or ",", not {decimal!r}.')
    mark = _decimal_mark(values, written, missing, file, separator)
    numbers = values[mark].reshape(cells.shape)
    bad = ~np.isfinite(numbers) & ~missing.to_numpy().reshape(cells.shape)
    percent = written.str.endswith("%").to_numpy(bool).reshape(cells.shape)
    bare = percent.any(axis=0) & ~percent & (np.abs(numbers) > 0)  # 0.5 beside 50%
    if (bad | bare).any():
        row, column = divmod(int((bad | bare).argmax()), cells.shape[1])
        wanted = "a number such as 123.45" if bad[row, column] else "a percentage as in other lines"
        raise DataError(
            f"{file}, line {cells.index[row]}: {cells.columns[column]} is "
            f"'{shown(cells.iat[row, column], 40)}', but must be {wanted}: correct it, or empty it "
            "if it is missing"
        )
    return pd.DataFrame(numbers, cells.index, cells.columns)


def without_unit(column: pd.Series) -> pd.Series:
    """Take away the unit that all numbers of a column have, such as °C, or the flags that some do.

    Not what makes them larger, as Mio does, nor what only may: 5 m are metres or millions.
    """
    if column.iloc[:50].map(is_number).any():
        pence = column.str.contains("£").any()
        return column if pence else column.str.replace(_FLAG, "", regex=True)
    filled = column[~column.str.casefold().isin(MISSING)]
    parts = filled.str.extract(f"^{_WITH_UNIT}$")
    alike = parts.notna().all(axis=None) and len(parts[[0, 2]].drop_duplicates()) == 1
    if not alike or _SCALE.fullmatch(parts[2].iloc[0]):
        return column
    return column.mask(column.index.isin(parts.index), parts[1])


def _bare(cell: str) -> str:
    """Take away signs of currencies, and spaces and apostrophes between thousands."""
    bare = cell.strip()
    return bare if _PLAIN.fullmatch(bare) else _SPACE.sub("", _AROUND.sub(r"\1", bare))


def _values(written: pd.Series, mark: str) -> NDArray[np.float64]:
    """Read numbers with one decimal mark; those that do not fit are missing."""
    other = "," if mark == "." else "."
    fitting = written.where(written.str.fullmatch(STYLES[mark], flags=re.ASCII), "nan")
    number = fitting.str.replace(other, "", regex=False).str.replace(mark, ".", regex=False)
    unit = number.where(number != "nan", "").str.extract(r"([%kKMBT]?)$", expand=False)
    plain = number.str.replace(r"\s*[%kKMBT]$", "", regex=True)
    return plain.to_numpy(dtype=float) * unit.map(MULTIPLES).to_numpy(dtype=float)


def _decimal_mark(
    values: dict[str, NDArray], written: pd.Series, missing: pd.Series, file: str, separator: str
) -> str:
    """Find the decimal mark that fits most cells, or say that both fit and differ."""
    fits = {mark: int((~np.isnan(found)).sum()) for mark, found in values.items()}
    if len(fits) == 1 or fits["."] != fits[","]:
        return max(fits, key=fits.__getitem__)
    both = ~np.isnan(values["."]) & ~np.isnan(values[","])
    differ = both & (values["."] != values[","])
    if not differ.any() or (separator == "," and not written[~missing].str.contains(",").any()):
        return "."
    cell = written[differ].iloc[0]
    point, comma = (values[mark][differ.argmax()] for mark in ".,")
    raise DataError(
        f"{file}: {shown(cell, 20)} may be {point:,} or {comma:,}, and no other cell decides: say "
        'which mark is the decimal one, decimal="." or decimal=","'
    )
