#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93, numpy 2.4.6
#
# Expected (written down before the run): SIFT_create(nfeatures=200) with a mask returns the 200
#   strongest points inside the mask, if there are as many. Its documentation calls `nfeatures` "the
#   number of best features to retain", and the mask the place "where to look for keypoints".
# Behaviour: SIFT keeps the 200 strongest points of the whole photograph, and only then drops those
#   outside the mask. If leaves and grass have more contrast than fur, none is left for the animal,
#   and the descriptors are None, as if it had no pattern. ORB looks inside the mask first and fills
#   most of its number there. Without a limit, SIFT finds all of the animal's points, too.
# Who is hurt: anyone who limits the points and gives the animal's mask to leave out the background:
#   it is the background that decides how many points an animal has, and so its scores. Detect
#   with the mask and without a limit, sort by `response`, and cut.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6

OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import cv2
import numpy as np

HEIGHT, WIDTH = 600, 800
TOP, BOTTOM, LEFT, RIGHT = 150, 450, 250, 550  # where the animal stands
rng = np.random.default_rng(0)


def make_texture(contrast):
    """Blots of about ten pixels around a middle grey."""
    noise = cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH)), (0, 0), 3)
    return 128 + contrast * noise / noise.std()


mask = np.zeros((HEIGHT, WIDTH), np.uint8)
mask[TOP:BOTTOM, LEFT:RIGHT] = 255
fur, leaves = make_texture(18), make_texture(45)
scene = np.where(mask > 0, fur, leaves).clip(0, 255).astype(np.uint8)
plain = np.where(mask > 0, fur, 128).clip(0, 255).astype(np.uint8)


def find(detector, photograph):
    """The points inside the mask, each as its place, size and direction."""
    points, descriptors = detector.detectAndCompute(photograph, mask)
    assert (descriptors is None) == (not points)
    return {(*point.pt, point.size, point.angle) for point in points}


def find_anywhere(count):
    """The strongest points of the whole scene that happen to lie inside the mask."""
    points = cv2.SIFT_create(nfeatures=count).detect(scene, None)
    return {
        (*point.pt, point.size, point.angle)
        for point in points
        if mask[int(point.pt[1] + 0.5), int(point.pt[0] + 0.5)]
    }


inside = find(cv2.SIFT_create(), scene)
print(f"OpenCV {cv2.__version__}: the animal has {len(inside)} points without a limit")
print("limit  SIFT, before leaves  SIFT, before a grey wall  ORB, before leaves")
found = {}
for limit in (100, 200, 300):
    sift = cv2.SIFT_create(nfeatures=limit)
    orb = cv2.ORB_create(nfeatures=limit)
    among_leaves = find(sift, scene)
    found[limit] = (len(among_leaves), len(find(sift, plain)), len(find(orb, scene)))
    print(f"{limit:5}  {found[limit][0]:19}  {found[limit][1]:24}  {found[limit][2]:18}")
    if among_leaves != find_anywhere(limit):
        sys.exit("these are not the points of the whole photograph that lie inside the mask")
described = all(
    among_leaves == 0 and before_wall >= 0.9 * limit and orb >= 0.6 * limit
    for limit, (among_leaves, before_wall, orb) in found.items()
)
sys.exit(0 if len(inside) > max(found) and described else 1)
PYTHON

# Output seen:
# OpenCV 5.0.0: the animal has 580 points without a limit
# limit  SIFT, before leaves  SIFT, before a grey wall  ORB, before leaves
#   100                    0                       101                 100
#   200                    0                       200                 182
#   300                    0                       300                 260
