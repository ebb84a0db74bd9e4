"""The study `composition`: the networks of lesson 08, with several seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

from course.studies.study import Study
from course_utils.text import bleu, decode, encode, vocabulary, words
from course_utils.text.grammar import sentence_pairs

import numpy as np
import pandas as pd

if TYPE_CHECKING:  # loads TensorFlow
    import keras

EPOCHS = {
    "encoder-decoder": 3,
    "read backwards": 3,
    "with attention": 3,
    "trained twice as long": 6,
}
"""passes over the pairs, as in the lesson"""
UNITS = 96
"""of both LSTMs"""
RATE, BATCH = 8e-3, 64
"""the learning rate at the start, which falls to 0 along half a cosine"""
LENGTH = 20
SHORT = 10
"""the most words and marks of a training pair, in the longer of the two languages"""
LENGTHS = (6, 8, 10, 12, 14, 16, 18)
"""groups of test pairs: those with this many words and marks, or one fewer"""


@dataclass(frozen=True)
class Composition:
    """The lesson's network, its LSTMs smaller than the classic ones, trained on short sentences."""

    network: str
    """a key of `EPOCHS`; `read backwards` is fed the words of the source sentence from the last"""
    seed: int
    version: ClassVar[int] = 2  # raise it with `course_utils.text`: see `Fit`

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train, and measure on new sentences, on held-out combinations, and by length."""
        parts = self._parts()
        train = parts["train"][parts["train"]["most"] <= SHORT]
        english, german = vocabulary(train["english"]), vocabulary(train["german"])
        model = self._trained(train, english, german)
        found = {}
        for part in ("valid", "test"):
            rows = _translated(parts[part], model, english, german)
            short = rows[rows["most"] <= SHORT]
            found[f"{part} bleu"] = bleu(list(short["german"]), list(short["made"]))
            found[f"{part} whole"] = float(short["right"].mean())
        for most in LENGTHS:
            group = rows[(rows["most"] <= most) & (rows["most"] > most - 2)]
            found[f"whole {most}"] = float(group["right"].mean())
        return found

    def _parts(self) -> dict[str, pd.DataFrame]:
        """Make the sentence pairs, with the length of the longer one, by part."""
        table = sentence_pairs()
        if self.network == "read backwards":
            table = table.assign(english=[" ".join(words(text)[::-1]) for text in table["english"]])
        most = np.maximum(*(table[side].map(words).map(len) for side in ("english", "german")))
        return dict(tuple(table.assign(most=most).groupby("part")))

    def _trained(
        self, train: pd.DataFrame, english: Sequence[str], german: Sequence[str]
    ) -> "keras.Model":
        """Train the network on the short pairs."""
        from course_utils.text.translation import encoder_decoder, fit_pairs, masked_loss

        import keras

        sources = encode(list(train["english"]), english, SHORT + 2)
        targets = encode(list(train["german"]), german, SHORT + 2)
        keras.utils.set_random_seed(self.seed)
        attention = self.network == "with attention"
        model = encoder_decoder(len(english), len(german), units=UNITS, attention=attention)
        epochs = EPOCHS[self.network]
        rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * -(-len(sources) // BATCH))
        model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), masked_loss)
        fit_pairs(model, sources, targets, epochs=epochs, batch_size=BATCH, quiet=True)
        return model


def _translated(
    rows: pd.DataFrame, model: "keras.Model", english: Sequence[str], german: Sequence[str]
) -> pd.DataFrame:
    """Add to each pair the translation made, and whether all of it is right."""
    from course_utils.text.translation import greedy

    ids = encode(list(rows["english"]), english, LENGTH)
    made = decode(greedy(model, ids, LENGTH), german)
    return rows.assign(made=made, right=rows["german"].str.lower() == made)


COMPOSITION = Study(
    "composition",
    "The networks of lesson 08, three seeds each.",
    lambda: [Composition(name, seed) for seed, name in product(range(3), EPOCHS)],
)
