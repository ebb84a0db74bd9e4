"""Save a forecaster as a folder that another process, on another day, can use and can trust.

A network alone cannot forecast: without the scaler, the columns and the lookback it was trained
with, its input cannot be made. All four go into one folder, as a `.keras` file and JSON, never as
a pickle, which may run any code when it is read.
"""

import hashlib
import json
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_utils.lessons import write_whole
from course_utils.windows import Scaler, unscale

import keras
import numpy as np
import pandas as pd
from sklearn.preprocessing import MinMaxScaler, StandardScaler

MODEL, MANIFEST = "model.keras", "forecaster.json"
FORMAT = 1
MOST_BYTES = 500_000_000
SCALERS = {
    "MinMaxScaler": (MinMaxScaler, ("min_", "scale_", "data_min_", "data_max_", "data_range_")),
    "StandardScaler": (StandardScaler, ("mean_", "scale_", "var_")),
}
LAYERS = {
    *("Sequential", "Functional", "InputLayer", "SimpleRNN", "LSTM", "GRU", "Bidirectional"),
    *("Dense", "Dropout", "Activation", "LayerNormalization"),
}
OTHER_MODULES = ("keras.initializers", "keras.regularizers", "keras.constraints")


class SavedForecasterError(ValueError):
    """A folder holds no forecaster of ours, or one that cannot be trusted."""


@dataclass(frozen=True)
class SavedForecaster:
    """A network with all that it takes to forecast with it."""

    model: keras.Model
    scaler: Scaler
    columns: tuple[str, ...]
    lookback: int

    def next_value(self, table: pd.DataFrame) -> float:
        """Forecast the value of column 0 that follows a table.

        Args:
            table: holds at least the columns, and rows of the last `lookback` days.

        Returns:
            the forecast, in the column's own unit.

        Raises:
            ValueError: a column or a day is missing, or a value is.
        """
        absent = [column for column in self.columns if column not in table]
        if absent:
            raise ValueError(f"The table lacks {', '.join(absent)}: the network was trained on it.")
        rows = table[list(self.columns)].iloc[-self.lookback :]
        if len(rows) < self.lookback or rows.isna().any(axis=None):
            raise ValueError(
                f"The last {self.lookback} rows must be there without a gap; the table has "
                f"{len(rows)}, with {int(rows.isna().sum().sum())} missing values."
            )
        named = hasattr(self.scaler, "feature_names_in_")
        window = self.scaler.transform(rows if named else rows.to_numpy())[np.newaxis]
        return float(unscale(self.scaler, self.model.predict(window, verbose=0)[0, -1]))


