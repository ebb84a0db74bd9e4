"""A saved forecaster forecasts the same in another process, and a broken one runs no code."""

import base64
import hashlib
import io
import json
import marshal
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from course_utils import saving
from course_utils.models import recurrent
from course_utils.parallel import LinearRNN, MinGRU
from course_utils.saving import (
    MANIFEST,
    MODEL,
    SavedForecaster,
    SavedForecasterError,
    load_forecaster,
    save_forecaster,
)
from course_utils.windows import make_windows

import h5py
import keras
import numpy as np
import pytest
from helpers import made_up_prices
from keras.layers import GRU
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

LOOKBACK, COLUMNS = 6, ("High", "Close", "Volume")
TABLE = made_up_prices("2017-01-02", "2017-04-28")[list(COLUMNS)]


def functional():
    inputs = keras.Input((LOOKBACK, len(COLUMNS)))
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.LSTM(3)(inputs)))


def network(cell, bidirectional=False):
    return recurrent(cell, len(COLUMNS), units=3, dropout=0.1, bidirectional=bidirectional)


def with_layers(*layers, batch_size=None):
    inputs = keras.Input((None, len(COLUMNS)), batch_size)
    return keras.Sequential([inputs, *layers, keras.layers.Dense(1)])


def scanned():
    return with_layers(LinearRNN(3, return_sequences=True), MinGRU(3))


CASES = {
    # name: network, scaler, compiled
    "SimpleRNN": (lambda: network("SimpleRNN"), MinMaxScaler().fit(TABLE), False),
    "LSTM": (lambda: network("LSTM"), StandardScaler().fit(TABLE), False),
    "GRU": (lambda: network("GRU"), MinMaxScaler((-1, 1)).fit(TABLE.to_numpy()), True),
    "fused": (lambda: network(("FusedLSTM", "GRU"), True), MinMaxScaler().fit(TABLE), False),
    "scanned": (scanned, MinMaxScaler().fit(TABLE), False),
    "functional": (functional, StandardScaler().fit(TABLE.to_numpy()), False),
}


def made(name):
    """A forecaster whose weights are all its own, trained for a step if it is compiled."""
    make, scaler, compiled = CASES[name]
    rng = np.random.default_rng(len(name))
    forecaster = SavedForecaster(make(), scaler, COLUMNS, LOOKBACK)
    for weight in forecaster.model.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    if compiled:
        forecaster.model.compile("adam", "mse", run_eagerly=True)
        windows, targets = make_windows(forecaster._scale(TABLE), LOOKBACK)
        forecaster.model.fit(windows, targets, batch_size=64, verbose=0)
    return forecaster


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return a function that makes and saves a forecaster of a kind, once, with its folder."""
    folder = tmp_path_factory.mktemp("saved")

    @cache
    def of(name):
        forecaster = made(name)
        return forecaster, save_forecaster(forecaster, folder / name)

    return of


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of a saved forecaster's folder that a test may damage."""
    return Path(shutil.copytree(saved("GRU")[1], tmp_path / "copy"))


@pytest.fixture
def not_loaded(monkeypatch):
    """Keras must not even be given the network."""
    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: pytest.fail("it was loaded"))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def manifest_of(folder):
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def change(folder, **changes):
    """Change the manifest; `...` takes a key away."""
    manifest = manifest_of(folder) | changes
    manifest = {name: value for name, value in manifest.items() if value is not ...}
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def sign(folder):
    """What an attacker does: write the checksum of the exchanged file into the manifest."""
    change(folder, sha256=hashlib.sha256((folder / MODEL).read_bytes()).hexdigest())


