"""The study `without_waiting`: what networks that need not wait lose or gain against a GRU."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

from course.studies.memory import recall_task
from course.studies.study import Study
from course.studies.thermostat import FIRST
from course_utils.data.texts import load_text
from course_utils.text import characters as chars
from course_utils.text.ngrams import NGram
from course_utils.thermostat import run_thermostat, weather

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras

SMALL = {"GRU": 16, "minGRU": 20, "attention": 8}
UNITS = {
    "characters": {"attention": 40, "GRU": 96, "minGRU": 110},
    "thermostat": SMALL,
    "recall": SMALL | {"minGRU, gate bias -4": 20},
}
"""units of one GRU layer, or of each of two minGRU layers; features of a Transformer block, or of
each of two for characters: about as many parameters for each network of a task"""
BATCHES = {"characters": (8, 3_000), "thermostat": (25, 640), "recall": (64, 300)}
"""sequences in a batch, and how many batches are trained on at most"""
SECONDS = {"characters": 25}
"""of processor time, where that ends the training"""
RATES = {"attention": 0.005}
OTHER_RATE = 0.01
"""fixed before the first fit, once tried with seed 100"""
LENGTH, EMBEDDING, DISTANCE, OLD = 300, 32, 40, 50
"""characters in a piece, and numbers for each; steps back to the bit, and to the last threshold"""
FIVE_GRAM = "5-gram"
Samples = tuple[NDArray, NDArray]
Score = Callable[["keras.Model"], float]


@dataclass(frozen=True)
class Paid:
    """A network trained on a task, or counted."""

    task: str
    """a key of `UNITS`"""
    network: str
    """one of the task's, or the 5-gram"""
    seed: int
    version: ClassVar[int] = 1  # raise it with `course_utils.parallel` and `course_utils.text`

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train, and score on new data: a share of right answers, or bits per character."""
        if self.network == FIVE_GRAM:
            return count_characters()
        import keras

        keras.utils.set_random_seed(self.seed)
        samples, score = TASKS[self.task](self.seed)
        model = build(self.task, self.network)
        steps = train(model, samples, self)
        return {"score": score(model), "parameters": model.count_params(), "steps": steps}


def build(task: str, network: str) -> "keras.Model":
    """Build a network that answers with logits, at each step or, for `recall`, at the last one."""
    import keras
    from keras import layers

    units, text = UNITS[task][network], task == "characters"
    kinds = len(_text()[1]) if text else 1
    inputs = keras.Input((None,) if text else (None, 1 + (task == "recall")))
    x = inputs
    if text:
        drawn = keras.initializers.RandomNormal(stddev=1.0)  # as large as the positions
        x = layers.Embedding(kinds, units if network == "attention" else EMBEDDING, drawn)(x)
    elif network == "attention":
        x = layers.Dense(units)(x)
    x = _core(network, units, blocks=1 + text)(x)
    return keras.Model(inputs, layers.Dense(kinds)(x[:, -1] if task == "recall" else x))


def _core(network: str, units: int, blocks: int) -> "Callable[[keras.KerasTensor], Any]":
    """What the networks differ in, from sequences to sequences."""
    from course_utils.parallel import MinGRU, Positions, transformer_block

    from keras import layers

    if network == "GRU":
        return layers.GRU(units, return_sequences=True)

    def core(x: "keras.KerasTensor") -> "keras.KerasTensor":
        if network != "attention":
            bias = -4.0 if network.endswith("-4") else 0.0
            for _ in range(2):
                x = MinGRU(units, return_sequences=True, gate_bias=bias)(x)
            return x
        x = Positions()(x)
        for _ in range(blocks):
            x = transformer_block(x, heads=2 if units < 16 else 4)
        return layers.LayerNormalization()(x)

    return core


def train(model: "keras.Model", samples: Samples, fit: Paid) -> int:
    """Train for as long as a task's budget lasts; returns the steps taken.

    The rate falls along a cosine, of the steps or of the seconds.
    """
    import keras

    batch, steps = BATCHES[fit.task]
    rng, rows = np.random.default_rng(fit.seed), []
    while len(rows) < steps * batch:
        rows = np.concatenate([rows, rng.permutation(len(samples[0]))]).astype(int)
    losses, begun = keras.losses, []
    rate = RATES.get(fit.network, OTHER_RATE)
    entropy = losses.BinaryCrossentropy(from_logits=True)
    if fit.task == "characters":
        entropy = losses.SparseCategoricalCrossentropy(from_logits=True)

    def after(batch: int, logs: dict) -> None:
        begun.append(time.process_time())  # the first without compiling
        spent = begun[-1] - begun[0]
        done = max(len(begun) / steps, spent / SECONDS.get(fit.task, np.inf))
        model.optimizer.learning_rate = rate * (1 + np.cos(np.pi * min(done, 1))) / 2
        model.stop_training = done >= 1

    adam = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    model.compile(adam, entropy, jit_compile=fit.network.startswith("minGRU"))
    callbacks = [keras.callbacks.LambdaCallback(on_train_batch_end=after)]
    given = [part[rows[: steps * batch]] for part in samples]
    model.fit(*given, batch, shuffle=False, verbose=0, callbacks=callbacks)
    return len(begun)


def thermostat(seed: int) -> tuple[Samples, Score]:
    """Series of 200 steps, and who is right about the heating long after it was switched."""
    rng = np.random.default_rng([seed, 0])
    known, new = (run_thermostat(weather(*shape, rng)) for shape in ((400, 200), (1_000, 200)))

    def score(model: "keras.Model") -> float:
        inputs = new.temperature[..., np.newaxis]
        right = (model.predict(inputs, 200, verbose=0)[..., 0] > 0) == new.heating
        return float(right[:, FIRST:][new.age[:, FIRST:] >= OLD].mean())

    return (known.temperature[..., np.newaxis], known.heating[..., np.newaxis]), score


def recall(seed: int) -> tuple[Samples, Score]:
    """Sequences with a marked first bit, and who knows it 40 steps later."""
    rng = np.random.default_rng(seed)
    (inputs, bits), (new, wanted) = (recall_task(each, DISTANCE, rng) for each in (12_800, 1_000))

    def score(model: "keras.Model") -> float:
        return float(((model.predict(new, verbose=0)[:, 0] > 0) == wanted).mean())

    return (inputs, bits[:, np.newaxis]), score


def characters(seed: int) -> tuple[Samples, Score]:
    """Pieces of lesson 09's text, and the bits that each held-out character costs."""
    codes, _, cut = _text()

    def score(model: "keras.Model") -> float:
        return chars.bits(chars.network_probabilities(model, codes, cut))

    return chars.chunks(codes[:cut], LENGTH), score


def _text() -> tuple[NDArray, str, int]:
    """The default text as codes, its characters, and where the held-out part begins."""
    text = load_text()
    cut = len(chars.split_text(text)[0])
    known = chars.characters_of(text[:cut])
    return chars.encode(text, known, unknown=True), known, cut


def count_characters() -> dict[str, Any]:
    """The bits of a 5-gram, whose parameters are the counts that it keeps."""
    codes, known, cut = _text()
    ngram = NGram(codes[:cut], 5, len(known))
    kept = sum(
        len(np.unique(np.lib.stride_tricks.sliding_window_view(codes[:cut], n), axis=0))
        for n in range(1, 6)
    )
    return {"score": chars.bits(ngram.probabilities_of(codes, cut)), "parameters": kept, "steps": 0}


TASKS = {"thermostat": thermostat, "recall": recall, "characters": characters}
WITHOUT_WAITING = Study(
    "without_waiting",
    "All networks of all tasks with five seeds, and a 5-gram, one at a time.",
    lambda: [
        *(
            Paid(task, network, seed)
            for task, networks in UNITS.items()
            for network, seed in product(networks, range(5))
        ),
        Paid("characters", FIVE_GRAM, 0),
    ],
    alone=True,
)
