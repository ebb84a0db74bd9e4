"""A kept run gives what training gives, is found only if nothing differs, and is checked."""

import json
import random
import runpy
from contextlib import suppress
from pathlib import Path

from course.commands import doctor
from course_utils import files, warm
from course_utils.fused import FusedLSTM
from course_utils.models import recurrent
from course_utils.seeds import fit_seeds
from course_utils.text import translation
from course_utils.training import fit

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from command_line import course_here
from sample_notebooks import lesson
from scipy.stats import norm

KEY = "0123456789abcdef" * 4
INPUTS = np.random.default_rng(0).normal(size=(48, 3, 2))
TARGETS = INPUTS[:, -1, 0]
NEW = INPUTS[:16] + 1, TARGETS[:16]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache; returns a function that switches it."""
    monkeypatch.setenv(warm.PLACE, str(tmp_path / "warm"))
    warm._say_outdated.cache_clear()

    def switch(mode):
        monkeypatch.setenv(warm.SWITCH, mode)

    return switch


def kept():
    return sorted(warm.folder().glob("*"))


def network(seed=0, rate=0.05, units=4, layers=(), kind=keras.Sequential, **compiled):
    """A small network; the few batches that tests train it on take less time than compiling it."""
    keras.utils.set_random_seed(seed)
    own = [keras.layers.Dense(units, "tanh"), *layers, keras.layers.Dropout(0.2)]
    flat = [keras.Input((3, 2)), keras.layers.Flatten()]
    model = kind([*flat, *own, keras.layers.Dense(1)])
    usual = {"optimizer": keras.optimizers.Adam(rate), "loss": "mse", "run_eagerly": True}
    model.compile(**usual | compiled)
    return model


def train(model, **options):
    return fit(model, INPUTS, TARGETS, **{"epochs": 2, "batch_size": 16} | options)


# ------------------------------------------------------------------------- what a kept run gives


def twice_with_another_learning_rate():
    model = network(metrics=["mae"], run_eagerly=False)
    first = train(model, validation=NEW)
    model.optimizer.learning_rate = 0.001
    second = train(model, epochs=3)
    assert second is model.history
    return model, [[each.history, each.params, each.epoch] for each in (first, second)]


def recurrent_not_yet_built():
    keras.utils.set_random_seed(3)
    layers = [keras.layers.GRU(3, recurrent_dropout=0.2, return_sequences=True), FusedLSTM(2)]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    sgd = keras.optimizers.SGD(0.1, momentum=0.9, use_ema=True)
    model.compile(sgd, "mse", run_eagerly=True)
    return model, [train(model).history]


def of_pairs():
    keras.utils.set_random_seed(0)
    model = translation.encoder_decoder(9, 9, embedding=2, units=3, refinement=2, attention=True)
    rate = keras.optimizers.schedules.CosineDecay(0.01, 10)
    metrics = [translation.masked_accuracy]
    adam = keras.optimizers.Adam(rate)
    model.compile(adam, translation.masked_loss, metrics=metrics, run_eagerly=True)
    pairs = np.random.default_rng(0).integers(0, 9, (2, 32, 4))
    settings = {"epochs": 2, "batch_size": 16, "validation": pairs[:, :5]}
    return model, [translation.fit_pairs(model, *pairs, **settings).history]


def seeds_together():
    def build():
        model = recurrent("SimpleRNN", features=2, units=3, dropout=0.2)
        model.compile("adam", "mse", run_eagerly=True)
        return model

    models = fit_seeds(build, INPUTS, TARGETS, seeds=range(2), epochs=2, batch_size=20)
    found = [[each.history.history, *(w.tolist() for w in each.get_weights())] for each in models]
    return models[1], found


def go_on(story):
    """Follow a story, then draw and train for real; returns all results."""
    model, found = story()
    states = [values.tolist() for values in warm.state_of(model)]
    drawn = [tf.random.normal((2,)), keras.random.normal((2,))]
    drawn = [random.random(), norm.rvs(), *(values.numpy().tolist() for values in drawn)]
    data, targets = INPUTS, TARGETS
    if story is of_pairs:
        data, targets = [np.ones((32, 4))] * 2, np.ones((32, 4))
    later = model.fit(data, targets, batch_size=16, verbose=0)
    weights = [values.tolist() for values in model.get_weights()]
    return json.dumps([found, states, drawn, later.history, weights])


@pytest.mark.slow
@pytest.mark.parametrize(
    "story", [twice_with_another_learning_rate, recurrent_not_yet_built, of_pairs, seeds_together]
)
def test_a_kept_run_and_all_that_follows_it_equal_training(story, cache, capsys):
    cache("record")
    trained = go_on(story)
    if story is twice_with_another_learning_rate:
        cache("off")
        assert go_on(story) == trained  # so keeping a run changes nothing either
    cache("use")
    before = kept()
    assert before
    capsys.readouterr()
    assert go_on(story) == trained
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(before)  # no bar, and one line per run
    assert all(warm.FROM_CACHE in line for line in lines)
    assert kept() == before


@pytest.mark.slow
def test_a_quiet_run_says_so_once_per_cell(cache, capsys, monkeypatch):
    cache("record")
    for _ in range(2):
        train(network(), epochs=1, quiet=True, label="search")
    shell = type("Shell", (), {"execution_count": 7})
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    for _ in range(2):
        train(network(), epochs=1, quiet=True, label="search")
    monkeypatch.setattr(shell, "execution_count", 8)
    train(network(), epochs=1, label="search")
    line = f"search: {warm.FROM_CACHE}\n"
    assert capsys.readouterr().out == f"{line}{line}search: 1 epoch {warm.FROM_CACHE}\n"


# --------------------------------------------------------------------------- what is found again


def key(model=None, inputs=INPUTS, validation=(), epochs=2, batch_size=16):
    return warm.key_of(model or network(), [inputs, TARGETS, validation], epochs, batch_size)


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


def after(do, model):
    do(model)
    return model


def decaying(*but):
    optimizer = keras.optimizers.AdamW(weight_decay=1.0)
    optimizer.exclude_from_weight_decay(var_names=but)
    return optimizer


OTHERS = {
    "data": lambda: key(inputs=changed(INPUTS)),
    "kind of number": lambda: key(inputs=INPUTS.astype("float32")),
    "validation": lambda: key(validation=NEW),
    "other validation": lambda: key(validation=(changed(NEW[0]), NEW[1])),
    "epochs": lambda: key(epochs=3),
    "batch size": lambda: key(batch_size=8),
    "seed of the weights": lambda: key(network(seed=1)),
    "seed of the batches": lambda: key(after(lambda _: keras.utils.set_random_seed(1), network())),
    "learning rate": lambda: key(network(rate=0.06)),
    "optimizer": lambda: key(network(optimizer=keras.optimizers.SGD(0.05))),
    "clipping": lambda: key(network(optimizer=keras.optimizers.Adam(0.05, clipnorm=1.0))),
    "decay": lambda: key(network(optimizer=decaying())),
    "decay of all but biases": lambda: key(network(optimizer=decaying("bias"))),
    "loss": lambda: key(network(loss="mae")),
    "metrics": lambda: key(network(metrics=["mae"])),
    "layers": lambda: key(network(units=5)),
    "frozen": lambda: key(after(lambda m: setattr(m.layers[1], "trainable", False), network())),
    "trained before": lambda: key(after(lambda m: train(m, epochs=1, quiet=True), network())),
    "wires": lambda: key(wired(swapped=False)),
    "crossed wires": lambda: key(wired(swapped=True)),
}


@pytest.mark.slow
def test_any_difference_makes_another_key():
    found = {"nothing": key(), **{name: other() for name, other in OTHERS.items()}}
    assert len(set(found.values())) == len(found)


def test_the_names_that_keras_numbers_make_no_other_key():
    assert key() == key() == key(network())
    crossed = [key(wired(swapped)) for swapped in (True, False, True)]
    assert crossed[0] == crossed[2]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A course of empty modules; returns a function that changes one and gives the runs' folder."""
    monkeypatch.setattr(warm, "PACKAGES", tmp_path)

    def change(module, text):
        file = tmp_path / f"{module.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        warm._circumstances.cache_clear()
        return warm.folder()

    for module in reversed(warm.CODE):
        (tmp_path / f"{module.replace('.', '/')}.py").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{module.replace('.', '/')}.py").touch()
    yield change
    monkeypatch.undo()
    warm._circumstances.cache_clear()


