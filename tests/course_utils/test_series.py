"""What reading a series of your own promises: a regular table, or one sentence that leads on."""

import re

from course_utils.data.series import read_series
from course_utils.files import DataError

import pandas as pd
import pytest

HOURS = pd.date_range("2017-03-01", periods=6, freq="h")


def rows(times, values=(1.5, 2.5, 3.5, 4.5, 5.5, 6.5), mark=","):
    return "".join(f"{time}{mark}{value}\n" for time, value in zip(times, values, strict=False))


def days(form, start="2017-01-28", count=6, freq="D"):
    return pd.date_range(start, periods=count, freq=freq).strftime(form)


def night(*zones):
    """Three times of the night in which clocks are set back."""
    return [f"2017-10-29 {hour}:00{zone}" for hour, zone in zip((1, 2, 2), zones, strict=True)]


ISO = days("%Y-%m-%d")


@pytest.mark.parametrize(
    ("text", "first", "freq"),
    [
        ("date,value\n" + rows(ISO), "2017-01-28", "D"),
        ("Datum;Wert\n" + rows(days("%d.%m.%Y"), ["1,5", "2,5", "3,5"], ";"), "2017-01-28", "D"),
        ("Day,Temp\n" + rows(days("%d/%m/%Y")), "2017-01-28", "D"),
        ("Day,Temp\n" + rows(days("%m/%d/%Y")), "2017-01-28", "D"),
        ("date,value\n" + rows(ISO[::-1]), "2017-01-28", "D"),
        ("date,value,place\n" + rows(ISO, ["1,a", "2,b", "3,c"]), "2017-01-28", "D"),
        ("d,v\n" + rows(days("%Y-%m-%d", "2017-01-02", 8, "B"), range(8)), "2017-01-02", "B"),
        ("week,value\n" + rows(days("%G-W%V", freq="7D")), "2017-01-23", "7D"),
        ("date,co2\n" + rows(days("%Y%m%d", "1958-03-29", freq="7D")), "1958-03-29", "7D"),
        ("observation_date,GDP\n" + rows(days("%Y-%m-%d", "1987", freq="QS")), "1987-01-01", "QS"),
        ("TIME,v\n" + rows(["1987-Q1", "1987-Q2", "1987-Q3"]), "1987-01-01", "QS"),
        ("q,v\n" + rows(["Q1 1987", "Q2 1987", "Q3 1987"]), "1987-01-01", "QS"),
        ("Month,Passengers\n" + rows(["1949-01", "1949-02", "1949-03"]), "1949-01-01", "MS"),
        ("month,v\n" + rows(["194901", "194902", "194903"]), "1949-01-01", "MS"),
        ("m;v\n" + rows(["Februar 2017", "März 2017", "Apr 2017"], mark=";"), "2017-02-01", "MS"),
        ("Monat;v\n" + rows(["11.2016", "12.2016", "01.2017"], mark=";"), "2016-11-01", "MS"),
        ("Month,v\n" + rows(["Jan-87", "Feb-87", "Mar-87"]), "1987-01-01", "MS"),
        ("Month,v\n" + rows(["Jan-49", "Feb-49", "Mar-49"]), "1949-01-01", "MS"),
        ("Month,v\n" + rows(["Nov-68", "Dec-68", "Jan-69"]), "1968-11-01", "MS"),
        ("Month,v\n" + rows(["Dec-19", "Jan-20", "Feb-20"]), "2019-12-01", "MS"),
        ("plan,v\n" + rows([f"1-Jan-{year}" for year in range(19, 61)], range(42)), "2019", "YS"),
        ("p,v\n" + rows(["1987M11", "1987M12", "1988M01"]), "1987-11-01", "MS"),
        ("date,v\n" + rows(days("%Y-%m-%d", "1987", freq="ME")), "1987-01-01", "MS"),
        ("YEAR,SUNACTIVITY\n" + rows(range(1700, 1706)), "1700-01-01", "YS"),
        ("year,month,v\n" + rows(["1987,1", "1987,2", "1987,3"]), "1987-01-01", "MS"),
        ("m,v\n" + rows(["fe\u0301vr. 2017", "mars 2017", "avril 2017"]), "2017-02-01", "MS"),
        ("m,v\n" + rows(["févr. 2017", "mars 2017", "avril 2017"]), "2017-02-01", "MS"),
        ("m,v\n" + rows(["jul/2017", "ago/2017", "set/2017"]), "2017-07-01", "MS"),
        ("m,v\n" + rows(["giugno 17", "luglio 17", "agosto 17"]), "2017-06-01", "MS"),
        ("d,v\n" + rows(["2017年2月1日", "2017年2月2日", "2017年2月3日"]), "2017-02-01", "D"),
        ("d,v\n" + rows(["31. 1. 2017", "1. 2. 2017", "2. 2. 2017"]), "2017-01-31", "D"),
        ("d,v\n" + rows(["Mo. 02.01.17", "Di. 03.01.17", "Mi. 04.01.17"]), "2017-01-02", "D"),
        ("d,v\n" + rows(days("%a %d %b %Y")), "2017-01-28", "D"),
        ("w,v\n" + rows(["KW 52/2016", "KW 1/2017", "KW 2/2017"]), "2016-12-26", "7D"),
        ("w,v\n" + rows(["2016 KW52", "2017 KW1", "2017 KW2"]), "2016-12-26", "7D"),
        ("t,v\n" + rows(night(" CEST", " CEST", " CET")), "2017-10-28 23:00Z", "h"),
        ("t,v\n" + rows(HOURS.strftime("%Y/%m/%d %H:%M AM GMT+1")), "2017-02-28 23:00Z", "h"),
        ("Jahr;Monat;v\n" + rows(["1987;11", "1987;12", "1988;1"], mark=";"), "1987-11-01", "MS"),
        ("id,Year,Period,v\n" + rows(["a,1987,M01", "a,1987,M02", "a,1987,M03"]), "1987", "MS"),
        ("d,v\n" + rows(["Jan-1-1987", "Feb-1-1987", "Mar-1-1987"]), "1987-01-01", "MS"),
        ("year,Time\n" + rows(["1987.0", "1988.0", "1989.0"]), "1987-01-01", "YS"),
        ("year,quarter,v\n" + rows(["1987.0,3.0", "1987.0,4.0", "1988.0,1.0"]), "1987-07-01", "QS"),
        ("year,week,v\n" + rows(["2016,52", "2017,1", "2017,2"]), "2016-12-26", "7D"),
        ("year,date,v\n" + rows("2017," + ISO), "2017-01-28", "D"),
        ("year,month,day,hour,v\n" + rows([f"2010,1,1,{h}" for h in range(3)]), "2010-01-01", "h"),
        (
            "Year,Month,Day,Hour,Minute,v\n" + rows(f"2010,1,1,{h},30" for h in range(3)),
            "2010-01-01 0:30",
            "h",
        ),
        ("Day,hh,Minute,v\n" + rows(HOURS.strftime("%d.%m.%Y,%H,0")), "2017-03-01", "h"),
        ("time,v\n" + rows(HOURS), "2017-03-01 00:00", "h"),
        ("ts,v\n" + rows([f"148832640{s}" for s in range(3)]), "2017-03-01 00:00Z", "s"),
        (("d;Größe [µm²]\n" + rows(ISO, mark=";")).encode("cp1252"), "2017-01-28", "D"),
        ("Date,Time,v\n" + rows(HOURS.strftime("%Y-%m-%d,%H:%M:%S")), "2017-03-01", "h"),
        ("DATE,TIME,v\n" + rows([f"20170301,{t}" for t in (0, 30, 100)]), "2017-03-01", "30min"),
        ("Date,Time,v\n" + rows(days("%Y%m%d,4:00:00.5")), "2017-01-28 4:00:00.5", "D"),
        ("Day,sunrise,v\n" + rows(ISO, ["7:58,1", "7:57,2", "7:55,3"]), "2017-01-28", "D"),
        ("Day,v\n" + rows(days("%d.%m.%y"), ["1.10", "1.20", "1.30"]), "2017-01-28", "D"),
        ("Day,Time,v\n" + rows(HOURS.strftime("%Y/%m/%d,%I:%M %p")), "2017-03-01", "h"),
        ("Tag,von,bis,v\n" + rows(HOURS.strftime("%d.%m.%y,%H:%M,%H:59")), "2017-03-01", "h"),
        (
            "d,Hour Ending,v\n" + rows(f"2017-03-01,{h}" for h in (22, 23, 24)),
            "2017-03-01 22:00",
            "h",
        ),
        ("UPDATED,t,v\n" + rows("2018-01-01," + ISO), "2017-01-28", "D"),
        (",t,v\n" + rows([f"{i},{day}" for i, day in enumerate(ISO)]), "2017-01-28", "D"),
        ("MESS_DATUM,v\n" + rows(HOURS.strftime("%Y%m%d%H")), "2017-03-01", "h"),
        ("Datum;Zeit;v\n" + rows(HOURS.strftime("%d.%m.%Y;%H.%M.%S"), mark=";"), "2017-03-01", "h"),
        ("MTU,v\n" + rows(HOURS.strftime("%d.%m.%Y %H:%M - 01.03.2017 %H:59")), "2017-03-01", "h"),
        ("t,v\n" + rows(f"{t:%d.%m.%Y %H:%M}-0{t.hour + 1}:00" for t in HOURS), "2017-03-01", "h"),
        ("t,v\n" + rows(f"2017-03-01 {h}-{h + 1}" for h in (21, 22, 23)), "2017-03-01 21:00", "h"),
        ("t,v\n" + rows(HOURS.strftime("%Y-%m-%dT%H:%M-05:00")), "2017-03-01 05:00Z", "h"),
        ("t,v\n" + rows(night("-04:00", "-04:00", "-05:00")), "2017-10-29 05:00Z", "h"),
        ("t,v\n" + rows([f"2017-03-01 00:00:00.{i}" for i in range(6)]), "2017-03-01", "100ms"),
        ("t,v\n" + rows(days("%Y-%m-%d", freq="2D")), "2017-01-28", "2D"),
        ("t,v\n" + rows(days("%Y-%m-%d", freq="28D")), "2017-01-28", "28D"),
        ("t,v\n" + rows(days("%Y-%m-15T12:00Z", freq="MS")), "2017-02-01", "MS"),
        ("t,v\n" + rows(days("%Y-%m-%dT23:00Z", freq="YE")), "2018-01-01", "YS"),
        ("t,v\n" + rows(days("%Y-%m-%dT15:00Z", freq="ME")), "2017-02-01", "MS"),
        ("unix,v\n" + rows([1509490800, 1512082800, 1514761200]), "2017-11-01", "MS"),
        ("t,v\n" + rows(days("%Y-%m-%d", "2017-01-31", freq="BME")), "2017-01-01", "MS"),
        ("t,v\n" + rows(days("%Y-%m-%d", "2017-02-01", freq="6MS")), "2017-02-01", "6MS"),
        ("year,v\n" + rows(["2009/10", "2010/11", "2011/12"]), "2009-01-01", "YS"),
        ("year,v\n" + rows(["FY2009", "FY2010", "FY2011"]), "2009-01-01", "YS"),
        ("rownames,time,v\n" + rows(["1,1949.0", "2,1949.08333", "3,1949.17"]), "1949-01-01", "MS"),
        ("q,v\n" + rows(["1Q20", "2Q20", "3Q20"]), "2020-01-01", "QS"),
        (
            "Quartal;v\n"
            + rows(["4. Quartal 2019", "1. Quartal 2020", "2. Quartal 2020"], mark=";"),
            "2019-10-01",
            "QS",
        ),
        ("quarter,v\n" + rows(["2020.3", "2020.4", "2021.1"]), "2020-07-01", "QS"),
        ("week,v\n" + rows(["201705", "201706", "201707"]), "2017-01-30", "7D"),
        ("KW;v\n" + rows(["05/2017", "06/2017", "07/2017"], mark=";"), "2017-01-30", "7D"),
        ("Calendar week,v\n" + rows(["2017/5", "2017/6", "2017/7"]), "2017-01-30", "7D"),
        (
            "Kalenderwoche;v\n" + rows(["2016/52", "2017/01", "2017/02"], mark=";"),
            "2016-12-26",
            "7D",
        ),
        ("year_quarter,v\n" + rows(["2016-3", "2016-4", "2017-1"]), "2016-07-01", "QS"),
        ("Quartal/Jahr;v\n" + rows(["3/2016", "4/2016", "1/2017"], mark=";"), "2016-07-01", "QS"),
        ("Quarter ending,v\n" + rows(["09/2016", "12/2016", "03/2017"]), "2016-07-01", "QS"),
        ("Ano;Mês;v\n" + rows(["2017;1", "2017;2", "2017;3"], mark=";"), "2017-01-01", "MS"),
        ("d,v\n" + rows([f"{day}º de março de 2017" for day in (1, 2, 3)]), "2017-03-01", "D"),
        ("dt,v\n" + rows(HOURS.strftime("%d%b%Y:%H:%M:%S")), "2017-03-01", "h"),
        ("_start,_time,v\n" + rows("2016-01-01," + days("%Y-%m-%d")), "2017-01-28", "D"),
        ("t,v\n" + rows("\u200e" + days("%Y-%m-%d")), "2017-01-28", "D"),
        (
            "| t | v |\n|---|---|\n" + rows("| " + days("%Y-%m-%d"), ["2|"] * 6, "|"),
            "2017-01-28",
            "D",
        ),
        (
            "t,v\n" + rows([f"2017-03-{day}T{h}:00Z" for day, h in ((24, 23), (25, 23), (26, 22))]),
            "2017-03-25",
            "D",
        ),
        ("unix,v\n" + rows(range(1488326400, 1488348000, 3600)), "2017-03-01 00:00+00:00", "h"),
        ("t,v\n" + rows(HOURS.strftime("%Y-%m-%dT%H:%MZ")), "2017-03-01 00:00+00:00", "h"),
        ("t,v\n" + rows(HOURS.strftime("%Y-%m-%dT%H:%M+01:00")), "2017-02-28 23:00+00:00", "h"),
        ("t,v\n" + rows(night("+02:00", "+02:00", "+01:00")), "2017-10-28 23:00Z", "h"),
        ("t,v\n" + rows(days("%Y-%m-%d %H:%M", "2017-03-01", freq="15min")), "2017-03-01", "15min"),
        ("# Mauna Loa, weekly\n# in ppm\ndate,v\n" + rows(ISO), "2017-01-28", "D"),
        (",v\n" + rows(ISO), "2017-01-28", "D"),
        ("date,v\n,ppm\n" + rows(ISO), "2017-01-28", "D"),
        ("# from us\nname\tdate\tv\n5s\t20d\t14n\n" + rows("A\t" + ISO, mark="\t"), ISO[0], "D"),
        ("date;v\n" + rows(ISO, ["1.234,5", "2", "3"], ";"), "2017-01-28", "D"),
        ("date,v\n" + rows(ISO).replace("2.5", "."), "2017-01-28", "D"),
        (
            "date,room,state,battery,v\n"
            + rows(ISO, ["hall,new,ok,1", "hall,warm,ok,2", "hall,,,3", "hall,,,4", "hall,,,5"]),
            "2017-01-28",
            "D",
        ),
    ],
)
def test_a_table_of_days_weeks_months_or_hours_is_read(text, first, freq, csv_file, capsys):
    series = read_series(csv_file(text))
    assert series.index[0] == pd.Timestamp(first)
    assert series.attrs["freq"] == freq
    assert series.index.is_unique
    assert series.index.is_monotonic_increasing
    assert (series.dtypes == "float64").all()
    assert capsys.readouterr().out.startswith("own.csv: ")


