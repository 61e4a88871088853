"""Where the questions of a review come from: expected gain, or a table of one's own."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from pipeline.data import artefacts, user_csv
from pipeline.data.spreadsheet import restore
from pipeline.review.questions import rank_questions
from pipeline.review.state import COLUMNS, PAIR, State
from pipeline.system.errors import Faults

# the questions in their order, columns COLUMNS; answered ones may be among them
QuestionList = Callable[[State], pd.DataFrame]


def choose(file: Path | None, backbone: str, folds: list[int]) -> QuestionList:
    """The questions of a file in its order, or by expected gain without one."""
    if file is None:
        return order_by_gain(backbone, folds)
    table = read_questions(file, artefacts.load_images()["image"])
    return lambda state: table


def order_by_gain(backbone: str, folds: list[int]) -> QuestionList:
    """Questions about the labels of a finished run, which is read when the first one is needed.

    backbone, folds : as for `candidates.load_candidates`
    """
    candidates: list[pd.DataFrame] = []
    original: dict[str, str] = {}
    estimated: list[tuple[pd.Series[str], pd.DataFrame]] = []

    def list_questions(state: State) -> pd.DataFrame:
        # scikit-learn takes seconds, for which a report need not wait
        from pipeline.review.candidates import estimate_probabilities, load_candidates

        if not candidates:
            candidates.append(load_candidates(backbone, folds))
            original.update(find_originals(artefacts.load_groups()))
        if not estimated or estimated[-1][0] is not state.before:
            pairs = estimate_probabilities(candidates[0], state.before)
            estimated[:] = [(state.before, pairs)]
        return rank_questions(estimated[0][1], state, original)

    return list_questions


def find_originals(groups: pd.DataFrame) -> dict[str, str]:
    """The first photograph of each group of duplicates, by photograph; groups of one left out."""
    several = groups[groups["group"].duplicated(keep=False)]
    first = several.groupby("group")["image"].transform("first")
    return dict(zip(several["image"], first, strict=True))


def read_questions(path: Path, images: "pd.Series[str]") -> pd.DataFrame:
    """Read a table of questions: columns photograph and other, and the rest of COLUMNS if it likes.

    A missing probability or gain is NaN. Raises Faults with all rows that are no questions.

    images : the names of all photographs
    """
    present = [name for name in COLUMNS if name in user_csv.read_user_header(path)]
    faults: list[str] = []
    table = restore(user_csv.read_user_csv(path, [*PAIR, *(set(present) - set(PAIR))]))
    known = set(images)
    for row, photograph, other in table[PAIR].itertuples(name=None):
        unknown = [image for image in (photograph, other) if image not in known]
        faults += [f"row {row}: there is no photograph {image!r}" for image in unknown]
        if photograph == other:
            faults.append(f"row {row}: {photograph} is paired with itself")
    table = table.reindex(columns=COLUMNS, fill_value="")
    for name in ("probability", "gain"):
        texts = table[name]
        table[name] = pd.to_numeric(texts, errors="coerce")
        wrong = texts[table[name].isna() & (texts != "")]
        faults += [f"row {row}: {name} {text!r} is no number" for row, text in wrong.items()]
    if faults:
        raise Faults(path, faults)
    return table.drop_duplicates(PAIR).reset_index(drop=True)
