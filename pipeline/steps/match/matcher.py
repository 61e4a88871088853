"""All folds' galleries, ready to be asked about one query after another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import faiss
import numpy as np
import pandas as pd

from pipeline.data.features import Features
from pipeline.params import Match
from pipeline.steps.match import geometry, votes
from pipeline.steps.match.points import POINT, described
from pipeline.steps.match.queries import Question

LOOK = ["inliers", "ratio", "coverage"]
LOOKED = ["image", *LOOK, "drawn", "weight"]
RAREST = 0.02  # the smallest share of all photographs for which the search goes deeper
NO_POINT = np.empty((0, len(POINT)), np.float32)


@dataclass(frozen=True)
class Look:
    """What was seen of two photographs: the scores LOOK, and the points that fit (n x POINT)."""

    scores: tuple[float, float, float]
    points: np.ndarray


class Matcher:
    """One index of all galleries' features; a fold hears only its own gallery.

    shown : rows (image, identity) of all galleries, each photograph once
    galleries : each fold's images
    index : of the features of `shown`, in its order, where it was made before (`votes.indexed`)
    """

    def __init__(
        self,
        features: Features,
        shown: pd.DataFrame,
        galleries: dict[int, Sequence[str]],
        params: Match,
        detector: str,
        index: faiss.Index | None = None,
    ) -> None:
        self.features, self.params, self.paired = features, params, pairing(detector, params)
        self.place = pd.Index(features.names)
        self.images = self.numbers(shown["image"])
        self.identity_of = dict(zip(shown["image"], shown["identity"], strict=True))
        self.labels, self.identities = pd.factorize(shown["identity"], sort=True)
        self.galleries = {fold: self.numbers(names) for fold, names in galleries.items()}
        counts = (features.ends - features.starts[:-1])[self.images]
        self.shown = votes.Shown(np.repeat(self.images, counts), np.repeat(self.labels, counts))
        if index is None:
            index = votes.indexed(descriptors(features, self.images), params)
        self.index = index

    def numbers(self, images: Sequence[str]) -> np.ndarray:
        """The photographs' places among the features; raises KeyError for one without any place."""
        return numbers(self.place, images)

    def ask(self, query: str, questions: list[Question]) -> list[pd.DataFrame]:
        """All folds' votes (identity, votes), the pairs that were looked at (LOOKED), and the
        points of these that fit (image and POINT); each with its fold and query.
        """
        image = self.place.get_loc(query)
        own = self.features.descriptors[self.features.rows(image)]
        near = votes.neighbours(own, self.index, self.wanted(questions))
        seen: dict[int, Look] = {}
        answers = [self.answer(image, near, question, seen) for question in questions]
        marked = [
            [table.assign(fold=question.fold, query=query) for table in answer]
            for answer, question in zip(answers, questions, strict=True)
        ]
        return [pd.concat(tables, ignore_index=True) for tables in zip(*marked, strict=True)]

    def wanted(self, questions: list[Question]) -> int:
        """Neighbours to search, so that enough are left without those that a fold does not show.

        Where nearly all are hidden (a side that few photographs show), some votes are lost.
        """
        left = [len(self.galleries[one.fold]) - len(one.hidden) for one in questions]
        share = max(min(left) / len(self.images), RAREST)
        return int(np.ceil(2 * (self.params.neighbours + 1) / share))

    def answer(
        self,
        image: int,
        near: tuple[np.ndarray, np.ndarray],
        question: Question,
        seen: dict[int, Look],
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """One fold's votes (identity, votes), pairs (LOOKED) and their points (image and POINT);
        `seen` keeps each look.
        """
        gallery = np.setdiff1d(self.galleries[question.fold], self.numbers(question.hidden))
        allowed = np.zeros(len(self.features.names), bool)
        allowed[gallery] = True
        found = votes.vote(*near, self.shown, allowed, self.params.neighbours + 1)
        first = np.argsort(-found.label_votes, kind="stable")[: self.params.candidates]
        identities = self.identities[found.labels[first]]
        cast = pd.DataFrame({"identity": identities, "votes": found.label_votes[first]})
        most = found.images[np.argsort(-found.image_votes, kind="stable")[: self.params.shortlist]]
        others = np.intersect1d(np.union1d(most, self.numbers(question.near)), gallery)
        chosen = [(others, False, 1.0)]
        if question.truth is not None:
            chosen += self.lots(image, np.setdiff1d(gallery, others), question.truth)
        rows = []
        for images, by_lot, weight in chosen:
            for one in images.tolist():
                if one not in seen:
                    seen[one] = self.look(image, one)
                rows.append((self.features.names[one], *seen[one].scores, by_lot, weight))
        pairs = pd.DataFrame(rows, columns=LOOKED)
        looks = [seen[one].points for images, _, _ in chosen for one in images.tolist()]
        points = pd.DataFrame(np.concatenate([NO_POINT, *looks]), columns=POINT)
        points.insert(0, "image", np.repeat(pairs["image"], [len(own) for own in looks]).to_numpy())
        return cast, pairs, points

    def lots(
        self, query: int, rest: np.ndarray, truth: str
    ) -> list[tuple[np.ndarray, bool, float]]:
        """Some of the images that nobody looks at, with the weight of each: of the query's
        individual, which are few, and of others.
        """
        rng = np.random.default_rng([self.params.seed, query])
        own = self.images[self.identities[self.labels] == truth]
        drawn = []
        for side in (np.intersect1d(rest, own), np.setdiff1d(rest, own)):
            taken = rng.choice(side, min(self.params.lots, len(side)), replace=False)
            drawn.append((taken, True, len(side) / max(len(taken), 1)))
        return drawn

    def look(self, query: int, image: int) -> Look:
        """What two photographs have in common, by their numbers."""
        seen = compared(self.features, (query, image), self.paired, self.params)
        hull = self.features.points[self.features.rows(query)][seen.pairs[seen.inlier, 0]]
        covered = geometry.coverage(hull, *self.features.sizes[query])
        points = described(self.features, (query, image), seen)
        return Look((float(seen.inliers), seen.ratio, covered), points)


def numbers(names: pd.Index, images: Sequence[str]) -> np.ndarray:
    """The photographs' places among `names`; raises KeyError for one without any place."""
    found = names.get_indexer(images)
    if (found < 0).any():
        raise KeyError(f"no local features of {np.asarray(images)[found < 0].tolist()[:5]}")
    return found


def descriptors(features: Features, images: np.ndarray) -> np.ndarray:
    """The animals' descriptors of these photographs (by number), one's after another's."""
    return np.concatenate([features.descriptors[features.rows(image)] for image in images])


def pairing(detector: str, params: Match) -> Callable[..., np.ndarray]:
    """What finds matches (n x 2 rows) in the points, descriptors and canvas sizes of two."""
    if detector == "disk":
        from pipeline.models.disk import LightGlue  # torch takes seconds

        return LightGlue().pairs
    return lambda points, descriptors, sizes: geometry.mutual(*descriptors, params.ratio)


def compared(
    features: Features, two: tuple[int, int], paired: Callable[..., np.ndarray], params: Match
) -> geometry.Agreement:
    """The matches of two photographs, by their numbers, and which fit one map.

    Those that move with a background that both show are set aside: of an animal that stood still
    between two photographs (a burst, a copy), its own points too.
    """
    points, pairs = matches(features, two, features.rows, paired)
    sides = tuple(float(features.sizes[one].max()) for one in two)
    found = geometry.agreement(points, pairs, sides, params)
    if not found.inliers:
        return found
    around = matches(features, two, features.around, paired)
    shared = geometry.with_background(points, pairs, *around, sides, params)
    if not shared.any():
        return found
    return replace(
        geometry.agreement(points, pairs[~shared], sides, params), aside=int(shared.sum())
    )


def matches(
    features: Features,
    two: tuple[int, int],
    of: Callable[[int], slice],
    paired: Callable[..., np.ndarray],
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Those points of two photographs that `of` names, k x 2 each, and their matches, n x 2."""
    rows = [of(one) for one in two]
    points = tuple(features.points[row] for row in rows)
    descriptors = tuple(features.descriptors[row] for row in rows)
    sizes = tuple(features.sizes[one] for one in two)
    if not all(len(own) for own in points):
        return points, np.empty((0, 2), int)
    return points, paired(points, descriptors, sizes)
