"""`course` with real kernels, real notebooks and real files."""

import hashlib
import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
import time

from course.commands import app, doctor
from course.copies.delivery import RECORD
from course.lessons.lesson import LessonError, find_lessons
from course.lessons.opening import opening
from course.lessons.readme import TABLE_END, TABLE_START, lesson_table
from course.lessons.timings import Timing, Timings, read_timings, timings_file, write_timings
from course.running import pages, store
from course.running.execute import Execution, Failure, code_cells, execute
from course_utils.data import download, full_data, prices, registry
from course_utils.data.prices import load_prices
from course_utils.data.registry import price_file_name
from course_utils.files import ROOT
from course_utils.machine import this_machine

import nbformat
import psutil
import pytest
import typer
from sample_notebooks import good_notebook, lesson
from typer.testing import CliRunner

GOOD = "from pathlib import Path\nfrom course import opening\nopening('01', Path())"


def run_cells(*sources, timeout=30):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    return execute(notebook, ROOT, timeout=timeout)


# ---------------------------------------------------------------------------- course run


def test_every_lesson_is_run_and_reported_though_some_fail(course, tmp_path):
    folder, output = tmp_path / "my lessons", tmp_path / "out put"
    lesson(
        folder / "01_fine.ipynb", "import os\nassert os.getcwd().endswith('my lessons')", "'a' * 3"
    )
    lesson(folder / "02_fails.ipynb", "1", "# two lines\n1 / 0", "'never run'")
    lesson(folder / "03_dies.ipynb", "import os; os._exit(1)")
    lesson(folder / "04_grumbles.ipynb", "import sys; print('careful', file=sys.stderr)")
    begin = time.monotonic()
    done = course("run", "--folder", folder, "--output", output)
    assert done.returncode == 1, done.stderr
    assert time.monotonic() - begin < 60  # a dead kernel is noticed, not waited for
    lines = done.stdout.splitlines()
    measured = r"  \d+\.\d s, [1-9]\d* MiB, slowest code cell \d \(\d+\.\d s\)"
    assert re.fullmatch("OK     01_fine" + measured, lines[0])
    assert re.fullmatch("FAILED 02_fails" + measured, lines[1])
    assert lines[2].strip() == "code cell 2 `# two lines`: ZeroDivisionError: division by zero"
    assert re.fullmatch("FAILED 03_dies" + measured, lines[3])
    assert "code cell 1 `import os; os._exit(1)`: the kernel died" in lines[4]
    assert re.fullmatch("OK     04_grumbles" + measured, lines[5])
    assert lines[6] == "WARN   code cell 1 wrote to stderr: careful"
    assert re.fullmatch(r"2 of 4 lessons ran, \d+\.\d s; failed: 02, 03", lines[7])

    index = (output / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]*)"', index)
    assert len(links) == 8
    assert all((output / link).is_file() for link in links)
    assert index.count(">OK<") == 2
    assert "ZeroDivisionError" in index
    executed = nbformat.read(output / "01_fine.ipynb", as_version=4)
    assert executed.cells[2].outputs[0].data["text/plain"] == "'aaa'"
    stopped = nbformat.read(output / "02_fails.ipynb", as_version=4)
    assert [cell.execution_count for cell in stopped.cells[1:]] == [1, 2, None]


