"""The grammar: German as a German would write it, and combinations that training never shows."""

import hashlib
import re

from course_utils.text import encode, vocabulary, words
from course_utils.text import grammar as g

import pytest

NOUNS = {noun.english: (noun, False) for noun in g.NOUNS}
NOUNS |= {noun.english_plural: (noun, True) for noun in g.NOUNS}
VERBS = {form: verb for verb in g.VERBS for form in (verb.english, verb.english_base)}
PAIRS = g.sentence_pairs()
PARTS = {part: rows for part, rows in PAIRS.groupby("part")}


def phrase(text):
    """Read `the old dog` or `in the park` into a phrase."""
    for place in g.PLACES:
        start = f"{place.english} "
        if text.startswith(start) and text.endswith(f" {place.english_noun}"):
            determiner, *adjective, _ = text.removeprefix(start).split()
            return g.Phrase(determiner, *(adjective or [""]), place)
    determiner, *adjective, name = text.split()
    noun, plural = NOUNS[name]
    return g.Phrase("a" if determiner == "an" else determiner, *(adjective or [""]), noun, plural)


def clause(who, does, whom="", where=""):
    whom, where = (phrase(part) if part else None for part in (whom, where))
    return g.Clause(phrase(who), VERBS[does], whom, where)


EXAMPLES = [
    (
        g.plain(clause("the boy", "sees", "a red ball")),
        "The boy sees a red ball.",
        "Der Junge sieht einen roten Ball.",
    ),
    (
        g.plain(clause("a small woman", "carries", "the blue cup")),
        "A small woman carries the blue cup.",
        "Eine kleine Frau trägt die blaue Tasse.",
    ),
    (
        g.plain(clause("a happy child", "finds", "an old book")),
        "A happy child finds an old book.",
        "Ein fröhliches Kind findet ein altes Buch.",
    ),
    (
        g.plain(clause("a tall man", "looks for", "the small boy")),
        "A tall man looks for the small boy.",
        "Ein großer Mann sucht den kleinen Jungen.",
    ),
    (
        g.plain(clause("two tired kings", "draw", "three white birds")),
        "Two tired kings draw three white birds.",
        "Zwei müde Könige zeichnen drei weiße Vögel.",
    ),
    (
        g.plain(clause("the queens", "pick up", "the yellow flowers")),
        "The queens pick up the yellow flowers.",
        "Die Königinnen heben die gelben Blumen auf.",
    ),
    (
        g.plain(clause("a dog", "waits", where="in front of the old church")),
        "A dog waits in front of the old church.",
        "Ein Hund wartet vor der alten Kirche.",
    ),
    (
        g.plain(clause("the cat", "sleeps", where="under a small tree")),
        "The cat sleeps under a small tree.",
        "Die Katze schläft unter einem kleinen Baum.",
    ),
    (
        g.plain(clause("the horses", "stand", where="at the lake")),
        "The horses stand at the lake.",
        "Die Pferde stehen am See.",
    ),
    (
        g.plain(clause("three girls", "play", where="in the quiet garden")),
        "Three girls play in the quiet garden.",
        "Drei Mädchen spielen im stillen Garten.",
    ),
    (
        g.place_first(clause("the queen", "holds", "a new hat", "on the bridge")),
        "On the bridge the queen holds a new hat.",
        "Auf der Brücke hält die Königin einen neuen Hut.",
    ),
    (
        g.place_first(clause("the boy", "picks up", "the green jacket", "in the kitchen")),
        "In the kitchen the boy picks up the green jacket.",
        "In der Küche hebt der Junge die grüne Jacke auf.",
    ),
    (
        g.place_first(clause("the small dog", "sleeps", where="behind a house")),
        "Behind a house the small dog sleeps.",
        "Hinter einem Haus schläft der kleine Hund.",
    ),
    (
        g.place_first(clause("three old cats", "see", "the birds", "at an old window")),
        "At an old window three old cats see the birds.",
        "An einem alten Fenster sehen drei alte Katzen die Vögel.",
    ),
    (
        g.wish(clause("the girl", "buys", "a picture")),
        "The girl wants to buy a picture.",
        "Das Mädchen will ein Bild kaufen.",
    ),
    (
        g.wish(clause("two children", "pick up", "the black shirt")),
        "Two children want to pick up the black shirt.",
        "Zwei Kinder wollen das schwarze Hemd aufheben.",
    ),
    (
        g.wish(clause("a friendly woman", "sings", where="in a big house")),
        "A friendly woman wants to sing in a big house.",
        "Eine freundliche Frau will in einem großen Haus singen.",
    ),
    (
        g.report("I see that", clause("the man", "brings along", "a horse")),
        "I see that the man brings along a horse.",
        "Ich sehe, dass der Mann ein Pferd mitbringt.",
    ),
    (
        g.report("we know that", clause("three birds", "sit", where="at the window")),
        "We know that three birds sit at the window.",
        "Wir wissen, dass drei Vögel am Fenster sitzen.",
    ),
    (
        g.report("she says that", clause("the tall kings", "look for", "the baskets")),
        "She says that the tall kings look for the baskets.",
        "Sie sagt, dass die großen Könige die Körbe suchen.",
    ),
    (
        g.reason(clause("the child", "laughs"), clause("the cat", "finds", "a ball")),
        "The child laughs because the cat finds a ball.",
        "Das Kind lacht, weil die Katze einen Ball findet.",
    ),
    (
        g.meanwhile(
            clause("the horse", "sleeps", where="in the park"),
            clause("the men", "carry", "the books"),
        ),
        "While the horse sleeps in the park, the men carry the books.",
        "Während das Pferd im Park schläft, tragen die Männer die Bücher.",
    ),
    (
        g.meanwhile(clause("two boys", "wait"), clause("a king", "brings along", "a boy")),
        "While two boys wait, a king brings along a boy.",
        "Während zwei Jungen warten, bringt ein König einen Jungen mit.",
    ),
    (
        g.relative(clause("the woman", "holds", "the red flower"), VERBS["laughs"]),
        "The woman who holds the red flower laughs.",
        "Die Frau, die die rote Blume hält, lacht.",
    ),
    (
        g.relative(clause("a dog", "looks for", "the boys"), VERBS["waits"]),
        "A dog that looks for the boys waits.",
        "Ein Hund, der die Jungen sucht, wartet.",
    ),
    (
        g.relative(clause("the child", "picks up", "a white cup"), VERBS["plays"]),
        "The child who picks up a white cup plays.",
        "Das Kind, das eine weiße Tasse aufhebt, spielt.",
    ),
    (
        g.relative(clause("the men", "bring along", "two boys"), VERBS["sits"]),
        "The men who bring along two boys sit.",
        "Die Männer, die zwei Jungen mitbringen, sitzen.",
    ),
]


