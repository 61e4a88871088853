"""The benchmark of folders: individuals left out whole, and the scores of their groups."""

import pandas as pd

from benchmarks import naming_folder


def rows(identities, first=0):
    images = [f"{identity}{first + i}" for i, identity in enumerate(identities)]
    return pd.DataFrame({"image": images, "identity": list(identities)})


def test_individuals_with_several_photographs_are_left_out_whole():
    known, new = rows("aaabbbcc"), rows(["a", "new_whale", "new_whale", "new_whale"], 50)
    left, asked = naming_folder.hold_out_whole(known, new, 1, 0)
    (moved,) = set(known["identity"]) - set(left["identity"])
    assert moved in "ab"  # c has two photographs
    everything = pd.concat([known, new])
    assert (asked["identity"] == moved).sum() == (everything["identity"] == moved).sum()
    assert len(left) + len(asked) == len(everything)
    assert len(naming_folder.hold_out_whole(known, new, 0, 0)[0]) == len(known)


def test_groups_are_scored_with_those_without_a_group_alone(capsys):
    known, new = rows("k"), rows(["x", "x", "x", "y", "k", "new_whale"])
    groups = [1, 1, "", 2, 1, 1]  # those of the known and of the unlabelled one do not count
    table = pd.DataFrame({"photograph": new["image"], "unknown_group": groups}).astype(object)
    naming_folder.report_groups(table, known, new)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "4 photographs of 2 individuals left out whole"
    assert "all (4)" in lines[1] and "precision 1.000, recall 0.333" in lines[1]
    assert "with a group (3): ari 1.000, precision 1.000, recall 1.000" in lines[2]