def test_other_versions_and_other_code_that_trains_have_another_folder(package, monkeypatch):
    first = package("course_utils.cells", "1")
    assert package("course_utils.cells", "2") == package("course.commands.run", "3") == first
    found = [first, *(package(module, "1") for module in warm.CODE)]
    monkeypatch.setattr(warm, "version", lambda package: "0.1")
    found.append(package("course_utils.cells", "3"))
    monkeypatch.setattr(warm, "this_machine", lambda: {"keras": "0.1"})
    found.append(package("course_utils.cells", "4"))
    assert len(set(found)) == len(found) == 7


@pytest.mark.slow
def test_runs_of_other_code_are_told_of_once_by_a_lesson_and_by_the_doctor(cache, package, capsys):
    cache("record")
    train(network(), quiet=True)
    cache("use")
    train(network(), quiet=True)
    assert list(doctor.check_warm()) == []
    capsys.readouterr()
    package(warm.CODE[1], "changed")
    for _ in range(2):
        train(network(), quiet=True)
    assert capsys.readouterr().out == f"This lesson trains for real, because {warm.OUTDATED}.\n"
    ((good, subject, text),) = doctor.check_warm()
    assert (good, subject) == (False, "warm")
    assert text == f"{warm.OUTDATED}, or delete {warm.place()}"


