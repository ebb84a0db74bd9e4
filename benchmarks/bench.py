"""Measure the course against what one would do otherwise: ratios, side by side, in one run.

Each way to do a thing is a process of its own, and all ways of a question take turns, so that
whatever else the machine does meets all of them. `make bench` asks every question, in about half
an hour; `make bench ARGS="free-run paths"` some. Answers replace earlier ones in results.csv, as
long as that is of the same machine with the same versions.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any

from course_utils.files import write_whole
from course_utils.machine import cores

import pandas as pd
import psutil
import typer
from contenders import QUESTIONS, ROOT, Question

RESULTS = Path(__file__).with_name("results.csv")
CONTENDERS = Path(__file__).with_name("contenders.py")
NOT_MEASURED = "not measured"
PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "pandas", "torch", "distributed")


@dataclass
class Contender:
    """A way to do a thing, in a process that waits for its turns."""

    question: str
    way: str
    gpu: bool

    def __post_init__(self) -> None:
        """Start the process, which prepares."""
        self.said = TemporaryFile("w+")  # noqa: SIM115 (open as long as the process is)
        hidden = {} if self.gpu else {"CUDA_VISIBLE_DEVICES": ""}
        self.process = subprocess.Popen(
            [sys.executable, str(CONTENDERS), self.question, self.way],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            text=True,
            cwd=ROOT,
            env={**os.environ, **hidden},
        )
        self.rounds: list[dict[str, Any]] = []
        self.failure: str | None = None
        self.first: float | None = None

    def take_turn(self) -> None:
        """Do the thing once; a way that fails, as without PyTorch, takes no more turns."""
        if self.failure:
            return
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and the line that does not come says so
        if answer := self.line():
            self.rounds.append(json.loads(answer))

    def line(self) -> str:
        """Wait for its next line; none is a failure."""
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
    """Have all ways take turns; the first round is left out where it only warms up."""
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
    if question.warm_up:
        for contender in contenders:
            contender.first = contender.rounds[0]["seconds"] if contender.rounds else None
            del contender.rounds[:1]
    return contenders


def rows(name: str, question: Question, has_gpu: bool) -> list[dict[str, Any]]:
    """One row a way: medians, and ratios to the first way that was measured."""
    on_cpu = ask(name, question)
    on_gpu = ask(name, question, gpu=True) if question.on_gpu and has_gpu else None
    found = []
    for number, contender in enumerate(on_cpu):
        row = {"question": name, "text": question.text, "way": contender.way} | measured(
            contender, on_cpu[0]
        )
        there = measured(on_gpu[number], on_gpu[0]) if on_gpu else {}
        found.append(row | {"GPU ratio": there.get("ratio", NOT_MEASURED)})
    return found


def measured(contender: Contender, usual: Contender) -> dict[str, Any]:
    """What a way took, and that as a ratio to the usual one, round by round."""
    names = ("ratio", "seconds", "CPU seconds", "first", "MiB")
    if contender.failure or usual.failure:
        return dict.fromkeys(names, NOT_MEASURED) | {"note": contender.failure or ""}
    turns = contender.rounds
    ratios = [
        one["seconds"] / other["seconds"] for one, other in zip(turns, usual.rounds, strict=True)
    ]
    found = {key: [turn[key] for turn in turns] for key in ("seconds", "cpu", "mib")}
    known = {key: values for key, values in found.items() if None not in values}
    return {
        "ratio": f"{statistics.median(ratios):.4g}",
        "seconds": f"{statistics.median(found['seconds']):.4g}",
        "CPU seconds": f"{statistics.median(known['cpu']):.4g}" if "cpu" in known else "",
        "first": f"{contender.first:.4g}" if contender.first else "",
        "MiB": max(known["mib"]) if "mib" in known else "",
        "note": turns[-1]["note"] or "",
    }


def header() -> tuple[list[str], bool]:
    """The lines that say what was measured on, and whether there is a GPU."""
    program = (
        "import course_utils, tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
    )
    gpus = int(subprocess.check_output([sys.executable, "-c", program], text=True))
    memory = psutil.virtual_memory().total / 2**30
    packages = {}
    for package in PACKAGES:
        try:
            packages[package] = version(package)
        except PackageNotFoundError:
            continue
    return [
        "made by: make bench",
        f"machine: {cores()} cores, {memory:.0f} GiB, {gpus or 'no'} GPU, {platform.machine()}",
        f"versions: python {platform.python_version()}, "
        + ", ".join(f"{name} {number}" for name, number in packages.items()),
        "ratio: the way's seconds to those of the question's first way, median of the rounds",
        "first: seconds of the first round, compilation included; MiB: the most memory above start",
    ], gpus > 0


def save(lines: list[str], answers: pd.DataFrame) -> None:
    """Write the table; earlier answers to other questions stay, if they are of this machine."""
    text = "".join(f"# {line}\n" for line in lines)
    if RESULTS.exists() and RESULTS.read_text(encoding="utf-8").startswith(text):
        earlier = pd.read_csv(RESULTS, comment="#", keep_default_na=False, dtype=str)
        earlier = earlier[~earlier["question"].isin(answers["question"])]
        answers = pd.concat([earlier, answers])
        order = {name: number for number, name in enumerate(QUESTIONS)}
        answers = answers.sort_values("question", key=lambda names: names.map(order), kind="stable")
    write_whole(RESULTS, text + answers.to_csv(index=False, lineterminator="\n"))


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
