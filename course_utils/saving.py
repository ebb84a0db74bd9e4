"""Save a forecaster as a folder that another process, on another day, can use and can trust.

A network alone cannot forecast: without the scaler, the columns and the lookback it was trained
with, its input cannot be made. All four go into one folder, as a `.keras` file and JSON, never as
a pickle, which may run any code when it is read.
"""

import io
import json
import re
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from course_utils import fused, parallel  # noqa: F401 (Keras finds what is imported)
from course_utils.checks import as_numbers, check_columns, check_days, check_finite
from course_utils.files import DataError, read_bytes, sha256, shown, write_whole
from course_utils.windows import Scaler, unscale

import h5py
import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import MinMaxScaler, StandardScaler

MODEL, MANIFEST = "model.keras", "forecaster.json"
FORMAT = 1
KEYS = {"format": int, "sha256": str, "columns": list, "lookback": int, "scaler": dict}
"""what the manifest holds, besides the version of Keras"""
MOST_BYTES, MOST_JSON_BYTES = 50_000_000, 200_000
MOST_PARTS, MOST_UNITS, LONGEST_SIDE = 600, 4_000, 10_000
"""larger than any network of this course, and small enough to be built in seconds"""
SCALERS = {
    "MinMaxScaler": (MinMaxScaler, ("min_", "scale_", "data_min_", "data_max_", "data_range_")),
    "StandardScaler": (StandardScaler, ("mean_", "scale_", "var_")),
}
PLAIN = re.compile(
    r"keras\.(Sequential|src\.models\.functional\.Functional|DTypePolicy)"
    r"|keras\.layers\.(InputLayer|SimpleRNN|LSTM|GRU|Bidirectional|Dense|Dropout|Activation)"
    r"|keras\.layers\.LayerNormalization"
    r"|keras\.(initializers|regularizers|constraints)\.[A-Z]\w*"
    r"|None\.__keras_tensor__"  # how a functional network says what goes into a layer
)
"""all classes that a network may consist of, by the names under which Keras looks them up"""
OWN_LAYERS = {name: f"course_utils>{name}" for name in ("FusedLSTM", "MinGRU", "LinearRNN")}
"""our own layers: their classes, and the names under which Keras finds them"""
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

    def __post_init__(self) -> None:
        if isinstance(self.columns, str):  # a string is a sequence of letters, too
            raise SavedForecasterError(
                f"The columns are {self.columns!r}: put a single one into a tuple, "
                f"({self.columns!r},)."
            )

    def next_value(self, table: pd.DataFrame) -> float:
        """Forecast the value of column 0 that follows a table.

        Args:
            table: holds at least the columns, and rows of the last `lookback` days.

        Returns:
            the forecast, in the column's own unit.

        Raises:
            ValueError: a column or a day is missing, or a value is; or rows are not oldest first.
        """
        check_days(table, steps=True)
        check_columns(table, self.columns)
        rows = table[list(self.columns)].iloc[-self.lookback :]
        if len(rows) < self.lookback or rows.isna().any(axis=None):
            raise ValueError(
                f"The last {self.lookback} rows must be complete: the table has {len(rows)}, with "
                f"{int(rows.isna().sum().sum())} missing values."
            )
        check_finite(as_numbers(rows), "correct it")
        window = self._scale(rows)[np.newaxis]
        found = np.asarray(self.model(window, training=False))  # `predict` would trace it first
        return float(unscale(self.scaler, found[0, -1]))

    def _scale(self, rows: pd.DataFrame) -> NDArray:
        """Scale rows of the columns, with their names if the scaler was fitted on names."""
        named = hasattr(self.scaler, "feature_names_in_")
        return self.scaler.transform(rows if named else rows.to_numpy())


