"""A project with a report, in which the tests of the review decide."""

import threading
from collections.abc import Iterator

import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import tables
from pipeline.review import desk, server
from pipeline.review.access import LOOPBACK, Access
from pipeline.steps.report.render import render
from tests.pipeline.steps.report.test_browser import make_content


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A report whose photographs 00.jpg and gallery.jpg are labelled, 01.jpg is the test's."""
    monkeypatch.chdir(tmp_path)
    names = ["00.jpg", "gallery.jpg", "01.jpg", "other.jpg"]
    rows = pd.DataFrame({"image": names, "identity": ["x", "y", "", "z"], "sha256": list("abcd")})
    rows = rows.assign(split=["train", "train", "test", "train"], path=names)
    rows = rows.assign(width=9, height=9, bytes=9)
    tables.write("images", rows, paths.IMAGES)
    tables.write("groups", rows.assign(group=range(4)), paths.GROUPS)
    tables.write("pseudo", pd.DataFrame(columns=tables.COLUMNS["pseudo"]), paths.PSEUDO)
    tables.write("review", pd.DataFrame(columns=tables.COLUMNS["review"]), paths.REVIEW)
    path = paths.report("best")
    path.parent.mkdir(parents=True)
    path.write_text(render(make_content()), encoding="utf-8")


@pytest.fixture
def served() -> Iterator[Access]:
    """The application behind its real server, on a port that is free."""
    listener = server.listen(LOOPBACK, 0)
    access = Access.to(listener, LOOPBACK)
    app = desk.create_app(paths.report("best"), "somebody", "majority", access)
    running = server.create(app, listener)
    threading.Thread(target=running.run, daemon=True).start()
    yield access
    running.close()
