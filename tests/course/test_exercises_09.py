"""The checks of lesson 09: right answers pass, known mistakes get their own hint."""

from course.exercises import judge, lesson_09
from course.exercises.hints import Hint
from course_utils.data.texts import load_text
from course_utils.text.characters import characters_of, encode
from course_utils.text.ngrams import NGram

import numpy as np
import pytest
from exercise_verdict import assert_verdict

LETTERS, STEPS = "bcfhmprs", (1, 2, 4, 5)
places = np.random.default_rng(0).choice(STEPS, 4000).cumsum() % len(LETTERS)
words = [f"{LETTERS[place]}at" for place in places]
TEXT = " and ".join(words)  # a character depends on one more than five before it
KNOWN = characters_of(TEXT)
CODES = encode(TEXT, KNOWN)
START = round(0.8 * len(CODES))
GIVEN = {
    "09-3": {"sample": "the cat and hat and old hat", "text": TEXT},
    "09-4": {"codes": CODES, "start": START, "characters": len(KNOWN)},
    "09-6": {"sample": "the hat", "texts": {"here": TEXT, "there": "a hut, a hat, a heath; " * 9}},
}


# ----------------------------------------------------------------------------- 2: the draw


def drawer(temper=lambda logits, temperature: logits / temperature, keep=True, stable=True):
    def draw(logits, temperature, top_k, rng):
        tempered = temper(logits.copy(), temperature)
        if keep:
            tempered[np.argsort(logits)[:-top_k]] = -np.inf
        raised = np.exp(tempered - (tempered.max() if stable else 0))
        return rng.choice(len(logits), p=raised / raised.sum())

    return draw


def gumbel(logits, temperature, top_k, rng):
    kept = np.where(logits >= np.sort(logits)[-top_k], logits / temperature, -np.inf)
    return (kept + rng.gumbel(size=len(logits))).argmax()


def in_place(logits, temperature, top_k, rng):
    logits /= temperature
    return drawer()(logits, 1.0, top_k, rng)


def loud(logits, temperature, top_k, rng):
    print(code := gumbel(logits, temperature, top_k, rng))
    return code


def test_a_draw_that_prints_does_not_fill_the_notebook(capsys):
    judge("09-2", loud)
    assert 1 <= len(capsys.readouterr().out.splitlines()) < 20


def own_luck(logits, temperature, top_k, rng):
    return drawer()(logits, temperature, top_k, np.random.default_rng())


# ------------------------------------------------------------------------------ 3: copies


def longest_copy(sample, text):
    lengths = [
        end - start
        for start in range(len(sample))
        for end in range(start + 1, len(sample) + 1)
        if sample[start:end] in text
    ]
    return max(lengths, default=0)


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
        ("training", 6, "alone pays less"),
        ("all", 4, "was the held-out"),
        ("all", 6, "was the held-out"),
    ],
)
def test_counts_of_the_held_out_text_are_told_from_honest_ones(counted, order, says):
    """On real prose, where what was memorised costs far less than what is new."""
    text = load_text()
    codes, cut = encode(text, characters_of(text)), round(0.9 * len(text))
    model = NGram(codes[:cut] if counted == "training" else codes, order, codes.max() + 1)
    with pytest.raises(Hint, match=f"(?i){says}"):
        judge("09-4", model.probabilities, codes=codes, start=cut, characters=codes.max() + 1)


# ------------------------------------------------------------------ 5 and 6: keys and styles


def transpose(melody, semitones):
    keep = {ord(sign): sign for sign in "123456789\n"}
    return melody.translate(
        {code: keep.get(code, chr(code + semitones)) for code in map(ord, melody)}
    )


def style(sample, texts):
    known = characters_of(sample + "".join(texts.values()))
    models = {name: NGram(encode(text, known), 5, len(known)) for name, text in texts.items()}
    cost = {
        name: model.probabilities_of(encode(sample, known), 0) for name, model in models.items()
    }
    return {name: -np.log2(probabilities).mean() for name, probabilities in cost.items()}


# ------------------------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("09-1", (2.25, 2**2.25), "✓"),
        ("09-2", drawer(), "✓"),
        ("09-2", gumbel, "✓"),
        ("09-3", longest_copy, "✓"),
        ("09-4", counting(9), "✓"),
        ("09-5", transpose, "✓"),
        ("09-6", style, "✓ The sample's bits per character: here "),
        ("09-6", lambda *given: dict(reversed(style(*given).items())), "✓"),
        ("09-1", (3, 4.757), "a half costs 1 bit"),
        ("09-2", drawer(keep=False), "outside the 2 most probable"),
        ("09-2", in_place, "work on a copy"),
        ("09-2", own_luck, "from nothing else"),
        ("09-2", drawer(stable=False), "subtract the largest before `exp`), your function raised"),
        ("09-2", lambda logits, *_: logits.max() + 0.5, "not a code"),
        ("09-2", lambda logits, *_: -1, "not a code"),
        ("09-3", lambda s, t: min(longest_copy(s, t), 8), "The sample's longest copy"),
        ("09-5", lambda melody, n: [melody, n], "return a text, not list"),
        ("09-5", lambda melody, n: melody + str(n), "you return"),
        ("09-6", lambda sample, texts: 2.5, "return a dict with the names"),
        ("09-6", lambda sample, texts: dict.fromkeys(texts, 2.5), "count a 5-gram on each"),
        (
            "09-6",
            lambda sample, texts: dict.fromkeys(texts, np.ones(13)),
            "For two short texts, `cats` needs one number, not 13 of them",
        ),
        ("09-6", lambda sample, texts: dict.fromkeys(texts, "2.5"), "needs one number, not str"),
        ("09-4", counting(5), "not two hundredths below"),
        ("09-4", counting(1), "alone pays less"),
        ("09-4", knows_the_text, "too good to be true"),
        ("09-4", lambda contexts: counting(5)(contexts)[:, :3], "shape (contexts, characters)"),
        ("09-4", lambda contexts: np.log(counting(5)(contexts)), "did you return logits"),
        ("09-4", lambda contexts: counting(5)(contexts) * 2, "add up to 1"),
        ("09-4", lambda contexts: np.eye(len(KNOWN))[contexts[:, -1]], "infinitely many bits"),
        ("09-4", lambda contexts: counting(1 + len(contexts) % 2)(contexts), "a row's context"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told, monkeypatch):
    monkeypatch.setattr(lesson_09, "DRAWS", 2000)
    assert_verdict(exercise, answer, told, GIVEN)
