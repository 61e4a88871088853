"""Training rows to crops and labels, with photographs held back for inner validation."""

import numpy as np
import pytest
import torch

from pipeline.data import gallery
from pipeline.training.training_set import TrainingSet, build_training_set, corrupt_labels


def test_every_image_has_its_crop_and_label(tiny, settings_with):
    shuffled = tiny.order.sample(frac=1, random_state=0).reset_index(drop=True)
    training = gallery.training_rows(tiny.folds, held_out=2)
    built = build_training_set(tiny.crops, shuffled, training, settings_with(), 0)
    assert len(built.identities("none")) == 6 and built.validation is None
    assert shuffled[built.rows].tolist() == training["image"].tolist()
    assert built.groups.tolist() == training["group"].tolist()
    names = ["w0", "w1", "w2", "w3", "w4", "w5", "new_whale"]  # -1 is the last
    assert [names[label] for label in built.labels] == training["identity"].tolist()
    held_out = set(tiny.folds.loc[tiny.folds["fold"] == 2, "image"])
    assert not held_out & set(shuffled[built.rows])


def test_an_image_without_a_crop_is_named(tiny, settings_with):
    """Row -1 would silently be the last crop."""
    training = gallery.training_rows(tiny.folds, held_out=2)
    with pytest.raises(ValueError, match=r"no crop for \['w0_0.jpg'\]"):
        build_training_set(tiny.crops, tiny.order.drop(0), training, settings_with(), 0)


def test_one_identity_is_not_enough(tiny, settings_with):
    alone = tiny.folds[tiny.folds["identity"].isin(["w0", "new_whale"])]
    with pytest.raises(ValueError, match="1 known identities"):
        build_training_set(tiny.crops, tiny.order, alone, settings_with(), 0)


def test_the_identities_have_their_numbers_of_photographs(tiny):
    """Six with three each; new_whale is none of them."""
    training_set = TrainingSet(tiny.crops, np.arange(22), tiny.labels, np.arange(22))
    assert training_set.identities("none").photographs.tolist() == [3.0] * 6
    mirrored = training_set.identities("identity_masked")
    assert mirrored.photographs.tolist() == [3.0] * 12
    assert mirrored.mirror_labels(torch.tensor([0, 5, 6])).tolist() == [6, 11, 0]


def test_held_back_photographs_are_queries_and_not_trained_on(tiny, settings_with):
    """Half of six identities with three photographs: three queries, six gallery photographs."""
    settings = settings_with(inner={"fraction": 0.5, "patience": 1})
    built = build_training_set(tiny.crops, tiny.order, tiny.folds, settings, 0)
    validation = built.validation
    assert len(validation.queries) == len(set(validation.query_labels)) == 3
    assert not set(validation.queries) & set(built.rows) and len(built.rows) == 22 - 3
    assert sorted(validation.gallery_labels) == sorted([*validation.query_labels] * 2)
    assert built.groups.tolist() == built.rows.tolist()  # as numbered in the tiny table
    by_row = dict(zip(built.rows, built.labels, strict=True))
    assert [by_row[row] for row in validation.gallery] == validation.gallery_labels.tolist()
    names = tiny.folds["identity"]
    for row, label in zip(validation.queries, validation.query_labels, strict=True):
        assert names[row] == f"w{label}"


def test_inner_validation_needs_an_identity_with_two_photographs(tiny, settings_with):
    single = tiny.folds.drop_duplicates("identity")
    settings = settings_with(inner={"fraction": 0.5, "patience": 1})
    with pytest.raises(ValueError, match="inner.fraction: no identity has two photographs"):
        build_training_set(tiny.crops, tiny.order, single, settings, 0)


def test_a_fraction_of_the_labels_can_be_corrupted(tiny, settings_with):
    """A third of 18: six labels are exchanged, every identity keeps its number of images."""
    right = build_training_set(tiny.crops, tiny.order, tiny.folds, settings_with(), 0)
    wrong = build_training_set(
        tiny.crops, tiny.order, tiny.folds, settings_with(wrong_labels=1 / 3), 0
    )
    assert (right.labels != wrong.labels).sum() == 6
    assert ((right.labels == -1) == (wrong.labels == -1)).all()
    assert sorted(wrong.labels) == sorted(right.labels) and (right.rows == wrong.rows).all()
    again = build_training_set(
        tiny.crops, tiny.order, tiny.folds, settings_with(wrong_labels=1 / 3), 0
    )
    other = build_training_set(
        tiny.crops, tiny.order, tiny.folds, settings_with(wrong_labels=1 / 3), 1
    )
    assert (again.labels == wrong.labels).all() and (other.labels != wrong.labels).any()


def test_identities_with_one_photograph_only_exchange_it():
    labels = np.array([0, 0, 1, 2, 2, 3, 4, 5, -1])
    for seed in range(20):
        wrong = corrupt_labels(labels, 0.5, seed)
        assert sorted(wrong) == sorted(labels) and wrong[-1] == -1
        assert (wrong != labels).sum() == 4
    assert (corrupt_labels(labels, 0.0, 0) == labels).all()
