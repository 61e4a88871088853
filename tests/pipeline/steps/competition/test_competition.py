"""Reading and checking a competition."""

import os

import pandas as pd
import pytest

from pipeline.data import images as decoding
from pipeline.data import tables
from pipeline.params import Columns
from pipeline.steps.competition import competition
from pipeline.system.errors import Faults
from tests.pipeline.steps.competition.conftest import COLUMNS, SAMPLE, TRAIN, write_photo


def find_faults(folder, columns=COLUMNS) -> list[str]:
    with pytest.raises(Faults) as caught:
        competition.read_competition(folder, columns)
    return caught.value.faults


def test_training_images_keep_their_order_and_test_images_that_of_the_sample(folder):
    images, sample, *_ = competition.read_competition(folder, COLUMNS)
    assert list(images.columns) == tables.COLUMNS["images"]
    assert images["image"].tolist() == ["b.jpg", "a.jpg", "e.jpg", "d.jpg", "c.jpg"]
    assert images["split"].tolist() == ["train", "train", "train", "test", "test"]
    assert images["identity"].tolist() == ["w1", "new_whale", "w2", "", ""]
    assert images["path"][0] == f"{folder}/train/b.jpg"
    assert (images["width"][0], images["height"][0]) == (16, 8)
    data = (folder / "train/b.jpg").read_bytes()
    assert images["bytes"][0] == len(data) and images["sha256"][0] == decoding.hash_bytes(data)
    assert sample.columns.tolist() == ["image"] and sample["image"].tolist() == ["d.jpg", "c.jpg"]


def test_unlabelled_photographs_come_last_and_are_not_in_the_sample(folder):
    for name in ("z.jpg", "y.jpg"):
        write_photo(folder / "unlabelled" / name)
    (folder / "unlabelled/notes.txt").write_text("no photograph")
    images, sample, *_ = competition.read_competition(folder, COLUMNS)
    assert images["image"].tolist()[-2:] == ["y.jpg", "z.jpg"]
    assert images["split"].tolist()[-2:] == ["unlabelled"] * 2
    assert images["identity"].tolist()[-2:] == ["", ""]
    assert sample["image"].tolist() == ["d.jpg", "c.jpg"]


def test_faults_of_unlabelled_photographs(folder):
    write_photo(folder / "unlabelled/a.jpg")
    (folder / "unlabelled/x.jpg").write_bytes(b"no picture")
    found = find_faults(folder)
    assert found[0] == "train/a.jpg: unlabelled/ has an image of the same name"
    assert found[1].startswith("unlabelled/x.jpg: ") and len(found) == 2


def test_viewpoints_are_read_and_an_empty_one_is_unknown(folder):
    assert competition.read_competition(folder, COLUMNS)[2].empty
    (folder / "viewpoints.csv").write_text("Image,viewpoint\na.jpg,left\nb.jpg,\nc.jpg,right\n")
    viewpoints = competition.read_competition(folder, COLUMNS).viewpoints
    assert viewpoints["image"].tolist() == ["a.jpg", "c.jpg"]
    assert viewpoints["viewpoint"].tolist() == ["left", "right"]


def test_an_old_file_of_viewpoints_is_not_ignored(folder):
    (folder / "sides.csv").write_text("Image,side\na.jpg,left\n")
    with pytest.raises(Faults, match=r"sides.csv: has become viewpoints.csv"):
        competition.read_competition(folder, COLUMNS)


def test_faults_of_viewpoints(folder):
    (folder / "viewpoints.csv").write_text("Image,viewpoint\na.jpg,left\na.jpg,right\nx.jpg,left\n")
    assert find_faults(folder) == [
        "viewpoints.csv, row 3: a.jpg has a viewpoint already",
        "viewpoints.csv, row 4: x.jpg is neither in train.csv nor in the sample",
    ]


def test_the_written_table_is_read_back_unchanged(folder, tmp_path):
    images, *_ = competition.read_competition(folder, COLUMNS)
    tables.write("images", images, tmp_path / "images.csv")
    assert tables.read("images", tmp_path / "images.csv").to_dict() == images.to_dict()


def test_the_input_is_not_changed(folder):
    before = sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))
    competition.read_competition(folder, COLUMNS)
    assert before == sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


def test_other_names_of_columns_and_of_the_new_individual(folder):
    """As in Happywhale: an additional column, and another name for the predictions."""
    (folder / "train.csv").write_text(
        "animal,file,species\nnobody,a.jpg,x\nNA,b.jpg,y\n7,e.jpg,y\n"
    )
    (folder / "sample_submission.csv").write_text("file,predictions\nc.jpg,\nd.jpg,\n")
    names = Columns(image="file", identity="animal", answer="predictions", new_whale="nobody")
    images, *_ = competition.read_competition(folder, names)
    assert images["identity"].tolist() == ["new_whale", "NA", "7", "", ""]


