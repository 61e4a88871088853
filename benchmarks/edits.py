"""Settings that a benchmark's command line changes."""

from collections.abc import Iterable
from typing import Any

from ruamel.yaml import YAML


def parse_edits(edits: Iterable[str]) -> dict[str, Any]:
    """The values of "KEY=VALUE", by key; a value is YAML."""
    pairs = (edit.partition("=") for edit in edits)
    return {key: YAML(typ="safe").load(value) for key, _, value in pairs}
