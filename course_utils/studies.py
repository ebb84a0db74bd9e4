"""Studies: many fits over seeds, years and tickers, whose small tables the lessons read.

Every finished fit is written at once to a file of its own, named after all that it depends on, so
that a study can be stopped at any moment, goes on where it was, and never mixes old with new.
"""

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from course_utils.data import DataError, find_file, load_prices, price_file_name, tickers
from course_utils.lessons import write_whole

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
TABLES = ROOT / "data" / "studies"
FITS = ROOT / "build" / "studies"
CODE = ("windows.py", "models.py", "training.py", "evaluation.py", "studies.py")
SEEDS = range(5)
YEARS = range(2012, 2018)


@dataclass(frozen=True)
class Recipe:
    """How a forecast is made: what it sees, the network, and how that is trained."""

    features: str
    """`levels`, `returns`, or `range`: returns and where the other prices lie in the day"""
    lookback: int = 20
    cell: str | None = "GRU"
    """the recurrent layer, or None for a linear regression on the last day"""
    units: int = 32
    layers: int = 1
    dropout: float = 0.0
    scaler: str = "StandardScaler"
    optimizer: str = "Adam"
    learning_rate: float = 0.001
    momentum: float | None = None
    batch_size: int = 64
    epochs: int = 10


RECIPES = {
    "classic LSTM": Recipe(
        "levels", 60, "LSTM", 50, 4, 0.2, "MinMaxScaler", "RMSprop", batch_size=32, epochs=50
    ),
    "classic GRU": Recipe(
        "levels", 60, "GRU", 50, 4, 0.2, "MinMaxScaler", "SGD", 0.01, 0.9, 150, epochs=50
    ),
    "GRU on levels": Recipe("levels"),
    "GRU on returns": Recipe("returns"),
    "GRU on returns and range": Recipe("range"),
    "linear, last day": Recipe("range", cell=None),
}
CLASSIC = ("classic LSTM", "classic GRU")
LADDER = ("GRU on levels", "GRU on returns", "GRU on returns and range", "linear, last day")


@dataclass(frozen=True)
class Fit:
    """One training and the year it is tested on."""

    recipe: str
    ticker: str
    column: str
    year: int
    seed: int


def _fits(
    recipes: tuple[str, ...], names: list[str], columns: tuple[str, ...], years: range
) -> list[Fit]:
    """All combinations; a regression has no seed to vary."""
    return [
        Fit(recipe, ticker, column, year, seed)
        for recipe in recipes
        for ticker in names
        for column in columns
        for year in years
        for seed in (SEEDS if RECIPES[recipe].cell else [0])
    ]


def plan(study: str) -> list[Fit]:
    """List the fits of a study, the longest first.

    Args:
        study: `ibm` for the classic recipes in 2017 and the ladder for High and Close over the
            years, or `tickers` for the best rung on all 31 tickers in 2017.

    Returns:
        the fits.

    Raises:
        ValueError: there is no such study.
    """
    last_year = range(2017, 2018)
    if study == "ibm":
        classic = _fits(CLASSIC, ["IBM"], ("High",), last_year)
        return classic + _fits(LADDER, ["IBM"], ("High", "Close"), YEARS)
    if study == "tickers":
        return _fits(LADDER[2:], tickers(), ("High",), last_year)
    raise ValueError(f"No study {study!r}: choose ibm or tickers.")


