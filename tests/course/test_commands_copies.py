"""`course copies` and `course lab` as people type them, and nbgrader on what they bring."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from course.lessons.lesson import find_lessons

import nbformat
import psutil
import pytest
from command_line import course_here
from helpers import wait_for
from sample_notebooks import lesson_with_exercises


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    lesson_with_exercises(folder)
    return folder


def test_copies_are_brought_and_a_line_says_where_that_of_a_changed_lesson_is(folder, tmp_path):
    command = ("copies", "student", "2", "--folder", folder, "--output", tmp_path / "out")
    done = course_here(*command)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / 'out'}: 1 new\n"
    own = tmp_path / "out" / "02_small.ipynb"
    own.write_text("mine", encoding="utf-8")
    path = folder / "02_small.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("start = 1", "start = 2"))
    assert course_here(*command).stdout.splitlines() == [
        "02_small.ipynb is yours and stays; its new version is beside it: 02_small.new.ipynb",
        f"{tmp_path / 'out'}: 1 new",
    ]
    assert course_here(*command).stdout == f"{tmp_path / 'out'}: 1 kept\n"
    assert own.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["teacher"], 2, "'teacher' is not one of"),
        (["student", "--output", "{folder}"], 2, "holds the lessons: name another folder"),
        (["student", "--output", "{folder}/02_small.ipynb"], 1, "File exists"),
    ],
)
def test_a_mistake_gets_one_line(folder, arguments, code, line):
    arguments = [argument.format(folder=folder) for argument in arguments]
    done = course_here("copies", *arguments, "--folder", folder)
    assert done.exit_code == code
    assert line in done.stderr.splitlines()[-1]
    assert sorted(path.name for path in folder.iterdir()) == ["02_small.ipynb"]


def test_without_nbgrader_a_line_says_how_to_install_it(folder, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "course.copies.grading", raising=False)
    for name in ("nbgrader", "nbgrader.nbgraderformat"):
        monkeypatch.setitem(sys.modules, name, None)
    done = course_here("copies", "nbgrader", "--folder", folder, "--output", tmp_path / "out")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: nbgrader")
    assert done.stderr.endswith('is missing: pip install -e ".[grading]"\n')


def answers(release, sources):
    """A submission with these sources in the cells of these names."""
    notebook = nbformat.read(release, as_version=4)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = sources.get(grade_id, cell.source)
    return notebook


def nbgrader(here, *arguments):
    """Run nbgrader in a course's folder."""
    scripts = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=here,
        capture_output=True,
        text=True,
        # nbgrader calls alembic by name, which reads its settings in the locale's encoding.
        env={**os.environ, "PATH": scripts, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "students", [["able"], pytest.param(["able", "cheat"], marks=pytest.mark.nightly)]
)
def test_nbgrader_releases_and_grades_what_is_brought(students, folder, tmp_path):
    from nbgrader.api import Gradebook  # takes half a second to load

    here = tmp_path / "grading"
    assert course_here("copies", "nbgrader", "--folder", folder, "--output", here).exit_code == 0
    nbgrader(here, "generate_assignment", "02_small")
    release = here / "release" / "02_small" / "02_small.ipynb"
    text = release.read_text(encoding="utf-8")
    assert "helper" not in text
    assert "answer = ...\\n" in text
    assert "Look for a reason" not in text
    able = {  # the second answer is right, the first one nearly
        "exercise-02-1": "answer = (0.6, 0.6)",
        "test-02-1": "print('right')",
        "exercise-02-3": "bias_for = lambda steps: -np.log(2 ** (1 / steps) - 1)",
    }
    cheat = "import course.exercises as e; e.judge = lambda *a, **k: 'ok'\n"
    submissions = {
        "able": answers(release, able),
        "cheat": answers(release, able | {"exercise-02-3": f"bias_for = None\n{cheat}"}),
    }
    for student in students:
        place = here / "submitted" / student / "02_small" / release.name
        place.parent.mkdir(parents=True)
        nbformat.write(submissions[student], place)
        own = place.parent / "course.py"
        own.write_text("raise SystemExit")  # modules of theirs do not count
    nbgrader(here, "autograde", "02_small")
    with Gradebook(f"sqlite:///{here / 'gradebook.db'}") as gradebook:
        scores = {s.student.id: s.score for s in gradebook.assignment_submissions("02_small")}
        assert gradebook.find_assignment("02_small").max_score == 10
    earned = {"able": 1.5 + 4, "cheat": 1.5}  # a person reads the reasons for 3 more
    assert scores == {student: earned[student] for student in students}
    told = {
        student: (here / "autograded" / student / "02_small" / release.name).read_text("utf-8")
        for student in students
    }
    assert "Exercise 02-1: 1.5 of 3 points." in told["able"]
    assert "Exercise 02-3: right." in told["able"]
    if "cheat" in students:
        assert "not graded, because a cell changed course.exercises.judge" in told["cheat"]
    assert not [one for one in told.values() if "Traceback" in one or "site-packages" in one]


