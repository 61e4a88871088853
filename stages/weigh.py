"""Fit the weights of matched points, and weigh those of all pairs."""

from pipeline import params, paths
from pipeline.data import evidence, members, tables
from pipeline.steps.weigh import weigh
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    queries = members.load_query_sets(p.folds.trained)
    pairs = {
        key: weigh.FoldPairs(
            tables.read_parquet(paths.matched_pairs(key)),
            tables.read_parquet(paths.matched_points(key)),
            rows,
        )
        for key, rows in queries.items()
    }
    weighted = weigh.weigh_folds(pairs, p.weigh, p.evaluation)
    for part, weigher in weighted.weighers.items():
        weigher.save(paths.point_weights(part))
    parts = weighted.parts.rename_axis("image").reset_index(name="part")
    tables.write_csv(parts, paths.CROSS_FIT_PARTS)
    for key in queries:
        evidence.save(weighted.evidence[key], paths.weighted_evidence(key))
        tables.write_parquet(weighted.pairs[key], paths.weighted_pairs(key))
        peers = tables.read_parquet(paths.peer_pairs(key))
        points = tables.read_parquet(paths.peer_points(key))
        tables.write_parquet(weigh.weigh_peers(peers, points, weighted), paths.weighted_peers(key))


if __name__ == "__main__":
    run(main)
