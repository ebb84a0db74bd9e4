"""Checks of lesson 09, text generation."""

import io
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from functools import cache

from course.exercises.answers import ask_for_same, called, called_number, number, numbers, shaped
from course.exercises.hints import Hint, Slips, close, exercise, hint_by_part
from course_utils.text.characters import bits, characters_of, encode
from course_utils.text.ngrams import NGram

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS = 4000  # of exercise 2
CONTEXT, POSITIONS = 60, 1500  # of exercise 4


_BITS = (2.25, 2**2.25)
_OTHER_BITS: Slips = {
    "that is in nats: take the logarithm to base 2.": (2.25 * np.log(2), _BITS[1]),
    "that is the logarithm to base 10: take base 2.": (2.25 * np.log10(2), _BITS[1]),
    "that is the sum over the four characters: take their mean.": (9.0, _BITS[1]),
    "take the mean of the bits, not the bits of the mean probability.": (2.0, _BITS[1]),
    "the logarithm of a probability is negative: change its sign.": (-2.25, _BITS[1]),
    "that weighs the bits by the probabilities; each character came once.": (1.75, _BITS[1]),
    "that is the mean probability, not its cost in bits.": (0.25, _BITS[1]),
    "a power of the bits, to base 2, not to base e.": (2.25, np.exp(2.25)),
    "a power of the bits, to base 2, not to base 10.": (2.25, 10**2.25),
    "that is the number of characters that came.": (2.25, 4.0),
    "n choices cost log2(n) bits each: a power of 2, not twice the bits.": (2.25, 4.5),
    "n choices cost log2(n) bits each: a power of 2, not the square of the bits.": (2.25, 2.25**2),
    "the power of 2 is that of the mean, not of the sum.": (2.25, 2**9.0),
    "that is log2 of the bits: go the other way.": (2.25, np.log2(2.25)),
    "that is the probability of each choice: how many of them are there?": (2.25, 2**-2.25),
    "that is one over the smallest probability.": (2.25, 8.0),
}


@exercise(
    "09-1",
    "A probability p costs log2(1 / p) bits: a half costs one.",
    "Add up the four costs and take their mean.",
    "n equally likely choices cost log2(n) bits each. Which n costs your mean?",
    slips=_OTHER_BITS,
)
def _bits_by_hand(answer: object) -> str:
    found = numbers(answer, 2)
    if close(found[0], _BITS[0], atol=5e-3) and close(found[1], _BITS[1], atol=5e-2):
        return "The second number is the model's perplexity."
    general = {
        "Bits": "a half costs 1 bit, a quarter 2, an eighth 3; take the mean.",
        "Choices": "n equal ones cost log2(n) bits each. Solve for n.",
    }
    raise hint_by_part(found, _BITS, _OTHER_BITS, general, atol=5e-3)


def _drawn(
    logits: NDArray,
    rng: np.random.Generator,
    top_k: int,
    change: Callable[[NDArray], NDArray] = lambda kept: kept,
) -> int:
    """A code among the k most probable, drawn from changed logits."""
    kept = np.sort(np.argsort(logits)[-top_k:])
    return int(kept[rng.choice(top_k, p=_softmax(change(logits[kept])))])


def _place(logits: NDArray, temperature: float, top_k: int, rng: np.random.Generator) -> int:
    """The place of a code among the k most probable, and not the code."""
    return int(rng.choice(top_k, p=_softmax(np.sort(logits)[::-1][:top_k] / temperature)))


