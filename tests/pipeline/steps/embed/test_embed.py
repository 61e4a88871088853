"""Unit vectors in the order of the crops, with and without those of the mirror images."""

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.data.planes import to_planes
from pipeline.models import member_networks
from pipeline.models.embedding_net import Architecture, EmbeddingNet
from pipeline.steps.embed import embed
from pipeline.system import device, machine


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(device, "multiplies_half", lambda kind: False)


@pytest.fixture
def net() -> EmbeddingNet:
    torch.manual_seed(0)
    architecture = Architecture(channels=3, dim=8, pooling="gem", bnneck=True)
    return member_networks.build("test_resnet", "none", architecture)


@pytest.fixture
def mirrored_crops(tiny, tmp_path):
    """Three crops, then their mirror images in the same order."""
    crops = np.load(tiny.crops)[[0, 5, 10]]
    np.save(tmp_path / "pairs.npy", np.concatenate([crops, crops[:, :, ::-1]]))
    return tmp_path / "pairs.npy"


NAMES = pd.Series(["a", "b", "c", "am", "bm", "cm"])


def test_every_crop_is_embedded_under_its_name(net, tiny, monkeypatch):
    """Batches of 5 make no difference to 22 crops."""
    whole = embed.embed(net, tiny.crops, tiny.order, 3, "none")
    monkeypatch.setattr(embed, "BATCH", 5)
    parts = embed.embed(net, tiny.crops, tiny.order, 3, "none")
    assert whole.names.tolist() == parts.names.tolist() == tiny.order.tolist()
    np.testing.assert_allclose(whole.vectors, parts.vectors, atol=1e-5)
    crops = torch.from_numpy(np.load(tiny.crops)[7:8, :, :, :3].transpose(0, 3, 1, 2).copy())
    with torch.inference_mode():
        alone = net.eval().embed(crops)[0].numpy()
    np.testing.assert_allclose(whole.of(tiny.order[7:8])[0], alone, atol=1e-5)
    assert whole.vectors.shape == (22, 8) and whole.vectors.dtype == np.float32


def test_few_crops_are_in_the_network_at_once(net, tiny, monkeypatch):
    """16 took 300 MB less than 64, and no longer."""
    sizes = []
    embed_batch = embed.embed_batch
    monkeypatch.setattr(
        embed,
        "embed_batch",
        lambda net, crops, flip: sizes.append(len(crops)) or embed_batch(net, crops, flip),
    )
    embed.embed(net, tiny.crops, tiny.order, 3, "none")
    assert sizes == [16, 6]


def test_a_single_batch_shows_no_progress(net, mirrored_crops, monkeypatch, capsys):
    embed.embed(net, mirrored_crops, NAMES, 3, "none")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(embed, "BATCH", 3)
    embed.embed(net, mirrored_crops, NAMES, 3, "none")
    assert "2/2" in capsys.readouterr().err


def test_averaging_makes_an_image_and_its_mirror_the_same(net, mirrored_crops):
    plain = embed.embed(net, mirrored_crops, NAMES, 3, "none").vectors
    assert np.abs(plain[:3] - plain[3:]).max() > 1e-4
    average = embed.embed(net, mirrored_crops, NAMES, 3, "average").vectors
    np.testing.assert_allclose(average[:3], average[3:], atol=1e-5)
    sums = plain[:3] + plain[3:]
    expected = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    np.testing.assert_allclose(average[:3], expected, atol=1e-5)


def test_both_puts_the_two_vectors_side_by_side(net, mirrored_crops):
    plain = embed.embed(net, mirrored_crops, NAMES, 3, "none").vectors
    both = embed.embed(net, mirrored_crops, NAMES, 3, "both").vectors
    assert both.shape == (6, 16)
    expected = np.concatenate([plain[:3], plain[3:]], axis=1) / np.sqrt(2)
    np.testing.assert_allclose(both[:3], expected, atol=1e-5)


def test_embedding_twice_gives_the_same_bytes_and_leaves_the_net_alone(net, tiny):
    net.train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    first = embed.embed(net, tiny.crops, tiny.order, 3, "average")
    second = embed.embed(net, tiny.crops, tiny.order, 3, "average")
    assert first.vectors.tobytes() == second.vectors.tobytes()
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_several_devices_do_not_disturb_it(net, tiny, monkeypatch):
    """TAILPRINT_DEVICES is for training."""
    monkeypatch.setenv(device.DEVICES, "2")
    assert len(embed.embed(net, tiny.crops, tiny.order, 3, "none").names) == 22


def test_threads_change_nothing(net, tiny, monkeypatch):
    monkeypatch.setattr(machine, "count_threads", lambda: 1)
    one = embed.embed(net, tiny.crops, tiny.order, 3, "average")
    monkeypatch.setattr(machine, "count_threads", lambda: 4)
    four = embed.embed(net, tiny.crops, tiny.order, 3, "average")
    assert np.array_equal(one.vectors, four.vectors)


@pytest.mark.parametrize("channels", [3, 5])
def test_batches_hold_the_planes_of_their_rows_in_order(tiny, channels):
    rows = [range(0, 5), range(5, 10), range(10, 11)]
    first, second, third = embed.read_batches(tiny.crops, rows, channels)
    assert [len(first), len(second), len(third)] == [5, 5, 1]
    crop = np.load(tiny.crops)[7]
    expected = to_planes(crop, channels)
    assert np.array_equal(second[2].numpy(), expected)
    assert list(embed.read_batches(tiny.crops, [], channels)) == []


def test_half_precision_changes_vectors_little(net, tiny, monkeypatch):
    """Whether bf16 is used depends on the device alone: nothing is trained here."""
    exact = embed.embed(net, tiny.crops, tiny.order, 3, "both")
    monkeypatch.setattr(device, "multiplies_half", lambda kind: True)
    half = embed.embed(net, tiny.crops, tiny.order, 3, "both")
    assert half.vectors.dtype == np.float32 and not np.array_equal(half.vectors, exact.vectors)
    assert (half.vectors * exact.vectors).sum(axis=1).min() > 0.995
