"""A wheel brings the whole course: installed, it works in an empty folder as it does in a clone."""

import os
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from course.lessons.lesson import find_lessons
from course_utils.files import PACKAGE, ROOT, places

import nbformat
import pytest
from command_line import SEVERAL, course_here

LOAD = """
import course_utils
from course_utils.data import load_prices
from course_utils.studies import read_study
source, rows = load_prices("IBM").attrs["source"], len(read_study("ibm"))
print("loaded", course_utils.__file__, source, rows, sep="|")
"""
PACKAGES = [path for path in sys.path if path.endswith("site-packages")]
LOCALE = {"LC_ALL": "C.UTF-8"}
"""by which Python decodes .pth files; in the C locale it stops at the umlaut of a clone's path"""
LAB_OPENS_NOTHING = """
from jupyterlab.labapp import LabApp
LabApp.launch_instance = lambda arguments: print(*arguments)
"""


def test_a_clone_keeps_all_in_its_folder_and_an_installed_course_nothing_of_the_users(tmp_path):
    clone = places(tmp_path / "course_utils")
    assert {clone.root, clone.work, clone.cache.parent, clone.data.parent} == {tmp_path}
    brought = tmp_path / "course" / "files"
    brought.mkdir(parents=True)
    installed = places(tmp_path / "course_utils")
    assert (installed.root, installed.work) == (brought, Path.cwd())
    assert not any(f.is_relative_to(tmp_path) for f in (installed.cache, installed.data))


def run(*command, **settings):
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, encoding="utf-8", **settings
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, made from a source distribution, so that it holds what an index would offer."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    run(sys.executable, "-m", "twine", "check", "--strict", *folder.iterdir())
    (wheel,) = folder.glob("*.whl")
    return wheel


def environment(root, packages):
    """Make a fresh environment that finds packages in these folders, with an empty folder."""
    venv.create(root / "env", with_pip=False, symlinks=os.name != "nt")
    paths = {"base": str(root / "env"), "platbase": str(root / "env")}
    python = Path(sysconfig.get_path("scripts", "venv", paths)) / Path(sys.executable).name
    site = Path(sysconfig.get_path("purelib", "venv", paths))
    # .pth files in these folders, one of which leads to the clone, are not read from there.
    (site / "packages.pth").write_text("\n".join(map(str, packages)))
    here = root / "empty"
    here.mkdir()
    env = {name: os.environ[name] for name in os.environ if not name.startswith("PYTHON")}
    templates = [str(Path(sys.prefix, "share", "jupyter")), env.get("JUPYTER_PATH", "")]
    env |= {"JUPYTER_PATH": os.pathsep.join(filter(None, templates)), "PYTHONUTF8": "1"} | LOCALE
    env |= {"XDG_CACHE_HOME": str(root / "cache"), "COURSE_EMBEDDED": "1"}

    def python_there(*arguments, **settings):
        return run(python, *arguments, cwd=here, env=env | settings)

    return python_there, here, site


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Run the Python of a fresh environment in an empty folder; it finds packages in this one's."""
    python, here, site = environment(tmp_path_factory.mktemp("installed"), PACKAGES)
    pip = [sys.executable, "-m", "pip", "--python", site.parents[2], "install"]
    run(*pip, "--quiet", "--no-deps", "--no-index", wheel, env=os.environ | LOCALE)
    return python, here, site


@pytest.mark.slow
def test_an_installed_course_has_nothing_to_fix_loads_all_tables_and_brings_the_lessons(installed):
    python, here, site = installed
    found = python("-c", LOAD + LAB_OPENS_NOTHING + SEVERAL, "lab", "doctor")
    (loaded,) = (line for line in found.splitlines() if line.startswith("loaded|"))
    _, module, source, rows = loaded.split("|")
    assert (Path(module), source) == (site / "course_utils" / "__init__.py", "embedded")
    assert int(rows) > 10
    assert f"\n--ServerApp.root_dir={here} --LabApp.default_url=/lab/tree/my_work\n" in found
    assert found.count("ended with 0") == 2
    assert "FIX" not in found
    assert f"OK    course    installed; your copies and results go to {here}" in found
    delivered = sorted(path.name for path in (here / "my_work").glob("*.ipynb"))
    assert delivered == [lesson.path.name for lesson in find_lessons()]
    for name in delivered:
        copy = nbformat.read(here / "my_work" / name, as_version=4)
        assert not any("](../" in cell.source for cell in copy.cells)


@pytest.mark.nightly
def test_an_installed_course_runs_a_lesson_on_the_sample(installed):
    python, here, _ = installed
    assert "1 of 1 lessons ran" in python("-c", SEVERAL, "run 00")
    page = here / "build" / "lessons" / "00_start_here.html"
    assert "IBM: embedded sample of" in page.read_text(encoding="utf-8")


GPU_BUILD = "Metadata-Version: 2.1\nName: tensorflow\nVersion: {}\n"
INSTALLED = """
from importlib.metadata import distributions
print(*sorted(f"{one.name}=={one.version}" for one in distributions()))
"""


@pytest.fixture
def like_colab(tmp_path):
    """An environment without the course, whose TensorFlow is, as pip sees it, the build for GPUs.

    All other packages are there: what Colab lacks of them, and pip fetches, is not part of this.
    """
    packages = tmp_path / "packages"
    packages.mkdir()
    for path in chain.from_iterable(Path(folder).iterdir() for folder in reversed(PACKAGES)):
        link = packages / path.name
        if "course_utils" not in path.name and path.suffix != ".pth" and not link.exists():
            link.symlink_to(path)
    (cpu_build,) = packages.glob("tensorflow_cpu-*.dist-info")
    build = packages / cpu_build.name.replace("_cpu", "")
    cpu_build.unlink()
    build.mkdir()
    (build / "METADATA").write_text(GPU_BUILD.format(version("tensorflow-cpu")))
    return environment(tmp_path, [packages])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("numbers", "cells"), [("00", 3), pytest.param("00 02 04", None, marks=pytest.mark.nightly)]
)
def test_copies_for_colab_bring_the_course_run_and_leave_tensorflow_alone(
    like_colab, wheel, numbers, cells
):
    """By day the title, the cell that brings the course, and the first that needs it."""
    python, here, _ = like_colab
    before = set(python("-c", INSTALLED).split())
    assert course_here("copies", "colab", *numbers.split(), "--output", here).exit_code == 0
    for path in here.glob("*.ipynb"):
        copy = nbformat.read(path, as_version=4)
        copy.cells = copy.cells[:cells]
        nbformat.write(copy, path)
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent)}
    options = ["--execute", "--inplace", "--ExecutePreprocessor.timeout=300"]
    python("-m", "nbconvert", "--to", "notebook", *options, *here.glob("*.ipynb"), **offline)
    after = set(python("-c", INSTALLED).split())
    assert after == before | {f"{PACKAGE}=={version(PACKAGE)}"}
