#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93, numpy 2.4.6
#
# Expected (written down before the run): IMREAD_REDUCED_GRAYSCALE_8 reads a photograph at an eighth of
#   its size, with the same size and nearly the same pixels whatever format it is stored in: about
#   those of the whole photograph shrunk by INTER_AREA.
# Behaviour: true for JPEG, where 8 x 8 pixels are averaged. PNG, WebP and TIFF are decoded whole, and
#   then each pixel of the result is made of 2 x 2 of its 8 x 8 pixels, so that fine stripes come out
#   at full contrast, as broad ones that are not there; so it is with a quarter, and in colour. And
#   the sides are rounded up for JPEG, down for the others.
# Who is hurt: anyone who reads thumbnails so, to find duplicates or to look at photographs faster: the
#   same photograph as JPEG and as PNG differs, by a pixel in size and most where fur, feathers or
#   stripes are fine. Read whole and shrink by INTER_AREA if it is no JPEG.
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

HEIGHT, WIDTH, PERIOD = 601, 901, 9  # pixels; stripes that are about as wide as hair
FORMATS = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 100],
    ".png": [],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 101],  # without loss
    ".tiff": [],
}
FLAGS = {
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
stripes = 128 + 100 * np.sin(2 * np.pi * np.arange(WIDTH) / PERIOD)
photograph = np.tile(stripes.round().astype(np.uint8), (HEIGHT, 1))

print(f"OpenCV {cv2.__version__}: {HEIGHT} x {WIDTH} pixels, contrast {photograph.std():.0f}")
shapes, contrasts = {}, {}
for reduction, flag in FLAGS.items():
    for ending, options in FORMATS.items():
        file = cv2.imencode(ending, photograph, options)[1]
        whole = cv2.imdecode(file, cv2.IMREAD_GRAYSCALE)
        found = cv2.imdecode(file, flag)
        averaged = cv2.resize(whole, found.shape[::-1], interpolation=cv2.INTER_AREA)
        shapes[reduction, ending] = found.shape
        contrasts[reduction, ending] = float(found.std()), float(averaged.std())
        print(
            f"1/{reduction} {ending:5} {found.shape[0]:3} x {found.shape[1]:3}, contrast "
            f"{found.std():2.0f}, by INTER_AREA {averaged.std():2.0f}"
        )
larger = all(
    shapes[reduction, ".jpg"] == (-(-HEIGHT // reduction), -(-WIDTH // reduction))
    and shapes[reduction, ending] == (HEIGHT // reduction, WIDTH // reduction)
    for reduction, ending in shapes
    if ending != ".jpg"
)
found, averaged = zip(*(contrasts[8, ending] for ending in FORMATS), strict=True)
described = max(averaged) < 15 and found[0] < 15 and min(found[1:]) > 50
sys.exit(0 if larger and described else 1)
PYTHON

# Output seen:
# OpenCV 5.0.0: 601 x 901 pixels, contrast 71
# 1/2 .jpg  301 x 451, contrast 66, by INTER_AREA 64
# 1/2 .png  300 x 450, contrast 68, by INTER_AREA 64
# 1/2 .webp 300 x 450, contrast 68, by INTER_AREA 64
# 1/2 .tiff 300 x 450, contrast 68, by INTER_AREA 64
# 1/4 .jpg  151 x 226, contrast 51, by INTER_AREA 49
# 1/4 .png  150 x 225, contrast 68, by INTER_AREA 49
# 1/4 .webp 150 x 225, contrast 68, by INTER_AREA 49
# 1/4 .tiff 150 x 225, contrast 68, by INTER_AREA 49
# 1/8 .jpg   76 x 113, contrast  9, by INTER_AREA  9
# 1/8 .png   75 x 112, contrast 68, by INTER_AREA  8
# 1/8 .webp  75 x 112, contrast 68, by INTER_AREA  8
# 1/8 .tiff  75 x 112, contrast 68, by INTER_AREA  8
