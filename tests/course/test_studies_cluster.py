"""A Dask cluster gives a study the numbers of one machine, even when it loses a worker."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from threading import Thread

from course.studies import workers
from course.studies.one_step import OneStep
from course.studies.workers import StudyError
from course_utils.files import ROOT

import psutil
import pytest
from distributed import Client
from helpers import processes_below, wait_for
from small_study import (
    WALKS,
    assert_same_results,
    counts,
    run,
    use_made_up_prices,
    years_of_prices,
)

pytestmark = pytest.mark.slow  # starts clusters

# Workers are processes of their own and know the real recipes only.
NETWORK = OneStep("GRU on returns", "IBM", "High", 2017, 0)
PATIENCE = 120


@pytest.fixture(autouse=True)
def made_up(monkeypatch):
    use_made_up_prices(monkeypatch, years_of_prices)


@contextmanager
def process(*arguments, log, **env):
    """A Dask process while the block lasts; what it says goes to a file."""
    with log.open("w") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", "dask", *map(str, arguments)],
            stdout=file,
            stderr=file,
            cwd=log.parent,  # the course's folder would come first in a worker's path
            env={**os.environ, **env},
        )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def worker(address, name, folder, **env):
    """A worker without a nanny, which would restart it: killed is killed."""
    options = ("--no-nanny", "--nthreads", 1, "--name", name, "--no-dashboard")
    options += ("--local-directory", folder / name)
    return process("worker", address, *options, log=folder / f"{name}.log", **env)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """The address of a real scheduler in a process of its own."""
    folder = tmp_path_factory.mktemp("scheduler")
    file = folder / "scheduler.json"
    options = ("--port", 0, "--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", file)
    with process("scheduler", *options, log=folder / "scheduler.log"):
        wait_for(lambda: file.exists() and file.read_text().rstrip().endswith("}"))
        yield json.loads(file.read_text())["address"]


def addresses(client):
    """Where the workers are, by their names."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    return {worker["id"]: address for address, worker in workers.items()}


@pytest.mark.parametrize(
    "network", [[], pytest.param([NETWORK], marks=pytest.mark.nightly)], ids=["", "network"]
)
def test_a_cluster_resumes_and_a_killed_worker_loses_nothing_and_changes_no_number(
    network, scheduler, tmp_path
):
    fits, reports = WALKS[:1] + network + WALKS[1:], []
    run(tmp_path / "cluster", fits[:1])
    with (
        worker(scheduler, "one", tmp_path) as one,
        worker(scheduler, "other", tmp_path),
        Client(scheduler, set_as_default=False) as client,
    ):
        client.wait_for_workers(2, timeout=PATIENCE)
        address = addresses(client)["one"]

        def kill_at_work():
            wait_for(lambda: client.processing().get(address))
            one.kill()

        killer = Thread(target=kill_at_work)
        killer.start()
        on_cluster = run(tmp_path / "cluster", fits, scheduler=scheduler, report=counts(reports))
        killer.join()
        wait_for(lambda: set(addresses(client)) == {"other"})
    assert reports == [(done, len(fits)) for done in range(1, len(fits) + 1)]
    assert_same_results(on_cluster, run(tmp_path / "alone", fits), rtol=1e-6)
    assert len(list((tmp_path / "cluster" / "fits").iterdir())) == len(fits)


def test_a_worker_with_a_different_course_is_refused(scheduler, tmp_path):
    for package in ("course", "course_utils"):
        shutil.copytree(ROOT / package, tmp_path / "other" / package)
    changed = tmp_path / "other" / "course_utils" / "models.py"
    with changed.open("a", encoding="utf-8") as file:
        file.write("# a newer version\n")
    with (
        worker(scheduler, "one", tmp_path, PYTHONPATH=str(tmp_path / "other")),
        pytest.raises(StudyError, match=r"worker on .* another version of the course"),
    ):
        run(tmp_path, WALKS[:1], scheduler=scheduler)
    assert not list((tmp_path / "tables").iterdir())


def test_without_a_scheduler_or_a_worker_the_error_says_what_to_start(
    scheduler, tmp_path, monkeypatch
):
    monkeypatch.setattr(workers, "SECONDS_TO_CONNECT", 1)
    with pytest.raises(StudyError, match=r"No Dask scheduler answers at .*`dask scheduler`"):
        run(tmp_path, WALKS[:1], scheduler="tcp://127.0.0.1:1")
    with pytest.raises(StudyError, match=rf"has no worker: .*dask worker {scheduler}"):
        run(tmp_path, WALKS[:1], scheduler=scheduler)


def test_a_worker_killed_on_this_machine_ends_the_study_with_what_to_do(tmp_path):
    def kill_workers(done, total):
        if done == 1:
            for worker in processes_below(psutil.Process(), "popen_loky"):
                worker.kill()

    with pytest.raises(StudyError, match=r"worker was killed.*the same command resumes"):
        run(tmp_path, WALKS, jobs=2, report=kill_workers)
    reports = []
    run(tmp_path, WALKS, report=counts(reports))
    assert reports[0] in {(1, 3), (2, 3)}  # the other worker may have just finished, too
    assert reports[-1] == (3, 3)
