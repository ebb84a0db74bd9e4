"""The study `multi30k`: lesson 08's recipe on real captions."""

from dataclasses import dataclass, replace
from itertools import compress, product
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from course.studies.study import Study
from course.studies.workers import result_name, versions_here
from course_utils.data.sentences import load_sentence_pairs
from course_utils.files import WORK, DataError
from course_utils.text import (
    EOS,
    PAD,
    UNK,
    bleu,
    decode,
    encode,
    look_up,
    vocabulary,
    word_dictionary,
    words,
)

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:  # loads TensorFlow
    import keras

NETWORKS = ("encoder-decoder", "with attention")
LENGTH, BATCH, BEAM = 20, 128, 4
LONG = 13
"""a source sentence with this many words and marks, or more, counts as long"""
BACKUPS = WORK / "build" / "studies"


@dataclass(frozen=True)
class Multi30k:
    """Embedding 128, two LSTMs of 256 units, SimpleRNN(128), trained on English-German captions."""

    network: str
    """one of `NETWORKS`"""
    pairs: int
    """training pairs, from the beginning of the file"""
    words: int
    """size of both vocabularies: the most frequent words of those pairs"""
    epochs: int
    seed: int
    version: ClassVar[int] = 1  # raise it with `course_utils.text`: see `Fit`

    @property
    def backup(self) -> Path:
        """Where the weights after the last whole epoch and the losses so far are kept.

        It depends on all that the result depends on except the number of epochs, so that more can
        be added to a finished run.
        """
        return BACKUPS / Path(result_name(replace(self, epochs=0), None, versions_here())).stem

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train, resuming after the last whole epoch, and measure BLEU next to a dictionary's."""
        from course_utils.text.translation import beam_search, greedy

        train, valid, test = self._parts()
        english = vocabulary(train["english"], self.words)
        german = vocabulary(train["german"], self.words)
        train_ids, valid_ids, test_ids = (
            (
                encode(list(part["english"]), english, LENGTH, cut=True),
                encode(list(part["german"]), german, LENGTH, cut=True),
            )
            for part in (train, valid, test)
        )
        model = self._network(len(english), len(german))
        by_epoch, seconds = self._train(model, train_ids, valid_ids)

        sources, truth = list(test["english"]), list(test["german"])
        dictionary = word_dictionary(list(train["english"]), list(train["german"]))
        written = decode(greedy(model, test_ids[0], LENGTH), german)
        translations = {
            "dictionary": look_up(sources, dictionary),
            "greedy": written,
            "beam": decode(beam_search(model, test_ids[0], BEAM, LENGTH)[0][:, 0], german),
        }
        long = (test_ids[0] != PAD).sum(axis=1) > LONG  # <eos> is one of them
        result = _bleus(truth, translations, long) | {
            "unknown in test": float((test_ids[1] == UNK).sum() / (test_ids[1] > EOS).sum()),
            "seconds an epoch": seconds,
            "cut in test": float(np.mean([len(words(text)) >= LENGTH for text in sources])),
            "unknown written": float(np.mean(["<unk>" in text for text in written])),
        }
        for epoch, row in by_epoch.iterrows():
            result[f"loss {epoch + 1}"] = float(row["loss"])
            result[f"valid {epoch + 1}"] = float(row["val_loss"])
        return result

    def _parts(self) -> list[pd.DataFrame]:
        """Load the captions: pairs for training, validation and test."""
        table = load_sentence_pairs("multi30k")
        if table.attrs["source"] != "full":
            raise DataError(
                "The study multi30k needs the full data: get it with `course data get multi30k`."
            )
        parts = dict(tuple(table.groupby("part")))
        return [parts["train"].head(self.pairs), parts["valid"], parts["test"]]

    def _network(self, english: int, german: int) -> "keras.Model":
        """Build and compile the network for vocabularies of these sizes."""
        from course_utils.text.translation import encoder_decoder, masked_loss

        import keras

        # The table was made with Keras' narrower first numbers for the words of the source, and
        # making it again takes hours; all other first weights are those of the same seed.
        keras.utils.set_random_seed(self.seed)
        narrow = keras.initializers.RandomUniform()
        keras.utils.set_random_seed(self.seed)
        attention = self.network == "with attention"
        model = encoder_decoder(english, german, attention=attention)
        embeddings = model.get_layer("source_embedding").embeddings
        embeddings.assign(narrow(embeddings.shape))
        model.compile(keras.optimizers.Adam(2e-3, clipnorm=1.0), masked_loss)
        return model

    def _train(
        self, model: "keras.Model", train: tuple[NDArray, ...], valid: tuple[NDArray, ...]
    ) -> tuple[pd.DataFrame, float]:
        """Train, with a backup after each epoch.

        Returns:
            the losses of all epochs, and the mean seconds of those that were run now: a stopped
            run has resumed after its last whole epoch.
        """
        from course_utils.text.translation import fit_pairs

        import keras

        self.backup.mkdir(parents=True, exist_ok=True)
        losses, starts = self.backup / "losses.csv", []
        callbacks = [
            keras.callbacks.BackupAndRestore(self.backup / "weights", delete_checkpoint=False),
            keras.callbacks.CSVLogger(losses, append=True),
            keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: starts.append(perf_counter()),
                on_train_end=lambda logs: starts.append(perf_counter()),
            ),
        ]
        fit_pairs(
            model,
            *train,
            epochs=self.epochs,
            batch_size=BATCH,
            validation=valid,
            callbacks=callbacks,
            quiet=True,
        )
        by_epoch = pd.read_csv(losses).drop_duplicates("epoch", keep="last").set_index("epoch")
        took = np.diff(starts)
        return by_epoch, round(float(took.mean()), 1) if len(took) else np.nan


def _bleus(truth: list[str], translations: dict[str, list[str]], long: NDArray) -> dict[str, float]:
    """BLEU of all sentences, and of short and long ones for the dictionary and greedy search."""
    found = {f"{name} bleu": bleu(truth, made) for name, made in translations.items()}
    groups = {"short": ~long, "long": long}
    for name, (length, chosen) in product(("dictionary", "greedy"), groups.items()):
        made = list(compress(translations[name], chosen))
        found[f"{name} bleu, {length}"] = bleu(list(compress(truth, chosen)), made)
    return found


MULTI30K = Study(
    "multi30k",
    "Both networks on all pairs, one seed each.",
    lambda: [Multi30k(name, 29_000, 4_000, 15, 0) for name in NETWORKS],
)
