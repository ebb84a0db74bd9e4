"""Where the fits of a study are measured: processes of this machine, or a Dask cluster."""

import json
import multiprocessing
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from inspect import getfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.studies.study import Fit
from course_utils import machine
from course_utils.files import PACKAGES, sha256, shown

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client

SECONDS_TO_CONNECT = 20
CODE = (
    "windows.py",
    "features.py",
    "models.py",
    "fused.py",
    "training.py",
    "seeds.py",
    "stepping.py",
    "generation.py",
    "recipes.py",
    "evaluation/*.py",
)
"""the files of `course_utils` that most results depend on"""


class StudyError(RuntimeError):
    """The workers of a study cannot continue, for a reason that the user can remove."""


@dataclass(frozen=True)
class Task:
    """Fits that are trained together, and all that a worker needs for them."""

    fits: dict[str, Fit]
    """by the names of their results, at which the worker must arrive, too"""
    prices: "pd.DataFrame | None"


def versions_here() -> dict[str, str]:
    """The versions that a result depends on."""
    return machine.versions() | {name: version(name) for name in ("numpy", "scikit-learn")}


def result_name(fit: Fit, prices: "pd.DataFrame | None", versions: dict[str, str]) -> str:
    """Name a fit's result after all that it depends on.

    The fit's own code and the code that most fits share are read, so that nobody has to remember
    to raise a version, and a cluster's worker with different code is noticed.
    """
    package = PACKAGES / "course_utils"
    files = [path for pattern in CODE for path in sorted(package.glob(pattern))]
    files += [Path(getfile(kind)) for kind in type(fit).__mro__[:-1]]
    code = [path.read_text(encoding="utf-8") for path in files]
    data = None if prices is None else prices.attrs["sha256"]
    depends_on = json.dumps([asdict(fit), fit.version, versions, code, data], sort_keys=True)
    return f"{type(fit).__name__}-{sha256(depends_on.encode())[:16]}.json"


def measured(
    tasks: list[Task], jobs: int, scheduler: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Do tasks on this machine or on a cluster; yields results and their names, in any order."""
    if not tasks:
        return
    if scheduler is not None:
        yield from _by_cluster(tasks, scheduler)
        return
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    work = (delayed(_measure)(task) for task in tasks)
    try:
        for found in Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)(work):
            yield from found.items()
    except TerminatedWorkerError as error:
        raise StudyError(
            "A worker was killed, perhaps for lack of memory: finished fits are kept, the same "
            "command resumes from here, and --jobs 1 needs the least memory."
        ) from error


def _measure(task: Task) -> dict[str, dict[str, Any]]:
    """Train, in any process and on any machine; returns the results by their names."""
    # Fits run side by side, one per core: more threads in each would only get in the way.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ["COURSE_WARM"] = "off"  # a study trains, and says how long that took
    versions = versions_here()
    if [result_name(fit, task.prices, versions) for fit in task.fits.values()] != [*task.fits]:
        raise StudyError(
            f"The worker on {platform.node()} has another version of the course, of Python or of "
            "a package, so its numbers would differ: install the same there, and restart it."
        )
    start, fits = time.perf_counter(), [*task.fits.values()]
    if hasattr(fits[0], "group"):
        found = fits[0].measure_seeds(task.prices, [fit.seed for fit in fits])
    else:
        found = [fits[0].measure(task.prices)]
    seconds = round((time.perf_counter() - start) / len(fits), 1)
    return {
        name: _result(fit, one, seconds)
        for (name, fit), one in zip(task.fits.items(), found, strict=True)
    }


def _result(fit: Fit, found: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Put together what is kept of a fit, its series by day."""
    series = {
        name: {f"{day:%Y-%m-%d}": round(value, 4) for day, value in values.items()}
        for name, values in found.get("series", {}).items()
    }
    return {**asdict(fit), **found, "series": series, "seconds": seconds}


def _measure_apart(task: Task) -> dict[str, dict[str, Any]]:
    """Measure in a process other than the Dask worker's own.

    Seeds are set for a whole process, and Dask's threads draw random numbers now and then, which
    would change a network's first weights.
    """
    from joblib.externals.loky import get_reusable_executor

    if multiprocessing.current_process().daemon:
        raise StudyError(
            f"The worker on {platform.node()} may not start a process: set "
            "DASK_DISTRIBUTED__WORKER__DAEMON=False where `dask worker` is called."
        )
    return get_reusable_executor(max_workers=1).submit(_measure, task).result()


def _by_cluster(tasks: list[Task], scheduler: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Do tasks on a Dask cluster, which gives those of a lost worker to another one."""
    from distributed import KilledWorker, as_completed
    from distributed.client import FutureCancelledError
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    with _connected(scheduler) as client:
        task_of = {
            client.submit(_measure_apart, task, pure=False, retries=2): task for task in tasks
        }
        for future in as_completed(task_of):
            task = task_of.pop(future)
            try:
                yield from future.result().items()
            except (KilledWorker, TerminatedWorkerError) as error:
                first = next(iter(task.fits.values()))
                raise StudyError(
                    f"Several workers were lost on {first}, perhaps for lack of memory: "
                    "finished fits are kept; give each worker more, and run the same command."
                ) from error
            except FutureCancelledError as error:
                raise StudyError(
                    f"The scheduler at {scheduler} is gone: finished fits are kept; restart it, "
                    "and run the same command."
                ) from error


def _connected(scheduler: str) -> "Client":
    """Connect to a Dask scheduler that has at least one worker."""
    from distributed import Client

    try:
        client = Client(scheduler, timeout=SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error:
        raise StudyError(
            f"No Dask scheduler answers at {scheduler} ({shown(str(error), 100)}): start one with "
            "`dask scheduler`, and pass the address that it prints."
        ) from error
    try:
        client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
    except TimeoutError as error:
        client.close()
        raise StudyError(
            f"The scheduler at {scheduler} has no worker: start some with "
            f"`DASK_DISTRIBUTED__WORKER__DAEMON=False dask worker {scheduler} --nworkers -1`."
        ) from error
    return client
