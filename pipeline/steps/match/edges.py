"""The votes of trailing edges: the curvature of the query's windows against the gallery's.

    edge_votes   sum of the identity's votes (`votes.py`) by windows of the edge

They are local features without a geometry: only votes are counted. (Windows lie in one place, so
that all votes for a photograph support each other.)
"""

from collections.abc import Mapping
from dataclasses import replace

import faiss

from pipeline.data.features import Features
from pipeline.params import Match
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.queries import Galleries, Query


def build_matcher(
    features: Features, galleries: Galleries, params: Match, index: faiss.Index | None = None
) -> Matcher | None:
    """A matcher of the photographs' edges, which verifies no pair; None if there are no edges.

    index : see `Matcher`
    """
    if not len(features.edges):
        return None
    votes_only = params.model_copy(update={"shortlist": 0, "matcher": "nearest"})
    return Matcher(features.edge_features(), galleries, votes_only, "sift", index)


def without_pairs(queries: Mapping[str, Query]) -> dict[str, Query]:
    """The queries without photographs to verify."""
    return {name: replace(query, nearest=[], truth=None) for name, query in queries.items()}
