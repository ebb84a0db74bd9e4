"""The checks of lesson 09: right answers pass, known mistakes get their own hint."""

from course.exercises import check
from course_utils.data.texts import load_text
from course_utils.text.characters import characters_of, encode
from course_utils.text.ngrams import NGram

import numpy as np
import pytest

LETTERS, STEPS = "bcfhmprs", (1, 2, 4, 5)
places = np.random.default_rng(0).choice(STEPS, 4000).cumsum() % len(LETTERS)
words = [f"{LETTERS[place]}at" for place in places]
TEXT = " and ".join(words)  # a character depends on one that lies more than five before it
KNOWN = characters_of(TEXT)
CODES = encode(TEXT, KNOWN)
START = round(0.8 * len(CODES))
SAMPLE = "the cat and hat and old hat"


@pytest.fixture
def verdict(capsys):
    given = {
        "09-3": {"sample": SAMPLE, "text": TEXT},
        "09-4": {"codes": CODES, "start": START, "characters": len(KNOWN)},
    }

    def ask(exercise, answer):
        check(exercise, answer, **given.get(exercise, {}))
        return capsys.readouterr().out

    return ask


# -------------------------------------------------------------------------- 1: bits by hand


def test_the_right_pair_passes(verdict):
    assert verdict("09-1", (2.25, 2**2.25)).startswith("✓")


@pytest.mark.parametrize(
    ("pair", "hint"),
    [
        ((1.56, 4.757), "in nats"),
        ((9, 4.757), "the sum"),
        ((2, 4.757), "mean of the bits"),
        ((-2.25, 4.757), "change its sign"),
        ((3, 4.757), "a half costs 1 bit"),
        ((2.25, 9.488), "not e"),
        ((2.25, 4), "Solve for n"),
    ],
)
def test_known_mistakes_about_bits_get_their_hint(pair, hint, verdict):
    assert hint in verdict("09-1", pair)


# ----------------------------------------------------------------------------- 2: the draw


def drawer(temper=lambda logits, temperature: logits / temperature, keep=True, stable=True):
    def draw(logits, temperature, top_k, rng):
        tempered = temper(logits.copy(), temperature)
        if keep:
            tempered[np.argsort(logits)[:-top_k]] = -np.inf
        raised = np.exp(tempered - (tempered.max() if stable else 0))
        return rng.choice(len(logits), p=raised / raised.sum())

    return draw


def in_place(logits, temperature, top_k, rng):
    logits /= temperature
    return drawer()(logits, 1.0, top_k, rng)


def own_luck(logits, temperature, top_k, rng):
    return drawer()(logits, temperature, top_k, np.random.default_rng())


def overflowing(logits, temperature, top_k, rng):
    with np.errstate(over="ignore", invalid="ignore"):
        return drawer(stable=False)(logits, temperature, top_k, rng)


def test_the_right_draw_passes(verdict):
    assert verdict("09-2", drawer()).startswith("✓")


def test_the_gumbel_draw_passes(verdict):
    def draw(logits, temperature, top_k, rng):
        kept = np.where(logits >= np.sort(logits)[-top_k], logits / temperature, -np.inf)
        return (kept + rng.gumbel(size=len(logits))).argmax()

    assert verdict("09-2", draw).startswith("✓")


@pytest.mark.parametrize(
    ("draw", "hint"),
    [
        (drawer(lambda logits, temperature: logits), "the temperature changed nothing"),
        (drawer(lambda logits, temperature: logits * temperature), "you multiplied"),
        (drawer(keep=False), "outside the 2 most probable"),
        (in_place, "work on a copy"),
        (own_luck, "from nothing else"),
        (
            overflowing,
            "subtract the largest before `exp`), your function raised",
        ),
        (lambda logits, *_: logits.argmax(), "draw, and from the `rng` given"),
        (lambda logits, *_: logits.max() + 0.5, "no code"),
        (lambda logits, t, k, rng: rng.choice(5), "are off"),
    ],
)
def test_known_mistakes_in_the_draw_get_their_hint(draw, hint, verdict):
    assert hint in verdict("09-2", draw)


# ------------------------------------------------------------------------------ 3: copies


def longest_copy(sample, text):
    lengths = [
        end - start
        for start in range(len(sample))
        for end in range(start + 1, len(sample) + 1)
        if sample[start:end] in text
    ]
    return max(lengths, default=0)


def test_the_right_length_passes(verdict):
    assert verdict("09-3", longest_copy).startswith("✓")


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (lambda s, t: longest_copy(s.lower(), t.lower()), "capital letters count"),
        (lambda s, t: longest_copy(s.replace(" ", ""), t.replace(" ", "")), "a space counts"),
        (lambda s, t: sum(c in t for c in s), "is 4, not 5"),
        (lambda s, t: max(longest_copy(s, t), 1), "nothing in common is 0"),
        (lambda s, t: min(longest_copy(s, t), 4), "The sample's longest copy"),
        (lambda s, t: s[99], "raised IndexError"),
    ],
)
def test_known_mistakes_about_copies_get_their_hint(function, hint, verdict):
    assert hint in verdict("09-3", function)


# ------------------------------------------------------------------------ 4: a better model


def counting(order, codes=CODES[:START]):
    return NGram(codes, order, len(KNOWN)).probabilities


def knows_the_text(contexts):
    """What only a leak could know: the character that comes."""
    whole, found = CODES.tolist(), np.full((len(contexts), len(KNOWN)), 1e-4)
    where = {tuple(whole[at - 60 : at]): whole[at] for at in range(60, len(whole))}
    for row, context in zip(found, contexts, strict=True):
        row[where[tuple(context)]] = 1
    return found / found.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("counted", "order", "says"),
    [
        ("training", 6, "not two hundredths"),
        ("all", 4, "was the held-out"),
        ("all", 6, "was the held-out"),
    ],
)
def test_counts_of_the_held_out_text_are_told_from_honest_ones(counted, order, says, capsys):
    """On real prose, where what was learned by heart costs far less than what is new."""
    text = load_text()
    codes, cut = encode(text, characters_of(text)), round(0.9 * len(text))
    model = NGram(codes[:cut] if counted == "training" else codes, order, codes.max() + 1)
    check("09-4", model.probabilities, codes=codes, start=cut, characters=codes.max() + 1)
    assert says in capsys.readouterr().out.split("\n", 2)[1].lower()


def test_a_better_model_passes(verdict):
    assert verdict("09-4", counting(9)).startswith("✓")


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        (counting(5), "not two hundredths below"),
        (counting(1), "not two hundredths below"),
        (knows_the_text, "too good to be true"),
        (lambda contexts: counting(5)(contexts)[:, :3], "shape (contexts, characters)"),
        (lambda contexts: np.log(counting(5)(contexts)), "did you return logits"),
        (lambda contexts: counting(5)(contexts) * 2, "add up to 1"),
        (lambda contexts: np.eye(len(KNOWN))[contexts[:, -1]], "infinitely many bits"),
        (
            lambda contexts: counting(1 + len(contexts) % 2)(contexts),
            "each row may know its context only",
        ),
    ],
)
def test_known_mistakes_in_the_model_get_their_hint(model, hint, verdict):
    assert hint in verdict("09-4", model)
