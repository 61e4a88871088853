#!/usr/bin/env bash
# albumentations 2.0.8 (the last release under MIT), numpy 2.4.6, opencv-python-headless 5.0.0.93
#
# Expected (written down before the run): what is passed in a field of `label_fields` comes back as it
#   was, for the boxes and keypoints that are left: a label says whose box it is and is not a number
#   to compute with.
# Behaviour: true for text. Whole numbers travel as a column beside the coordinates, in float32, which
#   holds them up to 2**24 only: a larger one comes back as another, and two that are close come
#   back as the same. Nothing is said; an array of int64 comes back as an array of int64. A transform
#   that does nothing is enough.
# Who is hurt: anyone who tells boxes apart by the numbers of a large database, whose occurrences and
#   annotations have nine or ten digits. What is looked up afterwards is missing, or another animal.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet albumentations==2.0.8 numpy==2.4.6 \
    opencv-python-headless==5.0.0.93

NO_ALBUMENTATIONS_UPDATE=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import albumentations as A
import numpy as np

IMAGE = np.zeros((100, 100, 3), np.uint8)
BOXES = [[10, 10, 20, 20], [30, 30, 9, 9], [50, 50, 5, 5]]
POINTS = [[10, 10], [30, 30], [50, 50]]
LARGE, SMALL = [4011234567, 4011234568, 7], [16777214, 16777215, 7]


def pass_boxes(labels, transform):
    kind = A.BboxParams(format="coco", label_fields=["animals"])
    return A.Compose([transform], bbox_params=kind)(image=IMAGE, bboxes=BOXES, animals=labels)


def pass_points(labels, transform):
    kind = A.KeypointParams(format="xy", label_fields=["animals"])
    return A.Compose([transform], keypoint_params=kind)(
        image=IMAGE, keypoints=POINTS, animals=labels
    )


def ask(way, labels, transform):
    return [int(label) for label in way(labels, transform)["animals"]]


flip, nothing = A.HorizontalFlip(p=1), A.NoOp(p=1)
answers = {
    "boxes, list": ask(pass_boxes, LARGE, flip),
    "boxes, array": ask(pass_boxes, np.array(LARGE), flip),
    "boxes, NoOp": ask(pass_boxes, LARGE, nothing),
    "keypoints, list": ask(pass_points, LARGE, flip),
    "boxes, text": ask(pass_boxes, [str(label) for label in LARGE], flip),
    "boxes, below 2**24": ask(pass_boxes, SMALL, flip),
}
print(f"albumentations {A.__version__}: labels {LARGE}, and {SMALL}")
for name, answer in answers.items():
    print(f"{name:20}{answer}")
rounded = [int(np.float32(label)) for label in LARGE]
*changed, text, small = answers.values()
sys.exit(
    0
    if all(answer == rounded for answer in changed)
    and rounded[0] == rounded[1] != LARGE[1]
    and text == LARGE
    and small == SMALL
    else 1
)
PYTHON

# Output seen:
# albumentations 2.0.8: labels [4011234567, 4011234568, 7], and [16777214, 16777215, 7]
# boxes, list         [4011234560, 4011234560, 7]
# boxes, array        [4011234560, 4011234560, 7]
# boxes, NoOp         [4011234560, 4011234560, 7]
# keypoints, list     [4011234560, 4011234560, 7]
# boxes, text         [4011234567, 4011234568, 7]
# boxes, below 2**24  [16777214, 16777215, 7]
