"""The collection of a finished run: its known individuals, and every photograph without a name."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logit

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.data.members import load_vectors
from pipeline.data.tables import NEW_WHALE
from pipeline.identify.ensembles import check_ensembles
from pipeline.params import Params
from pipeline.population import unnamed_pairs
from pipeline.population.collection import Collection, order_nodes
from pipeline.population.count import Review
from pipeline.population.unnamed_pairs import LEAST, MOST
from pipeline.steps.labels import record
from pipeline.system.errors import require_files


@dataclass(frozen=True)
class NamedCollection:
    """A collection with the names of its photographs.

    images : the photographs of each node; of a known individual all of its labelled ones
    folds, backbones : of the members whose embeddings tell which of them is nearest
    """

    collection: Collection
    images: list[list[str]]
    folds: list[int]
    backbones: list[str]

    def show(self, photograph: int, candidate: int) -> tuple[str, str]:
        """The photographs that a question compares: a known individual's nearest one."""
        image, others = self.images[photograph][0], self.images[candidate]
        if len(others) == 1:
            return image, others[0]
        vectors = load_vectors(self.backbones, self.folds, [image, *others])
        return image, others[int((vectors[1:] @ vectors[0]).argmax())]

    def read_decisions(self) -> dict[int, dict[int, tuple[int, int, int]]]:
        """How often each pair was decided to be the same, different or unsure.

        Keys are a photograph, then an earlier node. Every row of data/review.csv on two nodes
        counts, also a repeated one; an undo takes away those before it.
        """
        node = {image: number for number, images in enumerate(self.images) for image in images}
        rows: dict[tuple[str, ...], list[str]] = {}
        table = record.read_decisions(paths.REVIEW)
        columns = table[["image_a", "image_b", "decision"]]
        for first, second, decision in columns.itertuples(index=False, name=None):
            pair = tuple(sorted([first, second]))
            rows[pair] = [] if decision == "undo" else [*rows.get(pair, []), decision]
        decisions: dict[int, dict[int, tuple[int, int, int]]] = {}
        for pair, past in rows.items():
            nodes = [node[image] for image in pair if image in node]
            if len(set(nodes)) < 2 or max(nodes) < self.collection.known:
                continue
            decided = decisions.setdefault(max(nodes), {})
            before = decided.get(min(nodes), (0, 0, 0))
            same, different, unsure = (past.count(kind) for kind in VERDICTS)
            decided[min(nodes)] = (before[0] + same, before[1] + different, before[2] + unsure)
        return decisions


VERDICTS = ("same", "different", "unsure")


def load(ensemble: str, p: Params) -> NamedCollection:
    """Load the collection of a finished run.

    Known individuals are those of the labels. Photographs without a name are the test's and those
    labelled new_whale; duplicates of one photograph are one. The probability that a test photograph
    shows a known individual is the ensemble's posterior; that two photographs show one individual,
    that of `unnamed_pairs`.

    Raises UserError for an unknown ensemble or one that has not run, or without two held-out
    photographs of one individual.
    """
    check_ensembles([ensemble], p)
    require_files([paths.posteriors(ensemble), paths.LABELS, paths.GROUPS])
    recipe = p.ensembles[ensemble]
    folds, backbones = recipe.fold_list(p.folds.trained), recipe.active_backbones()
    known, photographs = list_nodes()
    names, firsts = list(known), [images[0] for images in photographs]
    count = len(names)
    log_odds = np.full((count + len(firsts),) * 2, LEAST, np.float32)
    log_odds[count:, count:] = unnamed_pairs.compare(firsts, backbones, folds, p)
    posteriors = load_posteriors(ensemble, names, firsts)
    log_odds[count:, :count], log_odds[:count, count:] = posteriors, posteriors.T
    np.fill_diagonal(log_odds, LEAST)
    order = order_nodes(log_odds, count)
    images = [*known.values(), *photographs]
    return NamedCollection(
        Collection(count, log_odds[np.ix_(order, order)]),
        [images[node] for node in order],
        folds,
        backbones,
    )


def list_nodes() -> tuple[dict[str, list[str]], list[list[str]]]:
    """The photographs of each known individual, and those without a name by duplicate group.

    A photograph without a name that duplicates a labelled one is one of that individual's.
    """
    labels = artefacts.load_labels()
    labels = labels[(labels["provenance"] == "competition") & (labels["identity"] != NEW_WHALE)]
    identity = labels.set_index("image")["identity"]
    groups = artefacts.load_groups().assign(identity=lambda table: table["image"].map(identity))
    groups["identity"] = groups["identity"].fillna(
        groups.groupby("group")["identity"].transform("first")
    )
    named = groups[groups["identity"].notna()].groupby("identity")["image"].agg(list)
    unnamed = groups[groups["identity"].isna()].groupby("group")["image"].agg(list)
    return {str(name): images for name, images in named.items()}, list(unnamed)


def load_posteriors(ensemble: str, names: list[str], images: list[str]) -> np.ndarray:
    """Log-odds of each photograph and known individual, LEAST where the ensemble has no answer."""
    table = tables.read_parquet(paths.posteriors(ensemble))
    row = pd.Series(range(len(images)), images).reindex(table["query"]).to_numpy()
    column = pd.Series(range(len(names)), names).reindex(table["identity"]).to_numpy()
    kept = ~(np.isnan(row) | np.isnan(column))
    log_odds = np.full((len(images), len(names)), LEAST, np.float32)
    with np.errstate(divide="ignore"):
        values = logit(table["posterior"].to_numpy(dtype=float)[kept])
    log_odds[row[kept].astype(int), column[kept].astype(int)] = np.clip(values, LEAST, MOST)
    return log_odds


def tabulate_questions(named: NamedCollection, review: Review) -> pd.DataFrame:
    """The open questions: photograph, other, probability, reason; one photograph's are together."""
    rows = [
        (*named.show(photograph, candidate), round(question.probability, 4), question.reason)
        for photograph, candidate, question in review.questions
    ]
    return pd.DataFrame(rows, columns=["photograph", "other", "probability", "reason"])