def zipped(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def unzipped(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(folder, edit):
    """Edit the configuration in the network's file, and sign it."""
    entries = unzipped(folder / MODEL)
    config = json.loads(entries["config.json"])
    edit(config)
    zipped(folder / MODEL, entries | {"config.json": json.dumps(config)})
    sign(folder)


def rewrite_weights(folder, edit):
    """Edit the first dataset of the weights in the network's file, and sign it."""
    entries, found = unzipped(folder / MODEL), []
    file = io.BytesIO(entries["model.weights.h5"])
    with h5py.File(file, "r+") as weights:
        weights.visititems(lambda name, item: found.append(name) if "vars/" in name else None)
        edit(weights, found[0], weights[found[0]].shape)
    zipped(folder / MODEL, entries | {"model.weights.h5": file.getvalue()})
    sign(folder)


def refused(folder, match):
    with pytest.raises(SavedForecasterError, match=match) as caught:
        load_forecaster(folder)
    assert str(caught.value).count("\n") == 0


# ---------------------------------------------------------------------- save, load, forecast


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_loaded_network_is_the_saved_one(name, saved, capfd, recwarn):
    forecaster, folder = saved(name)
    loaded = load_forecaster(folder)
    assert sorted(contents(folder)) == [MANIFEST, MODEL]
    assert (loaded.columns, loaded.lookback) == (COLUMNS, LOOKBACK)
    assert not loaded.model.compiled
    windows = np.random.default_rng(0).normal(size=(9, LOOKBACK, len(COLUMNS)))
    np.testing.assert_allclose(loaded.model(windows), forecaster.model(windows), atol=1e-6)
    assert {warning.category for warning in recwarn} <= {DeprecationWarning}
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_forecast_is_the_network_s_unscaled_by_hand(saved):
    forecaster, folder = saved("LSTM")
    window = (TABLE.iloc[-LOOKBACK:] - TABLE.mean()) / TABLE.std(ddof=0)
    scaled = forecaster.model(window.to_numpy()[np.newaxis]).numpy()[0, 0]
    expected = scaled * TABLE["High"].std(ddof=0) + TABLE["High"].mean()
    assert load_forecaster(folder).next_value(TABLE) == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_a_new_process_forecasts_the_same_and_writes_nothing_on_stderr(saved, tmp_path):
    names = ("SimpleRNN", "fused", "scanned")
    table, folders = tmp_path / "table.csv", {name: str(saved(name)[1]) for name in names}
    TABLE.to_csv(table)
    code = (
        "import json, sys\n"
        "from course_utils.saving import load_forecaster\n"
        "import pandas as pd\n"
        "table = pd.read_csv(sys.argv[1], index_col=0, parse_dates=True)\n"
        "folders = json.loads(sys.argv[2]).items()\n"
        "found = {name: load_forecaster(path).next_value(table) for name, path in folders}\n"
        "print(json.dumps(found))\n"
    )
    command = [sys.executable, "-c", code, table, json.dumps(folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    expected = {name: saved(name)[0].next_value(TABLE) for name in names}
    assert json.loads(done.stdout) == pytest.approx(expected, rel=1e-6)


def test_a_forecaster_is_saved_in_the_home_folder(saved, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert save_forecaster(saved("GRU")[0], "~/kept") == tmp_path / "kept"
    assert load_forecaster("~/kept").columns == COLUMNS


def test_only_the_last_rows_and_the_trained_columns_count(saved):
    forecaster = saved("GRU")[0]
    shuffled = TABLE.assign(extra=1.0)[["extra", "Volume", "Close", "High"]]
    shuffled.iloc[:-LOOKBACK] = np.nan
    assert forecaster.next_value(shuffled) == forecaster.next_value(TABLE)
    changed = TABLE.copy()
    changed.iloc[-LOOKBACK, 1] *= 2
    assert forecaster.next_value(changed) != forecaster.next_value(TABLE)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE[["High"]], "The table lacks Close, Volume: it has High"),
        (TABLE.iloc[: LOOKBACK - 1], "last 6 rows must be complete: the table has 5"),
        (TABLE.iloc[:0], "the table has 0"),
        (TABLE.drop(TABLE.index[-2]).reindex(TABLE.index), "has 6, with 3 missing values"),
    ],
)
def test_a_table_without_what_is_needed_is_refused(table, message, saved):
    with pytest.raises(ValueError, match=message):
        saved("GRU")[0].next_value(table)


@pytest.mark.slow
def test_the_numbers_of_numpy_and_an_earlier_forecaster_are_no_obstacle(folder, saved):
    (folder / ".DS_Store").touch()  # the file manager's own
    other = replace(saved("LSTM")[0], lookback=np.int64(LOOKBACK))
    loaded = load_forecaster(save_forecaster(other, folder))
    assert loaded.next_value(TABLE) == pytest.approx(other.next_value(TABLE))


# ---------------------------------------------------------------------- what is not saved


def test_a_folder_with_other_files_is_refused_and_left_as_it_is(folder, saved):
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    before = contents(folder)
    with pytest.raises(SavedForecasterError, match=r"copy holds notes\.txt: choose a folder of"):
        save_forecaster(saved("LSTM")[0], folder)
    assert contents(folder) == before


@keras.saving.register_keras_serializable("test_saving")
class OwnGRU(GRU):
    """A registered class that is not the course's."""


NUMBERS = r"The scaler's \w+_ in forecaster.json is not 3 numbers"
UNLIKE = "fit it on the columns High, Close, Volume, in this order, and leave its `clip`"
SCALER = "The scaler in forecaster.json is not known: use one of MinMaxScaler, StandardScaler"
SHAPES = "The network does not fit forecaster.json, which has 3 columns"
UNSAVED = {
    "other layers": (lambda: {"model": with_layers(OwnGRU(2))}, "OwnGRU, which is not a layer"),
    "other scaler": (lambda: {"scaler": RobustScaler().fit(TABLE)}, SCALER),
    "clipping": (lambda: {"scaler": MinMaxScaler(clip=True).fit(TABLE)}, UNLIKE),
    "not centred": (lambda: {"scaler": StandardScaler(with_mean=False).fit(TABLE)}, UNLIKE),
    "not scaled": (lambda: {"scaler": StandardScaler(with_std=False).fit(TABLE)}, NUMBERS),
    "not fitted": (lambda: {"scaler": StandardScaler()}, NUMBERS),
    "no columns": (lambda: {"columns": ()}, "are not names"),
    "a single column": (lambda: {"columns": "Close"}, r"into a tuple, \('Close',\)"),
    "numbered columns": (lambda: {"columns": (0, 1, 2)}, "are not names"),
    "too few columns": (lambda: {"columns": COLUMNS[:2]}, "is not 2 numbers"),
    "a column twice": (lambda: {"columns": ("High", "Close", "High")}, "hold a name twice"),
    "other order": (lambda: {"scaler": MinMaxScaler().fit(TABLE[list(COLUMNS)[::-1]])}, UNLIKE),
    "no lookback": (lambda: {"lookback": 0}, "lookback in forecaster.json is 0: it must be from 1"),
    "an output per step": (lambda: {"model": with_layers(GRU(2, return_sequences=True))}, SHAPES),
    "other windows": (lambda: {"model": recurrent("GRU", len(COLUMNS) + 1, units=2)}, SHAPES),
    "no shape yet": (lambda: {"model": keras.Sequential([GRU(1)])}, SHAPES),
    "a state of its own": (
        lambda: {"model": with_layers(GRU(2, stateful=True), batch_size=1)},
        "build the network without stateful=True",
    ),
}


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
@pytest.mark.parametrize("name", UNSAVED)
def test_what_could_not_be_loaded_is_not_saved_over_an_earlier_forecaster(name, folder, saved):
    make, message = UNSAVED[name]
    before = contents(folder)
    with pytest.raises(SavedForecasterError, match=message):
        save_forecaster(replace(saved("GRU")[0], **make()), folder)
    assert contents(folder) == before


@pytest.mark.parametrize("writes", [0, 1])
def test_an_interrupted_save_leaves_nothing_that_loads_and_can_be_repeated(
    writes, folder, saved, monkeypatch
):
    forecaster, left, write = saved("LSTM")[0], [None] * writes, saving.write_whole

    def write_or_stop(file, content):
        if file.parent == folder and not left:
            raise KeyboardInterrupt
        if file.parent == folder:
            left.pop()
        write(file, content)

    with monkeypatch.context() as patched:
        patched.setattr(saving, "write_whole", write_or_stop)
        with pytest.raises(KeyboardInterrupt):
            save_forecaster(forecaster, folder)
    refused(folder, r"copy holds no forecaster: there is no file .*forecaster\.json")
    save_forecaster(forecaster, folder)
    assert load_forecaster(folder).next_value(TABLE) == pytest.approx(forecaster.next_value(TABLE))


# ---------------------------------------------------------------------- damaged networks

NOT_KERAS = "is not a file of Keras"
EXTRA = "must hold config.json, metadata.json, model.weights.h5 and nothing else"
BROKEN = {"config.json": "[1, 2]", "metadata.json": "{}", "model.weights.h5": "x"}


def zip_bomb(path):
    zipped(path, BROKEN | {"model.weights.h5": bytes(saving.MOST_BYTES + 1)})
    assert path.stat().st_size < 200_000


def with_a_second_configuration(path):
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", archive.read("config.json"))


def with_weights_of_numpy(path):
    entries = unzipped(path)
    entries["model.weights.npz"] = entries.pop("model.weights.h5")
    zipped(path, entries)


DAMAGED = {
    "another network": (lambda path: network("LSTM").save(path), None),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-100]), NOT_KERAS),
    "empty": (lambda path: path.write_bytes(b""), NOT_KERAS),
    "something else": (lambda path: zipped(path, {"readme.txt": "hello"}), EXTRA),
    "other JSON": (lambda path: zipped(path, BROKEN), NOT_KERAS),
    "deep JSON": (lambda path: zipped(path, BROKEN | {"config.json": "[" * 200_000}), NOT_KERAS),
    "zip bomb": (zip_bomb, "unpacked it would be larger than any network of this course"),
    "an extra entry": (lambda path: zipped(path, unzipped(path) | {"../../evil": "x"}), EXTRA),
    "a second configuration": (with_a_second_configuration, EXTRA),
    "weights of NumPy": (with_weights_of_numpy, EXTRA),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_network_is_refused_by_its_checksum_and_with_its_own(damage, message, folder):
    damage(folder / MODEL)
    refused(folder, r"is not the file that was saved with forecaster\.json: .* Save the forecaster")
    sign(folder)
    if message:
        refused(folder, message)


