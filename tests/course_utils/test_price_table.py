"""What reading a price table promises: data, or one sentence on what is wrong and where."""

import hashlib
import re
import tempfile
from pathlib import Path

from course_utils.data.price_table import COLUMNS, read_prices
from course_utils.files import DataError

import pandas as pd
import pytest
from helpers import TABLE, check_is_price_table
from hypothesis import given, settings
from hypothesis import strategies as st


def test_a_file_of_your_own_is_read(csv_file, capsys, monkeypatch):
    path = csv_file(TABLE, "acme.csv")
    prices = read_prices(path)
    check_is_price_table(prices)
    assert prices.loc["2017-01-04"].tolist() == [167.77, 169.87, 167.36, 169.26, 3382395]
    assert prices.attrs == {
        "ticker": "acme",
        "source": "own",
        "file": "acme.csv",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "test_year": None,
        "missing": [],
        "slips": [],
    }
    assert capsys.readouterr().out == ""
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(path.parent))
    pd.testing.assert_frame_equal(read_prices("~/acme.csv"), prices)


def test_vol_next_to_volume_is_a_column_to_ignore(csv_file):
    prices = read_prices(csv_file(TABLE.replace("Name", "Vol")))
    assert prices["Volume"].iloc[0] == 2957155


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + TABLE,
        TABLE.replace("\n", "\r\n"),
        TABLE.replace("\n", "\n\n") + ",,,,,,\n",
        TABLE.replace("Date,Open,High", " date ,OPEN, high"),
        TABLE.replace("2017-01-04", "2017-01-04T16:00:00Z"),
        TABLE.replace("2017-01-04", "2017-01-04 00:00:00+09:00"),
        TABLE.replace("2017-01-04", "20170104"),
        TABLE.replace("167.77", '" 167.77 "'),
        TABLE.replace("IBM", '"a cell of\ntwo lines"'),
        TABLE.removesuffix("\n"),
    ],
)
def test_harmless_spellings_give_the_same_table(text, csv_file):
    plain = read_prices(csv_file(TABLE))
    assert read_prices(csv_file(text)).to_dict() == plain.to_dict()


def test_a_high_below_the_open_and_a_day_without_trade_are_real_data_and_stay(csv_file):
    text = TABLE.replace("166.44,166.7", "166.74,166.7").replace("2935248", "0")
    prices = read_prices(csv_file(text))
    assert prices["High"].iloc[0] < prices["Open"].iloc[0]
    assert prices["Volume"].iloc[1] == 0


def test_empty_cells_and_markers_of_missing_values_are_listed(csv_file):
    prices = read_prices(csv_file(TABLE.replace("169.25,169.39,167.26,168.7", ",169.39, ,N/A")))
    assert prices.attrs["missing"] == ["2017-01-05: Open, Low, Close"]


FIRST, SECOND = "166.44,166.7,165.5,165.99", "167.0,167.87,166.01,167.19"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"166.01": "61.76"}, ""),  # just below e
        ({"166.01": "61.75"}, "e times another on 2017-01-03: if it is wrong"),
        ({"165.5": "1", "166.01": "0.01"}, "e times another on 2016-12-30, 2017-01-03: if"),
        ({"167.19": "1671.9"}, "e times another on 2017-01-03: if"),
        ({"167.87": "165.87"}, "the High is below the Low on 2017-01-03: correct them"),
        ({SECOND: FIRST}, "the prices are those of the row before on 2017-01-03: if nothing"),
    ],
)
def test_a_day_whose_prices_cannot_be_right_is_named_and_kept(changes, named, csv_file, capsys):
    text = TABLE
    for price, other in changes.items():
        text = text.replace(price, other)
    assert len(read_prices(csv_file(text))) == len(read_prices(csv_file(TABLE)))
    printed = capsys.readouterr().out
    assert named in printed
    assert bool(printed) == bool(named)


WORKDAYS = list(pd.bdate_range("2015-01-02", "2016-12-23").strftime("%Y-%m-%d"))
IN_2015 = [day for day in WORKDAYS if "2015-01-08" <= day <= "2015-12-24"]


