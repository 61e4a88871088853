"""Which words may name an individual: one rule for imports, competitions, enrolment and reviews.

A submission separates labels by spaces. Two names that look the same would be two individuals, and
the photographs of one would count against the other.
"""

import logging
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping

import pandas as pd

logger = logging.getLogger(__name__)

MIN_INDIVIDUALS = 2  # with one there is nothing to learn
RESERVED = "is the word for a new individual"  # the end of a fault
JOINERS = "\u200c\u200d"  # invisible, but letters of some scripts need them


def name_fault(name: str, reserved: Collection[str] = ()) -> str:
    """What is wrong with the name of an individual, or "".

    reserved : words that name no known individual
    """
    if not name.strip():
        return "the identity is empty"
    if name in reserved:
        return f"identity {name} {RESERVED}"
    for letter in name:
        if letter.isspace():
            return (
                f"identity {name!r} contains a space{_describe(letter)}, "
                "which separates the labels of a submission"
            )
        if unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter not in JOINERS:
            return f"identity {name!r} contains an invisible character{_describe(letter)}"
    return ""


def make_name(text: str) -> str:
    """A text as a name: each character that a name can't have becomes `_`."""
    if not name_fault(f"x{text}x"):
        return text
    return "".join("_" if name_fault(f"x{letter}x") else letter for letter in text)


def locate(file: str, column: pd.Series) -> dict[str, str]:
    """Where a file has each name of a column first, and in how many more rows.

    column : names, by the row in the file
    """
    rows: dict[str, list[int]] = {}
    for row, name in zip(column.index.tolist(), column, strict=True):
        rows.setdefault(name, []).append(row)
    return {
        name: f"{file}, row {first}" + (f" and {len(more)} more" if more else "")
        for name, (first, *more) in rows.items()
    }


def name_faults(rows: Mapping[str, str], reserved: Collection[str] = ()) -> list[str]:
    """Everything that is wrong with the names of individuals.

    rows : where each name was found first (`train.csv, row 3`), by name
    reserved : words that name no known individual
    """
    faults = [(rows[name], name_fault(name, reserved)) for name in rows]
    alike = group_alike(rows, _normalise)
    return [f"{row}: {fault}" for row, fault in faults if fault] + [
        f"{rows[same[-1]]}: identities {' and '.join(map(ascii, same))} look alike, but their "
        "characters differ (Unicode normal forms): make them one"
        for same in alike
    ]


def count_fault(names: Collection[str]) -> str:
    """What is wrong with the number of different individuals, or ""."""
    if len(names) >= MIN_INDIVIDUALS:
        return ""
    found = f"one individual ({', '.join(names)})" if names else "no known individual"
    return f"{found}, at least {MIN_INDIVIDUALS} are needed: add photographs of others"


def warn_of_variants(name: str, known: Collection[str]) -> None:
    """Warn of a new name that differs from a known one in case or in invisible ways only."""
    for other in sorted(known):
        if other != name and _normalise(other).casefold() == _normalise(name).casefold():
            logger.warning("%s is another individual than %s, which is known", name, other)


def log_case_variants(names: Iterable[str]) -> None:
    """Warn of names that differ in upper and lower case only: a slip, unless they are codes."""
    for same in group_alike(names, str.casefold):
        logger.warning(
            "individuals %s differ in upper and lower case only, and stay apart", ", ".join(same)
        )


def group_alike(names: Iterable[str], key: Callable[[str], str]) -> list[list[str]]:
    """The names that share a key with another, in groups."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(key(name), []).append(name)
    return [same for same in groups.values() if len(same) > 1]


def _normalise(name: str) -> str:
    """Composed letters, without joiners."""
    return unicodedata.normalize("NFC", name).translate(dict.fromkeys(map(ord, JOINERS)))


def _describe(letter: str) -> str:
    """The number of a character that an editor does not show, for a message."""
    if letter == " ":
        return ""
    return f" ({unicodedata.name(letter, 'a control character').lower()}, U+{ord(letter):04X})"
