"""Folds by time: nothing later than a held-out season is trained on, or compared with it."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import gallery
from pipeline.data.gallery import KNOWN, LABELLED_NEW, NO_FOLD, SEASON, UNSEEN
from pipeline.steps.folds import folds
from pipeline.system.errors import UserError
from tests.pipeline.steps.folds.test_folds import labels

DAYS = ["2022-01-01", "2023-01-01"]


def settings(seasons=DAYS, trained=(0, 1)) -> params.Folds:
    return params.Folds(
        count=len(seasons) + 1, seasons=list(seasons), parts=4, seed=0, trained=list(trained)
    )


def split(rows: list[tuple], **choices) -> pd.DataFrame:
    """From (image, identity, group, date)."""
    date = {row[0]: row[3] for row in rows if row[3]}
    return folds.split(labels([row[:3] for row in rows]), date, settings(**choices))


THREE_YEARS = [
    ("a1", "anna", 0, "2021-06-01"),
    ("b1", "bob", 1, "2021-07-01"),
    ("n1", "new_whale", 2, "2021-08-01"),
    ("a2", "anna", 3, "2022-06-01"),
    ("c2", "cleo", 4, "2022-07-01"),
    ("a3", "anna", 5, "2023-06-01"),
    ("c3", "cleo", 6, "2023-06-02"),
    ("d3", "dora", 7, "2023-06-03"),
    ("n3", "new_whale", 8, "2023-06-04"),
    ("u", "anna", 9, ""),
]


def test_the_last_season_is_fold_0_and_no_date_is_no_season():
    table = split(THREE_YEARS)
    assert table["fold"].tolist() == [2, 2, 2, 1, 1, 0, 0, 0, 0, NO_FOLD]
    assert table["part"].tolist() == [SEASON] * 9 + [NO_FOLD]


@pytest.mark.parametrize(
    "season, known, trained",
    [
        (0, ["a1", "b1", "a2", "c2"], ["a1", "b1", "n1", "a2", "c2"]),
        (1, ["a1", "b1"], ["a1", "b1", "n1"]),
    ],
)
def test_a_season_knows_what_was_photographed_before_it(season, known, trained):
    table = split(THREE_YEARS)
    assert gallery.gallery_rows(table, season, SEASON)["image"].tolist() == known
    assert gallery.training_rows(table, season)["image"].tolist() == trained
    assert gallery.trained_gallery_rows(table, season)["image"].tolist() == known


def test_the_test_knows_everything():
    table = split(THREE_YEARS)
    assert gallery.gallery_rows(table)["image"].tolist() == [
        *("a1", "b1", "a2", "c2", "a3", "c3", "d3", "u")
    ]


def test_whoever_is_first_seen_in_a_season_is_new_to_it():
    """Cleo is new in 2022 and known in 2023."""
    table = split(THREE_YEARS)
    kinds = gallery.held_out_rows(table, [0, 1]).set_index("image")["kind"].to_dict()
    expected = dict(a3=KNOWN, c3=KNOWN, d3=UNSEEN, n3=LABELLED_NEW, a2=KNOWN, c2=UNSEEN)
    assert kinds == expected
    truth = pd.DataFrame({"image": ["a3", "c3", "a2"], "truth": ["anna", "cleo", "anna"]})
    assert gallery.count_of_truth(table, truth).tolist() == [2, 1, 1]


def test_a_group_across_a_first_day_is_of_the_later_season():
    """Duplicates and encounters are never on both sides; nor does one know the future."""
    rows = [
        ("a1", "anna", 0, "2021-06-01"),
        ("b1", "bob", 1, "2021-06-01"),
        ("eve", "anna", 2, "2022-12-31"),
        ("day", "bob", 2, "2023-01-01"),
        ("copy", "bob", 2, ""),  # of a photograph with a date
        ("b2", "bob", 3, "2022-12-31"),
        ("a3", "anna", 4, "2023-01-01"),
    ]
    table = split(rows, trained=[0]).set_index("image")["fold"]
    assert table.to_dict() == dict(a1=2, b1=2, eve=0, day=0, copy=0, b2=1, a3=0)


def test_named_photographs_are_in_the_gallery_of_the_test_alone():
    named = labels([("t", "anna", 5)]).assign(provenance="named")
    table = pd.concat([labels([row[:3] for row in THREE_YEARS]), named], ignore_index=True)
    date = {row[0]: row[3] for row in THREE_YEARS if row[3]} | {"t": "2021-01-01"}
    found = folds.split(table, date, settings())
    assert found["fold"].iloc[-1] == NO_FOLD
    assert found["fold"][:-1].equals(split(THREE_YEARS)["fold"])
    for season in (0, 1):
        assert "t" not in set(gallery.gallery_rows(found, season, SEASON)["image"])
        assert "t" not in set(gallery.training_rows(found, season)["image"])
    assert "t" in set(gallery.gallery_rows(found)["image"])


@pytest.mark.parametrize("seed", range(5))
def test_no_group_of_a_season_or_later_is_known_to_it(seed):
    """Of random dates and groups, by a loop over all photographs."""
    rng = np.random.default_rng(seed)
    days = rng.integers(0, 1095, 80)
    dates = [f"{np.datetime64('2021-01-01') + day}" if day % 7 else "" for day in days]
    group = rng.integers(0, 50, 80)
    names = [f"w{number}" for number in rng.integers(0, 12, 80)]
    rows = list(zip(map(str, range(80)), names, group.tolist(), dates, strict=True))
    table = split(rows)
    assert table.groupby("group")["fold"].nunique().max() == 1
    for season in (0, 1):
        first = sorted(DAYS)[-1 - season]
        later = {g for _, _, g, date in rows if date >= first}
        undated = set(group.tolist()) - {g for _, _, g, date in rows if date}
        expected = [row[0] for row in rows if row[2] not in later | undated]
        assert gallery.gallery_rows(table, season, SEASON)["image"].tolist() == expected
        assert gallery.training_rows(table, season)["image"].tolist() == expected


def test_without_seasons_dates_change_nothing():
    table = labels([row[:3] for row in THREE_YEARS])
    date = {row[0]: row[3] for row in THREE_YEARS if row[3]}
    plain = params.Folds(count=3, seasons=[], parts=2, seed=1, trained=[0])
    expected = folds.assign_parts(folds.assign_folds(table, 3, 1), 2, 1)
    assert folds.split(table, date, plain).equals(expected)


def test_the_log_says_what_is_new_in_each_season():
    table = split(THREE_YEARS)
    date = {row[0]: row[3] for row in THREE_YEARS if row[3]}
    lines = folds.describe(table, date, settings())
    assert lines[0] == (
        "season 0, from 2023-01-01 on (2023-06-01 to 2023-06-04): 4 photographs, 2 of them (50%) "
        "of no individual that is known from earlier ones"
    )
    assert lines[1].startswith("season 1, from 2022-01-01 to 2022-12-31 (2022-06-01 to 2022-07-01)")
    assert lines[1].endswith("(50%) of no individual that is known from earlier ones")
    assert lines[2].endswith("3 photographs, known to all later seasons")
    assert lines[3].startswith("1 labelled photographs are in no season")


@pytest.mark.parametrize(
    "rows, message",
    [
        ([("a", "anna", 0, ""), ("b", "bob", 1, "")], "no labelled photograph has a date"),
        (THREE_YEARS[:5], "is from 2023-01-01 on: .* 3 of 2021, 2 of 2022: choose other"),
        (THREE_YEARS[3:], "is before 2022-01-01: .* 2 of 2022, 4 of 2023: choose other"),
        (THREE_YEARS[:6], "from 2023-01-01 on there is one encounter alone"),
    ],
)
def test_a_season_without_photographs_is_an_error(rows, message):
    with pytest.raises(UserError, match=message):
        split(rows)


def test_a_small_season_that_is_not_held_out_is_none():
    assert split(THREE_YEARS[:6], trained=[1])["fold"].tolist() == [2, 2, 2, 1, 1, 0]


def test_pseudo_labels_are_refused():
    table = pd.concat([labels([row[:3] for row in THREE_YEARS]), labels([("t", "anna", 9, "0")])])
    with pytest.raises(UserError, match="pseudo.csv: members by season .*git checkout"):
        folds.split(table, {}, settings())


def test_a_member_of_a_season_needs_two_individuals_before_it():
    table = split([row for row in THREE_YEARS if row[0] != "b1"])
    folds.check_training(table, [0])
    with pytest.raises(UserError, match="fold 1 held out, a member would learn from one .*anna"):
        folds.check_training(table, [1])