@pytest.mark.parametrize(
    ("made", "english", "german"), EXAMPLES, ids=[english for _, english, _ in EXAMPLES]
)
def test_a_sentence_is_what_a_grammar_book_says(made, english, german):
    assert made == (english, german)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("the old dog", ["der alte Hund", "den alten Hund", "dem alten Hund"]),
        ("an old dog", ["ein alter Hund", "einen alten Hund", "einem alten Hund"]),
        ("the old cat", ["die alte Katze", "die alte Katze", "der alten Katze"]),
        ("an old cat", ["eine alte Katze", "eine alte Katze", "einer alten Katze"]),
        ("the old horse", ["das alte Pferd", "das alte Pferd", "dem alten Pferd"]),
        ("an old horse", ["ein altes Pferd", "ein altes Pferd", "einem alten Pferd"]),
        ("the small boy", ["der kleine Junge", "den kleinen Jungen", "dem kleinen Jungen"]),
        ("the old dogs", ["die alten Hunde", "die alten Hunde"]),
        ("two old cats", ["zwei alte Katzen", "zwei alte Katzen"]),
        ("three tired boys", ["drei müde Jungen", "drei müde Jungen"]),
        ("the girls", ["die Mädchen", "die Mädchen"]),
    ],
)
def test_article_adjective_and_noun_agree_in_gender_number_and_case(text, forms):
    for case, form in zip(("nominative", "accusative", "dative"), forms, strict=False):
        assert g.german_phrase(phrase(text), case) == form


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("in the park", "im Park"),
        ("in a park", "in einem Park"),
        ("in the big park", "im großen Park"),
        ("in the kitchen", "in der Küche"),
        ("at the lake", "am See"),
        ("at an old lake", "an einem alten See"),
        ("at the window", "am Fenster"),
        ("on the bridge", "auf der Brücke"),
        ("under the tree", "unter dem Baum"),
        ("in front of a small church", "vor einer kleinen Kirche"),
        ("behind the old house", "hinter dem alten Haus"),
    ],
)
def test_a_place_is_in_the_dative_and_contracted_where_germans_contract(text, german):
    assert g.german_phrase(phrase(text)) == german
    assert g.english_phrase(phrase(text)) == text


