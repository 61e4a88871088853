"""What the stage reads from the files of the stages before, to compare photographs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, scenarios, tables
from pipeline.data.members import load_vectors
from pipeline.data.scenarios import Scenarios
from pipeline.data.tables import is_pseudo
from pipeline.evaluation.peers import PeerModel, PeerSet
from pipeline.params import Ensemble, Format
from pipeline.steps.submission import photographs
from pipeline.steps.submission.photographs import Individuals, Pairs
from pipeline.steps.submission.queries import Compare, Decide, Photographs

SCORES = ["query", "image", "inliers", "weighted_inliers"]


def load_scenarios(sample: pd.Series, form: Format) -> Scenarios:
    """The competition's scenarios; without any, the test (`sample`) in all labelled photographs.

    No scenario unless photographs are the answers.
    """
    if form != "photographs":
        return scenarios.build_empty()
    given = scenarios.load(paths.QUERIES, paths.DATABASES)
    if len(given.queries):
        return given
    return scenarios.search_all(sample.tolist(), artefacts.load_labels()["image"].tolist())


def load_photographs(
    sample: pd.Series, given: Scenarios, compare: Compare, decide: Decide
) -> Photographs:
    """What is known about queries: of the `sample`, and those of the databases without a label."""
    images = artefacts.load_images()
    unlabelled = images.loc[images["split"] == "unlabelled", "image"]
    return Photographs(
        [*sample, *unlabelled[unlabelled.isin(given.databases["image"])]],
        artefacts.load_species(),
        compare,
        artefacts.load_encounters(),
        decide,
    )


@dataclass(frozen=True)
class Comparison:
    """Compares queries of one set with each other, by members of the `backbones`.

    folds : that the ensemble has; matched : pairs (query, image, inliers, weighted_inliers) by set
    """

    backbones: Sequence[str]
    folds: Sequence[int]
    matched: Mapping[paths.QuerySet, pd.DataFrame]

    @classmethod
    def load(cls, recipe: Ensemble, folds: Sequence[int], backbone: str) -> "Comparison":
        """Load the pairs that were matched, by the nearest photographs of `backbone`.

        If there are any, its embeddings are compared, else those of the ensemble.
        """
        keys: list[paths.QuerySet] = [*folds, paths.TEST]
        matched = {key: tables.read_parquet(paths.weighted_peers(key)) for key in keys}
        is_matched = any(len(pairs) for pairs in matched.values())
        return cls([backbone] if is_matched else recipe.active_backbones(), folds, matched)

    def compare(self, queries: paths.QuerySet, images: Sequence[str]) -> PeerSet:
        """Compare images of these queries."""
        folds = self.folds if queries == paths.TEST else [int(queries)]
        vectors = load_vectors(self.backbones, folds, images)
        return PeerSet(images, vectors, self.matched[queries])


@dataclass(frozen=True)
class Search:
    """Finds photographs (`photographs.rank`) among those that can be read.

    folds : table "folds"; backbone : whose embeddings are compared, and the model is made for
    posteriors : columns query, identity, posterior, of held-out and test queries
    """

    folds: pd.DataFrame
    posteriors: pd.DataFrame
    backbone: str
    model: PeerModel

    @classmethod
    def load(cls, folds: pd.DataFrame, posteriors: pd.DataFrame, backbone: str) -> "Search":
        """Load the model of pairs that the stage `verify` has fitted."""
        model = PeerModel.from_dict(tables.read_json(paths.PEER_MODEL))
        return cls(folds, posteriors, backbone, model)

    def find_held_out(self, queries: pd.DataFrame) -> pd.DataFrame:
        """The photographs of held-out queries (`gallery.held_out_rows`) in their galleries."""
        images = self.folds["image"].drop_duplicates()
        return photographs.find_held_out(
            queries,
            self.folds,
            self.posteriors,
            lambda fold: self._load_pairs([fold], images, fold),
        )

    def answer(self, given: Scenarios, trained: Sequence[int]) -> pd.DataFrame:
        """The photographs of the scenarios' queries, by the members of the folds `trained`."""
        labels = self.folds.loc[~is_pseudo(self.folds), ["image", "identity"]]
        images = [*given.queries["image"], *given.databases["image"]]
        pairs = self._load_pairs(trained, images, paths.TEST)
        return photographs.answer(given, Individuals.build(self.posteriors, labels), pairs)

    def _load_pairs(
        self, folds: Sequence[int], images: Collection[str], queries: paths.QuerySet
    ) -> Pairs:
        """What the `images` have in common; queries : whose matched pairs are read."""
        readable = artefacts.load_images()["image"]
        own = readable[readable.isin(set(images))].tolist()
        vectors = load_vectors([self.backbone], folds, own)
        matched = load_matched(queries)
        return Pairs(own, vectors, matched, self.model.pair_log_odds, artefacts.load_viewpoints())


def load_matched(queries: paths.QuerySet) -> pd.DataFrame:
    """The matched pairs (SCORES) of a fold's queries, or of the TEST's, also with each other."""
    inliers = tables.read_parquet(paths.matched_pairs(queries), SCORES[:3])
    found = [inliers.merge(tables.read_parquet(paths.weighted_pairs(queries)))[SCORES]]
    if queries == paths.TEST:
        peers = tables.read_parquet(paths.weighted_peers(queries))
        found += [peers, peers.rename(columns={"query": "image", "image": "query"})]
    return pd.concat([table[SCORES] for table in found], ignore_index=True)
