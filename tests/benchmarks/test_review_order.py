"""The errors that are planted in labels, and how right names are counted."""

import numpy as np
import pandas as pd

from benchmarks.review_order import count_right, plant
from pipeline.data.tables import NEW_WHALE


def test_each_individual_has_one_kind_of_error_at_most():
    truth = np.repeat([f"w{n}" for n in range(40)], 5)
    train = pd.DataFrame({"Image": np.arange(230).astype(str), "Id": [*truth, *[NEW_WHALE] * 30]})
    names = plant(train, np.random.default_rng(0), wrong=0.1, doubled=3, shared=4)["Id"].to_numpy()
    assert (names[200:] == NEW_WHALE).all()
    table = pd.DataFrame({"truth": truth, "name": names[:200]})
    changed = table[table["truth"] != table["name"]]
    doubled = changed[changed["name"] == changed["truth"] + "_again"]
    assert doubled["truth"].nunique() == 3 and len(doubled) == 3 * 2  # of five photographs each
    rest = changed.drop(doubled.index)
    shared = rest.groupby("truth").filter(lambda rows: len(rows) == 5)
    assert shared["truth"].nunique() == 4 and shared.groupby("truth")["name"].nunique().max() == 1
    single = rest.drop(shared.index)
    assert len(single) == round(0.1 * 5 * (40 - 3 - 8))
    touched = {*shared["truth"], *shared["name"]}
    assert not touched & {*single["truth"], *single["name"], *doubled["truth"]}


def test_a_name_is_right_for_one_animal_and_an_animal_has_one_right_name():
    animal = pd.Series(dict(zip("abcdef", "AAABBB", strict=True)))
    names = pd.Series(dict(zip("abcdef", "112111", strict=True)))
    assert count_right(names, animal) == 4  # d, e and f keep name 1, c has one of its own
    assert count_right(animal, animal) == 6
