"""What is measured: for each question, the ways to do the same thing, the usual one first.

A way is a function that prepares, untimed, and returns a function that does the thing once. If that
returns text, the text is a note for the table. Each way runs in a process of its own.
"""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from course_utils.data.prices import load_prices
from course_utils.files import ROOT
from course_utils.recipes import RECIPES, forecast, train_recipe

import numpy as np
import psutil

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from numpy.typing import NDArray

LOOKBACK, STEPS, PATHS = 60, 251, 1_000
SHORT, LONG = 20, 80
Once = Callable[[], object]
Way = Callable[[], Once]


@dataclass(frozen=True)
class Question:
    """Something to do, the ways to do it, and how often each does it."""

    text: str
    ways: dict[str, Way]
    rounds: int = 3
    warm_up: bool = False
    """leave out a first round, in which TensorFlow compiles"""
    on_gpu: bool = False
    """ask again on a GPU where there is one"""


# ---------------------------------------------------------------- windows


def windows_question(steps: int) -> Question:
    """Cutting a series into windows, by the length of the series."""
    ways = {
        f"append loop, lookback {SHORT}": partial(append_loop, steps),
        f"make_windows, lookback {SHORT}": partial(course_windows, steps, SHORT),
        f"make_windows, lookback {LONG}": partial(course_windows, steps, LONG),
    }
    rounds = 1 if steps > 1_000_000 else 3
    return Question(f"windows from a series of {steps:,} steps", ways, rounds)


def append_loop(steps: int) -> Once:
    """Windows as most tutorials cut them."""
    series = np.random.default_rng(0).normal(size=(steps, 1))

    def once() -> None:
        windows, targets = [], []
        for i in range(SHORT, len(series)):
            windows.append(series[i - SHORT : i, 0])
            targets.append(series[i, 0])
        np.array(windows)[:, :, np.newaxis], np.array(targets)

    return once


def course_windows(steps: int, lookback: int) -> Once:
    """Windows as this course cuts them."""
    from course_utils.windows import make_windows

    series = np.random.default_rng(0).normal(size=(steps, 1))
    return partial(make_windows, series, lookback)


# ---------------------------------------------------------------- training


def epoch_question(cell: str, others: dict[str, Way]) -> Question:
    """An epoch of a classic recipe, in Keras, in this course, in other ways and in PyTorch."""
    ways = {
        "plain Keras script": partial(keras_script, cell),
        "course": partial(course_epoch, cell),
        **others,
        "PyTorch": partial(torch_epoch, cell),
    }
    text = f"an epoch of the classic {cell}, 4 layers of 50 units"
    return Question(text, ways, rounds=5, warm_up=True, on_gpu=True)


def _classic_windows() -> "tuple[NDArray, NDArray]":
    """Windows and targets of the classic recipes, as float32."""
    from course_utils.windows import fit_scaler_on, make_windows, split_by_year

    prices = load_prices("IBM").ffill()
    train, _ = split_by_year(prices[["High"]], prices.attrs["test_year"], LOOKBACK)
    windows, targets = make_windows(fit_scaler_on(train).transform(train), LOOKBACK)
    return windows.astype("float32"), targets.astype("float32")


