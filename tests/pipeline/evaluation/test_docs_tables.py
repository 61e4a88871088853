"""Text between marks is replaced, and nothing else."""

from pipeline.evaluation import docs_tables

TEXT = "before\n<!-- a -->\nold\n<!-- end of a -->\nafter\n"


def test_only_text_between_the_marks_changes(tmp_path):
    path = tmp_path / "text.md"
    path.write_text(TEXT)
    docs_tables.replace_table(path, "a", "new\nlines")
    assert path.read_text() == TEXT.replace("old", "new\nlines")
    docs_tables.replace_table(path, "a", "old")
    assert path.read_text() == TEXT


def test_without_both_marks_the_page_stays(tmp_path):
    path = tmp_path / "text.md"
    for text in ("nothing", TEXT.replace("end of a", "end of b")):
        path.write_text(text)
        docs_tables.replace_table(path, "a", "new")
        assert path.read_text() == text
