"""Arrays of .npz files that stay on the disk."""

import zipfile

import numpy as np
import pytest

from pipeline.data.mapped_arrays import map_array

ARRAYS = {
    "bytes": np.arange(70_000, dtype=np.uint8).reshape(-1, 7),
    "columns": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "empty": np.empty((0, 5), np.uint8),
    "single": np.array([3], np.int32),
    "number": np.array(2.5),
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, **ARRAYS)
    return path


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_is_as_it_was_saved(file, name):
    found = map_array(file, name)
    assert found.dtype == ARRAYS[name].dtype and np.array_equal(found, ARRAYS[name])
    assert found.flags.f_contiguous == ARRAYS[name].flags.f_contiguous


def test_it_cannot_be_changed(file):
    with pytest.raises(ValueError, match="read-only"):
        map_array(file, "bytes")[0] = 1


def test_it_stays_as_it_was_if_the_file_is_replaced(file, tmp_path):
    found = map_array(file, "bytes")
    np.savez(tmp_path / "other.npz", bytes=ARRAYS["bytes"] + 1)
    (tmp_path / "other.npz").rename(file)
    assert np.array_equal(found, ARRAYS["bytes"])


def test_a_flipped_byte_is_found(file):
    data = bytearray(file.read_bytes())
    data[5000] ^= 1
    file.write_bytes(data)
    with pytest.raises(zipfile.BadZipFile, match="bytes"):
        map_array(file, "bytes")


def test_a_compressed_array_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "small.npz", one=np.ones(9))
    with pytest.raises(ValueError, match="one in .*small.npz is compressed"):
        map_array(tmp_path / "small.npz", "one")
