"""Enrolled photographs are saved and loaded; files of another version are refused."""

import numpy as np
import pytest

from pipeline.data import features
from pipeline.data.enrolled_photo import Enrolled, load_enrolled
from pipeline.system.errors import UserError


def build_enrolled(identity: str, sha256: str) -> Enrolled:
    rng = np.random.default_rng(len(identity))
    own = rng.random((4, 2), np.float32), rng.integers(0, 255, (4, 8), np.uint8)
    found = features.join([f"0 {identity}.jpg"], [(*own, 3, np.eye(2, 3), (20, 10))])
    vectors = np.eye(3, 5, dtype=np.float32)
    return Enrolled(identity, f"{identity}.jpg", f"{sha256}.jpg", sha256, "now", vectors, found)


def test_saved_photographs_are_loaded_in_the_order_of_their_hashes(tmp_path):
    first, second = build_enrolled("wal", "b0"), build_enrolled("007", "a1")
    for one in (first, second):
        one.save(tmp_path / "enrolled")
    found = load_enrolled(tmp_path / "enrolled")
    assert [one.identity for one in found] == ["007", "wal"]  # by hash
    assert found[1].photograph == "wal.jpg" and found[1].copy == "b0.jpg"
    assert np.array_equal(found[1].vectors, first.vectors)
    assert found[1].made_with == "now"
    assert all(
        np.array_equal(a, b)
        for a, b in zip(found[1].features.of(0), first.features.of(0), strict=True)
    )


def test_a_photograph_enrolled_again_replaces_its_file(tmp_path):
    build_enrolled("wal", "b0").save(tmp_path)
    build_enrolled("other", "b0").save(tmp_path)
    assert [one.identity for one in load_enrolled(tmp_path)] == ["other"]


def test_half_written_files_are_left_out(tmp_path):
    path = build_enrolled("wal", "b0").save(tmp_path)
    path.rename(tmp_path / f".part-{path.name}")
    assert load_enrolled(tmp_path) == []


@pytest.mark.parametrize("lacking", ["made_with", "features_ends"])
def test_a_file_of_another_version_is_named(tmp_path, lacking):
    path = build_enrolled("wal", "b0").save(tmp_path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name != lacking}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="b0.npz is of another version: delete it"):
        load_enrolled(tmp_path)


@pytest.mark.fault(
    "identify",
    "the file of an enrolled photograph is cut or empty",
    "its name, and that its photograph is enrolled again",
)
@pytest.mark.parametrize("kept", [0, 100])
def test_a_damaged_file_is_named_with_the_way_out(tmp_path, kept):
    path = build_enrolled("wal", "b0").save(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match="b0.npz is damaged: delete it, and enroll its photograph"):
        load_enrolled(tmp_path)


def test_without_a_folder_no_photograph_is_enrolled(tmp_path):
    assert load_enrolled(tmp_path / "nowhere") == []
