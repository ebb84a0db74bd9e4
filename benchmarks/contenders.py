"""What is measured: for each question, the ways to do the same thing, the usual one first.

A way is a function that prepares, untimed, and returns a function that does the thing once; what
that returns, if anything, is a note for the table. Every way runs in a process of its own.
"""

import importlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
LOOKBACK, STEPS, PATHS = 60, 251, 1_000
SHORT, LONG = 20, 80
Once = Callable[[], str | None]
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


def _series(steps: int) -> "NDArray":
    import numpy as np

    return np.random.default_rng(0).normal(size=(steps, 1))


def append_loop(steps: int) -> Once:
    """Windows as most tutorials cut them."""
    import numpy as np

    series = _series(steps)

    def once() -> None:
        windows, targets = [], []
        for i in range(SHORT, len(series)):
            windows.append(series[i - SHORT : i, 0])
            targets.append(series[i, 0])
        np.array(windows)[:, :, np.newaxis], np.array(targets)

    return once


def windows(steps: int, lookback: int) -> Once:
    """Windows as this course cuts them."""
    from course_utils.windows import make_windows

    series = _series(steps)

    def once() -> None:
        make_windows(series, lookback)

    return once


# ---------------------------------------------------------------- training


def _ibm() -> "pd.DataFrame":
    from course_utils.data.prices import load_prices

    return load_prices("IBM").ffill()


def _classic_windows() -> "tuple[NDArray, NDArray]":
    """Windows and targets of the classic recipes, as float32."""
    from course_utils.windows import fit_scaler_on, make_windows, split_by_year

    prices = _ibm()
    train, _ = split_by_year(prices[["High"]], prices.attrs["test_year"], LOOKBACK)
    windows, targets = make_windows(fit_scaler_on(train).transform(train), LOOKBACK)
    return windows.astype("float32"), targets.astype("float32")


