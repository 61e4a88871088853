"""What reviewers decided about photographs without a label: which show the same individual."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts
from pipeline.steps.labels import graph, record
from pipeline.steps.labels.verdicts import Pair, select_names, select_pairs, select_verdicts

NamePair = tuple[str, str]


def load_verdicts() -> pd.DataFrame:
    """What reviewers decided, by data/review.csv."""
    return select_verdicts(record.read_decisions(paths.REVIEW), artefacts.load_images())


def load_decided(images: Sequence[str]) -> tuple[list[NamePair], list[NamePair]]:
    """`select_decided` by data/review.csv."""
    return select_decided(load_verdicts(), images)


def select_decided(
    verdicts: pd.DataFrame, images: Sequence[str]
) -> tuple[list[NamePair], list[NamePair]]:
    """The pairs of these photographs that reviewers call the same, and those they call different.

    Also by way of other photographs: what is the same as one photograph is the same; and by names.
    """
    same, different = (select_pairs(verdicts, word) for word in ("same", "different"))
    return spread(same, different, select_names(verdicts), images)


def spread(
    same: list[Pair], different: list[Pair], names: Mapping[str, str], images: Sequence[str]
) -> tuple[list[NamePair], list[NamePair]]:
    """`select_decided` from the verdicts: pairs of `images` alone that say what all of them say.

    names : of photographs; two names are two individuals, unless a `same` joins them
    """
    first: dict[str, str] = {}
    joining = [(0, first.setdefault(name, image), image) for image, name in names.items()]
    numbers = graph.component_numbers([*same, *joining])
    of_component: dict[int | str, list[str]] = {}
    for image in images:
        of_component.setdefault(numbers.get(image, image), []).append(image)
    joined = [(own[0], other) for own in of_component.values() for other in own[1:]]
    named = dict.fromkeys(numbers[image] for image in first.values())
    apart = [
        (of_component[one][0], of_component[other][0])
        for one, other in (
            *((numbers.get(a, a), numbers.get(b, b)) for _, a, b in different),
            *combinations(named, 2),
        )
        if one in of_component and other in of_component
    ]
    return joined, apart
