"""`course doctor` finds what is wrong with a machine, and says what to do."""

import importlib.metadata
import json
import re
import subprocess
import sys
from subprocess import CompletedProcess

from course.commands import doctor
from course.commands.doctor import Finding
from course.lessons import lesson as lessons
from course_utils.data.registry import price_file_name
from course_utils.files import WORK, places

import pytest
from command_line import course_here
from packaging.specifiers import SpecifierSet


def only_finding(check):
    (finding,) = doctor.findings(check)
    return finding


@pytest.mark.slow
def test_doctor_prints_a_line_per_finding_and_loads_nothing_that_keras_does_not_need(monkeypatch):
    run, ran = subprocess.run, []

    def noted(command, **options):
        ran.append(run([command[0], "-X", "importtime", *command[1:]], **options))
        return ran[-1]

    monkeypatch.setattr(doctor.subprocess, "run", noted)
    done = course_here("doctor")
    lines = done.stdout.splitlines()
    assert all(re.match(r"(OK   |FIX  ) \S+ +\S", line) for line in lines)
    subjects = {line.split()[1] for line in lines}
    checked = {"Python", "packages", "course", "cores", "memory", "disk", "data", "kernel"}
    assert checked | {"backend", "GPU"} <= subjects
    assert re.search(r"TensorFlow [\d.]+, the build for [CG]PUs,", done.stdout)
    assert done.exit_code == any(line.startswith("FIX") for line in lines)
    assert done.stderr == ""
    (backend,) = ran
    loaded = {line.rpartition("|")[2].strip() for line in backend.stderr.splitlines()}
    assert {"keras", "tensorflow"} <= loaded
    assert loaded & {"pandas.core", "sklearn.base", "course_utils.models"} == set()


def test_doctor_finds_another_backend(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    finding = only_finding(doctor.check_backend)
    assert not finding.well
    assert "unset KERAS_BACKEND" in finding.text


def test_doctor_names_tensorflows_build_and_a_version_that_is_not_supported(monkeypatch):
    said = CompletedProcess([], 0, json.dumps(["3.15.1", "2.21.0", True, ["a GPU"]]))
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: said)
    monkeypatch.setattr(doctor, "tensorflow_range", lambda: SpecifierSet("<2"))
    first, unsupported, *others = doctor.check_backend()
    assert "Keras 3.15.1 on TensorFlow 2.21.0, the build for GPUs, starts in" in first.text
    assert not unsupported.well
    assert "the course runs with <2" in unsupported.text
    assert all(one.well for one in (first, *others))


def test_doctor_says_how_to_install_a_missing_tensorflow(monkeypatch):
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    finding = only_finding(doctor.check_backend)
    assert not finding.well
    assert 'TensorFlow is missing: pip install -e ".[cpu]"' in finding.text


def test_doctor_names_packages_that_are_missing_or_out_of_range(monkeypatch):
    numpy = importlib.metadata.version("numpy")
    wanted = ["no-such-package>=1", "numpy<1", f"numpy=={numpy}", "other; extra == 'dev'"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda package: wanted)
    missing, old, summary = doctor.check_packages()
    assert not missing.well
    assert 'pip install "no-such-package>=1"' in missing.text
    assert not old.well
    assert f"numpy is {numpy}" in old.text
    assert summary == Finding(True, "packages", "1 in their supported ranges")


def test_doctor_finds_a_package_away_from_its_notebooks(tmp_path):
    (finding,) = doctor.check_course(places(tmp_path / "course_utils"))
    assert not finding.well
    assert "pip install -e ." in finding.text


def test_doctor_finds_lessons_that_every_command_refuses(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "OWN", tmp_path)
    (tmp_path / "course.toml").write_text('lessons = ["our_markets"]')
    finding = only_finding(doctor.check_course)
    assert finding[:2] == (False, "course")
    assert "lists 'our_markets': put our_markets.ipynb into notebooks" in finding.text


def test_doctor_finds_a_folder_that_is_too_deep_for_windows():
    assert not list(doctor.check_paths())
    room = len(str(max(sys.prefix, str(WORK), key=len))) + doctor.BELOW_PREFIX
    assert not list(doctor.check_paths(room))
    deep, *_ = doctor.check_paths(len(sys.prefix) + doctor.BELOW_PREFIX - 1)
    assert not deep.well
    assert "files in it may not open: move it to a folder of at most" in deep.text


def test_doctor_finds_another_pythons_kernel(tmp_path, monkeypatch):
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    other = str(tmp_path / "python")
    spec = {"argv": [other, "-m", "x"], "display_name": "Other", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    finding = only_finding(doctor.check_kernelspec)
    assert not finding.well
    assert other in finding.text


@pytest.mark.parametrize(("folder", "said"), [(".", "wrong checksum"), ("nowhere", "nowhere")])
def test_doctor_finds_a_broken_data_file_or_folder(folder, said, tmp_path, monkeypatch):
    (tmp_path / price_file_name("IBM")).write_text("Date\n", encoding="utf-8")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / folder))
    finding = only_finding(doctor.check_data)
    assert not finding.well
    assert said in finding.text


def test_doctor_continues_after_damaged_timings(tmp_path, monkeypatch):
    file = tmp_path / "timings.csv"
    file.write_text("lesson,seconds\n01,fast\n", encoding="utf-8")
    monkeypatch.setattr(doctor, "timings_file", lambda: file)
    monkeypatch.setattr(doctor, "check_kernel", lambda: [Finding(True, "kernel", "-")])
    monkeypatch.setattr(doctor, "check_backend", lambda: [Finding(True, "backend", "-")])
    done = course_here("doctor")
    lines = done.stdout.splitlines()
    assert done.exit_code == 1
    assert f"FIX   memory    {file} is damaged: delete it and run `make notebooks`" in lines
    assert {"disk", "data", "kernel", "backend"} <= {line.split()[1] for line in lines}


def test_doctor_finds_forgotten_settings_of_keras(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text('{"floatx": "float64", "backend": "torch"}')
    finding = only_finding(doctor.check_backend)
    assert not finding.well
    assert "keras.json sets floatx to float64: delete that file" in finding.text
