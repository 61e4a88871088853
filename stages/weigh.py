"""Fit the weights of matched points, and weigh those of every fold's pairs."""

from pipeline import params, paths
from pipeline.data import evidence, members, tables
from pipeline.steps.weigh import weigh
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    pairs = {
        fold: weigh.FoldPairs(
            tables.read_parquet(paths.matched_pairs(fold)),
            tables.read_parquet(paths.matched_points(fold)),
            members.load_query_rows(fold),
        )
        for fold in p.folds.trained
    }
    weighted = weigh.weigh_folds(pairs, p.weigh, p.evaluation)
    for part, weigher in weighted.weighers.items():
        weigher.save(paths.point_weights(part))
    parts = weighted.parts.rename_axis("image").reset_index(name="part")
    tables.write_csv(parts, paths.CROSS_FIT_PARTS)
    for fold in p.folds.trained:
        evidence.save(weighted.evidence[fold], paths.weighted_evidence(fold))
        tables.write_parquet(weighted.pairs[fold], paths.weighted_pairs(fold))


if __name__ == "__main__":
    run(main)
