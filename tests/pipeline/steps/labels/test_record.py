"""Decisions survive a crash in the middle of a line, and several writers at once."""

import multiprocessing
from pathlib import Path

import pytest

from pipeline.steps.labels import record
from pipeline.system.errors import Faults

HEADER = ",".join(record.COLUMNS) + "\n"


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "review.csv"
    file.write_text(HEADER)
    return file


def row(a: str, decision: str = "same") -> dict[str, str]:
    return {"image_a": a, "image_b": "b.jpg", "decision": decision, "who": "me", "when": "now"}


def append(path: Path, *rows: dict[str, str]) -> None:
    with record.lock(path.parent / "work/lock"):
        record.append_decisions(rows, path)


def write(path: Path, who: int, count: int) -> None:
    for number in range(count):
        append(path, row(f"{who}-{number}.jpg"))


def test_decisions_are_read_in_their_order(path):
    write(path, 0, 2)
    append(path, row('a "quoted", name.jpg', "undo"))
    found = record.read_decisions(path)
    assert found["image_a"].tolist() == ["0-0.jpg", "0-1.jpg", 'a "quoted", name.jpg']
    assert found["decision"].tolist() == ["same", "same", "undo"]


def test_an_incomplete_line_is_dropped_before_the_next_is_written(path):
    path.write_text(HEADER + "a.jpg,b.jpg,same,me,now\nc.jpg,d.jp")
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg"]
    append(path, row("e.jpg"))
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg", "e.jpg"]


def test_a_complete_line_without_a_newline_is_kept(path):
    path.write_text(HEADER + "a.jpg,b.jpg,same,me,now")
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg"]
    append(path, row("e.jpg"))
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


def test_several_decisions_are_appended_at_once(path):
    append(path, row("a.jpg"), row("b.jpg"))
    append(path, row("c.jpg"))
    assert record.read_decisions(path)["image_a"].tolist() == ["a.jpg", "b.jpg", "c.jpg"]


def test_half_a_line_of_a_failed_write_is_taken_back(path, monkeypatch):
    append(path, row("a.jpg"))
    before = path.read_bytes()

    def fill_the_disk(file, data: bytes) -> None:
        file.seek(0, 2)
        file.write(data[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(record, "_write_all", fill_the_disk)
    with pytest.raises(OSError, match="No space"):
        append(path, row("b.jpg"))
    assert path.read_bytes() == before


@pytest.mark.fault(
    "review server",
    "a photograph's name that a spreadsheet would run as a formula",
    "an apostrophe stands before it in the file, and it is read back exactly",
)
def test_a_formula_is_written_as_text_and_read_back(path):
    append(path, row("=1+1.jpg"), row("'@b.jpg"), row("'c.jpg"))
    cells = [line.partition(",")[0] for line in path.read_text().splitlines()[1:]]
    assert cells == ["'=1+1.jpg", "''@b.jpg", "'c.jpg"]
    assert record.read_decisions(path)["image_a"].tolist() == ["=1+1.jpg", "'@b.jpg", "'c.jpg"]


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
    append(path, row("e.jpg"))
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
