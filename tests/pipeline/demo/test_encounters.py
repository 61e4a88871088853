"""The demo with encounters: bursts of photographs of one whale, with their dates."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from pipeline.data import encounters, photographs_csv
from pipeline.demo.encounters import tabulate
from pipeline.demo.photograph import take_photograph
from pipeline.demo.roster import build_roster
from pipeline.params import Encounters


@pytest.fixture(scope="module")
def photos():
    return build_roster(seed=1, train_images=400, test_images=150, encounters=True).photos


def test_there_are_as_many_photographs_as_wanted(photos):
    assert Counter(photo.split for photo in photos) == {"train": 400, "test": 150}
    assert len({photo.image for photo in photos}) == 550
    takes = [photo.take for photo in photos if not photo.kind]
    assert len(set(takes)) == len(takes)


def test_an_encounter_shows_one_whale_of_one_split(photos):
    originals = [photo for photo in photos if not photo.kind]
    for number in {photo.encounter for photo in originals}:
        own = [photo for photo in originals if photo.encounter == number]
        assert len({(photo.whale, photo.identity, photo.split) for photo in own}) == 1
    sizes = np.array(list(Counter(photo.encounter for photo in originals).values()))
    assert 2.0 < sizes.mean() < 3.2 and (sizes > 1).mean() > 0.4


def test_the_photographs_of_a_burst_follow_within_seconds(photos):
    rows = tabulate(photos, seed=1)
    when = {name: pd.Timestamp(date) for name, date, _, _ in rows}
    place = {name: (spot, camera) for name, _, spot, camera in rows}
    assert set(when) == {photo.image for photo in photos}
    for number in {photo.encounter for photo in photos}:
        own = [photo.image for photo in photos if photo.encounter == number]
        times = sorted(when[name] for name in own)
        gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
        assert all(gap <= pd.Timedelta(seconds=30) for gap in gaps)
        assert len({place[name] for name in own}) == 1
    assert len({date.year for date in when.values()}) == 3


def test_the_encounters_are_found_again(tmp_path, photos):
    """Two whales at one place within half an hour are rare, and one encounter then."""
    table = pd.DataFrame(tabulate(photos, 1), columns=["photograph", "date", "place", "camera"])
    table.to_csv(tmp_path / "photographs.csv", index=False)
    faults = []
    taken = photographs_csv.read_photographs(
        tmp_path / "photographs.csv", table["photograph"].tolist(), faults
    )
    settings = Encounters(exif=False, by="burst", minutes=30.0, metres=500.0)
    found = pd.Series(encounters.group_photographs(taken, settings), taken["image"])
    true = pd.Series({photo.image: photo.encounter for photo in photos})
    assert not faults and found.groupby(true).nunique().max() == 1
    assert (true.groupby(found).nunique() == 1).mean() > 0.95


def differ(one: np.ndarray, other: np.ndarray) -> float:
    """The mean absolute difference where both photographs have pixels."""
    height, width = (min(a, b) for a, b in zip(one.shape[:2], other.shape[:2], strict=True))
    return float(np.abs(one[:height, :width].astype(float) - other[:height, :width]).mean())


def test_photographs_of_a_burst_are_alike_and_not_the_same():
    within, between = [], []
    for encounter in range(6):
        first, mask = take_photograph(0, 1, 2 * encounter, encounter)
        second, in_burst = take_photograph(0, 1, 2 * encounter + 1, encounter)
        _, elsewhere = take_photograph(0, 1, 100 + encounter, 100 + encounter)
        assert differ(first, second) > 1  # of 255
        within.append(differ(mask, in_burst))
        between.append(differ(mask, elsewhere))
    assert np.mean(within) < 0.5 * np.mean(between)
