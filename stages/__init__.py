"""One thin script a stage, run by DVC as `python -m stages.<word>`."""

import os

from pipeline import machine

# Both must be set before torch is imported, and the user's own values stay.
os.environ.setdefault("OMP_NUM_THREADS", str(machine.threads()))
# OpenMP's threads spin while they wait: quick on an idle machine, ruinous on a busy one. Beside one
# other process on two cores, training ran at 5 images a second, and at 27 with this line.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
machine.keep_memory()