_OTHER_DRAWS: Slips = {
    "the same character came each time: draw from the `rng` given.": lambda logits, t, k, rng: int(
        logits.argmax()
    ),
    "the temperature changed nothing. Divide the logits by it first.": lambda logits, t, k, rng: (
        _drawn(logits, rng, k)
    ),
    "you multiplied by the temperature: divide.": lambda logits, t, k, rng: _drawn(
        logits, rng, k, lambda kept: kept * t
    ),
    "the k most probable came equally often: draw with their probabilities.": (
        lambda logits, t, k, rng: _drawn(logits, rng, k, lambda kept: 0 * kept)
    ),
    "all came equally often: draw with the probabilities of the k most probable.": (
        lambda logits, t, k, rng: int(rng.choice(len(logits)))
    ),
    "that is a place among the k most probable: return the code at that place.": _place,
    "that is a place from the end of the sorted codes: return the code at that place.": (
        lambda logits, t, k, rng: k - 1 - _place(logits, t, k, rng)
    ),
    "the least probable were kept: argsort puts the smallest first.": lambda logits, t, k, rng: (
        _drawn(-logits, rng, k, lambda kept: -kept / t)
    ),
    "the temperature is applied to probabilities: divide the logits by it.": (
        lambda logits, t, k, rng: _drawn(logits, rng, k, lambda kept: _softmax(kept) / t)
    ),
    "one character too few was kept: the k most probable are the last k of `argsort`.": (
        lambda logits, t, k, rng: _drawn(logits, rng, k - 1, lambda kept: kept / t)
    ),
    "codes and probabilities are in different orders: sort both or none.": (
        lambda logits, t, k, rng: int(
            np.argsort(logits)[::-1][:k][rng.choice(k, p=_softmax(np.sort(logits / t)[-k:]))]
        )
    ),
}


@exercise(
    "09-2",
    "Three steps: divide by the temperature, shut out all but the k largest, draw.",
    "`np.argsort` sorts positions by value. A logit of minus infinity has probability 0.",
    "Subtract the largest logit before `np.exp`; `rng.choice` wants a `p` that adds up to 1.",
    slips=_OTHER_DRAWS,
)
def _draw(answer: object) -> str:
    logits = np.array([1.0, 3.0, -1.0, 2.0, 2.5])
    again = {called_number(answer, logits, 1.0, 5, np.random.default_rng(1)) for _ in range(9)}
    if len(again) > 1:
        raise Hint("The same rng gave different codes: draw from `rng` and from nothing else.")
    settings = [(1.0, 5), (0.5, 5), (2.0, 5), (1.0, 2), (0.5, 3)]
    with redirect_stdout(io.StringIO()):  # what each of thousands of draws prints
        found = {each: _shares(answer, logits, *each) for each in settings}
    wrong = [each for each in settings if not _as_wanted(found[each], logits, *each)]
    if wrong:
        raise Hint(_why_shares_are_off({each: found[each] for each in wrong}, logits))
    case = "With logits of 0 and 5,000 (subtract the largest before `exp`)"
    rng = np.random.default_rng(1)
    if called_number(answer, np.array([0.0, 5000.0]), 1.0, 2, rng, case=case) != 1:
        raise Hint("Logits of 5,000 came out wrong: subtract the largest before `exp`.")
    return "Temperature first, then the k largest, then one draw."


def _as_wanted(found: NDArray, logits: NDArray, temperature: float, top_k: int) -> bool:
    """Whether shares of draws are right, none of them outside the k most probable."""
    allowed = np.where(logits >= np.sort(logits)[-top_k], logits, -np.inf)
    right = _softmax(allowed / temperature)
    return close(found, right, atol=0.035) and not found[right == 0].any()


def _why_shares_are_off(wrong: dict[tuple[float, int], NDArray], logits: NDArray) -> str:
    """Say what is wrong with shares of draws, by temperature and top_k."""
    (temperature, top_k), found = next(iter(wrong.items()))
    case = f"With temperature {temperature} and top_k {top_k}: "
    for told, slip in _OTHER_DRAWS.items():
        if all(close(wrong[e], _slips_shares(slip, *logits, *e), atol=0.035) for e in wrong):
            return case + told
    if found.max() > 0.99:
        return f"{case}{next(iter(_OTHER_DRAWS))}"
    for (temperature, top_k), found in wrong.items():
        if found[logits < np.sort(logits)[-top_k]].any():
            return (
                f"With temperature {temperature} and top_k {top_k}: a character outside the "
                f"{top_k} most probable was drawn."
            )
    return f"{case}the shares of {DRAWS:,} draws are off: softmax of logits / temperature."


def _shares(draw: object, logits: NDArray, temperature: float, top_k: int) -> NDArray:
    """Draw many times with a learner's function and count."""
    rng = np.random.default_rng(0)
    counts = np.zeros(len(logits))
    for _ in range(DRAWS):
        code = called_number(draw, logits, temperature, top_k, rng, keep=True)
        if code not in range(len(logits)):
            raise Hint(f"{code:g} is not a code: return a position in the logits, from 0.")
        counts[int(code)] += 1
    return counts / DRAWS


