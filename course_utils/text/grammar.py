"""A small grammar of captions: one clause, said in English and in German.

Sentences are drawn at random from tables of words. German nouns have a gender and a plural,
articles and adjectives agree with them in gender, number and case, and the verb comes second in a
main clause and last in a subordinate one. Certain combinations of words are kept for the test: no
training sentence contains them, though each of their words is in many.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar

import pandas as pd

SIZES = {"train": 24_000, "valid": 1_000, "test": 1_000}
LONGEST = 18
"""words and marks in either language; with <eos>, a sentence fits into 20 with one to spare"""


@dataclass(frozen=True)
class Noun:
    """A noun in both languages; `oblique` is a weak noun such as Junge after the nominative."""

    kind: str
    english: str
    english_plural: str
    gender: str
    german: str
    german_plural: str
    oblique: str = ""


@dataclass(frozen=True)
class Verb:
    """Third person singular and base form in English; the same and a particle in German."""

    kind: str
    english: str
    english_base: str
    german: str
    german_base: str
    particle: str = ""


@dataclass(frozen=True)
class Place:
    """A noun after a preposition, in the dative, which answers the question where."""

    preposition: str
    english: str
    german_preposition: str
    gender: str
    german: str
    kind: ClassVar[str] = "place"
    oblique: ClassVar[str] = ""


def _table(make: Callable, rows: str) -> tuple:
    """Make one object per line; its fields are separated by commas."""
    return tuple(make(*row.split(", ")) for row in rows.strip().splitlines())


NOUNS = _table(
    Noun,
    """
person, man, men, m, Mann, Männer
person, woman, women, f, Frau, Frauen
person, child, children, n, Kind, Kinder
person, boy, boys, m, Junge, Jungen, Jungen
person, girl, girls, n, Mädchen, Mädchen
person, king, kings, m, König, Könige
person, queen, queens, f, Königin, Königinnen
animal, dog, dogs, m, Hund, Hunde
animal, cat, cats, f, Katze, Katzen
animal, horse, horses, n, Pferd, Pferde
animal, bird, birds, m, Vogel, Vögel
thing, ball, balls, m, Ball, Bälle
thing, hat, hats, m, Hut, Hüte
thing, basket, baskets, m, Korb, Körbe
thing, flower, flowers, f, Blume, Blumen
thing, cup, cups, f, Tasse, Tassen
thing, jacket, jackets, f, Jacke, Jacken
thing, book, books, n, Buch, Bücher
thing, picture, pictures, n, Bild, Bilder
thing, shirt, shirts, n, Hemd, Hemden
""",
)
ADJECTIVES = {
    "person": ["tall", "small", "happy", "tired", "friendly", "quiet"],
    "animal": ["big", "small", "old", "tired", "black", "white", "brown"],
    "thing": ["red", "blue", "green", "yellow", "black", "white", "new", "old", "big", "small"],
    "place": ["big", "small", "old", "quiet"],
}
_STEMS = dict(  # in German; all of these take their endings unchanged
    re.findall(
        r"(\w+) (\w+)",
        """
tall groß, big groß, small klein, happy fröhlich, tired müd, friendly freundlich, quiet still,
old alt, new neu, black schwarz, white weiß, brown braun, red rot, blue blau, green grün,
yellow gelb
""",
    )
)
VERBS = _table(
    Verb,
    """
alone, sleeps, sleep, schläft, schlafen
alone, waits, wait, wartet, warten
alone, plays, play, spielt, spielen
alone, sits, sit, sitzt, sitzen
alone, stands, stand, steht, stehen
alone, sings, sing, singt, singen
alone, laughs, laugh, lacht, lachen
any, sees, see, sieht, sehen
any, looks for, look for, sucht, suchen
any, finds, find, findet, finden
any, draws, draw, zeichnet, zeichnen
any, brings along, bring along, bringt, bringen, mit
thing, holds, hold, hält, halten
thing, carries, carry, trägt, tragen
thing, buys, buy, kauft, kaufen
thing, picks up, pick up, hebt, heben, auf
""",
)
PLACES = _table(
    Place,
    """
