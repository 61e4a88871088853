"""Enrolled photographs are brought up to date, and added to the tables of the competition."""

import logging
from dataclasses import replace

import pytest

from pipeline import paths
from pipeline.data import gallery as rows
from pipeline.data import tables
from pipeline.identify import enrolled, enrolment
from tests.pipeline.data.test_enrolled_photo import build_enrolled

pytestmark = pytest.mark.usefixtures("three_folds")


@pytest.fixture(autouse=True)
def messages(caplog):
    caplog.set_level(logging.INFO, "pipeline")
    return caplog


def test_photographs_extracted_by_other_members_are_extracted_again(monkeypatch, messages):
    monkeypatch.setattr(enrolment, "fingerprint", lambda p: "later")
    monkeypatch.setattr(enrolment, "renew", lambda one, p, now: replace(one, made_with=now))
    (found,) = enrolled.refresh_enrolled([build_enrolled("wal", "b0")], "hash t", None).values()
    assert found.made_with == "later" and found.identity == "wal"
    assert "wal.jpg (wal): extracted again" in messages.text


def test_an_enrolled_photograph_is_not_compared_with_itself(monkeypatch, messages):
    monkeypatch.setattr(enrolment, "fingerprint", lambda p: "now")
    stored = [build_enrolled("wal", "b0"), build_enrolled("other", "c0")]
    assert list(enrolled.refresh_enrolled(stored, "b0", None)) == ["enrolled other.jpg c0"]
    assert "this photograph itself is enrolled as wal" in messages.text


def test_two_files_of_one_name_are_two_photographs(monkeypatch):
    monkeypatch.setattr(enrolment, "fingerprint", lambda p: "now")
    stored = [build_enrolled("wal", "b0"), build_enrolled("wal", "c0")]
    assert len(enrolled.refresh_enrolled(stored, "hash t", None)) == 2


def test_enrolled_photographs_are_in_every_gallery():
    folds = tables.read("folds", paths.FOLDS)
    photographs = {"x": build_enrolled("wal", "b0"), "y": build_enrolled("a", "c0")}
    both = enrolled.add_enrolled_rows(folds, photographs)
    for fold, part in ((0, 0), (1, 0), (1, 1), (-1, -1)):
        identities = rows.gallery_rows(both, fold, part).set_index("image")["identity"]
        assert identities["x"] == "wal" and identities["y"] == "a"
    assert both["group"].is_unique
    assert enrolled.add_enrolled_rows(folds, {}) is folds
