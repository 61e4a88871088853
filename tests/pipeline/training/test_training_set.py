"""Training rows to crops and labels, with photographs held back where asked."""

import numpy as np
import pytest
import torch

from pipeline.data import gallery
from pipeline.training.training_set import Lesson, look_up, mistaken


def test_every_image_finds_its_crop_and_label(tiny, settings_with):
    shuffled = tiny.order.sample(frac=1, random_state=0).reset_index(drop=True)
    training = gallery.training_rows(tiny.folds, held_out=2)
    found = look_up(tiny.crops, shuffled, training, settings_with(), 0)
    assert len(found.identities("none")) == 6 and found.examination is None
    assert shuffled[found.rows].tolist() == training["image"].tolist()
    names = ["w0", "w1", "w2", "w3", "w4", "w5", "new_whale"]  # -1 is the last
    assert [names[label] for label in found.labels] == training["identity"].tolist()
    held_out = set(tiny.folds.loc[tiny.folds["fold"] == 2, "image"])
    assert not held_out & set(shuffled[found.rows])


def test_an_image_without_a_crop_is_named(tiny, settings_with):
    """Row -1 would be the last crop, and nobody would notice."""
    training = gallery.training_rows(tiny.folds, held_out=2)
    with pytest.raises(ValueError, match=r"no crop for \['w0_0.jpg'\]"):
        look_up(tiny.crops, tiny.order.drop(0), training, settings_with(), 0)


def test_one_identity_is_not_enough(tiny, settings_with):
    alone = tiny.folds[tiny.folds["identity"].isin(["w0", "new_whale"])]
    with pytest.raises(ValueError, match="1 known identities"):
        look_up(tiny.crops, tiny.order, alone, settings_with(), 0)


def test_the_identities_know_how_many_photographs_each_has(tiny):
    """Six with three each; new_whale is none of them."""
    lesson = Lesson(tiny.crops, np.arange(22), tiny.labels)
    assert lesson.identities("none").photographs.tolist() == [3.0] * 6
    twice = lesson.identities("identity_masked")
    assert twice.photographs.tolist() == [3.0] * 12
    assert twice.mirrored(torch.tensor([0, 5, 6])).tolist() == [6, 11, 0]


def test_held_back_photographs_are_asked_and_not_learned(tiny, settings_with):
    """Half of six identities with three photographs: three are asked, six of theirs are shown."""
    settings = settings_with(inner={"fraction": 0.5, "patience": 1})
    found = look_up(tiny.crops, tiny.order, tiny.folds, settings, 0)
    asked = found.examination
    assert len(asked.queries) == len(set(asked.query_labels)) == 3
    assert not set(asked.queries) & set(found.rows) and len(found.rows) == 22 - 3
    assert sorted(asked.gallery_labels) == sorted([*asked.query_labels] * 2)
    by_row = dict(zip(found.rows, found.labels, strict=True))
    assert [by_row[row] for row in asked.gallery] == asked.gallery_labels.tolist()
    names = tiny.folds["identity"]
    for row, label in zip(asked.queries, asked.query_labels, strict=True):
        assert names[row] == f"w{label}"


def test_nobody_to_hold_a_photograph_back_of_is_told(tiny, settings_with):
    single = tiny.folds.drop_duplicates("identity")
    settings = settings_with(inner={"fraction": 0.5, "patience": 1})
    with pytest.raises(ValueError, match="inner.fraction: no identity has two photographs"):
        look_up(tiny.crops, tiny.order, single, settings, 0)


def test_a_share_of_the_labels_may_be_wrong(tiny, settings_with):
    """A third of 18: six have exchanged labels, and nobody has fewer; new_whale stays."""
    right = look_up(tiny.crops, tiny.order, tiny.folds, settings_with(), 0)
    wrong = look_up(tiny.crops, tiny.order, tiny.folds, settings_with(wrong_labels=1 / 3), 0)
    assert (right.labels != wrong.labels).sum() == 6
    assert ((right.labels == -1) == (wrong.labels == -1)).all()
    assert sorted(wrong.labels) == sorted(right.labels) and (right.rows == wrong.rows).all()
    again = look_up(tiny.crops, tiny.order, tiny.folds, settings_with(wrong_labels=1 / 3), 0)
    other = look_up(tiny.crops, tiny.order, tiny.folds, settings_with(wrong_labels=1 / 3), 1)
    assert (again.labels == wrong.labels).all() and (other.labels != wrong.labels).any()


def test_identities_with_one_photograph_only_exchange_it():
    labels = np.array([0, 0, 1, 2, 2, 3, 4, 5, -1])
    for seed in range(20):
        wrong = mistaken(labels, 0.5, seed)
        assert sorted(wrong) == sorted(labels) and wrong[-1] == -1
        assert (wrong != labels).sum() == 4
    assert (mistaken(labels, 0.0, 0) == labels).all()