@pytest.mark.parametrize(
    ("days", "year"),
    [
        (WORKDAYS, 2015),
        (IN_2015, 2015),
        (IN_2015[1:], None),
        (IN_2015[:-1], None),
        (IN_2015[:150] + IN_2015[-50:], 2015),
        (IN_2015[:150] + IN_2015[-49:], None),
        ([f"2015-{month:02}-01" for month in range(1, 13)] + ["2015-12-31"], None),
        (["2014-12-31", "2015-01-02"], None),
    ],
    ids=["two", "least", "late", "early", "200", "199", "monthly", "none"],
)
def test_the_test_year_is_the_last_one_covered_in_full(days, year, csv_file):
    rows = "".join(f"{day},1,1,1,1,1\n" for day in days)
    prices = read_prices(csv_file("Date,Open,High,Low,Close,Volume\n" + rows))
    assert prices.attrs["test_year"] == year


def replaced(old, new):
    return TABLE.replace(old, new, 1)


ROWS = TABLE.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "own.csv has no rows below a header"),
        (ROWS[0], "own.csv has no rows below a header"),
        ("<!DOCTYPE html><html><body>Too many requests</body></html>", r"a web page \(HTML\)"),
        ("\n<p>Too many</p>\n<p>requests</p>\n", "and says 'Too many requests'"),
        (replaced("167.77", "16_7.77"), "line 4: Open is '16_7.77', .* a number such as"),
        (b"PK\x03\x04\x00\x00", "an Excel workbook"),
        (replaced("Low,", "Lowest,"), "no column Low, it has Date, Open, High, Lowest, Close"),
        (replaced("Date", "When"), "no column Date"),
        (replaced("Name", " open "), "2 columns named Open"),
        (replaced("167.77", "n.a."), "line 4: Open is 'n.a.', .* a number such as"),
        (replaced("3382395", "3,382,395"), "line 4: 9 cells under a header of 7"),
        (TABLE[:-30], "line 5: 3 cells under a header of 7"),
        (replaced("167.87", "0"), "line 3: High is '0', but must be above 0: .* read_series"),
        (replaced("167.87", "inf"), "line 3: High is 'inf'"),
        (replaced("2935248", "-1"), "line 3: Volume is '-1', .*0 or more"),
        (replaced("2017-01-04", "04/01/2017"), "line 4: Date is '04/01/2017', .* as YYYY-MM-DD"),
        (replaced("2017-01-04", "2017-02-30"), "line 4: Date is '2017-02-30'"),
        (replaced("2017-01-04", "2017-0104"), "line 4: Date is '2017-0104'"),
        (replaced("2017-01-04", "2017-01-04 at 4"), "line 4: Date is '2017-01-04 at 4'"),
        (replaced("2017-01-04", "٢٠١٧-٠١-٠٤"), "line 4: Date is '٢٠١٧-٠١-٠٤'"),
        (replaced("2017-01-04", ""), "line 4: Date is ''"),
        (replaced("2017-01-04", "0001-01-01"), "line 4: Date is '0001-01-01'"),
        (replaced("2017-01-04", "2017-01-03"), "4: 2017-01-03 has 2 rows, the first in line 3"),
        (ROWS[0] + "\n" + ROWS[2] + ROWS[1] + ROWS[3], "line 4: .*sort oldest first"),
        (TABLE.replace("IBM", '"a\nb"').replace("167.77", "x"), "line 7: Open is 'x'"),
        (ROWS[0] + ROWS[1] + '"' + "x" * 200_000, "line 3: not CSV"),
    ],
)
def test_a_broken_file_is_refused_with_the_place_and_left_alone(content, message, csv_file):
    path = csv_file(content)
    before = path.read_bytes()
    with pytest.raises(DataError, match=message):
        read_prices(path)
    assert path.read_bytes() == before


# -------------------------------------------------------------- as the usual sources write them

