"""Reading the JSON files of other programs."""

import json
from pathlib import Path
from typing import Any

from pipeline.data import user_csv
from pipeline.system.errors import UserError


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Read a JSON file of another program: with or without a mark of its encoding."""
    text = user_csv.decode(path.name, user_csv.read_bytes(path))
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: is no JSON (line {error.lineno}: {error.msg})") from None