def test_the_reserved_word_for_new_is_not_an_identity(folder):
    names = Columns(image="Image", identity="Id", answer="Id", new_whale="nobody")
    (found,) = find_faults(folder, names)
    assert found.startswith("train.csv, row 3: identity new_whale")


def test_a_byte_order_mark_and_blank_lines_are_no_faults(folder):
    (folder / "train.csv").write_text("\ufeffImage,Id\nb.jpg,w1\n\na.jpg,w2\n\ne.jpg,w2\n")
    assert competition.read_competition(folder, COLUMNS)[0]["identity"].tolist() == [
        "w1",
        "w2",
        "w2",
        "",
        "",
    ]


def test_the_truth_is_never_opened(folder):
    (folder / "truth").mkdir()
    (folder / "truth/boxes.csv").write_text("nonsense")
    (folder / "solution.csv").mkdir()  # opening it would raise
    competition.read_competition(folder, COLUMNS)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a.jpg", "'../a.jpg' is not the name of a file"),
        ("/etc/a.jpg", "'/etc/a.jpg' is not the name of a file"),
        ("link/a.jpg", "'link/a.jpg' is not the name of a file"),
        ("..", "'..' is not the name of a file"),
        ("", "'' is not the name of a file"),
        ("b.jpg", "b.jpg is listed already, in row 2"),
        ("none.jpg", "train/none.jpg does not exist"),
    ],
)
def test_image_names(folder, name, reason):
    (folder / "a.jpg").write_bytes(b"must not be opened")
    (folder / "train/link").symlink_to(folder)
    (folder / "train.csv").write_text(f"{TRAIN}{name},w1\n")
    (found,) = find_faults(folder)
    assert found.startswith(f"train.csv, row 5: {reason}")


@pytest.mark.parametrize(
    ("identity", "reason"), [("", "the identity is empty"), ("w 1", "identity 'w 1' contains")]
)
def test_identities(folder, identity, reason):
    (folder / "train.csv").write_text(f"Image,Id\nb.jpg,{identity}\na.jpg,w1\ne.jpg,w2\n")
    (found,) = find_faults(folder)
    assert found.startswith(f"train.csv, row 2: {reason}")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "b.jpg: zero bytes"),
        (b"no image", "b.jpg: not an image"),
        (None, "b.jpg: not an image, or truncated"),
    ],
)
def test_unreadable_photographs(folder, content, reason):
    path = folder / "train/b.jpg"
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    (found,) = find_faults(folder)
    assert found.startswith("train.csv, row 2: ") and reason in found


@pytest.mark.parametrize("header", ["Image", "Extra,Image", "Image,Name"])
def test_columns(folder, header):
    (folder / "train.csv").write_text(f"{header}\n")
    assert any(
        fault.startswith("train.csv, row 1: columns are") and "expected Image, Id" in fault
        for fault in find_faults(folder)
    )


def test_a_training_table_without_rows(folder):
    (folder / "train.csv").write_text("Image,Id\n")
    assert find_faults(folder) == ["train.csv: has no rows"]


def test_a_missing_sample(folder):
    (folder / "sample_submission.csv").unlink()
    (found,) = find_faults(folder)
    assert found.startswith("sample_submission.csv: there is no such file")


def test_missing_folders_are_one_fault_each(folder):
    (folder / "test").rename(folder / "elsewhere")
    assert find_faults(folder) == [f"test/: there is no such folder in {folder}"]
    assert find_faults(folder / "none") == [
        "no such folder (competition.path in params.yaml names it)"
    ]


def test_photographs_that_no_table_lists_are_faults(folder):
    write_photo(folder / "train/x.jpg")
    write_photo(folder / "test/y.jpg")
    (folder / "train/.DS_Store").touch()
    (folder / "train/Thumbs.db").touch()
    assert find_faults(folder) == [
        "test/y.jpg: not in sample_submission.csv",
        "train/x.jpg: not in train.csv",
    ]


def test_the_same_name_in_train_and_test_is_a_fault(folder):
    write_photo(folder / "test/a.jpg")
    (folder / "sample_submission.csv").write_text(f"{SAMPLE}a.jpg,new_whale\n")
    assert find_faults(folder) == ["train/a.jpg: test/ has an image of the same name"]


