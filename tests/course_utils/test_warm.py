"""A kept training gives what training gives, is found only if nothing differs, and is checked."""

import hashlib
import io
import json
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path

from course_utils.text import translation
from course_utils.training import fit
from course_utils.warm import entries, keys
from course_utils.warm.entries import DamagedEntryError

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from keras.callbacks import Callback, EarlyStopping, LambdaCallback, ReduceLROnPlateau
from sample_notebooks import lesson
from scipy.stats import norm

KEY = "0123456789abcdef" * 4
INPUTS = np.random.default_rng(0).normal(size=(48, 3, 2))
TARGETS = INPUTS[:, -1, 0]
NEW = INPUTS[:16] + 1, TARGETS[:16]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache; returns a function that switches it."""
    monkeypatch.setenv(entries.PLACE, str(tmp_path / "warm"))

    def switch(mode):
        monkeypatch.setenv(entries.SWITCH, mode)

    return switch


def kept():
    return sorted(entries.folder().glob("*"))


def network(seed=0, rate=0.05, units=4, **compiled):
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Flatten(), keras.layers.Dense(units, "tanh"), keras.layers.Dropout(0.2)]
    model = keras.Sequential([keras.Input((3, 2)), *layers, keras.layers.Dense(1)])
    model.compile(**{"optimizer": keras.optimizers.Adam(rate), "loss": "mse"} | compiled)
    return model


def train(model, **options):
    return fit(model, INPUTS, TARGETS, **{"epochs": 2, "batch_size": 16} | options)


def all_of(model):
    return [value.tolist() for value in keys.state_of(model)]


# ----------------------------------------------------------------- what a kept training gives


def twice_with_another_learning_rate():
    model = network(metrics=["mae"])
    first = train(model).history
    model.optimizer.learning_rate = 0.001
    return model, [first, train(model, epochs=3).history]


def with_a_diary_and_early_stopping():
    model, diary = network(rate=0.5), []

    def note(epoch, logs):
        guess = model.predict(INPUTS[:2], verbose=0).tolist()
        diary.append([epoch, dict(logs), guess, float(model.optimizer.learning_rate)])

    def say(event):
        return lambda *_: diary.append(event)

    callbacks = [
        LambdaCallback(on_train_begin=say("begin"), on_train_end=say("end")),
        ReduceLROnPlateau(factor=0.5, patience=1),
        EarlyStopping(patience=2, restore_best_weights=True),
        LambdaCallback(on_epoch_begin=say("epoch"), on_epoch_end=note),
    ]
    history = train(model, epochs=12, validation=NEW, callbacks=callbacks)
    assert len(history.history["loss"]) < 12
    return model, [history.history, history.params, history.epoch, diary]


def recurrent_not_yet_built():
    keras.utils.set_random_seed(3)
    layers = [keras.layers.GRU(3, recurrent_dropout=0.2), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9, use_ema=True), "mse")
    return model, [train(model).history]


def of_pairs():
    keras.utils.set_random_seed(0)
    model = translation.encoder_decoder(9, 9, embedding=2, units=3, refinement=2, attention=True)
    rate = keras.optimizers.schedules.CosineDecay(0.01, 10)
    model.compile(
        keras.optimizers.Adam(rate),
        translation.masked_loss,
        metrics=[translation.masked_accuracy],
    )
    pairs = np.random.default_rng(0).integers(0, 9, (2, 48, 4))
    return model, [
        translation.fit_pairs(
            model, *pairs, epochs=2, batch_size=16, validation=pairs[:, :5]
        ).history
    ]


def go_on(story):
    """Follow a story, then draw and train for real; returns all that came out."""
    model, found = story()
    found += [all_of(model), random.random(), norm.rvs()]
    found += [tf.random.normal((2,)).numpy().tolist(), np.array(keras.random.normal((2,))).tolist()]
    data, targets = INPUTS, TARGETS
    if story is of_pairs:
        data, targets = [np.ones((48, 4))] * 2, np.ones((48, 4))
    later = model.fit(data, targets, epochs=2, batch_size=16, verbose=0)
    return json.dumps([*found, later.history, all_of(model)])


@pytest.mark.parametrize(
    "story",
    [
        twice_with_another_learning_rate,
        with_a_diary_and_early_stopping,
        recurrent_not_yet_built,
        of_pairs,
    ],
)
def test_a_kept_training_and_all_that_follows_it_equal_training(story, cache, capsys):
    trained = go_on(story)
    assert not entries.place().exists()
    cache("record")
    assert go_on(story) == trained
    cache("use")
    before = kept()
    assert before
    capsys.readouterr()
    assert go_on(story) == trained
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(before)  # no bar, and one line a training
    assert all(entries.FROM_CACHE in line for line in lines)
    assert kept() == before


def test_a_quiet_training_says_so_once_a_cell(cache, capsys, monkeypatch):
    cache("record")
    for _ in range(2):
        train(network(), epochs=1, quiet=True, label="search")
    shell = type("Shell", (), {"execution_count": 7})
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    for _ in range(2):
        train(network(), epochs=1, quiet=True, label="search")
    monkeypatch.setattr(shell, "execution_count", 8)
    train(network(), epochs=1, label="search")
    line = f"search: {entries.FROM_CACHE}\n"
    assert capsys.readouterr().out == f"{line}{line}search: 1 epoch {entries.FROM_CACHE}\n"


def test_a_callback_that_steers_otherwise_than_before_is_told(cache):
    strength = 0.0

    def nudge(epoch, logs):
        bias = model.weights[1]
        bias.assign(bias + strength)

    cache("record")
    model = network()
    train(model, callbacks=[LambdaCallback(on_epoch_end=nudge)])
    strength = 1.0
    model = network()
    with pytest.raises(RuntimeError, match="changed the network otherwise than when"):
        train(model, callbacks=[LambdaCallback(on_epoch_end=nudge)])


# --------------------------------------------------------------------------- what is found again


def key(model=None, inputs=INPUTS, validation=None, callbacks=(), epochs=2, batch_size=16):
    return keys.key_of(
        model or network(), inputs, TARGETS, validation, callbacks, epochs, batch_size
    )


def changed(inputs):
    inputs = inputs.copy()
    inputs[7, 1, 0] += 1e-9
    return inputs


def wired(swapped):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3, 2))
    one, two = keras.layers.Dense(2, name="one"), keras.layers.Dense(2, name="two")
    outputs = one(two(inputs)) if swapped else two(one(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "mse")
    for layer in (one, two):
        layer.set_weights([np.ones((2, 2)), np.zeros(2)])
    return model


def frozen():
    model = network()
    model.layers[1].trainable = False
    return model


def trained():
    model = network()
    train(model, epochs=1, quiet=True)
    return model


def reseeded(seed):
    model = network()
    keras.utils.set_random_seed(seed)
    return model


OTHERS = {
    "data": lambda: key(inputs=changed(INPUTS)),
    "kind of number": lambda: key(inputs=INPUTS.astype("float32")),
    "validation": lambda: key(validation=NEW),
    "other validation": lambda: key(validation=(changed(NEW[0]), NEW[1])),
    "epochs": lambda: key(epochs=3),
    "batch size": lambda: key(batch_size=8),
    "seed of the weights": lambda: key(network(seed=1)),
    "seed of the batches": lambda: key(reseeded(1)),
    "learning rate": lambda: key(network(rate=0.06)),
    "optimizer": lambda: key(network(optimizer=keras.optimizers.SGD(0.05))),
    "clipping": lambda: key(network(optimizer=keras.optimizers.Adam(0.05, clipnorm=1.0))),
    "loss": lambda: key(network(loss="mae")),
    "metrics": lambda: key(network(metrics=["mae"])),
    "layers": lambda: key(network(units=5)),
    "frozen": lambda: key(frozen()),
    "trained before": lambda: key(trained()),
    "a callback": lambda: key(callbacks=[EarlyStopping(patience=1)]),
    "its setting": lambda: key(callbacks=[EarlyStopping(patience=2)]),
    "its code": lambda: key(callbacks=[LambdaCallback(on_epoch_end=lambda *_: 1)]),
    "other code": lambda: key(callbacks=[LambdaCallback(on_epoch_end=lambda *_: 2)]),
    "wires": lambda: key(wired(swapped=False)),
    "crossed wires": lambda: key(wired(swapped=True)),
}


def test_whatever_differs_makes_another_key():
    found = {"nothing": key(), **{name: other() for name, other in OTHERS.items()}}
    assert len(set(found.values())) == len(found)


def test_the_names_that_keras_numbers_make_no_other_key():
    assert key() == key() == key(network())
    crossed = [key(wired(swapped)) for swapped in (True, False, True)]
    assert crossed[0] == crossed[2]


def test_other_versions_and_other_code_have_another_folder(tmp_path, monkeypatch):
    entries._circumstances.cache_clear()
    first = entries.folder()
    package = tmp_path / "course_utils"
    package.mkdir()
    (package / "training.py").write_text("1")
    for change in (
        lambda: monkeypatch.setattr(entries, "version", lambda package: "0.1"),
        lambda: monkeypatch.setattr(entries, "this_machine", lambda: {"keras": "0.1"}),
        lambda: monkeypatch.setattr(entries, "ROOT", tmp_path),
        lambda: (package / "training.py").write_text("2"),
    ):
        change()
        entries._circumstances.cache_clear()
        assert entries.folder() != first
        first = entries.folder()
    monkeypatch.undo()
    entries._circumstances.cache_clear()


def own_loss(truth, guess):
    return keras.ops.mean((truth - guess) ** 2)


def own_activation(x):
    return x


class OwnLayer(keras.layers.Dense):
    """A layer whose code is no part of an entry's circumstances."""


