#!/usr/bin/env bash
# wiutils 1.1.0 (the newest on PyPI), pandas 2.3.3 (it fails with 3), numpy 2.4.6
#
# Expected, by its documentation: compute_detection_history has a row for an interval, a taxon and a
#   deployment: 1 if it was seen, 0 if not, and NaN for "intervals that are outside the corresponding
#   deployment date range". Such histories "are useful to create occupancy models".
# Behaviour: cameras that ran are not in it. A deployment without an identified animal has no row,
#   although the table of deployments is given: of 40 cameras, 10 with leopards, 20 are left, and 10 of
#   20 is the occupancy. With `days=30` a deployment that begins and ends within one interval is NaN,
#   with all that it saw: 6 of 12 are left. And if deployments begin at an hour, as 15:00, a record
#   counts for midnight before it: it moves to the day before, and one of the first day is lost.
# Who is hurt: anyone who takes occupancy from it: sites where nothing was seen are what such a model
#   is about. Round the dates of deployments to days, take intervals no longer than the shortest
#   deployment, and put a row of zeros for each deployment that is missing.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# what it imports, not all that it depends on
"$folder/venv/bin/pip" install --quiet --no-compile numpy==2.4.6 pandas==2.3.3 matplotlib==3.11.2 \
    seaborn==0.13.2 pillow==13.0.0 opencv-python-headless==5.0.0.93 ffmpeg-python==0.2.0
"$folder/venv/bin/pip" install --quiet --no-deps wiutils==1.1.0

MPLBACKEND=agg OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import pandas as pd
import wiutils

CAMERAS, LENGTH = 40, 14  # eight cameras, moved to eight other places each fortnight
LEOPARD = ("Carnivora", "Felidae", "Panthera", "pardus")
DEER = ("Artiodactyla", "Cervidae", "Axis", "axis")


def make_survey(hour):
    """Deployments that begin at `hour`, a leopard at each fourth and a deer at each second."""
    deployments, images = [], []
    for camera in range(CAMERAS):
        day = pd.Timestamp("2024-05-01") + pd.Timedelta(days=LENGTH * (camera // 8))
        start = day + pd.Timedelta(hours=hour)
        deployments.append((f"camera {camera:02}", start, start + pd.Timedelta(days=LENGTH)))
        seen_on = 0 if camera % 8 == 0 else 5  # half of the leopards in the first evening
        evening = day + pd.Timedelta(days=seen_on, hours=20)
        for taxon, each in ((LEOPARD, 4), (DEER, 2)):
            if camera % each == 0:
                images.append((f"camera {camera:02}", evening, "Mammalia", *taxon, 1))
    ranks = ["class", "order", "family", "genus", "species"]
    return (
        pd.DataFrame(images, columns=["deployment_id", "timestamp", *ranks, "number_of_objects"]),
        pd.DataFrame(deployments, columns=["deployment_id", "start_date", "end_date"]),
    )


def count_leopards(days, hour):
    """Cameras with a leopard and cameras that ran, by the history."""
    images, deployments = make_survey(hour)
    history = wiutils.compute_detection_history(
        images, deployments, days=days, compute_abundance=False, pivot=True
    )
    cells = history[history["taxon"] == "Panthera pardus"].iloc[:, 2:]
    return int((cells == 1).any(axis=1).sum()), int(cells.notna().any(axis=1).sum())


print(
    f"wiutils {version('wiutils')}: cameras with a leopard, of those that ran by the history "
    f"(10 of {CAMERAS} in truth)"
)
described = {
    (1, 0): (10, 20),
    (7, 0): (10, 20),
    (14, 0): (10, 20),
    (30, 0): (6, 12),
    (1, 15): (5, 20),
}
counts = {}
for days, hour in described:
    counts[days, hour] = count_leopards(days, hour)
    leopards, ran = counts[days, hour]
    print(f"intervals of {days:2} days, start at {hour:2}:00: {leopards:2} of {ran}")
sys.exit(0 if counts == described else 1)
PYTHON

# Output seen:
# wiutils 1.1.0: cameras with a leopard, of those that ran by the history (10 of 40 in truth)
# intervals of  1 days, start at  0:00: 10 of 20
# intervals of  7 days, start at  0:00: 10 of 20
# intervals of 14 days, start at  0:00: 10 of 20
# intervals of 30 days, start at  0:00:  6 of 12
# intervals of  1 days, start at 15:00:  5 of 20