def test_a_network_that_does_not_fit_its_weights_or_its_columns_is_refused(folder):
    rewrite(folder, setting(units=7))
    refused(folder, "Keras cannot read model.keras")
    recurrent("GRU", features=2, units=3).save(folder / MODEL)
    sign(folder)
    refused(folder, SHAPES)


def test_a_file_larger_than_any_network_is_not_even_read(folder, monkeypatch):
    with (folder / MODEL).open("r+b") as file:
        file.truncate(saving.MOST_BYTES + 1)  # sparse: it takes no room
    monkeypatch.setattr(saving, "sha256", lambda content: pytest.fail("it was read"))
    refused(folder, "model.keras has 50,000,001 bytes, and the course reads at most 50,000,000")


@pytest.mark.parametrize("name", [MODEL, MANIFEST])
def test_an_absent_file_is_named(name, folder):
    (folder / name).unlink()
    refused(folder, f"copy holds no forecaster: there is no file .*{name}: check its name")
    (folder / name).mkdir()
    refused(folder, f"{name} is a folder")


# ---------------------------------------------------------------------- networks that attack


def test_a_lambda_with_the_attacker_s_own_checksum_runs_nothing(folder, tmp_path):
    trace = tmp_path / "code-was-run"
    attack = f"__import__('pathlib').Path({str(trace)!r}).touch()"
    code = eval(f"lambda x: ({attack}, x[:, -1])[1]")
    with_layers(keras.layers.Lambda(code)).save(folder / MODEL)
    trace.unlink(missing_ok=True)
    sign(folder)
    refused(folder, "keras.layers.Lambda, which is not a layer of this course: it is not loaded")
    assert not trace.exists()
    keras.models.load_model(folder / MODEL, safe_mode=False)
    assert trace.exists()


