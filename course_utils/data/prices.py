"""The daily prices of a share: the full data, or the embedded default."""

import re
from fractions import Fraction

from course_utils.data.full_data import full_data
from course_utils.data.price_table import COLUMNS, read_with_slips, with_attrs
from course_utils.data.registry import did_you_mean, known_file, price_file_name, tickers
from course_utils.files import DataError, sha256, shown

import numpy as np
import pandas as pd
from numpy.typing import NDArray

IS_FILE = re.compile(r"[/\\]|\.(csv|tsv|txt|dat|xlsx?|json|parquet|zip|gz)$", re.I)
"""what tells a file from a ticker such as SAP.DE"""
EMBEDDED_TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


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
        calendar year that it covers in full, or None), `missing` (such as
        "2017-07-31: Open, Low") and `slips` (known errors of the file, left out by name).

    Raises:
        TypeError: the ticker is not a string.
        DataError: the ticker is unknown or not available here, or its file is damaged.
    """
    ticker = _known_ticker(ticker)
    file = price_file_name(ticker)
    downloadable = ticker in tickers()
    paths, reason = full_data([file]) if downloadable else ([], "the full data does not have it")
    if paths:
        prices = read_with_slips(paths[0], known_file(file).slips)
        prices.attrs.update(ticker=ticker, source="full")
        slips = "".join(f"; left out is {slip}" for slip in prices.attrs["slips"])
        print(f"{ticker}: {span(prices)}, from {file} (checksum verified){slips}")
        return prices
    if ticker not in EMBEDDED_TICKERS:
        raise DataError(
            f"{ticker} is not here, because {reason}. Download it with: course data get {ticker}, "
            f"or put {file} into a folder and name that folder in COURSE_DATA_DIR. Embedded, and "
            f"so always here: {', '.join(EMBEDDED_TICKERS)}"
        )
    prices = _embedded_prices(ticker)
    more = f"; the full data comes with: course data get {ticker}" if downloadable else ""
    print(f"{ticker}: embedded sample of {span(prices)}, because {reason}{more}")
    return prices


def _known_ticker(ticker: str) -> str:
    if not isinstance(ticker, str):
        raise TypeError(f"a ticker is a string such as 'IBM', not {type(ticker).__name__}")
    name = ticker.strip().upper()
    known = sorted({*tickers(), *EMBEDDED_TICKERS})
    if name not in known and IS_FILE.search(name):
        file = shown(ticker, 60)
        raise DataError(
            f"{file!r} is a file, and load_prices takes a ticker such as IBM: use "
            f"read_prices({file!r}) for daily prices of a share, else read_series({file!r})"
        )
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
    digest = sha256(dates.asi8.tobytes() + prices.to_numpy().tobytes())
    file = f"bokeh_sampledata.stocks.{ticker}"
    return with_attrs(prices, ticker=ticker, source="embedded", file=file, sha256=digest)


def _split_scale(adjusted_over_raw: NDArray) -> NDArray:
    """Tell how many of the newest shares one share of each day has become.

    The ratio of adjusted to raw close steps up by a few per cent at most on a dividend. A step
    of more than 20% is a split: 2 for a 2-for-1 split, 0.1 for a 1-for-10 reverse split.
    """
    steps = adjusted_over_raw[1:] / adjusted_over_raw[:-1]
    splits = [_simple_ratio(step) if abs(step - 1) > 0.2 else 1.0 for step in steps]
    return np.append(np.cumprod(splits[::-1])[::-1], 1.0)


def _simple_ratio(step: float) -> float:
    ratio = Fraction(max(step, 1 / step)).limit_denominator(5)  # 2, 7, 3/2, 5/4 ...
    return float(ratio if step > 1 else 1 / ratio)


def span(prices: pd.DataFrame) -> str:
    """How many days a price table has, and from when to when."""
    return f"{len(prices):,} days, {prices.index[0]:%Y-%m-%d} to {prices.index[-1]:%Y-%m-%d}"