def test_boxes(folder):
    rows = ["a.jpg,0,0,16,8", "z.jpg,0,0,1,1", "b.jpg,0,0,17,8", "c.jpg,5,0,5,8", "a.jpg,1,1,2,2"]
    rows += ["d.jpg,0,0,half,8"]
    (folder / "boxes.csv").write_text("Image,x0,y0,x1,y1\n" + "\n".join(rows) + "\n")
    assert find_faults(folder) == [
        "boxes.csv, row 3: z.jpg is neither in train.csv nor in the sample",
        "boxes.csv, row 4: b.jpg has a box outside its 16 x 8 pixels: 0, 0, 17, 8",
        "boxes.csv, row 5: c.jpg has an empty box: 5, 0, 5, 8 (x1 and y1 are exclusive)",
        "boxes.csv, row 6: a.jpg has a box already",
        "boxes.csv, row 7: d.jpg has a box that is not four whole numbers: 0, 0, half, 8",
    ]


def test_all_faults_are_listed_at_once_up_to_a_maximum(folder):
    rows = "".join(f"none{i}.jpg,w1\n" for i in range(60))
    (folder / "train.csv").write_text(f"{TRAIN}{rows}")
    (folder / "test/c.jpg").write_bytes(b"")
    with pytest.raises(Faults) as caught:
        competition.read_competition(folder, COLUMNS)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{folder}: 61 faults" and lines[-2] == "  ... and 11 more"
    assert "skip_bad: true in params.yaml goes on without the 1 photographs" in lines[-1]
    assert len(lines) == 53


@pytest.mark.fault(
    "folders",
    "a photograph of train.csv that is a link, a folder, a pipe, or written in another case",
    "one fault with its row; a pipe is not waited for",
)
def test_listed_photographs_that_are_no_files(folder):
    for name in ("b.jpg", "a.jpg", "e.jpg"):
        (folder / "train" / name).unlink()
    (folder / "train/b.jpg").symlink_to(folder / "test/c.jpg")
    (folder / "train/a.jpg").mkdir()
    os.mkfifo(folder / "train/e.jpg")
    (folder / "test/c.jpg").rename(folder / "test/C.JPG")
    assert find_faults(folder) == [
        "train.csv, row 2: train/b.jpg is a link, which is not followed: put the file itself there",
        "train.csv, row 3: train/a.jpg is a folder, not a photograph",
        "train.csv, row 4: train/e.jpg is neither a file nor a folder",
        "sample_submission.csv, row 3: test/c.jpg does not exist, but C.JPG does",
        "test/C.JPG: not in sample_submission.csv",
    ]


@pytest.mark.fault(
    "folders",
    "files of a competition's folders that are not read: .psd, hidden ones, folders, links",
    "counted by kind, with the way to convert them",
)
def test_what_is_left_out_is_said(folder, caplog):
    for split in ("train", "unlabelled"):
        (folder / split).mkdir(exist_ok=True)
        (folder / split / "IMG_1.psd").touch()
        (folder / split / "._b.jpg").touch()
    write_photo(folder / "train/deeper/b.jpg")
    read = competition.read_competition(folder, COLUMNS)
    (message,) = caplog.messages
    assert message.splitlines() == [
        f"{folder}: left out are",
        "  2 hidden, or left behind by an operating system (train/._b.jpg, unlabelled/._b.jpg)",
        "  2 .psd, not read: export it as JPEG or PNG (train/IMG_1.psd, unlabelled/IMG_1.psd)",
        "  1 in no table (train/deeper/b.jpg)",
    ]
    assert len(read.left_out) == 5 and len(read.images) == 5


@pytest.mark.fault(
    "folders",
    "annotations under another case (Boxes.csv), a file in the place of a folder, unknown files",
    "a fault, or a line that says what is not read",
)
def test_entries_beside_those_that_are_needed(folder, caplog):
    (folder / "Boxes.csv").touch()
    (folder / "masks").touch()
    (folder / "unlabelled").symlink_to(folder / "nowhere")
    (folder / "notes.txt").touch()
    (folder / "Thumbs.db").touch()
    assert find_faults(folder) == [
        "Boxes.csv: case matters: rename it boxes.csv, or remove it",
        "masks: is not a folder, or a link that leads nowhere",
        "unlabelled: is not a folder, or a link that leads nowhere",
    ]
    assert "\n  1 .txt, not read (notes.txt)" in caplog.text


def test_a_listed_photograph_of_a_kind_that_is_not_read_tells_how_to_convert_it(folder):
    (folder / "train/b.jpg").rename(folder / "train/b.psd")
    (folder / "train/b.psd").write_bytes(b"8BPS")
    (folder / "train.csv").write_text(TRAIN.replace("b.jpg", "b.psd"))
    (found,) = find_faults(folder)
    assert found.startswith("train.csv, row 2: ") and "export it as JPEG or PNG" in found


