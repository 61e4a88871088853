"""Reading, checking and downloading a competition."""

import zipfile

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline.data import images as decoding
from pipeline.data import tables
from pipeline.params import Columns
from pipeline.steps.competition import competition, kaggle
from pipeline.steps.competition.faults import Faults

COLUMNS = Columns(image="Image", identity="Id", answer="Id", new_whale="new_whale")
TRAIN = "Image,Id\nb.jpg,w1\na.jpg,new_whale\n"
SAMPLE = "Image,Id\nd.jpg,new_whale\nc.jpg,new_whale\n"


def write_photo(path, width=16, height=8):
    path.parent.mkdir(parents=True, exist_ok=True)
    value = sum(path.stem.encode()) % 256
    cv2.imwrite(str(path), np.full((height, width, 3), value, np.uint8))


@pytest.fixture
def folder(tmp_path):
    """Two training and two test photographs of 16 x 8 pixels, without a fault."""
    root = tmp_path / "photos"
    for name in ("train/a.jpg", "train/b.jpg", "test/c.jpg", "test/d.jpg"):
        write_photo(root / name)
    (root / "train.csv").write_text(TRAIN)
    (root / "sample_submission.csv").write_text(SAMPLE)
    return root


def find_faults(folder, columns=COLUMNS) -> list[str]:
    with pytest.raises(Faults) as caught:
        competition.read_competition(folder, columns)
    return caught.value.faults


def test_training_images_keep_their_order_and_test_images_that_of_the_sample(folder):
    images, sample, _ = competition.read_competition(folder, COLUMNS)
    assert list(images.columns) == tables.COLUMNS["images"]
    assert images["image"].tolist() == ["b.jpg", "a.jpg", "d.jpg", "c.jpg"]
    assert images["split"].tolist() == ["train", "train", "test", "test"]
    assert images["identity"].tolist() == ["w1", "new_whale", "", ""]
    assert images["path"][0] == f"{folder}/train/b.jpg"
    assert (images["width"][0], images["height"][0]) == (16, 8)
    data = (folder / "train/b.jpg").read_bytes()
    assert images["bytes"][0] == len(data) and images["sha256"][0] == decoding.hash_bytes(data)
    assert sample.columns.tolist() == ["image"] and sample["image"].tolist() == ["d.jpg", "c.jpg"]


def test_unlabelled_photographs_come_last_and_are_not_in_the_sample(folder):
    for name in ("z.jpg", "y.jpg"):
        write_photo(folder / "unlabelled" / name)
    (folder / "unlabelled/notes.txt").write_text("no photograph")
    images, sample, _ = competition.read_competition(folder, COLUMNS)
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
    *_, viewpoints = competition.read_competition(folder, COLUMNS)
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
    (folder / "train.csv").write_text("animal,file,species\nnobody,a.jpg,x\nNA,b.jpg,y\n")
    (folder / "sample_submission.csv").write_text("file,predictions\nc.jpg,\nd.jpg,\n")
    names = Columns(image="file", identity="animal", answer="predictions", new_whale="nobody")
    images, *_ = competition.read_competition(folder, names)
    assert images["identity"].tolist() == ["new_whale", "NA", "", ""]


def test_the_reserved_word_for_new_is_not_an_identity(folder):
    names = Columns(image="Image", identity="Id", answer="Id", new_whale="nobody")
    (found,) = find_faults(folder, names)
    assert found.startswith("train.csv, row 3: identity new_whale")


def test_a_byte_order_mark_and_blank_lines_are_no_faults(folder):
    (folder / "train.csv").write_text("\ufeffImage,Id\nb.jpg,w1\n\na.jpg,w2\n\n")
    assert competition.read_competition(folder, COLUMNS)[0]["identity"].tolist() == [
        "w1",
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
    assert found.startswith(f"train.csv, row 4: {reason}")


@pytest.mark.parametrize(
    ("identity", "reason"), [("", "the identity is empty"), ("w 1", "identity 'w 1' contains")]
)
def test_identities(folder, identity, reason):
    (folder / "train.csv").write_text(f"Image,Id\nb.jpg,{identity}\na.jpg,w1\n")
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
    assert find_faults(folder) == [
        "train.csv: has no rows",
        "train/a.jpg: not in train.csv",
        "train/b.jpg: not in train.csv",
    ]


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
        "train/x.jpg: not in train.csv",
        "test/y.jpg: not in sample_submission.csv",
    ]


def test_the_same_name_in_train_and_test_is_a_fault(folder):
    write_photo(folder / "test/a.jpg")
    (folder / "sample_submission.csv").write_text(f"{SAMPLE}a.jpg,new_whale\n")
    assert find_faults(folder) == ["train/a.jpg: test/ has an image of the same name"]