def test_the_numbers_of_rows_and_of_months_are_no_values(csv_file):
    text = "".join(f"{i},{day},1,{i}.5 °C,a\n" for i, day in enumerate(ISO))
    for name in ("", "Unnamed: 0"):
        assert [*read_series(csv_file(f"{name},day,month,heat,place\n{text}"))] == ["heat"]


def test_numbers_are_the_files_own(csv_file):
    series = read_series(csv_file("Datum;Wert\n31.12.2016;1.234,5\n01.01.2017;-\n02.01.2017;2\n"))
    assert series["Wert"].iloc[[0, 2]].tolist() == [1234.5, 2]
    assert series["Wert"].isna().tolist() == [False, True, False]
    assert series.attrs["missing"] == 1


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("R$ 1.200,50", 1200.5),
        ("Rs. 1,00,100.50", 100100.5),
        ("1\u202f234,50 Kč", 1234.5),
        ("-20.5 °C", -20.5),
        ("2.5 m/s", 2.5),
        ("１２３．５", 123.5),
        ("2.5M", 2_500_000),
        ("2.5M€", 2_500_000),
        ("–2.5", -2.5),
        ("\u20112.5", -2.5),
        ("Station 5", None),
        ("2.5 m", None),  # metres or millions
        ("280 K", None),
        ("5.2 Mio. €", None),
        ("5.2 Mio.€", None),
        ("5.2 M€", None),
        ("5.2 TEUR", None),
        ("520T€", None),  # thousands
        ("(1.50)", None),
        ("<5", None),
        ("1e999", None),
        ("1.5 million", None),
        ("12万", None),
    ],
)
def test_a_number_is_read_with_its_unit_or_refused(cell, number, csv_file):
    path = csv_file("date;v\n" + rows(ISO, ["-", cell, cell, "…"], ";"))
    if number is None:
        with pytest.raises(DataError, match=r"line 3: v is .* such as 123\.45"):
            read_series(path)
    else:
        assert read_series(path)["v"].iloc[1:3].tolist() == [number] * 2


