"""Planted encounters: bursts of photographs of one whale, with their dates, places and cameras."""

import datetime

import numpy as np

from pipeline.demo.sightings import Photo

SIZE = 2.5  # mean number of photographs
LEAST = 20  # bursts: fewer have no room for all kinds of duplicates
STREAM = 1  # of random numbers, beside the roster's
PLACES = ("North Bank", "South Bank", "Old Harbour", "The Narrows", "Gull Island", "Deep Bay")
CAMERAS = ("camera A", "camera B", "camera C")
FIRST_SEASON, SEASONS = 2021, 3  # years
FIRST_DAY, DAYS = 135, 120  # of a year: a summer
FIRST_HOUR, HOURS = 7, 11
SECONDS = (2, 30)  # between photographs of a burst


def count_bursts(images: int) -> int:
    """The number of bursts with so many photographs."""
    return max(round(images / SIZE), LEAST)


def add_photographs(
    photos: list[Photo], seed: int, train_images: int, test_images: int
) -> list[Photo]:
    """Make a burst of each photograph, in random order; duplicates stay single."""
    rng = np.random.default_rng([seed, 0, STREAM])
    photos = [photo._replace(encounter=photo.take) for photo in photos]
    more = [
        *_sample_more(rng, photos, "train", train_images),
        *_sample_more(rng, photos, "test", test_images),
    ]
    take, names = max(photo.take for photo in photos) + 1, {photo.image for photo in photos}
    photos += [
        photo._replace(take=take + at, image=_sample_name(rng, names))
        for at, photo in enumerate(more)
    ]
    return [photos[at] for at in rng.permutation(len(photos))]


def _sample_more(
    rng: np.random.Generator, photos: list[Photo], split: str, count: int
) -> list[Photo]:
    """More photographs of the bursts of a split, up to `count`, with the names of the first.

    The sizes of encounters are spread as those of a geometric distribution.
    """
    first = [photo for photo in photos if photo.split == split and not photo.kind]
    missing = count - sum(photo.split == split for photo in photos)
    shares = rng.dirichlet(np.ones(len(first)))
    times = rng.multinomial(max(missing, 0), shares)
    return [photo for photo, more in zip(first, times.tolist(), strict=True) for _ in range(more)]


def _sample_name(rng: np.random.Generator, taken: set[str]) -> str:
    while (name := f"{rng.integers(16**9):09x}.jpg") in taken:
        pass
    taken.add(name)
    return name


def tabulate(photos: list[Photo], seed: int) -> list[tuple[str, str, str, str]]:
    """Rows of photographs.csv: photograph, date and time, place, camera; in the order of names.

    A duplicate is a copy of a file, with the date of its original.
    """
    rows = []
    by_encounter: dict[int, list[Photo]] = {}
    for photo in sorted(photos, key=lambda photo: photo.take):
        by_encounter.setdefault(photo.encounter, []).append(photo)
    for number, burst in by_encounter.items():
        rng = np.random.default_rng([seed, 0, STREAM, number])
        when = _sample_start(rng)
        place, camera = PLACES[rng.integers(len(PLACES))], CAMERAS[rng.integers(len(CAMERAS))]
        take = burst[0].take
        for photo in burst:
            if photo.take != take:
                when += datetime.timedelta(seconds=int(rng.integers(*SECONDS)))
                take = photo.take
            rows.append((photo.image, when.isoformat(sep=" "), place, camera))
    return sorted(rows)


def _sample_start(rng: np.random.Generator) -> datetime.datetime:
    year = FIRST_SEASON + int(rng.integers(SEASONS))
    day = datetime.timedelta(days=FIRST_DAY + int(rng.integers(DAYS)))
    hour = FIRST_HOUR + int(rng.integers(HOURS))
    minute, second = (int(number) for number in rng.integers(60, size=2))
    return datetime.datetime(year, 1, 1, hour, minute, second) + day
