"""What reviewers have decided about photographs without a name."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.steps.labels import graph
from pipeline.steps.labels.verdicts import select_names, select_pairs, select_verdicts


@dataclass(frozen=True)
class Decided:
    """What holds of one photograph.

    name : the individual that it shows, "" if it is not known; is_new : it shows no known one
    others : individuals that it does not show
    """

    name: str = ""
    is_new: bool = False
    others: frozenset[str] = frozenset()

    @property
    def is_final(self) -> bool:
        """Whether no question is left."""
        return self.is_new or bool(self.name)


def decide_all(
    decisions: pd.DataFrame, images: pd.DataFrame, known: Mapping[str, str]
) -> dict[str, Decided]:
    """What decisions imply for photographs without an individual, also through other photographs.

    decisions : the table "review"; images : the table "images"
    known : the individual of each labelled photograph
    """
    verdicts = select_verdicts(decisions, images)
    same = select_pairs(verdicts, "same")
    numbers: dict[str, Hashable] = {**graph.component_numbers(same)}
    whole = {image: numbers.get(image, image) for image in images["image"]}
    names = {whole[image]: name for image, name in known.items() if image in numbers}
    names |= {whole[image]: name for image, name in select_names(verdicts).items()}
    new = {whole[image] for _, image, _ in select_pairs(verdicts, "new")}
    others: dict[Hashable, set[str]] = {}
    for _, *pair in select_pairs(verdicts, "different"):
        for one, other in (pair, pair[::-1]):
            name = known.get(other, names.get(whole[other], ""))
            if name:
                others.setdefault(whole[one], set()).add(name)
    found = {
        image: Decided(names.get(at, ""), at in new, frozenset(others.get(at, ())))
        for image, at in whole.items()
        if image not in known
    }
    return {image: one for image, one in found.items() if one != Decided()}


def apply_decisions(posteriors: pd.DataFrame, decided: Mapping[str, Decided]) -> pd.DataFrame:
    """Posteriors (query, identity, posterior) as the decisions leave them.

    A decided photograph has one certain answer; of others, what is ruled out is left out, and the
    rest is raised in proportion.
    """
    final = {image: one for image, one in decided.items() if one.is_final}
    certain = pd.DataFrame(
        [(image, one.name or NEW_WHALE, 1.0) for image, one in final.items()],
        columns=["query", "identity", "posterior"],
    )
    certain = certain[certain["query"].isin(posteriors["query"])]
    rest = posteriors[~posteriors["query"].isin(list(final))]
    ruled_out = {(image, name) for image, one in decided.items() for name in one.others}
    pairs = zip(rest["query"], rest["identity"], strict=True)
    rest = rest[[pair not in ruled_out for pair in pairs]]
    total = rest.groupby("query")["posterior"].transform("sum")
    rest = rest.assign(posterior=rest["posterior"] / total)
    # of a certain name, being new has the probability 0
    not_new = certain[certain["identity"] != NEW_WHALE].assign(identity=NEW_WHALE, posterior=0.0)
    return pd.concat([rest, certain, not_new], ignore_index=True)