def test_flags_beside_some_numbers_and_words_for_missing_ones_are_no_numbers(csv_file):
    cells = ["1.5 p", "2.5", ": z", "unavailable", "\\N", "3.5 be"]
    series = read_series(csv_file("date,v\n" + rows(days("%Y-%m-%d"), cells)))
    assert series["v"].fillna(-1).tolist() == [1.5, 2.5, -1, -1, -1, 3.5]


def test_seconds_are_said_where_steps_are_that_short(csv_file, capsys):
    read_series(csv_file("t,v\n" + rows(f"2017-03-01 00:00:{s}" for s in ("00", "10", "20"))))
    assert "2017-03-01 00:00:00 to 2017-03-01 00:00:20," in capsys.readouterr().out


def test_steps_that_the_file_lacks_are_missing_values_and_said(csv_file, capsys):
    series = read_series(csv_file("time,v\n" + rows(HOURS.delete(2))))
    assert series["v"].isna().tolist() == [False, False, True, False, False, False]
    assert "1 without a value, the first 2017-03-01 02:00" in capsys.readouterr().out


def test_a_hole_in_working_days_is_said(csv_file, capsys):
    worked = pd.bdate_range("2017-01-02", "2017-12-29").strftime("%Y-%m-%d")
    left = [day for day in worked if day[5:7] not in ("06", "07")]
    series = read_series(csv_file("d,v\n" + rows(left, range(len(left)))))
    assert len(series) == len(left)
    assert capsys.readouterr().out.endswith("; no row between 2017-05-31 and 2017-08-01\n")


