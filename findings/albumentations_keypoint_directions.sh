#!/usr/bin/env bash
# albumentations 2.0.8 (the last release under MIT), numpy 2.4.6, opencv-python-headless 5.0.0.93
#
# Expected (written down before the run): the angle of a keypoint (format "xya") turns with the
#   photograph, so that it goes on pointing at what it pointed at. The documentation says that angles
#   are counter-clockwise, and names SIFT's as a use; clockwise, as OpenCV has them, would do as well.
# Behaviour: flips are right either way. Rotate, Affine and SafeRotate turn counter-clockwise angles;
#   RandomRotate90 turns clockwise ones. So a quarter turn by Rotate and one by RandomRotate90 give the
#   same pixels and places, and opposite directions. Transpose, and with it D4, takes one sense up to
#   180 degrees and the other above. There is no sense in which all are right; nothing is said.
# Who is hurt: anyone who augments points that have a direction (SIFT's, a head's, a fin's) by more
#   than one of these. Give a second point in that direction, and compute the angle afterwards.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet albumentations==2.0.8 numpy==2.4.6 \
    opencv-python-headless==5.0.0.93

NO_ALBUMENTATIONS_UPDATE=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import albumentations as A
import numpy as np

SIZE, CENTRE, REACH = 201, 100, 30  # pixels
PHOTOGRAPH = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
GIVEN = (40, 250)  # degrees; one above and one below 180
SENSES = {"counter-clockwise": -1, "clockwise": 1}  # what a growing angle does to y


def turn(transform, given, sense, seed):
    """The photograph, the place, and by how much the angle misses what it pointed at (degrees)."""
    x, y = CENTRE + 7, CENTRE - 11
    aim = (
        x + REACH * np.cos(np.radians(given)),
        y + sense * REACH * np.sin(np.radians(given)),
    )
    kind = A.KeypointParams(format="xya", remove_invisible=False)
    compose = A.Compose([transform], keypoint_params=kind, seed=seed)
    result = compose(image=PHOTOGRAPH, keypoints=[(x, y, given), (*aim, 0)])
    point, aimed = (np.array(one) for one in result["keypoints"])
    across, down = aimed[:2] - point[:2]
    right = np.degrees(np.arctan2(sense * down, across))
    miss = abs((point[2] - right + 180) % 360 - 180)
    return result["image"], point, miss


def measure(transform, sense):
    """The largest miss, over both angles and whatever the transform draws."""
    return max(turn(transform, given, sense, seed)[2] for given in GIVEN for seed in range(20))


transforms = {
    "HorizontalFlip": A.HorizontalFlip(p=1),
    "VerticalFlip": A.VerticalFlip(p=1),
    "Rotate(30)": A.Rotate((30, 30), p=1),
    "Affine(rotate=30)": A.Affine(rotate=(30, 30), p=1),
    "SafeRotate(30)": A.SafeRotate((30, 30), p=1),
    "RandomRotate90": A.RandomRotate90(p=1),
    "Transpose": A.Transpose(p=1),
    "D4": A.D4(p=1),
}
print(f"albumentations {A.__version__}: largest miss in degrees, angles taken as")
print(f"{'':18}{'counter-clockwise':>20}{'clockwise':>12}")
misses = {}
for name, transform in transforms.items():
    misses[name] = [measure(transform, sense) for sense in SENSES.values()]
    print(f"{name:18}{misses[name][0]:20.0f}{misses[name][1]:12.0f}")

once = A.Rotate((90, 90), p=1)
photograph, point, _ = turn(once, GIVEN[0], 1, 0)
other, other_point = next(
    (drawn, place)
    for drawn, place, _ in (turn(A.RandomRotate90(p=1), GIVEN[0], 1, seed) for seed in range(50))
    if np.array_equal(drawn, np.rot90(PHOTOGRAPH))
)
same = np.array_equal(photograph, other) and np.allclose(point[:2], other_point[:2])
print(f"a quarter turn: the same pixels and place: {same}; 40 degrees become")
print(f"{point[2]:.0f} by Rotate and {other_point[2]:.0f} by RandomRotate90")

described = {
    "HorizontalFlip": [0, 0],
    "VerticalFlip": [0, 0],
    "Rotate(30)": [0, 60],
    "Affine(rotate=30)": [0, 60],
    "SafeRotate(30)": [0, 60],
    "RandomRotate90": [180, 0],
    "Transpose": [180, 180],
    "D4": [180, 180],
}
near = all(np.allclose(misses[name], described[name], atol=1) for name in described)
opposite = abs(abs(point[2] - other_point[2]) - 180) < 1
sys.exit(0 if near and same and opposite else 1)
PYTHON

# Output seen:
# albumentations 2.0.8: largest miss in degrees, angles taken as
#                      counter-clockwise   clockwise
# HorizontalFlip                       0           0
# VerticalFlip                         0           0
# Rotate(30)                           0          60
# Affine(rotate=30)                    0          60
# SafeRotate(30)                       0          60
# RandomRotate90                     180           0
# Transpose                          180         180
# D4                                 180         180
# a quarter turn: the same pixels and place: True; 40 degrees become
# 130 by Rotate and 310 by RandomRotate90