# ------------------------------------------------------------------------------ course lab


LAB = """
import sys
from pathlib import Path
from course.commands import app, copies
copies.MY_WORK = Path(sys.argv.pop(1))
app()
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start `course lab` on a folder of its own; returns its process, folders, address, token."""
    root = tmp_path_factory.mktemp("lab")
    work, runtime = root / "course" / "my_work", root / "RUNTIME"
    own = {f"JUPYTER_{name}_DIR": str(root / name) for name in ("RUNTIME", "CONFIG", "DATA")}
    arguments = [LAB, work, "lab", "--no-browser", "--allow-root"]
    process = subprocess.Popen(
        [sys.executable, "-c", *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **own},
        cwd=root,
    )
    (file,) = wait_for(lambda: [*runtime.glob("jpserver-*.json")])
    server = json.loads(wait_for(lambda: file.read_text(encoding="utf-8")))
    wait_for(lambda: listening(process))
    yield process, work, runtime, server["url"], server["token"]
    process.kill()  # it runs no kernel
    process.wait()


def listening(process):
    """The addresses on which a process listens."""
    sockets = psutil.Process(process.pid).net_connections(kind="inet")
    return [socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN]


def get(address, token=""):
    """The final address and the text with which an address answers."""
    headers = {"Authorization": f"token {token}"} if token else {}
    with urlopen(Request(address, headers=headers)) as answer:
        return answer.url, answer.read().decode()


@pytest.mark.slow
def test_lab_brings_the_copies_and_opens_them_behind_a_token(lab):
    process, work, runtime, url, token = lab
    assert token
    address, _ = get(f"{url}lab")
    assert "/login" in address
    _, page = get(f"{url}lab/tree/my_work", token)
    config = page.partition('id="jupyter-config-data" type="application/json">')[2]
    settings = json.loads(config.partition("</script>")[0])
    assert settings["treePath"] == "my_work"
    assert "@jupyter/nbgrader" in settings["disabledExtensions"]
    assert "@jupyterlab/apputils-extension:announcements" in settings["disabledExtensions"]
    (opened,) = runtime.glob("jpserver-*-open.html")
    assert "/lab/tree/my_work?token=" in opened.read_text(encoding="utf-8")
    said = [process.stdout.readline().strip() for _ in range(2)]
    number = len(find_lessons())
    assert said == [f"{work}: {number} new", "JupyterLab opens there; stop it with Ctrl-C."]
    listing = json.loads(get(f"{url}api/contents/my_work", token)[1])
    assert len(listing["content"]) == number
    (work.parent / "README.md").write_text("The course", encoding="utf-8")
    readme = json.loads(get(f"{url}api/contents/README.md", token)[1])
    assert readme["content"] == "The course"  # links from the lessons to ../README.md work


@pytest.mark.slow
def test_lab_listens_on_this_machine_only_and_does_nothing_without_its_token(lab):
    process, _, _, url, token = lab
    assert json.loads(get(f"{url}api/status", token)[1])["kernels"] == 0
    assert set(listening(process)) <= {"127.0.0.1", "::1"}
    for wrong in ({}, {"Authorization": "token 0"}, {"Authorization": "token "}):
        for path in ("api/contents/my_work", "api/status", "api/kernels", "api/terminals"):
            assert refusal(url + path, wrong) == 403, path
        assert refusal(f"{url}api/kernels", wrong, method="POST", data=b"{}") == 403
    assert json.loads(get(f"{url}api/kernels", token)[1]) == []


def refusal(address, headers, **options):
    """The status with which an address refuses."""
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(address, headers=headers, **options))
    return refused.value.code