def keras_script(cell: str) -> Once:
    """An epoch as a plain script writes it: layers one by one, Keras' own progress bar."""
    import keras

    settings, (windows, targets) = RECIPES[f"classic {cell}"], _classic_windows()
    layer = {"LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}[cell]
    model = keras.Sequential([keras.Input((LOOKBACK, 1))])
    for number in range(4):
        model.add(layer(50, return_sequences=number < 3))
        model.add(keras.layers.Dropout(0.2))
    model.add(keras.layers.Dense(1))
    model.compile(settings.optimizer.lower(), "mse")

    def once() -> None:
        with redirect_stdout(io.StringIO()):
            model.fit(windows, targets, epochs=1, batch_size=settings.batch_size)

    return once


def course_epoch(cell: str, **compiled: bool | int) -> Once:
    """An epoch as this course trains it, or with other settings of Keras' `compile`."""
    from course_utils.models import recurrent
    from course_utils.training import fit

    recipe = f"classic {cell.removeprefix('Fused')}"
    settings, (windows, targets) = RECIPES[recipe], _classic_windows()
    model = recurrent(cell, 1, 50, 4, 0.2)
    model.compile(settings.optimizer.lower(), "mse", **compiled)
    size = settings.batch_size
    return partial(fit, model, windows, targets, epochs=1, batch_size=size, quiet=True)


def torch_epoch(cell: str) -> Once:
    """An epoch of the same network in PyTorch."""
    import torch
    from torch import nn

    settings = RECIPES[f"classic {cell}"]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    windows, targets = (torch.from_numpy(array).to(device) for array in _classic_windows())
    kind = {"LSTM": nn.LSTM, "GRU": nn.GRU}[cell]
    layers = kind(1, 50, num_layers=4, dropout=0.2, batch_first=True).to(device)
    dropout, dense = nn.Dropout(0.2), nn.Linear(50, 1).to(device)
    parameters = [*layers.parameters(), *dense.parameters()]
    optimizers = {"RMSprop": torch.optim.RMSprop, "SGD": torch.optim.SGD}
    optimizer = optimizers[settings.optimizer](parameters, lr=settings.learning_rate)

    def once() -> None:
        for batch in torch.randperm(len(windows)).split(settings.batch_size):
            optimizer.zero_grad()
            forecasts = dense(dropout(layers(windows[batch])[0][:, -1]))[:, 0]
            nn.functional.mse_loss(forecasts, targets[batch]).backward()
            optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()

    return once


def from_prices(recipe: str) -> Once:
    """From a price table to forecasts of the test year, training included."""
    from course_utils.evaluation import rmse

    prices = load_prices("IBM").ffill()

    def once() -> str:
        found = forecast(RECIPES[recipe], prices, "High", prices.attrs["test_year"], seed=0)
        return f"RMSE {rmse(prices['High'].loc[found.index], found):.2f} $"

    return once


# ---------------------------------------------------------------- generation


def _classic_network() -> "keras.Model":
    from course_utils.models import recurrent

    return recurrent("LSTM", features=1, units=50, layers=4)


def predict_loop(paths: int) -> Once:
    """Feed forecasts back with one call of `predict` per step."""
    model = _classic_network()
    history = np.random.default_rng(0).normal(size=(paths, LOOKBACK, 1)).astype("float32")

    def once() -> None:
        window = history
        for _ in range(STEPS):
            forecasts = model.predict(window, verbose=0)
            window = np.concatenate([window[:, 1:], forecasts[:, np.newaxis]], axis=1)

    return once


def compiled_run(carry_state: bool) -> Once:
    """Feed forecasts back in the course's compiled loop."""
    from course_utils.generation import free_run

    history = np.random.default_rng(0).normal(size=LOOKBACK)
    return partial(free_run, _classic_network(), history, STEPS, carry_state=carry_state)


def compiled_paths(carry_state: bool) -> Once:
    """Draw paths in the course's compiled loop."""
    from course_utils.generation import sample_paths

    rng = np.random.default_rng(0)
    history, residuals = rng.normal(size=LOOKBACK), rng.normal(size=500)
    settings = {"seed": 0, "carry_state": carry_state}
    return partial(sample_paths, _classic_network(), history, STEPS, residuals, PATHS, **settings)


# ---------------------------------------------------------------- growth


def waiting_question(time_steps: int) -> Question:
    """A training step of a layer, with and without waiting, on a sequence of this length."""
    ways = {way: partial(step_of, way, time_steps) for way in ("GRU", "FusedLSTM", "minGRU")}
    text = f"a training step of 64 units on 32 sequences of {time_steps:,} steps"
    return Question(text, ways, rounds=5, warm_up=True, on_gpu=True)


def step_of(way: str, time_steps: int) -> Once:
    """A training step, as the study `lengths` measures it; minGRU is compiled by XLA."""
    from course.studies.lengths import training_step

    return training_step(way, time_steps)


def growth_question(setting: str, values: list[int]) -> Question:
    """An epoch of a GRU as one setting grows."""
    ways = {f"{value} {setting}": partial(growing, **{setting: value}) for value in values}
    return Question(f"an epoch of a GRU, by {setting}", ways, warm_up=True)


def growing(lookback: int = 20, units: int = 32, features: int = 4) -> Once:
    """An epoch of a GRU on 2,700 random windows."""
    from course_utils.models import recurrent
    from course_utils.training import fit

    rng = np.random.default_rng(0)
    windows = rng.normal(size=(2_700, lookback, features)).astype("float32")
    targets = rng.normal(size=2_700).astype("float32")
    model = recurrent("GRU", features, units)
    model.compile("adam", "mse")
    return partial(fit, model, windows, targets, epochs=1, batch_size=64, quiet=True)


def several_tickers(count: int) -> Once:
    """The recipe on returns and range for this many price tables, one after the other."""
    prices = load_prices("IBM").ffill()
    recipe = replace(RECIPES["GRU on returns and range"], epochs=2)

    def once() -> None:
        for seed in range(count):
            forecast(recipe, prices, "High", prices.attrs["test_year"], seed)

    return once


def all_seeds(together: bool, processes: int) -> Once:
    """The recipe on returns and range for five seeds and six years, in this many processes."""
    from joblib import Parallel, delayed

    prices = load_prices("IBM").ffill()
    last = prices.attrs["test_year"]
    shares = [range(last - 5 + start, last + 1, processes) for start in range(processes)]

    def once() -> None:
        Parallel(processes)(delayed(train_years)(prices, together, years) for years in shares)

    return once


def train_years(prices: "pd.DataFrame", together: bool, years: Iterable[int]) -> None:
    """Train five seeds before each of these years, together or one after the other."""
    groups = [range(5)] if together else [[seed] for seed in range(5)]
    for year, seeds in product(years, groups):
        train_recipe(RECIPES["GRU on returns and range"], prices, "High", year, seeds)


def study(workers: int, on_cluster: bool) -> Once:
    """Sixteen fits of a study by this many workers, including the workers' start."""
    from course.studies import one_step, running
    from course.studies.study import Study

    fits = [
        one_step.OneStep("GRU on returns", "IBM", column, year, seed=0)
        for column, year in product(("High", "Close"), range(2010, 2018))
    ]
    sixteen = Study("sixteen", "", lambda: fits)
    address = None
    if on_cluster:
        os.environ["DASK_DISTRIBUTED__WORKER__DAEMON"] = "False"  # read when Dask is imported
        from distributed import LocalCluster

        cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        address = cluster.scheduler_address

    def once() -> None:
        with TemporaryDirectory() as folder:
            places = {"fits_folder": Path(folder), "tables_folder": Path(folder)}
            running.run_study(sixteen, workers, scheduler=address, **places)

    return once


# ---------------------------------------------------------------- the whole

MODULES = [
    f"course_utils.{name}"
    for name in ("cells", "data", "evaluation", "models", "plots", "recipes", "text", "windows")
]


def importing(module: str) -> Once:
    """Import a module in a new process; the note is the memory that the process then takes."""
    program = (
        f"import psutil, time; begin = time.perf_counter(); import {module}; "
        "print(time.perf_counter() - begin, psutil.Process().memory_info().rss >> 20)"
    )

    def once() -> str:
        seconds, mib = subprocess.check_output(
            [sys.executable, "-c", program], text=True, cwd=ROOT
        ).split()
        return f"{float(seconds):.2f} s in the import alone, {mib} MiB"

    return once


def nbval(processes: int) -> Once:
    """Run all lessons under nbval; the note is pytest's last line."""
    command = ["-m", "pytest", "-q", "-n", str(processes), "--dist", "loadfile", "notebooks"]

    def once() -> str:
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=False, cwd=ROOT
        )
        return done.stdout.strip().splitlines()[-1]

    return once