def test_named_lessons_alone_are_run_and_an_unknown_one_is_a_usage_error(course, tmp_path):
    folder, output = tmp_path / "notebooks", tmp_path / "out"
    lesson(folder / "01_one.ipynb", "1")
    lesson(folder / "02_two.ipynb", "2")
    done = course("run", "2", "--folder", folder, "--output", output)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in output.glob("*.ipynb")) == ["02_two.ipynb"]
    done = course("run", "7", "--folder", folder, "--output", output)
    assert done.returncode == 2
    assert "no lesson '7': there are 01_one, 02_two" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_folder_and_a_damaged_lesson_are_errors_of_one_line(course, tmp_path):
    done = course("run", "--folder", tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    (tmp_path / "01_damaged.ipynb").write_text("<<<<<<<", encoding="utf-8")
    done = course("run", "--folder", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: 01_damaged.ipynb")


def test_embedded_reaches_the_lesson(course, tmp_path):
    code = "from course_utils.data import load_prices\nload_prices('IBM').attrs['source']"
    lesson(tmp_path / "01_prices.ipynb", code)
    output = tmp_path / "out"
    assert course("run", "--embedded", "--folder", tmp_path, "--output", output).returncode == 0
    executed = nbformat.read(output / "01_prices.ipynb", as_version=4)
    assert executed.cells[1].outputs[-1].data["text/plain"] == "'embedded'"


def test_copies_never_replace_the_lessons_themselves(course, tmp_path):
    folder = tmp_path / "notebooks"
    path = lesson(folder / "01_mine.ipynb", "1")
    before = path.read_bytes()
    spellings = [folder, tmp_path / "out" / ".." / "notebooks"]
    if os.name != "nt":
        (tmp_path / "link").symlink_to(folder)
        spellings.append(tmp_path / "link")
    for output in spellings:
        done = course("run", "--folder", folder, "--output", output)
        assert done.returncode == 2
        assert "holds the lessons: name another folder" in done.stderr
    assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("name", ["my_work", "mine"])
def test_a_run_never_replaces_a_learners_copies(name, course, tmp_path):
    lesson(tmp_path / "notebooks" / "01_mine.ipynb", "1")
    own = lesson(tmp_path / name / "01_mine.ipynb", "'two hours'")
    if name != "my_work":
        (tmp_path / name / RECORD).write_text("{}")
    before = own.read_bytes()
    done = course("run", "--folder", tmp_path / "notebooks", "--output", tmp_path / name)
    assert done.returncode == 2
    assert "copies: name another folder" in " ".join(done.stderr.split())
    assert own.read_bytes() == before


def test_lessons_run_in_this_python_though_the_user_has_another_python3_kernel(course, tmp_path):
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = '{"argv": ["no-such-python"], "display_name": "Other", "language": "python"}'
    (kernel / "kernel.json").write_text(spec, encoding="utf-8")
    lesson(tmp_path / "notebooks" / "01_which.ipynb", "import sys; sys.executable")
    shadow = {"JUPYTER_DATA_DIR": str(tmp_path / "jupyter"), "JUPYTER_PREFER_ENV_PATH": "0"}
    output = tmp_path / "out"
    done = course("run", "--folder", tmp_path / "notebooks", "--output", output, **shadow)
    assert done.returncode == 0, done.stdout + done.stderr
    executed = nbformat.read(output / "01_which.ipynb", as_version=4)
    assert executed.cells[1].outputs[0].data["text/plain"] == repr(sys.executable)


def test_stopping_a_run_ends_its_kernel(tmp_path):
    flag = tmp_path / "started"
    lesson(
        tmp_path / "01_long.ipynb",
        f"import os, time, pathlib\npathlib.Path({str(flag)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(100)",
    )
    # Windows sends Ctrl-C to a whole group; there the handler is called from within instead.
    stop = "import _thread, threading; threading.Timer({}, _thread.interrupt_main).start()\n"
    # Tests that run as a shell's background job ignore Ctrl-C, and what they start inherits that.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program = heed + "from course.commands import app; app()"
    if os.name == "nt":
        program = stop.format(15) + program
    output = tmp_path / "out"
    command = [sys.executable, "-c", program, "run", "--folder", tmp_path, "--output", output]
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 90
    while not (flag.exists() and flag.read_text()) and time.monotonic() < deadline:
        time.sleep(0.1)
    kernel = psutil.Process(int(flag.read_text()))
    if os.name != "nt":
        process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in stderr
    assert not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE


def test_memory_of_the_kernel_and_its_slowest_cell_are_measured():
    little = run_cells("1", "import time; time.sleep(2)", "1")
    much = run_cells("block = bytearray(200 * 2**20)", "import time; time.sleep(1)")
    assert 150 < much.peak_mib - little.peak_mib < 300
    number, seconds = little.slowest
    assert number == 2
    assert 2 <= seconds < 30
    assert len(little.cell_seconds) == 3
    assert little.seconds >= sum(little.cell_seconds)


def test_a_cell_that_takes_too_long_is_stopped_and_named():
    result = run_cells("1", "import time\ntime.sleep(100)", timeout=2)
    assert result.failure.cell == 2
    assert result.failure.line == "import time"
    assert "took longer than 2 s" in result.failure.error
    assert result.seconds < 20


def test_progress_bars_keep_their_last_state_and_expected_errors_fail_nothing():
    bar = "for i in range(3):\n    print(f'\\rstep {i}', end='', flush=True)"
    expected = nbformat.v4.new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(bar), expected])
    result = execute(notebook, ROOT, timeout=30)
    assert result.failure is None
    assert notebook.cells[0].outputs[0].text == "step 2"