def keras_script(recipe: str) -> Once:
    """An epoch as a plain script has it: layers one by one, Keras' own progress bar."""
    from course_utils.recipes import RECIPES

    import keras

    settings, (windows, targets) = RECIPES[recipe], _classic_windows()
    layer = {"LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}[settings.cell]
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


def course_epoch(recipe: str, cell: str | None = None, **compiled: bool | int) -> Once:
    """An epoch as this course has it, or with other settings of Keras' `compile`."""
    from course_utils.models import recurrent
    from course_utils.recipes import RECIPES
    from course_utils.training import fit

    settings, (windows, targets) = RECIPES[recipe], _classic_windows()
    model = recurrent(cell or settings.cell, 1, 50, 4, 0.2)
    model.compile(settings.optimizer.lower(), "mse", **compiled)

    def once() -> None:
        fit(model, windows, targets, epochs=1, batch_size=settings.batch_size, quiet=True)

    return once


def torch_epoch(recipe: str) -> Once:
    """An epoch of the same network in PyTorch."""
    from course_utils.recipes import RECIPES

    import torch
    from torch import nn

    settings = RECIPES[recipe]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    windows, targets = (torch.from_numpy(array).to(device) for array in _classic_windows())
    kind = {"LSTM": nn.LSTM, "GRU": nn.GRU}[settings.cell]
    layers = kind(1, 50, num_layers=4, dropout=0.2, batch_first=True).to(device)
    dropout, dense = nn.Dropout(0.2), nn.Linear(50, 1).to(device)
    parameters = [*layers.parameters(), *dense.parameters()]
    optimizers = {"RMSprop": torch.optim.RMSprop, "SGD": torch.optim.SGD}
    optimizer = optimizers[settings.optimizer](parameters, lr=settings.learning_rate)

    def once() -> None:
        for batch in torch.randperm(len(windows)).split(settings.batch_size):
            optimizer.zero_grad()
            forecast = dense(dropout(layers(windows[batch])[0][:, -1]))[:, 0]
            nn.functional.mse_loss(forecast, targets[batch]).backward()
            optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()

    return once


def from_prices(recipe: str) -> Once:
    """From a price table to forecasts of the test year, training included."""
    from course_utils.evaluation import rmse
    from course_utils.recipes import RECIPES, forecast

    prices = _ibm()

    def once() -> str:
        found = forecast(RECIPES[recipe], prices, "High", prices.attrs["test_year"], seed=0)
        return f"RMSE {rmse(prices['High'].loc[found.index], found):.2f} $"

    return once


# ---------------------------------------------------------------- generation


def _classic_network() -> "keras.Model":
    from course_utils.models import recurrent

    return recurrent("LSTM", features=1, units=50, layers=4)


def predict_loop(paths: int) -> Once:
    """Feed forecasts back with a call of `predict` a step."""
    import numpy as np

    model = _classic_network()
    history = np.random.default_rng(0).normal(size=(paths, LOOKBACK, 1)).astype("float32")

    def once() -> None:
        window = history
        for _ in range(STEPS):
            forecast = model.predict(window, verbose=0)
            window = np.concatenate([window[:, 1:], forecast[:, np.newaxis]], axis=1)

    return once


def compiled_run(carry_state: bool) -> Once:
    """Feed forecasts back in the course's compiled loop."""
    from course_utils.generation import free_run

    import numpy as np

    model = _classic_network()
    history = np.random.default_rng(0).normal(size=LOOKBACK)

    def once() -> None:
        free_run(model, history, STEPS, carry_state=carry_state)

    return once


def compiled_paths(carry_state: bool) -> Once:
    """Draw paths in the course's compiled loop."""
    from course_utils.generation import sample_paths

    import numpy as np

    model = _classic_network()
    rng = np.random.default_rng(0)
    history, residuals = rng.normal(size=LOOKBACK), rng.normal(size=500)

    def once() -> None:
        sample_paths(model, history, STEPS, residuals, PATHS, seed=0, carry_state=carry_state)

    return once


# ---------------------------------------------------------------- growth


def growing(lookback: int = 20, units: int = 32, features: int = 4) -> Once:
    """An epoch of a GRU on 2,700 random windows."""
    from course_utils.models import recurrent
    from course_utils.training import fit

    import numpy as np

    rng = np.random.default_rng(0)
    windows = rng.normal(size=(2_700, lookback, features)).astype("float32")
    targets = rng.normal(size=2_700).astype("float32")
    model = recurrent("GRU", features, units)
    model.compile("adam", "mse")

    def once() -> None:
        fit(model, windows, targets, epochs=1, batch_size=64, quiet=True)

    return once


def several_tickers(count: int) -> Once:
    """The recipe on returns and range for so many price tables, one after the other."""
    from course_utils.recipes import RECIPES, forecast

    prices = _ibm()
    recipe = replace(RECIPES["GRU on returns and range"], epochs=2)

    def once() -> None:
        for seed in range(count):
            forecast(recipe, prices, "High", prices.attrs["test_year"], seed)

    return once


def study(workers: int, on_cluster: bool) -> Once:
    """Sixteen fits of a study by so many workers, their start included."""
    from course.studies import one_step, running

    fits = [one_step.OneStep("GRU on returns", "IBM", "High", 2017, seed) for seed in range(16)]
    running.plan = lambda name: fits
    address = None
    if on_cluster:
        os.environ["DASK_DISTRIBUTED__WORKER__DAEMON"] = "False"  # read at the import
        from distributed import LocalCluster

        cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        address = cluster.scheduler_address

    def once() -> None:
        with TemporaryDirectory() as folder:
            places = {"fits_folder": Path(folder), "tables_folder": Path(folder)}
            running.run_study("tickers", workers, scheduler=address, **places)

    return once


# ---------------------------------------------------------------- the whole


def importing(module: str) -> Once:
    """Import a module in a fresh process; the note is the memory it then takes."""
    program = (
        f"import psutil, time; begin = time.perf_counter(); import {module}; "
        "print(time.perf_counter() - begin, psutil.Process().memory_info().rss >> 20)"
    )

    def once() -> str:
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        seconds, mib = done.stdout.split()
        return f"{float(seconds):.2f} s in the import alone, {mib} MiB"

    return once


def nbval(processes: int) -> Once:
    """Run all lessons under nbval."""

    def once() -> str:
        command = ["-m", "pytest", "-q", "-n", str(processes), "--dist", "loadfile", "notebooks"]
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=False, cwd=ROOT
        )
        return done.stdout.strip().splitlines()[-1]

    return once


def modules() -> list[str]:
    """The package, and its modules and packages."""
    found = iter_modules([str(ROOT / "course_utils")])
    return ["course_utils", *(f"course_utils.{module.name}" for module in found)]


