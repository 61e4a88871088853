#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93, numpy 2.4.6
#
# Expected (written down before the run): for a picture of 16 bits per channel,
#   `imread(path, IMREAD_COLOR_RGB | IMREAD_ANYDEPTH)` returns the pixels of
#   `IMREAD_COLOR | IMREAD_ANYDEPTH` with red and blue exchanged, for TIFF as for PNG.
# Behaviour: true for PNG, and for TIFF at 8 bits (without IMREAD_ANYDEPTH). Of a 16-bit colour TIFF,
#   compressed or not, the two flags together return values that are not in the file, without a
#   warning. IMREAD_COLOR, IMREAD_COLOR_RGB and IMREAD_UNCHANGED read the same file correctly.
# Who is hurt: anyone who keeps the depth of scanned or developed raw photographs (16-bit TIFF) and
#   asks for RGB, which spares a conversion. Read BGR and convert.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import cv2
import numpy as np

FLAGS = {
    "IMREAD_COLOR | IMREAD_ANYDEPTH": cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH,
    "IMREAD_COLOR_RGB | IMREAD_ANYDEPTH": cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH,
    "IMREAD_UNCHANGED": cv2.IMREAD_UNCHANGED,
}
# three numbers per pixel, all different, all far from 0
picture = (np.arange(1, 8 * 8 * 3 + 1, dtype=np.uint16) * 300).reshape(8, 8, 3)
files = {
    "16.png": [],
    "16.tiff": [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_NONE],
    "16-lzw.tiff": [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_LZW],
}
print(f"OpenCV {cv2.__version__}: fraction of pixels read as written, 16 bits per channel")
right = {}
for file, options in files.items():
    cv2.imwrite(file, picture, options)
    for words, flags in FLAGS.items():
        read = cv2.imread(file, flags)
        read = read[:, :, ::-1] if "RGB" in words else read
        right[file, words] = float((read == picture).all(axis=2).mean())
        print(f"{file:12} {words:36} {read.dtype} {right[file, words]:.2f}")
wrong = {pair for pair, fraction in right.items() if fraction < 1}
described = {(file, "IMREAD_COLOR_RGB | IMREAD_ANYDEPTH") for file in ("16.tiff", "16-lzw.tiff")}
sys.exit(0 if wrong == described else 1)
PYTHON

# Output seen:
# OpenCV 5.0.0: fraction of pixels read as written, 16 bits per channel
# 16.png       IMREAD_COLOR | IMREAD_ANYDEPTH       uint16 1.00
# 16.png       IMREAD_COLOR_RGB | IMREAD_ANYDEPTH   uint16 1.00
# 16.png       IMREAD_UNCHANGED                     uint16 1.00
# 16.tiff      IMREAD_COLOR | IMREAD_ANYDEPTH       uint16 1.00
# 16.tiff      IMREAD_COLOR_RGB | IMREAD_ANYDEPTH   uint16 0.00
# 16.tiff      IMREAD_UNCHANGED                     uint16 1.00
# 16-lzw.tiff  IMREAD_COLOR | IMREAD_ANYDEPTH       uint16 1.00
# 16-lzw.tiff  IMREAD_COLOR_RGB | IMREAD_ANYDEPTH   uint16 0.00
# 16-lzw.tiff  IMREAD_UNCHANGED                     uint16 1.00
