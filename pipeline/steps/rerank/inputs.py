"""What re-rankers read of one member."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data import viewpoints
from pipeline.data.gallery import Embeddings
from pipeline.models.pair_head import PairHead


@dataclass(frozen=True)
class RerankInputs:
    """One member's data. What only some re-rankers need is loaded by them.

    evidence : the member's evidence from `neighbours`
    gallery, queries : the member's rows (`pipeline.data.gallery`)
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
        rows = self.embeddings.rows(self.gallery["image"])
        groups = self.gallery.groupby("identity").indices
        return {str(identity): rows[positions] for identity, positions in groups.items()}

    def other_viewpoint_rows(self, queries: pd.Index) -> dict[str, np.ndarray]:
        """The rows of the gallery images that show another viewpoint than a query, by query."""
        hidden = viewpoints.group_incomparable(self.gallery["image"], self.viewpoints)
        find_rows = self.embeddings.rows
        rows = {viewpoint: find_rows(np.array(images)) for viewpoint, images in hidden.items()}
        return {
            query: rows[self.viewpoints[query]] for query in queries if query in self.viewpoints
        }