DAYS = "Date,Close,High,Low,Open,Volume"
TWO = [[167.0, 167.87, 166.01, 167.19, 2934300.0], [167.77, 169.87, 167.36, 169.26, 3381432.0]]
ROWS_OF_TWO = "{},167.0,167.87,166.01,167.19,2934300\n{},167.77,169.87,167.36,169.26,3381432\n"
OHLCV = "Date,Open,High,Low,Close,Volume\n"
CLOSE_FIRST = "{},167.19,167.87,166.01,167.0,2934300\n{},169.26,169.87,167.36,167.77,3381432\n"
JAN = ("2017-01-03", "2017-01-04")
GERMAN = (
    "{};167,0;167,87;166,01;167,19;2.934.300\n{};167,77;169,87;167,36;169,26;3.381.432\n"
).format("03.01.2017", "04.01.2017")
US = (
    '"{}","167.19","167.0","167.87","166.01","2.9343M","0.59%"\n'
    '"{}","169.26","167.77","169.87","167.36","3.381432M","-0.4%"\n'
)


@pytest.mark.parametrize(
    "text",
    [
        f"Price,{DAYS[5:]}\nTicker,A,A,A,A,A\nDate,,,,,\n" + CLOSE_FIRST.format(*JAN),
        f"{DAYS}\nTicker,A,A,A,A,A\nDate,,,,,\n" + CLOSE_FIRST.format(*JAN),
        f"Ticker,A,A,A,A,A\nPrice{OHLCV[4:]}Date,,,,,\n" + ROWS_OF_TWO.format(*JAN),
        "sep=,\n" + OHLCV + ROWS_OF_TWO.format(*JAN),
        "sep=;\n" + (OHLCV + ROWS_OF_TWO.format(*JAN)).replace(",", ";"),
        (OHLCV + ROWS_OF_TWO.format(*JAN)).replace(",", ";"),
        (OHLCV + ROWS_OF_TWO.format(*JAN)).replace(",", "\t"),
        (OHLCV + ROWS_OF_TWO.format(*JAN)).replace("\n", ",\n"),
        OHLCV.replace("Close", "Close*") + ROWS_OF_TWO.format(*JAN) + "\x1a",
        OHLCV.replace("Date", "") + ROWS_OF_TWO.format(*JAN),
        "https://www.example.com/ibm\n" + OHLCV + ROWS_OF_TWO.format(*JAN),
        "Share,A,,,,\nStart,2017-01-03,,,,\n\n" + OHLCV + ROWS_OF_TWO.format(*JAN),
        "Prices, without warranty.\n\nSource: us\n" + OHLCV + ROWS_OF_TWO.format(*JAN),
        OHLCV + ROWS_OF_TWO.format("2017-01-03 14:30:00+00:00", "2017-01-04 14:30:00+00:00"),
        OHLCV + ROWS_OF_TWO.format("1483453800", "1483540200"),
        OHLCV + ROWS_OF_TWO.format("1483453800000", "1483540200000"),
        OHLCV + ROWS_OF_TWO.format('"Jan 3, 2017"', '"Jan 4, 2017"'),
        OHLCV + ROWS_OF_TWO.format("03-Jan-17", "04-Jan-17"),
        OHLCV + ROWS_OF_TWO.format("2017/01/03", "2017/01/04"),
        "Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke\n" + GERMAN,
        "Datum;Eröffnung;Hoch;Tief;Schluss;Volumen\n" + GERMAN,
        ("Datum;Eröffnung;Hoch;Tief;Schluss;Volumen\n" + GERMAN).encode("cp1252"),
        ("Datum;Eröffnung;Hoch;Tief;Schluss;Volumen\n" + GERMAN).encode("utf-16"),
        '\ufeff"Date","Price","Open","High","Low","Vol.","Change %"\n'
        + US.format("03.01.2017", "04.01.2017"),
        "timestamp,open,high,low,close,volume\n" + ROWS_OF_TWO.format(*JAN),
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\n"
        + ROWS_OF_TWO.format("IBM.US,D,20170103,000000", "IBM.US,D,20170104,000000"),
        "open_time,Open,High,Low,Close,Volume\n" + ROWS_OF_TWO.format(1483401600000, 1483488000000),
        "Date,Close/Last,Volume,Open,High,Low\n"
        "2017-01-04,$169.26,3381432,$167.77,$169.87,$167.36\n"
        "2017-01-03,$167.19,2934300,$167.00,$167.87,$166.01\n",
        'Date,Open,High,Low,Close,Volume\n2017-01-03,"$167.00",167.87,166.01,167.19,"2,934,300"\n'
        '2017-01-04,167.77,169.87,167.36,169.26,"3,381,432"\n',
    ],
)
def test_what_usual_sources_write_gives_the_same_prices(text, csv_file):
    prices = read_prices(csv_file(text))
    assert prices.to_numpy().tolist() == TWO
    assert [str(day.date()) for day in prices.index] == [*JAN]


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Europe/London", "Asia/Kolkata", "Australia/Sydney", "America/Lima"]
)
def test_midnight_elsewhere_written_in_utc_is_the_day_there(zone, csv_file):
    days = pd.bdate_range("2017-03-13", periods=20)
    stamps = days.tz_localize(zone).tz_convert("UTC").strftime("%Y-%m-%d %H:%M:%S+00:00")
    prices = read_prices(csv_file(OHLCV + "".join(f"{stamp},1,1,1,1,1\n" for stamp in stamps)))
    assert prices.index.equals(pd.DatetimeIndex(days, name="Date"))


