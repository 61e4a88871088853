"""The step `match`: what local features say of each (query, identity) of one fold.

    votes     sum of the identity's votes (`votes.py`)
    inliers   matched points that fit one map of the body, of its best photograph
    ratio     their share of all matched points
    coverage  the share of the animal's frame that they span

Only a shortlist is looked at for geometry: the photographs with the most votes, and the nearest by
embedding. So the cost grows with the queries, not with the pairs. A held-out query also looks at a
few of the others, drawn by lot, of its own individual and of others: they are no evidence, but
`verify` learns from them what two photographs have in common by chance.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import faiss
import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline import evidence, machine
from pipeline.evidence import LOCAL
from pipeline.features import Features
from pipeline.gallery import TEST
from pipeline.match import geometry, votes
from pipeline.params import Match

LOOK = ["inliers", "ratio", "coverage"]
# a pair drawn by lot stands for `weight` of its query's pairs, one of the shortlist for itself
PAIR = ["query", "image", "identity", *LOOK, "drawn", "weight"]

cv2.setNumThreads(0)  # its own threads would compete with ours


class Matcher:
    """One fold's gallery, ready to be asked. `gallery`: rows (image, identity)."""

    def __init__(
        self, features: Features, gallery: pd.DataFrame, params: Match, detector: str
    ) -> None:
        self.features, self.params, self.matched = features, params, matcher(detector, params)
        self.place = pd.Index(features.names)
        self.images = self.numbers(gallery["image"])
        labels, self.identities = pd.factorize(gallery["identity"], sort=True)
        self.labels = labels
        parts = [features.descriptors[features.rows(image)] for image in self.images]
        counts = [len(part) for part in parts]
        self.shown = votes.Shown(
            np.concatenate(parts), np.repeat(self.images, counts), np.repeat(labels, counts)
        )
        self.index = votes.indexed(self.shown, params, params.seed)

    def numbers(self, images: Sequence[str]) -> np.ndarray:
        """The photographs' places among the features; raises KeyError for one without any place."""
        found = self.place.get_indexer(images)
        if (found < 0).any():
            raise KeyError(f"no local features of {np.asarray(images)[found < 0].tolist()[:5]}")
        return found

    def ask(
        self, query: str, near: list[str], twins: list[str], truth: str | None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The votes (query, identity, votes) and the pairs that were looked at (PAIR, no identity).

        `near` are gallery photographs to look at besides those with the most votes; `twins`, copies
        of the query, are not asked. Where the `truth` is known (an identity or new_whale; None for
        the test's queries) lots are drawn.
        """
        image = self.place.get_loc(query)
        banned = self.numbers(twins)
        own = self.features.descriptors[self.features.rows(image)]
        found = votes.vote(own, self.index, self.shown, banned, self.params)
        first = np.argsort(-found.label_votes, kind="stable")[: self.params.candidates]
        identities = self.identities[found.labels[first]]
        cast = {"query": query, "identity": identities, "votes": found.label_votes[first]}
        most = found.images[np.argsort(-found.image_votes, kind="stable")[: self.params.shortlist]]
        others = np.setdiff1d(np.union1d(most, self.numbers(near)), banned)
        chosen = [(others, False, 1.0)]
        if truth is not None:
            chosen += self.lots(image, np.union1d(others, banned), truth)
        looks = [
            (self.features.names[one], *self.look(image, one), by_lot, weight)
            for images, by_lot, weight in chosen
            for one in images.tolist()
        ]
        pairs = pd.DataFrame(looks, columns=["image", *LOOK, "drawn", "weight"])
        return pd.DataFrame(cast), pairs.assign(query=query)

    def lots(
        self, query: int, seen: np.ndarray, truth: str
    ) -> list[tuple[np.ndarray, bool, float]]:
        """Gallery images drawn from those not yet `seen`, with the weight of each: some that show
        the query's individual, which are few, and some that show others."""
        rng = np.random.default_rng([self.params.seed, query])
        own = self.identities[self.labels] == truth
        drawn = []
        for side in (own, ~own):
            rest = np.setdiff1d(self.images[side], seen)
            count = min(self.params.lots, len(rest))
            taken = rng.choice(rest, count, replace=False)
            drawn.append((taken, True, len(rest) / max(count, 1)))
        return drawn

    def look(self, query: int, image: int) -> tuple[float, float, float]:
        """Inliers, their ratio and coverage of two photographs, by their numbers."""
        seen = compared(self.features, (query, image), self.matched, self.params)
        hull = self.features.points[self.features.rows(query)][seen.pairs[seen.inlier, 0]]
        covered = geometry.coverage(hull, *self.features.sizes[query])
        return float(seen.inliers), seen.ratio, covered


def matcher(detector: str, params: Match) -> Callable[..., np.ndarray]:
    """What finds matches (n x 2 rows) in the points, descriptors and canvas sizes of two."""
    if detector == "disk":
        from pipeline.disk import LightGlue  # torch takes seconds

        return LightGlue().pairs
    return lambda points, descriptors, sizes: geometry.mutual(*descriptors, params.ratio)


def compared(
    features: Features, two: tuple[int, int], matched: Callable[..., np.ndarray], params: Match
) -> geometry.Agreement:
    """The matches of two photographs, by their numbers, and which fit one map."""
    rows = [features.rows(one) for one in two]
    points = tuple(features.points[row] for row in rows)
    descriptors = tuple(features.descriptors[row] for row in rows)
    sizes = tuple(features.sizes[one] for one in two)
    sides = tuple(float(size.max()) for size in sizes)
    return geometry.agreement(points, matched(points, descriptors, sizes), sides, params)


def match(
    features: Features,
    gallery: pd.DataFrame,
    queries: pd.DataFrame,
    near: pd.DataFrame,
    twins: pd.DataFrame,
    params: Match,
    detector: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The evidence of one fold's queries, and the pairs of photographs that were looked at.

    gallery, queries : rows (`pipeline.gallery`)
    near : the nearest gallery images by embedding (query, rank, image)
    twins : test photographs that copy a gallery one (table "twins")
    detector : what found the features, "sift" or "disk"
    """
    shown = pd.Index(features.names).isin(gallery["image"])
    if queries.empty or not np.diff(features.starts)[shown].any():
        return evidence.empty(), pd.DataFrame(columns=PAIR)
    faiss.omp_set_num_threads(1)
    matcher = Matcher(features, gallery, params, detector)
    close = near[near["rank"] < params.shortlist].groupby("query")["image"].agg(list).to_dict()
    copies = copies_of(twins, gallery)
    names = queries["image"].tolist()
    nears, banned = ([table.get(name, []) for name in names] for table in (close, copies))
    asked = zip(queries["kind"], queries["truth"], strict=True)
    truths = [None if kind == TEST else truth for kind, truth in asked]
    # Faiss counts its threads thread by thread
    alone = dict(initializer=faiss.omp_set_num_threads, initargs=(1,))
    with ThreadPoolExecutor(machine.threads(), **alone) as pool:
        asked = pool.map(matcher.ask, names, nears, banned, truths)
        found = list(tqdm(asked, "match", len(names), unit="query", mininterval=2))
    cast, pairs = (pd.concat(part, ignore_index=True) for part in zip(*found, strict=True))
    identity = gallery.set_index("image")["identity"]
    pairs = pairs.assign(identity=pairs["image"].map(identity))[PAIR]
    best = pairs[~pairs["drawn"].astype(bool)].sort_values(LOOK)
    best = best.drop_duplicates(["query", "identity"], keep="last")
    table = pd.concat([spoken(cast, ["votes"]), spoken(best, LOOK)], ignore_index=True)
    return table, pairs


def copies_of(twins: pd.DataFrame, gallery: pd.DataFrame) -> dict[str, list[str]]:
    """Every gallery photograph that is the same as a query, by query; "twins" names only one."""
    group = gallery.set_index("image")["group"]
    images = gallery.groupby("group")["image"].agg(list)
    shown = twins[twins["twin"].isin(group.index)]
    pairs = zip(shown["image"], shown["twin"], strict=True)
    return {query: images[group[twin]] for query, twin in pairs}


def spoken(table: pd.DataFrame, sources: list[str]) -> pd.DataFrame:
    """Columns query, identity and one a source, as evidence."""
    scores = {source: table[source].to_numpy(dtype=float) for source in sources}
    return evidence.build(table["query"].to_numpy(), table["identity"].to_numpy(), LOCAL, scores)
