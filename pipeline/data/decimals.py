"""Numbers as people's spreadsheets write them: with a point or a comma before the decimals."""

import re

COMMA = re.compile(r"\s*[+-]?\d*,\d+(e[+-]?\d+)?\s*", re.IGNORECASE)


def to_point(text: str) -> str:
    """A number with a decimal comma as one with a point; other texts are returned as they are.

    `1,234` is read as 1.234: what is read here are fractions, pixels and angles, which no one
    writes with a comma after the thousands.
    """
    return text.replace(",", ".") if COMMA.fullmatch(text) else text


def read_number(text: str) -> float:
    """Read a number with a decimal point or comma; raises ValueError."""
    return float(to_point(text))
