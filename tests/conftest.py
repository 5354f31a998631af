"""Before anything loads torch: one thread, since the tests' tensors are far too small to share."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
