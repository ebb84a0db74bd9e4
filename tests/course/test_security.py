"""What SECURITY.md promises: nothing that is read is run, no secrets, least rights.

That JupyterLab is open to nobody but its user is tested in `test_commands_copies.py`.
"""

import ast
import re
from pathlib import PurePosixPath

from course.lessons.lesson import find_lessons
from course_utils.data import registry
from course_utils.files import ROOT

import pytest
import yaml

PYTHON = sorted(
    file
    for folder in ("course", "course_utils", "site", "tests")
    for file in (ROOT / folder).rglob("*.py")
)
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ATTACKS = {
    "tests/course/test_wrong_answers.py": {"eval"},
    "tests/course_utils/test_saving.py": {"marshal", "eval", "safe_mode"},
    "tests/course_utils/test_series.py": {"exec"},  # the lines that a message advises
}
"""tests that make what the course must refuse, or run expressions of their own, and with what"""

# Each runs what it reads. joblib and Dask hand work to processes as pickles of their own; joblib's
# `load` and `dump` would be files of them.
MODULES = {"pickle", "cloudpickle", "dill", "shelve", "marshal", "jsonpickle"}
CALLS = {
    "__import__",
    "eval",
    "exec",
    "joblib.dump",
    "joblib.load",
    "os.popen",
    "os.system",
    "pandas.read_pickle",
    "pd.read_pickle",
    "torch.load",
    "yaml.full_load",
    "yaml.load",
    "yaml.load_all",
    "yaml.unsafe_load",
}
METHODS = {"to_pickle", "extractall", "unpack_archive", "enable_unsafe_deserialization"}
SAFE = {"allow_pickle": False, "shell": False, "safe_mode": True, "verify": True}
"""options that must be written with this value, or not at all"""