QUESTIONS = {
    "windows-3k": windows_question(3_000),
    "windows-300k": windows_question(300_000),
    "windows-30m": windows_question(30_000_000),
    "epoch-LSTM": epoch_question(
        "LSTM",
        {
            "course, FusedLSTM": partial(course_epoch, "FusedLSTM"),
            "course, XLA": partial(course_epoch, "LSTM", jit_compile=True),
            "course, 16 steps a call": partial(course_epoch, "LSTM", steps_per_execution=16),
        },
    ),
    "epoch-GRU": epoch_question("GRU", {}),
    "error": Question(
        "from prices to forecasts of IBM's test year, training included",
        {
            recipe: partial(from_prices, recipe)
            for recipe in ("classic LSTM", "GRU on returns and range", "linear, last day")
        },
        rounds=1,
        on_gpu=True,
    ),
    "free-run": Question(
        f"a free run of {STEPS} steps, classic LSTM",
        {
            "loop of predict": partial(predict_loop, 1),
            "free_run": partial(compiled_run, carry_state=False),
            "free_run, state carried": partial(compiled_run, carry_state=True),
        },
        warm_up=True,
        on_gpu=True,
    ),
    "paths": Question(
        f"{PATHS:,} paths of {STEPS} steps, classic LSTM",
        {
            "loop of predict, all paths in one batch": partial(predict_loop, PATHS),
            "sample_paths": partial(compiled_paths, carry_state=False),
            "sample_paths, state carried": partial(compiled_paths, carry_state=True),
        },
        rounds=1,
        warm_up=True,
        on_gpu=True,
    ),
    "waiting-1600": waiting_question(1_600),
    "waiting-6400": waiting_question(6_400),
    "growth-lookback": growth_question("lookback", [15, 30, 60, 120]),
    "growth-units": growth_question("units", [16, 32, 64, 128]),
    "growth-features": growth_question("features", [1, 4, 16, 64]),
    "growth-tickers": Question(
        "two epochs of the GRU on returns and range, by tickers",
        {f"{count} tickers": partial(several_tickers, count) for count in (1, 2, 4)},
        rounds=1,
        warm_up=True,
    ),
    "seeds": Question(
        "five seeds of the GRU on returns and range, before each of six years",
        {
            f"{way}, {processes}": partial(all_seeds, together, number)
            for number, processes in ((1, "1 process"), (2, "2 processes"))
            for way, together in (("one by one", False), ("fit_seeds", True))
        },
        rounds=1,
    ),
    "workers": Question(
        "sixteen fits of a study",
        {
            "1 process": partial(study, 1, on_cluster=False),
            "2 processes": partial(study, 2, on_cluster=False),
            "1 Dask worker": partial(study, 1, on_cluster=True),
            "2 Dask workers": partial(study, 2, on_cluster=True),
        },
        rounds=1,
    ),
    "imports": Question(
        "Python's start and an import",
        {module: partial(importing, module) for module in ("keras", "course_utils", *MODULES)},
        rounds=2,
    ),
    "nbval": Question(
        "all lessons under nbval",
        {"1 process": partial(nbval, 0), "2 processes": partial(nbval, 2)},
        rounds=1,
    ),
}
"""what `make bench` measures, by the names that it takes"""


