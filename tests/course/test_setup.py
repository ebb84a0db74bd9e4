"""The files that set the course up agree with each other."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import chain, product

from course_utils.files import ROOT

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
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
        *chain.from_iterable(PROJECT["optional-dependencies"].values()),
    ]
    ranges = [range_ for range_ in map(Requirement, wanted) if applies(range_, python, system)]
    assert ranges
    for range_ in ranges:
        assert range_.specifier.contains(pinned[range_.name]), range_


def test_the_lock_names_no_package_index_and_how_it_is_made():
    text = text_of("requirements.txt")
    assert "make lock" in text
    assert re.findall(r"https?:|file:|^-", text, re.M) == []
    assert re.search(r"^uv==\S+$", text, re.M)  # the Makefile reads it from there


def test_conda_gives_a_supported_python_and_the_locked_packages():
    environment = yaml.safe_load(text_of("environment.yml"))
    assert environment["channels"] == ["conda-forge"]
    *conda, pip = environment["dependencies"]
    (python,) = [item for item in conda if item.startswith("python=")]
    assert python.removeprefix("python=") in PYTHONS
    assert "pip" in conda
    assert pip == {"pip": ["-r requirements.txt", "-e ."]}


def test_make_help_lists_every_target():
    makefile = text_of("Makefile")
    done = (
        subprocess.run(
            ["make", "--no-print-directory", "help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        if shutil.which("make")
        else None
    )
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    documented = set(re.findall(r"^([a-z]+):.*  ## \S", makefile, re.M))
    (phony,) = re.findall(r"^\.PHONY: (help.*)", makefile, re.M)
    assert targets == documented == set(phony.split())
    assert {"setup", "lessons", "test", "lock", "lab", "notebooks"} <= targets
    if done:  # Windows has no make
        assert set(re.findall(r"^make (\w+)", done.stdout, re.M)) == targets


def test_the_readme_gives_windows_pip_lines_in_place_of_make():
    assert re.search(r"^\.venv\\Scripts\\python -m pip install -r req", text_of("README.md"), re.M)


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


def test_ci_runs_the_readmes_test_command():
    readme, run = text_of("README.md"), text_of(".ci/run")
    assert "make lessons" in readme
    assert "make test" in readme
    assert run.rstrip().endswith("\nmake test")
    assert os.name == "nt" or os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_workflow_covers_oldest_and_newest_python_on_three_systems():
    workflow = yaml.safe_load(text_of(".github/workflows/ci.yml"))
    triggers = workflow[True]  # YAML reads the key `on` as true
    assert set(triggers) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    assert workflow["permissions"] == {"contents": "read"}
    job = workflow["jobs"]["test"]
    matrix = job["strategy"]["matrix"]
    assert matrix["python"] == [PYTHONS[0], PYTHONS[-1]]
    systems = {system.partition("-")[0] for system in matrix["os"]}
    assert systems == {"ubuntu", "macos", "windows"}
    (upload,) = [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    assert upload["if"] == "always()"
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    (pytest_line,) = re.findall(r"-m (pytest .*xml)", text_of("Makefile"))
    assert pytest_line in commands
    assert ".ci/run" in commands


def test_the_workflow_covers_both_ends_of_the_ranges():
    job = yaml.safe_load(text_of(".github/workflows/ci.yml"))["jobs"]["ranges"]
    ends = [(end["resolution"], end["python"]) for end in job["strategy"]["matrix"]["include"]]
    assert ends == [("lowest-direct", PYTHONS[0]), ("highest", PYTHONS[-1])]
    assert job["env"] == {"RESOLUTION": "${{ matrix.resolution }}"}  # the Makefile's variable
    assert re.search(r"^RESOLUTION \?= lowest-direct$", text_of("Makefile"), re.M)
    assert "make ranges" in [step.get("run") for step in job["steps"]]


TRAINING = {
    f"course_utils.{name}"
    for name in (
        *("generation", "models", "saving", "training"),
        *("text.sampling", "text.translation", "warm.keys", "warm.replay"),
    )
}
IMPORT_ALL = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
    assert not {"tensorflow", "keras"} & set(sys.modules), name
"""


def test_what_does_not_train_loads_no_tensorflow():
    files = sorted((ROOT / "course_utils").rglob("*.py"))
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files}
    modules = {name.removesuffix(".__init__") for name in names}
    assert modules >= TRAINING
    for module in TRAINING:
        assert re.search(r"^(from|import) keras", text_of(module.replace(".", "/") + ".py"), re.M)
    command = [sys.executable, "-c", IMPORT_ALL, *sorted(modules - TRAINING)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_text_files_have_the_same_bytes_on_every_system():
    assert text_of(".gitattributes").splitlines() == ["* text=auto eol=lf", "*.png binary"]
    assert b"\r" not in (ROOT / "data" / "registry.txt").read_bytes()
