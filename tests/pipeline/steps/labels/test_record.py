"""Decisions survive a crash in the middle of a line, and several writers at once."""

import multiprocessing
from pathlib import Path

import pytest

from pipeline.steps.labels import record
from pipeline.system.errors import Faults


def accept_all(decisions) -> None:
    """No decision is refused."""


HEADER = ",".join(record.COLUMNS) + "\n"


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "review.csv"
    file.write_text(HEADER)
    return file


def row(a: str, decision: str = "same") -> dict[str, str]:
    return {"image_a": a, "image_b": "b.jpg", "decision": decision, "who": "me", "when": "now"}


def write(path: Path, who: int, count: int) -> None:
    for number in range(count):
        record.append_decision(row(f"{who}-{number}.jpg"), path, path.with_name("lock"), accept_all)


def test_decisions_are_read_in_their_order(path):
    write(path, 0, 2)
    record.append_decision(
        row('a "quoted", name.jpg', "undo"), path, path.parent / "work/lock", accept_all
    )
    found = record.read_decisions(path)
    assert found["image_a"].tolist() == ["0-0.jpg", "0-1.jpg", 'a "quoted", name.jpg']
    assert found["decision"].tolist() == ["same", "same", "undo"]


def test_an_incomplete_line_is_dropped_before_the_next_is_written(path):
    path.write_text(HEADER + "a.jpg,b.jpg,same,me,now\nc.jpg,d.jp")
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg"]
    record.append_decision(row("e.jpg"), path, path.with_name("lock"), accept_all)
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg", "e.jpg"]


def test_a_complete_line_without_a_newline_is_kept(path):
    path.write_text(HEADER + "a.jpg,b.jpg,same,me,now")
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg"]
    record.append_decision(row("e.jpg"), path, path.with_name("lock"), accept_all)
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg", "e.jpg"]
    assert record.read_decisions(path)["when"].tolist() == ["now", "now"]


def test_concurrent_writers_lose_no_decision(path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write, args=(path, who, 20)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = record.read_decisions(path)
    assert len(found) == 60 and found["image_a"].nunique() == 60


def test_a_file_with_other_columns_is_named(path):
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="review.csv, row 1: columns are a, b; expected image_a"):
        record.read_decisions(path)


def test_a_refused_decision_is_not_written_and_the_check_gets_all(path):
    def refuse_third(decisions) -> None:
        if len(decisions) == 3:
            raise ValueError("three are too many")

    lock = path.with_name("lock")
    record.append_decision(row("a.jpg"), path, lock, refuse_third)
    record.append_decision(row("b.jpg"), path, lock, refuse_third)
    with pytest.raises(ValueError, match="too many"):
        record.append_decision(row("c.jpg"), path, lock, refuse_third)
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg", "b.jpg"]


ROWS = "a.jpg,b.jpg,same,me,now\nc.jpg,d.jpg,new,me,now\n"


@pytest.mark.parametrize(
    "data",
    [
        (HEADER + ROWS).replace(",", ";").encode(),
        (HEADER + ROWS).replace("\n", "\r\n").encode("utf-8-sig"),
        (HEADER + ROWS).replace(",", "\t").encode("utf-16"),
        (HEADER + ROWS.replace("now", "now,")).encode(),
        (HEADER + "\n,,,,\n" + ROWS + ",,,,\n").encode(),
        (HEADER + ROWS).replace(",", ";").rstrip().encode(),
    ],
)
@pytest.mark.fault("tables", "review.csv saved by a spreadsheet", "read, and the next is appended")
def test_a_file_that_a_spreadsheet_saved_is_read_and_continued(path, data):
    path.write_bytes(data)
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg", "c.jpg"]
    record.append_decision(row("e.jpg"), path, path.with_name("lock"), accept_all)
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg", "c.jpg", "e.jpg"]
    assert record.is_plain(path.read_bytes())


def test_the_index_tells_the_row_of_the_file(path):
    path.write_text(HEADER + "a.jpg,b.jpg,same,me,now\n\nc.jpg,d.jpg,new,me,now\n")
    assert (record.read_decisions(path).index + 2).tolist() == [2, 4]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "review.csv: the file is empty"),
        ("image_a,image_b,decision,who\na,b,same,me\n", "row 1: columns are .*; no when"),
        (HEADER + "a,b,same,me,now,more\n", "row 2: has 6 cells, the header 5"),
        (HEADER + "a,b\na,b,same,me,now\n", "row 2: has 2 cells, the header 5"),
        (HEADER + 'a,"b,same,me,now\nc,d,same,me,now\n', "row 2: can't be read"),
        (HEADER + "a\0,b,same,me,now\n", "row 2: a cell contains a line break or NUL"),
    ],
)
@pytest.mark.fault("tables", "a malformed review.csv", "a message with the file and the row")
def test_a_malformed_file_is_a_fault(path, text, message):
    path.write_text(text)
    with pytest.raises(Faults, match=message):
        record.read_decisions(path)
