"""Shards of `match`: some queries of one set, matched apart from all others by the same indices."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

import faiss
import pandas as pd

from pipeline.data import evidence, tables
from pipeline.data.features import Features
from pipeline.params import Match
from pipeline.steps.match import index as feature_index
from pipeline.steps.match.by_number import list_rows, locate, number_photographs
from pipeline.steps.match.match import match_points_and_edges
from pipeline.steps.match.matches import EDGE_VOTES, VOTES, Matches, add_evidence, with_geometry
from pipeline.steps.match.queries import Galleries, Query


def write_indices(
    features: Features, images: pd.Series, params: Match, points: Path, edges: Path
) -> None:
    """Write the index of the galleries' features, and that of their edges if there are any.

    images : the photographs of all galleries
    """
    faiss.omp_set_num_threads(1)
    write_index(features, images, params, points)
    if len(features.edges):
        write_index(features.edge_features(), images, params, edges)


def write_index(features: Features, images: pd.Series, params: Match, path: Path) -> None:
    """Write the index that `Matcher` builds, without the descriptors."""
    rows = list_rows(features, locate(number_photographs(features), images))
    codes = feature_index.build_codes(features.descriptors, rows, params)
    tables.replace(path, lambda part: faiss.write_index(codes, str(part)))


def read_index(path: Path, features: Features) -> faiss.Index | None:
    """Read what `write_index` wrote of these features; None without a file."""
    if not path.exists():
        return None
    return feature_index.refine(faiss.read_index(str(path)), features.descriptors)


def save_queries(queries: Mapping[str, Query], path: Path) -> None:
    """Write queries by name; the key of their gallery is a fold and a part."""
    tables.write_json({name: astuple(query) for name, query in queries.items()}, path)


def load_queries(path: Path) -> dict[str, Query]:
    """Read what `save_queries` wrote."""
    return {
        name: Query(tuple(gallery), *others)
        for name, (gallery, *others) in tables.read_json(path).items()
    }


def match_shard(
    queries: Mapping[str, Query],
    features: Features,
    galleries: Galleries,
    params: Match,
    detector: str,
    indices: tuple[Path, Path],
) -> Matches:
    """Match some queries of one set; indices : of points and of edges, by `write_indices`."""
    points, edges = indices
    read = read_index(points, features), read_index(edges, features.edge_features())
    return match_points_and_edges(features, galleries, {0: queries}, params, detector, read)[0]


def load_found(evidence_file: Path, pairs: Path, points: Path) -> Matches:
    """Read what `Matches.save` wrote."""
    return Matches(
        evidence.load(evidence_file), tables.read_parquet(pairs), tables.read_parquet(points)
    )


def join(shards: Sequence[Matches]) -> Matches:
    """Put the shards of a set together, in the order of its queries, as if matched at once."""
    rows = concatenate([one.evidence for one in shards])
    votes = concatenate([rows[rows["source"] == source] for source in VOTES])
    pairs, points = (
        concatenate([getattr(one, name) for one in shards]) for name in ("pairs", "points")
    )
    return add_evidence(with_geometry(votes, pairs, points), rows[rows["source"] == EDGE_VOTES])


def concatenate(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate tables; those without rows, whose columns may have other types, do not count."""
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    # text in one piece: pyarrow would write it by pieces, in other bytes
    return pd.DataFrame({name: table[name].to_numpy() for name in table})