def test_masks(folder):
    write_photo(folder / "masks/a.png")  # 16 x 8, like its image
    write_photo(folder / "masks/b.png", width=17)
    write_photo(folder / "masks/z.png")
    write_photo(folder / "masks/c.jpg")
    cv2.imwrite(str(folder / "masks/d.png"), np.zeros((8, 16), np.uint16))
    assert find_faults(folder) == [
        "masks/b.png: 17 x 8, its image is 16 x 8",
        "masks/c.jpg: a mask has to be a PNG file",
        "masks/d.png: uint16, a mask has 8 bits per pixel",
        "masks/z.png: 0 images are called z, expected 1",
    ]


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
    assert lines[0] == f"{folder}: 61 faults" and lines[-1] == "  ... and 11 more"
    assert len(lines) == 52


class Client:
    """Stands for Kaggle's client: writes an archive of the given files."""

    def __init__(self, files: dict[str, bytes]):
        self.files = files

    def competition_download_files(self, competition, path, quiet):
        with zipfile.ZipFile(f"{path}/{competition}.zip", "w") as archive:
            for name, data in self.files.items():
                archive.writestr(name, data)


def test_kaggle_archive_reads_like_a_directory(folder, tmp_path):
    files = [path for path in folder.rglob("*") if path.is_file()]
    client = Client({str(path.relative_to(folder)): path.read_bytes() for path in files})
    downloaded = kaggle.download("whales", tmp_path / "download", client)
    assert not list(downloaded.glob("*.zip"))
    images, *_ = competition.read_competition(downloaded, COLUMNS)
    direct, *_ = competition.read_competition(folder, COLUMNS)
    pd.testing.assert_frame_equal(images.drop(columns="path"), direct.drop(columns="path"))
    assert images["path"][0] == f"{tmp_path}/download/train/b.jpg"


def test_archives_inside_the_archive_are_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as inner:
        inner.writestr("a.jpg", b"photo")
    client = Client({"train.zip": (tmp_path / "inner.zip").read_bytes()})
    downloaded = kaggle.download("whales", tmp_path / "download", client)
    assert (downloaded / "train/a.jpg").read_bytes() == b"photo"


@pytest.mark.parametrize("name", ["../out.txt", "/elsewhere/out.txt", "a/../../out.txt"])
def test_an_archive_that_leaves_its_folder_is_not_unpacked(tmp_path, name):
    client = Client({"train.csv": b"", name: b"x"})
    with pytest.raises(Faults, match="would be written outside"):
        kaggle.download("whales", tmp_path / "download", client)
    assert [path.name for path in (tmp_path / "download").iterdir()] == ["whales.zip"]
    assert not (tmp_path / "out.txt").exists()


def test_a_complete_download_is_not_repeated(tmp_path, capsys):
    folder = tmp_path / "download"
    kaggle.download("whales", folder, Client({"train.csv": b"first"}))
    kaggle.download("whales", folder, Client({"train.csv": b"second"}))
    assert (folder / "train.csv").read_bytes() == b"first"
    assert "whales is in" in capsys.readouterr().out


def test_another_competition_replaces_the_folder(tmp_path):
    folder = tmp_path / "download"
    kaggle.download("whales", folder, Client({"old.csv": b""}))
    kaggle.download("seals", folder, Client({"train.csv": b"seals"}))
    assert sorted(path.name for path in folder.iterdir()) == [".complete", "train.csv"]


def test_an_incomplete_download_is_repeated(tmp_path):
    folder = tmp_path / "download"
    with pytest.raises(Faults):
        kaggle.download("whales", folder, Client({"train.csv": b"", "../out.txt": b"x"}))
    downloaded = kaggle.download("whales", folder, Client({"train.csv": b"whole"}))
    assert (downloaded / "train.csv").read_bytes() == b"whole"


def test_a_refusal_names_the_remedies(tmp_path):
    class Refusing:
        def competition_download_files(self, *_, **__):
            raise RuntimeError("403 Client Error")

    with pytest.raises(Faults, match="403 Client Error.*accept the rules at .*/c/whales/rules"):
        kaggle.download("whales", tmp_path, Refusing())


def test_without_a_token_the_message_names_its_place(tmp_path, monkeypatch, capsys):
    class Strict:
        def authenticate(self):
            print("a page of help")
            raise SystemExit(1)

    module = type("Module", (), {"KaggleApi": Strict})
    monkeypatch.setitem(__import__("sys").modules, "kaggle.api.kaggle_api_extended", module)
    with pytest.raises(Faults, match=r"~/\.kaggle/kaggle\.json.*competition\.source to directory"):
        kaggle.download("whales", tmp_path)
    assert capsys.readouterr().out == ""
