"""What this machine has, cores, free memory and versions, and whether a person sits at it."""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path

import psutil

GROUP = Path("/sys/fs/cgroup")
"""where Linux keeps the limits of the container that this process runs in"""


def cores() -> int:
    """Number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that are free to us; in a container, those that its limit leaves."""
    free = psutil.virtual_memory().available
    try:
        limit = int((GROUP / "memory.max").read_text())
        used = int((GROUP / "memory.current").read_text())
        stat = dict(line.split() for line in (GROUP / "memory.stat").read_text().splitlines())
        used -= int(stat.get("inactive_file", 0))  # the file cache, which gives way
    except (OSError, ValueError):  # no such limit here
        return free
    return min(free, max(0, limit - used))


def attended() -> bool:
    """Whether a person sits at the front-end of this kernel, whichever front-end it is.

    With each cell, a front-end says whether it can answer `input`. JupyterLab, VS Code and Colab
    can; what runs a notebook from top to bottom cannot.
    """
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    request = kernel.get_parent("shell") if kernel else {}
    return bool(request.get("content", {}).get("allow_stdin"))


def this_machine() -> dict[str, str]:
    """What a timing depends on: cores, and the versions of Python, TensorFlow and Keras."""
    return {"cores": str(cores())} | versions()


def versions() -> dict[str, str]:
    """The versions of Python, TensorFlow and Keras, without the seconds that loading them takes."""
    return {
        "python": platform.python_version(),
        "tensorflow": _version("tensorflow", "tensorflow-cpu"),
        "keras": _version("keras"),
    }


def _version(*names: str) -> str:
    """Version of the first of these packages that is installed."""
    for name in names:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "not installed"
