"""Weights that a stage has written: whole ones of the same network, or a line."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from pipeline.models import stored_weights
from pipeline.system.errors import UserError


@pytest.fixture
def path(tmp_path):
    state = stored_weights.to_arrays(nn.Linear(3, 2))
    stored_weights.save_weights(state, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_whole_weights_are_loaded(path):
    net, state = nn.Linear(3, 2), stored_weights.read_weights(path)
    stored_weights.load_weights(net, state, path)
    assert torch.equal(net.weight, state["weight"])


@pytest.mark.parametrize("state", [{}, {"a": np.array(7), "b": np.ones((2, 3), np.float16).T}])
def test_tensors_of_any_kind_come_back_and_the_same_bytes_are_written(tmp_path, state):
    first, second = tmp_path / "first", tmp_path / "second"
    stored_weights.save_weights(state, first)
    stored_weights.save_weights(dict(reversed(state.items())), second)
    found = stored_weights.read_weights(first)
    assert found.keys() == state.keys() and all(np.array_equal(found[k], state[k]) for k in state)
    assert first.read_bytes() == second.read_bytes()


def test_files_without_a_checksum_are_read(tmp_path):
    save_file({"a": torch.ones(1)}, tmp_path / "old")
    assert stored_weights.read_weights(tmp_path / "old")["a"] == 1


@pytest.mark.fault(
    "identify",
    "any byte of a member's file is flipped, in its numbers too",
    "the file, and that `tailprint check --remove` and a run make it again",
)
def test_a_flipped_byte_is_found_or_changes_nothing(path):
    whole, before = path.read_bytes(), stored_weights.read_weights(path)
    found = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            after = stored_weights.read_weights(path)
        except UserError as error:
            assert "model.safetensors is damaged" in str(error)
            assert "tailprint check --remove" in str(error)
            found += 1
        else:  # in the word that says that a checksum follows
            assert all(torch.equal(after[name], before[name]) for name in before)
    assert found > len(whole) - 8


@pytest.mark.fault(
    "identify",
    "a member's file is missing, cut, or of another network than params.yaml's",
    "the file, and that the pipeline is to be run",
)
def test_missing_damaged_and_other_weights_are_named(path):
    state = stored_weights.read_weights(path)
    with pytest.raises(UserError, match="model.safetensors has the weights of another network"):
        stored_weights.load_weights(nn.Linear(4, 2), state, path)
    with pytest.raises(UserError, match="model.safetensors has the weights of another network"):
        stored_weights.load_weights(nn.Linear(3, 2, bias=False), state, path)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(UserError, match="model.safetensors is damaged"):
        stored_weights.read_weights(path)
    path.unlink()
    with pytest.raises(UserError, match="does not exist: run the pipeline first"):
        stored_weights.read_weights(path)
