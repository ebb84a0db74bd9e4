"""How a study is run, stopped, resumed and stored.

Every finished fit is written at once to a file of its own, named after all that it depends on, so
that a study can be stopped at any moment, resumes where it was, and never mixes old with new.
`workers` does the fits, on this machine or on others; their results are written here.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course.studies.study import Fit, Study, ticker_of
from course.studies.workers import Task, measured, result_name, versions_here
from course_utils.data.prices import load_prices
from course_utils.data.registry import find_file, is_set, price_file_name
from course_utils.files import WORK, DataError, write_noted, write_whole
from course_utils.studies import read_study

import pandas as pd

FITS = WORK / "build" / "studies"
TABLES = WORK / "data" / "studies"
"""in a clone, those that are committed"""


def run_study(
    study: Study,
    jobs: int = -1,
    report: Callable[[int, int], Any] = lambda done, total: None,
    fits_folder: Path = FITS,
    tables_folder: Path = TABLES,
    scheduler: str | None = None,
) -> list[Path]:
    """Run what is missing of a study and write its tables.

    Args:
        study: what to run.
        jobs: fits run side by side on this machine; -1 is one per core. A study that measures time
            runs one at a time.
        report: called with the number of finished fits and of all fits, after each fit.
        fits_folder: where single results are kept between runs.
        tables_folder: where the finished tables go.
        scheduler: the address of a Dask scheduler, whose workers then do the fits in place of
            this machine; they need the same course and packages, and are sent the prices.

    Returns:
        the paths of the files written: the study's table, then its daily table and its picture
        if it has them.

    Raises:
        DataError: there is no full data; a study does not run on sample data. Of several tickers,
            absent ones are named in the table's header and on the screen.
        StudyError: a worker was killed on this machine; or the cluster cannot be reached, has no
            worker, lost several on the same fit, or has one with other packages.
    """
    planned = study.fits()
    tickers = sorted({ticker_of(fit) for fit in planned} - {None})
    prices = _full_prices(tickers)
    absent = [ticker for ticker in tickers if ticker not in prices]
    versions = versions_here()
    fits = {
        result_name(fit, prices.get(ticker_of(fit)), versions): fit
        for fit in planned
        if ticker_of(fit) not in absent
    }
    for folder in (fits_folder, tables_folder):
        folder.mkdir(parents=True, exist_ok=True)
    missing = {name: fit for name, fit in fits.items() if not _is_result(fits_folder / name)}
    done = len(fits) - len(missing)
    report(done, len(fits))
    for name, result in measured(_tasks(missing, prices), 1 if study.alone else jobs, scheduler):
        write_whole(fits_folder / name, json.dumps(result))
        done += 1
        report(done, len(fits))
    header = [
        f"made by: course study {study.name}",
        "versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()),
        *(f"data: {ticker} sha256 {table.attrs['sha256']}" for ticker, table in prices.items()),
        *([f"not at hand: {', '.join(absent)}"] if absent else []),
    ]
    results = [json.loads((fits_folder / name).read_text(encoding="utf-8")) for name in fits]
    return _write_tables(study, results, header, tables_folder)


def _tasks(missing: dict[str, Fit], prices: dict[str, pd.DataFrame]) -> list[Task]:
    """Make a task of each group of fits that are trained together, or of a fit by itself."""
    groups: dict[Fit, dict[str, Fit]] = {}
    for name, fit in missing.items():
        groups.setdefault(getattr(fit, "group", fit), {})[name] = fit
    return [Task(fits, prices.get(ticker_of(first))) for first, fits in groups.items()]


def _is_result(path: Path) -> bool:
    """Whether a fit's result is there and whole; one that a power cut has cut is run again."""
    try:
        return "seconds" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def _write_tables(
    study: Study, results: list[dict[str, Any]], header: list[str], folder: Path
) -> list[Path]:
    """Write what a study makes of its results; returns the paths."""
    written = [folder / f"{study.name}.csv"]
    table = pd.DataFrame(results).drop(columns="series")
    write_noted(written[0], header, table, float_format="%.4f")
    if study.daily:
        daily = _daily_table([result for result in results if result["recipe"] in study.daily])
        written.append(folder / f"{study.name}_forecasts.csv")
        write_noted(written[-1], header, daily, float_format="%.4f")
    if study.picture:
        written.append(folder / f"{study.name}.png")
        write_whole(written[-1], study.picture(read_study(study.name, folder)))
    return written


def _daily_table(results: list[dict[str, Any]]) -> pd.DataFrame:
    """Put daily forecasts, those of all years in one column, next to what they share."""
    columns: dict[str, dict[str, float]] = {}
    for result in results:
        for name, days in result["series"].items():
            run = f"{result['recipe']}, seed {result['seed']}"
            columns.setdefault(run if name == "forecast" else name, {}).update(days)
    whole = pd.DataFrame(columns).dropna(axis="columns")  # without a seed of some years only
    return whole.rename_axis("Date").reset_index()


def _full_prices(tickers: list[str]) -> dict[str, pd.DataFrame]:
    """Load the full prices of the tickers that have them, gaps filled from the past."""
    prices = {}
    for ticker in tickers:
        find_file(price_file_name(ticker))  # a damaged file stops the study, an absent one does not
        try:
            table = load_prices(ticker)
        except DataError as error:
            print(error)
        else:
            if table.attrs["source"] == "full":
                prices[ticker] = table.ffill()
    if tickers and not prices:
        if is_set("COURSE_EMBEDDED"):
            raise DataError("A study needs full prices; COURSE_EMBEDDED=1 forbids them: unset it.")
        raise DataError(
            f"A study needs full prices, not the embedded sample, and has none of "
            f"{', '.join(tickers)}: get them with `course data get {' '.join(tickers)}`, or name "
            "their folder in COURSE_DATA_DIR."
        )
    return prices
