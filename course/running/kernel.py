"""A kernel that ends, from its first moment on, when the process that started it ends.

Run as a program, in place of `ipykernel_launcher`. ipykernel itself watches its parent only once it
has loaded. If the parent is killed before that, and orphans go to a process other than the system's
first, as on Linux desktops, a kernel is left that waits for ever.
"""

import os
import runpy
import sys
import threading
import time


def end_with(parent: int) -> None:
    """Wait until this process has a different parent, then end it at once."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # this file's folder, where a lesson must not find its imports
    if os.name != "nt":  # there ipykernel holds a handle of its parent, and no pid is passed on
        parent = int(os.environ["JPY_PARENT_PID"])
        threading.Thread(target=end_with, args=[parent], daemon=True).start()
    runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
