"""What matching a set of queries gives: evidence, verified pairs, and their inliers."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from pipeline.data import evidence, tables
from pipeline.data.evidence import LOCAL
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.pairs import PAIR_SCORES
from pipeline.steps.match.query_matches import QueryMatches
from pipeline.steps.match.tabulate import (
    PAIR_COLUMNS,
    POINT_COLUMNS,
    tabulate_pairs,
    tabulate_points,
    tabulate_votes,
)

VOTES = ["votes", "consistent_votes"]
EDGE_VOTES = "edge_votes"


@dataclass(frozen=True)
class Matches:
    """The evidence of a set of queries, verified pairs (PAIR_COLUMNS), inliers (POINT_COLUMNS)."""

    evidence: pd.DataFrame
    pairs: pd.DataFrame
    points: pd.DataFrame

    def save(self, evidence_file: Path, pairs: Path, points: Path) -> None:
        """Write all three."""
        evidence.save(self.evidence, evidence_file)
        self.save_pairs(pairs, points)

    def save_pairs(self, pairs: Path, points: Path) -> None:
        """Write the pairs and their inliers."""
        tables.write_parquet(self.pairs, pairs)
        tables.write_parquet(self.points, points)


def build_empty() -> Matches:
    """What is found where there is nothing to match."""
    return Matches(
        evidence.build_empty(),
        pd.DataFrame(columns=PAIR_COLUMNS),
        pd.DataFrame(columns=POINT_COLUMNS),
    )


def build_matches(matcher: Matcher, found: list[QueryMatches]) -> Matches:
    """The tables of a set of queries."""
    votes = to_evidence(tabulate_votes(matcher, found), VOTES)
    return with_geometry(votes, tabulate_pairs(matcher, found), tabulate_points(matcher, found))


def with_geometry(votes: pd.DataFrame, pairs: pd.DataFrame, points: pd.DataFrame) -> Matches:
    """Add to the evidence of votes an identity's geometry, that of its best photograph."""
    best = pairs[~pairs["random"]].sort_values(PAIR_SCORES)
    best = best.drop_duplicates(["query", "identity"], keep="last")
    tables = [votes, to_evidence(best, PAIR_SCORES)]
    return Matches(pd.concat(tables, ignore_index=True), pairs, points)


def to_evidence(table: pd.DataFrame, sources: list[str]) -> pd.DataFrame:
    """Convert columns query, identity and one per source to an evidence table."""
    scores = {source: table[source].to_numpy(dtype=float) for source in sources}
    return evidence.build(table["query"].to_numpy(), table["identity"].to_numpy(), LOCAL, scores)


def add_evidence(matches: Matches, more: pd.DataFrame) -> Matches:
    """Add rows to the evidence."""
    both = pd.concat([matches.evidence, more], ignore_index=True)
    return replace(matches, evidence=both)
