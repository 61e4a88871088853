"""The folder that `tailprint name` writes, as far as other programs' formats need it."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.data import spreadsheet, tables
from pipeline.system.errors import UserError

ANSWERS = "answers.csv"
COMPARED = Path(".tailprint/compared.csv")  # what the answers are about: see COLUMNS
CATALOGUE, NEW = "catalogue", "new"  # the column `role`
# role; photograph and animal, as in answers.csv (of the catalogue: from its folder); the file of
# the photograph; the digest of what was compared, "" if nothing was; the name in the catalogue
COLUMNS = ["role", "photograph", "animal", "file", "digest", "individual"]
BOX = ["box_x", "box_y", "box_width", "box_height"]
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
    table = read_text_table(folder / ANSWERS)
    compared = read_text_table(folder / COMPARED)
    new = compared[compared["role"] == NEW]
    files = dict(zip(new["photograph"], new["file"], strict=True))
    if missing := sorted(set(table["photograph"]) - set(files)):
        raise UserError(
            f"{folder / ANSWERS}: {missing[0]} is not among the photographs that were compared: "
            "repeat the command tailprint name"
        )
    answers = [
        _read_answer(row, Path(files[row["photograph"]])) for row in table.to_dict("records")
    ]
    return NamedFolder(folder, answers, compared, (folder / ANSWERS).stat().st_mtime)


def write_compared(table: pd.DataFrame, folder: Path) -> None:
    """Write the table of COLUMNS beside the answers."""
    tables.write_csv(spreadsheet.defuse(table[COLUMNS]), folder / COMPARED)


def read_text_table(path: Path) -> pd.DataFrame:
    """Read a table of ours as text; an empty cell is ""."""
    return spreadsheet.restore(pd.read_csv(path, dtype=str, keep_default_na=False))


def _read_answer(row: dict, file: Path) -> Answer:
    pairs = [(row[f"name_{n}"], row[f"probability_{n}"]) for n in range(1, 6)]
    box = tuple(float(row[name]) for name in BOX) if row["box_x"] else None
    return Answer(
        row["photograph"],
        row["animal"],
        file,
        row["result"],
        tuple((name, float(value)) for name, value in pairs if name),
        float(row["new_probability"] or 0),
        row["unknown_group"],
        box,
    )
