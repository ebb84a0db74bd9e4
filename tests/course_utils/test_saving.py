"""A saved forecaster forecasts the same in another process, and a broken one runs no code."""

import base64
import hashlib
import io
import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

from course_utils import saving
from course_utils.models import recurrent
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
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

LOOKBACK, COLUMNS = 6, ("High", "Close", "Volume")
TABLE = made_up_prices("2017-01-02", "2017-04-28")[list(COLUMNS)]
CASES = {
    # name: cell, bidirectional, scaler, fitted on a table, compiled
    "SimpleRNN": ("SimpleRNN", False, MinMaxScaler(), True, False),
    "LSTM": ("LSTM", False, StandardScaler(), True, True),
    "GRU": ("GRU", False, MinMaxScaler((-1, 1)), False, True),
    "hybrid": (("LSTM", "GRU"), False, StandardScaler(), False, False),
    "bidirectional": ("LSTM", True, MinMaxScaler(), False, True),
    "fused": (("FusedLSTM", "GRU"), True, MinMaxScaler(), False, True),
}


def made(name):
    """A forecaster whose weights are all its own, trained for a step if it is compiled."""
    cell, bidirectional, scaler, on_table, compiled = CASES[name]
    scaler = type(scaler)(**scaler.get_params()).fit(TABLE if on_table else TABLE.to_numpy())
    keras.utils.set_random_seed(len(name))
    model = recurrent(cell, len(COLUMNS), units=3, dropout=0.1, bidirectional=bidirectional)
    if compiled:
        model.compile("adam", "mse")
        scaled = scaler.transform(TABLE if on_table else TABLE.to_numpy())
        model.fit(*make_windows(scaled, LOOKBACK), batch_size=64, verbose=0)
    return SavedForecaster(model, scaler, COLUMNS, LOOKBACK)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A forecaster of each kind, saved: its forecaster and its folder."""
    folder = tmp_path_factory.mktemp("saved")
    return {
        name: (forecaster := made(name), save_forecaster(forecaster, folder / name))
        for name in CASES
    }


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of a saved forecaster's folder that a test may damage."""
    return Path(shutil.copytree(saved["GRU"][1], tmp_path / "copy"))


def change(folder, **changes):
    """Change the manifest; `...` takes a key away."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8")) | changes
    manifest = {name: value for name, value in manifest.items() if value is not ...}
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def sign(folder):
    """What an attacker does: write the checksum of the exchanged file into the manifest."""
    change(folder, sha256=hashlib.sha256((folder / MODEL).read_bytes()).hexdigest())


def rewrite(folder, edit):
    """Edit the configuration in the network's file, and sign it."""

    def edited(content):
        config = json.loads(content)
        edit(config)
        return json.dumps(config).encode()

    exchange(folder, "config.json", edited)


def rewrite_weights(folder, edit):
    """Edit the first dataset of the weights in the network's file, and sign it."""

    def edited(content):
        file = io.BytesIO(content)
        with h5py.File(file, "r+") as weights:
            found = []
            weights.visititems(
                lambda name, item: found.append((name, item.shape)) if "vars/" in name else None
            )
            edit(weights, *found[0])
        return file.getvalue()

    exchange(folder, "model.weights.h5", edited)