in, park, in, m, Park
in, garden, in, m, Garten
at, lake, an, m, See
under, tree, unter, m, Baum
on, bridge, auf, f, Brücke
in, kitchen, in, f, Küche
in front of, church, vor, f, Kirche
in, house, in, n, Haus
behind, house, hinter, n, Haus
at, window, an, n, Fenster
""",
)
NOT_FOR_ANIMALS = frozenset({"sings", "laughs", "draws", "brings along"})
"""verbs whose subject is never an animal, in addition to those whose object must be a thing"""

_NUMERALS = {"two": "zwei", "three": "drei"}
_ARTICLES = {
    "the": {
        "nominative": {"m": "der", "f": "die", "n": "das", "pl": "die"},
        "accusative": {"m": "den", "f": "die", "n": "das", "pl": "die"},
        "dative": {"m": "dem", "f": "der", "n": "dem"},
    },
    "a": {
        "nominative": {"m": "ein", "f": "eine", "n": "ein"},
        "accusative": {"m": "einen", "f": "eine", "n": "ein"},
        "dative": {"m": "einem", "f": "einer", "n": "einem"},
    },
}
_REPORTS = {"I see that": "ich sehe", "we know that": "wir wissen", "she says that": "sie sagt"}


@dataclass(frozen=True)
class Phrase:
    """A noun with its article or numeral, and an adjective or none."""

    determiner: str
    adjective: str
    noun: Noun | Place
    plural: bool = False

    @property
    def gender(self) -> str:
        """The noun's gender; in the plural there is only one."""
        return "pl" if self.plural else self.noun.gender


@dataclass(frozen=True)
class Clause:
    """Who does what, to whom, and where; at most one of the last two."""

    subject: Phrase
    verb: Verb
    object: Phrase | None = None
    place: Phrase | None = None


# ---------------------------------------------------------------------------------- phrases


def english_phrase(phrase: Phrase) -> str:
    """Say a phrase in English, such as `an old dog` or `in front of the church`."""
    noun = phrase.noun
    rest = f"{phrase.adjective} {noun.english_plural if phrase.plural else noun.english}".strip()
    an = phrase.determiner == "a" and rest[0] in "aeiou"
    text = f"{'an' if an else phrase.determiner} {rest}"
    return f"{noun.preposition} {text}" if isinstance(noun, Place) else text


def german_phrase(phrase: Phrase, case: str = "nominative") -> str:
    """Say a phrase in German; article, adjective and noun agree in gender, number and case.

    Args:
        phrase: what to say; a place is always in the dative.
        case: `nominative`, `accusative` or `dative`.

    Returns:
        such as `einen alten Hund` or `im Garten`.
    """
    noun = phrase.noun
    case = "dative" if isinstance(noun, Place) else case
    name = noun.german_plural if phrase.plural else noun.german
    if noun.oblique and case != "nominative":
        name = noun.oblique
    adjective = _STEMS[phrase.adjective] + _ending(phrase, case) if phrase.adjective else ""
    article = _NUMERALS.get(phrase.determiner) or _ARTICLES[phrase.determiner][case][phrase.gender]
    text = " ".join(word for word in (article, adjective, name) if word)
    if isinstance(noun, Place):  # in dem Park: im Park
        return re.sub(r"^([ia])n dem ", r"\1m ", f"{noun.german_preposition} {text}")
    return text


def _ending(phrase: Phrase, case: str) -> str:
    """An adjective's ending: weak after der, mixed after ein, strong after a numeral."""
    if phrase.determiner in _NUMERALS:
        return "e"
    gender = phrase.gender
    if gender == "pl" or case == "dative" or (gender == "m" and case == "accusative"):
        return "en"
    return "e" if phrase.determiner == "the" else {"m": "er", "f": "e", "n": "es"}[gender]


# ---------------------------------------------------------------------------------- clauses


def _english_clause(clause: Clause, subject: str | None = None) -> str:
    """Such as `the boy picks up two red balls`; `subject` replaces the clause's own."""
    who = english_phrase(clause.subject) if subject is None else subject
    rest = [english_phrase(part) for part in (clause.object, clause.place) if part]
    return " ".join([who, _verb(clause)[0], *rest])


def _german_clause(clause: Clause, verb: str = "second", subject: str | None = None) -> str:
    """The same in German, with the verb in the place that the sentence gives it.

    `second` is for main clauses, such as `der Junge hebt zwei rote Bälle auf`; `first` for those
    that follow a place or another clause, which counts as their first part; `last` for subordinate
    clauses.
    """
    who = german_phrase(clause.subject) if subject is None else subject
    rest = [german_phrase(part, "accusative") for part in (clause.object, clause.place) if part]
    does, particle = _verb(clause)[1], clause.verb.particle
    if verb == "last":
        return " ".join([who, *rest, particle + does])
    start = [who, does] if verb == "second" else [does, who]
    return " ".join([*start, *rest, particle]).strip()


