"""What `tailprint identify` prints; the answer itself is tested in tests/stages."""

from pathlib import Path

import pandas as pd
import pytest
import typer

from commands import identify
from pipeline.identify.identification import Identification


class Pair:
    """Stands for the matched pair: notes where it is drawn."""

    def draw(self, path: Path) -> None:
        path.write_text("random")


@pytest.fixture
def found() -> Identification:
    table = pd.DataFrame(
        {
            "identity": ["new_whale", "c", "a", "b"],
            "probability": [0.6, 0.2, 0.1, 0.1],
            "image": [None, None, "a0", "b1"],
            "similarity": [None, None, 0.5, 0.25],
            "points": [None, None, 9, 0],
        }
    )
    return Identification(table, Pair())


def test_every_answer_is_a_line_with_the_photograph_that_argues_for_it(found):
    assert identify.format_answers(found) == [
        "  0.600  new_whale",
        "  0.200  c",  # no photograph of c was compared
        "  0.100  a  (a0: similarity 0.500, 9 points fit)",
        "  0.100  b  (b1: similarity 0.250, 0 points fit)",
    ]


def test_the_best_match_is_drawn(found, tmp_path):
    out = tmp_path / "match.png"
    assert identify.draw_best(found, out) == f"{out}: a0 (a), 9 matched points fit one transform"
    assert out.read_text() == "random"


def test_without_matched_points_no_picture_is_made(found, tmp_path):
    none = Identification(found.table, None)
    assert "no picture is made" in identify.draw_best(none, tmp_path / "match.png")


def test_a_pipeline_that_has_not_run_is_named(tailprint):
    result = tailprint("identify", "params.yaml", "--prior", "0.5")
    assert result.exit_code == 1
    assert "model.safetensors does not exist: run the pipeline first" in result.output


@pytest.mark.fault("identify", "--picture is a folder", "refused before anything is compared")
@pytest.mark.parametrize("command", [["identify"], ["verify", "params.yaml"]])
def test_a_folder_is_no_picture(tailprint, tmp_path, command):
    (tmp_path / "folder.png").mkdir()
    result = tailprint(*command, "params.yaml", "--picture", tmp_path / "folder.png")
    assert result.exit_code == 2 and "is a folder" in result.output


def test_several_photographs_have_a_picture_each():
    picture, photographs = Path("out/match.png"), [Path("new/A.jpg"), Path("B.jpg")]
    assert identify.name_pictures(photographs[:1], picture) == [picture]
    expected = [Path("out/match-A.png"), Path("out/match-B.png")]
    assert identify.name_pictures(photographs, picture) == expected


def test_two_photographs_of_one_name_would_share_a_picture():
    with pytest.raises(typer.BadParameter, match=r"match-A\.png would show two photographs"):
        identify.name_pictures([Path("1/A.jpg"), Path("2/A.png")], Path("match.png"))