def exchange(folder, name, edited):
    with zipfile.ZipFile(folder / MODEL) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries[name] = edited(entries[name])
    with zipfile.ZipFile(folder / MODEL, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    sign(folder)


def refused(folder, match):
    with pytest.raises(SavedForecasterError, match=match) as caught:
        load_forecaster(folder)
    assert str(caught.value).count("\n") == 0
    return str(caught.value)


# ---------------------------------------------------------------------- save, load, forecast


@pytest.mark.parametrize("name", CASES)
def test_a_loaded_forecaster_forecasts_as_the_saved_one(name, saved):
    forecaster, folder = saved[name]
    loaded = load_forecaster(folder)
    assert loaded.columns == COLUMNS
    assert loaded.lookback == LOOKBACK
    expected = forecaster.next_value(TABLE)
    assert loaded.next_value(TABLE) == pytest.approx(expected, rel=1e-6)
    windows = np.random.default_rng(0).normal(size=(9, LOOKBACK, len(COLUMNS)))
    np.testing.assert_allclose(
        loaded.model.predict(windows, verbose=0),
        forecaster.model.predict(windows, verbose=0),
        atol=1e-6,
    )


def test_a_forecast_is_the_network_s_unscaled_by_hand(saved):
    forecaster, folder = saved["LSTM"]
    window = (TABLE.iloc[-LOOKBACK:] - TABLE.mean()) / TABLE.std(ddof=0)
    scaled = forecaster.model.predict(window.to_numpy()[np.newaxis], verbose=0)[0, 0]
    expected = scaled * TABLE["High"].std(ddof=0) + TABLE["High"].mean()
    assert load_forecaster(folder).next_value(TABLE) == pytest.approx(expected, rel=1e-6)


def test_a_new_process_forecasts_the_same_and_writes_nothing_on_stderr(saved, tmp_path):
    table, folders = tmp_path / "table.csv", {name: str(saved[name][1]) for name in CASES}
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
    done = subprocess.run(
        [sys.executable, "-c", code, table, json.dumps(folders)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = {name: saved[name][0].next_value(TABLE) for name in CASES}
    assert json.loads(done.stdout) == pytest.approx(expected, rel=1e-6)
    assert done.stderr == ""


def test_saving_and_loading_warn_of_nothing(saved, tmp_path, capfd, recwarn):
    for name, (forecaster, _) in saved.items():
        load_forecaster(save_forecaster(forecaster, tmp_path / name))
    kinds = {warning.category for warning in recwarn}  # outside of pytest, the first is not shown
    assert kinds <= {DeprecationWarning}
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_a_functional_network_is_saved_as_well(saved, tmp_path):
    inputs = keras.Input((LOOKBACK, len(COLUMNS)))
    outputs = keras.layers.Dense(1)(keras.layers.LSTM(3)(inputs))
    forecaster = replace(saved["GRU"][0], model=keras.Model(inputs, outputs))
    loaded = load_forecaster(save_forecaster(forecaster, tmp_path / "f"))
    assert loaded.next_value(TABLE) == pytest.approx(forecaster.next_value(TABLE), rel=1e-6)


def test_only_the_last_rows_and_the_trained_columns_count(saved):
    forecaster = load_forecaster(saved["GRU"][1])
    shuffled = TABLE.assign(extra=1.0)[["extra", "Volume", "Close", "High"]]
    shuffled.iloc[:-LOOKBACK] = np.nan
    assert forecaster.next_value(shuffled) == forecaster.next_value(TABLE)
    changed = TABLE.copy()
    changed.iloc[-LOOKBACK, 1] *= 2
    assert forecaster.next_value(changed) != forecaster.next_value(TABLE)


def test_the_folder_holds_a_network_and_json_and_is_not_loaded_compiled(saved):
    _, folder = saved["LSTM"]
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, MODEL]
    assert json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["columns"] == list(COLUMNS)
    assert not load_forecaster(folder).model.compiled


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE[["High"]], "The table lacks Close, Volume: the network was trained on it"),
        (TABLE.iloc[: LOOKBACK - 1], "last 6 rows must be there without a gap; the table has 5"),
        (TABLE.iloc[:0], "the table has 0"),
        (TABLE.drop(TABLE.index[-2]).reindex(TABLE.index), "has 6, with 3 missing values"),
    ],
)
def test_a_table_without_what_is_needed_is_refused(table, message, saved):
    with pytest.raises(ValueError, match=message):
        load_forecaster(saved["GRU"][1]).next_value(table)


# ---------------------------------------------------------------------- what is not saved


def test_an_earlier_forecaster_is_overwritten(folder, saved):
    other = saved["hybrid"][0]
    save_forecaster(other, folder)
    assert load_forecaster(folder).next_value(TABLE) == pytest.approx(other.next_value(TABLE))
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, MODEL]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_with_other_files_is_refused_and_left_as_it_is(folder, saved):
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    before = contents(folder)
    with pytest.raises(SavedForecasterError, match=r"copy holds notes\.txt: choose a folder of"):
        save_forecaster(saved["LSTM"][0], folder)
    assert contents(folder) == before


