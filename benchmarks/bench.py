"""Compare the course with the usual alternatives: ratios, side by side, in one run.

Each way to do a thing is a process of its own, and all ways of a question take turns, so that
whatever else the machine does affects all of them. `make bench` asks every question, in about half
an hour; `make bench ARGS="free-run paths"` only some. Answers replace earlier ones in results.csv
if those come from the same machine with the same versions; otherwise the file starts again.
"""

import json
import os
import platform
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from math import isnan, nan
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any

from course.lessons.readme import with_table
from course_utils.files import ROOT, read_noted, write_noted, write_whole
from course_utils.machine import cores

import pandas as pd
import psutil
import typer
from contenders import QUESTIONS, Question

RESULTS = Path(__file__).with_name("results.csv")
CONTENDERS = Path(__file__).with_name("contenders.py")
README, MARKS = ROOT / "README.md", ("<!-- ratios -->", "<!-- /ratios -->")
RATIOS = {
    ("error", "GRU on returns and range"): "From prices to the forecasts of a year, training "
    "included, a GRU on returns is **{} times** as fast as the classic LSTM with four layers, "
    "although that one trains with the faster `FusedLSTM`.",
    ("free-run", "free_run"): "A year's forecast that feeds on itself is **{} times** as fast in "
    "one compiled loop (`free_run`) as with a call of `predict` for each day.",
    ("epoch-LSTM", "course, FusedLSTM"): "An epoch of the classic LSTM is **{} times** as fast "
    "with `FusedLSTM` as with Keras' own layer on a CPU.",
}
"""what README says of an answer, with how many times as fast it is as the question's first way"""
NOT_MEASURED = "not measured"
PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "pandas", "torch", "distributed")
GPUS = "import course_utils, tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"


class Contender:
    """A way to do a thing, in a process that prepares and then waits for its turns."""

    def __init__(self, question: str, way: str, gpu: bool) -> None:
        self.way = way
        self.turns: list[dict[str, Any]] = []
        self.first = nan
        self.failure: str | None = None
        self.said = TemporaryFile("w+")  # noqa: SIM115 (open as long as the process is)
        hidden = {} if gpu else {"CUDA_VISIBLE_DEVICES": ""}
        self.process = subprocess.Popen(
            [sys.executable, str(CONTENDERS), question, way],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            text=True,
            cwd=ROOT,
            env={**os.environ, **hidden},
        )

    def take_turn(self) -> None:
        """Do the thing once; a way that has failed, for example without PyTorch, takes no turn."""
        if self.failure:
            return
        with suppress(BrokenPipeError):  # it has ended, and the missing line will say so
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        if answer := self.line():
            self.turns.append(json.loads(answer))

    def line(self) -> str:
        """Wait for its next line; if there is none, it has failed."""
        answer = self.process.stdout.readline()
        if not answer:
            code = self.process.wait()
            self.said.seek(0)
            lines = self.said.read().strip().splitlines()
            self.failure = lines[-1] if lines else f"exit code {code}"
        return answer

    def close(self) -> None:
        """End the process."""
        self.process.communicate()
        self.said.close()


def ask(name: str, question: Question, gpu: bool = False) -> list[Contender]:
    """Let all ways take turns; the first round is set apart where it only warms up."""
    contenders = [Contender(name, way, gpu) for way in question.ways]
    try:
        for contender in contenders:
            contender.line()  # all are ready before the first turn
        for _ in range(question.rounds + question.warm_up):
            for contender in contenders:
                contender.take_turn()
    finally:
        for contender in contenders:
            contender.close()
    for contender in contenders:
        if question.warm_up and contender.turns:
            contender.first = contender.turns.pop(0)["seconds"]
    return contenders


def rows(name: str, question: Question, has_gpu: bool) -> list[dict[str, Any]]:
    """One row per way: medians, and ratios to the question's first way."""
    on_cpu = ask(name, question)
    on_gpu = ask(name, question, gpu=True) if question.on_gpu and has_gpu else None
    found = []
    for number, contender in enumerate(on_cpu):
        row = {"question": name, "text": question.text, "way": contender.way}
        row |= measured(contender, on_cpu[0])
        there = measured(on_gpu[number], on_gpu[0]) if on_gpu else {}
        found.append(row | {"GPU ratio": there.get("ratio", NOT_MEASURED)})
    return found