def test_an_hour_late_in_the_day_that_changes_is_no_midnight(csv_file):
    days = pd.bdate_range("2017-03-06", periods=10)
    late = [f"{day:%Y-%m-%d} {22 + (day.day < 13)}:00" for day in days]  # while clocks differ
    prices = read_prices(csv_file(OHLCV + "".join(f"{time},1,1,1,1,1\n" for time in late)))
    assert prices.index.equals(pd.DatetimeIndex(days, name="Date"))


def test_volume_may_be_missing(csv_file):
    prices = read_prices(csv_file("Date,Open,High,Low,Close\n2017-01-03,1,2,1,\n"))
    assert [*prices] == ["Open", "High", "Low", "Close"]
    assert prices.attrs["missing"] == ["2017-01-03: Close"]


def test_day_and_month_are_told_apart_by_the_file_or_by_you(csv_file):
    path = csv_file(OHLCV + ROWS_OF_TWO.format("03/01/2017", "04/01/2017"))
    with pytest.raises(DataError, match=r"line 2: .* 3 January 2017 or 1 March 2017, .*day_first="):
        read_prices(path)
    assert str(read_prices(path, day_first=True).index[0].date()) == "2017-01-03"
    assert str(read_prices(path, day_first=False).index[0].date()) == "2017-03-01"
    for clear in (("30/12/2016", "03/01/2017"), ("12/30/2016", "01/03/2017")):
        prices = read_prices(csv_file(OHLCV + ROWS_OF_TWO.format(*clear)))
        assert str(prices.index[1].date()) == "2017-01-03"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("92.7,94,92,93.7,7", "from 645.6 to 92.7, as after a split of 7 to 1. .* divide the"),
        (",94,92,93.7,7", "from 645.6 to 93.7, as after a split of 7 to 1. .* before by 7"),
        ("6420,6500,6400,6455,1", "to 6420, as after a split of 1 to 10. .* multiply .* by 10"),
        ("500,520,490,510,1", "^$"),
    ],
)
def test_a_split_left_in_is_named(row, said, csv_file, capsys):
    read_prices(csv_file(OHLCV + f"2014-06-06,650,651,644,645.6,1\n2014-06-09,{row}\n"))
    assert re.search(said, capsys.readouterr().out)