@cache
def _slips_shares(slip: Callable[..., int], *given: float) -> NDArray:
    """The shares of a known slip, drawn once: a second wrong try need not wait for them."""
    *logits, temperature, top_k = given
    rng = np.random.default_rng(0)
    codes = [slip(np.array(logits), temperature, top_k, rng) for _ in range(DRAWS)]
    return np.bincount(codes, minlength=len(logits)) / DRAWS


def _softmax(logits: NDArray) -> NDArray:
    raised = np.exp(logits - logits.max())  # SciPy's takes six times as long
    return raised / raised.sum()


def _longest(sample: str, text: str) -> int:
    longest = 0
    for start in range(len(sample)):
        while sample[start : start + longest + 1] in text and start + longest < len(sample):
            longest += 1
    return longest


def _with_gaps(short: str, whole: str) -> int:
    """The length of the longest row of characters that both hold in order, with gaps."""
    row = [0] * (len(whole) + 1)
    for one in short:
        before, row = row, [0]
        for place, other in enumerate(whole):
            row.append(before[place] + 1 if one == other else max(row[-1], before[place + 1]))
    return row[-1]


def _words(sample: str, text: str) -> list[int]:
    """The lengths of the sample's words that are words of the text."""
    return [len(word) for word in sample.split() if word in text.split()] or [0]


def _leaping(s: str, t: str) -> int:
    """The longest of the copies that are found when each begins behind the one before."""
    longest = start = 0
    while start < len(s):
        length = 0
        while start + length < len(s) and s[start : start + length + 1] in t:
            length += 1
        longest, start = max(longest, length), start + max(1, length)
    return longest


_OTHER_COPIES: Slips = {
    "a longer stretch may begin inside a shorter one: go on by one character.": _leaping,
    "capital letters count.": lambda s, t: _longest(s.lower(), t.lower()),
    "a space counts as well.": lambda s, t: _longest(s.replace(" ", ""), t.replace(" ", "")),
    "that counts single characters: they must stand together.": lambda s, t: sum(c in t for c in s),
    "that counts different characters: they must stand together.": lambda s, t: len({*s} & {*t}),
    "that is a longest word: a stretch may begin and end within words.": lambda s, t: max(
        _words(s, t)
    ),
    "that is a longest word of the sample that stands in the text: it may be more than a word.": (
        lambda s, t: max([len(word) for word in s.split() if word in t] or [0])
    ),
    "that is the longest word of the sample, whether the text holds it or not.": lambda s, t: max(
        map(len, s.split())
    ),
    "that adds up words: take the longest stretch.": lambda s, t: sum(_words(s, t)),
    "a stretch may begin anywhere in the sample, not only at its start.": lambda s, t: max(
        end for end in range(len(s) + 1) if s[:end] in t
    ),
    "a stretch may end before the sample does.": lambda s, t: max(
        len(s) - start for start in range(len(s) + 1) if s[start:] in t
    ),
    "a stretch must be in one piece: yours has gaps.": _with_gaps,
    "the whole sample need not be copied: look for a part of it.": lambda s, t: (
        len(s) if s in t else 0
    ),
    "the stretch may stand elsewhere in the text, not only at the same place.": lambda s, t: sum(
        a == b for a, b in zip(s, t, strict=False)
    ),
    "nothing in common is 0.": lambda s, t: max(1, _longest(s, t)),
    "that is one too many: the last step was no longer in the text.": lambda s, t: (
        _longest(s, t) + 1
    ),
    "the sample's last character is never looked at.": lambda s, t: _longest(s[:-1], t),
    "that is one too few: does your slice leave its end out?": lambda s, t: max(
        0, _longest(s, t) - 1
    ),
    "that is the length of the sample.": lambda s, t: len(s),
    "that counts words: give the number of characters of the longest stretch.": lambda s, t: len(
        [word for word in s.split() if word in t.split()]
    ),
    "that is a share: give the length.": lambda s, t: _longest(s, t) / len(s),
    "the text goes on: look through all of it, not its beginning.": lambda s, t: _longest(
        s, t[: len(s)]
    ),
    "that counts different words: give the number of characters of the longest stretch.": (
        lambda s, t: len({*s.split()} & {*t.split()})
    ),
    "that adds up words that the text holds: take the longest stretch.": lambda s, t: sum(
        len(word) for word in s.split() if word in t
    ),
    "that counts words in the text: take characters of the longest stretch.": lambda s, t: sum(
        word in t for word in s.split()
    ),
}


