"""The study `lengths`: what training and generating cost, by the length of the sequence."""

import ctypes
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, ClassVar

from course.studies.study import Study

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import keras

WAYS = ("GRU", "FusedLSTM", "minGRU", "attention")
TIME_STEPS = (6_400, 1_600, 400, 100)
UNITS, BATCH, WRITTEN, TURNS = 64, 32, 500, 5
MMAP_MAX, TRIM_THRESHOLD = -4, -1
"""numbers of glibc's mallopt"""
TOO_LONG = ("attention", 6_400)
"""its scores alone, of 32 sequences and 4 heads, would take 20 GiB"""


@dataclass(frozen=True)
class Lengths:
    """One layer of 64 units, or one Transformer block, at one length."""

    way: str
    """one of `WAYS`; minGRU is compiled by XLA"""
    time_steps: int
    version: ClassVar[int] = 2  # raise it with `course_utils.parallel`

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Measure in a process of its own, whose memory is nobody else's."""
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:
            return apart.submit(costs, self.way, self.time_steps).result()


def costs(way: str, time_steps: int) -> dict[str, float]:
    """Measure milliseconds and memory of a training step, and of generating 500 steps after it."""
    import resource  # not on Windows

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    training, first = _timed(training_step(way, time_steps))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {"training ms": training, "first ms": first, "MiB": (most - before) / 1024}
    generating, _ = _timed(writing(way, time_steps))
    return found | {"generating ms": generating, "state KiB": state_bytes(way, time_steps) / 1024}


def training_step(way: str, time_steps: int) -> Callable[[], object]:
    """Prepare a training step of 32 random sequences."""
    import keras
    from keras import layers

    keep_freed_memory()
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, UNITS))
    model = keras.Model(inputs, layers.Dense(1)(layer_of(way)(inputs)))
    model.compile("adam", "mse", jit_compile=way == "minGRU")
    drawn = np.random.default_rng(0).normal(size=(2, BATCH, time_steps, UNITS)).astype("float32")
    return lambda: model.train_on_batch(drawn[0], drawn[1, :, :, :1])


def keep_freed_memory() -> None:
    """Keep memory that a step has freed for the next one, where the C library is glibc.

    By default, glibc gives long arrays back to the system, and each step waits for fresh pages:
    half of a minGRU's time at 1,600 steps, and nothing that a layer can help.
    """
    with suppress(AttributeError, TypeError):  # another C library, or Windows
        library = ctypes.CDLL(None)
        library.mallopt(MMAP_MAX, 0)
        library.mallopt(TRIM_THRESHOLD, 2**31 - 1)


def layer_of(way: str) -> "Callable[[keras.KerasTensor], keras.KerasTensor]":
    """What turns sequences of 64 features into others, by its way."""
    from course_utils import fused, parallel

    from keras import layers

    kinds = {"GRU": layers.GRU, "FusedLSTM": fused.FusedLSTM, "minGRU": parallel.MinGRU}
    if way in kinds:
        return kinds[way](UNITS, return_sequences=True)
    return lambda inputs: parallel.transformer_block(parallel.Positions()(inputs))


def state_bytes(way: str, time_steps: int) -> int:
    """Bytes that generating keeps of the past: states, or the keys and values of all steps."""
    numbers = {"FusedLSTM": 2 * UNITS, "attention": 2 * UNITS * (time_steps + WRITTEN)}
    return 4 * numbers.get(way, UNITS)


def writing(way: str, time_steps: int) -> Callable[[], object]:
    """Prepare a compiled loop that feeds 500 outputs back, after `time_steps` that were read.

    Attention is the layer alone, without the rest of its block.
    """
    import tensorflow as tf

    step, state = one_step(way, time_steps + WRITTEN)

    @tf.function(jit_compile=True)
    def write(state: object) -> tf.Tensor:
        x = tf.ones((1, UNITS))
        for number in tf.range(time_steps, time_steps + WRITTEN):
            x, state = step(x, state, number)
        return x

    return lambda: write(state).numpy()


def one_step(way: str, longest: int) -> tuple[Callable, object]:
    """One step of a layer with its state, and the state to begin with."""
    from course_utils.parallel import MinGRU, attention_step

    import tensorflow as tf
    from keras import layers

    empty = tf.zeros((1, UNITS))
    if way == "attention":
        heads, size = 4, UNITS // 4
        layer = layers.MultiHeadAttention(heads, size)
        layer.build((None, None, UNITS), (None, None, UNITS))
        cache = tf.zeros((1, longest, heads, size))
        return lambda x, kept, number: attention_step(layer, x, kept, number), (cache, cache)
    if way == "minGRU":
        gates = MinGRU(UNITS)
        gates.build((None, None, UNITS))

        def step(x: tf.Tensor, kept: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            decay, inputs = gates.gates(x)
            state = decay * kept + inputs
            return state, state

        return step, empty
    cell = layers.GRUCell(UNITS) if way == "GRU" else layers.LSTMCell(UNITS)
    cell.build((None, UNITS))
    return lambda x, kept, _: cell(x, kept), [empty] * (1 if way == "GRU" else 2)


def _timed(once: Callable[[], object]) -> tuple[float, float]:
    """Median milliseconds of a few turns, and those of the first, compiling included."""
    taken = []
    for _ in range(1 + TURNS):
        begin = time.perf_counter()
        once()
        taken.append(1000 * (time.perf_counter() - begin))
    return float(np.median(taken[1:])), taken[0]


LENGTHS = Study(
    "lengths",
    "Four ways at four lengths, one at a time; run nothing else beside it.",
    lambda: [
        Lengths(way, time_steps)
        for time_steps, way in product(TIME_STEPS, WAYS)
        if (way, time_steps) != TOO_LONG
    ],
    alone=True,
)