def test_rows_after_the_last_step_of_your_own_are_left_out_and_said(csv_file, capsys):
    ends = days("%Y-%m-%d", "2017-01-31", freq="ME")
    monthly = read_series(csv_file("d,v\n" + rows(ends)), freq="MS")["v"]
    assert monthly.index[[0, -1]].tolist() == [*pd.to_datetime(["2017-02-01", "2017-06-01"])]
    assert monthly.tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]
    assert "from 6 rows with dates as YYYY-MM-DD; 1 row after the last" in capsys.readouterr().out


def test_with_a_step_of_your_own_each_time_has_the_last_value_known(csv_file):
    times = ["2017-03-01 00:00", "2017-03-01 00:50", "2017-03-01 02:10", "2017-03-01 03:00"]
    path = csv_file("time,v\n" + rows([*times, "2017-03-01 05:00"], [1, 2, 3, 4, 5]))
    with pytest.raises(DataError, match=r"irregular, .*pass freq=.* the last value of each step"):
        read_series(path)
    hourly = read_series(path, freq="h")["v"]
    assert hourly.fillna(-1).tolist() == [1, 2, -1, 4, -1, 5]


@pytest.mark.parametrize(
    ("freq", "first", "values"),
    [
        ("MS", "2017-02-01", [2, 4]),
        ("D", "2017-01-16", [1, 2]),
        ("h", "2017-01-15 11:00", [1, 2]),
        ("W", "2017-01-22", [1, 3]),
    ],
)
def test_other_steps_of_your_own_are_counted_from_midnight(freq, first, values, csv_file):
    times = ["01-15 10:07", "01-31 17:00", "02-01 08:00", "02-20 18:00", "03-04 10:00"]
    path = csv_file("time,v\n" + rows([f"2017-{time}" for time in times], [1, 2, 3, 4, 5]))
    series = read_series(path, freq=freq)["v"]
    assert series.index[0] == pd.Timestamp(first)
    assert series.dropna().iloc[:2].tolist() == values


