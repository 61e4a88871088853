#!/usr/bin/env bash
# albumentations 2.0.8 (the last release under MIT), numpy 2.4.6, opencv-python-headless 5.0.0.93
#
# Expected (written down before the run): two transforms with p=0.5 in a seeded Compose are applied
#   independently of each other: both in about 250 of 1,000 calls, exactly one of them in about 500.
# Behaviour: they are applied both or neither, never one alone. `Compose(seed=...)` and
#   `Compose.set_random_seed` give every transform a generator of its own with the same seed, so that
#   all of them see the same random numbers, call after call. Without a seed, or with one pair of
#   generators passed to `set_random_state`, the transforms share a generator and are independent.
# Who is hurt: anyone who seeds augmentation to make it reproducible. Each probability is right taken
#   alone, but views are either untouched or carry every corruption at once.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet albumentations==2.0.8 numpy==2.4.6 \
    opencv-python-headless==5.0.0.93

NO_ALBUMENTATIONS_UPDATE=1 "$folder/venv/bin/python" - <<'PYTHON'
import random
import sys

import albumentations as A
import numpy as np

CALLS = 1000
image = np.full((4, 4, 3), (100, 50, 25), np.uint8)


def count(seed_call, **options):
    """How often neither, one and both of two transforms are applied in 1,000 calls."""
    compose = A.Compose([A.InvertImg(p=0.5), A.ToGray(p=0.5)], **options)
    counts = [0, 0, 0]
    for call in range(CALLS):
        seed_call(compose, call)
        view = compose(image=image)["image"]
        inverted = view.mean() > 127
        grey = (view == view[:, :, :1]).all()
        counts[int(inverted) + int(grey)] += 1
    return counts


def leave(compose, call):
    pass


def share(compose, call):
    compose.set_random_state(np.random.default_rng(call), random.Random(call))


found = {
    "Compose(seed=3)": count(leave, seed=3),
    "set_random_seed(call)": count(lambda compose, call: compose.set_random_seed(call)),
    "without a seed": count(leave),
    "set_random_state, shared": count(share),
}
print(f"albumentations {A.__version__}, calls with neither, one and both of two transforms, p=0.5")
for name, counts in found.items():
    print(f"{name:26}{counts}")
coupled = all(found[name][1] == 0 for name in ("Compose(seed=3)", "set_random_seed(call)"))
independent = all(
    400 < found[name][1] < 600 for name in ("without a seed", "set_random_state, shared")
)
sys.exit(0 if coupled and independent else 1)
PYTHON

# Output seen:
# albumentations 2.0.8, calls with neither, one and both of two transforms, p=0.5
# Compose(seed=3)           [491, 0, 509]
# set_random_seed(call)     [485, 0, 515]
# without a seed            [262, 484, 254]      (varies)
# set_random_state, shared  [262, 509, 229]