def forecast(recipe: Recipe, prices: pd.DataFrame, column: str, year: int, seed: int) -> pd.Series:
    """Follow a recipe: train on the days before a year and forecast each of its days.

    Args:
        recipe: what to do.
        prices: a price table without missing values, in USD.
        column: the price to forecast.
        year: the test year.
        seed: for the first weights, dropout and the order of the batches.

    Returns:
        forecasts of the price in USD, indexed by the days of the year.

    Raises:
        ValueError: the prices do not hold the year, or have missing values.
    """
    # Only here, so that reading a table in a lesson does not wait for TensorFlow.
    from course_utils.models import WindowRegression, recurrent
    from course_utils.training import Forecaster, fit, forecast_year
    from course_utils.windows import returns_and_range

    import keras
    from sklearn import preprocessing

    def train(windows: np.ndarray, targets: np.ndarray) -> Forecaster:
        if recipe.cell is None:
            return WindowRegression().fit(windows, targets)
        keras.utils.set_random_seed(seed)
        model = recurrent(
            recipe.cell, windows.shape[-1], recipe.units, recipe.layers, recipe.dropout
        )
        settings = {"learning_rate": recipe.learning_rate}
        if recipe.momentum is not None:
            settings["momentum"] = recipe.momentum
        model.compile(getattr(keras.optimizers, recipe.optimizer)(**settings), "mse")
        fit(
            model,
            windows,
            targets,
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            quiet=True,
        )
        return model

    scaler = getattr(preprocessing, recipe.scaler)()
    if recipe.features == "levels":
        return forecast_year(prices[[column]], year, recipe.lookback, train, scaler)
    table = returns_and_range(prices, column)
    if recipe.features == "returns":
        table = table[["return"]]
    returns = forecast_year(table, year, recipe.lookback, train, scaler)
    return prices[column].shift().loc[returns.index] * np.exp(returns)


def _versions() -> dict[str, str]:
    """The versions that a result depends on."""
    import tensorflow

    packages = {name: version(name) for name in ("keras", "numpy", "scikit-learn")}
    return {"python": platform.python_version(), "tensorflow": tensorflow.__version__} | packages


def _result_file(fit: Fit, sha256: str, versions: dict[str, str], folder: Path) -> Path:
    """Name a fit's result after all that it depends on, the code included."""
    code = [(ROOT / "course_utils" / name).read_text(encoding="utf-8") for name in CODE]
    depends_on = [asdict(fit), asdict(RECIPES[fit.recipe]), sha256, versions, code]
    digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()
    return folder / f"{fit.ticker}-{fit.column}-{fit.year}-{digest[:16]}.json"


def _is_result(path: Path) -> bool:
    """Whether a fit's result is there and whole; one that a power cut has cut is run again."""
    try:
        return "forecasts" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def _run_fit(fit: Fit, recipe: Recipe, prices: pd.DataFrame, path: Path) -> None:
    """Train once and write the result."""
    from course_utils.evaluation import lag, rmse

    # Fits run side by side, one a core: more threads in each would only get in the way.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    start = time.perf_counter()
    forecasts = forecast(recipe, prices, fit.column, fit.year, fit.seed)
    seconds = time.perf_counter() - start
    truth = prices[fit.column].loc[forecasts.index]
    result = asdict(fit) | {
        "rmse": rmse(truth, forecasts),
        "naive": rmse(truth, prices[fit.column].shift().loc[forecasts.index]),
        "lag": lag(truth, forecasts),
        "seconds": round(seconds, 1),
        "forecasts": {f"{day:%Y-%m-%d}": round(usd, 3) for day, usd in forecasts.items()},
    }
    write_whole(path, json.dumps(result))


