"""The folder that `tailprint name` writes, as far as other programs' formats need it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.data import spreadsheet, tables, user_csv
from pipeline.data.decimals import read_number
from pipeline.system.errors import Faults, UserError

ANSWERS = "answers.csv"
COMPARED = Path(".tailprint/compared.csv")  # what the answers are about: see COLUMNS
CATALOGUE, NEW = "catalogue", "new"  # the column `role`
# role; photograph and animal, as in answers.csv (of the catalogue: from its folder); the file of
# the photograph; the digest of what was compared, "" if nothing was; the name in the catalogue
COLUMNS = ["role", "photograph", "animal", "file", "digest", "individual"]
BOX = ["box_x", "box_y", "box_width", "box_height"]
NAMES = 5  # candidates per row
CANDIDATES = [f"{kind}_{n}" for n in range(1, NAMES + 1) for kind in ("name", "probability")]
CELLS = [
    *("photograph", "animal", "result", "new_probability", "unknown_group"),
    *(*CANDIDATES, *BOX),
]
KNOWN, COPY, UNSURE, EMPTY = "known", "copy", "unsure", "empty"  # results in answers.csv


@dataclass(frozen=True)
class Answer:
    """One row of answers.csv.

    animal : which of the photograph's, as `2 of 3`; "" for the whole photograph
    file : of the photograph; name, probability : the first, if the photograph was `named`
    candidates : all names with their probabilities, best first; group : of unknown individuals
    box : x, y, width and height in fractions of the photograph as it is shown; None: the whole one
    """

    photograph: str
    animal: str
    file: Path
    result: str
    candidates: tuple[tuple[str, float], ...]
    new_probability: float
    group: str
    box: tuple[float, ...] | None

    @property
    def named(self) -> bool:
        """Whether the photograph has a name: its probability is 50 % or more."""
        return self.result in (KNOWN, COPY) and bool(self.candidates)

    @property
    def name(self) -> str:
        return self.candidates[0][0] if self.named else ""

    @property
    def probability(self) -> float:
        """That of the name, or of a new individual."""
        return self.candidates[0][1] if self.named else self.new_probability

    def describe(self) -> str:
        """The candidates in a line, for a column of comments."""
        parts = [f"{name} {value:.2f}" for name, value in self.candidates]
        if self.result != COPY:
            parts.append(f"none of the known individuals {self.new_probability:.2f}")
        return f"Tailprint: {self.result}; " + ", ".join(parts)


@dataclass(frozen=True)
class NamedFolder:
    """The answers to new photographs, and the table of COLUMNS of all that was compared.

    folder : that of answers.csv; written : when, in seconds since 1970
    """

    folder: Path
    answers: list[Answer]
    compared: pd.DataFrame
    written: float

    @property
    def with_animals(self) -> list[Answer]:
        """The answers about photographs on which an animal was detected, or looked for at all."""
        return [answer for answer in self.answers if answer.result != EMPTY]

    @property
    def files(self) -> dict[str, Path]:
        """The file of each new photograph, as it is listed."""
        return {answer.photograph: answer.file for answer in self.answers}


def read(folder: Path) -> NamedFolder:
    """Read the folder; raises UserError if it is another, or of a version that kept less."""
    if not (folder / ANSWERS).is_file():
        raise UserError(
            f"{folder} has no {ANSWERS}: name the folder that tailprint name has written"
        )
    if not (folder / COMPARED).is_file():
        raise UserError(
            f"{folder} does not say which files its answers are about, as it is of an earlier "
            "version: repeat the command tailprint name, which goes on from what it has"
        )
    # which people may have saved from a spreadsheet
    table = spreadsheet.restore(user_csv.read_user_csv(folder / ANSWERS, CELLS))
    compared = spreadsheet.restore(pd.read_csv(folder / COMPARED, dtype=str, keep_default_na=False))
    new = compared[compared["role"] == NEW]
    files = dict(zip(new["photograph"], new["file"], strict=True))
    if missing := sorted(set(table["photograph"]) - set(files)):
        raise UserError(
            f"{folder / ANSWERS}: {missing[0]} is not among the photographs that were compared: "
            "repeat the command tailprint name"
        )
    answers, faults = [], []
    for number, row in zip(table.index, table.to_dict("records"), strict=True):
        try:
            answers.append(_read_answer(row, Path(files[row["photograph"]])))
        except ValueError as error:
            faults.append(f"row {number}: {error}")
    if faults:
        raise Faults(folder / ANSWERS, faults)
    return NamedFolder(folder, answers, compared, (folder / ANSWERS).stat().st_mtime)


def write_compared(table: pd.DataFrame, folder: Path) -> None:
    """Write the table of COLUMNS beside the answers."""
    tables.write_csv(spreadsheet.defuse(table[COLUMNS]), folder / COMPARED)


def find_missing(files: Iterable[Path]) -> list[Path]:
    """The photographs that are not where they were."""
    return sorted({file for file in files if not file.is_file()})


def check_files(files: Iterable[Path]) -> None:
    """Raise UserError if a photograph is not where it was."""
    if missing := find_missing(files):
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise UserError(
            f"{missing[0]} is not there any more{more}: repeat the command tailprint name with the "
            "folder where the photographs are now, and give files new names whose name is no UTF-8"
        )


def _read_answer(row: dict, file: Path) -> Answer:
    """An answer of a row of CELLS; raises ValueError for what is no number."""
    candidates = []
    for number in range(1, NAMES + 1):
        if name := row[f"name_{number}"]:
            column = f"probability_{number}"
            candidates.append((name, _read_fraction(row[column], f"{column} of {name}")))
    return Answer(
        row["photograph"],
        row["animal"],
        file,
        row["result"],
        tuple(candidates),
        _read_fraction(row["new_probability"] or "0", "new_probability"),
        row["unknown_group"],
        tuple(_read_fraction(row[name], name) for name in BOX) if row["box_x"] else None,
    )


def _read_fraction(text: str, what: str) -> float:
    """A number from 0 to 1; raises ValueError."""
    try:
        value = read_number(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ValueError(f"{what} is {text!r}, not a number from 0 to 1")
    return value
