"""Learn what matched points say, and weigh those of every fold's pairs."""

import pandas as pd

from pipeline import params, paths
from pipeline.data import evidence, members, tables
from pipeline.steps.weigh import weigh


def main() -> None:
    p = params.load()
    matched = {
        fold: weigh.Fold(
            pd.read_parquet(paths.pairs(fold)),
            pd.read_parquet(paths.points(fold)),
            members.load_query_rows(fold),
        )
        for fold in p.folds.trained
    }
    found = weigh.weigh(matched, p.weigh, p.evaluation)
    for part, scale in found.scales.items():
        scale.save(paths.scale(part))
    parts = found.parts.rename_axis("image").reset_index(name="part")
    tables.write_csv(parts, paths.PARTS)
    for fold in matched:
        evidence.save(found.evidence[fold], paths.weighed(fold))
        tables.write_parquet(found.pairs[fold], paths.weighed_pairs(fold))


if __name__ == "__main__":
    main()
