"""A project with a report, in which the tests of the review decide."""

import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import tables
from pipeline.data.features import build_empty, join
from pipeline.review import server
from pipeline.review.access import LOOPBACK, Access
from pipeline.steps.report.render import render
from tests.pipeline.review.synthetic import build_app
from tests.pipeline.steps.report.test_browser import make_content


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A report whose photographs 00.jpg and gallery.jpg are labelled, 01.jpg is the test's.

    So are the photographs of `synthetic.load_new`.
    """
    monkeypatch.chdir(tmp_path)
    names = ["00.jpg", "gallery.jpg", "01.jpg", "other.jpg", *(f"n{i}.jpg" for i in range(6))]
    identities = ["x", "y", "", "z", *[""] * 6]
    rows = pd.DataFrame({"image": names, "identity": identities, "sha256": list("abcdefghij")})
    rows = rows.assign(split=np.where(rows["identity"] == "", "test", "train"), path=names)
    rows = rows.assign(width=9, height=9, bytes=9)
    tables.write("images", rows, paths.IMAGES)
    boxes = rows[["image"]].assign(x0=1, y0=2, x1=7, y1=8, source="given")
    tables.write("boxes", boxes.assign(**dict.fromkeys(tables.TRANSFORM, 0.0)), paths.BOXES)
    tables.write("groups", rows.assign(group=range(len(rows))), paths.GROUPS)
    tables.write("pseudo", pd.DataFrame(columns=tables.COLUMNS["pseudo"]), paths.PSEUDO)
    tables.write("review", pd.DataFrame(columns=tables.COLUMNS["review"]), paths.REVIEW)
    write_photographs(names)
    path = paths.report("best")
    path.parent.mkdir(parents=True)
    path.write_text(render(make_content()), encoding="utf-8")


def write_photographs(names: list[str]) -> None:
    """Grey photographs of 9 x 9 pixels, and two matched points of 00.jpg and gallery.jpg."""
    for name in names:
        cv2.imwrite(name, np.full((9, 9, 3), 128, np.uint8))
    empty = build_empty().points, build_empty().descriptors, 0
    canvas = np.eye(2, 3), (9, 9)
    paths.KEYPOINTS.parent.mkdir(parents=True)
    join(names, [(*empty, *canvas)] * len(names)).save(paths.KEYPOINTS)
    rows = [[0, 0.0, 0.0, 0.5, 0.5, 0.3], [1, 0.5, 0.25, 0.75, 0.0, 0.2]]
    columns = ["query_point", "x", "y", "gallery_x", "gallery_y", "ratio"]
    points = pd.DataFrame(rows, columns=columns).assign(query="00.jpg", image="gallery.jpg")
    tables.write_parquet(points, paths.matched_points(0))


@pytest.fixture
def served() -> Iterator[Access]:
    """The application behind its real server, on a port that is free."""
    listener = server.listen(LOOPBACK, 0)
    access = Access.to(listener, LOOPBACK)
    app = build_app(access)
    running = server.create(app, listener)
    threading.Thread(target=running.run, daemon=True).start()
    yield access
    running.close()