def with_layers(*layers):
    return keras.Sequential([keras.Input((None, len(COLUMNS))), *layers, keras.layers.Dense(1)])


@keras.saving.register_keras_serializable("test_saving")
class OwnGRU(keras.layers.GRU):
    """A registered class of somebody else's."""


UNSAVED = {
    "Lambda": (
        lambda: {"model": with_layers(keras.layers.Lambda(lambda x: x[:, -1]))},
        "keras.layers.Lambda, which is no layer of this course",
    ),
    "other layer": (
        lambda: {"model": with_layers(keras.layers.GlobalAveragePooling1D())},
        "GlobalAveragePooling1D, which is no layer",
    ),
    "own layer": (lambda: {"model": with_layers(OwnGRU(2))}, "OwnGRU, which is no layer"),
    "other scaler": (
        lambda: {"scaler": RobustScaler().fit(TABLE)},
        "A RobustScaler cannot be saved: choose one of MinMaxScaler, StandardScaler",
    ),
    "clipping": (
        lambda: {"scaler": MinMaxScaler(clip=True).fit(TABLE)},
        "A MinMaxScaler with clip=True cannot be saved",
    ),
    "not centred": (
        lambda: {"scaler": StandardScaler(with_mean=False).fit(TABLE)},
        "A StandardScaler with with_mean=False cannot be saved",
    ),
    "not scaled": (
        lambda: {"scaler": StandardScaler(with_std=False).fit(TABLE)},
        "A StandardScaler with with_std=False cannot be saved",
    ),
    "not fitted": (lambda: {"scaler": StandardScaler()}, "with nothing fitted cannot be saved"),
    "no columns": (lambda: {"columns": ()}, "are no names"),
    "numbered columns": (lambda: {"columns": (0, 1, 2)}, "are no names"),
    "too few columns": (lambda: {"columns": COLUMNS[:2]}, "is not 2 numbers"),
    "columns in another order": (
        lambda: {"columns": COLUMNS[::-1], "scaler": MinMaxScaler().fit(TABLE)},
        "but the scaler was fitted on .*: name them in its order",
    ),
    "no lookback": (lambda: {"lookback": 0}, "lookback of 0"),
    "an output a step": (
        lambda: {"model": with_layers(keras.layers.GRU(2, return_sequences=True))},
        "The network does not fit",
    ),
    "other windows": (
        lambda: {"model": recurrent("GRU", len(COLUMNS) + 1, units=2)},
        "The network does not fit",
    ),
    "no shape yet": (
        lambda: {"model": keras.Sequential([keras.layers.GRU(1)])},
        "The network does not fit",
    ),
}


@pytest.mark.parametrize("name", UNSAVED)
def test_what_could_not_be_loaded_is_not_saved_over_an_earlier_forecaster(name, folder, saved):
    make, message = UNSAVED[name]
    before = contents(folder)
    with pytest.raises(SavedForecasterError, match=message):
        save_forecaster(replace(saved["GRU"][0], **make()), folder)
    assert contents(folder) == before


def test_a_lookback_of_numpy_is_saved_as_a_number(saved, tmp_path):
    forecaster = replace(saved["GRU"][0], lookback=np.int64(LOOKBACK))
    folder = save_forecaster(forecaster, tmp_path / "f")
    assert load_forecaster(folder).lookback == LOOKBACK