@pytest.mark.fault(
    "folders",
    "a competition with one individual, or with fewer labelled photographs than folds",
    "refused by the stage `competition`, not by `train`",
)
def test_too_few_to_learn_from(folder):
    (folder / "train.csv").write_text(TRAIN.replace("w2", "w1"))
    assert find_faults(folder) == [
        "train.csv: one individual (w1), at least 2 are needed: add photographs of others"
    ]
    (folder / "train.csv").write_text(TRAIN)
    images, *_ = competition.read_competition(folder, COLUMNS)
    with pytest.raises(Faults, match="3 labelled photographs do not fill 4 folds"):
        competition.check_folds(images, 4)


@pytest.mark.parametrize(
    ("identities", "count", "trained"),
    [
        ("aabb", 2, 2),  # each of both is in every training
        ("aab", 2, 1),  # one member holds b out
        ("aab", 3, 1),
        ("abc", 2, 1),  # a fold has two of them
        ("abc", 3, 2),
        ("abcd", 2, 2),
        ("aabc", 2, 2),
    ],
)
def test_every_member_learns_from_two_individuals(identities, count, trained):
    images = pd.DataFrame({"split": "train", "identity": [*identities, "new_whale"]})
    if trained < 2:
        with pytest.raises(Faults, match=f"a member would learn from {trained}, at least 2"):
            competition.check_folds(images, count)
    else:
        competition.check_folds(images, count)


@pytest.mark.fault(
    "folders",
    "a file of a competition under another case (Train.csv), or still packed (train.csv.zip)",
    "the message that it is missing names it",
)
def test_a_missing_file_under_another_name(folder):
    (folder / "train.csv").rename(folder / "Train.csv")
    (folder / "sample_submission.csv").rename(folder / "sample_submission.csv.zip")
    (folder / "test").rename(folder / "TEST")
    assert find_faults(folder) == [
        f"train.csv: there is no such file in {folder}, but Train.csv: rename it",
        f"sample_submission.csv: there is no such file in {folder}, but "
        "sample_submission.csv.zip: unpack it",
    ]
    (folder / "sample_submission.csv.zip").rename(folder / "sample_submission.csv")
    (folder / "Train.csv").rename(folder / "train.csv")
    assert find_faults(folder) == [
        f"test/: there is no such folder in {folder}, but TEST: rename it"
    ]


@pytest.mark.fault(
    "tables",
    "viewpoints that are one word in several ways",
    "refused with the row: they would never be compared",
)
def test_viewpoints_that_are_one_word(folder):
    (folder / "viewpoints.csv").write_text(
        "Image,viewpoint\na.jpg,left\nb.jpg,Left\nc.jpg, \nd.jpg,left \n"
    )
    assert find_faults(folder) == [
        "viewpoints.csv, row 3: viewpoint 'Left' is also written 'left': write it in one way, "
        "since different viewpoints are never compared"
    ]


@pytest.mark.fault(
    "folders",
    "a competition's folder that may not be read",
    "one fault that names it, beside all others",
)
def test_a_folder_that_may_not_be_read(folder, monkeypatch):
    (folder / "train/b.jpg").write_bytes(b"")

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    (folder / "unlabelled").mkdir()
    read = os.listdir
    monkeypatch.setattr(
        os, "listdir", lambda path: refuse(path) if path.name == "test" else read(path)
    )
    assert find_faults(folder) == [f"{folder}/test: can't be read (Permission denied)"]


TABLES = {
    "train.csv": TRAIN,
    "sample_submission.csv": SAMPLE,
    "boxes.csv": "Image,x0,y0,x1,y1\na.jpg,1,2,9,8\n",
    "viewpoints.csv": "Image,viewpoint\na.jpg,left\n",
}


@pytest.mark.parametrize("file", TABLES)
@pytest.mark.fault("tables", "a comma after every row of a competition's table", "read without it")
def test_a_comma_after_every_row_changes_nothing(file, folder):
    (folder / file).write_text(TABLES[file])
    expected = competition.read_competition(folder, COLUMNS)
    head, *rows = TABLES[file].splitlines()
    (folder / file).write_text("\n".join([head, *(f"{row}," for row in rows), ",,,"]))
    now = competition.read_competition(folder, COLUMNS)
    for before, after in zip(expected[:3], now[:3], strict=True):
        pd.testing.assert_frame_equal(before, after)
    pd.testing.assert_frame_equal(expected.annotations.boxes, now.annotations.boxes)


@pytest.mark.parametrize("file", TABLES)
@pytest.mark.fault("tables", "a cell too many in a competition's table", "a fault with its row")
def test_a_cell_too_many_is_a_fault_with_its_row(file, folder):
    (folder / file).write_text(TABLES[file].rstrip() + ",surplus\n")
    row = TABLES[file].count("\n")
    assert any(text.startswith(f"{file}, row {row}: has ") for text in find_faults(folder))
