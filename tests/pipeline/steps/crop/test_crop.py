"""The whole step on a few synthetic photographs."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pipeline.data import images
from pipeline.steps.crop import boxes as boxes_of
from pipeline.steps.crop import crop, examples, grabcut, unet, unet_training
from pipeline.steps.crop.given import Given
from tests.pipeline.steps.crop import synthetic


def crop_all(folder, table, **changes):
    settings = synthetic.SETTINGS.model_copy(update=changes)
    path = folder / "work/crops.npy"
    weights = folder / "work/unet.safetensors"
    boxes, _ = crop.crop(table, synthetic.read_given(folder, table), settings, path, weights)
    return boxes, path


def test_box_then_mask_then_unet(tmp_path, capsys):
    table = synthetic.competition(tmp_path, synthetic.scattered(14), given=10)
    (tmp_path / "boxes.csv").write_text("Image,x0,y0,x1,y1\n0.png,1,2,100,70\n13.png,5,5,115,75\n")
    quick = synthetic.UNET.model_copy(update={"epochs": 6})
    boxes, path = crop_all(tmp_path, table, unet=quick)
    expected = ["given", *["mask"] * 9, *["unet"] * 3, "given"]
    assert boxes["source"].tolist() == expected
    assert boxes.loc[0, ["x0", "y0", "x1", "y1"]].tolist() == [1, 2, 100, 70]
    printed = capsys.readouterr().out
    assert "2 boxes and 10 masks" in printed and "IoU" in printed and "3 unet" in printed
    first = path.read_bytes()
    again, _ = crop_all(tmp_path, table, unet=quick)
    assert again.equals(boxes) and path.read_bytes() == first
    # the net is stored, and finds the same in a photograph outside the competition
    settings = synthetic.SETTINGS.model_copy(update={"unet": quick})
    net = crop.load_unet(path.with_name("unet.safetensors"), settings)
    source, segment = crop.choose_segmenter(net, settings)
    photograph = images.read_rgb(table["path"].iloc[11])
    with ThreadPoolExecutor(1) as pool:
        box = boxes_of.mask_box(segment([photograph], [None], pool)[0])
    assert source == "unet" and boxes.loc[11, ["x0", "y0", "x1", "y1"]].tolist() == list(box)


def test_too_few_masks_leave_the_rest_whole(tmp_path):
    boxes, path = crop_all(
        tmp_path, synthetic.competition(tmp_path, synthetic.scattered(4), given=2)
    )
    assert boxes["source"].tolist() == ["mask", "mask", "whole", "whole"]
    assert crop.load_unet(path.with_name("unet.safetensors"), synthetic.SETTINGS) is None
    masks = np.load(path)[..., 3]
    assert not masks[0].all() and masks[2].all()


def test_too_few_masks_and_grabcut(tmp_path):
    table = synthetic.competition(tmp_path, synthetic.scattered(4), given=2)
    boxes, _ = crop_all(tmp_path, table, without_masks="grabcut")
    assert boxes["source"].tolist() == ["mask", "mask", "grabcut", "grabcut"]


def test_a_unet_is_trained_on_grabcuts_masks_if_few_are_given(tmp_path, monkeypatch):
    """GrabCut fails for every third photograph: it is no training example, and gets a mask too."""
    find_mask, boxes_seen = grabcut.find_mask, []

    def failing(photograph, box):
        boxes_seen.append(box)
        return None if len(boxes_seen) % 3 == 0 else find_mask(photograph, box)

    monkeypatch.setattr(grabcut, "find_mask", failing)
    monkeypatch.setattr(examples, "start_workers", lambda: ThreadPoolExecutor(1))
    table = synthetic.competition(tmp_path, synthetic.scattered(12), given=1)
    (tmp_path / "boxes.csv").write_text("Image,x0,y0,x1,y1\n11.png,5,5,115,75\n")
    longer = synthetic.UNET.model_copy(update={"epochs": 15})
    boxes, path = crop_all(tmp_path, table, without_masks="unet", unet=longer)
    assert boxes["source"].tolist() == ["mask", *["unet"] * 10, "given"]
    assert len(boxes_seen) == 12 and boxes_seen[11] == (5, 5, 115, 75)
    assert crop.load_unet(path.with_name("unet.safetensors"), synthetic.SETTINGS) is not None
    masks = np.load(path)[..., 3] > 0
    assert 0.4 < masks[3].mean() < 0.9  # of its own box, an ellipse fills four fifths


def test_no_unet_is_trained_if_grabcut_finds_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(grabcut, "find_mask", lambda photograph, box: None)
    table = synthetic.competition(tmp_path, synthetic.scattered(4), given=0)
    boxes, _ = crop_all(tmp_path, table, without_masks="unet")
    assert boxes["source"].tolist() == ["whole"] * 4


def test_grabcuts_examples_are_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "MAX_EXAMPLES", 3)
    table = synthetic.competition(tmp_path, synthetic.scattered(7), given=0)
    made = examples.make_examples(table, Given({}, {}), 64)
    assert list(made) == ["0.png", "3.png", "6.png"]
    thumbnails = list(made.values())
    assert len(thumbnails) == 3 and thumbnails[0].shape == (64, 64, 4)
    ends = [images.read_rgb(table["path"].iloc[row]) for row in (0, 6)]
    for thumbnail, photograph in zip(thumbnails[::2], ends, strict=True):
        assert np.array_equal(thumbnail[..., :3], unet.make_thumbnail(photograph, 64))


def test_the_unet_is_evaluated_on_masks_held_out(tmp_path):
    """Ten masks: one is held out, and named."""
    table = synthetic.competition(tmp_path, synthetic.scattered(11), given=10)
    (tmp_path / "masks/0.png").unlink()
    known = synthetic.read_given(tmp_path, table)
    quick = synthetic.UNET.model_copy(update={"epochs": 1, "min_masks": 3})
    settings = synthetic.SETTINGS.model_copy(update={"unet": quick})
    _, unseen = crop.fit_unet(table, known, settings)
    assert len(unseen.names) == 0  # a tenth of nine is none
    synthetic.competition(tmp_path, synthetic.scattered(11), given=10)
    _, unseen = crop.fit_unet(table, synthetic.read_given(tmp_path, table), settings)
    assert len(unseen.names) == 1 and unseen.source == "mask"
    row = int(unseen.names[0].removesuffix(".png"))
    thumbnail = unet.make_thumbnail(images.read_rgb(table["path"].iloc[row]), 2 * quick.size)
    assert np.array_equal(unseen.pictures[0, ..., :3], thumbnail)


def test_boxes_alone_train_nothing(tmp_path, monkeypatch):
    monkeypatch.delattr(unet_training, "train")
    table = synthetic.competition(tmp_path, synthetic.scattered(6), given=0)
    rows = "".join(f"{i}.png,1,2,100,70\n" for i in range(5))
    (tmp_path / "boxes.csv").write_text("Image,x0,y0,x1,y1\n" + rows)
    boxes, path = crop_all(tmp_path, table)
    assert boxes["source"].tolist() == [*["given"] * 5, "whole"]
    assert (np.load(path)[..., 3] == 255).all()


def test_switched_off_it_packs_whole_photographs(tmp_path, monkeypatch):
    monkeypatch.delattr(unet_training, "train")
    table = synthetic.competition(tmp_path, synthetic.scattered(3), given=2)
    (tmp_path / "boxes.csv").write_text("Image,x0,y0,x1,y1\n2.png,1,2,100,70\n")
    boxes, path = crop_all(tmp_path, table, enabled=False, without_masks="grabcut")
    assert boxes["source"].tolist() == ["whole"] * 3
    assert (np.load(path)[..., 3] == 255).all()


def test_masks_for_all_train_nothing(tmp_path, monkeypatch):
    monkeypatch.delattr(unet_training, "train")
    boxes, _ = crop_all(tmp_path, synthetic.competition(tmp_path, synthetic.scattered(5), given=5))
    assert set(boxes["source"]) == {"mask"}


def test_alignment_levels_the_mask(tmp_path):
    table = synthetic.competition(tmp_path, [synthetic.ellipse(degrees=25, axes=(40, 10))], given=1)
    _, path = crop_all(tmp_path, table, align="axis")
    columns = np.nonzero(np.load(path)[0, :, :, 3])
    assert abs(np.corrcoef(*columns)[0, 1]) < 0.05