@pytest.mark.parametrize("where", ["network", "network, half written", "manifest"])
def test_an_interrupted_save_leaves_nothing_that_loads_and_can_be_repeated(
    where, folder, saved, monkeypatch
):
    forecaster = saved["LSTM"][0]

    def stop_after(path, content):
        path.write_bytes(content)
        raise KeyboardInterrupt

    whole = (folder / MODEL).read_bytes()
    with monkeypatch.context() as patched:
        if where == "manifest":

            def write_text(path, text, **options):
                stop_after(path, text[:50].encode())

            patched.setattr(Path, "write_text", write_text)
        else:
            part = whole if where == "network" else whole[:999]
            patched.setattr(
                type(forecaster.model), "save", lambda model, path: stop_after(path, part)
            )
        with pytest.raises(KeyboardInterrupt):
            save_forecaster(forecaster, folder)
    refused(folder, r"holds no forecaster: forecaster\.json is not there")
    save_forecaster(forecaster, folder)
    assert load_forecaster(folder).next_value(TABLE) == pytest.approx(forecaster.next_value(TABLE))


# ---------------------------------------------------------------------- damaged networks


def another_network(path):
    recurrent("LSTM", len(COLUMNS), units=3).save(path)


def one_byte_flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-100])


def emptied(path):
    path.write_bytes(b"")


def text_instead(path):
    path.write_text("model", encoding="utf-8")


