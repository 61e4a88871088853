"""Decisions survive: a crash in the middle of a line, and many writers at once."""

import multiprocessing
from pathlib import Path

import pytest

from pipeline.steps.labels import record


def anything(decisions) -> None:
    """No decision is refused."""


HEADER = ",".join(record.COLUMNS) + "\n"


@pytest.fixture
def path(tmp_path) -> Path:
    found = tmp_path / "review.csv"
    found.write_text(HEADER)
    return found


def row(a: str, decision: str = "same") -> dict[str, str]:
    return {"image_a": a, "image_b": "b.jpg", "decision": decision, "who": "me", "when": "now"}


def write(path: Path, who: int, count: int) -> None:
    for number in range(count):
        record.add(row(f"{who}-{number}.jpg"), path, path.with_name("lock"), anything)


def test_what_is_added_is_read_in_its_order(path):
    write(path, 0, 2)
    record.add(row('a "quoted", name.jpg', "undo"), path, path.parent / "work/lock", anything)
    found = record.read(path)
    assert found["image_a"].tolist() == ["0-0.jpg", "0-1.jpg", 'a "quoted", name.jpg']
    assert found["decision"].tolist() == ["same", "same", "undo"]


def test_half_a_line_is_no_decision_and_does_not_spoil_the_next(path):
    path.write_text(HEADER + "a.jpg,b.jpg,same,me,now\nc.jpg,d.jp")
    assert record.read(path)["image_a"].tolist() == ["a.jpg"]
    record.add(row("e.jpg"), path, path.with_name("lock"), anything)
    assert record.read(path)["image_a"].tolist() == ["a.jpg", "e.jpg"]


def test_a_line_that_an_editor_left_without_its_end_is_kept(path):
    path.write_text(HEADER + "a.jpg,b.jpg,same,me,now")
    assert record.read(path)["image_a"].tolist() == ["a.jpg"]
    record.add(row("e.jpg"), path, path.with_name("lock"), anything)
    assert record.read(path)["image_a"].tolist() == ["a.jpg", "e.jpg"]
    assert record.read(path)["when"].tolist() == ["now", "now"]


def test_writers_at_once_lose_nothing(path):
    fresh = multiprocessing.get_context("spawn")
    writers = [fresh.Process(target=write, args=(path, who, 20)) for who in range(3)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    found = record.read(path)
    assert len(found) == 60 and found["image_a"].nunique() == 60


def test_a_file_of_other_columns_is_named(path):
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"review.csv: columns are \['a', 'b'\]"):
        record.read(path)


def test_what_is_refused_is_not_written_and_the_check_sees_all(path):
    def third(decisions) -> None:
        if len(decisions) == 3:
            raise ValueError("three are too many")

    lock = path.with_name("lock")
    record.add(row("a.jpg"), path, lock, third)
    record.add(row("b.jpg"), path, lock, third)
    with pytest.raises(ValueError, match="too many"):
        record.add(row("c.jpg"), path, lock, third)
    assert record.read(path)["image_a"].tolist() == ["a.jpg", "b.jpg"]