def measured(contender: Contender, usual: Contender) -> dict[str, Any]:
    """What a way took, and its ratio to the usual way, round by round."""
    if contender.failure or usual.failure:
        names = ("ratio", "seconds", "CPU seconds", "first", "MiB")
        return dict.fromkeys(names, NOT_MEASURED) | {"note": contender.failure or ""}
    turns, base = (pd.DataFrame(each.turns) for each in (contender, usual))
    cpu, mib = (turns[name].astype(float) for name in ("cpu", "mib"))
    return {
        "ratio": _text((turns["seconds"] / base["seconds"]).median()),
        "seconds": _text(turns["seconds"].median()),
        "CPU seconds": _text(cpu.median(skipna=False)),
        "first": _text(contender.first),
        "MiB": _text(mib.max(skipna=False), ".0f"),
        "note": turns["note"].iloc[-1],
    }


def _text(number: float, form: str = ".4g") -> str:
    """A number for the table; an unknown one is left out."""
    return "" if isnan(number) else f"{number:{form}}"


def header() -> tuple[list[str], bool]:
    """The lines that say what was measured on, and whether there is a GPU."""
    gpus = int(subprocess.check_output([sys.executable, "-c", GPUS], text=True))
    memory = psutil.virtual_memory().total / 2**30
    versions = [f"python {platform.python_version()}"]
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            versions.append(f"{package} {version(package)}")
    return [
        "made by: make bench",
        f"machine: {cores()} cores, {memory:.0f} GiB, {gpus or 'no'} GPU, {platform.machine()}",
        f"versions: {', '.join(versions)}",
        "ratio: the way's seconds to those of the question's first way, median of the rounds",
        "first: seconds of the first round, compilation included; MiB: the most memory above start",
    ], gpus > 0


def ratios(answers: pd.DataFrame) -> list[str]:
    """README's lines on the ratios that matter to a learner, as far as they are measured."""
    ratio = pd.to_numeric(answers.set_index(["question", "way"])["ratio"], errors="coerce").dropna()
    return [
        f"- {sentence.format(_two_digits(1 / ratio[at]))}"
        for at, sentence in RATIOS.items()
        if at in ratio.index
    ]


def _two_digits(number: float) -> str:
    """A number to two digits, such as 1.4 or 260."""
    return f"{float(f'{number:.2g}'):g}"


def save(lines: list[str], answers: pd.DataFrame) -> None:
    """Write the table; earlier answers to other questions stay if they are from this machine."""
    if RESULTS.exists():
        notes, earlier = read_noted(RESULTS, keep_default_na=False, dtype=str)
        if notes == lines:
            others = earlier[~earlier["question"].isin(answers["question"])]
            answers = pd.concat([others, answers])
    places = {name: place for place, name in enumerate(QUESTIONS)}
    in_order = answers.sort_values("question", key=lambda names: names.map(places), kind="stable")
    write_noted(RESULTS, lines, in_order)
    found = ratios(in_order)
    if len(found) == len(RATIOS):  # a machine that measured a part keeps README's
        readme = README.read_text(encoding="utf-8")
        write_whole(README, with_table(readme, "\n".join(found), *MARKS))


def main(
    questions: Annotated[list[str] | None, typer.Argument(help=", ".join(QUESTIONS))] = None,
) -> None:
    """Measure, print, and save after each question."""
    unknown = set(questions or ()) - set(QUESTIONS)
    if unknown:
        raise typer.BadParameter(f"{min(unknown)}: choose from {', '.join(QUESTIONS)}")
    lines, has_gpu = header()
    typer.echo("\n".join(lines))
    for name in questions or QUESTIONS:
        typer.echo(f"\n{QUESTIONS[name].text}")
        answers = pd.DataFrame(rows(name, QUESTIONS[name], has_gpu))
        typer.echo(answers.drop(columns=["question", "text"]).to_string(index=False))
        save(lines, answers)


if __name__ == "__main__":
    typer.run(main)
