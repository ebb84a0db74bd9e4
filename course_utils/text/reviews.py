"""A small grammar of reviews: what is judged, what is said of it, and what turns that round.

No word gives the verdict away: each is as frequent in good reviews as in bad ones. A word of praise
may be denied, many words before it is said, and of two judgements the main clause counts. Certain
combinations are kept for the test: no training review contains them, though each of their words is
in many.
"""

from dataclasses import dataclass
from random import Random

from course_utils.text.grammar import draw_parts, one_in_seven
from course_utils.text.vocabulary import words as tokens

import pandas as pd

SIZES = {"train": 6_000, "valid": 1_000, "test": 1_000}
LONGEST = 60
"""words and marks in a review, at most"""

THINGS = ("film", "story", "ending", "music", "acting", "dialogue", "beginning", "humour")
PRAISE = ("good", "great", "brilliant", "exciting", "original", "charming", "moving", "clever")
BLAME = ("bad", "weak", "boring", "dull", "silly", "clumsy", "tiresome", "predictable")
FRAMES = {
    "is": ("the {} is {}", "the {} is not {}"),
    "found": ("i found the {} {}", "i never found the {} {}"),
    "call": ("i would call the {} {}", "i would not call the {} {}"),
    "true": ("it is true that the {} is {}", "it is not true that the {} is {}"),
    "saw": (
        "everybody who saw it with me found the {} {}",
        "nobody who saw it with me found the {} {}",
    ),
    "said": (
        "all of the people i asked about it said that the {} is {}",
        "none of the people i asked about it said that the {} is {}",
    ),
}
"""ways to say what a thing is like, and to deny it"""
TURNS = ("{first}, but {main}", "although {first}, {main}", "{main}, although {first}")
"""of two judgements, the one in the main clause is the verdict"""
ASIDES = tuple(
    """
it was late
it rained all day
i am not a critic
i saw it on a Sunday
nobody had told me about it
we did not go by car
a friend gave me the tickets
i had never been there before
we wanted to go home, but we stayed
although it was cold, everybody came
we had seats at the back of the room
i went with my sister and two of her friends
they showed it again in the evening, but not on Sunday
""".strip().splitlines()
)
"""sentences that judge nothing; some of them hold words that deny or turn"""
_ASIDES_PER_REVIEW = (0, 0, 0, 0, 0, 0, 0, 1, 2, 5)  # most reviews are short, and a few are long


@dataclass(frozen=True)
class Judgement:
    """What is said of one thing, in one of the `FRAMES`."""

    thing: str
    word: str
    frame: str
    denied: bool

    @property
    def positive(self) -> bool:
        """Whether it speaks for the film."""
        return (self.word in PRAISE) != self.denied

    def __str__(self) -> str:
        return FRAMES[self.frame][self.denied].format(self.thing, self.word)


def combinations(judgement: Judgement) -> tuple[tuple[str, str], tuple[str, str]]:
    """List a judgement's combinations, written as `held_out` writes them."""
    return (judgement.thing, judgement.word), (judgement.frame, judgement.word)


def held_out() -> frozenset[tuple[str, str]]:
    """List the combinations that no training review contains.

    Returns:
        pairs: a thing and a word of `PRAISE` or `BLAME`; a frame and such a word, denied or not.
    """
    return frozenset(
        (one, word)
        for table in (THINGS, FRAMES)
        for place, one in enumerate(table)
        for n, word in enumerate([*PRAISE, *BLAME])
        if one_in_seven(place, n)
    )


def say(main: Judgement, first: Judgement | None = None, turn: str = TURNS[0]) -> str:
    """Say a verdict, after or before another judgement, without the full stop."""
    return str(main) if first is None else turn.format(main=main, first=first)


def _draw_judgement(draw: Random, positive: bool) -> Judgement:
    denied = draw.random() < 0.5
    words = PRAISE if positive != denied else BLAME
    return Judgement(draw.choice(THINGS), draw.choice(words), draw.choice([*FRAMES]), denied)


def _draw_review(draw: Random) -> tuple[tuple[str, int], list[Judgement]]:
    """A review with its label, and the judgements that it is made of."""
    positive = draw.random() < 0.5
    judgements = [_draw_judgement(draw, positive)]
    turned = draw.random() < 0.5
    if turned:
        judgements.append(_draw_judgement(draw, not positive))
    verdict = say(*judgements, *[draw.choice(TURNS)] * turned)
    sentences = draw.sample(ASIDES, draw.choice(_ASIDES_PER_REVIEW))
    sentences.insert(draw.randint(0, len(sentences)), verdict)
    text = " ".join(f"{each[0].upper()}{each[1:]}." for each in sentences)
    return (text.replace(" i ", " I "), int(positive)), judgements


def reviews(sizes: dict[str, int] | None = None) -> pd.DataFrame:
    """Draw reviews with their labels, each review once, the same ones every time.

    Args:
        sizes: reviews of each part, by default `SIZES`. Those of the part `test` contain a
            combination of `held_out`, those of all other parts do not.

    Returns:
        a table with the columns `text`, `label` (1 for, 0 against) and `part`.
    """
    draw, kept = Random(0), held_out()

    def one() -> tuple[tuple[str, int], bool]:
        while True:
            review, judgements = _draw_review(draw)
            if len(tokens(review[0])) <= LONGEST:
                made_of = (pair for each in judgements for pair in combinations(each))
                return review, any(pair in kept for pair in made_of)

    rows = draw_parts(one, SIZES if sizes is None else sizes)
    return pd.DataFrame(rows, columns=["text", "label", "part"])