def test_readings_at_one_time_of_day_keep_it(csv_file):
    path = csv_file("time,v\n" + rows(["2017-01-02 09:00", "2017-01-03 09:00"], [1, 2]))
    assert read_series(path, freq="D").index[0] == pd.Timestamp("2017-01-02 09:00")


def test_several_values_are_named_the_target_first(csv_file):
    path = csv_file("time,load,wind\n" + rows(HOURS, ["1,2", "3,4", "5,6"]))
    with pytest.raises(DataError, match=r"columns hold numbers \(load, wind\): .* value='load'"):
        read_series(path)
    assert [*read_series(path, ["wind", "load"])] == ["wind", "load"]
    assert [*read_series(path, value="WIND")] == ["wind"]


@pytest.mark.parametrize(
    "header",
    ["date,Temp,Hum,Wind,Rain\nUTC,°C,%,m/s,mm\n", "date,Temp,Generation,Energy,Output,Set\n"],
)
def test_units_below_names_and_names_that_begin_like_months_leave_the_header_as_it_is(
    header, csv_file
):
    cells = ["1,2,3,4,5"[: 2 * header.split("\n")[0].count(",") - 1]] * 3
    assert read_series(csv_file(header + rows(ISO, cells)), "Temp")["Temp"].tolist() == [1, 1, 1]