def _verb(clause: Clause) -> tuple[str, str]:
    """The verb in English and in German, in the number of its subject."""
    verb = clause.verb
    if clause.subject.plural:
        return verb.english_base, verb.german_base
    return verb.english, verb.german


# -------------------------------------------------------------------------------- sentences


def plain(clause: Clause) -> tuple[str, str]:
    """A main clause."""
    return _close(_english_clause(clause), _german_clause(clause))


def place_first(clause: Clause) -> tuple[str, str]:
    """A main clause that begins with its place, so that in German the verb comes second."""
    rest = replace(clause, place=None)
    where, wo = english_phrase(clause.place), german_phrase(clause.place)
    return _close(f"{where} {_english_clause(rest)}", f"{wo} {_german_clause(rest, 'first')}")


def wish(clause: Clause) -> tuple[str, str]:
    """`wants to`: in German the infinitive comes last."""
    verb, plural = clause.verb, clause.subject.plural
    infinitive = replace(verb, english=verb.english_base, german=verb.german_base)
    who = f"{english_phrase(clause.subject)} {'want' if plural else 'wants'} to"
    wer = f"{german_phrase(clause.subject)} {'wollen' if plural else 'will'}"
    wanted = replace(clause, verb=infinitive)
    return _close(_english_clause(wanted, who), _german_clause(wanted, "last", wer))


def report(start: str, clause: Clause) -> tuple[str, str]:
    """`I see that` and the like: a subordinate clause with `dass`."""
    german = f"{_REPORTS[start]}, dass {_german_clause(clause, 'last')}"
    return _close(f"{start} {_english_clause(clause)}", german)


def reason(clause: Clause, cause: Clause) -> tuple[str, str]:
    """`because`: a main clause, and a subordinate one with `weil`."""
    english = f"{_english_clause(clause)} because {_english_clause(cause)}"
    return _close(english, f"{_german_clause(clause)}, weil {_german_clause(cause, 'last')}")


def meanwhile(first: Clause, second: Clause) -> tuple[str, str]:
    """`while` in front: the subordinate clause takes the first place, so the verb follows it."""
    english = f"while {_english_clause(first)}, {_english_clause(second)}"
    german = f"während {_german_clause(first, 'last')}, {_german_clause(second, 'first')}"
    return _close(english, german)


def relative(inner: Clause, verb: Verb) -> tuple[str, str]:
    """A relative clause about a subject, which then has a verb of its own."""
    subject = inner.subject
    does, tut = _verb(replace(inner, verb=verb))
    that = "who" if subject.noun.kind == "person" else "that"
    der = _ARTICLES["the"]["nominative"][subject.gender]
    english = f"{english_phrase(subject)} {_english_clause(inner, that)} {does}"
    german = f"{german_phrase(subject)}, {_german_clause(inner, 'last', der)}, {tut}"
    return _close(english, german)


def _close(english: str, german: str) -> tuple[str, str]:
    """Begin with a capital and end with a full stop."""
    return f"{english[0].upper()}{english[1:]}.", f"{german[0].upper()}{german[1:]}."


# ---------------------------------------------------------------------------------- the test


def one_in_seven(place: int, n: int) -> bool:
    """Whether the combination of two words, given by their places in tables, is for the test."""
    return (n + 2 * place) % 7 == 0


def held_out() -> frozenset[tuple[str, str]]:
    """List the combinations that no training sentence contains, in English.

    Returns:
        pairs: an adjective and a noun; a subject and its verb in the third person; such a verb and
        its object. Nouns are in the singular, and stand for the plural as well.
    """
    pairs = []
    for place, noun in enumerate(NOUNS):
        pairs += [
            (adjective, noun.english)
            for n, adjective in enumerate(ADJECTIVES[noun.kind])
            if one_in_seven(place, n)
        ]
        for n, verb in enumerate(VERBS):
            if one_in_seven(place, n):
                pairs += [(noun.english, verb.english)] if _may_do(noun, verb) else []
                pairs += [(verb.english, noun.english)] if _may_be_object(verb, noun) else []
    return frozenset(pairs)


def combinations(clause: Clause) -> Iterator[tuple[str, str]]:
    """List a clause's combinations, written as `held_out` writes them."""
    yield clause.subject.noun.english, clause.verb.english
    if clause.object:
        yield clause.verb.english, clause.object.noun.english
    for phrase in (clause.subject, clause.object):
        if phrase and phrase.adjective:
            yield phrase.adjective, phrase.noun.english