@exercise(
    "09-3",
    "Python's `in` tells whether one piece of text is part of another.",
    "From each start, try longer and longer pieces, and stop when one is not there.",
    "Only pieces longer than the best so far matter. Stop at the end of the sample.",
    slips=_OTHER_COPIES,
)
def _copy(answer: object, sample: str, text: str) -> str:
    pairs = [
        ("hat at", "a bat sat bigger"),
        ("cat dog", "big mat then"),
        ("sat bat sat", "sat bat dog"),
        ("dog dogs that", "dog on"),
        ("bat the", "cat on the ran"),
        ("xyz", "abc"),
        ("abc", "xxabcxx"),
        ("Cat", "cat"),
        (" at ", "cat on the hat at"),
    ]
    cases = {f"For {s!r} and {t!r}": (s, t) for s, t in pairs}
    general = "Which stretch of the sample, in one piece, is in the text?"
    ask_for_same(answer, _longest, cases, _OTHER_COPIES, general, tolerance=0)
    found, right = called_number(answer, sample, text), _longest(sample, text)
    if found != right:
        raise Hint(f"The sample's longest copy has {right} characters, not {found:g}.")
    return f"The longest copy in {len(sample):,} characters has {right}."


def _predicted(answer: object, contexts: NDArray, characters: int) -> NDArray:
    """Call a learner's model and take its probabilities."""
    found = called(answer, contexts)
    found = shaped(found, (len(contexts), characters), "(contexts, characters)")
    if (found < 0).any():
        raise Hint("Probabilities are not negative: did you return logits?")
    if not np.allclose(found.sum(axis=1), 1, atol=1e-3):
        raise Hint("Each row must add up to 1: take the softmax, and weights that add up to 1.")
    return found


@exercise(
    "09-4",
    "Network and counts err in different places: a weighted mean of both can beat either.",
    "The network gives logits for every step: take the last step's, and their softmax.",
    "`counting[order].probabilities(contexts)` gives the other half. The weights must add up to 1.",
)
def _better_model(answer: object, codes: ArrayLike, start: int, characters: int) -> str:
    codes = np.asarray(codes)
    rng = np.random.default_rng(0)
    places = rng.permutation(np.arange(start, len(codes)))[:POSITIONS]
    contexts = _contexts(codes, places)
    found = _predicted(answer, contexts, characters)
    few = _predicted(answer, contexts[7:12], characters)
    if not np.allclose(few, found[7:12], atol=1e-4):
        raise Hint("Five contexts alone gave different numbers: use nothing but a row's context.")
    true = codes[places]
    given = _of_the_truth(found, true)
    if (given == 0).any():
        raise Hint("A character that came had probability 0, which costs infinitely many bits.")
    counting = NGram(codes[:start], 5, characters).probabilities(contexts)
    yours, rival = bits(given), bits(_of_the_truth(counting, true))
    scores = f"{yours:.3f} bits, the 5-gram {rival:.3f}"
    if yours < 0.5 * rival:
        raise Hint(f"{scores}: too good to be true. Was the held-out text counted, too?")
    seen = rng.integers(CONTEXT, start, POSITIONS)
    memorised = _predicted(answer, _contexts(codes, seen), characters)
    learned = bits(_of_the_truth(memorised, codes[seen]))
    # So much less than counting, and nothing lost on new text: no network of this lesson can.
    if yours < min(0.9 * rival, rival - 0.2) and yours < learned + 0.1:
        raise Hint(
            f"{scores}, and {learned:.3f} on training text, hardly less than on held-out text: was "
            "the held-out text counted, too?"
        )
    if yours > rival:
        raise Hint(f"{scores}: the 5-gram alone pays less. Mix its probabilities into yours.")
    if yours > rival - 0.02:
        raise Hint(f"{scores}: not two hundredths below it yet. Which other model could help?")
    return f"{scores}, on {len(true):,} held-out characters."


