"""One thin script a stage, run by DVC as `python -m stages.<word>`."""

import os

# OpenMP's threads spin while they wait: quick on an idle machine, ruinous on a busy one. Beside one
# other process on two cores, training ran at 5 images a second, and at 27 with this line. It must
# be set before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
