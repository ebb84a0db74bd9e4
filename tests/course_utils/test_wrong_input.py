"""Given wrong input, every public function ends in the right result or in a sentence of our own.

The functions are found by walking the package, so that a new one is tried by itself: those with a
parameter of a name in `TRIED`. What its other parameters may be is known by their names, too.
"""

import importlib
import inspect
import pkgutil
import traceback
from pathlib import Path

import course_utils
from course_utils.cells import Part, RNNWeights
from course_utils.evaluation import LeakError
from course_utils.generation import hold_others
from course_utils.models import WindowRegression, recurrent
from course_utils.recipes import RECIPES
from course_utils.text.sentiment import reader
from course_utils.text.translation import encoder_decoder, masked_loss
from course_utils.windows import fit_scaler_on, make_windows, returns_and_range

import keras
import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from IPython.display import Image

PRICES = made_up_prices("2015-06-01", "2016-12-30")
CLOSE = PRICES["Close"]
TEXT = "the cat sat on the mat"
WINDOWS, TARGETS = make_windows(PRICES[["High", "Low"]].iloc[:12], 5)
DAYS, NEXT_DAYS = make_windows(np.arange(60), 3)
SENTENCES = np.array([[4, 5, 2, 0], [6, 2, 0, 0]])
SMALL = Part(np.ones((2, 3)), np.ones((3, 3)), np.ones(3))


def characters_model():
    layers = [keras.layers.Embedding(12, 3), keras.layers.GRU(3, return_sequences=True)]
    return keras.Sequential([keras.Input((None,), dtype="int32"), *layers, keras.layers.Dense(12)])


def network(features=2):
    model = recurrent("GRU", features, units=2)
    model.compile("adam", "mse")
    return model


def translator():
    model = encoder_decoder(9, 9, embedding=2, units=2, refinement=2, attention=True)
    model.compile("adam", masked_loss)
    return model


