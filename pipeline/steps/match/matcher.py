"""All galleries, indexed to be matched with one query after another."""

from collections.abc import Hashable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import replace
from threading import Lock

import faiss
import numpy as np
import pandas as pd

from pipeline.data.features import Features, check_same_kind, join
from pipeline.params import Match
from pipeline.steps.match import index as feature_index
from pipeline.steps.match import votes
from pipeline.steps.match.by_number import (
    find_all_places,
    find_places,
    list_rows,
    locate,
    number_photographs,
)
from pipeline.steps.match.comparable import Comparable, sample_without, select_comparable
from pipeline.steps.match.deep_search import Neighbours, search_allowed
from pipeline.steps.match.pairs import load_point_matcher, verify_pairs
from pipeline.steps.match.queries import Galleries, Query
from pipeline.steps.match.query_matches import QueryMatches, Selection

# The search goes no deeper than for a gallery that is this fraction of all photographs
MIN_FRACTION = 0.02


class Matcher:
    """One index of all galleries' features; a query gets votes from its own gallery alone.

    index : of the features of the galleries' photographs (`index.build_index`); built if not given,
        on a GPU if there is one
    """

    def __init__(
        self,
        features: Features,
        galleries: Galleries,
        params: Match,
        detector: str,
        index: faiss.Index | None = None,
    ) -> None:
        self.features, self.viewpoints, self.params = features, galleries.viewpoints, params
        self.match_points = load_point_matcher(detector, params)
        self.names, self.numbers = features.names, number_photographs(features)
        self.guest: Features | None = None
        self.images = self.locate(galleries.rows["image"])
        labels, self.identities = pd.factorize(galleries.rows["identity"], sort=True)
        self.label_of = np.full(len(features.names), -1)
        self.label_of[self.images] = labels
        rows_of = pd.Series(self.images).groupby(galleries.rows["identity"].to_numpy())
        self.images_of = {str(name): np.sort(images.to_numpy()) for name, images in rows_of}
        self.comparable = {
            key: self.build_comparable(images) for key, images in galleries.images.items()
        }
        counts = np.diff(features.starts)
        images = np.arange(len(features.names), dtype=np.int32)
        self.gallery_features = votes.GalleryFeatures(
            np.repeat(images, counts),
            np.repeat(self.label_of.astype(np.int32), counts),
            find_all_places(features),
        )
        self.lock: AbstractContextManager = nullcontext()
        self.index = self.build_index() if index is None else index

    def build_index(self) -> faiss.Index:
        """Index the gallery's features, on a GPU if there is one."""
        descriptors, rows = self.features.descriptors, list_rows(self.features, self.images)
        if not faiss.get_num_gpus():
            return feature_index.build_index(descriptors, rows, self.params)
        self.lock = Lock()  # a GPU's index is searched by one thread at a time
        return feature_index.build_gpu_index(descriptors, rows, self.params)

    def build_comparable(self, images: pd.Series) -> dict[str, Comparable]:
        """Build what queries of each viewpoint are compared with in one gallery."""
        viewpoints = np.array([self.viewpoints.get(name, "") for name in images], object)
        numbers = self.locate(images)
        order = np.argsort(numbers)
        return {
            word: select_comparable(
                numbers[order], viewpoints[order], word, len(self.features.names)
            )
            for word in {"", *self.viewpoints.values()}
        }

    def with_guest(
        self, guest: Features, key: Hashable, images: pd.Series, viewpoint: str
    ) -> "Matcher":
        """Add one photograph that is compared with these images of a gallery, in a copy.

        guest : its features alone; key : of its gallery; viewpoint : "" if it is not known

        Nothing that grows with the number of features is copied.
        """
        check_same_kind(self.features, guest)
        (name,) = guest.names.tolist()
        other = copy(self)
        other.guest = guest
        other.names = np.append(self.names, name)
        other.numbers = self.numbers | {name: len(self.names)}
        other.viewpoints = {**self.viewpoints, name: viewpoint}
        other.comparable = {key: other.build_comparable(images)}
        return other

    def find(self, image: int) -> tuple[Features, int]:
        """The features among which a photograph's are, and its number there."""
        if self.guest is not None and image == len(self.features.names):
            return self.guest, 0
        return self.features, image

    def locate(self, images: Iterable[str]) -> np.ndarray:
        """The numbers of photographs; UserError if one is missing."""
        return locate(self.numbers, images)

    def match_query(self, name: str, query: Query) -> QueryMatches:
        """Match one query with its gallery."""
        return self.verify(self.vote(name, query))

    def vote(self, name: str, query: Query) -> QueryMatches:
        """Cast the votes of one query, and select what is to be verified; no pair is yet."""
        image = self.numbers[name]
        comparable = self.comparable[query.gallery][self.viewpoints.get(name, "")]
        comparable = comparable.without(self.locate(query.duplicates))
        neighbours = self.search(image, comparable)
        cast = self.cast_votes(image, neighbours, comparable)
        selections = self.select_pairs(image, cast, comparable, query)
        return QueryMatches(image, *self.top_votes(cast), selections, {})

    def search(self, image: int, comparable: Comparable) -> Neighbours:
        """Search the nearest neighbours of a photograph's features in all galleries.

        So many that enough are left of its `comparable` photographs. If hardly any is comparable (a
        viewpoint that few photographs show), or hundreds that are not are nearer, some votes are
        lost.
        """
        fraction = max(len(comparable.images) / len(self.images), MIN_FRACTION)
        wanted = self.params.neighbours + 1
        depths = [int(np.ceil(2 * wanted / part)) for part in (fraction, MIN_FRACTION)]
        features, number = self.find(image)
        return search_allowed(
            self.search_index,
            features.descriptors[features.rows(number)],
            lambda rows: comparable.allowed[self.gallery_features.images[rows]],
            wanted,
            (depths[0], depths[1]),
        )

    def search_index(self, descriptors: np.ndarray, depth: int) -> Neighbours:
        """Search the nearest neighbours of some features."""
        with self.lock:
            return feature_index.search(descriptors, self.index, depth)

    def cast_votes(self, image: int, neighbours: Neighbours, comparable: Comparable) -> votes.Votes:
        """Cast the votes of a query's features for what is comparable."""
        places = find_places(*self.find(image))
        count = self.params.neighbours + 1
        return votes.cast_votes(
            *neighbours, places, self.gallery_features, comparable.allowed, count
        )

    def verify(self, found: QueryMatches) -> QueryMatches:
        """Verify the selected photographs."""
        images = sorted({other for selection in found.selections for other in selection.images})
        features, number = self.find(found.query)
        numbers: Sequence[int] = images
        if features is self.guest:
            names = self.names[[found.query, *images]]
            features = join(names, [features.of(0), *(self.features.of(i) for i in images)])
            numbers = range(1, len(names))
        pairs = verify_pairs(features, number, numbers, self.match_points, self.params)
        return replace(found, pairs=dict(zip(images, pairs, strict=True)))

    def top_votes(self, cast: votes.Votes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The `params.candidates` first identities (by number), their votes, and the support."""
        first = cast.rank_labels()[: self.params.candidates]
        return cast.labels[first], cast.label_votes[first], cast.label_support[first]

    def select_pairs(
        self, image: int, cast: votes.Votes, comparable: Comparable, query: Query
    ) -> list[Selection]:
        """Select the gallery's images to verify: the shortlist, and random ones if held out."""
        most = cast.rank_images()[: self.params.shortlist]
        shortlist = np.union1d(most, self.locate(query.nearest))
        shortlist = shortlist[comparable.allowed[shortlist]]
        selections = [Selection(shortlist.tolist(), False, 1.0)]
        if query.truth is not None:
            selections += self.sample_pairs(image, comparable, shortlist, query.truth)
        return selections

    def sample_pairs(
        self, image: int, comparable: Comparable, shortlist: np.ndarray, truth: str
    ) -> list[Selection]:
        """Sample from the images that are not shortlisted.

        Those of the query's individual, which are few, and those of others are sampled apart. Each
        sampled image stands for several (its weight).
        """
        rng = np.random.default_rng([self.params.seed, image])
        same = self.images_of.get(truth, np.empty(0, int))
        same = same[comparable.allowed[same]]
        selections = []
        for images, left_out in (
            (same, np.intersect1d(same, shortlist)),
            (comparable.images, np.union1d(same, shortlist)),
        ):
            sample, population = sample_without(images, left_out, self.params.random_pairs, rng)
            weight = population / max(len(sample), 1)
            selections.append(Selection(sample.tolist(), True, weight))
        return selections
