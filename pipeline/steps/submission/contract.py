"""The rules for a submission, checked before anything is written."""

from collections.abc import Collection

import pandas as pd

from pipeline.data.scenarios import LENGTH as MOST
from pipeline.data.scenarios import Scenarios
from pipeline.params import Format
from pipeline.steps.submission.shift import LENGTH
from pipeline.system.errors import NOT_OF_ONE_RUN, UserError


def check_answers(
    answers: pd.Series, sample: Collection[str], vocabulary: set[str], form: Format
) -> None:
    """Raise ValueError, naming the image, for label lists by image that break the contract.

    Every test image once: with min(5, vocabulary) distinct labels of the vocabulary, with one of
    them (single), or with one label of any kind (clusters).
    """
    check_images(answers, sample)
    if form == "clusters":
        vocabulary = {label for labels in answers for label in labels} - {""}
    length = min(LENGTH, len(vocabulary)) if form == "map5" else 1
    for image, labels in answers.items():
        if len(labels) != length or len(set(labels)) != length or not set(labels) <= vocabulary:
            raise ValueError(
                f"{image}: {labels} is not {length} distinct labels of the {len(vocabulary)} known"
            )


def check_images(answers: pd.Series, sample: Collection[str]) -> None:
    """Raise UserError unless every test image has one answer."""
    if sorted(answers.index) != sorted(sample):
        missing = sorted(set(sample) - set(answers.index))[:5]
        extra = sorted(set(answers.index) - set(sample))[:5]
        raise UserError(
            f"answers must be one per test image: missing {missing}, extra {extra}: "
            f"{NOT_OF_ONE_RUN}"
        )


def check_photographs(found: pd.DataFrame, scenarios: Scenarios) -> None:
    """Raise ValueError, naming the query, for photographs (query, photograph, score) of no use.

    Every query has up to 20 distinct photographs of its database, and not itself, with scores from
    0 to 1 that fall.
    """
    answers = {str(query): rows for query, rows in found.groupby("query", sort=False)}
    for queries, database in scenarios.split():
        names = set(database)
        for query, image in queries[["query", "image"]].itertuples(index=False, name=None):
            others = names - {image}
            rows = answers.get(query, found[:0])
            chosen, scores = set(rows["photograph"]), rows["score"]
            fall = scores.between(0, 1).all() and (scores.diff()[1:] < 0).all()
            length = min(MOST, len(others))
            if not fall or not chosen <= others or not len(chosen) == len(rows) == length:
                raise ValueError(
                    f"{query}: its answer is not {length} distinct photographs of the "
                    f"{len(others)} of its database, with falling scores from 0 to 1"
                )
