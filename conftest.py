"""What all of pytest needs, notebooks included."""

import os

os.environ["COURSE_WARM"] = "off"  # whatever this shell says, tests and their kernels train
if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers share the cores: more threads in each only wait for one another.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
