"""A kernel that ends when the process that has started it ends, from its first moment on.

Run as a program, in place of `ipykernel_launcher`. ipykernel itself looks for its parent once it
has loaded; if that is killed before, and orphans go to another process than the system's first,
as on Linux desktops, a kernel is left that waits for ever.
"""

import os
import runpy
import sys
import threading
import time


def end_with(parent: int) -> None:
    """Wait until the process has another parent, then end it at once."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # this file's folder: what a lesson imports is not looked for there
    if os.name != "nt":  # there ipykernel holds a handle of its parent, and no pid is handed on
        parent = int(os.environ["JPY_PARENT_PID"])
        threading.Thread(target=end_with, args=[parent], daemon=True).start()
    runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
