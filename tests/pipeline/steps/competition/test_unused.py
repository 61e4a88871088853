"""What a competition's folder holds that is not used is listed, in every layout."""

import shutil

import pytest

from pipeline.data.photograph_files import tabulate
from pipeline.steps.competition import competition
from pipeline.system.errors import Faults
from tests.pipeline.steps.competition.conftest import COLUMNS, SAMPLE, TRAIN, write_photo
from tests.pipeline.steps.competition.layouts import write_layout
from tests.pipeline.steps.competition.test_layouts import LAYOUTS

BROKEN = {"train/x.jpg": "train", "test/y.jpg": "test", "unlabelled/u.jpg": "unlabelled"}


@pytest.mark.parametrize("layout", [layout for layout, *_ in LAYOUTS])
@pytest.mark.fault(
    "folders",
    "a file, or a photograph, of a competition that no table lists",
    "listed in data/work/competition/left_out.csv, and counted in the log",
)
def test_what_is_not_used_is_listed_and_nothing_else(layout, tmp_path, caplog):
    write_layout(tmp_path, layout)
    write_photo(tmp_path / "more/images/x.jpg")
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth/solution.csv").touch()
    (tmp_path / "solution.csv").touch()  # the leaderboard reads it
    (tmp_path / "notes.txt").touch()
    read = competition.read_competition(tmp_path, COLUMNS)
    assert tabulate(read.left_out).values.tolist() == [
        ["more/images/x.jpg", "", "in no table"],
        ["notes.txt", "", ".txt, not read"],
    ]
    assert "1 in no table (more/images/x.jpg)" in caplog.text


def test_masks_are_used_and_folders_of_photographs_may_be_links(folder, tmp_path):
    (folder / "masks").mkdir()
    shutil.move(folder / "test", tmp_path / "elsewhere")
    (folder / "test").symlink_to(tmp_path / "elsewhere")
    (folder / "test/notes.txt").touch()
    read = competition.read_competition(folder, COLUMNS)
    assert [entry.path.as_posix() for entry in read.left_out] == ["test/notes.txt"]


@pytest.fixture
def broken(folder):
    """The competition with an unreadable photograph of each kind, and two that are in no table."""
    for name in BROKEN:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")
    (folder / "train.csv").write_text(f"{TRAIN}x.jpg,w1\n")
    (folder / "sample_submission.csv").write_text(SAMPLE.replace("c.jpg", "y.jpg,new_whale\nc.jpg"))
    (folder / "boxes.csv").write_text("Image,x0,y0,x1,y1\nx.jpg,1,2,9,8\na.jpg,1,2,9,8\n")
    (folder / "viewpoints.csv").write_text("Image,viewpoint\na.jpg,left\ny.jpg,left\n")
    write_photo(folder / "masks/x.png")
    write_photo(folder / "train/z.jpg")
    return folder


@pytest.mark.fault(
    "photographs",
    "photographs that can't be read, or are in no table, with competition.skip_bad",
    "left out with their boxes, masks and viewpoints; those of the test stay in the submission",
)
def test_bad_photographs_are_left_out_on_request(broken, caplog):
    read = competition.read_competition(broken, COLUMNS, skip_bad=True)
    assert read.images["image"].tolist() == ["b.jpg", "a.jpg", "e.jpg", "d.jpg", "c.jpg"]
    assert (read.images["width"] == 16).all()
    assert read.sample["image"].tolist() == ["d.jpg", "y.jpg", "c.jpg"]
    assert read.viewpoints["image"].tolist() == ["a.jpg"]
    assert read.annotations.boxes["image"].tolist() == ["a.jpg"] and not read.annotations.masks
    table = tabulate(read.left_out)
    listed = dict(zip(table["file"], table["where"], strict=True))
    assert listed == BROKEN | {"train/z.jpg": ""}
    assert table["reason"].str.contains("zero bytes").sum() == 3
    assert "3 photographs can't be read and are left out" in caplog.text
    assert "1 of the test" in caplog.text


def test_without_the_request_all_are_named_with_the_way_out(broken):
    with pytest.raises(Faults) as caught:
        competition.read_competition(broken, COLUMNS)
    for name in [*BROKEN, "train/z.jpg"]:
        assert sum(name in fault for fault in caught.value.faults) == 1
    assert "competition.skip_bad: true in params.yaml goes on without the 4" in str(caught.value)


def test_other_faults_are_never_skipped(broken):
    (broken / "train/a.jpg").unlink()
    with pytest.raises(Faults, match="a.jpg does not exist") as caught:
        competition.read_competition(broken, COLUMNS, skip_bad=True)
    assert len(caught.value.faults) == 1 and "skip_bad" not in str(caught.value)


def test_a_test_without_a_readable_photograph_is_refused(broken):
    for name in ("c.jpg", "d.jpg"):
        (broken / "test" / name).write_bytes(b"")
    with pytest.raises(Faults, match="none of its 3 photographs can be read"):
        competition.read_competition(broken, COLUMNS, skip_bad=True)
