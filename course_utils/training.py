"""Training, quiet and repeatable: one updating bar, and seeds set where you can see them."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from course_utils import warm
from course_utils.checks import check_days, check_features, check_fits
from course_utils.windows import Scaler, fit_scaler_on, make_windows, split_by_year, unscale

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm
from tqdm.keras import TqdmCallback

# On a GPU, products rounded to ten bits would break the lessons' equalities to 1e-5.
tf.config.experimental.enable_tensor_float_32_execution(False)


class Forecaster(Protocol):
    """Anything that forecasts from windows: a Keras model, a regression, a naive forecast."""

    def predict(self, windows: NDArray, verbose: int = 0) -> NDArray:
        """Return forecasts, shape (samples, 1), for windows (samples, lookback, features)."""


Trainer = Callable[[NDArray, NDArray], Forecaster | list[Forecaster]]
"""from windows and targets to a trained model, or to one for each of several seeds"""


def fit(
    model: keras.Model,
    windows: NDArray,
    targets: NDArray,
    *,
    epochs: int,
    batch_size: int = 32,
    validation: tuple[NDArray, NDArray] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    label: str = "training",
    quiet: bool = False,
) -> keras.callbacks.History:
    """Train a compiled model with one progress bar on stdout instead of a line per step.

    Args:
        model: a compiled Keras model.
        windows: shape (samples, time_steps, features), oldest first.
        targets: shape (samples,).
        epochs: passes over the samples.
        batch_size: samples per gradient step.
        validation: later windows and targets that are never trained on; their loss is in the
            history, too.
        callbacks: Keras' own, such as early stopping.
        label: what the bar calls this training run.
        quiet: show no bar.

    Returns:
        Keras' history, with the losses of every epoch.

    Raises:
        ValueError: windows and targets differ in number, hold a missing or infinite value, which
            Keras would turn into a loss of nan without a word, or do not fit the network's shapes,
            which Keras would broadcast.
    """
    for inputs, outputs in filter(None, [(windows, targets), validation]):
        check_fits(model, inputs, outputs)
    return warm.fit(
        model,
        windows,
        targets,
        epochs=epochs,
        batch_size=batch_size,
        validation=validation,
        callbacks=callbacks,
        bar=progress_bar,
        label=label,
        quiet=quiet,
    )


def progress_bar(label: str, quiet: bool = False) -> keras.callbacks.Callback:
    """Make a callback that shows one bar on stdout, updated after each epoch.

    Args:
        label: what is written before the bar.
        quiet: show no bar.

    Returns:
        a callback for Keras' `fit`.
    """
    bar = partial(tqdm, file=sys.stdout, desc=label, mininterval=0.5, disable=quiet, ncols=90)
    return TqdmCallback(verbose=0, tqdm_class=bar)


def train_before(
    table: pd.DataFrame,
    year: int,
    lookback: int,
    train: Trainer,
    scaler: Scaler | None = None,
) -> tuple[Forecaster | list[Forecaster], Scaler, NDArray]:
    """Train on the days before a year; the scaler sees only these, too.

    Args:
        table: rows indexed by date, ascending; the target is column 0.
        year: the first year that is not trained on.
        lookback: days in a window.
        train: takes windows, shape (samples, lookback, features), and targets, shape
            (samples,), both scaled, and returns something with `predict`, or a list of such.
        scaler: an unfitted scaler; a StandardScaler by default.

    Returns:
        the model or models, the fitted scaler, and the scaled rows of that year and later with the
        `lookback` rows before them, shape (lookback + days, features).

    Raises:
        ValueError: the table does not hold that year, is too short, or has missing values before
            it; later ones come back as they are.
    """
    before, _ = split_by_year(table, year, lookback)
    check_features(table)
    scaler = fit_scaler_on(before, scaler or StandardScaler())
    model = train(*make_windows(scaler.transform(before), lookback))
    return model, scaler, scaler.transform(table.iloc[len(before) - lookback :])


def forecast_year(
    table: pd.DataFrame,
    year: int,
    lookback: int,
    train: Trainer,
    scaler: Scaler | None = None,
) -> pd.Series | pd.DataFrame:
    """Train on the days before a year, then forecast each of its days from the days before it.

    Args:
        table: as for `train_before`.
        year: the test year.
        lookback: as for `train_before`.
        train: as for `train_before`.
        scaler: as for `train_before`.

    Returns:
        forecasts of column 0 in its own unit, indexed by the days of that year; of several models,
        a table with one column per model.

    Raises:
        TypeError: `train` returns nothing, or something without `predict`.
        ValueError: the table does not hold that year, is too short, or has missing values; or a
            model does not forecast one number for each window.
    """
    check_days(table)
    until = table[table.index.year <= year]
    trained, scaler, scaled = train_before(until, year, lookback, train, scaler)
    windows, _ = make_windows(scaled, lookback)

    def forecasts(model: Forecaster) -> pd.Series:
        if isinstance(model, keras.Model):  # `predict` would trace it, and its last batch again
            found = model(windows, training=False)
        elif hasattr(model, "predict"):
            found = model.predict(windows, verbose=0)
        else:
            raise TypeError(f"`train` must return the model, not {type(model).__name__}.")
        found = np.asarray(found)
        if found.shape != (len(windows), 1):
            raise ValueError(
                f"The model forecasts shape {found.shape} from {len(windows)} windows: it must "
                f"return one number for each, shape ({len(windows)}, 1)."
            )
        return pd.Series(unscale(scaler, found[:, 0]), until.index[-len(found) :], name="forecast")

    if isinstance(trained, list):
        return pd.DataFrame(dict(enumerate(map(forecasts, trained))))
    return forecasts(trained)
