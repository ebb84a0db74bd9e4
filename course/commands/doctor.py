"""`course doctor`: one line per finding, OK or what to do."""

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from course.commands.data import in_use
from course.commands.extras import how_to_install
from course.lessons.lesson import LessonError, find_lessons
from course.lessons.timings import read_timings, timings_file
from course_utils import warm
from course_utils.files import HERE, PACKAGE, DataError, Places
from course_utils.machine import cores, free_memory

import typer
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

GIB = 2**30
FREE_DISK_GIB = 1.0
MEMORY_MIB = 1536
BELOW_PREFIX = 182  # a header file of TensorFlow's, in Lib\\site-packages
BELOW_WORK = 100  # a page of build\\lessons, or a checkpoint of JupyterLab's in my_work
BACKEND_SECONDS = 180  # a busy machine has taken more than 60
BACKEND_PROGRAM = """
import json, os, sys
sys.modules.update(dict.fromkeys(["pandas", "sklearn"]))  # Keras looks for them, and needs neither
import course_utils, keras, tensorflow
assert keras.backend.backend() == "tensorflow", keras.backend.backend()
gpus = [gpu.name for gpu in tensorflow.config.list_physical_devices("GPU")]
cuda = tensorflow.test.is_built_with_cuda()
print(json.dumps([keras.__version__, tensorflow.__version__, cuda, gpus]), flush=True)
os._exit(0)  # taking TensorFlow down takes a second
"""


class Finding(NamedTuple):
    """Whether all is well, what was looked at, and what was found or is to be done."""

    well: bool
    subject: str
    text: str


def doctor() -> None:
    """Check this machine for the course: one line per finding, OK or FIX and what to do.

    Exit code 0 if all is well, 1 if something is to be fixed.
    """
    quick = (
        check_python,
        check_packages,
        check_course,
        check_paths,
        check_cores,
        check_memory,
        check_disk,
        check_data,
        check_kernelspec,
        check_warm,
    )
    well = True
    with ThreadPoolExecutor() as pool:  # the slow checks run while the quick ones are printed
        slow = [pool.submit(findings, check) for check in (check_kernel, check_backend)]
        for check in quick:
            well &= _say(findings(check))
        for future in slow:
            well &= _say(future.result())
    raise typer.Exit(0 if well else 1)