def run_study(
    study: str,
    jobs: int = -1,
    report: Callable[[int, int], Any] = lambda done, total: None,
    fits_folder: Path = FITS,
    tables_folder: Path = TABLES,
) -> Path:
    """Run what is missing of a study and write its table.

    Args:
        study: `ibm` or `tickers`.
        jobs: fits run side by side; -1 is one a core.
        report: called with the number of finished fits and of all fits, after each fit.
        fits_folder: where single results are kept between runs.
        tables_folder: where the finished table goes.

    Returns:
        the path of the table.

    Raises:
        ValueError: there is no such study.
        DataError: no full data is at hand; a study does not run on sample data. Of several
            tickers, those that cannot be had are named in the table's header and on the screen.
    """
    from joblib import Parallel, delayed

    fits = plan(study)
    prices, absent = _all_prices(sorted({fit.ticker for fit in fits}))
    fits = [fit for fit in fits if fit.ticker in prices]
    versions = _versions()
    paths = {
        fit: _result_file(fit, prices[fit.ticker].attrs["sha256"], versions, fits_folder)
        for fit in fits
    }
    for folder in (fits_folder, tables_folder):
        folder.mkdir(parents=True, exist_ok=True)
    missing = [fit for fit in fits if not _is_result(paths[fit])]
    done = len(fits) - len(missing)
    report(done, len(fits))
    work = (
        delayed(_run_fit)(fit, RECIPES[fit.recipe], prices[fit.ticker], paths[fit])
        for fit in missing
    )
    for _ in Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)(work):
        done += 1
        report(done, len(fits))
    results = [json.loads(paths[fit].read_text(encoding="utf-8")) for fit in fits]
    header = [
        f"made by: course study {study}",
        "versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()),
        *(f"data: {t} sha256 {frame.attrs['sha256']}" for t, frame in sorted(prices.items())),
        *([f"not at hand: {', '.join(absent)}"] if absent else []),
    ]
    path = tables_folder / f"{study}.csv"
    _write_table(path, header, pd.DataFrame(results).drop(columns="forecasts"))
    if study == "ibm":
        forecasts = _classic_forecasts(results, prices["IBM"]["High"])
        _write_table(path.with_stem("ibm_forecasts"), header, forecasts)
    return path


def _classic_forecasts(results: list[dict[str, Any]], price: pd.Series) -> pd.DataFrame:
    """Put the classic recipes' forecasts beside the truth and the naive forecast."""
    classic = {
        f"{result['recipe']}, seed {result['seed']}": result["forecasts"]
        for result in results
        if result["recipe"] in CLASSIC
    }
    table = pd.DataFrame(classic)
    table.insert(0, "truth", price.loc[table.index].to_numpy())
    table.insert(1, "same as yesterday", price.shift().loc[table.index].to_numpy())
    return table.rename_axis("Date").reset_index()


def _write_table(path: Path, header: list[str], table: pd.DataFrame) -> None:
    """Write a table below the lines that say how it was made."""
    text = table.to_csv(index=False, float_format="%.4f", lineterminator="\n")
    write_whole(path, "".join(f"# {line}\n" for line in header) + text)


def _all_prices(names: list[str]) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Load the full prices of each ticker, gaps filled from the past, and name those not had."""
    prices, absent = {}, []
    for ticker in names:
        find_file(price_file_name(ticker))  # a damaged file stops the study, an absent one not
        try:
            table = load_prices(ticker)
        except DataError as error:
            print(error)
            absent.append(ticker)
            continue
        if table.attrs["source"] == "full":
            prices[ticker] = table.ffill()
        else:
            absent.append(ticker)
    if not prices:
        raise DataError(
            f"A study needs full prices, not the embedded sample, and has none of "
            f"{', '.join(names)}: get them with `course data get`, or name their folder in "
            "COURSE_DATA_DIR."
        )
    return prices, absent


def read_study(table: str, folder: Path = TABLES) -> pd.DataFrame:
    """Read a committed table.

    Args:
        table: `ibm` or `tickers`, one row a fit: recipe, ticker, column, year, seed, `rmse` and
            `naive` in USD, `lag` in days, and the seconds it took; or `ibm_forecasts`, one row a
            day: truth, naive and classic forecasts in USD.
        folder: where the table is.

    Returns:
        the table; `attrs["made_by"]` holds the lines that say how it was made.

    Raises:
        DataError: the table is not there or cannot be read.
    """
    path = folder / f"{table}.csv"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        frame = pd.read_csv(path, comment="#")
    except (OSError, ValueError) as error:
        raise DataError(
            f"The table {path.name} cannot be read ({error}): bring back the committed one, or "
            f"make it with `course study {table.removesuffix('_forecasts')}`."
        ) from error
    if "Date" in frame:
        frame = frame.assign(Date=pd.to_datetime(frame["Date"])).set_index("Date")
    frame.attrs["made_by"] = [line[2:] for line in lines if line.startswith("# ")]
    return frame
