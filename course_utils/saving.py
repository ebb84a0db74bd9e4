"""Save a forecaster as a folder that another process, on another day, can use and can trust.

A network alone cannot forecast: without the scaler, the columns and the lookback it was trained
with, its input cannot be made. All four go into one folder, as a `.keras` file and JSON, never as
a pickle, which may run any code when it is read.
"""

import hashlib
import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_utils import models  # noqa: F401 (loading finds our own layer there)
from course_utils.files import shown, write_whole
from course_utils.windows import Scaler, unscale

import h5py
import keras
import numpy as np
import pandas as pd
from sklearn.preprocessing import MinMaxScaler, StandardScaler

MODEL, MANIFEST = "model.keras", "forecaster.json"
FORMAT = 1
MOST_BYTES, MOST_JSON_BYTES = 50_000_000, 200_000
MOST_LAYERS, MOST_UNITS, LONGEST_SIDE = 100, 4_000, 10_000
"""larger than any network of this course, and small enough to be built in seconds"""
SCALERS = {
    "MinMaxScaler": (MinMaxScaler, ("min_", "scale_", "data_min_", "data_max_", "data_range_")),
    "StandardScaler": (StandardScaler, ("mean_", "scale_", "var_")),
}
SWITCHES = {"clip": False, "with_mean": True, "with_std": True}
"""what a scaler must not do otherwise, as its numbers do not tell"""
LAYERS = {
    *("Sequential", "Functional", "InputLayer", "SimpleRNN", "LSTM", "GRU", "Bidirectional"),
    *("Dense", "Dropout", "Activation", "LayerNormalization"),
}
OWN_LAYER = ("course_utils.models", "FusedLSTM", "course_utils>FusedLSTM")
"""our own layer: its module, class, and the name under which Keras finds it"""
LAYER_MODULES = ("keras", "keras.layers", "keras.src.models.functional")
OTHER_MODULES = ("keras.initializers", "keras.regularizers", "keras.constraints")
ENTRIES = ["config.json", "metadata.json", "model.weights.h5"]
"""all that a `.keras` file of these layers holds"""


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
        SavedForecasterError: the folder holds other files, or the forecaster something that
            `load_forecaster` would refuse; an earlier forecaster is then still there.
    """
    folder = Path(folder)
    manifest = _manifest(forecaster)
    folder.mkdir(parents=True, exist_ok=True)
    cut_off = {path.name for path in folder.glob(f".{MANIFEST}.*.part")}  # left by a save
    foreign = sorted({path.name for path in folder.iterdir()} - {MODEL, MANIFEST, *cut_off})
    if foreign:
        raise SavedForecasterError(f"{folder.name} holds {foreign[0]}: choose a folder of its own.")
    (folder / MANIFEST).unlink(missing_ok=True)  # a save that is cut off leaves no forecaster
    forecaster.model.save(folder / MODEL)
    manifest["sha256"] = _sha256(folder / MODEL)
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
    if not os.path.isfile(model):  # nor a pipe or a device, which may never end
        raise SavedForecasterError(f"{folder.name} lacks {MODEL}: save it again.")
    try:
        if model.stat().st_size > MOST_BYTES:
            raise SavedForecasterError(f"{MODEL} is larger than any network of this course.")
        digest = _sha256(model)
    except OSError as error:
        raise SavedForecasterError(f"{MODEL} cannot be read ({error.strerror}).") from error
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
    _check_shapes(network, manifest)
    return SavedForecaster(network, scaler, tuple(manifest["columns"]), manifest["lookback"])


def _manifest(forecaster: SavedForecaster) -> dict[str, Any]:
    """Write down all but the network, and refuse what could not be loaded again."""
    scaler, kind = forecaster.scaler, type(forecaster.scaler).__name__
    if kind not in SCALERS:
        raise SavedForecasterError(f"A {kind} cannot be saved: choose one of {', '.join(SCALERS)}.")
    switches = scaler.get_params()
    switched = [name for name, usual in SWITCHES.items() if switches.get(name, usual) != usual]
    if switched or not hasattr(scaler, "scale_"):
        reason = f"{switched[0]}={switches[switched[0]]}" if switched else "nothing fitted"
        raise SavedForecasterError(f"A {kind} with {reason} cannot be saved.")
    manifest = {
        "format": FORMAT,
        "sha256": "",
        "columns": list(forecaster.columns),
        "lookback": int(forecaster.lookback),
        "scaler": {
            "kind": kind,
            "fitted": {name: getattr(scaler, name).tolist() for name in SCALERS[kind][1]},
        },
        "keras": keras.__version__,
    }
    _check_manifest(manifest)
    _scaler(manifest)
    fitted_on = list(getattr(scaler, "feature_names_in_", forecaster.columns))
    if fitted_on != list(forecaster.columns):
        raise SavedForecasterError(
            f"The columns are {', '.join(forecaster.columns)}, but the scaler was fitted on "
            f"{', '.join(map(str, fitted_on))}: name them in its order."
        )
    _check_classes(keras.saving.serialize_keras_object(forecaster.model))
    _check_shapes(forecaster.model, manifest)
    return manifest


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Read and check the JSON beside the network."""
    path = folder / MANIFEST
    if not os.path.isfile(path):
        raise SavedForecasterError(f"{folder.name} holds no forecaster: {MANIFEST} is not there.")
    if path.stat().st_size > MOST_JSON_BYTES:
        raise SavedForecasterError(f"{MANIFEST} is larger than any that was saved.")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SavedForecasterError(f"{MANIFEST} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise SavedForecasterError(f"{MANIFEST} is damaged: save the forecaster again.") from error
    _check_manifest(manifest)
    return manifest


def _check_manifest(manifest: object) -> None:
    """Refuse JSON of another shape than `save_forecaster` writes."""
    wanted = {"format": int, "sha256": str, "columns": list, "lookback": int, "scaler": dict}
    for name, kind in wanted.items():
        if not isinstance(manifest, dict) or type(manifest.get(name)) is not kind:
            raise SavedForecasterError(f"{MANIFEST} lacks {name}: it is not a forecaster of ours.")
    if manifest["format"] != FORMAT:
        raise SavedForecasterError(
            f"{MANIFEST} has format {str(manifest['format'])[:9]}, and this course reads {FORMAT}."
        )
    columns = manifest["columns"]
    if not columns or not all(isinstance(name, str) for name in columns):
        raise SavedForecasterError(f"The columns in {MANIFEST} are no names.")
    if len(set(columns)) < len(columns):
        raise SavedForecasterError(f"The columns in {MANIFEST} hold a name twice.")
    if not 1 <= manifest["lookback"] <= LONGEST_SIDE:
        raise SavedForecasterError(
            f"A lookback of {str(manifest['lookback'])[:9]} in {MANIFEST} is none: it is a number "
            f"from 1 to {LONGEST_SIDE:,}."
        )


def _scaler(manifest: dict[str, Any]) -> Scaler:
    """Make the fitted scaler anew from its numbers."""
    kind, fitted = manifest["scaler"].get("kind"), manifest["scaler"].get("fitted")
    if not isinstance(kind, str) or kind not in SCALERS or not isinstance(fitted, dict):
        raise SavedForecasterError(f"The scaler in {MANIFEST} is none of {', '.join(SCALERS)}.")
    make, names = SCALERS[kind]
    scaler, count = make(), len(manifest["columns"])
    for name in names:
        values = fitted.get(name)
        numbers = isinstance(values, list) and all(
            type(value) in (int, float) and abs(value) <= sys.float_info.max for value in values
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
            entries = archive.infolist()
            if sorted(entry.filename for entry in entries) != ENTRIES:
                raise ValueError(f"it must hold {', '.join(ENTRIES)} and nothing else")
            sizes = {entry.filename: entry.file_size for entry in entries}
            weights = sizes.pop("model.weights.h5")
            if weights > MOST_BYTES or max(sizes.values()) > MOST_JSON_BYTES:
                raise ValueError("unpacked it would be larger than any network of this course")
            config = dict(json.loads(archive.read("config.json")))
            _check_weights(archive.read("model.weights.h5"))
    except Exception as error:  # zip files can be broken in many ways
        reason = _first_line(error)
        raise SavedForecasterError(
            f"{MODEL} is not a file of Keras ({reason}): save it again."
        ) from error
    _check_classes(config)


def _check_weights(content: bytes) -> None:
    """Refuse weights that lie in other files, or are larger than the file that holds them.

    HDF5 can name files of this machine to be read, and pack gigabytes of one number into nothing.
    """
    count = 0

    def check(item: h5py.Group | h5py.Dataset) -> None:
        nonlocal count
        if isinstance(item, h5py.Group):
            links = [item.get(name, getlink=True) for name in item]
            plain = all(isinstance(link, h5py.HardLink) for link in links)
        else:
            plain = item.dtype.kind in "fiu" and not (item.external or item.is_virtual)
            count += item.nbytes if plain else 0
        if not plain:
            raise ValueError("its weights are no plain numbers")
        if count > MOST_BYTES:
            raise ValueError("unpacked its weights would be larger than those of any network")

    with h5py.File(io.BytesIO(content)) as file:
        check(file)
        file.visititems(lambda name, item: check(item))


def _parts(config: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """All that a configuration holds, however deep, each with the key that it stands under."""
    left: list[tuple[str, Any]] = [("", config)]
    while left:
        key, part = left.pop()
        yield key, part
        if isinstance(part, dict):
            left.extend(part.items())
        elif isinstance(part, list | tuple):
            left.extend((key, each) for each in part)


def _check_classes(config: dict[str, Any]) -> None:
    """Refuse a network's configuration that names anything but plain layers, or too many."""
    parts = list(_parts(config | {"compile_config": None}))  # loading leaves the optimizer out
    classes = [part for _, part in parts if isinstance(part, dict) and "class_name" in part]
    for part in classes:
        _check_class(part)
    layers = sum(part["class_name"] in LAYERS for part in classes)
    numbers = [(key, part) for key, part in parts if isinstance(part, int | float)]
    units = sum(abs(number) for key, number in numbers if key == "units")
    sides_fit = all(number <= LONGEST_SIDE for key, number in numbers if key.endswith("shape"))
    if not (layers <= MOST_LAYERS and units <= MOST_UNITS and sides_fit):  # units may be nan
        raise SavedForecasterError(f"{MODEL} describes a network larger than any of this course.")
    if any(key == "unroll" and part for key, part in parts):
        raise SavedForecasterError(f"{MODEL} holds an unrolled layer: build it without `unroll`.")


def _check_class(part: dict[str, Any]) -> None:
    """Refuse a class that is not Keras' own, or a layer that this course does not use."""
    module, name, registered = (
        part.get(key) for key in ("module", "class_name", "registered_name")
    )
    if (module, name, registered) == OWN_LAYER:
        return
    if part.keys() == {"class_name", "config"} and name == "__keras_tensor__":
        return  # how a functional network says what goes into a layer
    plain = isinstance(name, str) and (
        (module in LAYER_MODULES and name in LAYERS)
        or (module in OTHER_MODULES and name.isidentifier() and name[0].isupper())
        or (module, name) == ("keras", "DTypePolicy")
    )
    if not plain or registered not in (None, name):
        raise SavedForecasterError(
            f"{MODEL} holds {module}.{name}, which is no layer of this course: it is not loaded."
        )


def _check_shapes(network: keras.Model, manifest: dict[str, Any]) -> None:
    """Refuse a network that does not take such windows, or gives more than one value for each."""
    features, lookback = len(manifest["columns"]), manifest["lookback"]
    try:
        _, steps, width = network.input_shape
        taken = width == features and steps in (None, lookback)
        fits = taken and network.output_shape[1:] == (1,)
    except Exception:  # without a shape, or with several inputs, Keras raises nearly anything
        fits = False
    if not fits:
        raise SavedForecasterError(
            f"The network does not fit {MANIFEST}, which speaks of {features} columns, {lookback} "
            "days in a window, and one forecast for each window."
        )


def _sha256(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: Exception) -> str:
    """The first line of what an exception says, as a message can hold it."""
    return shown((str(error).strip().splitlines() or [type(error).__name__])[0], 200)