def own_loss(truth, guess):
    return keras.ops.mean((truth - guess) ** 2)


def mean_squared_error(truth, guess):
    return own_loss(truth, guess) + 1


def own_activation(x):
    return x


@keras.saving.register_keras_serializable("course_utils")
class OwnLayer(keras.layers.Dense):
    """A layer whose code is not looked at, under a name like our own."""


class OwnModel(keras.Sequential):
    """A model that may train in its own way."""


def unseeded():
    return after(lambda _: tf.random.set_seed(None), network())


CODE = "its layers, loss or metrics are code of the notebook"
NOT_KEPT = {
    "no seed": (unseeded, "no seed is set"),
    "loss": (lambda: network(loss=own_loss), CODE),
    "loss with a name of Keras'": (lambda: network(loss=mean_squared_error), CODE),
    "lambda": (lambda: network(loss=lambda y, z: own_loss(y, z)), CODE),
    "metric": (lambda: network(metrics=[own_loss]), CODE),
    "layer": (lambda: network(layers=[OwnLayer(2)]), CODE),
    "activation": (lambda: network(layers=[keras.layers.Dense(2, own_activation)]), CODE),
    "Lambda": (lambda: network(layers=[keras.layers.Lambda(lambda x: x)]), CODE),
    "model": (lambda: network(kind=OwnModel), CODE),
}


@pytest.mark.parametrize(("model", "reason"), NOT_KEPT.values(), ids=NOT_KEPT)
def test_what_cannot_be_looked_into_is_not_kept(model, reason):
    with pytest.raises(warm.NotKeptError, match=reason):
        key(model())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("compiled", "options", "reason"),
    [
        ({"loss": own_loss}, {}, CODE),
        ({}, {"callbacks": [keras.callbacks.EarlyStopping("loss")]}, "callbacks watch its epochs"),
    ],
)
def test_a_run_that_is_not_kept_says_so_when_warming_and_trains(
    compiled, options, reason, cache, capsys
):
    warm.folder().mkdir(parents=True)
    for mode, lines in [("use", 0), ("record", 1)]:
        cache(mode)
        history = train(network(**compiled), label="mine", quiet=True, **options)
        assert len(history.history["loss"]) == 2
        out = capsys.readouterr().out
        assert out.splitlines() == [f"mine: {warm.NOT_KEPT}: {reason}"] * lines
    assert not kept()


# --------------------------------------------------------------------- when the cache is used


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["off", "use"])
def test_without_course_warm_nothing_is_written_or_said(mode, cache, capsys):
    cache(mode)
    train(network(), quiet=True)
    assert not warm.place().exists()
    warm.folder().mkdir(parents=True)
    train(network(), quiet=True)
    assert not kept()
    assert capsys.readouterr().out == ""


def test_by_itself_the_cache_is_used_where_a_person_sits_alone(monkeypatch):
    monkeypatch.delenv(warm.SWITCH)
    assert warm.mode() == "off"
    monkeypatch.setattr(warm, "attended", lambda: True)
    assert warm.mode() == "use"
    monkeypatch.setenv(warm.SWITCH, "off")
    assert warm.mode() == "off"
    monkeypatch.setenv(warm.SWITCH, "on")
    with pytest.raises(ValueError, match="COURSE_WARM is 'on': set it to use or off, or remove it"):
        warm.mode()


def test_a_network_that_is_not_compiled_gets_keras_own_words(cache):
    cache("record")
    model = keras.Sequential([keras.Input((3, 2)), keras.layers.Flatten()])
    with pytest.raises(ValueError, match="compile"):
        train(model)


