"""What the page of questions displays, for JSON."""

from collections.abc import Iterable, Mapping

import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.review.ledger import Decision
from pipeline.review.opinions import AGREEMENT, Key, Opinions, measure_agreement
from pipeline.review.scope import KEYS
from pipeline.review.state import UNNAMED
from pipeline.review.views import Views


def describe_question(
    question: pd.Series, names: "pd.Series[str]", opinions: Mapping[Key, Opinions], views: Views
) -> dict[str, object]:
    """The two photographs with their names and matched points, and why they are a question.

    names : as they are displayed
    """
    pair = question["photograph"], question["other"]
    sizes = names.value_counts()
    given = opinions.get(tuple(sorted(pair)), Opinions())
    return {
        "photographs": [
            {**views.describe(image), **describe_name(image, names, sizes)} for image in pair
        ],
        "points": views.find_points(*pair),
        "probability": to_number(question["probability"]),
        "gain": to_number(question["gain"]),
        "reason": question["reason"],
        "given": {who: row["decision"] for who, row in given.by.items()} if given.is_open else {},
    }


def describe_name(
    image: str, names: "pd.Series[str]", sizes: "pd.Series[int]"
) -> dict[str, object]:
    """The present name of a photograph, "" without one, and how many photographs have it."""
    name = names.get(image, "")
    if name == "" or name.startswith(UNNAMED):
        return {"name": NEW_WHALE if name else "", "count": 1}
    return {"name": name, "count": int(sizes[name])}


def find_last(
    rows: list[Decision], opinions: dict[Key, Opinions], who: str
) -> dict[str, str] | None:
    """The reviewer's last answer that was not undone: image_a, image_b, decision."""
    ids = {id(row): row for pair in opinions.values() for row in (*pair.by.values(), pair.settled)}
    own = [row for row in rows if id(row) in ids and row["who"] == who and row["image_b"]]
    # rows that an undo gave back are late in the file, but keep their time
    last = max(enumerate(own), key=lambda item: (item[1]["when"], item[0]), default=None)
    return None if last is None else {key: last[1][key] for key in KEYS}


def describe_agreement(opinions: Iterable[Opinions]) -> list[dict[str, object]]:
    """The rows of `measure_agreement` for JSON, which has no NaN."""
    rows = measure_agreement(opinions).itertuples(index=False, name=None)
    return [dict(zip(AGREEMENT, (*row, to_number(kappa)), strict=True)) for *row, kappa in rows]


def to_number(value: float) -> float | None:
    """A number for JSON, which has no NaN."""
    return None if pd.isna(value) else round(float(value), 4)
