"""What stands between marks is replaced, and nothing else."""

from pipeline.evaluation import readme_tables

TEXT = "before\n<!-- a -->\nold\n<!-- end of a -->\nafter\n"


def test_between_its_marks_alone(tmp_path):
    path = tmp_path / "text.md"
    path.write_text(TEXT)
    readme_tables.replace(path, "a", "new\nlines")
    assert path.read_text() == TEXT.replace("old", "new\nlines")
    readme_tables.replace(path, "a", "old")
    assert path.read_text() == TEXT


def test_without_both_marks_the_text_stays(tmp_path):
    path = tmp_path / "text.md"
    for text in ("nothing", TEXT.replace("end of a", "end of b")):
        path.write_text(text)
        readme_tables.replace(path, "a", "new")
        assert path.read_text() == text