def save_forecaster(forecaster: SavedForecaster, folder: Path | str) -> Path:
    """Write a forecaster to a folder of its own.

    Args:
        forecaster: the network, its fitted scaler, the columns in order, and the lookback.
        folder: made if it is not there; one that holds an earlier forecaster is overwritten.

    Returns:
        the folder.

    Raises:
        SavedForecasterError: the folder holds other files, or the network has a layer, or the
            scaler a kind, that `load_forecaster` would refuse.
    """
    folder = Path(folder)
    kind = type(forecaster.scaler).__name__
    if kind not in SCALERS:
        raise SavedForecasterError(f"A {kind} cannot be saved: choose one of {', '.join(SCALERS)}.")
    folder.mkdir(parents=True, exist_ok=True)
    foreign = sorted({path.name for path in folder.iterdir()} - {MODEL, MANIFEST})
    if foreign:
        raise SavedForecasterError(f"{folder.name} holds {foreign[0]}: choose a folder of its own.")
    (folder / MANIFEST).unlink(missing_ok=True)  # a save that is cut off leaves no forecaster
    forecaster.model.save(folder / MODEL)
    _check_layers(folder / MODEL)
    fitted = {name: getattr(forecaster.scaler, name).tolist() for name in SCALERS[kind][1]}
    manifest = {
        "format": FORMAT,
        "sha256": _sha256(folder / MODEL),
        "columns": list(forecaster.columns),
        "lookback": forecaster.lookback,
        "scaler": {"kind": kind, "fitted": fitted},
        "keras": keras.__version__,
    }
    write_whole(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return folder


def load_forecaster(folder: Path | str) -> SavedForecaster:
    """Read a forecaster that `save_forecaster` wrote, and run no code from it.

    Args:
        folder: as given to `save_forecaster`.

    Returns:
        the forecaster.

    Raises:
        SavedForecasterError: the folder holds no forecaster, one that was changed since it was
            saved, or one with anything but the layers of this course.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder)
    model = folder / MODEL
    try:
        if model.stat().st_size > MOST_BYTES:
            raise SavedForecasterError(f"{MODEL} is larger than any network of this course.")
        digest = _sha256(model)
    except OSError as error:
        raise SavedForecasterError(f"{folder.name} lacks {MODEL}: save it again.") from error
    if digest != manifest["sha256"]:
        raise SavedForecasterError(
            f"{MODEL} is not the file that was saved with {MANIFEST}: it was damaged or exchanged. "
            "Save the forecaster again."
        )
    _check_layers(model)
    scaler = _scaler(manifest)
    try:
        network = keras.models.load_model(model, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises nearly anything here
        raise SavedForecasterError(f"Keras cannot read {MODEL}: {_first_line(error)}") from error
    if network.input_shape[-1] != len(manifest["columns"]):
        raise SavedForecasterError(f"The network and the columns in {MANIFEST} do not fit.")
    return SavedForecaster(network, scaler, tuple(manifest["columns"]), manifest["lookback"])


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Read and check the JSON beside the network."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SavedForecasterError(
            f"{folder.name} holds no forecaster: {MANIFEST} is not there."
        ) from error
    except ValueError as error:
        raise SavedForecasterError(f"{MANIFEST} is damaged: save the forecaster again.") from error
    wanted = {"format": int, "sha256": str, "columns": list, "lookback": int, "scaler": dict}
    for name, kind in wanted.items():
        if not isinstance(manifest, dict) or type(manifest.get(name)) is not kind:
            raise SavedForecasterError(f"{MANIFEST} lacks {name}: it is not a forecaster of ours.")
    if manifest["format"] != FORMAT:
        raise SavedForecasterError(
            f"{MANIFEST} has format {manifest['format']}, and this course reads {FORMAT}."
        )
    columns = manifest["columns"]
    if not columns or not all(isinstance(name, str) for name in columns):
        raise SavedForecasterError(f"The columns in {MANIFEST} are no names.")
    if manifest["lookback"] < 1:
        raise SavedForecasterError(f"A lookback of {manifest['lookback']} in {MANIFEST} is none.")
    return manifest


def _scaler(manifest: dict[str, Any]) -> Scaler:
    """Make the fitted scaler anew from its numbers."""
    kind, fitted = manifest["scaler"].get("kind"), manifest["scaler"].get("fitted")
    if kind not in SCALERS or not isinstance(fitted, dict):
        raise SavedForecasterError(f"The scaler in {MANIFEST} is none of {', '.join(SCALERS)}.")
    make, names = SCALERS[kind]
    scaler, count = make(), len(manifest["columns"])
    for name in names:
        values = fitted.get(name)
        numbers = isinstance(values, list) and all(
            isinstance(value, int | float) and math.isfinite(value) for value in values
        )
        if not numbers or len(values) != count:
            raise SavedForecasterError(f"The scaler's {name} in {MANIFEST} is not {count} numbers.")
        setattr(scaler, name, np.array(values, dtype=float))
    scaler.n_features_in_ = count
    scaler.feature_names_in_ = np.array(manifest["columns"], dtype=object)
    return scaler


def _check_layers(path: Path) -> None:
    """Refuse a `.keras` file with anything in it but plain layers.

    Keras' safe mode refuses Lambda layers; a list of what is allowed also refuses layers that
    load files of their own, and classes of other packages.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > MOST_BYTES:
                raise ValueError("unpacked it would be larger than any network of this course")
            config = dict(json.loads(archive.read("config.json")))
    except Exception as error:  # zip files can be broken in many ways
        raise SavedForecasterError(f"{MODEL} is not a file of Keras: save it again.") from error
    config.pop("compile_config", None)  # the optimizer, which loading leaves out
    left = [config]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            if "class_name" in part:
                _check_class(part)
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)


def _check_class(part: dict[str, Any]) -> None:
    """Refuse a class that is not Keras' own, or a layer that this course does not use."""
    module, name = part.get("module"), part["class_name"]
    plain = name in LAYERS and str(module).startswith("keras")
    if (module, name) == ("keras", "DTypePolicy") or module in OTHER_MODULES:
        plain = True
    if not plain or part.get("registered_name") not in (None, name):
        raise SavedForecasterError(
            f"{MODEL} holds {module}.{name}, which is no layer of this course: it is not loaded."
        )


def _sha256(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: Exception) -> str:
    """The first line of what an exception says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