def test_a_line_of_a_million_characters_takes_no_minute():
    result = run_cells("print('a' * 1_000_000)")
    (output,) = result.notebook.cells[0].outputs
    assert output.text == "a" * 1_000_000 + "\n"
    assert result.seconds < 60


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("one\rtwo\n\rthree", "two\nthree"),
        ("one\r\ntwo\r", "one\r\ntwo\r"),
        ("\n\r\n", "\n\r\n"),
    ],
)
def test_a_line_that_was_written_anew_is_kept_as_it_was_last(written, shown):
    parts = [f"import sys; sys.stdout.write({part!r}); sys.stdout.flush()" for part in written]
    (output,) = run_cells("\n".join([*parts, "1"])).notebook.cells[0].outputs[:-1]
    assert output.text == shown


def test_old_outputs_do_not_survive_a_failed_run():
    notebook = good_notebook()
    code_cells(notebook)[0].source = "1 / 0"
    assert execute(notebook, ROOT, timeout=30).failure.cell == 1
    assert [cell.get("outputs") for cell in code_cells(notebook)[1:] if cell.get("outputs")] == []


def test_pages_hold_their_images_with_alt_text_and_load_nothing(tmp_path):
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "01_figure.ipynb"
    notebook = good_notebook()
    code_cells(notebook)[1].metadata["alt"] = 'A dot "at" two & more.'
    nbformat.write(notebook, path)
    (found,) = find_lessons(path.parent)
    pages.write_lesson(found, Execution(notebook), tmp_path)
    page = (tmp_path / "01_figure.html").read_text(encoding="utf-8")
    (image,) = re.findall(r"<img [^>]*>", page)
    assert 'src="data:image/png;base64,' in image
    assert (
        "A dot &quot;at&quot; two &amp; more." in image or "'A dot \"at\" two &amp; more.'" in image
    )
    assert re.findall(r"<script[^>]*src=", page) == []
    assert "What often goes wrong" in page
    assert "Notes for instructors" not in page


# ---------------------------------------------------------------------- course run --store


def executed(folder, *sources):
    lesson(folder / "01_mine.ipynb", *sources)
    (found,) = find_lessons(folder)
    notebook = nbformat.read(found.path, as_version=4)
    return found, execute(notebook, folder, timeout=30)


def readme(folder):
    file = folder.parent / "README.md"
    file.write_text(f"# A\n{TABLE_START}\n{TABLE_END}\n", encoding="utf-8")
    return file


def test_storing_writes_outputs_timings_and_table_that_agree(tmp_path):
    folder = tmp_path / "notebooks"
    found, execution = executed(folder, GOOD, "1 + 1")
    ids = [cell.id for cell in execution.notebook.cells]
    execution.notebook.metadata["widgets"] = {"state": {}}
    execution.notebook.cells[1].metadata["execution"] = {"iopub.status.busy": "2024-01-01"}
    table = readme(folder)
    store.store({found: execution}, folder)
    stored = nbformat.read(found.path, as_version=4)
    assert [cell.id for cell in stored.cells] == ids
    assert stored.metadata["language_info"] == {"name": "python"}
    assert set(stored.metadata) == {"kernelspec", "language_info"}
    assert stored.cells[1].metadata == {}
    assert stored.cells[1].outputs[0].data["text/markdown"] == opening("01", folder).data
    assert "measured by" in stored.cells[1].outputs[0].data["text/markdown"]
    timings = read_timings(timings_file(folder))
    assert timings.lessons["01"].cells == 2
    assert timings.measured_on == this_machine()
    assert lesson_table(folder) in table.read_text(encoding="utf-8")
    kinds = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert kinds == {".ipynb", ".csv", ".md"}
    before = found.path.read_bytes()
    store.store({found: execution}, folder)
    assert found.path.read_bytes() == before


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "failed"),
        ("import sys; print('careful', file=sys.stderr)", "stderr"),
        ("print('/home/ann/course')", "/home/ann"),
    ],
)
def test_nothing_is_stored_unless_all_is_well(tmp_path, code, reason):
    folder = tmp_path / "notebooks"
    found, execution = executed(folder, code)
    table = readme(folder)
    before = found.path.read_bytes(), table.read_bytes()
    with pytest.raises(LessonError, match=reason):
        store.store({found: execution}, folder)
    assert (found.path.read_bytes(), table.read_bytes()) == before
    assert not timings_file(folder).exists()