def save_forecaster(forecaster: SavedForecaster, folder: Path | str) -> Path:
    """Write a forecaster to a folder of its own.

    It is saved to a temporary folder and loaded from there first, so that whatever is saved loads.

    Args:
        forecaster: the network, its fitted scaler, the columns in order, and the lookback.
        folder: made if it does not exist; an earlier forecaster in it is overwritten.

    Returns:
        the folder.

    Raises:
        SavedForecasterError: the folder holds other files, or `load_forecaster` would refuse the
            forecaster; an earlier forecaster is then still there.
    """
    folder = Path(folder).expanduser()
    foreign = sorted({path.name for path in folder.glob("[!.]*")} - {MODEL, MANIFEST})
    if foreign:
        raise SavedForecasterError(f"{folder.name} holds {foreign[0]}: choose a folder of its own.")
    with TemporaryDirectory() as temporary:
        trial = Path(temporary)
        forecaster.model.save(trial / MODEL)
        model = (trial / MODEL).read_bytes()
        manifest = json.dumps(_manifest(forecaster, model), indent=2) + "\n"
        write_whole(trial / MANIFEST, manifest)
        _check_scales_alike(forecaster, load_forecaster(trial))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)  # a save that is cut off leaves no forecaster
    write_whole(folder / MODEL, model)
    write_whole(folder / MANIFEST, manifest)
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
    folder = Path(folder).expanduser()
    manifest = _read_manifest(folder)
    scaler = _make_scaler(manifest)
    model = _read(folder, MODEL, MOST_BYTES)
    if sha256(model) != manifest["sha256"]:
        raise SavedForecasterError(
            f"{MODEL} is not the file that was saved with {MANIFEST}: it was damaged or exchanged. "
            "Save the forecaster again."
        )
    try:
        config = _unpack(model)
    except Exception as error:  # zip files can be broken in many ways
        raise SavedForecasterError(
            f"{MODEL} is not a file of Keras ({_said(error)}): save it again."
        ) from error
    _check_config(config)
    try:
        network = keras.models.load_model(folder / MODEL, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises nearly anything here
        raise SavedForecasterError(f"Keras cannot read {MODEL}: {_said(error)}") from error
    _check_shapes(network, manifest)
    return SavedForecaster(network, scaler, tuple(manifest["columns"]), manifest["lookback"])


def _read(folder: Path, name: str, most: int) -> bytes:
    """Read a file of at most so many bytes."""
    try:
        return read_bytes(folder / name, most)
    except DataError as error:
        raise SavedForecasterError(f"{folder.name} holds no forecaster: {error}") from error


# ------------------------------------------------------------- the manifest, and the scaler in it


def _manifest(forecaster: SavedForecaster, model: bytes) -> dict[str, Any]:
    """Write down all but the network; what is wrong with it, `load_forecaster` finds."""
    kind = type(forecaster.scaler).__name__
    _, names = SCALERS.get(kind, (None, ()))
    fitted = {name: getattr(forecaster.scaler, name, None) for name in names}
    return {
        "format": FORMAT,
        "sha256": sha256(model),
        "columns": list(forecaster.columns),
        "lookback": int(forecaster.lookback),
        "scaler": {
            "kind": kind,
            "fitted": {name: np.asarray(values).tolist() for name, values in fitted.items()},
        },
        "keras": keras.__version__,
    }


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest, and refuse JSON of another shape than `save_forecaster` writes."""
    content = _read(folder, MANIFEST, MOST_JSON_BYTES)
    try:
        manifest = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise SavedForecasterError(f"{MANIFEST} is damaged: save the forecaster again.") from error
    for name, kind in KEYS.items():
        if not isinstance(manifest, dict) or type(manifest.get(name)) is not kind:
            raise SavedForecasterError(f"{MANIFEST} lacks {name}: it is not a forecaster of ours.")
    version, columns, lookback = (manifest[name] for name in ("format", "columns", "lookback"))
    if version != FORMAT:
        raise SavedForecasterError(
            f"{MANIFEST} has format {str(version)[:9]}, and this course reads {FORMAT}."
        )
    if not all(isinstance(name, str) for name in columns) or not columns:
        raise SavedForecasterError(f"The columns in {MANIFEST} are not names.")
    if len(set(columns)) < len(columns):
        raise SavedForecasterError(f"The columns in {MANIFEST} hold a name twice.")
    if not 1 <= lookback <= LONGEST_SIDE:
        raise SavedForecasterError(
            f"The lookback in {MANIFEST} is {str(lookback)[:9]}: it must be from 1 to "
            f"{LONGEST_SIDE:,}."
        )
    return manifest


def _make_scaler(manifest: dict[str, Any]) -> Scaler:
    """Make the fitted scaler again from its numbers."""
    kind, fitted = manifest["scaler"].get("kind"), manifest["scaler"].get("fitted")
    if not isinstance(kind, str) or kind not in SCALERS or not isinstance(fitted, dict):
        raise SavedForecasterError(
            f"The scaler in {MANIFEST} is not known: use one of {', '.join(SCALERS)}."
        )
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


def _check_scales_alike(saved: SavedForecaster, loaded: SavedForecaster) -> None:
    """Refuse a scaler whose fitted numbers do not tell all that it does."""
    columns = list(loaded.columns)
    far = pd.DataFrame([[-1e9], [0.0], [1e9]] * np.ones(len(columns)), columns=columns)
    try:
        alike = np.array_equal(saved._scale(far), loaded._scale(far))
    except ValueError:  # scikit-learn refuses columns in another order than the fitted one
        alike = False
    if not alike:
        raise SavedForecasterError(
            "The scaler would not scale alike once it is loaded, as only its fitted numbers are "
            f"saved: fit it on the columns {', '.join(columns)}, in this order, and leave its "
            "`clip`, `with_mean` and `with_std` as they are by default."
        )


# ---------------------------------------------------------------------------------- the network


def _unpack(model: bytes) -> dict[str, Any]:
    """Return the configuration in a `.keras` file, unless it holds more, or too much."""
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        entries = archive.infolist()
        if sorted(entry.filename for entry in entries) != ENTRIES:
            raise ValueError(f"it must hold {', '.join(ENTRIES)} and nothing else")
        sizes = {entry.filename: entry.file_size for entry in entries}
        weights = sizes.pop("model.weights.h5")
        if weights > MOST_BYTES or max(sizes.values()) > MOST_JSON_BYTES:
            raise ValueError("unpacked it would be larger than any network of this course")
        packed = io.BytesIO(archive.read("model.weights.h5"))
        config = dict(json.loads(archive.read("config.json")))
    arrays: list[int] = []  # HDF5 can pack gigabytes of one number into nothing
    with h5py.File(packed) as file:  # links and other files are refused by Keras
        file.visititems(lambda name, item: arrays.append(getattr(item, "nbytes", 0)))
    if sum(arrays) > MOST_BYTES:
        raise ValueError("unpacked its weights would be larger than those of any network")
    return config


def _check_config(config: dict[str, Any]) -> None:
    """Refuse a network that holds anything but plain layers, or that would be too large.

    Keras' safe mode refuses Lambda layers; a list of what is allowed also refuses layers that
    load files of their own, and classes of other packages.
    """
    loaded = json.dumps(config | {"compile_config": None})  # loading leaves the optimizer out
    parts: list[dict[str, Any]] = []
    json.loads(loaded, object_hook=lambda part: parts.append(part) or part)
    classes = [part for part in parts if "class_name" in part]
    for part in reversed(classes):  # the outer one first
        name, registered = part["class_name"], part.get("registered_name")
        path = f"{part.get('module')}.{name}"
        plain = PLAIN.fullmatch(path) and registered in (None, name)
        if not plain and (registered is None or OWN_LAYERS.get(name) != registered):
            raise SavedForecasterError(
                f"{MODEL} holds {shown(path, 99)}, which is not a layer of this course: it is not "
                "loaded."
            )
    if any(part.get("stateful") for part in parts):
        raise SavedForecasterError(
            f"{MODEL} holds a stateful layer, whose answers depend on the questions "
            "before: build the network without stateful=True."
        )
    units = [part["units"] for part in parts if "units" in part]
    shapes = [part[key] for part in parts for key in part if key.endswith("shape")]
    sides = [side for side in keras.tree.flatten(shapes) if side is not None]
    if not (
        len(classes) <= MOST_PARTS
        and all(type(number) is int and number >= 0 for number in units + sides)
        and sum(units) <= MOST_UNITS
        and max(sides, default=0) <= LONGEST_SIDE
        and not any(part.get("unroll") for part in parts)
    ):
        raise SavedForecasterError(
            f"{MODEL} describes a network larger than any of this course, or an unrolled one."
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
            f"The network does not fit {MANIFEST}, which has {features} columns, {lookback} days "
            "in a window, and one forecast for each window."
        )


def _said(error: Exception) -> str:
    """What an exception says, as a message can hold it."""
    return shown(str(error) or type(error).__name__, 200)
