"""All folds' galleries, indexed to be matched with one query after another."""

from collections.abc import Sequence

import faiss
import numpy as np
import pandas as pd

from pipeline.data.features import Features
from pipeline.params import Match
from pipeline.steps.match import votes
from pipeline.steps.match.pairs import (
    PAIR_SCORES,
    VerifiedPair,
    load_point_matcher,
    verify_pair,
)
from pipeline.steps.match.points import INLIER_COLUMNS
from pipeline.steps.match.queries import FoldQuery
from pipeline.system.errors import OTHER_SETTINGS, UserError

PAIR_COLUMNS = ["image", *PAIR_SCORES, "random", "weight"]
# If a fold's gallery is a smaller fraction of all photographs, the search goes no deeper
MIN_FRACTION = 0.02
NO_POINTS = np.empty((0, len(INLIER_COLUMNS)), np.float32)

# Images by number, whether they were sampled, and how many pairs each of them stands for
Selection = tuple[np.ndarray, bool, float]


class Matcher:
    """One index of all galleries' features; each fold gets votes from its gallery alone.

    gallery : rows (image, identity) of all galleries, each photograph once
    fold_galleries : the images of each fold's gallery
    index : of the features of `gallery`, in its order (`votes.build_index`); built if not given
    """

    def __init__(
        self,
        features: Features,
        gallery: pd.DataFrame,
        fold_galleries: dict[int, pd.Series],
        params: Match,
        detector: str,
        index: faiss.Index | None = None,
    ) -> None:
        self.features, self.params = features, params
        self.match_points = load_point_matcher(detector, params)
        self.names = pd.Index(features.names)
        self.images = locate(self.names, gallery["image"])
        self.identity_of = dict(zip(gallery["image"], gallery["identity"], strict=True))
        self.labels, self.identities = pd.factorize(gallery["identity"], sort=True)
        self.fold_galleries = {
            fold: locate(self.names, names) for fold, names in fold_galleries.items()
        }
        counts = (features.ends - features.starts[:-1])[self.images]
        self.gallery_features = votes.GalleryFeatures(
            np.repeat(self.images, counts), np.repeat(self.labels, counts)
        )
        if index is None:
            index = votes.build_index(gather_descriptors(features, self.images), params)
        self.index = index

    def match_query(self, query: str, fold_queries: list[FoldQuery]) -> list[pd.DataFrame]:
        """Match one query with all folds' galleries.

        Returns the votes (identity, votes), the verified pairs (PAIR_COLUMNS), and the inliers of
        these (image and INLIER_COLUMNS), each with the columns fold and query.
        """
        image = self.names.get_loc(query)
        descriptors = self.features.descriptors[self.features.rows(image)]
        neighbours = votes.search(descriptors, self.index, self.search_depth(fold_queries))
        verified: dict[int, VerifiedPair] = {}
        results = [
            [
                table.assign(fold=fold_query.fold, query=query)
                for table in self.match_fold(image, neighbours, fold_query, verified)
            ]
            for fold_query in fold_queries
        ]
        return [pd.concat(tables, ignore_index=True) for tables in zip(*results, strict=True)]

    def search_depth(self, fold_queries: list[FoldQuery]) -> int:
        """Neighbours to search, so that enough are left in the smallest of the folds' galleries.

        If nearly all are excluded (a viewpoint that few photographs show), some votes are lost.
        """
        left = [len(self.fold_galleries[q.fold]) - len(q.excluded) for q in fold_queries]
        fraction = max(min(left) / len(self.images), MIN_FRACTION)
        return int(np.ceil(2 * (self.params.neighbours + 1) / fraction))

    def match_fold(
        self,
        image: int,
        neighbours: tuple[np.ndarray, np.ndarray],
        query: FoldQuery,
        verified: dict[int, VerifiedPair],
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Match a photograph (by number) with one fold's gallery; tables as of `match_query`.

        `verified` caches pairs by gallery image: two photographs match alike in every fold.
        """
        excluded = locate(self.names, query.excluded)
        gallery = np.setdiff1d(self.fold_galleries[query.fold], excluded)
        allowed = np.zeros(len(self.features.names), bool)
        allowed[gallery] = True
        cast = votes.cast_votes(
            *neighbours, self.gallery_features, allowed, self.params.neighbours + 1
        )
        selections = self.select_pairs(image, cast, gallery, query)
        for images, _, _ in selections:
            for other in images.tolist():
                if other not in verified:
                    verified[other] = verify_pair(
                        self.features, (image, other), self.match_points, self.params
                    )
        return self.top_votes(cast), *self.tabulate(selections, verified)

    def top_votes(self, cast: votes.Votes) -> pd.DataFrame:
        """The `params.candidates` identities with the most votes (identity, votes)."""
        first = np.argsort(-cast.label_votes, kind="stable")[: self.params.candidates]
        identities = self.identities[cast.labels[first]]
        return pd.DataFrame({"identity": identities, "votes": cast.label_votes[first]})

    def select_pairs(
        self, image: int, cast: votes.Votes, gallery: np.ndarray, query: FoldQuery
    ) -> list[Selection]:
        """Select the gallery's images to verify: the shortlist, and random ones if held out."""
        most = cast.images[np.argsort(-cast.image_votes, kind="stable")[: self.params.shortlist]]
        nearest = locate(self.names, query.nearest)
        shortlist = np.intersect1d(np.union1d(most, nearest), gallery)
        selections: list[Selection] = [(shortlist, False, 1.0)]
        if query.truth is not None:
            selections += self.sample_pairs(image, np.setdiff1d(gallery, shortlist), query.truth)
        return selections

    def sample_pairs(self, image: int, images: np.ndarray, truth: str) -> list[Selection]:
        """Sample from the images that are not shortlisted.

        Those of the query's individual, which are few, and those of others are sampled apart. Each
        sampled image stands for several (its weight).
        """
        rng = np.random.default_rng([self.params.seed, image])
        same = self.images[self.identities[self.labels] == truth]
        selections = []
        for population in (np.intersect1d(images, same), np.setdiff1d(images, same)):
            count = min(self.params.random_pairs, len(population))
            sample = rng.choice(population, count, replace=False)
            selections.append((sample, True, len(population) / max(len(sample), 1)))
        return selections

    def tabulate(
        self, selections: list[Selection], verified: dict[int, VerifiedPair]
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Tabulate the selected pairs (PAIR_COLUMNS) and their inliers (image, INLIER_COLUMNS)."""
        rows = [
            (self.features.names[image], *verified[image].scores, sampled, weight)
            for images, sampled, weight in selections
            for image in images.tolist()
        ]
        pairs = pd.DataFrame(rows, columns=PAIR_COLUMNS)
        inliers = [
            verified[image].points for images, _, _ in selections for image in images.tolist()
        ]
        points = pd.DataFrame(np.concatenate([NO_POINTS, *inliers]), columns=INLIER_COLUMNS)
        points.insert(0, "image", np.repeat(pairs["image"].to_numpy(), [len(n) for n in inliers]))
        return pairs, points


def locate(names: pd.Index, images: Sequence[str] | pd.Series) -> np.ndarray:
    """Find the positions of images among `names`; UserError if one is missing."""
    positions = names.get_indexer(pd.Index(images))
    if (positions < 0).any():
        missing = np.asarray(images)[positions < 0].tolist()[:5]
        raise UserError(f"no local features of {missing}: {OTHER_SETTINGS}")
    return positions


def gather_descriptors(features: Features, images: np.ndarray) -> np.ndarray:
    """Concatenate the descriptors of the animals on these photographs (by number)."""
    return np.concatenate([features.descriptors[features.rows(image)] for image in images])