def findings(check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """All that a check finds; an error that says what to do is a finding, too."""
    try:
        return list(check())
    except (DataError, LessonError, OSError) as error:
        return [_fix(check.__name__.removeprefix("check_"), str(error))]


def _ok(subject: str, text: str) -> Finding:
    return Finding(True, subject, text)


def _fix(subject: str, text: str) -> Finding:
    return Finding(False, subject, text)


def _say(found: list[Finding]) -> bool:
    for well, subject, text in found:
        typer.echo(f"{'OK' if well else 'FIX':<6}{subject:<9} {text}")
    return all(finding.well for finding in found)


def check_python() -> Iterator[Finding]:
    """The running Python is one that the course supports."""
    supported = SpecifierSet(importlib.metadata.metadata(PACKAGE)["Requires-Python"])
    version = platform.python_version()
    if supported.contains(version, prereleases=True):
        yield _ok("Python", version)
    else:
        yield _fix("Python", f"{version}: the course needs {supported}; install one of these")


def check_packages() -> Iterator[Finding]:
    """Every package the course depends on is installed in the supported range."""
    good = 0
    for requirement in map(Requirement, importlib.metadata.requires(PACKAGE) or []):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        wanted = f"{requirement.name}{requirement.specifier}"
        version = _installed(requirement.name)
        if version is None:
            yield _fix("packages", f'{requirement.name} is missing: pip install "{wanted}"')
        elif requirement.specifier.contains(version, prereleases=True):
            good += 1
        else:
            yield _fix("packages", f'{requirement.name} is {version}: pip install "{wanted}"')
    yield _ok("packages", f"{good} in their supported ranges")


def _installed(name: str) -> str | None:
    """The version of an installed package, None if it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def check_course(here: Places = HERE) -> Iterator[Finding]:
    """The course has its lessons and data, and there is a folder to work in.

    Raises:
        LessonError: its lessons are not what they must be, or not what `course.toml` says.
    """
    missing = [f"{name}/" for name in ("notebooks", "data") if not (here.root / name).is_dir()]
    if missing:
        remedy = "install it again, or in its own folder run `pip install -e .`"
        yield _fix("course", f"no {' and '.join(missing)} in {here.root}: {remedy}")
        return
    find_lessons()
    if not os.access(here.work, os.W_OK):
        yield _fix("course", f"{here.work} cannot be written: go to a folder of yours")
    elif here.work == here.root:
        yield _ok("course", str(here.root))
    else:
        yield _ok("course", f"installed; your copies and results go to {here.work}")


def check_paths(most: int | None = None) -> Iterator[Finding]:
    """No path of the course is too long for Windows.

    Args:
        most: characters that a path may have, by default what this system says.
    """
    most = most or longest_path()
    for folder, below in ((Path(sys.prefix), BELOW_PREFIX), (HERE.work, BELOW_WORK)):
        if len(str(folder)) + below > most:
            short = f"move it to a folder of at most {most - below} characters, such as C:\\course"
            yield _fix("paths", f"{folder} is long, and files in it may not open: {short}")


def longest_path() -> int:
    """How many characters a path may have: 259 on Windows, unless it allows long ones."""
    if sys.platform != "win32":
        return sys.maxsize
    import winreg

    key = r"SYSTEM\CurrentControlSet\Control\FileSystem"
    with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
        if winreg.QueryValueEx(opened, "LongPathsEnabled")[0]:
            return sys.maxsize
    return 259


def check_cores() -> Iterator[Finding]:
    """How many cores there are; one is enough."""
    n = cores()
    yield _ok("cores", f"{n}" if n > 1 else "1: lessons take longer than they say")


def check_memory() -> Iterator[Finding]:
    """There is free memory for the lesson that needs most."""
    timings = read_timings(timings_file()).lessons.values()
    need = max([MEMORY_MIB, *(timing.peak_mib for timing in timings)]) / 1024
    free = free_memory() / GIB
    if free < need:
        text = f"{free:.1f} GiB free: close programs, lessons need about {need:.1f} GiB"
        yield _fix("memory", text)
    else:
        yield _ok("memory", f"{free:.1f} GiB free, lessons need about {need:.1f} GiB")


def check_disk() -> Iterator[Finding]:
    """The disk of your work has room for executed lessons and data."""
    free = shutil.disk_usage(HERE.work).free / GIB
    if free < FREE_DISK_GIB:
        yield _fix("disk", f"{free:.1f} GiB free: make room, {FREE_DISK_GIB:.0f} GiB is enough")
    else:
        yield _ok("disk", f"{free:.0f} GiB free")


def check_data() -> Iterator[Finding]:
    """No data file is broken; says which prices the lessons will use."""
    from course_utils.data.registry import registry  # here, as it loads pandas

    files = registry().values()
    wrong = [file for file in files if file.state == "wrong checksum"]
    for file in wrong:
        yield _fix("data", f"{file.folder / file.name} has the wrong checksum: move it away")
    if wrong:
        return
    (ibm,) = (file for file in files if file.ticker == "IBM")
    texts = {
        "full": "are the full data",
        "download": "come with the first lesson, or with: course data get",
    }
    sample = "are the embedded sample; the full ones: course data get"
    yield _ok("data", f"IBM's prices {texts.get(in_use(ibm), sample)}")


def check_kernelspec() -> Iterator[Finding]:
    """The kernel that JupyterLab offers as python3 is this Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield _fix("kernel", "none is named python3: python -m ipykernel install --sys-prefix")
        return
    program = spec.argv[0]
    if not os.path.isabs(program) or Path(program).parent == Path(sys.executable).parent:
        yield _ok("kernel", "JupyterLab's python3 is this Python")
    else:
        yield _fix("kernel", f"JupyterLab's python3 is {program}: remove {spec.resource_dir}")


def check_warm() -> Iterator[Finding]:
    """Training runs that `course warm` has kept, if any, can be used."""
    if warm.outdated():
        yield _fix("warm", f"{warm.OUTDATED}, or delete {warm.place()}")


def check_kernel() -> Iterator[Finding]:
    """A kernel of this Python starts and answers."""
    from course.running.execute import execute  # here, as it takes a second to load

    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7")])
    result = execute(notebook, Path.cwd(), timeout=30)
    if result.failure:
        reinstall = "pip install --force-reinstall ipykernel"
        yield _fix("kernel", f"{result.failure.error}: {reinstall}")
    else:
        yield _ok("kernel", f"starts and answers in {result.seconds:.1f} s")


def check_backend() -> Iterator[Finding]:
    """Keras imports, on TensorFlow; whether there is a GPU."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        yield _fix("backend", f"{backend}: unset KERAS_BACKEND, the course needs tensorflow")
        return
    if find_spec("tensorflow") is None:
        remedy = f'{how_to_install("cpu")}, or, on Linux with a GPU, "gpu" in place of "cpu"'
        yield _fix("backend", f"TensorFlow is missing: {remedy}")
        return
    if wrong := _wrong_settings():
        yield wrong
        return
    command = [sys.executable, "-c", BACKEND_PROGRAM]
    begin = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=BACKEND_SECONDS)
        seconds = time.perf_counter() - begin
        done.check_returncode()
    except subprocess.TimeoutExpired:
        yield _fix("backend", f"not imported in {BACKEND_SECONDS} s: try again, then reinstall")
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
        yield _fix(
            "backend", f"Keras does not import ({last}): {how_to_install('cpu')} --force-reinstall"
        )
    else:
        keras, tensorflow, cuda, gpus = json.loads(done.stdout.splitlines()[-1])
        build = f"TensorFlow {tensorflow}, the build {'for GPUs' if cuda else 'for CPUs'}"
        yield _ok("backend", f"Keras {keras} on {build}, starts in {seconds:.1f} s")
        if not (tested := tensorflow_range()).contains(tensorflow, prereleases=True):
            yield _fix("backend", f"TensorFlow {tensorflow}: the course runs with {tested}")
        yield _ok("GPU", ", ".join(gpus) if gpus else "none: the course needs none")


def _wrong_settings() -> Finding | None:
    """A file of settings for Keras, forgotten perhaps, under which the course cannot work."""
    file = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    try:
        kind = json.loads(file.read_text(encoding="utf-8"))["floatx"]
    except (OSError, ValueError, LookupError, TypeError):  # there is none
        return None
    if kind == "float32":
        return None
    return _fix("backend", f"{file} sets floatx to {kind}: delete that file, and start again")


def tensorflow_range() -> SpecifierSet:
    """The versions of TensorFlow that the course runs with, from its extras."""
    known = map(Requirement, importlib.metadata.requires(PACKAGE) or [])
    return next(each.specifier for each in known if each.name.startswith("tensorflow"))
