"""Every value of every switch of `train` changes the trained network.

The losses' own values are in tests/pipeline/losses/test_embedding_loss.py.
"""

import functools
from pathlib import Path
from typing import Literal, get_args, get_origin

import numpy as np
import pytest
import torch
from pydantic import BaseModel

from pipeline.models import member_networks
from pipeline.params import Backbone, Train, merge
from pipeline.steps.train import train
from pipeline.training.training_set import TrainingSet

# other values of each leaf
VALUES = {
    "epochs": [3],
    "views_per_identity": [9, 20],
    "learning_rate": [1e-3],
    "backbone_lr_scale": [0.1],
    "weight_decay": [0.5],
    "clip": [0.1],
    "channels": [4, 5],
    "grey": [True],
    "flip": ["augment", "identity", "identity_masked"],
    "reduction": [8, 16],
    "pooling": ["average", "model"],
    "pooling_cells": [[2, 1]],
    "embedding": [8],
    "bnneck": [False],
    "frozen_stages": [1],
    "head_epochs": [1],
    "drop_path": [0.3],
    "class_power": [0.5],
    "sampler.kind": ["pairs"],
    "sampler.block": [5],
    "sampler.noise": [0.0],
    "sampler.identities": [2],
    "sampler.views": [3],
    "sampler.new_whale_fraction": [0.4],
    "sampler.power": [0.0],
    "sampler.min_views": [6],
    "schedule.kind": ["one_cycle", "cyclic", "restarts", "plateau"],
    "schedule.warmup": [0.5],
    "schedule.cycles": [1],
    "schedule.patience": [1],
    "average.kind": ["swa", "ema"],
    "average.start": [0.9],
    "average.decay": [0.5],
    "resize.scale": [0.5],
    "resize.until": [1.0],
    "augment.rotate": [20],
    "augment.shift": [0.2],
    "augment.zoom": [0.3],
    "augment.shear": [20],
    "augment.perspective": [0.2],
    "augment.brightness": [0.4],
    "augment.contrast": [0.4],
    "augment.hue": [0.2],
    "augment.grey": [1.0],
    "augment.blur": [1.0],
    "augment.noise": [1.0],
    "augment.erase": [1.0],
    "augment.mask_dropout": [1.0],
    "augment.background": [1.0],
}
LABELS = np.append(np.repeat(np.arange(6), 3), [-1] * 4)  # of the tiny competition's crops
# read only beside another value
BESIDE = {
    # an epoch shows the mean identity 4 times
    "views_per_identity": {"epochs": 0, "views_per_identity": 4},
    "head_epochs": {"epochs": 2},
    "schedule.cycles": {"schedule": {"kind": "restarts"}},
    # so slow that no epoch gains
    "schedule.patience": {"schedule": {"kind": "plateau"}, "epochs": 3, "learning_rate": 1e-9},
    "sampler.block": {"sampler": {"kind": "pairs"}, "epochs": 2},
    "sampler.noise": {"sampler": {"kind": "pairs"}, "epochs": 2},
    "average.kind": {"epochs": 2},
    "average.start": {"average": {"kind": "ema", "start": 0.0}},
    "average.decay": {"average": {"kind": "ema", "start": 0.0}},
    "resize.until": {"resize": {"scale": 0.5}},
    "augment.mask_dropout": {"channels": 4},
}
# the seed, and what the training set reads (tests/pipeline/training/test_training_set.py)
ELSEWHERE = {"seed", "inner.fraction", "inner.patience", "inner.every", "wrong_labels"}


pytestmark = pytest.mark.usefixtures("in_process")


def leaves(section: type[BaseModel], before: str = "") -> set[str]:
    names = set()
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            names |= leaves(inner, f"{before}{name}.")
        else:
            names.add(before + name)
    return names


def test_every_leaf_is_tried():
    expected = {leaf for leaf in leaves(Train) if not leaf.startswith("loss.")}
    assert set(VALUES) | ELSEWHERE == expected


def test_every_choice_is_tried(settings_with):
    """A Literal's values are those of VALUES and the present one."""
    base = settings_with()
    for leaf in VALUES:
        *sections, name = leaf.split(".")
        section = functools.reduce(getattr, sections, base)
        annotation = type(section).model_fields[name].annotation
        if get_origin(annotation) is Literal:
            assert {*VALUES[leaf], getattr(section, name)} == set(get_args(annotation)), leaf


def nested(leaf: str, value: object) -> dict:
    for part in reversed(leaf.split(".")):
        value = {part: value}
    return value


@functools.cache
def trained_weights(crops: Path, settings: str) -> dict[str, torch.Tensor]:
    """The trained network's weights; `settings` are a Train section as JSON."""
    settings = Train.model_validate_json(settings)
    # identities with 3, 3, 3, 3, 3 and 1 photographs, so that there is a rare one
    rows = np.delete(np.arange(22), [16, 17])
    torch.manual_seed(0)
    backbone = dict(timm_name="test_resnet", weights="none", overrides={})
    net = member_networks.build_for_member(Backbone.model_validate(backbone), settings)
    train.train(net, TrainingSet(crops, rows, LABELS[rows], rows), settings, 0)
    return net.state_dict()


@pytest.mark.parametrize(
    ("leaf", "value"), [(leaf, value) for leaf, values in VALUES.items() for value in values]
)
def test_every_value_changes_the_network(leaf, value, tiny, settings_with):
    def trained_with(**overrides) -> dict[str, torch.Tensor]:
        return trained_weights(tiny.crops, settings_with(**overrides).model_dump_json())

    beside = {"clip": 0.0, "epochs": 1} | BESIDE.get(leaf, {})
    base = trained_with(**beside)
    other = trained_with(**merge(beside, nested(leaf, value)))
    assert set(base) != set(other) or any(not torch.equal(base[n], other[n]) for n in base)
    assert all(torch.isfinite(tensor).all() for tensor in other.values())
