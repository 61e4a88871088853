"""Reading CSV files that people write, with a spreadsheet, an editor or a script of their own.

What has one meaning only is read: UTF-8 with or without a mark, UTF-16, commas, semicolons or tabs,
any line ends, empty rows, a comma after the last cell. What would be a guess is a fault that names
the file and the row, as an editor counts it: the header is row 1.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from pipeline.system.errors import Faults, UserError

SEPARATORS = ",;\t"
MARKS = {  # the first bytes of a file, longer ones first
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
SAVE_AS = "save it as UTF-8 (in Excel: Save As, CSV UTF-8)"

Row = tuple[int, list[str]]  # its number in the file, its cells


def read_user_csv(path: Path, columns: Sequence[str], hint: str = "") -> pd.DataFrame:
    """Read the `columns` of a CSV file as text; the index is the row in the file.

    Other columns are left out. An empty cell is "". `hint` ends the message about missing columns.
    Raises Faults with everything that is wrong.
    """
    faults: list[str] = []
    table = collect_rows(path, columns, faults, hint)
    if faults:
        raise Faults(path, faults)
    return table


def collect_rows(
    path: Path, columns: Sequence[str], faults: list[str], hint: str = ""
) -> pd.DataFrame:
    """Read as `read_user_csv`, but append the faults to `faults`, so that other checks can go on.

    A row with a fault stays in the table; a file that can't be read at all gives an empty one.
    """
    try:
        data = read_bytes(path)
    except UserError as error:
        faults.append(str(error))
        return pd.DataFrame(columns=list(columns), dtype=str)
    return parse_rows(path.name, data, columns, faults, hint)


def parse_rows(
    name: str, data: bytes, columns: Sequence[str], faults: list[str], hint: str = ""
) -> pd.DataFrame:
    """Read the bytes of a file as `collect_rows`; `name` is for the messages."""
    try:
        header, rows = split_file(name, data, columns)
        places = find_columns(name, header, columns, hint)
    except UserError as error:
        faults.append(str(error))
        return pd.DataFrame(columns=list(columns), dtype=str)
    return select_cells(name, rows, places, len(header[1]), faults)


def read_user_header(path: Path) -> list[str]:
    """Read the names of a file's columns. Raises UserError."""
    header, _ = split_file(path.name, read_bytes(path), [])
    return [name.strip() for name in header[1]]


def split_file(name: str, data: bytes, columns: Sequence[str]) -> tuple[Row, list[Row]]:
    """Split a file into its header and its rows; rows without a value are left out.

    Raises UserError naming the file, and the row if there is one.
    """
    text = decode(name, data)
    rows = split_rows(name, text, choose_separator(text, columns))
    filled = [(row, cells) for row, cells in rows if any(cell.strip() for cell in cells)]
    if not filled:
        raise UserError(f"{name}: the file is empty; expected {', '.join(columns)}")
    return filled[0], filled[1:]


def read_bytes(path: Path) -> bytes:
    """Read a file; raises UserError naming it if that is impossible."""
    if path.exists() and not path.is_file() and not path.is_dir():  # a pipe would be waited for
        raise UserError(f"{path.name}: is neither a file nor a folder, in {path.parent}")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path.name}: there is no such file in {path.parent}") from None
    except IsADirectoryError:
        raise UserError(f"{path.name}: is a folder, not a file, in {path.parent}") from None
    except OSError as error:
        raise UserError(f"{path.name}: can't be read: {error.strerror}") from None


def decode(name: str, data: bytes) -> str:
    """Decode UTF-8, or UTF-16 and UTF-32 by their marks; `name` is for the message."""
    encoding = next((code for mark, code in MARKS.items() if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in data.partition(b"\n")[0]:  # UTF-16 without a mark; no text
        raise UserError(f"{name}, row 1: contains NUL bytes: {SAVE_AS}")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"{name}, row {row}: is not {encoding.upper()} text: {SAVE_AS}") from None


def choose_separator(text: str, columns: Sequence[str]) -> str:
    """Choose the separator that splits the first line into the columns, or into most cells."""
    lines = io.StringIO(text, newline="")
    first = next((line for line in lines if line.strip(SEPARATORS + " \r\n")), "")
    headers = {separator: _split_line(first, separator) for separator in SEPARATORS}
    for separator, names in headers.items():
        if columns and {name.strip() for name in columns} <= set(names):
            return separator
    return max(headers, key=lambda separator: len(headers[separator]))


def _split_line(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:  # `split_rows` will say so
        return []


def split_rows(name: str, text: str, separator: str) -> Iterator[Row]:
    """Yield every row with its number; raises UserError naming the row with a quote too many."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row = 1
    try:
        for cells in reader:
            yield row, cells
            row = reader.line_num + 1
    except csv.Error as error:
        raise UserError(
            f"{name}, row {row}: can't be read ({error}): is a quote missing, or one too many?"
        ) from None


def find_columns(name: str, header: Row, columns: Sequence[str], hint: str) -> dict[str, int]:
    """Find the place of every column in the header; raises UserError if it is not there once."""
    row, names = header[0], [cell.strip() for cell in header[1]]
    if missing := [column for column in columns if column.strip() not in names]:
        raise UserError(
            f"{name}, row {row}: columns are {', '.join(names)}; expected {', '.join(columns)}"
            f"{hint}; no {', '.join(missing)}"
        )
    if twice := [column for column in columns if names.count(column.strip()) > 1]:
        raise UserError(f"{name}, row {row}: two columns are called {twice[0]}: rename one")
    return {column: names.index(column.strip()) for column in columns}


def select_cells(
    name: str, rows: list[Row], places: dict[str, int], width: int, faults: list[str]
) -> pd.DataFrame:
    """Select the columns' cells of every row, and append what is wrong with a row to `faults`.

    places : of the columns; width : cells of the header
    """
    selected = []
    for row, cells in rows:
        surplus = [cell for cell in cells[width:] if cell.strip()]
        used = [cells[place] if place < len(cells) else "" for place in places.values()]
        if surplus:
            faults.append(
                f"{name}, row {row}: has {len(cells)} cells, the header {width}: the surplus is "
                f"{', '.join(surplus)!r}; put a cell that contains the separator in quotes"
            )
        elif len(cells) <= max(places.values(), default=-1):
            faults.append(f"{name}, row {row}: has {len(cells)} cells, the header {width}")
        elif any(sign in cell for cell in used for sign in "\0\r\n"):
            faults.append(
                f"{name}, row {row}: a cell contains a line break or NUL: is a quote missing?"
            )
        selected.append(used)
    index = pd.Index([row for row, _ in rows], dtype=int)
    return pd.DataFrame(selected, columns=list(places), index=index, dtype=str)