def layer(name, module="keras.layers", registered=None, **config):
    about = {"class_name": name, "config": {"name": "x", **config}}
    return {"module": module, **about, "registered_name": registered}


def put(*about, **config):
    """Return an edit that puts a layer in the first layer's place."""
    return lambda whole: whole["config"]["layers"].__setitem__(1, layer(*about, **config))


def setting(**settings):
    """Return an edit that changes settings of the first layer."""
    return lambda config: config["config"]["layers"][1]["config"].update(settings)


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


CODE = base64.b64encode(marshal.dumps((lambda x: x).__code__)).decode()
MARSHALLED = {"class_name": "__lambda__", "config": {"value": [CODE, None, None]}}
"""a lambda as Keras writes it into a configuration"""
LAMBDA = layer("Lambda", function=MARSHALLED)
TENSOR = {"class_name": "__keras_tensor__", "config": {}, "module": "os"}
HOSTILE = {
    "TFSMLayer": put("TFSMLayer", filepath="/tmp/elsewhere"),
    "TorchModuleWrapper": put("TorchModuleWrapper", module={"a": 1}),
    "another layer of Keras": put("Embedding", input_dim=3, output_dim=3),
    "a nested network with a Lambda": put("Sequential", "keras", layers=[LAMBDA]),
    "a Lambda in a wrapper": put("Bidirectional", layer=LAMBDA),
    "a custom class": put("OwnGRU", "test_saving", "test_saving>OwnGRU", units=3),
    "a custom class under a plain name": put("GRU", registered="test_saving>OwnGRU"),
    "a Lambda under our own name": put("Lambda", registered="course_utils>FusedLSTM"),
    "a class of another package": put("Popen", "subprocess", args=["true"]),
    "a plain name in another package": put("Dense", "keras_hub.layers", units=3),
    "a plain name in a package called alike": put("Dense", "kerasevil.layers", units=3),
    "a plain name in a part of Keras": put("Dense", "keras.src.saving", units=3),
    "no module": put("Dense", None, units=3),
    "a download": put("get_file", "keras.utils", origin="http://localhost"),
    "a lambda as activation": setting(activation=MARSHALLED),
    "a lambda of a known module": setting(
        kernel_initializer={**MARSHALLED, "module": "keras.initializers"}
    ),
    "a function as initializer": setting(
        kernel_initializer=function("keras.initializers", "deserialize")
    ),
    "a function of Python": setting(activation=function("builtins", "exec")),
    "a tensor in disguise": setting(activation=TENSOR),
    "a class that is not a name": put(["Lambda"]),
    "a class that is a dict": put({"class_name": "Lambda"}),
    "a module that is not a name": put("Dense", ["keras.layers"]),
    "the network itself another": lambda config: config.update(class_name="Lambda"),
    "the network itself a function": lambda config: config.update(function("builtins", "exec")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_configuration_with_anything_but_plain_layers_is_not_given_to_keras(
    name, folder, not_loaded
):
    rewrite(folder, HOSTILE[name])
    refused(folder, "which is not a layer of this course: it is not loaded")


@pytest.mark.parametrize(
    "settings", [{"units": 5_000}, {"units": "5"}, {"batch_shape": [1, 10**9]}, {"unroll": True}]
)
def test_a_network_that_takes_minutes_to_make_is_not_given_to_keras(settings, folder, not_loaded):
    rewrite(folder, setting(**settings))
    refused(folder, "describes a network larger than any of this course, or an unrolled one")


def another_file(path, shape):
    """What is no business of a network: another file with numbers of a fitting shape."""
    with h5py.File(path, "w") as file:
        file["numbers"] = np.full(shape, 7.0, "float32")
    return str(path)


def a_link_to_another_file(weights, name, shape, path):
    weights[name] = h5py.ExternalLink(another_file(path, shape), "numbers")


def a_view_of_another_file(weights, name, shape, path):
    view = h5py.VirtualLayout(shape, "float32")
    view[...] = h5py.VirtualSource(another_file(path, shape), "numbers", shape)
    weights.create_virtual_dataset(name, view)


def the_bytes_of_another_file(weights, name, shape, path):
    bytes_of = [(another_file(path, shape), 0, h5py.h5f.UNLIMITED)]
    weights.create_dataset(name, shape, "float32", external=bytes_of)


def four_tebibytes(weights, name, shape, path):
    many = {"chunks": (1024, 1024), "compression": "gzip", "fillvalue": 7}
    weights.create_dataset(name, (1 << 20, 1 << 20), "float32", **many)


@pytest.mark.parametrize(
    ("attack", "message"),
    [
        (a_link_to_another_file, "Keras cannot read"),
        (a_view_of_another_file, "Keras cannot read"),
        (the_bytes_of_another_file, "Keras cannot read"),
        (four_tebibytes, "unpacked its weights would be larger"),
    ],
)
def test_weights_that_are_not_in_their_file_are_refused(attack, message, folder, tmp_path):
    def edit(weights, name, shape):
        del weights[name]
        attack(weights, name, shape, tmp_path / "other.h5")

    rewrite_weights(folder, edit)
    refused(folder, message)


def test_what_is_allowed_is_let_through(folder):
    def seven(weights, name, shape):
        weights[name][...] = np.full(shape, 7.0)

    initializer = layer("HeNormal", "keras.initializers") | {"config": {}}
    rewrite(folder, setting(kernel_initializer=initializer))
    rewrite_weights(folder, seven)
    assert any((values == 7).all() for values in load_forecaster(folder).model.get_weights())


# ---------------------------------------------------------------------- damaged manifests


WITHOUT = r"forecaster\.json lacks {}: it is not a forecaster of ours"


@pytest.mark.parametrize(
    "content", [b"", b"lookback: 3", b'{"format": 1', b"\xff\xfe\x00", b"[" * 200_000, b"9" * 9999]
)
def test_a_manifest_that_is_not_json_is_refused(content, folder):
    (folder / MANIFEST).write_bytes(content)
    refused(folder, r"forecaster\.json is damaged: save the forecaster again")


def test_each_key_must_be_there_and_of_its_type(folder):
    good = manifest_of(folder)
    for content in ([1, 2], 3, None, "text", float("nan"), {}):
        (folder / MANIFEST).write_text(json.dumps(content), encoding="utf-8")
        refused(folder, WITHOUT.format("format"))
    for key in saving.KEYS:
        for value in (..., None, True, 6.0, {"a": 1}, [1], "text", 3):
            if type(value) is not type(good[key]):
                change(folder, **good | {key: value})
                refused(folder, WITHOUT.format(key))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "has format 2, and this course reads 1"),
        ({"lookback": -6}, "lookback in forecaster.json is -6"),
        ({"columns": ["High", 1, "Volume"]}, "are not names"),
        ({"columns": [*COLUMNS, "Open"]}, "is not 4 numbers"),
        ({"sha256": "0" * 64}, "is not the file that was saved"),
        *[
            ({"scaler": {"kind": kind, "fitted": {}}}, SCALER)
            for kind in ("RobustScaler", "Popen", "", None, 3, ["MinMaxScaler"], {"a": 1})
        ],
        *[
            ({"scaler": {"kind": "MinMaxScaler", "fitted": nothing}}, SCALER)
            for nothing in (None, [1, 2, 3], "text")
        ],
        ({"scaler": {"kind": "StandardScaler", "fitted": {}}}, "scaler's mean_ in forecaster.json"),
    ],
)
def test_wrong_values_in_the_manifest_are_named(changes, message, folder):
    change(folder, **changes)
    refused(folder, message)


ONE = [1.0, 2.0]
NOT_NUMBERS = [None, 1.0, "1, 2, 3", ONE, [*ONE, *ONE], {"0": 1.0}, [[1.0], [2.0], [3.0]]]
NOT_NUMBERS += [[*ONE, odd] for odd in (float("nan"), float("inf"), 10**400, "2.0", None, True)]


def test_wrong_numbers_of_a_scaler_are_named(folder):
    scaler = manifest_of(folder)["scaler"]
    for name in scaler["fitted"]:
        for values in NOT_NUMBERS:
            change(folder, scaler=scaler | {"fitted": scaler["fitted"] | {name: values}})
            refused(folder, f"The scaler's {name} in forecaster.json is not 3 numbers")
