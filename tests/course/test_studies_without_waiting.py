"""The studies of lesson 12 measure what they say, at one budget."""

import os

from course.studies import lengths, without_waiting
from course.studies.memory import recall_task
from course.studies.without_waiting import BATCHES, UNITS, Paid, build
from course_utils.text import characters as chars
from course_utils.text.ngrams import NGram

import pytest

pytestmark = pytest.mark.slow  # builds and trains networks


@pytest.mark.parametrize("task", UNITS)
def test_the_networks_of_a_task_have_about_as_many_parameters(task):
    counts = [build(task, network).count_params() for network in UNITS[task]]
    assert max(counts) < 1.1 * min(counts)


@pytest.fixture
def little(monkeypatch):
    """Budgets of three batches of four, short sequences, few of them, and a short text."""
    for task in BATCHES:
        monkeypatch.setitem(BATCHES, task, (4, 3))
    monkeypatch.setattr(without_waiting, "DISTANCE", 3)
    monkeypatch.setattr(without_waiting, "LENGTH", 30)
    monkeypatch.setattr(without_waiting, "load_text", lambda: "the cat sat. a dog ran. " * 40)
    monkeypatch.setattr(
        without_waiting,
        "recall_task",
        lambda samples, distance, rng: recall_task(samples // 100 * 4, distance, rng),
    )


@pytest.mark.parametrize(
    ("task", "network"),
    [
        ("characters", "attention"),
        pytest.param("recall", "minGRU, gate bias -4", marks=pytest.mark.nightly),  # XLA takes long
    ],
)
def test_a_network_is_trained_for_as_many_steps_as_its_budget_has(
    task, network, little, monkeypatch
):
    monkeypatch.setattr(without_waiting, "SECONDS", {})
    found = Paid(task, network, 0).measure(None)
    assert found["steps"] == 3
    assert found["parameters"] == build(task, network).count_params()


def test_a_budget_of_seconds_ends_the_training_and_a_seed_repeats_it(little, monkeypatch):
    monkeypatch.setattr(without_waiting, "SECONDS", {"recall": 1e-9})
    found, again = (Paid("recall", "GRU", 0).measure(None) for _ in range(2))
    assert found["steps"] == 2  # the first one compiles
    assert found == again


def test_a_5_gram_is_scored_like_the_networks_and_its_counts_are_its_parameters(monkeypatch):
    text = "abracadabra, " * 40
    monkeypatch.setattr(without_waiting, "load_text", lambda: text)
    found = Paid("characters", "5-gram", 0).measure(None)
    known = text[: round(0.9 * len(text))]
    codes = chars.encode(text, chars.characters_of(known))
    ngram = NGram(codes[: len(known)], 5, len(set(text)) + 1)
    assert found["score"] == chars.bits(ngram.probabilities_of(codes, len(known)))
    grams = {known[at : at + n] for n in range(1, 6) for at in range(len(known) - n + 1)}
    assert found["parameters"] == len(grams)


@pytest.mark.parametrize("way", lengths.WAYS)
def test_costs_are_those_of_a_step_and_of_what_is_kept(way, monkeypatch):
    monkeypatch.setattr(lengths, "TURNS", 2)
    monkeypatch.setattr(lengths, "WRITTEN", 3)
    found = lengths.costs(way, 20)
    assert min(found["training ms"], found["generating ms"]) > 0
    assert found["first ms"] > found["training ms"]
    _, state = lengths.one_step(way, 23)
    parts = state if isinstance(state, (list, tuple)) else [state]
    assert found["state KiB"] == sum(part.numpy().nbytes for part in parts) / 1024


def process_of(way, time_steps):
    return {"process": os.getpid(), "asked": (way, time_steps)}


def test_each_cost_is_measured_in_a_process_of_its_own(monkeypatch):
    monkeypatch.setattr(lengths, "costs", process_of)
    found = [lengths.Lengths("GRU", 20).measure(None) for _ in range(2)]
    assert len({os.getpid(), *(one["process"] for one in found)}) == 3
    assert found[0]["asked"] == ("GRU", 20)