# ----------------------------------------------------------------------------- runs on disk


@pytest.mark.slow
def test_a_damaged_entry_is_told_of_and_trained_again_and_replaced(cache, capsys):
    cache("record")
    history = train(network(), quiet=True).history
    (path,) = kept()
    good = path.read_bytes()
    half = len(good) // 2
    flipped = good[:half] + bytes([good[half] ^ 1]) + good[half + 1 :]
    for mode, damaged in [("use", flipped), ("use", b""), ("record", good[:half])]:
        path.write_bytes(damaged)
        cache(mode)
        assert train(network(), label="mine", quiet=True).history == history
        said = f"mine: {warm.TRAINED_AGAIN} (its checksum is wrong)\n"
        assert capsys.readouterr().out == said
    assert path.read_bytes() == good


@pytest.mark.usefixtures("cache")
def test_an_entry_of_another_run_and_a_folder_in_its_place_are_called_damaged():
    warm.write(KEY, [{"loss": [1.5]}], [np.ones(9)])
    kept()[0].rename(warm.folder() / KEY[::-1])
    with pytest.raises(warm.DamagedEntryError, match="its checksum is wrong"):
        warm.read(KEY[::-1])
    (warm.folder() / KEY).mkdir()
    with pytest.raises(warm.DamagedEntryError, match="it cannot be read"):
        warm.read(KEY)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, PermissionError])
def test_a_write_that_is_stopped_or_refused_leaves_the_entry_before_it(stop, cache, monkeypatch):
    def replace(*_):
        raise stop

    warm.write(KEY, [{"loss": [1.5]}], [np.zeros(1)])
    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(files, "HELD_SECONDS", 0.1)
    with suppress(KeyboardInterrupt):
        warm.write(KEY, [{"loss": [2.5]}], [np.ones(1)])
    assert warm.read(KEY) == ([{"loss": [1.5]}], bytes(8))
    assert [path.name for path in kept()] == [KEY]


# --------------------------------------------------------------------------------- course warm

TRAINING = """\
from course_utils.models import recurrent
from course_utils.training import fit
import keras, numpy as np

keras.utils.set_random_seed(0)
windows = np.random.default_rng(0).normal(size=(64, 3, 1))
model = recurrent("SimpleRNN", features=1, units=3)
model.compile("adam", "mse", run_eagerly=True)
history = fit(model, windows, windows[:, 0, 0], epochs=2, label="small")"""
ASKED = "[history.history['loss'], *(values.tolist() for values in model.get_weights())]"


@pytest.mark.slow
def test_course_warm_keeps_what_lessons_train_and_course_run_never_uses_it(cache, tmp_path, capsys):
    folder, output = tmp_path / "notebooks", tmp_path / "out"
    by_chance = TRAINING.replace("default_rng(0)", "default_rng()")
    lesson(folder / "01_trains.ipynb", TRAINING, by_chance)
    lesson(folder / "02_fails.ipynb", "from course_utils import warm", "warm.mode()", "1 / 0")
    (tmp_path / "warm" / "by-older").mkdir(parents=True)
    done = course_here("warm", "--folder", folder)
    assert (done.exit_code, done.stderr) == (1, "")
    lines = [line for line in done.stdout.splitlines() if "though it is kept" not in line]
    assert lines[0].startswith("OK     01_trains  ")
    assert lines[1] == "WARN   1 of its runs not found again, as they differ each time"
    assert lines[2] == "FAILED 02_fails"
    assert "ZeroDivisionError" in lines[3]
    assert lines[4].startswith("training runs kept: 3, 0.0 MiB")
    assert lines[5] == "failed: 02"
    assert [path.name[:3] for path in (tmp_path / "warm").iterdir()] == ["by-"]
    assert not (tmp_path / "warm" / "by-older").exists()

    done = course_here("run", "2", "--folder", folder, "--output", output)
    assert done.exit_code == 1
    executed = nbformat.read(output / "02_fails.ipynb", as_version=4)
    assert executed.cells[2].outputs[0].data["text/plain"] == "'off'"

    live, numbers = tmp_path / "live.py", []
    live.write_text(f"{TRAINING}\nnumbers = {ASKED}")
    for mode, source in (("off", "100%"), ("use", warm.FROM_CACHE)):
        cache(mode)
        numbers.append(runpy.run_path(str(live))["numbers"])
        assert source in capsys.readouterr().out
    assert numbers[0] == numbers[1]
