"""The daily prices of a share: the full data, or the embedded default."""

import hashlib
from fractions import Fraction
from pathlib import Path

from course_utils.data.download import _files_or_reason, problem
from course_utils.data.price_table import COLUMNS, read_prices, with_attrs
from course_utils.data.registry import (
    did_you_mean,
    find_file,
    is_set,
    price_file_name,
    tickers,
)
from course_utils.files import DataError

import numpy as np
import pandas as pd
from numpy.typing import NDArray

EMBEDDED_TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


def full_data(ticker: str) -> tuple[Path | None, str]:
    """Decide whether `load_prices` takes a ticker's full data, without asking the network.

    Returns:
        The verified file, or None and the reason why not; no reason: it downloads first.

    Raises:
        DataError: see `find_file`.
    """
    if is_set("COURSE_EMBEDDED"):
        return None, "COURSE_EMBEDDED=1"
    if ticker not in tickers():
        return None, "the full data does not have it"
    if path := find_file(price_file_name(ticker)):
        return path, ""
    return None, "COURSE_OFFLINE=1" if is_set("COURSE_OFFLINE") else problem()


def _file_or_reason(ticker: str) -> tuple[Path | None, str]:
    """Find or download a ticker's full data: its path, or None and why there is none."""
    path, reason = full_data(ticker)
    if path or reason:
        return path, reason
    paths, reason = _files_or_reason([price_file_name(ticker)])
    return paths.get(price_file_name(ticker)), reason


def load_prices(ticker: str = "IBM") -> pd.DataFrame:
    """Load the daily prices of one share, and print one line that says which data it is.

    Looks in the folder that `COURSE_DATA_DIR` names, then in `data/`, then downloads once, then
    takes the embedded default. `COURSE_OFFLINE=1` leaves out the download, `COURSE_EMBEDDED=1`
    goes straight to the embedded default.

    Args:
        ticker: such as "IBM"; `tickers()` lists them.

    Returns:
        A price table (Date; Open, High, Low, Close in USD, Volume in shares) whose `attrs` say
        `ticker`, `source` ("full" or "embedded"), `file`, `sha256`, `test_year` (the last
        calendar year that it covers in full, or None) and `missing` (such as
        "2017-07-31: Open, Low").

    Raises:
        TypeError: the ticker is not a string.
        DataError: the ticker is unknown or cannot be had here, or its file is damaged.
    """
    ticker = _known_ticker(ticker)
    path, reason = _file_or_reason(ticker)
    if path is not None:
        prices = read_prices(path)
        prices.attrs.update(ticker=ticker, source="full")
        print(f"{ticker}: {_span(prices)}, from {path.name} (checksum verified)")
        return prices
    if ticker not in EMBEDDED_TICKERS:
        raise DataError(
            f"{ticker} is not here, because {reason}. Download it with: course data get {ticker}, "
            f"or put {price_file_name(ticker)} into a folder and name that folder in "
            f"COURSE_DATA_DIR. Embedded, and so always here: {', '.join(EMBEDDED_TICKERS)}"
        )
    prices = _embedded_prices(ticker)
    more = f"; the full data comes with: course data get {ticker}" if ticker in tickers() else ""
    print(f"{ticker}: embedded sample of {_span(prices)}, because {reason}{more}")
    return prices


def _known_ticker(ticker: str) -> str:
    if not isinstance(ticker, str):
        raise TypeError(f"a ticker is a string such as 'IBM', not {type(ticker).__name__}")
    name = ticker.strip().upper()
    known = sorted({*tickers(), *EMBEDDED_TICKERS})
    if name not in known:
        raise DataError(f"unknown ticker {name[:20]!r}{did_you_mean(name, known)}")
    return name


def _embedded_prices(ticker: str) -> pd.DataFrame:
    """Build the price table of an embedded ticker, adjusted for splits but not for dividends."""
    from bokeh_sampledata import stocks

    raw = pd.DataFrame(getattr(stocks, ticker))
    dates = pd.DatetimeIndex(raw["date"].to_numpy("datetime64[ns]"), name="Date")
    scale = _split_scale((raw["adj_close"] / raw["close"]).to_numpy())
    prices = raw[[name.lower() for name in COLUMNS]].astype(float).set_axis(dates)
    prices.columns = list(COLUMNS)
    prices = prices.div(scale, axis=0).assign(Volume=prices["Volume"] * scale)
    table_bytes = dates.asi8.tobytes() + prices.to_numpy().tobytes()
    sha256 = hashlib.sha256(table_bytes).hexdigest()
    return with_attrs(prices, ticker, "embedded", f"bokeh_sampledata.stocks.{ticker}", sha256)


def _split_scale(adjusted_over_raw: NDArray) -> NDArray:
    """Tell how many of the newest shares one share of each day has become.

    The ratio of adjusted to raw close steps up by a few per cent at most on a dividend. A step
    of more than 20 % is a split: 2 for a 2-for-1 split, 0.1 for a 1-for-10 reverse split.
    """
    steps = adjusted_over_raw[1:] / adjusted_over_raw[:-1]
    splits = [_simple_ratio(step) if abs(step - 1) > 0.2 else 1.0 for step in steps]
    return np.append(np.cumprod(splits[::-1])[::-1], 1.0)


def _simple_ratio(step: float) -> float:
    ratio = Fraction(max(step, 1 / step)).limit_denominator(5)  # 2, 7, 3/2, 5/4 ...
    return float(ratio if step > 1 else 1 / ratio)


def _span(prices: pd.DataFrame) -> str:
    return f"{len(prices):,} days, {prices.index[0]:%Y-%m-%d} to {prices.index[-1]:%Y-%m-%d}"
