"""When training is used: not on a small catalogue, and not if it names fewer photographs."""

import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline.naming import learning
from pipeline.naming.catalogue import Source
from pipeline.naming.naming import name_photographs
from pipeline.naming.settings import Options


@pytest.mark.fault(
    "name",
    "--train with a catalogue that is too small to train on",
    "a sentence that says so, and the answers without training",
)
@pytest.mark.parametrize("views", [1, 2])
def test_a_small_catalogue_is_answered_without_training(drawn, tmp_path, views):
    catalogue = tmp_path / "catalogue"
    for folder in sorted(drawn.catalogue.iterdir())[:3]:
        for view in range(views):
            (catalogue / folder.name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / f"{view}.png", catalogue / folder.name / f"{view}.png")
    tables, new = [], drawn.new / "unseen"
    for options in (Options(), Options(train=True)):
        result = name_photographs(Source(catalogue), new, tmp_path / "out", options)
        tables.append(result.table)
    assert learning.TOO_SMALL in result.sentences
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize(
    "before, after, better",
    [
        ([1, 0.5], [1, 1], True),
        ([1, 0], [1, 0.5], True),  # as many first, the right one higher in a list
        ([1, 0.5], [1, 0.5], False),  # equal: what is simpler stays
        ([1, 0.2], [0.5, 0.5], False),
        ([0, 0], [0, 0], False),
    ],
)
def test_more_right_first_names_are_better_then_higher_ones(before, after, better):
    tables = [
        pd.DataFrame({"first": np.equal(values, 1), "precision": values})
        for values in (before, after)
    ]
    assert learning.is_better(*tables) is better


@pytest.mark.parametrize(
    "right, helped, words",
    [
        (18, True, "Training helped: on 20 photographs"),  # of 20, 2 without training
        (3, True, "Training may have helped, and is used: on 20 photographs"),
        (2, False, "Training did not help, and the names are without it: on 20 photographs"),
    ],
)
def test_a_gain_is_called_one_if_its_interval_is_clear_of_0(right, helped, words):
    before, after = (
        pd.DataFrame({"first": np.arange(20) < count, "individual": [str(n) for n in range(20)]})
        for count in (2, right)
    )
    sentence = learning.describe_gain(before, after, helped)
    assert sentence.startswith(words) and f"right for {right / 20:.0%} with" in sentence