def zip_of_something_else(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")


def zip_with_other_json(path):
    entries = {"config.json": "[1, 2]", "metadata.json": "{}", "model.weights.h5": "x"}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def zip_with_deep_json(path):
    deep = "[" * 200_000
    entries = {"config.json": deep, "metadata.json": "{}", "model.weights.h5": "x"}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def zip_bomb(path):
    zeros = bytes(1_000_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", "{}")
        with archive.open("model.weights.h5", "w") as entry:
            for _ in range(saving.MOST_BYTES // len(zeros) + 1):
                entry.write(zeros)
    assert path.stat().st_size < 200_000


def with_an_extra_entry(path):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../assets/evil.txt", "x")


def with_a_second_configuration(path):
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", archive.read("config.json"))


def with_weights_of_numpy(path):
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["model.weights.npz"] = entries.pop("model.weights.h5")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


DAMAGED = {
    cut_off: "is not a file of Keras",
    emptied: "is not a file of Keras",
    text_instead: "is not a file of Keras",
    zip_of_something_else: "must hold config.json, metadata.json, model.weights.h5 and nothing",
    zip_with_other_json: "is not a file of Keras",
    zip_with_deep_json: "is not a file of Keras",
    zip_bomb: "unpacked it would be larger than any network of this course",
    with_an_extra_entry: "and nothing else",
    with_a_second_configuration: "and nothing else",
    with_weights_of_numpy: "and nothing else",
}


@pytest.mark.parametrize("damage", [another_network, one_byte_flipped, *DAMAGED])
def test_a_damaged_network_is_refused_by_its_checksum(damage, folder):
    damage(folder / MODEL)
    message = refused(folder, r"model\.keras is not the file that was saved with forecaster\.json")
    assert "Save the forecaster again" in message


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_network_is_refused_even_with_its_own_checksum(damage, folder):
    damage(folder / MODEL)
    sign(folder)
    refused(folder, DAMAGED[damage])


def test_a_network_of_another_number_of_columns_is_refused(folder):
    recurrent("GRU", features=2, units=3).save(folder / MODEL)
    sign(folder)
    refused(folder, "The network does not fit forecaster.json, which speaks of 3 columns")


def test_a_network_whose_weights_are_of_another_is_refused(folder):
    rewrite(folder, lambda config: config["config"]["layers"][1]["config"].update(units=7))
    refused(folder, "Keras cannot read model.keras")


def test_a_file_larger_than_any_network_is_not_even_read(folder, monkeypatch):
    with (folder / MODEL).open("r+b") as file:
        file.truncate(saving.MOST_BYTES + 1)  # sparse: it takes no room
    monkeypatch.setattr(saving, "_sha256", lambda path: pytest.fail("it was read"))
    refused(folder, "larger than any network of this course")


def test_an_absent_network_is_named(folder):
    (folder / MODEL).unlink()
    refused(folder, r"copy lacks model\.keras: save it again")
    (folder / MODEL).mkdir()
    refused(folder, r"copy lacks model\.keras: save it again")


# ---------------------------------------------------------------------- networks that attack


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_is_never_unpickled(folder, tmp_path):
    trace = tmp_path / "code-was-run"
    attack = pickle.dumps(Bomb(trace))
    (folder / MODEL).write_bytes(attack)
    refused(folder, "is not the file that was saved")
    sign(folder)
    refused(folder, "is not a file of Keras")
    (folder / MANIFEST).write_bytes(attack)
    refused(folder, "forecaster.json is damaged")
    assert not trace.exists()
    pickle.loads(attack)  # noqa: S301, the fixture would have shown it
    assert trace.exists()


@pytest.fixture
def lambda_network(tmp_path):
    """A network whose Lambda layer makes a file when it is built, and that file."""
    trace = tmp_path / "code-was-run"
    attack = f"__import__('pathlib').Path({str(trace)!r}).touch()"
    code = eval(f"lambda x: ({attack}, x[:, -1])[1]")
    model = keras.Sequential(
        [
            keras.Input((None, len(COLUMNS))),
            keras.layers.Lambda(code),
            keras.layers.Dense(1),
        ]
    )
    return model, trace


def test_a_lambda_with_the_attacker_s_own_checksum_runs_nothing(folder, lambda_network):
    model, trace = lambda_network
    model.save(folder / MODEL)
    trace.unlink(missing_ok=True)
    sign(folder)
    refused(folder, "keras.layers.Lambda, which is no layer of this course: it is not loaded")
    assert not trace.exists()
    keras.models.load_model(folder / MODEL, safe_mode=False)
    assert trace.exists()


def marshalled():
    """A lambda as Keras writes it into a configuration."""
    import marshal

    value = base64.b64encode(marshal.dumps((lambda x: x).__code__)).decode()
    return {"class_name": "__lambda__", "config": {"value": [value, None, None]}}


def layer(name, module="keras.layers", registered=None, **config):
    return {
        "module": module,
        "class_name": name,
        "config": {"name": "x", **config},
        "registered_name": registered,
    }


def put(part):
    """Return an edit that puts a layer in the first layer's place."""
    return lambda config: config["config"]["layers"].__setitem__(1, part)


def setting(**settings):
    """Return an edit that changes settings of the first layer."""
    return lambda config: config["config"]["layers"][1]["config"].update(settings)


def function(module, name):
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": name,
    }


HOSTILE = {
    "TFSMLayer": put(layer("TFSMLayer", filepath="/tmp/elsewhere")),
    "TorchModuleWrapper": put(layer("TorchModuleWrapper", module={"a": 1})),
    "another layer of Keras": put(layer("Embedding", input_dim=3, output_dim=3)),
    "a nested network with a Lambda": put(
        layer("Sequential", "keras", layers=[layer("Lambda", function=marshalled())])
    ),
    "a Lambda in a wrapper": put(
        layer("Bidirectional", layer=layer("Lambda", function=marshalled()))
    ),
    "a custom class": put(layer("OwnGRU", "test_saving", "test_saving>OwnGRU", units=3)),
    "a custom class under a plain name": put(layer("GRU", registered="test_saving>OwnGRU")),
    "a class of another package": put(layer("Popen", "subprocess", args=["true"])),
    "a plain name in another package": put(layer("Dense", "keras_hub.layers", units=3)),
    "a plain name in a package called alike": put(layer("Dense", "kerasevil.layers", units=3)),
    "a plain name in a part of Keras": put(layer("Dense", "keras.src.saving", units=3)),
    "no module": put(layer("Dense", None, units=3)),
    "a download": put(layer("get_file", "keras.utils", origin="http://localhost")),
    "a lambda as activation": setting(activation=marshalled()),
    "a lambda of a known module": setting(
        kernel_initializer={**marshalled(), "module": "keras.initializers"}
    ),
    "a function as initializer": setting(
        kernel_initializer=function("keras.initializers", "deserialize")
    ),
    "a function of Python": setting(activation=function("builtins", "exec")),
    "a tensor in disguise": setting(
        activation={"class_name": "__keras_tensor__", "config": {}, "module": "os"}
    ),
    "a class that is no name": put(layer(["Lambda"])),
    "a class that is a dict": put(layer({"class_name": "Lambda"})),
    "a module that is no name": put(layer("Dense", ["keras.layers"])),
    "the network itself another": lambda config: config.update(class_name="Lambda"),
    "the network itself a function": lambda config: config.update(
        function("builtins", "exec"), config="exec"
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_configuration_with_anything_but_plain_layers_is_not_given_to_keras(
    name, folder, monkeypatch
):
    rewrite(folder, HOSTILE[name])
    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: pytest.fail("it was loaded"))
    refused(folder, "which is no layer of this course: it is not loaded")


def another_file(path, shape):
    """What is no business of a network: another file with numbers of a fitting shape."""
    with h5py.File(path, "w") as file:
        file["numbers"] = np.full(shape, 7.0, "float32")
    return str(path)


def a_link_to_another_file(weights, name, shape, path):
    del weights[name]
    weights[name] = h5py.ExternalLink(another_file(path, shape), "numbers")


def a_view_of_another_file(weights, name, shape, path):
    view = h5py.VirtualLayout(shape, "float32")
    view[...] = h5py.VirtualSource(another_file(path, shape), "numbers", shape)
    del weights[name]
    weights.create_virtual_dataset(name, view)


def the_bytes_of_another_file(weights, name, shape, path):
    del weights[name]
    another_file(path, shape)
    bytes_of = [(str(path), 0, h5py.h5f.UNLIMITED)]
    weights.create_dataset(name, shape, "float32", external=bytes_of)


def four_tebibytes(weights, name, shape, path):
    del weights[name]
    many = {"chunks": (1024, 1024), "compression": "gzip", "fillvalue": 7}
    weights.create_dataset(name, (1 << 20, 1 << 20), "float32", **many)


@pytest.mark.parametrize(
    "attack",
    [
        a_link_to_another_file,
        a_view_of_another_file,
        the_bytes_of_another_file,
        four_tebibytes,
    ],
)
def test_weights_that_are_not_in_their_file_are_refused(attack, folder, tmp_path):
    rewrite_weights(folder, lambda *first: attack(*first, tmp_path / "other.h5"))
    refused(folder, "model.keras is not a file of Keras")


def test_weights_that_are_in_their_file_are_taken(folder):
    def seven(weights, name, shape):
        weights[name][...] = np.full(shape, 7.0)

    rewrite_weights(folder, seven)
    assert any((values == 7).all() for values in load_forecaster(folder).model.get_weights())


def test_a_layer_of_a_size_that_takes_minutes_to_make_is_refused(folder, monkeypatch):
    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: pytest.fail("it was loaded"))
    rewrite(folder, setting(units=5_000))
    refused(folder, "describes a network larger than any of this course")


def test_keras_own_safe_mode_stays_on_behind_the_list(folder, monkeypatch):
    load, given = keras.models.load_model, []

    def watched(*arguments, **options):
        given.append(options)
        return load(*arguments, **options)

    monkeypatch.setattr(keras.models, "load_model", watched)
    load_forecaster(folder)
    assert given == [{"compile": False, "safe_mode": True}]


def test_an_initializer_of_keras_is_let_through(folder):
    initializer = layer("HeNormal", "keras.initializers") | {"config": {}}
    rewrite(folder, setting(kernel_initializer=initializer))
    load_forecaster(folder)


# ---------------------------------------------------------------------- damaged manifests


def test_a_folder_without_manifest_holds_no_forecaster(folder, tmp_path):
    (folder / MANIFEST).unlink()
    message = r"copy holds no forecaster: forecaster\.json is not there"
    refused(folder, message)
    refused(tmp_path / "nowhere", "nowhere holds no forecaster")
    (folder / MANIFEST).mkdir()
    refused(folder, message)
    refused(folder / MODEL, "holds no forecaster")


@pytest.mark.parametrize(
    "content", [b"", b"lookback: 3", b'{"format": 1', b"\xff\xfe\x00", b"[" * 200_000, b"9" * 9999]
)
def test_a_manifest_that_is_no_json_is_refused(content, folder):
    (folder / MANIFEST).write_bytes(content)
    refused(folder, r"forecaster\.json is damaged: save the forecaster again")


@pytest.mark.parametrize("content", ["[]", "[1, 2]", "3", "null", '"text"', "true", "NaN", "{}"])
def test_json_of_another_shape_is_refused(content, folder):
    (folder / MANIFEST).write_text(content, encoding="utf-8")
    refused(folder, r"forecaster\.json lacks format: it is not a forecaster of ours")


KEYS = {"format": int, "sha256": str, "columns": list, "lookback": int, "scaler": dict}
VALUES = (..., None, True, 1.5, {"a": 1}, [1], "text", 3)


@pytest.mark.parametrize(
    ("key", "value"),
    [(key, value) for key, kind in KEYS.items() for value in VALUES if type(value) is not kind],
)
def test_each_key_must_be_there_and_of_its_type(key, value, folder):
    change(folder, **{key: value})
    refused(folder, rf"forecaster\.json lacks {key}: it is not a forecaster of ours")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "has format 2, and this course reads 1"),
        ({"format": True}, "lacks format"),
        ({"lookback": True}, "lacks lookback"),
        ({"lookback": 6.0}, "lacks lookback"),
        ({"lookback": 0}, "lookback of 0"),
        ({"lookback": -6}, "lookback of -6"),
        ({"columns": []}, "are no names"),
        ({"columns": ["High", 1, "Volume"]}, "are no names"),
        ({"columns": ["High", "Close"]}, "is not 2 numbers"),
        ({"columns": [*COLUMNS, "Open"]}, "is not 4 numbers"),
        ({"sha256": "0" * 64}, "is not the file that was saved"),
        ({"sha256": ""}, "is not the file that was saved"),
    ],
)
def test_wrong_values_in_the_manifest_are_named(changes, message, folder):
    change(folder, **changes)
    refused(folder, message)


