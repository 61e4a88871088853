"""What re-rankers read of one member."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data import viewpoints
from pipeline.data.gallery import NO_FOLD, Embeddings, is_outside, split_by_gallery
from pipeline.models.pair_head import PairHead


@dataclass(frozen=True)
class RerankInputs:
    """One member's data. What only some re-rankers need is loaded by them.

    evidence : the member's evidence from `neighbours`
    gallery : rows of everything that any query is compared with (`gallery.gallery_rows`)
    queries : the member's rows (`gallery.query_rows`)
    viewpoints : of every photograph whose viewpoint is known; two viewpoints are never compared
    load_head : loads the member's trained siamese head
    load_crops : loads small crops of the given height in the order of the embeddings, n x C x H x W
    """

    evidence: pd.DataFrame
    embeddings: Embeddings
    gallery: pd.DataFrame
    queries: pd.DataFrame
    viewpoints: dict[str, str]
    load_head: Callable[[], PairHead]
    load_crops: Callable[[int], np.ndarray]

    @property
    def member(self) -> str:
        return self.evidence["member"].iloc[0]

    def gallery_rows(self) -> dict[str, np.ndarray]:
        """The embeddings' rows of each identity's gallery images."""
        return self._rows_by_identity(self.gallery)

    def trained_rows(self) -> dict[str, np.ndarray]:
        """The embeddings' rows of each identity's images that the member trained on."""
        rows, own = self.gallery, self.queries[["fold", "part"]]
        for fold, part in own[own["fold"] != NO_FOLD].drop_duplicates().itertuples(index=False):
            rows = rows[is_outside(rows, fold, part)]
        return self._rows_by_identity(rows)

    def _rows_by_identity(self, gallery: pd.DataFrame) -> dict[str, np.ndarray]:
        rows = self.embeddings.rows(gallery["image"])
        groups = gallery.groupby("identity").indices
        return {str(identity): rows[positions] for identity, positions in groups.items()}

    def allowed_rows(self, queries: pd.DataFrame) -> dict[str, np.ndarray]:
        """Which of the n embeddings a query is compared with (n bool), by query.

        Its own part of the fold is left out, and photographs of another viewpoint.

        queries : rows of the member's, indexed by image
        """
        allowed: dict[str, np.ndarray] = {}
        for positions, rows in split_by_gallery(self.gallery, queries):
            names = queries.index[positions].to_series()
            split = viewpoints.split_comparable(names, rows["image"], self.viewpoints)
            for in_query, in_gallery in split:
                mask = np.zeros(len(self.embeddings.names), bool)
                mask[self.embeddings.rows(rows["image"][in_gallery])] = True
                allowed |= dict.fromkeys(names[in_query].tolist(), mask)
        return allowed