def test_storing_needs_the_full_data(course, tmp_path):
    folder = tmp_path / "notebooks"
    path = lesson(folder / "01_mine.ipynb", "1 + 1")
    readme(folder)
    before = path.read_bytes()
    arguments = ("run", "--store", "--folder", folder, "--output", tmp_path / "out")
    assert course(*arguments, "--embedded").returncode == 2
    done = course(*arguments, COURSE_EMBEDDED="1")
    assert done.returncode == 1
    assert "full data" in done.stderr
    assert path.read_bytes() == before
    full = load_prices("IBM").attrs["source"] == "full"
    assert course(*arguments).returncode == (0 if full else 1)
    assert (path.read_bytes() != before) == full


def test_timings_of_two_machines_are_not_mixed(tmp_path):
    folder = tmp_path / "notebooks"
    lesson(folder / "01_one.ipynb", "1")
    lesson(folder / "02_two.ipynb", "2")
    one, two = find_lessons(folder)
    other = {**this_machine(), "cores": "64"}
    timings = Timings(other, {"01": Timing(1, 1, 1, 1)})
    write_timings(timings, timings_file(folder))
    store.check_mergeable([one, two], folder)
    store.check_mergeable([one], folder)
    with pytest.raises(LessonError, match="cores 64"):
        store.check_mergeable([two], folder)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes, and no `head`")
def test_a_reader_who_has_read_enough_ends_a_command_without_a_word():
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-c", "from course.commands import app; app()", "data"]
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, check=False)
    os.close(writes)
    assert done.stderr == b""
    assert done.returncode == 1


@pytest.mark.parametrize(("command", "has_option"), [("copies", True), ("data", False)])
def test_a_folder_that_is_not_yours_is_said_with_an_option_that_exists(
    monkeypatch, command, has_option
):
    def refused(*_arguments, **_options):
        raise PermissionError(13, "Permission denied", "/theirs")

    monkeypatch.setattr("course.copies.delivery.deliver", refused)
    monkeypatch.setattr(registry, "registry", refused)
    code, _, error = in_this_process(command, *(["student"] if has_option else []))
    assert code == 1
    assert error.startswith("Error: you may not write or read /theirs: work in a copy")
    assert ("--output" in error) == has_option


# --------------------------------------------------------------------------- course data


def test_data_shows_what_is_in_use(course, tmp_path):
    done = course("data", COURSE_DATA_DIR=str(tmp_path), COURSE_EMBEDDED="1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^IBM +embedded +bokeh_sampledata +stocks.IBM +-$", done.stdout, re.M)
    assert re.search(r"^AAPL +embedded ", done.stdout, re.M)
    assert registry.registry()[price_file_name("IBM")].address not in done.stdout


@pytest.fixture
def data_in_two_folders(tmp_path, monkeypatch):
    """Return a function that puts a right and a wrong file into data/ and COURSE_DATA_DIR."""
    monkeypatch.setattr(registry, "DATA_DIR", tmp_path / "data")
    monkeypatch.setattr(full_data, "_failure", "")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "mine"))
    for variable in ("COURSE_OFFLINE", "COURSE_EMBEDDED"):
        monkeypatch.delenv(variable, raising=False)

    def put(ticker, **contents):
        name = price_file_name(ticker)
        sha256 = hashlib.sha256(b"right").hexdigest()
        for folder in ("data", "mine"):
            (tmp_path / folder).mkdir()
            if folder in contents:
                (tmp_path / folder / name).write_bytes(contents[folder])
        (tmp_path / "data" / "registry.txt").write_text(f"{name} {sha256} http://127.0.0.1:9/x\n")
        return sha256

    return put


