#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93, Pillow 13.0.0
#
# Expected (written down before the run): a photograph that the camera marked as turned looks the same
#   in every format that OpenCV reads: imdecode turns JPEG by its EXIF orientation unless it is told not
#   to, and AVIF has the turn as a property of the image (irot, imir: ISO/IEC 23008-12), which a
#   reader has to apply.
# Behaviour: JPEG, PNG and WebP come upright, AVIF comes as the sensor stored it: its irot and imir are
#   passed over. Pillow reads the same file upright. Nothing is raised, and the numbers of rows and
#   columns are exchanged.
# Who is hurt: catalogues from telephones that save AVIF: half of the animals lie on their side, and
#   boxes that were drawn on the upright photograph cut out something else.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 pillow==13.0.0

"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import numpy as np
import PIL
from PIL import Image, ImageOps

ORIENTATION, QUARTER_TURN = 0x0112, 6


def save(kind):
    """A photograph of 64 x 32 pixels, its left half bright, marked to be turned clockwise."""
    pixels = np.zeros((32, 64, 3), np.uint8)
    pixels[:, :32] = 255
    exif = Image.Exif()
    exif[ORIENTATION] = QUARTER_TURN
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, exif=exif)
    return file.getvalue()


def describe(pixels):
    """Its shape, and which half of it is bright."""
    rows, columns = pixels.shape[:2]
    halves = {
        "top": pixels[: rows // 2],
        "bottom": pixels[rows // 2 :],
        "left": pixels[:, : columns // 2],
        "right": pixels[:, columns // 2 :],
    }
    brightest = max(halves, key=lambda name: halves[name].mean())
    return f"{rows} x {columns}, {brightest} bright"


answers = {}
for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
    data = save(kind)
    with Image.open(io.BytesIO(data)) as image:
        answers[kind, "Pillow"] = describe(np.asarray(ImageOps.exif_transpose(image)))
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    answers[kind, "OpenCV"] = describe(found)
print(f"OpenCV {cv2.__version__}, Pillow {PIL.__version__}")
for (kind, reader), answer in answers.items():
    print(f"{kind:5} {reader:7} {answer}")
upright = "64 x 32, top bright"
expected = {key: upright for key in answers} | {("AVIF", "OpenCV"): "32 x 64, left bright"}
sys.exit(0 if answers == expected else 1)
PYTHON

# Output seen:
# OpenCV 5.0.0, Pillow 13.0.0
# JPEG  Pillow  64 x 32, top bright
# JPEG  OpenCV  64 x 32, top bright
# PNG   Pillow  64 x 32, top bright
# PNG   OpenCV  64 x 32, top bright
# WEBP  Pillow  64 x 32, top bright
# WEBP  OpenCV  64 x 32, top bright
# AVIF  Pillow  64 x 32, top bright
# AVIF  OpenCV  32 x 64, left bright
