"""Where the fits of a study are measured: processes of this machine, or a Dask cluster."""

import hashlib
import json
import multiprocessing
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, is_dataclass
from importlib.metadata import version
from inspect import getfile
from pathlib import Path
from typing import Any

from course.studies.fits import Fit
from course_utils.files import ROOT

import pandas as pd

SECONDS_TO_CONNECT = 20
CODE = (
    *("windows.py", "features.py", "models.py", "training.py", "generation.py", "stepping.py"),
    "recipes.py",
    "evaluation/*.py",
)
"""what every result depends on, besides the file of its own study"""


class StudyError(RuntimeError):
    """The workers of a study cannot go on, for a reason that the user can mend."""


@dataclass(frozen=True)
class Task:
    """A fit and all that a worker needs for it."""

    fit: Fit
    prices: pd.DataFrame | None
    data: str | None
    """the checksum of the prices' file"""
    result: str
    """the name of the fit's result, which this worker must come to, too"""


def versions_here() -> dict[str, str]:
    """The versions that a result depends on."""
    import tensorflow

    packages = {name: version(name) for name in ("keras", "numpy", "scikit-learn")}
    return {"python": platform.python_version(), "tensorflow": tensorflow.__version__} | packages


def result_name(fit: Fit, data: str | None, versions: dict[str, str]) -> str:
    """Name a fit's result after all that it depends on, the code included."""
    package = ROOT / "course_utils"
    files = [path for pattern in CODE for path in sorted(package.glob(pattern))]
    files += [Path(getfile(kind)) for kind in type(fit).__mro__[:-1]]
    code = [path.read_text(encoding="utf-8") for path in files]
    details = asdict(fit.details) if is_dataclass(fit.details) else fit.details
    depends_on = json.dumps([asdict(fit), details, versions, code, data], sort_keys=True)
    digest = hashlib.sha256(depends_on.encode()).hexdigest()
    return f"{fit.label}-{digest[:16]}.json"


def _measure(task: Task) -> dict[str, Any]:
    """Train once, in whatever process and on whatever machine, and return the result."""
    # Fits run side by side, one a core: more threads in each would only get in the way.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ["COURSE_WARM"] = "off"  # a study trains, and says how long that took
    if result_name(task.fit, task.data, versions_here()) != task.result:
        raise StudyError(
            f"The worker on {platform.node()} has another version of the course, of Python or of "
            "a package, so its numbers would differ: install the same there, and start it anew."
        )
    start = time.perf_counter()
    found = task.fit.measure(task.prices)
    seconds = round(time.perf_counter() - start, 1)
    found["series"] = {
        name: {f"{day:%Y-%m-%d}": round(usd, 3) for day, usd in series.items()}
        for name, series in found.get("series", {}).items()
    }
    return {**asdict(task.fit), **found, "seconds": seconds}


def measured(
    tasks: list[Task], jobs: int, scheduler: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Have tasks measured, on this machine or by a cluster; yields each result with its name."""
    if not tasks:
        return
    if scheduler is not None:
        yield from _by_cluster(tasks, scheduler)
        return
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    work = (delayed(_with_name)(task) for task in tasks)
    try:
        yield from Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)(work)
    except TerminatedWorkerError as error:
        raise StudyError(
            "A worker was killed, perhaps for want of memory: finished fits are kept, the same "
            "command goes on from here, and --jobs 1 needs the least memory."
        ) from error


def _with_name(task: Task) -> tuple[str, dict[str, Any]]:
    """Measure, and say what was measured, as results come in any order."""
    return task.result, _measure(task)


def _measure_apart(task: Task) -> dict[str, Any]:
    """Measure in a process beside a Dask worker's own.

    Seeds are set for a whole process, and Dask's threads, which draw random numbers now and then,
    would now and then change a training's first weights.
    """
    from joblib.externals.loky import get_reusable_executor

    if multiprocessing.current_process().daemon:
        raise StudyError(
            f"The worker on {platform.node()} may start no process: set "
            "DASK_DISTRIBUTED__WORKER__DAEMON=False where `dask worker` is called."
        )
    return get_reusable_executor(max_workers=1).submit(_measure, task).result()


def _by_cluster(tasks: list[Task], scheduler: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Have tasks measured by a Dask cluster, which gives those of a lost worker to another."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        from distributed import Client, KilledWorker, as_completed
        from distributed.client import FutureCancelledError
    except ImportError as error:
        raise StudyError("A cluster needs Dask: pip install distributed") from error

    try:
        client = Client(scheduler, timeout=SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error:
        raise StudyError(
            f"No Dask scheduler answers at {scheduler}: start one with `dask scheduler`, and give "
            "the address that it prints."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
        except TimeoutError as error:
            raise StudyError(
                f"The scheduler at {scheduler} has no worker: start some with "
                f"`DASK_DISTRIBUTED__WORKER__DAEMON=False dask worker {scheduler} --nworkers -1`."
            ) from error
        task_of = {
            client.submit(_measure_apart, task, pure=False, retries=2): task for task in tasks
        }
        for future in as_completed(task_of):
            task = task_of.pop(future)
            try:
                result = future.result()
            except (KilledWorker, TerminatedWorkerError) as error:
                raise StudyError(
                    f"Several workers were lost on {task.fit.label}, perhaps for want of memory: "
                    "finished fits are kept; give each worker more, and run the same command."
                ) from error
            except FutureCancelledError as error:
                raise StudyError(
                    f"The scheduler at {scheduler} is gone: finished fits are kept; start it anew, "
                    "and run the same command."
                ) from error
            yield task.result, result
