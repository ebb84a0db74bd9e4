"""A small grammar of captions: one clause, said in English and in German.

Sentences are drawn at random from tables of words. German nouns bring their gender and plural,
articles and adjectives agree with them in gender, number and case, and the verb stands second in
a main clause and last in a subordinate one. Certain combinations of words are kept for the test:
no training sentence holds them, though each of their words is in many.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pandas as pd

SIZES = {"train": 24_000, "valid": 1_000, "test": 1_000}
LONGEST = 18
"""words and marks of a sentence in either language, so that <eos> fits into 20 with one to spare"""

_SCARCE = 7  # one combination in so many is kept for the test


@dataclass(frozen=True)
class Noun:
    """A noun in both languages; `oblique` is what weak nouns such as Junge are in other cases."""

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
    """A preposition with a noun, in the dative, which answers the question where."""

    english: str
    english_noun: str
    german: str
    gender: str
    german_noun: str


NOUNS = tuple(
    Noun(*line.split())
    for line in """\
person man men m Mann Männer
person woman women f Frau Frauen
person child children n Kind Kinder
person boy boys m Junge Jungen Jungen
person girl girls n Mädchen Mädchen
person king kings m König Könige
person queen queens f Königin Königinnen
animal dog dogs m Hund Hunde
animal cat cats f Katze Katzen
animal horse horses n Pferd Pferde
animal bird birds m Vogel Vögel
thing ball balls m Ball Bälle
thing hat hats m Hut Hüte
thing basket baskets m Korb Körbe
thing flower flowers f Blume Blumen
thing cup cups f Tasse Tassen
thing jacket jackets f Jacke Jacken
thing book books n Buch Bücher
thing picture pictures n Bild Bilder
thing shirt shirts n Hemd Hemden""".splitlines()
)
ADJECTIVES = {  # German stems; all of these take their endings unchanged
    "person": {
        **{"tall": "groß", "small": "klein", "happy": "fröhlich", "tired": "müd"},
        **{"friendly": "freundlich", "quiet": "still"},
    },
    "animal": {
        **{"big": "groß", "small": "klein", "old": "alt", "tired": "müd"},
        **{"black": "schwarz", "white": "weiß", "brown": "braun"},
    },
    "thing": {
        **{"red": "rot", "blue": "blau", "green": "grün", "yellow": "gelb", "black": "schwarz"},
        **{"white": "weiß", "new": "neu", "old": "alt", "big": "groß", "small": "klein"},
    },
    "place": {"big": "groß", "small": "klein", "old": "alt", "quiet": "still"},
}
VERBS = tuple(
    Verb(*(field.strip() for field in line.split(",")))
    for line in """\
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
thing, picks up, pick up, hebt, heben, auf""".splitlines()
)
PLACES = tuple(
    Place(*(field.strip() for field in line.split(",")))
    for line in """\
