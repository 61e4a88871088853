"""Settings that hold only what differs from others: reading and merging them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.params.reading import read_yaml
from pipeline.system.errors import UserError

Settings = dict[str, Any]

EXTENDS = "extends"
REPLACED = ("backbones", "ensembles")  # sections that a preset replaces as a whole


def merge(base: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return `base` with the values of `changes`, nested mappings key by key; both are kept."""
    merged = base.copy()
    for key, value in changes.items():
        nested = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if nested else value
    return merged


def merge_preset(base: Settings, preset: Settings) -> Settings:
    """Merge a preset into complete settings; the sections in REPLACED are the preset's alone."""
    merged = merge(base, preset)
    for section in REPLACED:
        if section in preset:
            merged[section] = preset[section]
    return merged


def load_settings(path: Path, yaml: YAML | None = None, later: tuple[Path, ...] = ()) -> Settings:
    """Load a params file or a preset, merged with the preset beside it that it `extends`.

    yaml : the reader; None for plain dictionaries
    later : the presets that extend this one, to detect a circle

    Raises UserError if a file is no YAML, or the preset that it extends does not exist, or extends
    it in turn.
    """
    settings = read_yaml(path, yaml)
    if EXTENDS not in settings:
        return settings
    name = settings.pop(EXTENDS)
    if not isinstance(name, str) or not (base := path.parent / f"{name}.yaml").is_file():
        raise UserError(f"{path} extends {name}, but there is no {path.parent}/{name}.yaml")
    if base in (path, *later):
        raise UserError(f"{path} extends {name}, which extends it in turn")
    return merge_preset(load_settings(base, yaml, (path, *later)), settings)