def _contexts(codes: NDArray, places: NDArray) -> NDArray:
    """The codes before each place, shape (places, CONTEXT)."""
    return codes[places[:, np.newaxis] + np.arange(-CONTEXT, 0)]


def _of_the_truth(probabilities: NDArray, true: NDArray) -> NDArray:
    """What each row of probabilities gave the character that came."""
    return probabilities[np.arange(len(true)), true]


def _moved(sign: str, semitones: int) -> str:
    return sign if sign.isdigit() or sign == "\n" else chr(ord(sign) + semitones)


def _transpose(melody: str, semitones: int) -> str:
    return "".join(_moved(sign, semitones) for sign in melody)


_OTHER_KEYS: Slips = {
    "lengths stay as they are: the digits have moved, too.": lambda m, n: "".join(
        sign if sign == "\n" else chr(ord(sign) + n) for sign in m
    ),
    "the ends of tunes stay as they are: the new lines have moved.": lambda m, n: "".join(
        sign if sign.isdigit() else chr(ord(sign) + n) for sign in m
    ),
    "digits and new lines have moved: only pitches do.": lambda m, n: "".join(
        chr(ord(c) + n) for c in m
    ),
    "the ends of tunes are gone: keep the new lines.": lambda m, n: _transpose(m, n).replace(
        "\n", ""
    ),
    "the last end of a tune is gone: keep the new lines.": lambda m, n: _transpose(m, n).strip(),
    "the lengths are gone: keep the digits.": lambda m, n: "".join(
        _moved(sign, n) for sign in m if not sign.isdigit()
    ),
    "the melody has moved the other way: up if `semitones` is positive.": lambda m, n: _transpose(
        m, -n
    ),
    "nothing has moved: return a new text, because a text cannot be changed.": lambda m, n: m,
    "a negative number moves the melody down.": lambda m, n: _transpose(m, abs(n)),
    "only the first note has moved.": lambda m, n: _transpose(m[:1], n) + m[1:],
    "it has moved by one, whatever `semitones` is.": lambda m, n: _transpose(m, 1),
    "it has moved by a whole tone per semitone.": lambda m, n: _transpose(m, 2 * n),
    "pitches do not start again at A: `chr` goes on by itself.": (
        lambda m, n: "".join(
            chr(ord("A") + (ord(sign) - ord("A") + n) % 26) if sign.isalpha() else sign
            for sign in m
        )
    ),
    "a pitch may be a sign such as [ as well: all but digits and new lines move.": lambda m, n: (
        "".join(chr(ord(sign) + n) if sign.isalpha() else sign for sign in m)
    ),
}


@exercise(
    "09-5",
    "A text cannot be changed in place: build a new one, sign by sign.",
    "Digits and new lines stay; for the rest, add `semitones` to `ord(sign)`.",
    '`"".join(...)` puts the signs together again.',
    slips=_OTHER_KEYS,
)
def _other_key(answer: object) -> str:
    cases = [("C2E4\n", 2), ("M8M1N3\nP2\n", -5), ("X2[1]4\na2\n", 3)]
    rights = [_transpose(*case) for case in cases]
    found = [called(answer, *case, case=f"For {case[0]!r} and {case[1]}") for case in cases]
    for case, one, right in zip(cases, found, rights, strict=True):
        before = f"For {case[0]!r} and {case[1]}, "
        if not isinstance(one, str):
            raise Hint(f"{before}return a text, not {type(one).__name__}.")
        if one == right:
            continue
        for told, slip in _OTHER_KEYS.items():
            if found == [slip(*each) for each in cases]:
                raise Hint(before + told)
        shown = one if len(one) < 30 else f"{one[:30]}..."
        raise Hint(f"{before}you return {shown!r}, but it is {right!r}.")
    return "A melody is a melody in any key."


def _style(
    sample: str, texts: Mapping[str, str], order: int = 5, start: int = 0, known: str = ""
) -> dict[str, float]:
    known = known or characters_of("".join(texts.values()) + sample)
    codes = encode(sample, known, unknown=True)
    return {
        name: bits(
            NGram(encode(text, known, True), order, len(known)).probabilities_of(codes, start)
        )
        for name, text in texts.items()
    }


