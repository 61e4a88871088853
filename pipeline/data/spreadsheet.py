"""Texts that a spreadsheet would run as a formula: the CSV files that people open have none.

A name such as `=1+1` is written with an apostrophe before it, and read back exactly: a text of
apostrophes and a formula gets one more. Columns of numbers stay as they are. A submission and a
competition's own tables are written without this rule: Kaggle reads them.
"""

import re
from collections.abc import Callable

import pandas as pd

# the full-width signs are read as the others where Chinese or Japanese is set
FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
FIRST = ["'", *"=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"]  # characters of a text that may change


def defuse_cell(text: str) -> str:
    """The text as it is written: with one apostrophe more if a spreadsheet would run it."""
    return f"'{text}" if FORMULA.match(text) else text


def restore_cell(text: str) -> str:
    """The text that `defuse_cell` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def defuse(table: pd.DataFrame) -> pd.DataFrame:
    """A table with its texts as they are written."""
    return _change_texts(table, defuse_cell)


def restore(table: pd.DataFrame) -> pd.DataFrame:
    """A table with the texts that `defuse` was given."""
    return _change_texts(table, restore_cell)


def _change_texts(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    table = table.copy()
    for name, column in table.items():
        if not pd.api.types.is_numeric_dtype(column) and may_change(column):
            table[name] = [change(cell) if isinstance(cell, str) else cell for cell in column]
    return table


def may_change(column: pd.Series) -> bool:
    """Whether a column may have a text to change: of 33,000 rows, looking at each takes long."""
    texts = isinstance(column.dtype, pd.StringDtype)
    return not texts or bool(column.str[:1].isin(FIRST).any())
