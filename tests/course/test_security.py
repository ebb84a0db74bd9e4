"""What SECURITY.md promises: nothing read is run, nothing open but to its owner, least rights."""

import ast
import json
import re
from pathlib import PurePosixPath
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from course.lessons.lesson import NOTEBOOKS, choose_lessons
from course_utils.data import registry
from course_utils.files import ROOT

import psutil
import pytest
import yaml
from test_cli_copies import get, lab  # noqa: F401 (a fixture)

PYTHON = sorted(
    file
    for folder in ("course", "course_utils", "site", "tests")
    for file in (ROOT / folder).rglob("*.py")
)
STORED = sorted(NOTEBOOKS.glob("*.ipynb"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ATTACKS = {
    "tests/course_utils/test_saving.py": {"pickle", "marshal", "eval", "safe_mode"},
    "tests/course_utils/test_warm.py": {"pickle", "eval"},
}
"""tests that make what the course must refuse"""

# Each runs what it reads. joblib and Dask hand work to processes as pickles of their own; joblib's
# `load` and `dump` would be files of them.
MODULES = {"pickle", "cloudpickle", "dill", "shelve", "marshal", "jsonpickle"}
CALLS = {
    *("eval", "exec", "__import__", "os.system", "os.popen"),
    *("pd.read_pickle", "pandas.read_pickle", "joblib.load", "joblib.dump", "torch.load"),
    *("yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load"),
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


def code_of(notebook):
    """The code of a notebook as one source."""
    cells = choose_lessons([notebook.name[:2]])[0].cells
    return "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "def f():\n    from pickle import loads",
        "import shelve as s",
        "import marshal",
        "from joblib import Parallel, load",
        "joblib.dump(model, path)",
        "pd.read_pickle(path)",
        "table.to_pickle(path)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "eval(text)",
        "exec(text)",
        "__import__(name)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "from yaml import load",
        "yaml.load(text, yaml.Loader)",
        "requests.get(address, verify=False)",
        "archive.extractall(folder)",
        "shutil.unpack_archive(path)",
        "keras.models.load_model(path)",
        "keras.models.load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
    ],
)
def test_a_source_that_would_run_what_it_reads_is_caught(source):
    assert dangers(source)


@pytest.mark.parametrize(
    "source",
    [
        "from joblib import Parallel, delayed",
        "np.load(path, allow_pickle=False)",
        "keras.models.load_model(path, compile=False, safe_mode=True)",
        "yaml.safe_load(text)",
        "subprocess.run([sys.executable])",
        "model.evaluate(windows)",
    ],
)
def test_a_source_that_runs_nothing_is_let_through(source):
    assert dangers(source) == set()


def test_nothing_in_the_course_runs_what_it_reads():
    assert len(PYTHON) > 100
    for file in PYTHON:
        name = file.relative_to(ROOT).as_posix()
        assert dangers(file.read_text(encoding="utf-8")) == ATTACKS.get(name, set()), name


def test_no_lesson_runs_what_it_reads():
    assert STORED
    for notebook in STORED:
        assert dangers(code_of(notebook)) == set(), notebook.name


# ----------------------------------------------------------------------------- what is fetched


def test_every_file_is_fetched_by_https_from_one_commit_and_checked():
    entries = registry.registry()
    assert entries
    for name, entry in entries.items():
        assert name == PurePosixPath(name).name  # it is put into a folder under this name
        assert not name.startswith(".")
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256), name
        assert re.match(r"https://[\w.]+/[\w-]+/[\w-]+/[0-9a-f]{40}/", entry.address), name


# -------------------------------------------------------------------------------- JupyterLab


def test_lab_listens_on_this_machine_alone_and_does_nothing_without_its_token(lab):  # noqa: F811
    _, process, url, token = lab
    assert json.loads(get(f"{url}api/status", token)[1])["kernels"] == 0
    sockets = psutil.Process(process.pid).net_connections(kind="inet")
    listening = [socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN]
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}
    for wrong in ({}, {"Authorization": "token 0"}, {"Authorization": "token "}):
        for path in ("api/contents/my_work", "api/status", "api/kernels", "api/terminals"):
            assert status(url + path, wrong) == 403, path
        assert status(f"{url}api/kernels", wrong, method="POST", data=b"{}") == 403
    assert json.loads(get(f"{url}api/kernels", token)[1]) == []


def status(address, headers, **options):
    """The status with which an address refuses."""
    with pytest.raises(HTTPError) as refusal:
        urlopen(Request(address, headers=headers, **options))
    return refusal.value.code


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
    folders = (
        *("benchmarks", "binder", "course", "course_utils", "data", "notebooks", "site", "tests"),
        *(".github", ".ci"),
    )
    kinds = {".py", ".ipynb", ".md", ".txt", ".csv", ".json", ".yml", ".js", ".j2", ".css", ""}
    files = [
        *(file for file in ROOT.iterdir() if file.is_file()),
        *(file for folder in folders for file in (ROOT / folder).rglob("*") if file.is_file()),
    ]
    texts = [file for file in files if file.suffix in kinds and "__pycache__" not in file.parts]
    assert set(STORED) | set(PYTHON) | set(WORKFLOWS) <= set(texts)
    for file in texts:
        found = SECRET.search(file.read_text(encoding="utf-8", errors="replace"))
        assert not found, f"{file.relative_to(ROOT)}: {found}"


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
        assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)  # GitHub's own
        assert not any("${{" in command for command in runs)  # text of others as a command
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"] == {"persist-credentials": False}
        if "permissions" in job:  # more rights than reading: no code but GitHub's
            assert runs == []
            assert [action.partition("@")[0] for action in used] == ["actions/deploy-pages"]
            assert job["permissions"] == {"pages": "write", "id-token": "write"}