def _may_do(noun: Noun, verb: Verb) -> bool:
    if noun.kind == "animal":
        return verb.kind != "thing" and verb.english not in NOT_FOR_ANIMALS
    return noun.kind == "person"


def _may_be_object(verb: Verb, noun: Noun) -> bool:
    return verb.kind == "any" or verb.kind == noun.kind


# -------------------------------------------------------------------------------- the drawing


def _draw_phrase(draw: Random, noun: Noun | Place) -> Phrase:
    adjective = draw.choice(ADJECTIVES[noun.kind]) if draw.random() < 0.5 else ""
    if isinstance(noun, Place):
        return Phrase(draw.choice(["the", "a"]), adjective, noun)
    determiner, plural = draw.choice(
        [("a", False), ("the", False), ("the", True), ("two", True), ("three", True)]
    )
    return Phrase(determiner, adjective, noun, plural)


def _draw_clause(draw: Random, place: float = 0.5) -> Clause:
    """A clause; one without an object has a place with this probability."""
    verb = draw.choice(VERBS)
    subject = draw.choice([noun for noun in NOUNS if _may_do(noun, verb)])
    who = _draw_phrase(draw, subject)
    if verb.kind == "alone":
        where = _draw_phrase(draw, draw.choice(PLACES)) if draw.random() < place else None
        return Clause(who, verb, None, where)
    others = [noun for noun in NOUNS if _may_be_object(verb, noun) and noun != subject]
    return Clause(who, verb, _draw_phrase(draw, draw.choice(others)))


def _draw_sentence(draw: Random) -> tuple[tuple[str, str], list[Clause]]:
    """A sentence in both languages, and the clauses that it is made of."""
    clause = _draw_clause(draw)
    kind = draw.choice(["plain", "place", "wish", "report", "reason", "while", "relative"])
    if kind in ("plain", "wish"):
        return plain(clause) if kind == "plain" else wish(clause), [clause]
    if kind == "report":
        return report(draw.choice([*_REPORTS]), clause), [clause]
    if kind == "place":
        clause = replace(clause, place=_draw_phrase(draw, draw.choice(PLACES)))
        return place_first(clause), [clause]
    if kind == "relative":
        alone = [v for v in VERBS if v.kind == "alone" and _may_do(clause.subject.noun, v)]
        verb = draw.choice([v for v in alone if v != clause.verb])
        return relative(clause, verb), [clause, Clause(clause.subject, verb)]
    other = _draw_clause(draw, place=0.25)
    made = reason(clause, other) if kind == "reason" else meanwhile(clause, other)
    return made, [clause, other]


def sentence_pairs(sizes: dict[str, int] | None = None, seed: int = 0) -> pd.DataFrame:
    """Draw sentence pairs, each English sentence once.

    Args:
        sizes: pairs of each part, by default `SIZES`. Sentences of the part `test` contain a
            combination of `held_out`, those of all other parts do not.
        seed: for the drawing.

    Returns:
        a table with the columns `english`, `german` and `part`, in the order of the parts.
    """
    draw, kept = Random(seed), held_out()

    def one() -> tuple[tuple[str, str], bool]:
        while True:
            pair, clauses = _draw_sentence(draw)
            if max(map(_length, pair)) <= LONGEST:
                made_of = (each for clause in clauses for each in combinations(clause))
                return pair, any(each in kept for each in made_of)

    rows = draw_parts(one, SIZES if sizes is None else sizes)
    return pd.DataFrame(rows, columns=["english", "german", "part"])


def draw_parts(one: Callable[[], tuple[tuple, bool]], sizes: dict[str, int]) -> list[tuple]:
    """Draw rows until all parts are full; what a row begins with is in no other row.

    Args:
        one: draws a row, and says whether it holds a combination that is kept for the test.
        sizes: rows of each part; the part `test` gets the rows with such a combination.

    Returns:
        the rows, each with the name of its part at the end, in the order of the parts.
    """
    seen, parts = set(), {part: [] for part in sizes}
    wanted = [part for part in sizes if sizes[part]]
    while wanted:
        row, new = one()
        part = next((name for name in wanted if (name == "test") == new), None)
        if part is not None and row[0] not in seen:
            seen.add(row[0])
            parts[part].append((*row, part))
            wanted = [name for name in wanted if len(parts[name]) < sizes[name]]
    return [row for rows in parts.values() for row in rows]


def _length(sentence: str) -> int:
    """Count words and marks in a sentence whose marks are commas and one full stop."""
    return sentence.count(" ") + sentence.count(",") + 2
