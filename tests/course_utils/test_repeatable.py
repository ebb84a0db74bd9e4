"""With a seed, fresh processes on one machine give the same numbers to the last digit.

Run as a program, this file prints those numbers; it takes the names of results.
"""

import json
import os
import subprocess
import sys
from functools import partial

from course_utils.data.texts import default_text
from course_utils.evaluation import crps, diebold_mariano, rmse
from course_utils.generation import free_run, sample_paths
from course_utils.models import recurrent
from course_utils.recipes import RECIPES, forecast
from course_utils.text import characters as chars
from course_utils.text import translation
from course_utils.text.grammar import sentence_pairs
from course_utils.text.ngrams import NGram, sample_ngram
from course_utils.text.sampling import sample
from course_utils.text.vocabulary import encode, vocabulary
from course_utils.training import fit
from course_utils.windows import make_windows

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import made_up_prices

pytestmark = pytest.mark.nightly  # trains every model in fresh processes

NETWORKS = {
    "SimpleRNN": {"cell": "SimpleRNN"},
    "LSTM": {"cell": "LSTM", "dropout": 0.2},
    "GRU": {"cell": "GRU", "paths": True},
    "hybrid": {"cell": ("SimpleRNN", "LSTM", "GRU"), "dropout": 0.1},
    "bidirectional": {"cell": "GRU", "bidirectional": True},
    "FusedLSTM": {"cell": "FusedLSTM", "dropout": 0.2},
}


def forecasts(cell, paths=False, **settings):
    """Train on an autoregressive series; history, weights, forecasts, and paths that follow."""
    noise = np.random.default_rng(0).normal(size=400)
    series = np.convolve(noise, 0.9 ** np.arange(20))[:400]
    windows, targets = make_windows(series, 20)
    keras.utils.set_random_seed(0)
    model = recurrent(cell, features=1, units=32, **settings)
    model.compile("adam", "mse")
    history = fit(model, windows, targets, epochs=2, batch_size=64)
    guesses = model.predict(windows, verbose=0)[:, 0]
    found = [history.history, all_numbers(model.get_weights()), guesses.tolist()]
    if paths:
        residuals = targets - guesses
        found.append(free_run(model, series[:20], 15).tolist())
        found.append(sample_paths(model, series[:20], 15, residuals, 5, seed=0).tolist())
    return found


def translations(attention):
    """Train on sentences of the course's grammar, then search with a beam."""
    pairs = sentence_pairs()[:256]
    sides = []
    for side in ("english", "german"):
        words = vocabulary(pairs[side])
        sides.append((words, encode(pairs[side], words)))
    (english, sources), (german, targets) = sides
    keras.utils.set_random_seed(0)
    sizes = {"embedding": 16, "units": 48, "refinement": 24}
    model = translation.encoder_decoder(len(english), len(german), attention=attention, **sizes)
    metrics = [translation.masked_accuracy]
    model.compile("adam", translation.masked_loss, metrics=metrics)
    history = translation.fit_pairs(model, sources, targets, epochs=2, batch_size=64)
    found = [history.history, all_numbers([sources, targets, *model.get_weights()])]
    if attention:
        best, scores = translation.beam_search(model, sources[:20], width=3, length=8)
        found.append([best.tolist(), scores.tolist()])
    return found


def writing():
    """Train a character model and let it write; count n-grams and let these write, too."""
    text = default_text()[:20_000]
    known = chars.characters_of(text)
    codes = chars.encode(text, known)
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Embedding(len(known), 16),
        keras.layers.GRU(64, return_sequences=True),
        keras.layers.Dense(len(known)),
    ]
    model = keras.Sequential([keras.Input((None,)), *layers])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(*chars.chunks(codes, 60), batch_size=32, epochs=2, verbose=0)
    ngram = NGram(codes, 3, len(known))
    return [
        history.history,
        all_numbers(model.get_weights()),
        sample(model, known, "The ", 200, seed=0, samples=2),
        sample_ngram(ngram, codes, 200, 2, seed=0).tolist(),
        chars.bits(chars.network_probabilities(model, codes[:3000], 1)),
    ]


def regression():
    """Forecast made-up prices by a regression, as the lessons do, then score and compare."""
    prices = made_up_prices("2015-01-01", "2016-12-31")
    truth = prices.loc["2016", "Close"]
    naive = prices["Close"].shift().loc["2016"]
    found = forecast(RECIPES["linear, last day"], prices, "Close", 2016, seed=0)
    samples = np.random.default_rng(0).normal(naive, 1, (50, len(naive))).T
    return [
        found.tolist(),
        rmse(truth, found),
        diebold_mariano(truth, found, naive),
        crps(truth, samples),
    ]


SMALL = {
    **{name: partial(forecasts, **settings) for name, settings in NETWORKS.items()},
    "regression": regression,
}
"""results whose sums are too short for TensorFlow to share them out among threads"""
LARGE = {
    "encoder-decoder": partial(translations, attention=False),
    "attention": partial(translations, attention=True),
    "characters": writing,
}
"""results whose sums it does share out: other threads, other last digits"""
WARNING = "a warning that is due"


def all_numbers(arrays):
    """The numbers of a network's weights, in order."""
    return np.concatenate([array.ravel() for array in arrays]).tolist()


def start(hash_seed, threads, *names):
    """Start a fresh process that prints results."""
    circumstances = {
        "PYTHONHASHSEED": hash_seed,
        "TF_NUM_INTRAOP_THREADS": threads,
        "PYTHONPATH": os.pathsep.join(sys.path),  # where `helpers` is
    }
    return subprocess.Popen(
        [sys.executable, __file__, *names],
        env={**os.environ, **circumstances, "OMP_NUM_THREADS": threads},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(scope="module")
def printed():
    """What three processes print that begin at once.

    Each builds and trains more networks than TensorFlow takes for right, and yet shows only the
    warning that is due.
    """
    processes = [start("1", "2", *SMALL, *LARGE), start("2", "1", *SMALL), start("3", "2", *LARGE)]
    outputs, errors = zip(*(process.communicate() for process in processes), strict=True)
    assert {error.decode().strip() for error in errors} == {f"WARNING:tensorflow:{WARNING}"}
    return [json.loads(output.splitlines()[-1]) for output in outputs]


@pytest.mark.parametrize("name", SMALL)
def test_two_fresh_processes_give_the_same_digits_whatever_their_threads(printed, name):
    first, with_fewer_threads, _ = printed
    assert first[name] == with_fewer_threads[name]


@pytest.mark.parametrize("name", LARGE)
def test_two_fresh_processes_with_as_many_threads_give_the_same_digits(printed, name):
    first, _, second = printed
    assert first[name] == second[name]


if __name__ == "__main__":
    results = SMALL | LARGE
    tf.get_logger().warning(WARNING)
    print(json.dumps({name: results[name]() for name in sys.argv[1:]}))