# ------------------------------------------------------------------------------------ the corpus


def test_there_are_as_many_pairs_as_promised_and_no_english_sentence_twice():
    assert PAIRS["part"].value_counts().to_dict() == g.SIZES
    assert PAIRS["english"].is_unique
    assert PAIRS["part"].drop_duplicates().tolist() == list(g.SIZES)


def test_the_pairs_are_the_same_on_every_machine():
    text = PAIRS.to_csv(index=False, lineterminator="\n")
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "b4d8766a8258883d"


def test_another_seed_gives_other_pairs_and_sizes_are_kept():
    some = g.sentence_pairs({"train": 20, "test": 5}, seed=1)
    assert some["part"].tolist() == ["train"] * 20 + ["test"] * 5
    assert not some["english"].head(20).isin(PAIRS["english"].head(20)).all()


def test_every_sentence_begins_with_a_capital_ends_with_a_full_stop_and_fits():
    for language in ("english", "german"):
        sentences = PAIRS[language]
        assert sentences.str.fullmatch(r"[A-ZÄÖÜ][^.]*[^ .,]\.").all()
        assert not sentences.str.contains("  | ,| \\.").any()
        assert max(len(words(sentence)) for sentence in sentences) == g.LONGEST
        encode(list(sentences), vocabulary(sentences), length=20)


def test_in_german_subordinate_clauses_the_verb_comes_last():
    """With its particle in front of it, and no verb before it in that clause."""
    last = {verb.particle + form for verb in g.VERBS for form in (verb.german, verb.german_base)}
    finite = {form for verb in g.VERBS for form in (verb.german, verb.german_base)}
    clauses = [
        found.split()
        for sentence in PAIRS["german"]
        for found in re.findall(r"(?:dass|weil|[Ww]ährend|, d(?:er|ie|as)) ([^,.]+)", sentence)
    ]
    assert len(clauses) > 10_000
    assert {found[-1] for found in clauses} == last
    assert not finite & {word for found in clauses for word in found[:-1]}


def test_in_german_main_clauses_the_verb_comes_second_after_a_place_or_a_clause():
    finite = {form for verb in g.VERBS for form in (verb.german, verb.german_base)}
    fronted = PAIRS["german"][PAIRS["german"].str.startswith("Während")]
    assert {sentence.split(", ")[1].split()[0] for sentence in fronted} == finite


# -------------------------------------------------------------------------------- the held out


def test_no_training_sentence_holds_a_held_out_combination_and_every_test_sentence_does():
    """Looked for in the text itself: words that stand side by side."""
    side_by_side = []
    for first, second in g.held_out():
        firsts, seconds = both_numbers(first), both_numbers(second)
        side_by_side += [f"{one} {two}" for one in firsts for two in seconds]
        side_by_side += [
            f"{one} {article} {two}"
            for one, two in zip(firsts, seconds, strict=False)
            if first in VERBS
            for article in ("a", "an", "the", "two", "three")
        ]
    pattern = rf"\b(?:{'|'.join(side_by_side)})\b"
    shares = {}
    for part, rows in PARTS.items():
        # In a relative clause, the object stands beside the verb of another clause.
        plain = rows["english"][~rows["english"].str.contains(" who | that [a-z]+s? ")]
        shares[part] = plain.str.contains(pattern).mean()
    assert shares["train"] == shares["valid"] == 0
    assert shares["test"] > 0.5  # in the others there are words between


def both_numbers(word):
    """A noun in both numbers; a verb in both forms; an adjective as it is."""
    if word in NOUNS:
        return [word, NOUNS[word][0].english_plural]
    return [word, VERBS[word].english_base] if word in VERBS else [word]


def test_each_word_of_the_test_sentences_is_in_many_training_sentences():
    for language in ("english", "german"):
        for word in vocabulary(PARTS["test"][language])[4:]:
            holding = PARTS["train"][language].str.lower().str.contains(rf"\b{re.escape(word)}")
            assert holding.sum() >= 25, word


def test_every_held_out_word_is_combined_with_others_in_training():
    kept = g.held_out()
    for noun in g.NOUNS:
        adjectives = {(adjective, noun.english) for adjective in g.ADJECTIVES[noun.kind]}
        assert len(adjectives - kept) >= 4
        assert len(adjectives & kept) <= 2
    assert 50 < len(kept) < 80


def test_no_two_sentences_of_different_meaning_share_a_translation():
    assert PAIRS["german"].is_unique