@pytest.mark.parametrize(
    "kind", ["RobustScaler", "Popen", "", None, 3, ["MinMaxScaler"], {"a": 1}, "minmaxscaler"]
)
def test_an_unknown_scaler_is_refused(kind, folder):
    fitted = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["scaler"]["fitted"]
    change(folder, scaler={"kind": kind, "fitted": fitted})
    refused(folder, "The scaler in forecaster.json is none of MinMaxScaler, StandardScaler")


@pytest.mark.parametrize("fitted", [..., None, [], [1, 2, 3], "text", 3])
def test_a_scaler_without_its_numbers_is_refused(fitted, folder):
    scaler = {"kind": "MinMaxScaler", "fitted": fitted}
    change(folder, scaler={key: value for key, value in scaler.items() if value is not ...})
    refused(folder, "The scaler in forecaster.json is none of")


@pytest.mark.parametrize("name", ["min_", "scale_", "data_min_", "data_max_", "data_range_"])
@pytest.mark.parametrize(
    "values",
    [
        ...,
        None,
        1.0,
        "1, 2, 3",
        [],
        [1.0, 2.0],
        [1.0, 2.0, 3.0, 4.0],
        [1.0, float("nan"), 3.0],
        [1.0, 2.0, float("inf")],
        [1.0, 2.0, 10**400],
        [1.0, "2.0", 3.0],
        [1.0, None, 3.0],
        [1.0, True, 3.0],
        [[1.0], [2.0], [3.0]],
        {"0": 1.0, "1": 2.0, "2": 3.0},
    ],
)
def test_wrong_numbers_of_a_scaler_are_named(name, values, folder):
    scaler = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["scaler"]
    scaler["fitted"][name] = values
    if values is ...:
        del scaler["fitted"][name]
    change(folder, scaler=scaler)
    refused(folder, f"The scaler's {name} in forecaster.json is not 3 numbers")


def test_the_numbers_of_another_scaler_are_refused(folder):
    scaler = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["scaler"]
    change(folder, scaler=scaler | {"kind": "StandardScaler"})
    refused(folder, "The scaler's mean_ in forecaster.json is not 3 numbers")