VALID = {
    **dict.fromkeys(["table", "prices", "train"], PRICES),
    **dict.fromkeys(["price", "series", "truth"], CLOSE),
    **dict.fromkeys(["forecast", "held", "returns", "one"], CLOSE.shift(fill_value=100.0)),
    **dict.fromkeys(["naive", "rival", "past", "other"], CLOSE.shift(2, fill_value=100.0)),
    "samples": PRICES[["High", "Low", "Open"]],
    "forecasts": {"naive": CLOSE.shift(fill_value=100.0)},
    "by_name": {"naive": CLOSE.shift(fill_value=100.0)},
    "parts": {"training": CLOSE.iloc[:200], "test": CLOSE.iloc[200:]},
    "runs": PRICES[["High", "Low"]],
    "paths": np.stack([CLOSE, CLOSE + 1]),
    "gates": {"update": np.linspace(0, 1, 2 * len(CLOSE)).reshape(-1, 2)},
    "index": PRICES.index,
    "scaler": fit_scaler_on(PRICES),
    "windows": WINDOWS,
    "inputs": WINDOWS,
    "targets": TARGETS,
    "history": WINDOWS,
    "model": network,
    "weights": RNNWeights(SMALL),
    "gradients": np.ones((len(WINDOWS), 5, 3)),
    "recipe": RECIPES["linear, last day"],
    "day": "2016-06-01",
    "residuals": [0.0, 0.1],
    **{"column": "High", "year": 2016, "test_year": 2016, "start": "2016-01-04", "marked": 0},
    **{"level": 0.5, "horizons": [1, 2], "lookback": 5, "steps": 3, "count": 3, "seed": 0},
    **{"title": "A title", "epochs": 1, "seeds": [0]},
    "train_windows": DAYS[:40],
    "train_targets": NEXT_DAYS[:40],
    "test_windows": DAYS[42:],
    "test_targets": NEXT_DAYS[42:],
}
ELSEWHERE = {
    # function: what parameters of its own mean
    "check_past_only": {"forecast": lambda table: table["Close"].shift()},
    "error_by_horizon": {
        "truth": PRICES[["High", "Low"]],
        "forecasts": {"naive": PRICES[["Low", "Open"]].set_axis(["High", "Low"], axis=1)},
    },
    "forecast_year": {"train": lambda windows, targets: WindowRegression().fit(windows, targets)},
    "train_before": {"train": lambda windows, targets: WindowRegression().fit(windows, targets)},
    "fit_seeds": {"build": network},
    "to_dollars": {"returns": returns_and_range(PRICES, "High")["return"]},
    "sample_paths": {"paths": 2, "rule": hold_others},
    "fit_pairs": {"model": translator, "sources": SENTENCES, "targets": SENTENCES},
    "greedy": {"model": translator, "sources": SENTENCES},
    "beam_search": {"model": translator, "sources": SENTENCES},
    "attention_weights": {"model": translator, "sources": SENTENCES, "targets": SENTENCES},
    "fit_labelled": {"model": lambda: reader(9, 2), "rows": SENTENCES, "labels": [0, 1]},
    "opinions": {
        "model": lambda: reader(9, 2),
        "sentences": ["a cat"],
        "vocabulary": ["<pad>", "<sos>", "<eos>", "<unk>", "cat"],
        "length": 4,
    },
    "network_probabilities": {"model": characters_model, "codes": np.arange(12), "start": 1},
    "sample": {
        "model": characters_model,
        "prompt": "the",
        "length": 2,
        "characters": "\ufffd aehmnostcx",
    },
    "breathing": {"by_name": {"normal": PRICES.to_numpy()}},
    "check_pool": {"windows": np.repeat([[[1.0]], [[2.0]]], 4, axis=1), "targets": np.r_[1, 2]},
    "coverage_by_group": {"levels": [0.5], "groups": np.repeat(["calm"], len(CLOSE))},
    "describe_shares": {"prices": {"A": PRICES, "B": PRICES}},
    "free_run": {"rule": hold_others},
    "pinball": {"quantiles": PRICES[["Low", "High"]], "levels": [0.1, 0.9]},
    "pool_windows": {"series": {"A": CLOSE, "B": CLOSE}},
    "span_means": {"windows": make_windows(CLOSE, 22)[0]},
    "forecast_explorer": {"part": slice("2016-06-01", "2016-07-01"), "naive": "naive"},
    "year_and_zoom": {"part": slice("2016-06-01", "2016-07-01"), "naive": "naive"},
    # other things than windows, parts of a series or a table of prices
    **dict.fromkeys(["bleu", "read_study", "sample_ngram", "unrolled", "weather", "piano_roll"]),
    **dict.fromkeys(["scan_loop", "scan_doubling", "scan_chunks"]),
}
TRIED = (
    *("table", "prices", "price", "series", "truth", "returns", "train", "index", "parts", "past"),
    *("windows", "inputs", "history", "train_windows", "test_windows", "model"),
)
NOT_FOR_LESSONS = ("files", "machine", "warm", "checks", "data", "stepping")
STUDIES = "course_utils.plots."  # there, `table` is a study's, which has no days
COMPILED = {"model", "history", "fit", "fit_seeds"}  # other tests run what takes long to compile
CUTS = ("split_by_year", "split_at")  # they hand over rows as they are


def takers():
    for module in pkgutil.walk_packages(course_utils.__path__, "course_utils."):
        if module.name.split(".")[1] in NOT_FOR_LESSONS:
            continue
        for name, function in vars(importlib.import_module(module.name)).items():
            ours = inspect.isfunction(function) and function.__module__ == module.name
            if not ours or name.startswith("_") or ELSEWHERE.get(name, {}) is None:
                continue
            for parameter in inspect.signature(function).parameters:
                skipped = module.name.startswith(STUDIES) and parameter == "table"
                callable_ = (
                    callable(ELSEWHERE.get(name, {}).get(parameter)) and parameter != "model"
                )
                if parameter in TRIED and not skipped and not callable_:
                    yield pytest.param(function, parameter, id=f"{name}-{parameter}")


