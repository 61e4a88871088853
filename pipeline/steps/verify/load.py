"""What the stage reads from the files of the stages before."""

from collections.abc import Sequence

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.data.gallery import choose_peers
from pipeline.data.members import Member, load_vectors
from pipeline.evaluation.peers import LabelledSet, PeerSet
from pipeline.steps.verify import pairs


def load_known_pairs(backbone: str, folds: Sequence[int]) -> pd.DataFrame:
    """The known pairs of held-out queries and the gallery (`pairs.build_known_pairs`)."""
    groups = artefacts.load_folds().drop_duplicates("image").set_index("image")["group"]
    known = [
        pairs.build_known_pairs(
            tables.read_parquet(paths.matched_pairs(member.fold)).merge(
                tables.read_parquet(paths.weighted_pairs(member.fold))
            ),
            member.query_rows(),
            groups,
            member.embeddings(),
        )
        for member in (Member(backbone, fold) for fold in folds)
    ]
    return pd.concat(known, ignore_index=True)


def load_labelled_set(backbone: str, fold: int) -> LabelledSet:
    """The held-out queries of a fold whose individual is known, compared with each other."""
    rows = Member(backbone, fold).query_rows()
    rows = choose_peers(rows[rows["fold"] == fold])
    vectors = load_vectors([backbone], [fold], rows["image"])
    matched = tables.read_parquet(paths.weighted_peers(fold))
    peers = PeerSet(rows["image"].tolist(), vectors, matched)
    return LabelledSet(rows["cluster"].to_numpy(dtype=object), peers.tabulate())
