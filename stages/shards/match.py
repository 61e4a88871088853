"""Shards of `match`: some queries each; the queries matched with each other are one shard."""

import shutil
from functools import partial
from pathlib import Path

import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, shards
from pipeline.data.features import Features
from pipeline.data.members import load_query_sets, load_vectors
from pipeline.data.shards import Shard
from pipeline.params import Params
from pipeline.paths import QuerySet
from pipeline.steps.match import match, peers
from pipeline.steps.match import shards as match_shards
from pipeline.steps.match.load import Inputs, load_galleries, load_inputs
from pipeline.steps.match.matches import Matches, build_empty
from pipeline.steps.match.queries import Query
from pipeline.system import files
from stages.shards import run

LEAST = 512  # queries: each shard begins with a look at all features
PEERS, QUERIES = "peers", "queries"  # what a shard is of
# in a worker's folder: the indices of points and of edges, the queries, and what was found
INDICES = "points.faiss", "edges.faiss"
SOME = "queries.json"
FOUND = "evidence.parquet", "pairs.parquet", "points.parquet"


def begin(folder: Path, places: int, gpu: bool) -> None:
    p = params.load()
    given = load_inputs(p.match, p.folds.trained)
    plan: list[Shard] = []
    if match.is_there_any(given.features, given.galleries, given.sets):
        own = [folder / name for name in INDICES]
        match_shards.write_indices(given.features, given.galleries.rows["image"], p.match, *own)
        plan = plan_shards(given, p, folder, places)
    shards.write_plan(plan, folder)


def plan_shards(given: Inputs, p: Params, folder: Path, places: int) -> list[Shard]:
    """Plan all shards; that of the peers takes longest."""
    plan = [plan_peers(p)] if p.match.peers else []
    count = sum(map(len, given.sets.values()))
    size = max(LEAST, shards.choose_size(count, places))
    for key, queries in given.sets.items():
        flat = list(queries.items())
        alone = [range(row, row + 1) for row in range(len(flat))]
        for rows in shards.split(alone, size) or [range(0)]:  # a set without queries has tables too
            own = shards.inputs(folder, len(plan))
            plan.append(plan_queries(key, dict(flat[rows.start : rows.stop]), folder, own))
    return plan


def plan_peers(p: Params) -> Shard:
    """Plan the shard of all queries that are matched with each other."""
    embeddings = [paths.embeddings(p.match.backbone, fold) for fold in p.folds.trained]
    needed = [paths.IMAGES, paths.FOLDS, paths.VIEWPOINTS, paths.KEYPOINTS, *embeddings]
    keys = list_keys(p)
    outs = [str(path) for key in keys for path in (paths.peer_pairs(key), paths.peer_points(key))]
    return Shard([PEERS], shards.keep_places(needed), {}, outs)


def list_keys(p: Params) -> list[QuerySet]:
    """Of the sets of queries."""
    return [*p.folds.trained, paths.TEST]


def plan_queries(key: QuerySet, queries: dict[str, Query], folder: Path, own: Path) -> Shard:
    """Plan the shard of some queries of one set, which are written to the folder `own`."""
    match_shards.save_queries(queries, own / SOME)
    shared = shards.keep_places([paths.FOLDS, paths.VIEWPOINTS, paths.KEYPOINTS])
    shared |= {name: str(folder / name) for name in INDICES if (folder / name).exists()}
    return Shard([QUERIES, str(key)], shared, shards.list_own(own, {}), FOUND)


def compute(kind: str, *_: str) -> None:
    p, features = params.load(), Features.load(paths.KEYPOINTS)
    if kind == PEERS:
        compute_peers(features, p)
    else:
        compute_queries(features, p)


def compute_peers(features: Features, p: Params) -> None:
    """Match the queries of each set with each other."""
    rows, embed = load_query_sets(p.folds.trained), partial(load_vectors, [p.match.backbone])
    settings = artefacts.load_viewpoints(), p.match, p.keypoints.detector
    for key, found in peers.match_peers(features, rows, embed, *settings).items():
        found.save_pairs(paths.peer_pairs(key), paths.peer_points(key))


def compute_queries(features: Features, p: Params) -> None:
    """Match the queries of this shard with their galleries."""
    queries, (points, edges) = match_shards.load_queries(Path(SOME)), map(Path, INDICES)
    keys = pd.DataFrame([one.gallery for one in queries.values()], columns=["fold", "part"])
    settings = load_galleries(keys), p.match, p.keypoints.detector
    match_shards.match_shard(queries, features, *settings, (points, edges)).save(*map(Path, FOUND))


def join(folder: Path) -> None:
    p, plan = params.load(), shards.read_plan(folder)
    results = list(zip(plan, shards.list_results(folder), strict=True))
    for key in list_keys(p):
        own = [place for shard, place in results if shard.arguments == [QUERIES, str(key)]]
        found = match_shards.join([load_found(place) for place in own])
        if p.match.pairs != "none":
            given = Features.load(paths.KEYPOINTS), artefacts.load_files(), p.match
            found = match.add_pair_scores({key: found}, *given)[key]
        found.save(paths.match_evidence(key), paths.matched_pairs(key), paths.matched_points(key))
        if not p.match.peers:
            build_empty().save_pairs(paths.peer_pairs(key), paths.peer_points(key))
    for shard, place in results:
        for out in shard.outs if shard.arguments == [PEERS] else ():
            files.replace(Path(out), partial(shutil.copy, place / out))


def load_found(place: Path) -> Matches:
    """What a shard of queries wrote."""
    evidence, pairs, points = (place / name for name in FOUND)
    return match_shards.load_found(evidence, pairs, points)


if __name__ == "__main__":
    run(begin, compute, join)