in, park, in, m, Park
in, garden, in, m, Garten
at, lake, an, m, See
under, tree, unter, m, Baum
on, bridge, auf, f, Brücke
in, kitchen, in, f, Küche
in front of, church, vor, f, Kirche
in, house, in, n, Haus
behind, house, hinter, n, Haus
at, window, an, n, Fenster""".splitlines()
)
NOT_FOR_ANIMALS = frozenset({"sings", "laughs", "draws", "brings along"})
"""verbs that no animal is the subject of; nor of those whose object must be a thing"""

_NUMERALS = {"two": "zwei", "three": "drei"}
_DEFINITE = {
    "nominative": {"m": "der", "f": "die", "n": "das", "pl": "die"},
    "accusative": {"m": "den", "f": "die", "n": "das", "pl": "die"},
    "dative": {"m": "dem", "f": "der", "n": "dem"},
}
_INDEFINITE = {
    "nominative": {"m": "ein", "f": "eine", "n": "ein"},
    "accusative": {"m": "einen", "f": "eine", "n": "ein"},
    "dative": {"m": "einem", "f": "einer", "n": "einem"},
}
_CONTRACTED = {"in dem": "im", "an dem": "am"}
_REPORTS = {"I see that": "ich sehe", "we know that": "wir wissen", "she says that": "sie sagt"}


@dataclass(frozen=True)
class Phrase:
    """A noun with its article or numeral, and an adjective or none."""

    determiner: str
    adjective: str
    noun: Noun | Place
    plural: bool = False


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
    if isinstance(noun, Place):
        return f"{noun.english} {_with_article(phrase, noun.english_noun)}"
    return _with_article(phrase, noun.english_plural if phrase.plural else noun.english)


def _with_article(phrase: Phrase, noun: str) -> str:
    rest = f"{phrase.adjective} {noun}".strip()
    an = phrase.determiner == "a" and rest[0] in "aeiou"
    return f"{'an' if an else phrase.determiner} {rest}"


def german_phrase(phrase: Phrase, case: str = "nominative") -> str:
    """Say a phrase in German; article, adjective and noun agree in gender, number and case.

    Args:
        phrase: what to say; a place is always in the dative.
        case: `nominative`, `accusative` or `dative`.

    Returns:
        such as `einen alten Hund` or `im Garten`.
    """
    noun = phrase.noun
    if isinstance(noun, Place):
        words = [noun.german, _article(phrase, "dative"), _adjective(phrase, "dative")]
        text = " ".join(word for word in [*words, noun.german_noun] if word)
        for long, short in _CONTRACTED.items():
            text = short + text.removeprefix(long) if text.startswith(f"{long} ") else text
        return text
    name = noun.german_plural if phrase.plural else noun.german
    if noun.oblique and case != "nominative":
        name = noun.oblique
    words = [_article(phrase, case), _adjective(phrase, case), name]
    return " ".join(word for word in words if word)


def _gender(phrase: Phrase) -> str:
    return "pl" if phrase.plural else phrase.noun.gender


def _article(phrase: Phrase, case: str) -> str:
    if phrase.determiner in _NUMERALS:
        return _NUMERALS[phrase.determiner]
    table = _DEFINITE if phrase.determiner == "the" else _INDEFINITE
    return table[case][_gender(phrase)]


def _adjective(phrase: Phrase, case: str) -> str:
    """The stem with its ending: weak after der, mixed after ein, strong after a numeral."""
    if not phrase.adjective:
        return ""
    kind = phrase.noun.kind if isinstance(phrase.noun, Noun) else "place"
    return ADJECTIVES[kind][phrase.adjective] + _ending(phrase.determiner, _gender(phrase), case)


def _ending(determiner: str, gender: str, case: str) -> str:
    if determiner in _NUMERALS:
        return "e"
    if gender == "pl" or case == "dative" or (gender == "m" and case == "accusative"):
        return "en"
    return "e" if determiner == "the" else {"m": "er", "f": "e", "n": "es"}[gender]


# ---------------------------------------------------------------------------------- clauses


def english_clause(clause: Clause, subject: str | None = None) -> str:
    """Say a clause in English, such as `the boy picks up two red balls`."""
    verb = clause.verb.english_base if clause.subject.plural else clause.verb.english
    who = english_phrase(clause.subject) if subject is None else subject
    return " ".join([who, verb, *_english_rest(clause)])


def _english_rest(clause: Clause) -> list[str]:
    return [english_phrase(part) for part in (clause.object, clause.place) if part]


def _german_rest(clause: Clause) -> list[str]:
    found = [german_phrase(clause.object, "accusative")] if clause.object else []
    return found + ([german_phrase(clause.place)] if clause.place else [])


def _german_verb(clause: Clause) -> str:
    return clause.verb.german_base if clause.subject.plural else clause.verb.german


def _particle(clause: Clause) -> list[str]:
    return [clause.verb.particle] if clause.verb.particle else []


def german_main(clause: Clause) -> str:
    """Subject, verb, the rest: `der Junge hebt zwei rote Bälle auf`."""
    who, verb = german_phrase(clause.subject), _german_verb(clause)
    return " ".join([who, verb, *_german_rest(clause), *_particle(clause)])


def german_inverted(clause: Clause) -> str:
    """The same after something else in the first place: `hebt der Junge zwei rote Bälle auf`."""
    who, verb = german_phrase(clause.subject), _german_verb(clause)
    return " ".join([verb, who, *_german_rest(clause), *_particle(clause)])


def german_last(clause: Clause, subject: str | None = None) -> str:
    """A subordinate clause, verb last: `der Junge zwei rote Bälle aufhebt`."""
    who = german_phrase(clause.subject) if subject is None else subject
    return " ".join([who, *_german_rest(clause), clause.verb.particle + _german_verb(clause)])


# -------------------------------------------------------------------------------- sentences


def plain(clause: Clause) -> tuple[str, str]:
    """A main clause."""
    return _close(english_clause(clause), german_main(clause))


def place_first(clause: Clause) -> tuple[str, str]:
    """A main clause that begins with its place, so that in German the verb comes second."""
    rest = Clause(clause.subject, clause.verb, clause.object)
    where, wo = english_phrase(clause.place), german_phrase(clause.place)
    return _close(f"{where} {english_clause(rest)}", f"{wo} {german_inverted(rest)}")


def wish(clause: Clause) -> tuple[str, str]:
    """`wants to`: in German the infinitive comes last."""
    verb, plural = clause.verb, clause.subject.plural
    who, wer = english_phrase(clause.subject), german_phrase(clause.subject)
    end = verb.particle + verb.german_base
    english = [who, "want to" if plural else "wants to", verb.english_base, *_english_rest(clause)]
    german = [wer, "wollen" if plural else "will", *_german_rest(clause), end]
    return _close(" ".join(english), " ".join(german))


def report(start: str, clause: Clause) -> tuple[str, str]:
    """`I see that` and the like: a subordinate clause with `dass`."""
    german = f"{_REPORTS[start]}, dass {german_last(clause)}"
    return _close(f"{start} {english_clause(clause)}", german)


def reason(clause: Clause, cause: Clause) -> tuple[str, str]:
    """`because`: a main clause, and a subordinate one with `weil`."""
    english = f"{english_clause(clause)} because {english_clause(cause)}"
    return _close(english, f"{german_main(clause)}, weil {german_last(cause)}")


def meanwhile(first: Clause, second: Clause) -> tuple[str, str]:
    """`while` in front: the subordinate clause takes the first place, so the verb follows it."""
    english = f"while {english_clause(first)}, {english_clause(second)}"
    return _close(english, f"während {german_last(first)}, {german_inverted(second)}")


def relative(inner: Clause, verb: Verb) -> tuple[str, str]:
    """A relative clause about the subject, which has a verb of its own after it."""
    subject, outer = inner.subject, Clause(inner.subject, verb)
    who = "who" if subject.noun.kind == "person" else "that"
    der = _DEFINITE["nominative"][_gender(subject)]
    english = f"{english_phrase(subject)} {english_clause(inner, who)}"
    english += " " + english_clause(outer, "").strip()
    german = f"{german_phrase(subject)}, {german_last(inner, der)}, {_german_verb(outer)}"
    return _close(english, german)


def _close(english: str, german: str) -> tuple[str, str]:
    """A capital in front, a full stop behind."""
    return f"{english[0].upper()}{english[1:]}.", f"{german[0].upper()}{german[1:]}."


# ---------------------------------------------------------------------------------- the test


def held_out() -> frozenset[tuple[str, str]]:
    """The combinations that no training sentence holds, in English.

    Returns:
        pairs: an adjective and a noun; a subject and its verb in the third person; such a verb and
        its object. Nouns are in the singular, and stand for the plural as well.
    """
    pairs = []
    for place, noun in enumerate(NOUNS):
        pairs += [
            (adjective, noun.english)
            for n, adjective in enumerate(ADJECTIVES[noun.kind])
            if (n + 2 * place) % _SCARCE == 0
        ]
        for n, verb in enumerate(VERBS):
            if (n + 2 * place) % _SCARCE == 0:
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
    kind = noun.kind if isinstance(noun, Noun) else "place"
    adjective = draw.choice([*ADJECTIVES[kind]]) if draw.random() < 0.5 else ""
    if isinstance(noun, Place):
        return Phrase(draw.choice(["the", "a"]), adjective, noun)
    determiner, plural = draw.choice(
        [("a", False), ("the", False), ("the", True), ("two", True), ("three", True)]
    )
    return Phrase(determiner, adjective, noun, plural)


def _draw_clause(draw: Random, place: float = 0.5) -> Clause:
    """A clause; without an object it has a place with the probability given."""
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
    if kind == "plain":
        return plain(clause), [clause]
    if kind == "wish":
        return wish(clause), [clause]
    if kind == "report":
        return report(draw.choice([*_REPORTS]), clause), [clause]
    if kind == "place":
        where = _draw_phrase(draw, draw.choice(PLACES))
        clause = Clause(clause.subject, clause.verb, clause.object, where)
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
        sizes: pairs of each part, `SIZES` where it is not given. Sentences of the part `test`
            hold a combination of `held_out`, those of all other parts hold none.
        seed: of the drawing.

    Returns:
        a table with the columns `english`, `german` and `part`, in the order of the parts.
    """
    sizes = SIZES if sizes is None else sizes
    draw, kept, seen = Random(seed), held_out(), set()
    parts: dict[str, list[tuple[str, str]]] = {part: [] for part in sizes}
    wanted = [part for part in sizes if sizes[part]]
    while wanted:
        pair, clauses = _draw_sentence(draw)
        if pair[0] in seen or max(map(_length, pair)) > LONGEST:
            continue
        new = any(one in kept for clause in clauses for one in combinations(clause))
        part = next((name for name in wanted if (name == "test") == new), None)
        if part is not None:
            seen.add(pair[0])
            parts[part].append(pair)
            wanted = [name for name in wanted if len(parts[name]) < sizes[name]]
    rows = [(*pair, part) for part, pairs in parts.items() for pair in pairs]
    return pd.DataFrame(rows, columns=["english", "german", "part"])


def _length(sentence: str) -> int:
    """Words and marks, of sentences that hold commas and one full stop."""
    return sentence.count(" ") + sentence.count(",") + 2
