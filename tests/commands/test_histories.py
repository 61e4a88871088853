"""`tailprint histories` writes each format and says what was left out."""

import pytest

from tests.pipeline.exchange.study import write_study


@pytest.mark.parametrize(
    "words, first",
    [
        (["mark"], "/* 007 */ 1000 1;"),
        (["rmark", "--occasion", "month", "--unknown"], "ch\tname"),
        (["secr", "--degrees"], "# Session ID Occasion trapID"),
        (["camtrap", "--species", "Puma concolor"], "Station,Species,Individual,DateTimeOriginal"),
    ],
)
def test_each_format(tailprint, tmp_path, words, first):
    named, dates = write_study(tmp_path)
    out = tmp_path / "out.txt"
    arguments = ["--dates", str(dates), "-o", str(out)]
    result = tailprint("histories", str(named.folder), "--format", *words, *arguments)
    assert result.exit_code == 0 and out.read_text().startswith(first)
    counted = "4 individuals on 7" if "--unknown" in words else "3 individuals on 6"
    assert result.output.startswith(f"{counted} photographs, 2024-05-31 to 2024-06-03. Left out: ")
    assert f"\n{out}: " in result.output


def test_since_is_a_day(tailprint, tmp_path):
    named, dates = write_study(tmp_path)
    out = ("--format", "mark", "-o", str(tmp_path / "s.inp"), "--dates", str(dates))
    result = tailprint("histories", str(named.folder), *out, "--since", "1.6.2024")
    assert result.exit_code == 0 and "2024-06-01 to 2024-06-03" in result.output
    result = tailprint("histories", str(named.folder), *out, "--since", "6/1/2024")
    assert result.exit_code == 2 and "'6/1/2024' is no date" in result.output


def test_camtrap_asks_for_a_species(tailprint, tmp_path):
    result = tailprint("histories", str(tmp_path), "--format", "camtrap", "-o", "x.csv")
    assert result.exit_code == 2 and "camtrap asks for --species" in result.output


def test_nothing_is_written_without_dates(tailprint, tmp_path):
    named, _ = write_study(tmp_path)
    out = tmp_path / "out.inp"
    result = tailprint("histories", str(named.folder), "--format", "mark", "-o", str(out))
    assert result.exit_code == 1 and "no photograph has a date in its EXIF" in result.output
    assert not out.exists()