def arguments_of(function):
    """A valid value for each parameter that needs one."""
    own, needed = ELSEWHERE.get(function.__name__, {}), {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in own or (
            parameter.default is parameter.empty and parameter.kind != parameter.VAR_KEYWORD
        ):
            assert name in own or name in VALID, f"say in VALID or ELSEWHERE what {name} may be"
            value = own.get(name, VALID.get(name))
            needed[name] = value() if name == "model" else value
    return needed


def infinite(value):
    changed = np.array(value, dtype=float)
    changed.flat[changed.size // 2] = np.inf
    if isinstance(value, pd.DataFrame):
        return pd.DataFrame(changed, value.index, value.columns)
    return pd.Series(changed, value.index) if isinstance(value, pd.Series) else changed


def worded(value):
    changed = value.astype(object)
    changed.iloc[len(value) // 2] = "1,234"
    return changed


def doubled(value):
    return value.take(np.r_[0, range(len(value))])


def damages(value):
    """Name the ways in which a value is damaged, and the damaged values."""
    if isinstance(value, dict):
        last = [*value][-1]
        for name, changed in damages(value[last]):
            yield name, value | {last: changed}
    elif isinstance(value, pd.DatetimeIndex):
        yield from {"newest first": value[::-1], "text": value.astype(str)}.items()
        yield "doubled", doubled(value)
    elif isinstance(value, pd.Series | pd.DataFrame):
        yield from {"newest first": value[::-1], "doubled": doubled(value)}.items()
        yield "text", value.set_axis(value.index.strftime("%Y-%m-%d"))
        yield "words", worded(value)
        other = value.to_frame() if isinstance(value, pd.Series) else value.iloc[:, 0]
        yield "one for the other", other  # a series for a table, or a table for a series
        yield from {"infinite": infinite(value), "no table": value.to_numpy()[None, None]}.items()
    elif isinstance(value, np.ndarray):
        yield from {"infinite": infinite(value), "flat": value.ravel()[0]}.items()
        yield from {"an axis more": value[None], "swapped": value.swapaxes(-1, -2)}.items()
    else:
        yield from {"a name": "GRU", "features": network(features=7)}.items()


def same(one, other):
    """Whether two results say the same, in whatever order their rows are."""
    if isinstance(one, Image):
        return one.metadata["alt"] == other.metadata["alt"]
    if isinstance(one, pd.Series | pd.DataFrame):
        return one.sort_index().equals(other.sort_index())
    if isinstance(one, dict):
        return all(same(one[key], other[key]) for key in other)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray) and one.dtype.kind == "U":
        return np.array_equal(one, other)
    if isinstance(one, np.ndarray | float):
        return np.shape(one) == np.shape(other) and np.allclose(one, other, equal_nan=True)
    if hasattr(one, "__dict__"):
        parts = [(name, part) for name, part in vars(other).items() if isinstance(part, np.ndarray)]
        return same(vars(one), {name: part for name, part in parts if part.dtype.kind in "fiu"})
    return one == other


def outcome(function, arguments):
    """What a function returns, or the error it raises."""
    try:
        return function(**arguments), None
    except (ValueError, TypeError, LeakError) as error:
        return None, error


@pytest.mark.slow
@pytest.mark.parametrize(("function", "parameter"), [*takers()])
def test_wrong_input_ends_in_the_right_result_or_in_a_sentence_of_ours(function, parameter):
    arguments = arguments_of(function)
    expected = None if {parameter, function.__name__} & COMPILED else function(**arguments)
    drawn = hasattr(expected, "_repr_mimebundle_")  # where Matplotlib refuses words
    cuts = function.__name__ in CUTS
    keeps = cuts or isinstance(expected, Image)  # what is infinite
    for damage, value in damages(arguments[parameter]):
        if (keeps and damage == "infinite") or ((keeps or drawn) and damage == "words"):
            continue
        if cuts and damage == "one for the other":
            continue
        found, error = outcome(function, arguments | {parameter: value})
        if error:
            place = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
            assert Path(course_utils.__file__).parent in place.parents, (damage, error)
            assert str(error).endswith("."), (damage, error)
        else:
            assert same(found, expected), damage