def test_the_column_of_exactly_that_name_is_read_and_each_column_once(csv_file):
    path = csv_file("date,p,P\n" + rows(ISO, ["1,7", "2,8", "3,9"]))
    assert [*read_series(path, value="P")["P"]] == [7, 8, 9]
    assert [*read_series(path, value=["P", "p"])] == ["P", "p"]
    path = csv_file("date,Close\n" + rows(ISO))
    assert [*read_series(path, value=["Close", "close"])] == ["Close"]


def test_a_column_that_is_asked_for_is_no_clock(csv_file):
    path = csv_file("date,sales,time\n" + rows(ISO, ["5,20", "6,21", "7,22"]))
    runs = read_series(path, ["sales", "time"])
    assert (runs.index[0], runs.attrs["freq"]) == (pd.Timestamp("2017-01-28"), "D")
    assert runs["time"].tolist() == [20, 21, 22]


def test_where_two_readings_fit_it_says_which_and_how_to_choose(csv_file):
    path = csv_file("date,v\n" + rows(["01/02/2017", "02/02/2017", "03/02/2017"]))
    with pytest.raises(DataError, match=r"1 February 2017 or 2 January 2017, .* day_first=True or"):
        read_series(path)
    assert read_series(path, day_first=True).attrs["freq"] == "D"
    assert read_series(path, day_first=False).attrs["freq"] == "MS"
    path = csv_file("date;v\n" + rows(ISO, ["1.234", "2.345", "3.456"], ";"))
    with pytest.raises(DataError, match=r"1\.234 may be 1\.234 or 1,234\.0, .* decimal="):
        read_series(path)
    assert read_series(path, decimal=",")["v"].iloc[0] == 1234
    assert read_series(path, decimal=".")["v"].iloc[0] == 1.234