def in_this_process(*arguments):
    result = CliRunner().invoke(app, [*arguments])
    return result.exit_code, result.stdout, result.stderr


def test_data_says_where_from_and_what_checksum(data_in_two_folders, tmp_path):
    sha256 = data_in_two_folders("IBM", mine=b"right")
    code, out, _ = in_this_process("data")
    row, address = out.splitlines()[1:3]
    assert code == 0
    assert row.split() == [
        "IBM", "full", str(tmp_path / "mine"), price_file_name("IBM"), "verified", sha256[:12]
    ]  # fmt: skip
    assert address.strip() == "http://127.0.0.1:9/x"


@pytest.mark.parametrize(
    ("ticker", "here", "variable", "used"),
    [
        ("IBM", True, "", "full"),
        ("IBM", True, "COURSE_OFFLINE", "full"),
        ("IBM", True, "COURSE_EMBEDDED", "embedded"),
        ("IBM", False, "", "download"),
        ("IBM", False, "COURSE_OFFLINE", "embedded"),
        ("XOM", True, "", "full"),
        ("XOM", True, "COURSE_EMBEDDED", "nothing"),
    ],
)
def test_data_says_what_load_prices_does(
    ticker, here, variable, used, data_in_two_folders, monkeypatch, capsys
):
    data_in_two_folders(ticker, **({"mine": b"right"} if here else {}))
    if variable:
        monkeypatch.setenv(variable, "1")
    _, out, _ = in_this_process("data")
    assert out.splitlines()[1].split()[:2] == [ticker, used]
    if used == "embedded":
        assert load_prices(ticker).attrs["source"] == used
    if used == "nothing":
        with pytest.raises(prices.DataError, match=f"because {variable}=1"):
            load_prices(ticker)


def test_data_get_refuses_a_wrong_file_though_a_right_one_is_in_data(data_in_two_folders, tmp_path):
    data_in_two_folders("IBM", mine=b"wrong", data=b"right")
    code, out, err = in_this_process("data", "get", "IBM")
    assert (code, out) == (1, "")
    assert err.startswith(f"Error: {tmp_path / 'mine' / price_file_name('IBM')} is not the file")
    assert len(err.splitlines()) == 1


def test_data_get_takes_what_files_have_in_common(monkeypatch):
    asked = []
    monkeypatch.setattr(registry, "find_file", lambda name: None)
    monkeypatch.setattr(
        download, "fetch", lambda name: asked.append(name) or registry.DATA_DIR / name
    )
    code, _, _ = in_this_process("data", "get", "multi30k", "tinyshakespeare", "XOM")
    assert code == 0
    captions = [name for name in registry.registry() if name.startswith("multi30k.")]
    assert len(captions) == 6
    assert asked == [*captions, "tinyshakespeare.txt", price_file_name("XOM")]


def test_data_get_downloads_nothing_offline(data_in_two_folders, monkeypatch):
    data_in_two_folders("IBM")
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    code, _, err = in_this_process("data", "get", "IBM")
    assert code == 1
    assert "COURSE_OFFLINE=1 forbids it" in err
    assert len(err.splitlines()) == 1


def test_data_with_a_wrong_checksum_is_refused_everywhere_in_one_line(course, tmp_path):
    file = tmp_path / price_file_name("IBM")
    file.write_text("Date\n", encoding="utf-8")
    env = {"COURSE_DATA_DIR": str(tmp_path)}
    done = course("data", **env)
    assert done.returncode == 1
    assert re.search(r"^IBM +refused .* wrong checksum$", done.stdout, re.M)
    assert len(done.stderr.splitlines()) == 1
    done = course("run", "--store", **env)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_data_get_refuses_an_unknown_name_with_the_known_ones(course):
    done = course("data", "get", "NOSUCH")
    assert done.returncode == 2
    assert "IBM" in done.stderr
    for near, name in {
        "ibn": "IBM",
        "xon": "XOM",
        "multi30k.trian.en.gz": "multi30k.train.en.gz",
        "multi3ok": "multi30k",
    }.items():
        done = course("data", "get", near)
        assert done.returncode == 2
        assert re.search(f"did you mean .*{name}", done.stderr)
        assert "TRV" not in done.stderr