class OwnModel(keras.Sequential):
    """A model that may train in its own way."""


class ByBatch(Callback):
    """A callback that sees what only training has."""

    def on_train_batch_end(self, batch, logs=None):
        """Do nothing."""


def with_layers(*layers, kind=keras.Sequential):
    keras.utils.set_random_seed(0)
    model = kind([keras.Input((3, 2)), keras.layers.Flatten(), *layers, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def unseeded():
    model = network()
    tf.random.set_seed(None)
    return model


@pytest.mark.parametrize(
    ("model", "callbacks", "reason"),
    [
        (unseeded, [], "no seed is set"),
        (lambda: network(loss=own_loss), [], "code of the notebook"),
        (lambda: network(loss=lambda y, z: own_loss(y, z)), [], "code of the notebook"),
        (lambda: network(metrics=[own_loss]), [], "code of the notebook"),
        (lambda: with_layers(OwnLayer(2)), [], "code of the notebook"),
        (lambda: with_layers(keras.layers.Dense(2, own_activation)), [], "code of the notebook"),
        (lambda: with_layers(keras.layers.Lambda(lambda x: x)), [], "code of the notebook"),
        (lambda: with_layers(kind=OwnModel), [], "code of the notebook"),
        (network, [ByBatch()], "single batches"),
        (network, [LambdaCallback(on_train_batch_end=print)], "single batches"),
        (network, [LambdaCallback(on_epoch_end=eval("lambda *_: 1"))], "cannot be read"),
    ],
)
def test_what_cannot_be_looked_into_is_not_kept(model, callbacks, reason):
    with pytest.raises(keys.NotKeptError, match=reason):
        key(model(), callbacks=callbacks)


def test_a_training_that_cannot_be_kept_says_so_when_warming_and_trains(cache, capsys):
    for mode, lines in [("use", 0), ("record", 1)]:
        cache(mode)
        entries.folder().mkdir(parents=True, exist_ok=True)
        history = train(network(loss=own_loss), label="mine", quiet=True)
        assert len(history.history["loss"]) == 2
        out = capsys.readouterr().out
        assert out.count(f"mine: {entries.NOT_KEPT}: its layers, loss or metrics") == lines
    assert not kept()


# --------------------------------------------------------------------- when the cache is used


@pytest.mark.parametrize("mode", ["off", "use"])
def test_without_course_warm_nothing_is_written(mode, cache):
    cache(mode)
    train(network(), quiet=True)
    entries.place().mkdir()
    train(network(), quiet=True)
    entries.folder().mkdir()
    train(network(), quiet=True)
    assert not kept()


def test_by_itself_the_cache_is_used_in_a_front_end_alone(monkeypatch):
    monkeypatch.delenv(entries.SWITCH)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert entries.mode() == "off"
    monkeypatch.setenv("JPY_SESSION_NAME", "04.ipynb")
    assert entries.mode() == "use"
    monkeypatch.setenv(entries.SWITCH, "off")
    assert entries.mode() == "off"
    monkeypatch.setenv(entries.SWITCH, "on")
    with pytest.raises(ValueError, match="COURSE_WARM is 'on': set it to use or off, or remove it"):
        entries.mode()


def test_a_network_that_is_not_compiled_gets_keras_own_words(cache):
    cache("record")
    model = keras.Sequential([keras.Input((3, 2)), keras.layers.Flatten()])
    with pytest.raises(ValueError, match="compile"):
        train(model)


# ----------------------------------------------------------------------------- entries on disk


def signed(facts, arrays):
    packed = io.BytesIO()
    np.savez(packed, *arrays)
    content = json.dumps(facts).encode() + b"\n" + packed.getvalue()
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def cut(content):
    return content[: len(content) // 2]


def flip(content):
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def facts_of(content):
    return json.loads(content.split(b"\n", 2)[1])


DAMAGES = {
    "empty": (lambda _: b"", "its checksum is wrong"),
    "cut": (cut, "its checksum is wrong"),
    "one bit": (flip, "its checksum is wrong"),
    "other file": (lambda _: b"PNG, or nearly so", "its checksum is wrong"),
    "foreign": (lambda c: signed(facts_of(c) | {"key": KEY}, []), "it is of another training"),
    "nameless": (lambda _: signed({}, []), "it holds something else"),
    "shapes": (lambda c: signed(facts_of(c), [np.zeros(3)] * 4), "its arrays have other shapes"),
    "too few": (lambda c: signed(facts_of(c), []), "its arrays have other shapes"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_told_and_trained_anew_and_mended(damage, reason, cache, capsys):
    cache("record")
    history = train(network(), quiet=True).history
    (path,) = kept()
    good = path.read_bytes()
    path.write_bytes(damage(good))
    for mode in ("use", "record"):
        cache(mode)
        assert train(network(), label="mine", quiet=True).history == history
        assert capsys.readouterr().out == f"mine: {entries.TRAINED_ANEW} ({reason})\n"
    assert path.read_bytes() == good


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        """Tell pickle what to call."""
        return Path.write_text, (self.path, "ran")


@pytest.mark.parametrize("pickled", [True, False])
def test_nothing_in_an_entry_is_unpickled(pickled, cache, tmp_path):
    flag = tmp_path / "flag"
    if pickled:
        content = json.dumps({"key": KEY}).encode() + b"\n" + pickle.dumps(Payload(flag))
        content = hashlib.sha256(content).hexdigest().encode() + b"\n" + content
    else:
        content = signed({"key": KEY}, [np.array([Payload(flag)], dtype=object)])
    path = entries._path(KEY)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(DamagedEntryError, match="it holds something else"):
        entries.read(KEY)
    assert not flag.exists()


KILLED = """
import os, pathlib, sys
import numpy as np
from course_utils.warm import entries
pathlib.Path.replace = lambda *_: os._exit(9)
entries.write(sys.argv[1], {}, [np.zeros(3)])
"""
WRITING = """
import sys
import numpy as np
from course_utils.warm import entries
for _ in range(200):
    entries.write(sys.argv[1], {"logs": []}, [np.full(50_000, int(sys.argv[2]))])
"""


def start(program, *arguments):
    return subprocess.Popen([sys.executable, "-c", program, *arguments])


def test_a_process_killed_while_it_writes_leaves_no_entry(cache):
    assert start(KILLED, KEY).wait() == 9
    (part,) = kept()
    assert part.suffix == ".part"
    assert entries.read(KEY) is None


def test_a_training_that_is_stopped_is_not_kept(cache):
    def stop(epoch, logs):
        raise KeyboardInterrupt

    cache("record")
    with pytest.raises(KeyboardInterrupt):
        train(network(), quiet=True, callbacks=[LambdaCallback(on_epoch_end=stop)])
    assert not entries.place().exists()


def test_two_processes_may_write_one_entry_at_once(cache):
    writers = [start(WRITING, KEY, number) for number in "12"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        entry = entries.read(KEY)  # a half-written one would raise
        if entry is not None:
            assert len(np.unique(entry.arrays[0])) == 1
            seen.add(int(entry.arrays[0][0]))
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen == {1, 2}
    assert [path.suffix for path in kept()] == [""]


# --------------------------------------------------------------------------------- course warm

TRAINING = """\
from course_utils.models import recurrent
from course_utils.training import fit
import keras, numpy as np

keras.utils.set_random_seed(0)
windows = np.random.default_rng(0).normal(size=(64, 3, 1))
model = recurrent("SimpleRNN", features=1, units=3)
model.compile("adam", "mse")
history = fit(model, windows, windows[:, 0, 0], epochs=2, label="small")"""
ASKED = "history.history['loss'], float(model.predict(windows, verbose=0).sum())"


def test_course_warm_keeps_what_lessons_train_and_course_run_never_uses_it(course, tmp_path):
    folder = tmp_path / "notebooks"
    lesson(folder / "01_trains.ipynb", TRAINING, ASKED, "import os; os.environ['COURSE_WARM']")
    lesson(folder / "02_fails.ipynb", "1 / 0")
    place = {entries.PLACE: str(tmp_path / "warm")}
    (tmp_path / "warm" / "by-older").mkdir(parents=True)
    done = course("warm", "--folder", folder, **place)
    assert (done.returncode, done.stderr) == (1, "")
    lines = [line for line in done.stdout.splitlines() if "though it is kept" not in line]
    assert lines[0].startswith("OK     01_trains  ")
    assert lines[1] == "FAILED 02_fails"
    assert "ZeroDivisionError" in lines[2]
    assert lines[3].startswith("trainings kept: 1, 0.0 MiB")
    assert lines[4] == "failed: 02"
    assert [path.name[:3] for path in (tmp_path / "warm").iterdir()] == ["by-"]
    assert not (tmp_path / "warm" / "by-older").exists()

    output = tmp_path / "out"
    done = course("run", "1", "--folder", folder, "--output", output, COURSE_WARM="use", **place)
    assert done.returncode == 0, done.stdout
    executed = nbformat.read(output / "01_trains.ipynb", as_version=4)
    assert entries.FROM_CACHE not in str(executed.cells)
    assert executed.cells[3].outputs[0].data["text/plain"] == "'off'"
    program = f"{TRAINING}\nprint(({ASKED}))"
    env = {**os.environ, "COURSE_WARM": "use", **place}
    live = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
    )
    said, numbers = live.stdout.splitlines()
    assert said == f"small: 2 epochs {entries.FROM_CACHE}"
    assert numbers == executed.cells[2].outputs[0].data["text/plain"]


def test_course_warm_tells_what_will_not_be_there(course, tmp_path):
    folder = tmp_path / "notebooks"
    by_chance = TRAINING.replace("default_rng(0)", "default_rng()")
    lesson(folder / "01_by_chance.ipynb", by_chance)
    done = course("warm", "1", "--folder", folder, **{entries.PLACE: str(tmp_path / "warm")})
    assert done.returncode == 0, done.stdout
    assert "differ from run to run: 1 of its trainings" in done.stdout
    assert course("warm", "7", "--folder", folder).returncode == 2
