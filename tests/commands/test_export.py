"""`tailprint export` writes each format beside the answers, or where -o says."""

import pytest

from tests.pipeline.exchange.conftest import answers  # noqa: F401
from tests.pipeline.exchange.packages import describe_media, write_package


@pytest.mark.parametrize("kind, file", [("coco", "coco.json"), ("timelapse", "timelapse.csv")])
def test_a_file_beside_the_answers(tailprint, answers, kind, file):  # noqa: F811
    result = tailprint("export", str(answers), "--format", kind)
    assert result.exit_code == 0 and result.output.startswith(f"{answers / file}: ")
    assert (answers / file).is_file()


def test_a_package_with_the_answers(tailprint, answers, tmp_path):  # noqa: F811
    package = write_package(tmp_path / "package", [describe_media("m1", "cam1/a.png")])
    words = ["export", str(answers), "--format", "camtrap-dp"]
    result = tailprint(*words, "--package", str(package), "-o", str(tmp_path / "out"))
    assert "2 observations of 1 photographs" in result.output
    assert (tmp_path / "out/observations.csv").is_file()
    assert "camtrap-dp asks for --package" in tailprint(*words).output


def test_neither_answers_nor_a_member(tailprint, answers):  # noqa: F811
    for words in ([], [str(answers)], ["--format", "coco"]):
        result = tailprint("export", *words)
        assert result.exit_code == 2 and "or a --member" in result.output


def test_a_member_that_is_not_there(tailprint):
    result = tailprint("export", "--member", "other", "0")
    assert "there is no member other-0: backbones are" in result.output