LATER = ("10 16", "11 16", "12 16")  # the Monday before is a holiday
AUTUMN = ["2017-10-29 01:00", "2017-10-29 02:00", "2017-10-29 02:00", "2017-10-29 03:00"]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("date,v,v\n" + rows(ISO, ["1,2", "3,4"]), {}, r"numbers \(v, v\.1\): .* value='v\.1'"),
        ("date,v,v\n" + rows(ISO, ["1,2", "3,4"]), {"value": "V"}, r"both v and v\.1"),
        (
            "Date;Rome;;Oslo;\n;t;rain;t;rain\n" + rows(ISO, ["1;2;3;4", "5;6;7;8"], ";"),
            {"value": "t"},
            r"both t and t\.1 \(columns of one name are numbered\): give",
        ),
        ("Datum;Tag;Nacht\n" + rows(ISO, ["5,2;3,1"] * 3, ";"), {}, r"numbers \(Tag, Nacht\)"),
        ("date,v\n" + rows(ISO, ["", "-", ""]), {}, "has no number in its column v"),
        ("date;v\n" + rows(ISO, ["1.5", "2,5"], ";"), {}, "line 3: v is '2,5'"),
        (
            "the\x12 date,v\n" + rows(["2017-02-28", "2017-02-30"]),
            {"value": "V", "date": "The?  Date"},
            r"line 3: the\? date is .* a time that exists",
        ),
        ("Day,Hour,v\n" + rows(["2017-03-01,0 h"] * 2), {"value": "v"}, "if Hour tells .* as 9:30"),
        ("time,v\n" + rows(["2017-04-02 02:00"] * 2), {}, "line 3: .*: clocks were set back"),
        ("time,v\n" + rows(AUTUMN), {}, "line 4: .* line 3 already: clocks were set back"),
        (
            "date,v,shop\n" + rows(["2017-01-03"] * 2, ["1,a", "2,b"]),
            {},
            "line 3: .* they differ in shop: add it to the date if .* else keep the rows of one",
        ),
        ("date,v\n" + rows(["2017-01-03"] * 2), {}, "line 2 already: keep one"),
        ("YEAR,DOY,v\n" + rows(["2017,1", "2017,2"]), {"value": "v"}, "or add to the date what"),
        (
            "utc,local,v\n" + rows([f"{t},{t}" for t in HOURS]),
            {},
            r"hold dates \(utc, local\): name the right one, such as date='utc'",
        ),
        (
            "day,T101,T102,T103,T104\n" + rows(days("%Y-%m-%d"), ["1,2,3,4"] * 3),
            {},
            r"hold numbers \(T101, T102",
        ),
        (
            "day,v\n" + rows(["2017-01-02", "2017-02-27", "2017-03-01", "2017-04-25"]),
            {},
            "the steps are irregular",
        ),
        (
            "day,v\n" + rows(f"2017-01-{day:02}" for day in (2, 3, 9, 10, 16, 30)),
            {},
            "irregular, most often 1 days .* to 14 days",
        ),
        (
            "day,v\n" + rows(f"2017-01-{at}:00" for at in ("05 16", "06 16", "06 18", *LATER)),
            {},
            "irregular, most often 1 days .* from 02:00:00 to 3 days 22",
        ),
        ("a,b\n1.5,2\n2.5,3\n", {}, r"no column holds dates \(a, b\): write dates as"),
        ("v\n1.5\n2.5\n", {}, "has one column of numbers: add one with their dates"),
        ("date,v\n" + rows(ISO, ["a", "b"]), {}, "line 2: v is 'a'"),
        ("date,v,w\n" + rows(ISO, ["a,b", "b,c"]), {}, "no column holds numbers"),
        ("date,v\n" + rows(ISO, [1, "?2", 3]), {}, r"line 3: v is '\?2'"),
        ("month,v\n" + rows(["1949-01", "1949-02", "Total"]), {}, "line 4: month is 'Total'"),
        (
            "shop;date;v\n"
            + rows([f"{shop};{day}" for shop in "12" for day in HOURS[:2]], mark=";"),
            {"value": "v"},
            r"line 4: .* they differ in shop: .*sep=';'\)",
        ),
        ("date,v\n" + rows(days("%Y-%m-%d"), [1, "b"]), {"value": "v"}, "line 3: v is 'b'"),
        (
            "date,v\n" + rows(days("%Y-%m-%d"), [8, -999, 9]),
            {},
            "line 3: v is -999 .* empty these .* -998.999 if it was",
        ),
        ("d,v\n" + rows(days("%Y-%m-%d"), [8, 9999, 9]), {}, "line 3: v is 9999 .* else above 9:"),
        ("Date,v\n" + rows(range(42795, 42800)), {}, "line 2: Date is '42795', .* Excel's number"),
        ("week,v\n" + rows(range(42736, 42760, 7)), {}, "line 2: week is '42736', .* Excel's num"),
        ("week,v\n" + rows(["4273-W01", "4274-W01"]), {}, "week is '4273-W01', .* 1700 to 2200"),
        ("t,v\n" + rows(f"2017-01-01 {h}:00" for h in (23, 24, 25)), {}, "line 4: .* that exists"),
        ("t,v\n" + rows(f"1.1.2017 10:{m}" for m in (45, 60, 75)), {}, "line 3: .* that exists"),
        ("d,v\n" + rows(days("%Y-%m-%d"), ["50 p", "£1.50", 2]), {}, "line 2: v is '50 p'"),
        ("d,v\n" + rows(days("%Y-%m-%d"), ["1.2 b", 900, 2]), {}, "line 2: v is '1.2 b'"),
        ("d,v\n" + rows(days("%Y-%m-%d"), [9e8, "1.2 bn", 9e8]), {}, "line 3: v is '1.2 bn'"),
        ("d,v\n" + rows(days("%Y-%m-%d"), [9e6, "1.2 cr", 9e6]), {}, "line 3: v is '1.2 cr'"),
        (
            "d,v\n" + rows(["16/11/01", "16/12/01", "17/01/01"]),
            {},
            "line 2: .* 1 November 2016: write years",
        ),
        (
            "d,v\n" + rows(["05/01/2017", "06/01/2017", "01/07/2017", "08/01/2017"]),
            {"day_first": True},
            "line 5 runs against the others in time: correct it if day",
        ),
        ("d,v\n" + rows(days("%y/%m/%d")), {}, "line 2: .* 28 January 2017: write years with"),
        ("d,v,w\n" + rows(ISO, ["M,M", "1,2", "3,4"]), {"value": "v"}, "line 2: v is 'M'"),
        (
            "d,v\n" + rows(days("%b %d", count=3)),
            {},
            "2: d is 'Jan 28', whose number may be a day or a year: write",
        ),
        ("year,v\n" + rows([1610, 1710]), {}, "line 2: .* from 1700 to 2200: .*delete the line"),
        (
            "t,v\n" + rows(f"2017-03-{day}T23:00+0{int(day > 25)}:00" for day in range(24, 29)),
            {},
            "irregular, most often 1 days .* from 23:00:00",  # evenings in London are that day's
        ),
        ("date,v\n" + rows(days("%Y-%m-%d")), {"value": 1}, "has no column 1, it has date, v"),
        ("date,v\n" + rows(days("%Y-%m-%d")), {"value": "w"}, "has no column w, it has date, v"),
        ("date,v\n" + rows(days("%Y-%m-%d")), {"value": []}, "value=.. names no column"),
        ("date,v\n" + rows(days("%Y-%m-%d")), {"freq": "x"}, "'x' is not a step"),
        ("date,v\n" + rows(days("%Y-%m-%d")), {"freq": 1}, "1 is not a step"),
        (
            "date,v\n" + rows(days("%Y-%m-%d"), ["0%", 0, "50%", 0.5]),
            {},
            "line 5: .* percentage as",
        ),
        ("date,v\n2017-01-03,1\n", {}, "fewer than 3 rows, too few to see their step: pass freq"),
        (rows(days("%Y-%m-%d")), {}, "line 1: .* is the first row, and no header"),
        ("t,v\n" + rows(["2017-01-03 01:00Z", "2017-01-03 02:00"]), {}, "line 3: .* has no zone"),
        (("Дата,v\n" + rows(ISO)).encode("cp1251"), {}, "not text in UTF-8 or a western"),
        (("d,价格\n" + rows(ISO)).encode("gbk"), {}, "not text in UTF-8 or a western"),
        (("d,気温\n" + rows(ISO)).encode("shift_jis"), {}, "not text in UTF-8 or a western"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(text, options, message, csv_file):
    with pytest.raises(DataError, match=message) as refusal:
        read_series(csv_file(text), **options)
    assert str(refusal.value).isprintable()


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@pytest.mark.parametrize(
    ("text", "freq"),
    [
        ("Source: us\nY;" + ";".join(MONTHS) + ";Mean\n1990" + 13 * ";1,5" + "\n", "MS"),
        ("day,0:00,1:00,2:00,3:00\n2017-03-01,1,2,3,4\n", "h"),
        ("Country,Unit,1990,1991,1992,1993\nDE,m,1,2,3,4\n", "YS"),
        ("Place,1990 [YR1990],1991 [YR1991],1992 [YR1992]\nDE,1,2,3\n", "YS"),
        ("Place,12/31/19,1/1/20,1/2/20\nDE,1,2,3\n", "D"),
        ("a,\nLast,2024-01-05\nPlace,1990,1991,1992\nIN,873277798,891273209,909307016\n", "YS"),
        ("t;v;shop\n" + rows(HOURS[:4].repeat(2), ["1;O'Neil", "2;07"] * 4, ";"), "h"),
        ("Sales\n\nt,v,shop\n" + rows(HOURS[:4].repeat(2), ["1,a", "2,b"] * 4), "h"),
    ],
)
def test_the_lines_that_a_message_advises_make_a_file_that_is_read(
    text, freq, csv_file, monkeypatch
):
    path = csv_file(text)
    monkeypatch.chdir(path.parent)
    with pytest.raises(DataError) as refusal:
        read_series(path)
    exec(re.search(r"t = pd\..*", str(refusal.value))[0], {"pd": pd})  # noqa: S102
    (made,) = {*path.parent.glob("*.csv")} - {path}
    assert read_series(made).attrs["freq"] == freq
