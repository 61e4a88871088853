"""One member with synthetic embeddings and a noisy first score."""

import numpy as np
import pandas as pd

from pipeline import params
from pipeline.data import evidence
from pipeline.data.gallery import KNOWN, LABELLED_NEW, TEST, Embeddings
from pipeline.models.pair_head import PairHead
from pipeline.steps.rerank.inputs import RerankInputs
from pipeline.steps.rerank.rerank import rerank
from tests.conftest import ROOT

SECTION = params.load(ROOT / "tests/params.yaml").rerank
QUICK = SECTION.reptile.model_copy(update={"meta_steps": 4, "hidden": 16})
NAMES = [f"w{i:02d}" for i in range(14)]
PARTS = 3


class Member:
    """14 identities with 2 gallery photographs each, 70 held-out queries and 20 of the test."""

    def __init__(self, dim: int = 12) -> None:
        rng = np.random.default_rng(0)
        centres = rng.normal(size=(14, dim))
        labels = np.concatenate([np.repeat(np.arange(14), 2), rng.integers(0, 14, 90)])
        vectors = centres[labels] + 0.8 * rng.normal(size=(len(labels), dim))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        images = [f"g{i}" for i in range(28)] + [f"q{i}" for i in range(90)]
        self.embeddings = Embeddings(np.array(images), vectors.astype(np.float32))
        identities = np.array(NAMES)[labels]
        gallery = {"image": images[:28], "identity": identities[:28]}
        self.gallery = pd.DataFrame({**gallery, "only_fold": "", "fold": 1, "part": 0})
        fold = np.where(np.arange(90) < 70, 0, -1)
        kind = np.where(fold < 0, TEST, np.where(np.arange(90) % 7 == 0, LABELLED_NEW, KNOWN))
        truth = np.where(kind == KNOWN, identities[28:], np.where(kind == TEST, "", "new_whale"))
        queries = {"image": images[28:], "group": np.arange(90) // 2, "kind": kind}
        self.queries = pd.DataFrame({**queries, "truth": truth, "fold": fold, "part": fold})
        similarity = self.embeddings.vectors[28:] @ self.embeddings.vectors[:28].T
        noise = rng.normal(scale=0.3, size=(90, 14))
        self.scores = similarity.reshape(90, 14, 2).mean(axis=2) + noise
        self.viewpoints: dict[str, str] = {}
        self.head: PairHead | None = None
        self.crops: np.ndarray | None = None

    def evidence(self, keep: int = 14) -> pd.DataFrame:
        """The first score of every query's best `keep` identities."""
        rank = (-self.scores).argsort(axis=1).argsort(axis=1)
        return self.evidence_of({SECTION.first: self.scores}, rank < keep)

    def evidence_of(
        self, scores: dict[str, np.ndarray], kept: np.ndarray | None = None
    ) -> pd.DataFrame:
        """Several sources, queries x identities each."""
        kept = np.ones(self.scores.shape, bool) if kept is None else kept
        query, label = np.nonzero(kept)
        values = {source: matrix[query, label] for source, matrix in scores.items()}
        images = self.queries["image"].to_numpy()[query]
        return evidence.build(images, np.array(NAMES)[label], "lite0-0", values)

    def inputs(self, table: pd.DataFrame | None = None) -> RerankInputs:
        return RerankInputs(
            self.evidence() if table is None else table,
            self.embeddings,
            self.gallery,
            self.queries,
            self.viewpoints,
            load_head=lambda: self.head,
            load_crops=lambda height: self.crops,
        )


def hold_out_in_gallery(member: Member) -> None:
    """Add the known held-out queries to the gallery, in two parts of their fold."""
    held_out = member.queries["fold"] >= 0
    group = member.queries["group"]
    member.queries["part"] = np.where(held_out, group % 2, -1)
    known = member.queries[held_out & (member.queries["kind"] == KNOWN)]
    rows = known.rename(columns={"truth": "identity"}).assign(only_fold="")
    member.gallery = pd.concat([member.gallery, rows[member.gallery.columns]], ignore_index=True)


def run(member: Member, table: pd.DataFrame | None = None, **changes) -> pd.DataFrame:
    section = SECTION.model_copy(update={"reptile": QUICK, **changes})
    return rerank(member.inputs(table), section, PARTS)


def column(table: pd.DataFrame, source: str) -> pd.Series:
    """One source of the evidence, by query and identity."""
    chosen = table[table["source"] == source]
    return chosen.set_index(["query", "identity"])["score"].sort_index()


def ranks(scores: pd.Series) -> pd.Series:
    return scores.groupby("query").rank(ascending=False, method="first")
