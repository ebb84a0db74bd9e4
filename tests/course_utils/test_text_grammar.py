"""The grammar: correct German, and combinations that training never shows."""

import hashlib
import re
from collections import Counter

from course_utils.text import encode, vocabulary, words
from course_utils.text import grammar as g

import pytest

NOUNS = {noun.english: (noun, False) for noun in g.NOUNS}
NOUNS |= {noun.english_plural: (noun, True) for noun in g.NOUNS}
VERBS = {form: verb for verb in g.VERBS for form in (verb.english, verb.english_base)}
ANY_VERB = re.compile(rf" ({'|'.join(sorted(VERBS, key=len, reverse=True))})\b")


@pytest.fixture(scope="module")
def pairs():
    return g.sentence_pairs()


@pytest.fixture(scope="module")
def parts(pairs):
    return dict(iter(pairs.groupby("part")))


def phrase(text):
    """Read `the old dog` or `in the park` into a phrase."""
    for noun in g.PLACES:
        if found := re.fullmatch(rf"{noun.preposition} (.*) {noun.english}", text):
            determiner, *adjective = found[1].split()
            plural = False
            break
    else:
        determiner, *adjective, name = text.split()
        noun, plural = NOUNS[name]
    return g.Phrase("a" if determiner == "an" else determiner, *(adjective or [""]), noun, plural)


def clause(text, where=""):
    """Read `the boy picks up a red ball` into a clause."""
    who, does, rest = ANY_VERB.split(text)
    rest, where = (phrase(part.strip()) if part else None for part in (rest, where))
    if rest and rest.noun.kind == "place":
        rest, where = None, rest
    return g.Clause(phrase(who), VERBS[does], rest, where)


def said(english):
    """Read an English sentence, and let the grammar say it in both languages."""
    text = english[0].lower() + english[1:].rstrip(".")
    if text.startswith("while "):
        return g.meanwhile(*map(clause, text.removeprefix("while ").split(", ")))
    if " because " in text:
        return g.reason(*map(clause, text.split(" because ")))
    if found := re.fullmatch(r"(i see that|we know that|she says that) (.*)", text):
        return g.report(found[1].replace("i see", "I see"), clause(found[2]))
    if found := re.fullmatch(r"(.*) wants? to (.*)", text):
        return g.wish(clause(f"{found[1]} {found[2]}"))
    if found := re.fullmatch(r"(.*) (?:who|that) (.*) (\w+)", text):
        return g.relative(clause(f"{found[1]} {found[2]}"), VERBS[found[3]])
    places = "|".join(rf"{p.preposition} (?:a|an|the) (?:\w+ )?{p.english}" for p in g.PLACES)
    if found := re.fullmatch(rf"({places}) (.*)", text):
        return g.place_first(clause(found[2], where=found[1]))
    return g.plain(clause(text))


EXAMPLES = """\
The boy sees a red ball.
Der Junge sieht einen roten Ball.
A small woman carries the blue cup.
Eine kleine Frau trägt die blaue Tasse.
A happy child finds an old book.
Ein fröhliches Kind findet ein altes Buch.
A tall man looks for the small boy.
Ein großer Mann sucht den kleinen Jungen.
Two tired kings draw three white birds.
Zwei müde Könige zeichnen drei weiße Vögel.
The queens pick up the yellow flowers.
Die Königinnen heben die gelben Blumen auf.
A dog waits in front of the old church.
Ein Hund wartet vor der alten Kirche.
The cat sleeps under a small tree.
Die Katze schläft unter einem kleinen Baum.
The horses stand at the lake.
Die Pferde stehen am See.
Three girls play in the quiet garden.
Drei Mädchen spielen im stillen Garten.
On the bridge the queen holds a new hat.
Auf der Brücke hält die Königin einen neuen Hut.
In the kitchen the boy picks up the green jacket.
In der Küche hebt der Junge die grüne Jacke auf.
Behind a house the small dog sleeps.
Hinter einem Haus schläft der kleine Hund.
At an old window three old cats see the birds.
An einem alten Fenster sehen drei alte Katzen die Vögel.
The girl wants to buy a picture.
Das Mädchen will ein Bild kaufen.
Two children want to pick up the black shirt.
Zwei Kinder wollen das schwarze Hemd aufheben.
A friendly woman wants to sing in a big house.
Eine freundliche Frau will in einem großen Haus singen.
I see that the man brings along a horse.
Ich sehe, dass der Mann ein Pferd mitbringt.
We know that three birds sit at the window.
Wir wissen, dass drei Vögel am Fenster sitzen.
She says that the tall kings look for the baskets.
Sie sagt, dass die großen Könige die Körbe suchen.
The child laughs because the cat finds a ball.
Das Kind lacht, weil die Katze einen Ball findet.
While the horse sleeps in the park, the men carry the books.
Während das Pferd im Park schläft, tragen die Männer die Bücher.
While two boys wait, a king brings along a boy.
Während zwei Jungen warten, bringt ein König einen Jungen mit.
The woman who holds the red flower laughs.
Die Frau, die die rote Blume hält, lacht.
A dog that looks for the boys waits.
Ein Hund, der die Jungen sucht, wartet.
The child who picks up a white cup plays.
Das Kind, das eine weiße Tasse aufhebt, spielt.
The men who bring along two boys sit.
Die Männer, die zwei Jungen mitbringen, sitzen.
""".splitlines()


@pytest.mark.parametrize(("english", "german"), [*zip(EXAMPLES[::2], EXAMPLES[1::2], strict=True)])
def test_a_sentence_is_what_a_grammar_book_says(english, german):
    assert said(english) == (english, german)


