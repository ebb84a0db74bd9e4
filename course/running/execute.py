"""Run one notebook in a fresh kernel of this Python, and measure it."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode

KERNEL = Path(__file__).with_name("kernel.py")
SAMPLE_SECONDS = 0.5  # finding the kernel's children takes some milliseconds
KILL_SECONDS = 10  # how long a stopped run kills what its kernel still starts
MIB = 2**20


class ThisPython(AsyncKernelManager):
    """Starts kernels of the running Python, whatever the user has registered as `python3`."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """A spec that is made here, not looked up."""
        spec = get_kernel_dict()
        launcher = spec["argv"].index("-m")
        spec["argv"][launcher : launcher + 2] = [str(KERNEL)]
        return KernelSpec(**spec)


@dataclass(frozen=True)
class Failure:
    """Where and why a notebook stopped; in cell 0, what failed instead, or its kernel's start."""

    cell: int
    line: str
    error: str

    def __str__(self) -> str:
        where = (
            f"code cell {self.cell} `{self.line}`"
            if self.cell
            else self.line or "before the first cell"
        )
        return f"{where}: {self.error}"


@dataclass
class Execution:
    """The result of running a notebook; its cells hold the outputs of this run only."""

    notebook: NotebookNode
    seconds: float = 0.0
    peak_mib: int = 0
    cell_seconds: list[float] = field(default_factory=list)
    failure: Failure | None = None

    @property
    def slowest(self) -> tuple[int, float]:
        """Number and seconds of the slowest code cell, (0, 0.0) if none ran."""
        return max(enumerate(self.cell_seconds, 1), key=lambda pair: pair[1], default=(0, 0.0))

    @property
    def stderr(self) -> list[tuple[int, str]]:
        """Code cells that wrote to stderr, each with the last line it wrote."""
        return [
            (number, output.text.strip().rpartition("\n")[2])
            for number, cell in enumerate(code_cells(self.notebook), 1)
            for output in cell.outputs
            if output.output_type == "stream" and output.name == "stderr"
        ]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that run; their places in this list, from 1, are the numbers we report."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def execute(
    notebook: NotebookNode,
    folder: Path,
    *,
    timeout: int,
    env: Mapping[str, str] | None = None,
    on_cell: Callable[[int], None] = lambda number: None,
    stop: threading.Event | None = None,
) -> Execution:
    """Run a notebook's cells in order, in a kernel that ends before this returns.

    Args:
        notebook: run in place; outputs it holds from earlier runs are dropped.
        folder: the kernel's working folder.
        timeout: seconds a cell may take.
        env: environment variables for the kernel, besides those of this process.
        on_cell: called with the number of each code cell as it starts, from another thread.
        stop: once it is set, the kernel is killed, as on Ctrl-C, which only the first thread hears.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    result = Execution(notebook)
    stopwatch = _Stopwatch(result, on_cell)
    client = NotebookClient(
        notebook,
        kernel_manager_class=ThisPython,
        kernel_name="python3",
        timeout=timeout,
        record_timing=False,
        store_widget_state=False,
        shutdown_kernel="immediate",
        extra_arguments=["--log-level=ERROR"],
        on_cell_execute=stopwatch.start,
        on_cell_executed=stopwatch.stop,
    )
    variables = {**os.environ, **(env or {})}
    variables.pop("JPY_SESSION_NAME", None)  # started from a notebook: nobody moves sliders here
    problem = _run(client, result, stop, cwd=str(folder), env=variables)
    for cell in code_cells(notebook):
        cell.outputs = _merged(cell.outputs)
    if problem:
        stopwatch.stop()
        result.failure = _failure(problem, result)
    return result


class _Stopwatch:
    """Writes the seconds of each code cell into a result, and says which cell has started."""

    def __init__(self, result: Execution, on_cell: Callable[[int], None]) -> None:
        self.cell_seconds, self.on_cell = result.cell_seconds, on_cell
        self.started: float | None = None

    def start(self, **_: object) -> None:
        self.cell_seconds.append(0.0)
        self.on_cell(len(self.cell_seconds))
        self.started = time.perf_counter()

    def stop(self, **_: object) -> None:
        """Stop the clock of the cell that runs, if one does."""
        if self.started is not None:
            self.cell_seconds[-1] = time.perf_counter() - self.started
            self.started = None


def _run(
    client: NotebookClient, result: Execution, stop: threading.Event | None, **settings: object
) -> Exception | None:
    """Run a client's notebook, measure time and memory, and return what stopped it."""
    problems: list[Exception] = []

    def work() -> None:
        try:
            # pyzmq reads its sockets through a selector, which Windows' default loop lacks.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(client.async_execute(**settings))
        except Exception as error:
            problems.append(error)

    # In a thread of its own nbclient leaves signals alone, so Ctrl-C reaches the caller here.
    worker = threading.Thread(target=work, daemon=True)
    begin = time.perf_counter()
    worker.start()
    try:
        while worker.is_alive():
            worker.join(SAMPLE_SECONDS)
            if stop and stop.is_set():
                raise KeyboardInterrupt
            result.peak_mib = max(result.peak_mib, _memory_mib(client))
    except BaseException:
        _kill(client, worker)
        raise
    result.seconds = time.perf_counter() - begin
    return problems[0] if problems else None


def _kill(client: NotebookClient, worker: threading.Thread) -> None:
    """Kill a client's kernel until its worker has noticed."""
    deadline = time.monotonic() + KILL_SECONDS
    while worker.is_alive() and time.monotonic() < deadline:
        for process in _processes(client):
            with suppress(psutil.Error):  # it has just ended
                process.kill()
        worker.join(SAMPLE_SECONDS)


def _merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """One output for each stream, its lines as a terminal shows them in the end.

    nbclient's own `coalesce_streams` takes minutes for a line of some 100,000 characters.
    """
    merged: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type == "stream" and output.name in streams:
            streams[output.name].text += output.text
            continue
        if output.output_type == "stream":
            streams[output.name] = output
        merged.append(output)
    for stream in streams.values():
        lines = stream.text.split("\n")
        stream.text = "\n".join(line[:-1].rpartition("\r")[2] + line[-1:] for line in lines)
    return merged


def _failure(problem: Exception, result: Execution) -> Failure:
    number = len(result.cell_seconds)
    first_line = ""
    if number:
        first_line = code_cells(result.notebook)[number - 1].source.strip().partition("\n")[0]
    match problem:
        case CellExecutionError():
            error = f"{problem.ename}: {problem.evalue}"
        case CellTimeoutError():
            seconds = result.cell_seconds[-1]
            error = f"took longer than {seconds:.0f} s and was stopped (see --timeout)"
        case DeadKernelError():
            error = "the kernel died: out of memory, or the cell ended its process"
        case _:
            error = f"the kernel did not answer: {type(problem).__name__}: {problem}"
    return Failure(number, first_line, strip_ansi(error).strip().partition("\n")[0])


def _processes(client: NotebookClient) -> list[psutil.Process]:
    """The kernel's process and its children that are alive."""
    pid = getattr(getattr(client.km, "provisioner", None), "pid", None)
    try:
        kernel = psutil.Process(pid) if pid else None
        return [*kernel.children(recursive=True), kernel] if kernel else []
    except psutil.Error:
        return []


def _memory_mib(client: NotebookClient) -> int:
    total = 0
    for process in _processes(client):
        with suppress(psutil.Error):  # it has just ended
            total += process.memory_info().rss
    return round(total / MIB)
