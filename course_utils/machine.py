"""What a measurement depends on, cores and versions, and whether a person sits at this machine."""

import importlib.metadata
import os
import platform
import sys


def cores() -> int:
    """Number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