@pytest.mark.parametrize(
    ("text", "nominative", "accusative", "dative"),
    [
        ("the old dog", "der alte Hund", "den alten Hund", "dem alten Hund"),
        ("an old dog", "ein alter Hund", "einen alten Hund", "einem alten Hund"),
        ("the old cat", "die alte Katze", "die alte Katze", "der alten Katze"),
        ("an old cat", "eine alte Katze", "eine alte Katze", "einer alten Katze"),
        ("the old horse", "das alte Pferd", "das alte Pferd", "dem alten Pferd"),
        ("an old horse", "ein altes Pferd", "ein altes Pferd", "einem alten Pferd"),
        ("the small boy", "der kleine Junge", "den kleinen Jungen", "dem kleinen Jungen"),
        ("the old dogs", "die alten Hunde", "die alten Hunde", None),
        ("two old cats", "zwei alte Katzen", "zwei alte Katzen", None),
        ("three tired boys", "drei müde Jungen", "drei müde Jungen", None),
        ("the girls", "die Mädchen", "die Mädchen", None),
    ],
)
def test_article_adjective_and_noun_agree(text, nominative, accusative, dative):
    assert g.german_phrase(phrase(text)) == nominative
    assert g.german_phrase(phrase(text), "accusative") == accusative
    assert dative is None or g.german_phrase(phrase(text), "dative") == dative


# ------------------------------------------------------------------------------------ the corpus


def test_there_are_as_many_pairs_as_promised_and_no_english_sentence_twice(pairs):
    assert pairs["part"].value_counts().to_dict() == g.SIZES
    assert pairs["english"].is_unique
    assert pairs["part"].drop_duplicates().tolist() == list(g.SIZES)


def test_the_pairs_are_the_same_on_every_machine(pairs):
    text = pairs.to_csv(index=False, lineterminator="\n")
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "b4d8766a8258883d"


def test_a_different_seed_gives_different_pairs_and_sizes_are_kept(pairs):
    some = g.sentence_pairs({"train": 20, "test": 5}, seed=1)
    assert some["part"].tolist() == ["train"] * 20 + ["test"] * 5
    assert not some["english"].head(20).isin(pairs["english"].head(20)).all()


def test_every_sentence_begins_with_a_capital_ends_with_a_full_stop_and_fits(pairs):
    for language in ("english", "german"):
        sentences = pairs[language]
        assert sentences.str.fullmatch(r"[A-ZÄÖÜ][^.]*[^ .,]\.").all()
        assert not sentences.str.contains("  | ,| \\.").any()
        assert max(len(words(sentence)) for sentence in sentences) == g.LONGEST
        encode(list(sentences), vocabulary(sentences), length=20)


def test_the_german_verb_comes_last_in_subordinate_clauses_and_first_after_one(pairs):
    """A particle is joined to a last verb, and no other verb is in that clause."""
    finite = {form for verb in g.VERBS for form in (verb.german, verb.german_base)}
    last = {verb.particle + form for verb in g.VERBS for form in (verb.german, verb.german_base)}
    clauses = [
        found.split()
        for sentence in pairs["german"]
        for found in re.findall(r"(?:dass|weil|[Ww]ährend|, d(?:er|ie|as)) ([^,.]+)", sentence)
    ]
    assert len(clauses) > 10_000
    assert {found[-1] for found in clauses} == last
    assert not finite & {word for found in clauses for word in found[:-1]}
    fronted = pairs["german"][pairs["german"].str.startswith("Während")]
    assert {sentence.split(", ")[1].split()[0] for sentence in fronted} == finite


# -------------------------------------------------------------------------------- the held out


def test_no_training_sentence_contains_a_held_out_combination_and_test_sentences_do(parts):
    """Looked for in the text itself, as adjacent words."""
    adjacent = []
    for first, second in g.held_out():
        firsts, seconds = both_numbers(first), both_numbers(second)
        adjacent += [f"{one} {two}" for one in firsts for two in seconds]
        adjacent += [
            f"{one} {article} {two}"
            for one, two in zip(firsts, seconds, strict=False)
            if first in VERBS
            for article in ("a", "an", "the", "two", "three")
        ]
    pattern = rf"\b(?:{'|'.join(adjacent)})\b"
    shares = {}
    for part, rows in parts.items():
        # After a relative clause, its object is next to the verb of a different clause.
        plain = rows["english"][~rows["english"].str.contains(" who | that [a-z]+s? ")]
        shares[part] = plain.str.contains(pattern).mean()
    assert shares["train"] == shares["valid"] == 0
    assert shares["test"] > 0.5  # in the others there are words between


def both_numbers(word):
    """A noun in both numbers; a verb in both forms; an adjective as it is."""
    if word in NOUNS:
        return [word, NOUNS[word][0].english_plural]
    return [word, VERBS[word].english_base] if word in VERBS else [word]


def test_each_word_of_the_test_sentences_is_in_many_training_sentences(parts):
    for language in ("english", "german"):
        seen = Counter(word for text in parts["train"][language] for word in {*words(text)})
        assert all(seen[word] >= 25 for word in vocabulary(parts["test"][language])[4:])


def test_every_held_out_word_is_combined_with_others_in_training():
    kept = g.held_out()
    for noun in g.NOUNS:
        adjectives = {(adjective, noun.english) for adjective in g.ADJECTIVES[noun.kind]}
        assert len(adjectives - kept) >= 4
        assert len(adjectives & kept) <= 2
    assert 50 < len(kept) < 80


def test_no_two_sentences_of_different_meaning_share_a_translation(pairs):
    assert pairs["german"].is_unique