def _each(sample: str, texts: Mapping[str, str], known: Callable[[str], str]) -> dict[str, float]:
    """Bits where each text has a list of characters of its own."""
    return {
        name: _style(sample, {name: text}, known=known(text))[name] for name, text in texts.items()
    }


def _times(factor: Callable[[str], float]) -> Callable[..., dict[str, float]]:
    """Bits, each times the same number."""
    return lambda s, t: {name: factor(s) * found for name, found in _style(s, t).items()}


_OTHER_STYLES: Slips = {
    "each text has a list of characters of its own: share one, or a short list pays less.": (
        lambda s, t: _each(s, t, characters_of)
    ),
    "each text has a list of its own, with the sample's: share one over all texts.": lambda s, t: (
        _each(s, t, lambda text: characters_of(text + s))
    ),
    "the list lacks the sample's characters.": lambda s, t: _style(
        s, t, known=characters_of("".join(t.values()))
    ),
    "those are the bits of all characters together: take their mean.": _times(len),
    "those are nats: take the logarithm to base 2.": _times(lambda _: np.log(2)),
    "the sign is wrong: the logarithm of a probability is negative.": _times(lambda _: -1),
    "the sample's first characters count as well: score from place 0.": lambda s, t: _style(
        s, t, start=4
    ),
    "the sample's first character counts as well: score from place 0.": lambda s, t: _style(
        s, t, start=1
    ),
    "that is a unigram: take order 5.": lambda s, t: _style(s, t, order=1),
    "that is a 4-gram: a 5-gram has a context of four characters.": lambda s, t: _style(
        s, t, order=4
    ),
    "that is a 6-gram: a 5-gram has a context of four characters.": lambda s, t: _style(
        s, t, order=6
    ),
    "the roles are swapped: count on the text, and score the sample.": lambda s, t: {
        name: _style(text, {name: s}, known=characters_of("".join(t.values()) + s))[name]
        for name, text in t.items()
    },
    "the sample was counted, too: count on the texts alone.": lambda s, t: _style(
        s, {name: text + s for name, text in t.items()}
    ),
    "those are probabilities: give the bits.": lambda s, t: {
        name: 2**-found for name, found in _style(s, t).items()
    },
    "those are perplexities: give the bits.": lambda s, t: {
        name: 2**found for name, found in _style(s, t).items()
    },
}


@exercise(
    "09-6",
    "One list for all: `characters_of` the texts and the sample, put together.",
    "For each text, `NGram(encode(text, ...), 5, ...)`; its `probabilities_of` scores the sample.",
    "`bits` averages what `probabilities_of(codes, 0)` gives; put it into a dict under the name.",
    slips=_OTHER_STYLES,
)
def _whose_style(answer: object, sample: str, texts: Mapping[str, str]) -> str:
    small = {"cats": "the cat sat on the mat and sat. " * 3, "dogs": "DO DOGS DIG DEEP? dogs dig! "}
    longer = {**small, "birds": "a bird in the hand, two in the bush, one bird sang; it sang"}
    cases = {
        "For two short texts": ("the dogs sat!", small),
        "For three short texts": ("a cat digs: why?", longer),
    }
    for case, given in cases.items():
        found = called(answer, *given, case=case)
        other = "" if isinstance(found, Mapping) else f", not {type(found).__name__}"
        if other or {*found} != {*given[1]}:
            raise Hint(f"{case}, return a dict with the names {', '.join(given[1])}{other}.")
        for name, cost in found.items():
            number(cost, f"{case}, `{name}` needs")

    def values(style: Callable[..., Mapping]) -> Callable[..., list]:
        def in_order(sample: str, texts: Mapping[str, str]) -> list:
            names, found = [*texts], style(sample, texts)
            return [found[name] for name in names]

        return in_order

    slips = {told: values(slip) for told, slip in _OTHER_STYLES.items()}
    general = "count a 5-gram on each text, and take the mean of the sample's bits."
    ask_for_same(values(answer), values(_style), cases, slips, general, "(texts,)", 1e-4)
    paid = _style(sample, texts)
    told = ", ".join(f"{name} {cost:.2f}" for name, cost in paid.items())
    return f"The sample's bits per character: {told}."