def test_bars_of_a_week_are_read_and_named(csv_file, capsys):
    weeks = "".join(f"2017-01-{day:02},1,1,1,1,1\n" for day in (2, 9, 16, 23))
    assert len(read_prices(csv_file(OHLCV + weeks))) == 4
    assert "the rows are 7 days apart" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": {"Information": "25 requests a day"}}', "is JSON, .*25 requests a day.*ask the"),
        ("Too many\nrequests, wait\n", "it says 'Too many requests,wait'"),
        (OHLCV.replace(",", " ") + ROWS_OF_TWO.replace(",", " "), "commas between the cells"),
        ("Country,1990,1991,1992\nDE,1,2,3\n", r"1: .* side by side, 1990 to 1992: .* t\.T\.to_"),
        ("Year,Q1,Q2,Q3,Q4\n1990,1,2,3,4\n", "line 1: .* side by side, Q1 to Q4: .*stack"),
        ("id,a,b,c\n" + "7,2017-01-03,2017-01-04,2017-01-05\n" * 2, "no column Date, Open"),
        (ROWS_OF_TWO.format(*JAN), "line 1: .* is the first row, and no header .*: add a line"),
        (
            "date,open,high,low,close,volume,Name\n2013-02-08,15,15,14,14,8,AAL\n"
            "2013-02-08,67,68,67,67,15,AAPL\n",
            r"holds 2 shares below one another, named in its column Name: keep one, with t = pd\.",
        ),
        (
            "Date,Symbol,Open,High,Low,Close\n2016-12-29,A,1,1,1,1\n2016-12-30,A,1,1,1,1\n"
            "2017-01-03,B,2,2,2,2\n2017-01-04,B,2,2,2,2\n",
            "holds 2 shares below one another, .* column Symbol: .* or delete that column",
        ),
        (
            "Date,Time,Open,High,Low,Close\n"
            + "".join(f"2017-01-0{day},{hour}:00,1,1,1,1\n" for day in (3, 4) for hour in (9, 10)),
            "line 3: 2017-01-03 has 2 rows, .*one row per day",
        ),
        ("Datum,Kurs\n2017-01-03,1\n", "has no column Open, High, Low, Close, it has Datum, Kurs"),
        ("Date,Open,High,Low,Close\n########,1,1,1,1\n2017-01-04,1,1,1,1\n", "2: Date is '####"),
        (TABLE + "Total,,,,,9,\n", "line 6: Date is 'Total', .* or delete the line"),
        (
            "Price,Close,Close\nTicker,A,B\nDate,,\n2017-01-03,1,2\n",
            r"several shares side by side \(A, B\): .*multi_level_index=False",
        ),
        (OHLCV + ROWS_OF_TWO.format("2017-01-03 9:30", "2017-01-03 9:31"), "line 3: .* has 2 rows"),
        (OHLCV + ROWS_OF_TWO.format("2017-01-03 23:00:00Z", "2017-01-04 23:00:00Z"), "in Europe"),
        (OHLCV + ROWS_OF_TWO.format("42738", "42739"), "line 2: .*Excel's number of a day"),
        (OHLCV.replace(",", ";") + "3.1.2017;1.234;1.235;1.233;1.234;5\n", "decimal=.* or "),
        (b"\x1f\x8b\x08", "compressed"),
        ("Year,Value\n1987,1\n", "no column Date, Open, .*, it has Year, Value: .* read_series"),
    ],
)
def test_what_cannot_be_read_as_prices_is_refused_in_one_line(content, message, csv_file):
    with pytest.raises(DataError, match=message) as refusal:
        read_prices(csv_file(content))
    assert str(refusal.value).isprintable()


def read_content(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.csv"
        path.write_bytes(content)
        return read_prices(path)


@settings(max_examples=40)
@given(
    order=st.permutations(["Date", *COLUMNS, "Adj Close", "Name"]),
    rows=st.lists(st.lists(st.floats(0.01, 1e6), min_size=5, max_size=5), min_size=1, max_size=9),
)
def test_the_order_of_the_columns_does_not_matter(order, rows):
    days = pd.date_range("2017-01-02", periods=len(rows), freq="B", name="Date")
    table = pd.DataFrame(rows, index=days, columns=COLUMNS)
    text = table.assign(**{"Adj Close": "?", "Name": "A"}).reset_index()[order].to_csv(index=False)
    assert read_content(text.encode()).to_dict() == table.to_dict()
