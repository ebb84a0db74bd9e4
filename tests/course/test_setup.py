"""The files that set the course up agree with each other."""

import os
import re
import shutil
import subprocess
import tomllib
from itertools import chain, product

from course.lessons.lesson import find_lessons
from course_utils.files import ROOT

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
SUPPORTED = SpecifierSet(PROJECT["requires-python"])
PYTHONS = [f"3.{minor}" for minor in range(30) if SUPPORTED.contains(f"3.{minor}.5")]
SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_machine": "x86_64", "os_name": "posix"},
    "linux on arm": {"sys_platform": "linux", "platform_machine": "aarch64", "os_name": "posix"},
    "macos": {"sys_platform": "darwin", "platform_machine": "arm64", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_machine": "AMD64", "os_name": "nt"},
}


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def applies(requirement, python, system):
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "implementation_name": "cpython",
        "extra": "",
        **SYSTEMS[system],
    }
    return requirement.marker is None or requirement.marker.evaluate(environment)


@pytest.mark.parametrize(("python", "system"), list(product(PYTHONS, SYSTEMS)))
def test_the_lock_holds_a_pin_in_every_range(python, system):
    lines = text_of("requirements.txt").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pinned = {
        pin.name: next(iter(pin.specifier)).version for pin in pins if applies(pin, python, system)
    }
    wanted = [
        *PROJECT["dependencies"],
        *chain.from_iterable(EXTRAS[name] for name in EXTRAS.keys() - {"gpu"}),
    ]
    ranges = [range_ for range_ in map(Requirement, wanted) if applies(range_, python, system)]
    assert ranges
    for range_ in ranges:
        assert range_.specifier.contains(pinned[range_.name]), range_


def test_tensorflow_and_sphinx_come_with_extras_alone():
    names = [Requirement(line).name for line in PROJECT["dependencies"]]
    assert not [name for name in names if name.startswith(("tensorflow", "sphinx", "nbgrader"))]
    for extra, module in (
        ("cpu", "tensorflow-cpu"),
        ("gpu", "tensorflow"),
        ("grading", "nbgrader"),
    ):
        assert module in [Requirement(line).name for line in EXTRAS[extra]]


def test_the_lock_names_no_package_index_and_how_it_is_made():
    text = text_of("requirements.txt")
    assert "make lock" in text
    assert re.findall(r"https?:|file:|^-", text, re.M) == []
    assert re.search(r"^uv==\S+$", text, re.M)  # the Makefile reads it from there


def test_conda_gives_a_supported_python_and_the_locked_packages():
    *conda, pip = yaml.safe_load(text_of("environment.yml"))["dependencies"]
    (python,) = [item for item in conda if item.startswith("python=")]
    assert python.removeprefix("python=") in PYTHONS
    assert {"-c requirements.txt", "-e .[cpu]"} <= set(pip["pip"])


@pytest.mark.skipif(shutil.which("make") is None, reason="Windows has no make")
def test_make_help_lists_every_target():
    command = ["make", "--no-print-directory", "help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    makefile = text_of("Makefile")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    (phony,) = re.findall(r"^\.PHONY: (help.*)", makefile, re.M)
    assert {"setup", "lessons", "test"} <= targets
    assert targets == set(phony.split()) == set(re.findall(r"^make (\w+)", done.stdout, re.M))


@pytest.mark.skipif(shutil.which("make") is None, reason="Windows has no make")
def test_make_clean_spares_changed_copies_and_fits(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("copies/instructor/01_a.ipynb", "studies/apple/fits/a.json", "site/a.html"):
        (tmp_path / "build" / name).parent.mkdir(parents=True)
        (tmp_path / "build" / name).touch()
    subprocess.run(["make", "clean"], cwd=tmp_path, capture_output=True, check=True)
    kept = {path.name for path in (tmp_path / "build").rglob("*") if path.is_file()}
    assert kept == {"01_a.ipynb", "a.json"}


@pytest.mark.skipif(os.name == "nt", reason="the README gives Windows pip lines in place of make")
@pytest.mark.parametrize(
    ("python", "reason"),
    [
        ("echo Python 3.10.4; exit 1", "3.11 to 3.13"),
        ("echo Python 3.14.0; exit 1", "3.11 to 3.13"),
        ('case "$2" in *venv*) exit 1;; esac', "venv module"),
    ],
)
def test_setup_refuses_an_unfit_python_in_one_line(tmp_path, python, reason):
    folder = tmp_path / "a b"
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    fake = tmp_path / "my python"
    fake.write_text(f"#!/bin/sh\n{python}\n", encoding="utf-8")
    fake.chmod(0o755)
    done = subprocess.run(
        ["make", "setup", f"PYTHON={fake}"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1
    assert reason in said[0]
    assert not (folder / ".venv").exists()


def test_ci_runs_what_the_readme_says():
    readme = text_of("README.md")
    assert "\nmake lab\nmake lessons\n" in readme
    assert r'.venv\Scripts\python -m pip install -c requirements.txt -e ".[cpu]"' in readme
    assert text_of(".ci/run").rstrip().endswith("\nmake test")
    assert os.name == "nt" or os.access(ROOT / ".ci" / "run", os.X_OK)


def test_what_readme_and_lessons_tell_people_to_type_has_a_windows_form():
    cells = chain.from_iterable(lesson.cells for lesson in find_lessons())
    read = "\n".join([text_of("README.md"), *(cell["source"] for cell in cells)])
    rows = re.findall(r"^\| (.+?) \| .*(?:Scripts\\|\$env:)", text_of("README.md"), re.M)
    told = set(re.findall(r"`(make \w+|course \w+|COURSE_\w+=)", read))
    assert {"make lab", "course doctor", "COURSE_OFFLINE="} <= told
    for command in told:
        general = {"course": "any other command", "COURSE": "any other variable"}
        form = general.get(re.split("[ _]", command)[0], f"`{command}`")
        assert any(form in row for row in rows), command


def test_the_workflow_covers_both_ends_of_pythons_on_three_systems_and_the_night():
    workflow = yaml.safe_load(text_of(".github/workflows/ci.yml"))
    jobs, when = workflow["jobs"], workflow[True]  # YAML 1.1 reads `on` so
    matrix = jobs["test"]["strategy"]["matrix"]
    assert matrix["python"] == [PYTHONS[0], PYTHONS[-1]]
    systems = {system.partition("-")[0] for system in matrix["os"]}
    assert systems == {"ubuntu", "macos", "windows"}
    commands = "\n".join(step.get("run", "") for step in jobs["test"]["steps"])
    (workers,) = re.findall(r"^PYTEST = .* (-n .*)$", text_of("Makefile"), re.M)
    assert f"pytest {workers} " in commands
    assert ".ci/run" in commands
    assert when["schedule"]
    assert "schedule" in jobs["nightly"]["if"]
    assert "make nightly" in [step.get("run") for step in jobs["nightly"]["steps"]]


def test_text_files_have_the_same_bytes_on_every_system():
    assert "eol=lf" in text_of(".gitattributes")
    assert b"\r" not in (ROOT / "data" / "registry.txt").read_bytes()
