#!/usr/bin/env bash
# animl 3.0.1, torch 2.14.1, numpy 2.4.6, pandas 3.1.1
#
# Expected, by its documentation: sequence_classification names the animals of a sequence together,
#   "all images at the same camera and station where the time between consecutive images is <=maxdiff"
#   (60 s). build_file_manifest reads when a photograph was taken into `datetime`, by which the rows are
#   sorted. The result tells the sequences apart, in its column `sequence`.
# Behaviour: the times that are compared are those of `filemodifydate`, when the file was last
#   changed. Files that were copied, unpacked or downloaded within a minute are one sequence, days
#   and species notwithstanding, and all of them get the name of the most frequent animal. And they
#   are compared with the first photograph of the sequence, not with the one before: a longer
#   series is cut. `sequence` is 0 in every row. Nothing is said.
# Who is hurt: anyone who runs this peer on a copy of a camera's card: rare animals take the names of
#   common ones. Write `datetime` into the column `filemodifydate` first, and do not read `sequence`.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# what it imports, not all that it depends on; torch takes most of the time
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.14.1 torchvision==0.29.1 timm==1.0.31 \
    numpy==2.4.6 pandas==3.1.1 pillow==13.0.0 scikit-learn==1.9.1 opencv-python-headless==5.0.0.93 \
    tqdm==4.70.1 wget==3.2 matplotlib==3.11.2 polars==2.1.0 psutil==7.2.2 requests==2.34.2
"$folder/venv/bin/pip" install --quiet --no-compile --no-deps animl==3.0.1 ultralytics==8.4.190

mkdir "$folder/settings"
export YOLO_CONFIG_DIR="$folder/settings" YOLO_OFFLINE=true YOLO_VERBOSE=false
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import os
import sys
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import animl
import numpy as np
import pandas as pd
from PIL import Image

NAMES = pd.Series(["deer", "lynx"])
MORNING = datetime(2026, 7, 1, 6)
BOX = {"category": 1, "conf": 1.0, "bbox_x": 0.2, "bbox_y": 0.2, "bbox_w": 0.5, "bbox_h": 0.5}


def write_photographs(folder, times, copied):
    """One file per time, with that time in EXIF; the first shows nothing, a day before."""
    for number, time in enumerate([times[0] - timedelta(days=1), *times]):
        path = folder / f"{number}.jpg"
        exif = Image.Exif()
        exif[0x0132] = time.strftime("%Y:%m:%d %H:%M:%S")
        Image.new("L", (64, 48), 128).save(path, exif=exif)
        if not copied:
            os.utime(path, (time.timestamp(),) * 2)


def name(times, deer, copied):
    """Names and numbers of sequences of photographs of one camera, and the dates it has read."""
    with TemporaryDirectory() as folder:
        write_photographs(Path(folder), times, copied)
        files = animl.build_file_manifest(folder)
    files = files.sort_values("datetime").assign(station="A").reset_index(drop=True)
    found = [
        {"file": path, "max_detection_conf": float(i > 0), "detections": [BOX] if i else []}
        for i, path in enumerate(files["filepath"])
    ]
    detections = animl.parse_detections(found, manifest=files)
    animals, empty = animl.get_animals(detections), animl.get_empty(detections)
    probabilities = np.column_stack([deer, 1 - np.array(deer)])
    named = animl.sequence_classification(animals, empty, probabilities, NAMES, "station")
    named = named[named["category"] == 1]
    assert [str(time) for time in times] == named["datetime"].astype(str).tolist()
    return named["prediction"].tolist(), named["sequence"].nunique()


days = [MORNING + timedelta(hours=hours) for hours in (0, 6, 30, 93, 93.005)]  # the last two: 18 s
series = [MORNING + timedelta(seconds=40 * number) for number in range(6)]
sure = [0.9, 0.9, 0.9, 0.1, 0.1]
unsure = [0.9, 0.9, 0.4, 0.4, 0.4, 0.4]  # deer on average
print(f"animl {version('animl')}")
seen = {
    "days apart, times kept": (name(days, sure, False), "deer deer deer lynx lynx"),
    "days apart, copied": (name(days, sure, True), "deer deer deer lynx lynx"),
    "40 s apart, times kept": (name(series, unsure, False), "deer deer deer deer deer deer"),
}
for case, ((names, sequences), expected) in seen.items():
    print(f"{case:22}  expected {expected}")
    print(f"{'':22}  seen     {' '.join(names)}; different numbers of sequences: {sequences}")
described = [
    (["deer"] * 3 + ["lynx"] * 2, 1),
    (["deer"] * 5, 1),
    (["deer"] * 2 + ["lynx"] * 4, 1),
]
sys.exit(0 if [answer for answer, _ in seen.values()] == described else 1)
PYTHON

# Output seen (without progress bars):
# animl 3.0.1
# days apart, times kept  expected deer deer deer lynx lynx
#                         seen     deer deer deer lynx lynx; different numbers of sequences: 1
# days apart, copied      expected deer deer deer lynx lynx
#                         seen     deer deer deer deer deer; different numbers of sequences: 1
# 40 s apart, times kept  expected deer deer deer deer deer deer
#                         seen     deer deer lynx lynx lynx lynx; different numbers of sequences: 1
