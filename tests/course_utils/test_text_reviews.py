"""The grammar of reviews: what a reader would say of each, and no word that gives it away."""

import hashlib
from collections import Counter

from course_utils.text import reviews as r
from course_utils.text import vocabulary, words

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

REVIEWS = r.reviews()
PARTS = {part: rows for part, rows in REVIEWS.groupby("part")}


def judgement(frame, word, denied):
    return r.Judgement("story", word, frame, denied)


@pytest.mark.parametrize(
    ("frame", "word", "denied", "text", "positive"),
    [
        ("is", "good", False, "the story is good", True),
        ("is", "good", True, "the story is not good", False),
        ("is", "dull", False, "the story is dull", False),
        ("is", "dull", True, "the story is not dull", True),
        ("found", "weak", True, "i never found the story weak", True),
        ("call", "clever", True, "i would not call the story clever", False),
        ("true", "boring", True, "it is not true that the story is boring", True),
        ("saw", "moving", False, "everybody who saw it with me found the story moving", True),
        ("saw", "moving", True, "nobody who saw it with me found the story moving", False),
        (
            "said",
            "silly",
            True,
            "none of the people i asked about it said that the story is silly",
            True,
        ),
    ],
)
def test_a_judgement_is_what_a_reader_takes_it_for(frame, word, denied, text, positive):
    one = judgement(frame, word, denied)
    assert (str(one), one.positive) == (text, positive)


@pytest.mark.parametrize(
    ("turn", "text"),
    [
        (0, "the story is bad, but the story is good"),
        (1, "although the story is bad, the story is good"),
        (2, "the story is good, although the story is bad"),
    ],
)
def test_of_two_judgements_the_main_clause_is_the_verdict(turn, text):
    main, first = judgement("is", "good", False), judgement("is", "bad", False)
    assert r.say(main, first, r.TURNS[turn]) == text


def test_the_corpus_is_the_same_on_every_machine_and_each_review_is_in_it_once():
    assert REVIEWS["part"].value_counts().to_dict() == r.SIZES
    assert REVIEWS["text"].is_unique
    text = REVIEWS.to_csv(index=False, lineterminator="\n")
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "99de5b76359682b5"


def test_lengths_run_from_a_few_words_to_the_longest_and_most_are_short():
    lengths = REVIEWS["text"].map(words).map(len)
    assert (lengths.min(), lengths.max()) == (5, r.LONGEST)
    assert lengths.median() < r.LONGEST / 2


def test_no_training_review_holds_a_held_out_combination_and_every_test_review_does():
    """Looked for in the text itself."""
    ways = []
    for first, word in r.held_out():
        if first in r.THINGS:
            ways.append(rf"the {first} (?:is )?(?:not )?{word}")
        else:  # in other frames, "the story is good" follows "that"
            ways += [rf"(?<!that ){form.format('[a-z]+', word)}" for form in r.FRAMES[first]]
    found = REVIEWS["text"].str.lower().str.contains(rf"\b(?:{'|'.join(ways)})\b")
    assert found.groupby(REVIEWS["part"]).mean().to_dict() == {"train": 0, "valid": 0, "test": 1}


def test_each_word_of_the_test_reviews_is_in_many_training_reviews():
    seen = Counter(word for text in PARTS["train"]["text"] for word in {*words(text)})
    assert all(seen[word] >= 100 for word in vocabulary(PARTS["test"]["text"])[4:])


def test_a_bag_of_words_is_hardly_better_than_chance():
    bag = CountVectorizer()
    counts = bag.fit_transform(PARTS["train"]["text"])
    model = LogisticRegression(max_iter=1_000).fit(counts, PARTS["train"]["label"])
    for part in ("valid", "test"):
        right = model.score(bag.transform(PARTS[part]["text"]), PARTS[part]["label"])
        assert 0.4 < right < 0.6