def dangers(source):
    """What in a source would run code that it reads, or open what is closed."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= MODULES & {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").partition(".")[0]
            found |= MODULES & {module}
            found |= CALLS & {f"{module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call):
            found |= dangers_of_a_call(node)
    return found


def dangers_of_a_call(call):
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    given = {option.arg: option.value for option in call.keywords}
    found = ({name} & CALLS) | ({last} & METHODS)
    found |= {
        option
        for option, safe in SAFE.items()
        if option in given and getattr(given[option], "value", None) is not safe
    }
    if last == "load_model" and "safe_mode" not in given:
        found.add("load_model without safe_mode")
    return found


DANGEROUS = """\
import pickle
def f(): from pickle import loads
import shelve as s
import marshal
from joblib import Parallel, load
joblib.dump(model, path)
pd.read_pickle(path)
table.to_pickle(path)
np.load(path, allow_pickle=True)
np.load(path, allow_pickle=flag)
eval(text)
exec(text)
__import__(name)
os.system(text)
subprocess.run(text, shell=True)
from yaml import load
yaml.load(text, yaml.Loader)
requests.get(address, verify=False)
archive.extractall(folder)
shutil.unpack_archive(path)
keras.models.load_model(path)
keras.models.load_model(path, safe_mode=False)
keras.config.enable_unsafe_deserialization()"""
HARMLESS = """\
from joblib import Parallel, delayed
np.load(path, allow_pickle=False)
keras.models.load_model(path, compile=False, safe_mode=True)
yaml.safe_load(text)
subprocess.run([sys.executable])
model.evaluate(windows)"""


@pytest.mark.parametrize("source", DANGEROUS.splitlines())
def test_a_source_that_would_run_what_it_reads_is_caught(source):
    assert dangers(source)


@pytest.mark.parametrize("source", HARMLESS.splitlines())
def test_a_source_that_runs_nothing_is_let_through(source):
    assert dangers(source) == set()


@pytest.mark.slow
def test_nothing_in_the_course_runs_what_it_reads():
    assert len(PYTHON) > 100
    for file in PYTHON:
        name = file.relative_to(ROOT).as_posix()
        assert dangers(file.read_text(encoding="utf-8")) == ATTACKS.get(name, set()), name


def test_no_lesson_runs_what_it_reads():
    lessons = find_lessons()
    assert lessons
    for lesson in lessons:
        code = [cell["source"] for cell in lesson.cells if cell["cell_type"] == "code"]
        assert dangers("\n".join(code)) == set(), lesson.name


# ----------------------------------------------------------------------------- what is fetched


def test_every_file_is_fetched_by_https_from_one_commit_and_checked():
    entries = registry.registry()
    assert entries
    for name, entry in entries.items():
        assert name == PurePosixPath(name).name  # it is put into a folder under this name
        assert not name.startswith(".")
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256), name
        assert re.match(r"https://[\w.]+/[\w-]+/[\w-]+/[0-9a-f]{40}/", entry.address), name


# ---------------------------------------------------------------------- secrets and workflows


SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # Amazon
    r"|\bgh[pousr]_\w{30,}|\bgithub_pat_\w{30,}|\bglpat-[\w-]{20,}"
    r"|\bhf_[A-Za-z]{30,}|\bsk-[\w-]{30,}|\bpypi-\w{40,}|\bxox[abprs]-[\w-]{20,}"
    r"|\bAIza[\w-]{35}"  # Google
    r"|//[^\s/:@\"'{}<>]+:[^\s/:@\"'{}<>]+@"  # a password in an address
    r"|(?i:\b(?:password|passwd|api_?key|secret_?key|access_?token)\b[\"']?\s*[=:]\s*[\"'][^\"'\s]{8,})",
)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN OPENSSH PRIVATE " + "KEY-----",
        "AKIA" + "Q" * 16,
        "ghp_" + "a1" * 18,
        "hf_" + "aB" * 17,
        "https://ann:" + "pass@example.org/x",
        "api_key" + " = 'a1b2c3d4e5'",
        '"password"' + ': "correct-horse"',
    ],
)
def test_a_secret_is_caught(text):
    assert SECRET.search(text)


def test_no_file_of_the_course_holds_a_secret():
    left_out = {".git", ".venv", "build", "my_work", ".pytest_cache", ".ruff_cache", ".hypothesis"}
    kinds = {".py", ".ipynb", ".md", ".txt", ".csv", ".json", ".yml", ".js", ".j2", ".css", ""}
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name not in left_out]
    files = {*ROOT.iterdir(), *(file for folder in folders for file in folder.rglob("*"))}
    texts = {
        file
        for file in files
        if file.is_file() and file.suffix in kinds and "__pycache__" not in file.parts
    }
    assert {lesson.path for lesson in find_lessons()} | set(PYTHON) | set(WORKFLOWS) <= texts
    for file in texts:
        found = SECRET.search(file.read_text(encoding="utf-8", errors="replace"))
        assert not found, f"{file.relative_to(ROOT)}: {found}"


PRIVILEGED = {
    "actions/deploy-pages": {"pages": "write", "id-token": "write"},
    "peaceiris/actions-gh-pages": {"contents": "write"},
    "pypa/gh-action-pypi-publish": {"id-token": "write"},
}
"""actions that may do more than read, and what each may do; all others are GitHub's own"""


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_has_the_rights_that_it_needs_and_no_more(file):
    text = file.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in text  # would run a stranger's code with our rights
    assert "secrets." not in text
    for job in workflow["jobs"].values():
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        runs = [step["run"] for step in job["steps"] if "run" in step]
        names = [action.partition("@")[0] for action in used]
        assert all(name.startswith("actions/") or name in PRIVILEGED for name in names)
        assert not any("${{" in command for command in runs)  # text of others as a command
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"] == {"persist-credentials": False}
        if "permissions" in job:  # more rights than reading: no code but that of one known action
            assert runs == []
            (name,) = set(names) - {"actions/download-artifact"}
            assert job["permissions"] == PRIVILEGED[name]
