"""The studies `multi30k` and `composition`: lesson 08's recipe on real captions, and its seeds."""

from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from course_utils.data.sentences import load_sentence_pairs
from course_utils.files import ROOT, DataError

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LENGTH, BATCH, BEAM = 20, 128, 4
LONG = 13
"""words and marks from which on a source sentence counts as long"""
LENGTHS = (6, 8, 10, 12, 14, 16, 18)
"""groups of pairs in the study `composition`: so many words and marks, or one less, in the longer
of the two languages"""
SHORT = 10
"""the most words and marks of a training pair in the study `composition`"""
EPOCHS = {"encoder-decoder": 5, "read backwards": 5, "with attention": 2}
"""networks of the study `composition`, and passes over the pairs, as in the lesson"""
RATE = 8e-3
"""learning rate at the start of the study `composition`; it falls to 0 along half a cosine"""
BACKUPS = ROOT / "build" / "studies"


@dataclass(frozen=True)
class Multi30k:
    """Embedding 128, two LSTMs of 256 units, SimpleRNN(128), trained on English-German captions."""

    network: str
    """`encoder-decoder`, or `with attention`"""
    pairs: int
    """training pairs, from the beginning of the file"""
    words: int
    """size of both vocabularies: the most frequent words of those pairs"""
    epochs: int
    seed: int

    @property
    def label(self) -> str:
        """What the file of its result is called."""
        return "multi30k"

    @property
    def details(self) -> tuple[int | str, ...]:
        """What else its result depends on: settings, and the code of vocabulary and search."""
        folder = ROOT / "course_utils" / "text"
        code = [folder / "vocabulary.py", folder / "translation.py"]
        return LENGTH, BATCH, BEAM, LONG, *(path.read_text(encoding="utf-8") for path in code)

    @property
    def backup(self) -> Path:
        """Where the weights after the last whole epoch and the losses so far are kept.

        It depends on all that the result depends on, but for the number of epochs, so that more
        can be added to a finished run.
        """
        from course.studies.workers import result_name, versions_here

        return BACKUPS / Path(result_name(replace(self, epochs=0), None, versions_here())).stem

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train, going on after the last whole epoch, and measure BLEU beside a word dictionary."""
        from course_utils.text import (
            EOS,
            UNK,
            bleu,
            decode,
            encode,
            look_up,
            vocabulary,
            word_dictionary,
            words,
        )
        from course_utils.text.translation import (
            beam_search,
            encoder_decoder,
            fit_pairs,
            greedy,
            masked_loss,
        )

        import keras

        table = load_sentence_pairs("multi30k")
        if table.attrs["source"] != "full":
            raise DataError(
                "The study multi30k needs the full data: get it with `course data get multi30k`."
            )
        parts = dict(tuple(table.groupby("part")))
        train, valid, test = parts["train"].head(self.pairs), parts["valid"], parts["test"]
        english = vocabulary(train["english"], self.words)
        german = vocabulary(train["german"], self.words)
        ids = [
            (
                encode(list(part["english"]), english, LENGTH, cut=True),
                encode(list(part["german"]), german, LENGTH, cut=True),
            )
            for part in (train, valid, test)
        ]

        keras.utils.set_random_seed(self.seed)
        attention = self.network == "with attention"
        model = encoder_decoder(len(english), len(german), attention=attention)
        model.compile(keras.optimizers.Adam(2e-3, clipnorm=1.0), masked_loss)
        self.backup.mkdir(parents=True, exist_ok=True)
        losses, starts = self.backup / "losses.csv", []
        kept = [
            keras.callbacks.BackupAndRestore(self.backup / "weights", delete_checkpoint=False),
            keras.callbacks.CSVLogger(losses, append=True),
            keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: starts.append(perf_counter()),
                on_train_end=lambda logs: starts.append(perf_counter()),
            ),
        ]
        fit_pairs(
            model,
            *ids[0],
            epochs=self.epochs,
            batch_size=BATCH,
            validation=ids[1],
            callbacks=kept,
            quiet=True,
        )
        by_epoch = pd.read_csv(losses).drop_duplicates("epoch", keep="last").set_index("epoch")

        sources, truth = list(test["english"]), list(test["german"])
        dictionary = word_dictionary(list(train["english"]), list(train["german"]))
        found = {
            "dictionary": look_up(sources, dictionary),
            "greedy": decode(greedy(model, ids[2][0], LENGTH), german),
            "beam": decode(beam_search(model, ids[2][0], BEAM, LENGTH)[0][:, 0], german),
        }
        long = (ids[2][0] != 0).sum(axis=1) > LONG  # <eos> is one of them
        result = {f"{name} bleu": bleu(truth, made) for name, made in found.items()}
        for name in ("dictionary", "greedy"):
            for length, chosen in {"short": ~long, "long": long}.items():
                result[f"{name} bleu, {length}"] = bleu(*_where(chosen, truth, found[name]))
        result["unknown in test"] = float((ids[2][1] == UNK).sum() / (ids[2][1] > EOS).sum())
        # Of those run now: a training that was stopped went on after its last whole epoch.
        took = np.diff(starts)
        result["seconds an epoch"] = round(float(took.mean()), 1) if len(took) else np.nan
        result["cut in test"] = float(np.mean([len(words(text)) >= LENGTH for text in sources]))
        result["unknown written"] = float(np.mean(["<unk>" in text for text in found["greedy"]]))
        for epoch, row in by_epoch.iterrows():
            result[f"loss {epoch + 1}"] = float(row["loss"])
            result[f"valid {epoch + 1}"] = float(row["val_loss"])
        return result


@dataclass(frozen=True)
class Composition:
    """The lesson's network, its LSTMs half the classic size, trained on short sentences."""

    network: str
    """a key of `EPOCHS`; `read backwards` is fed the words of the source sentence from the last"""
    seed: int

    @property
    def label(self) -> str:
        """What the file of its result is called."""
        return "composition"

    @property
    def details(self) -> tuple[int | str, ...]:
        """What else its result depends on: settings, and the code of grammar and search."""
        folder = ROOT / "course_utils" / "text"
        code = [folder / f"{name}.py" for name in ("grammar", "vocabulary", "translation")]
        texts = (path.read_text(encoding="utf-8") for path in code)
        return LENGTH, SHORT, RATE, EPOCHS[self.network], *texts

    def measure(self, prices: pd.DataFrame | None) -> dict[str, Any]:
        """Train, and measure on new sentences, on held-out combinations, and by length."""
        from course_utils.text import bleu, decode, encode, vocabulary, words
        from course_utils.text.grammar import sentence_pairs
        from course_utils.text.translation import encoder_decoder, fit_pairs, greedy, masked_loss

        import keras

        table = sentence_pairs()
        if self.network == "read backwards":
            table = table.assign(english=[" ".join(words(text)[::-1]) for text in table["english"]])
        most = np.maximum(*(table[side].map(words).map(len) for side in ("english", "german")))
        parts = dict(tuple(table.assign(most=most).groupby("part")))
        train = parts["train"][parts["train"]["most"] <= SHORT]
        english, german = vocabulary(train["english"]), vocabulary(train["german"])
        sources = encode(list(train["english"]), english, SHORT + 2)
        targets = encode(list(train["german"]), german, SHORT + 2)

        keras.utils.set_random_seed(self.seed)
        model = encoder_decoder(
            len(english),
            len(german),
            units=128,
            attention=self.network == "with attention",
        )
        epochs, batch = EPOCHS[self.network], 64
        rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * -(-len(sources) // batch))
        model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), masked_loss)
        fit_pairs(model, sources, targets, epochs=epochs, batch_size=batch, quiet=True)

        found: dict[str, Any] = {}
        for part in ("valid", "test"):
            rows = parts[part]
            ids = encode(list(rows["english"]), english, LENGTH)
            made = decode(greedy(model, ids, LENGTH), german)
            rows = rows.assign(made=made, right=rows["german"].str.lower() == made)
            short = rows[rows["most"] <= SHORT]
            found[f"{part} bleu"] = bleu(list(short["german"]), list(short["made"]))
            found[f"{part} whole"] = float(short["right"].mean())
            if part == "test":
                for most in LENGTHS:
                    group = rows[(rows["most"] <= most) & (rows["most"] > most - 2)]
                    found[f"whole {most}"] = float(group["right"].mean())
        return found


def _where(chosen: NDArray, *lists: list[str]) -> list[list[str]]:
    """The items of each list at the chosen places."""
    return [[item for item, wanted in zip(each, chosen, strict=True) if wanted] for each in lists]


def plan() -> list[Multi30k]:
    """Both networks on all pairs, one seed each."""
    return [Multi30k(name, 29_000, 4_000, 15, 0) for name in ("encoder-decoder", "with attention")]


def composition() -> list[Composition]:
    """The networks of `EPOCHS`, three seeds each."""
    return [Composition(name, seed) for seed in range(3) for name in EPOCHS]
