"""The studies `padding` and `sentiment`: lesson 11's reader on our reviews, and on real ones."""

from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from course.studies.study import Study
from course_utils.data.texts import load_labelled_sentences
from course_utils.files import DataError
from course_utils.text import encode, vocabulary, words
from course_utils.text.reviews import LONGEST, reviews

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PADDINGS = ("behind", "behind, masked", "in front")
EPOCHS = 6
"""passes over the reviews, as in the lesson"""
NGRAMS = {"bag of words": 1, "n-grams": 3}
"""the longest run of words that a logistic regression counts"""
SEEDS, FOLDS = 5, 5
LENGTH = 40
"""places of a real sentence; longer ones, one in two hundred, are cut"""
TWICE = 2
"""a word that fewer training sentences hold is unknown to the network"""
DENIALS = frozenset(
    ("not", "no", "never", "nothing", "nobody", "none", "neither", "nor", "cannot", "without")
)


@dataclass(frozen=True)
class Padding:
    """Lesson 11's reader, trained on reviews of our own."""

    padding: str
    """one of `PADDINGS`: where it is, and whether it is masked"""
    seed: int
    version: ClassVar[int] = 2  # raise it with `course_utils.text`: see `Fit`

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train, and measure on new reviews and on held-out combinations."""
        from course_utils.text.sentiment import fit_labelled, reader

        import keras

        parts = dict(tuple(reviews().groupby("part")))
        known = vocabulary(parts["train"]["text"])
        rows = {part: self._rows(table, known) for part, table in parts.items()}
        keras.utils.set_random_seed(self.seed)
        model = reader(len(known), mask="masked" in self.padding)
        fit_labelled(model, rows["train"], parts["train"]["label"], epochs=EPOCHS, quiet=True)
        return {
            part: _accuracy(
                model.predict(rows[part], batch_size=500, verbose=0)[:, 0], parts[part]["label"]
            )
            for part in ("valid", "test")
        }

    def _rows(self, table: pd.DataFrame, known: list[str]) -> NDArray:
        from keras.utils import pad_sequences

        rows = encode(list(table["text"]), known, LONGEST + 1)
        if self.padding == "in front":
            return pad_sequences([row[row > 0] for row in rows], LONGEST + 1)
        return rows


@dataclass(frozen=True)
class Sentiment:
    """One way to tell the labels of real sentences, tested on a fold that it was not trained on."""

    model: str
    """a key of `NGRAMS`, or `GRU`"""
    seed: int
    """of the folds and of the network"""
    fold: int
    version: ClassVar[int] = 1  # raise it with `course_utils.text`: see `Fit`

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train on four folds; measure on the fifth, with and without words that deny."""
        from sklearn.model_selection import StratifiedKFold

        table = load_labelled_sentences()
        if table.attrs["source"] != "full":
            raise DataError("The study sentiment needs the full data: `course data get --all`.")
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=self.seed)
        known, new = [*folds.split(table, table["label"])][self.fold]
        train, test = table.iloc[known], table.iloc[new]
        says = self._network if self.model == "GRU" else self._regression
        probabilities = says(train, list(test["text"]))
        denied = np.array([denies(text) for text in test["text"]])
        groups = {"all": np.ones(len(test), bool), "denied": denied, "plain": ~denied}
        return {
            name: _accuracy(probabilities[group], test["label"][group])
            for name, group in groups.items()
        } | {"share denied": float(denied.mean())}

    def _regression(self, train: pd.DataFrame, new: list[str]) -> NDArray:
        """A logistic regression on counts of words and of runs of words."""
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.linear_model import LogisticRegression

        longest = NGRAMS[self.model]
        counts = CountVectorizer(analyzer=lambda text: runs(words(text), longest))
        model = LogisticRegression(max_iter=1_000)
        model.fit(counts.fit_transform(train["text"]), train["label"])
        return model.predict_proba(counts.transform(new))[:, 1]

    def _network(self, train: pd.DataFrame, new: list[str]) -> NDArray:
        """The lesson's reader with dropout, stopped where a tenth of the training part says."""
        from course_utils.text.sentiment import reader

        import keras

        counts = pd.Series([each for text in train["text"] for each in {*words(text)}])
        known = vocabulary(train["text"], 4 + int((counts.value_counts() >= TWICE).sum()))
        rows = encode(list(train["text"]), known, LENGTH, cut=True)
        labels, part = train["label"].to_numpy(), np.arange(len(train)) % 10 == 0
        keras.utils.set_random_seed(self.seed)
        embedding, gru, answer = reader(len(known)).layers
        dropout = keras.layers.Dropout(0.5)
        model = keras.Sequential([embedding, dropout, gru, keras.layers.Dropout(0.5), answer])
        model.compile(keras.optimizers.Adam(3e-3, global_clipnorm=1.0), "binary_crossentropy")
        stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
        model.fit(
            rows[~part],
            labels[~part],
            epochs=20,
            verbose=0,
            validation_data=(rows[part], labels[part]),
            callbacks=[stop],
        )
        return model.predict(encode(new, known, LENGTH, cut=True), verbose=0)[:, 0]


def runs(tokens: list[str], longest: int) -> list[tuple[str, ...]]:
    """List all runs of up to so many words in a row."""
    return [
        tuple(tokens[start : start + size])
        for size in range(1, longest + 1)
        for start in range(len(tokens) - size + 1)
    ]


def denies(text: str) -> bool:
    """Whether a sentence holds a word that denies, such as never or didn't."""
    return any(word in DENIALS or word.endswith(("n't", "n’t")) for word in words(text))


def _accuracy(probabilities: NDArray, labels: pd.Series) -> float:
    return float(((probabilities > 0.5) == labels.to_numpy()).mean())


PADDING = Study(
    "padding",
    "Lesson 11's reader with its padding behind, masked or not, and in front, five seeds each.",
    lambda: [Padding(name, seed) for seed, name in product(range(SEEDS), PADDINGS)],
)
SENTIMENT = Study(
    "sentiment",
    "A bag of words, n-grams and a GRU on real sentences, five seeds and folds each.",
    lambda: [Sentiment(*one) for one in product(["GRU", *NGRAMS], range(SEEDS), range(FOLDS))],
)
