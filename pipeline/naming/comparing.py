"""Queries compared with the gallery, by embeddings and by local features; results are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import evidence
from pipeline.data.evidence import LOCAL
from pipeline.identify import stored_index
from pipeline.naming.gallery import Collection, Known
from pipeline.naming.method import FROZEN, Method
from pipeline.naming.queries import NameQuery, tabulate
from pipeline.naming.settings import BACKBONE, ENSEMBLE
from pipeline.naming.workspace import Workspace
from pipeline.params import Params
from pipeline.steps.ensemble.assemble import FoldEvidence, assemble_fold
from pipeline.steps.match import match, points
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.matches import build_matches
from pipeline.steps.match.pairs import VerifiedPair
from pipeline.steps.match.queries import Galleries, Query
from pipeline.steps.match.query_matches import QueryMatches, Selection
from pipeline.steps.neighbours.neighbours import build_table, score_queries
from pipeline.steps.neighbours.search import build_gallery

ALL = "all"  # the key of the one gallery
KIND = "comparisons"


@dataclass(frozen=True)
class Compared:
    """The comparisons of some queries: scores of candidates, verified pairs, their points."""

    evidence: FoldEvidence
    pairs: pd.DataFrame
    points: pd.DataFrame


class Comparer:
    """Compares queries with one catalogue."""

    def __init__(
        self,
        known: Known,
        collected: Collection,
        workspace: Workspace,
        p: Params,
        method: Method = FROZEN,
    ) -> None:
        self.known, self.collected, self.workspace, self.p = known, collected, workspace, p
        self.method = method
        faiss.omp_set_num_threads(1)
        self.galleries = {
            fit: build_gallery(embeddings, known.rows)
            for fit, embeddings in collected.embeddings.by_fit().items()
        }
        rows = known.rows[["image", "identity"]]
        folder = workspace.folder / f"index{method.features_key}"
        index = stored_index.load_or_build(collected.features, rows["image"], p.match, folder)
        galleries = Galleries(rows, {ALL: rows["image"]}, {})
        self.matcher = Matcher(collected.features, galleries, p.match, "sift", index)

    def compare(self, queries: Sequence[NameQuery], label: str) -> Compared:
        """Compare queries of one kind, each photograph once; what is stored is read."""
        found = {query: self.load(query) for query in queries}
        missing = [query for query, one in found.items() if one is None]
        with match.start_threads() as pool:
            results = pool.map(self.compare_one, missing)
            bar = tqdm(
                results, label, len(missing), unit="query", mininterval=2, disable=not missing
            )
            found |= zip(missing, bar, strict=True)
        return self.assemble(queries, [one for one in found.values() if one is not None])

    def compare_one(self, query: NameQuery) -> tuple[pd.DataFrame, QueryMatches]:
        """Compare a query and store the result."""
        scores, nearest = self.score_embedding(query)
        truth = query.truth or None
        matched = self.matcher.match_query(
            query.image, Query(ALL, nearest, list(query.left_out), truth)
        )
        self.workspace.save(KIND, self.name(query), to_arrays(scores, matched))
        return scores, matched

    def score_embedding(self, query: NameQuery) -> tuple[pd.DataFrame, list[str]]:
        """The evidence of embeddings, and the nearest images, which are to be verified."""
        names = pd.Series([query.image])
        fit = self.collected.embeddings.fit_of(query.individual)
        gallery = self.galleries[fit]
        if query.left_out:
            gallery = gallery.select(~np.isin(gallery.names, query.left_out))
        vectors = self.collected.embeddings.by_fit()[fit].of(names)
        scores, found = score_queries(names, vectors, gallery, self.p.neighbours, BACKBONE, {})
        nearest = build_table(names, gallery, found)["image"]
        return scores, nearest[: self.p.match.shortlist].tolist()

    def name(self, query: NameQuery) -> str:
        """The name of a query's result in the workspace."""
        return f"{query.image}-{query.kind}-{self.known.key[:16]}{self.method.key}"

    def load(self, query: NameQuery) -> tuple[pd.DataFrame, QueryMatches] | None:
        """Read a stored result; None without one."""
        arrays = self.workspace.load(KIND, self.name(query))
        if arrays is None:
            return None
        return from_arrays(arrays, query.image, self.matcher.numbers[query.image])

    def assemble(
        self, queries: Sequence[NameQuery], found: Sequence[tuple[pd.DataFrame, QueryMatches]]
    ) -> Compared:
        """Put the results of queries together."""
        matches = build_matches(self.matcher, [matched for _, matched in found])
        recipe = self.p.ensembles[ENSEMBLE]
        by_embedding = [evidence.build_empty(), *(scores for scores, _ in found)]
        tables = {BACKBONE: pd.concat(by_embedding, ignore_index=True), LOCAL: matches.evidence}
        sources = {BACKBONE: list(recipe.scores), LOCAL: recipe.local_scores()}
        assembled = assemble_fold(-1, tables, sources, tabulate(list(queries)))
        return Compared(assembled, matches.pairs, matches.points)


def to_arrays(scores: pd.DataFrame, matched: QueryMatches) -> dict[str, np.ndarray]:
    """A result as arrays; individuals and photographs of the gallery by number."""
    images = sorted(matched.pairs)
    pairs = [matched.pairs[image] for image in images]
    inliers = [pair.points for pair in pairs]
    return {
        "score_identity": scores["identity"].to_numpy(dtype=str),
        "score_source": scores["source"].to_numpy(dtype=str),
        "score": scores["score"].to_numpy(dtype=float),
        "identities": matched.identities,
        "votes": matched.votes,
        "support": matched.support,
        "images": np.array(images, int),
        "scores": np.array([pair.scores for pair in pairs], float).reshape(-1, 3),
        "inliers": np.concatenate(
            [np.empty((0, len(points.INLIER_COLUMNS)), np.float32), *inliers]
        ),
        "counts": np.array([len(own) for own in inliers], int),
        "selected": np.array([i for s in matched.selections for i in s.images], int),
        "selections": np.array(
            [(len(s.images), s.random, s.weight) for s in matched.selections], float
        ).reshape(-1, 3),
    }


def from_arrays(
    arrays: dict[str, np.ndarray], image: str, number: int
) -> tuple[pd.DataFrame, QueryMatches]:
    """What `to_arrays` was given, of the query `image` (by name and by number)."""
    scores = pd.DataFrame(
        {
            "query": image,
            "identity": arrays["score_identity"].astype(object),
            "member": BACKBONE,
            "source": arrays["score_source"].astype(object),
            "score": arrays["score"],
        }
    )
    ends = np.cumsum(arrays["counts"])
    inliers = np.split(arrays["inliers"], ends[:-1]) if len(ends) else []
    pairs = {
        int(other): VerifiedPair(tuple(three), own)
        for other, three, own in zip(
            arrays["images"], arrays["scores"].tolist(), inliers, strict=True
        )
    }
    selections, start = [], 0
    for count, random, weight in arrays["selections"].tolist():
        chosen = arrays["selected"][start : start + int(count)].tolist()
        selections.append(Selection(chosen, bool(random), weight))
        start += int(count)
    cast = (arrays["identities"], arrays["votes"], arrays["support"])
    return scores, QueryMatches(number, *cast, selections, pairs)