def main(question: str, way: str) -> None:
    """Prepare and say so, then do the thing once per line of input, with a line of output each.

    Processor time and memory are left out while there are child processes, whose use is unknown.
    """
    os.environ["COURSE_WARM"] = "off"
    sys.stdout = sys.stderr  # what the course prints is not the answer
    once = QUESTIONS[question].ways[way]()
    before = peak_mib()
    print("ready", file=sys.__stdout__, flush=True)
    for _ in sys.stdin:
        begin, used = time.perf_counter(), os.times()
        note = _note(once())
        seconds, cpu = time.perf_counter() - begin, sum(os.times()[:4]) - sum(used[:4])
        alive = psutil.Process().children()  # their time is not known before they end
        ended = os.times().children_user > used.children_user
        mib = None if alive or ended else peak_mib() - before
        result = {"seconds": seconds, "cpu": None if alive else cpu, "mib": mib, "note": note}
        print(json.dumps(result), file=sys.__stdout__, flush=True)


def _note(found: object) -> str:
    """Text for the table; anything else is dropped at once, so that the next round has its room."""
    return found if isinstance(found, str) else ""


def peak_mib() -> int:
    """The most memory that this process has used at any time."""
    import resource  # not on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit >> 20


if __name__ == "__main__":
    main(*sys.argv[1:])