def test_a_data_folder_that_is_not_there_is_an_error_of_one_line(course, tmp_path):
    done = course("data", COURSE_DATA_DIR=str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


# ------------------------------------------------------------------------- course doctor


def test_doctor_says_one_line_a_check_and_exits_accordingly(course):
    done = course("doctor")
    lines = done.stdout.splitlines()
    assert all(re.match(r"(OK   |FIX  ) \S+ +\S", line) for line in lines)
    subjects = {line.split()[1] for line in lines}
    checked = {"Python", "packages", "course", "cores", "memory", "disk", "data", "kernel"}
    assert checked | {"backend", "GPU", "layers"} <= subjects
    assert done.returncode == any(line.startswith("FIX") for line in lines)
    assert done.stderr == ""


def test_doctor_finds_another_backend(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    ((good, _, text),) = doctor.check_backend()
    assert not good
    assert "unset KERAS_BACKEND" in text


def test_doctor_names_packages_that_are_missing_or_out_of_range():
    numpy = importlib.metadata.version("numpy")
    findings = list(
        doctor.check_packages(
            ["no-such-package>=1", "numpy<1", f"numpy=={numpy}", "other; extra == 'dev'"]
        )
    )
    assert [good for good, _, _ in findings] == [False, False, True]
    assert 'pip install "no-such-package>=1"' in findings[0][2]
    assert f"numpy is {numpy}" in findings[1][2]
    assert findings[2][2].startswith("1 in")


def test_doctor_takes_the_full_build_of_a_package_for_its_cpu_build():
    (finding,) = doctor.check_packages(["numpy-cpu>=2,<3"])
    assert finding == (True, "packages", "1 in their supported ranges")


def test_doctor_finds_a_package_away_from_its_notebooks(tmp_path):
    ((good, _, text),) = doctor.check_installation(tmp_path)
    assert not good
    assert "pip install -e ." in text


def test_doctor_finds_another_pythons_kernel(tmp_path, monkeypatch):
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    other = str(tmp_path / "python")
    spec = {"argv": [other, "-m", "x"], "display_name": "Other", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    ((good, _, text),) = doctor.check_kernelspec()
    assert not good
    assert other in text


def test_doctor_finds_a_broken_data_file(tmp_path, monkeypatch):
    (tmp_path / price_file_name("IBM")).write_text("Date\n", encoding="utf-8")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    ((good, _, text),) = doctor.check_data()
    assert not good
    assert "wrong checksum" in text
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "nowhere"))
    ((good, _, text),) = doctor.findings(doctor.check_data)
    assert not good
    assert "nowhere" in text


def test_doctor_goes_on_after_damaged_timings(tmp_path, monkeypatch, capsys):
    file = tmp_path / "timings.csv"
    file.write_text("lesson,seconds\n01,fast\n", encoding="utf-8")
    monkeypatch.setattr(doctor, "timings_file", lambda: file)
    monkeypatch.setattr(doctor, "check_kernel", lambda: [(True, "kernel", "-")])
    monkeypatch.setattr(doctor, "check_backend", lambda: [(True, "backend", "-")])
    with pytest.raises(typer.Exit) as stop:
        doctor.doctor()
    lines = capsys.readouterr().out.splitlines()
    assert stop.value.exit_code == 1
    assert f"FIX   memory    {file} is damaged: delete it and run `make notebooks`" in lines
    assert {"disk", "data", "kernel", "backend"} <= {line.split()[1] for line in lines}


def test_the_file_cache_of_a_container_is_free_memory(tmp_path):
    contents = {
        "memory.max": "1000000\n",
        "memory.current": "900000\n",
        "memory.stat": "anon 200000\nactive_file 300000\ninactive_file 400000\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    assert doctor.free_memory(tmp_path) == 500_000
    (tmp_path / "memory.max").write_text("max\n")
    assert doctor.free_memory(tmp_path) > 500_000


def test_a_failure_says_where_and_why():
    assert str(Failure(2, "1/0", "oh")) == "code cell 2 `1/0`: oh"
    assert str(Failure(0, "", "no answer")) == "before the first cell: no answer"
