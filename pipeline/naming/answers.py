"""The answers as a table, one row per new photograph."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.exchange.named_folder import CANDIDATES, NAMES
from pipeline.naming import blending
from pipeline.naming.gallery import Known

KNOWN, NEW, UNSURE, COPY = "known", "new", "unsure", "copy"  # the column `result`


@dataclass(frozen=True)
class Answer:
    """The answer to one content.

    result : KNOWN, NEW, UNSURE or COPY (the catalogue has the same file)
    names, probabilities : up to NAMES, best first; new : probability of a new individual
    support : the gallery's image that supports the first name most, "" without one; points : how
    many matched points they have
    group : of unknown individuals, 0 for none
    """

    result: str
    names: tuple[str, ...]
    probabilities: tuple[float, ...]
    new: float
    support: str
    points: int
    group: int = 0

    @property
    def likelier_new(self) -> bool:
        """Whether no name is as likely as a new individual."""
        return self.result != COPY and self.new > max(self.probabilities, default=0.0)


def answer_copy(digest: str, known: Known) -> Answer:
    """The answer to a photograph that the catalogue has, which may be under several names."""
    images = known.images_of(digest)
    identities = known.rows.set_index("image").loc[images, "identity"]
    names = tuple(known.names[identity] for identity in identities[:NAMES])
    return Answer(COPY, names, (1 / len(identities),) * len(names), 0.0, images[0], 0)


def answer_all(posteriors: pd.DataFrame, supports: pd.DataFrame, known: Known) -> dict[str, Answer]:
    """The answers by query.

    posteriors : query, identity, posterior
    supports : query, identity, image, points: of each candidate the best photograph
    """
    best = supports.set_index(["query", "identity"])
    answers = {}
    for query, identities, values in blending.rank(posteriors).itertuples():
        named = [(i, v) for i, v in zip(identities, values, strict=True) if i != NEW_WHALE][:NAMES]
        new = dict(zip(identities, values, strict=True)).get(NEW_WHALE, 1.0)
        support, points = "", 0
        if named and (query, named[0][0]) in best.index:
            row = best.loc[(query, named[0][0])]
            support, points = row["image"], int(row["points"])
        result = decide(named[0][1] if named else 0.0, new)
        names = tuple(known.names[identity] for identity, _ in named)
        answers[query] = Answer(result, names, tuple(v for _, v in named), new, support, points)
    return answers


def decide(first: float, new: float) -> str:
    """The result by the probabilities of the first name and of a new individual."""
    if first >= blending.SURE:
        return KNOWN
    return NEW if new >= blending.SURE else UNSURE


def find_supports(pairs: pd.DataFrame, similarities: np.ndarray) -> pd.DataFrame:
    """Of each query and candidate the photograph with the most matched points, then most similar.

    pairs : verified pairs; similarities : of their embeddings
    """
    table = pairs.assign(points=pairs["inliers"], similarity=similarities)
    order = ["query", "identity", "points", "similarity", "image"]
    table = table.sort_values(order, ascending=[True, True, False, False, True])
    return table.drop_duplicates(["query", "identity"])[["query", "identity", "image", "points"]]


def tabulate(files: Mapping[str, Answer], known: Known, notes: Mapping[str, str]) -> pd.DataFrame:
    """The table of answers.csv.

    files : the answers by photograph, as it is to be listed; notes : more about some of them
    """
    rows = [
        (
            photograph,
            answer.result,
            *pad_names(answer),
            round(answer.new, 4),
            support_path(answer, known),
            answer.points,
            answer.group or "",
            notes.get(photograph, ""),
        )
        for photograph, answer in files.items()
    ]
    columns = [
        "photograph",
        "result",
        *CANDIDATES,
        "new_probability",
        "supported_by",
        "matched_points",
        "unknown_group",
        "note",
    ]
    return pd.DataFrame(rows, columns=columns).astype(object)


def pad_names(answer: Answer) -> list[object]:
    """Names and probabilities in turn; empty where there are fewer candidates."""
    pairs = zip(answer.names, answer.probabilities, strict=True)
    cells: list[object] = [cell for name, value in pairs for cell in (name, round(value, 4))]
    return cells + [""] * (2 * NAMES - len(cells))


def support_path(answer: Answer, known: Known) -> str:
    """The file of the photograph that supports the first name."""
    return known.files.get(answer.support, "")