QUESTIONS = {
    **{
        f"windows-{name}": Question(
            f"windows from a series of {steps:,} steps",
            {
                f"append loop, lookback {SHORT}": partial(append_loop, steps),
                f"make_windows, lookback {SHORT}": partial(windows, steps, SHORT),
                f"make_windows, lookback {LONG}": partial(windows, steps, LONG),
            },
            rounds=1 if steps > 1_000_000 else 3,
        )
        for name, steps in {"3k": 3_000, "300k": 300_000, "30m": 30_000_000}.items()
    },
    **{
        f"epoch-{cell}": Question(
            f"an epoch of the classic {cell}, 4 layers of 50 units",
            {
                "plain Keras script": partial(keras_script, f"classic {cell}"),
                "course": partial(course_epoch, f"classic {cell}"),
                **others,
                "PyTorch": partial(torch_epoch, f"classic {cell}"),
            },
            rounds=5,
            warm_up=True,
            on_gpu=True,
        )
        for cell, others in {
            "LSTM": {
                "course, FusedLSTM": partial(course_epoch, "classic LSTM", "FusedLSTM"),
                "course, XLA": partial(course_epoch, "classic LSTM", jit_compile=True),
                "course, 16 steps a call": partial(
                    course_epoch, "classic LSTM", steps_per_execution=16
                ),
            },
            "GRU": {},
        }.items()
    },
    "error": Question(
        "from prices to forecasts of IBM's test year, training included",
        {
            name: partial(from_prices, name)
            for name in ("classic LSTM", "GRU on returns and range", "linear, last day")
        },
        rounds=1,
        on_gpu=True,
    ),
    "free-run": Question(
        f"a free run of {STEPS} steps, classic LSTM",
        {
            "loop of predict": partial(predict_loop, 1),
            "free_run": partial(compiled_run, False),
            "free_run, state carried": partial(compiled_run, True),
        },
        warm_up=True,
        on_gpu=True,
    ),
    "paths": Question(
        f"{PATHS:,} paths of {STEPS} steps, classic LSTM",
        {
            "loop of predict, all paths in one batch": partial(predict_loop, PATHS),
            "sample_paths": partial(compiled_paths, False),
            "sample_paths, state carried": partial(compiled_paths, True),
        },
        rounds=1,
        warm_up=True,
        on_gpu=True,
    ),
    **{
        f"growth-{name}": Question(
            f"an epoch of a GRU, by {name}",
            {f"{value} {name}": partial(growing, **{name: value}) for value in values},
            warm_up=True,
        )
        for name, values in {
            "lookback": (15, 30, 60, 120),
            "units": (16, 32, 64, 128),
            "features": (1, 4, 16, 64),
        }.items()
    },
    "growth-tickers": Question(
        "two epochs of the GRU on returns and range, by tickers",
        {f"{count} tickers": partial(several_tickers, count) for count in (1, 2, 4)},
        rounds=1,
        warm_up=True,
    ),
    "workers": Question(
        "sixteen fits of a study",
        {
            "1 process": partial(study, 1, False),
            "2 processes": partial(study, 2, False),
            "1 Dask worker": partial(study, 1, True),
            "2 Dask workers": partial(study, 2, True),
        },
        rounds=1,
    ),
    "imports": Question(
        "Python's start and an import",
        {module: partial(importing, module) for module in ("keras", *modules())},
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
    """Prepare and say so, then do the thing once for each line that comes in; one goes out each.

    Processor time and memory are left out where processes are at work that we know nothing of.
    """
    import json
    import time

    import psutil

    os.environ["COURSE_WARM"] = "off"
    sys.stdout = sys.stderr  # what the course says is not the answer
    importlib.import_module("course_utils")
    once = QUESTIONS[question].ways[way]()
    before = peak_mib()
    print("ready", file=sys.__stdout__, flush=True)
    for _ in sys.stdin:
        begin, used = time.perf_counter(), os.times()
        note = once()
        seconds, cpu = time.perf_counter() - begin, sum(os.times()[:4]) - sum(used[:4])
        alive = psutil.Process().children()  # their time is not known before they end
        ended = os.times().children_user > used.children_user
        mib = None if alive or ended else peak_mib() - before
        result = {"seconds": seconds, "cpu": None if alive else cpu, "mib": mib, "note": note}
        print(json.dumps(result), file=sys.__stdout__, flush=True)


def peak_mib() -> int:
    """The most memory that this process has had at once."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit >> 20


if __name__ == "__main__":
    main(*sys.argv[1:])
