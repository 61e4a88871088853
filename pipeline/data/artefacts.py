"""Readers of the tables that the first stages write, which many later stages need."""

import pandas as pd

from pipeline import paths
from pipeline.data import tables, viewpoints
from pipeline.params import Columns
from pipeline.system.errors import explain_damage


def load_images() -> pd.DataFrame:
    """The table "images" of `competition`: one row per photograph."""
    return tables.read("images", paths.IMAGES)


def load_files() -> dict[str, str]:
    """The file of each photograph, by the photograph's name."""
    table = load_images()
    return dict(zip(table["image"], table["path"], strict=True))


def load_viewpoints() -> dict[str, str]:
    """The viewpoint, with its species, of every photograph that has one (`viewpoints.join`)."""
    table = tables.read("viewpoints", paths.VIEWPOINTS)
    return {
        image: viewpoints.join(viewpoint, species)
        for image, viewpoint, species in table.itertuples(index=False)
    }


def load_species() -> dict[str, str]:
    """The species of every photograph whose species is known; empty for a single species."""
    table = tables.read("viewpoints", paths.VIEWPOINTS)
    known = table[table["species"] != ""]
    return dict(zip(known["image"], known["species"], strict=True))


def load_columns() -> Columns:
    """The columns of the submission, and its label of a new individual."""
    return Columns.model_validate(tables.read_json(paths.COLUMNS))


def load_sample() -> pd.Series:
    """The test images in the order of the sample submission."""
    with explain_damage(paths.SAMPLE):
        tables.check_last_line(paths.SAMPLE)
        return pd.read_csv(paths.SAMPLE, dtype=str, keep_default_na=False)["image"]


def load_unread() -> set[str]:
    """The test images that can't be read (`competition.skip_bad`): of the sample alone."""
    return set(load_sample()) - set(load_images()["image"])


def load_groups() -> pd.DataFrame:
    """The table "groups" of `dedup`: the duplicate group of every photograph."""
    return tables.read("groups", paths.GROUPS)


def load_encounters() -> dict[str, int]:
    """The encounter of every photograph, by its name."""
    table = tables.read("encounters", paths.ENCOUNTERS)
    return dict(zip(table["image"], table["encounter"].tolist(), strict=True))


def load_labels() -> pd.DataFrame:
    """The table "labels" of `labels`: the identity of every labelled photograph."""
    return tables.read("labels", paths.LABELS)


def load_duplicates() -> pd.DataFrame:
    """The table "duplicates" of `labels`: test photographs that are duplicates of labelled ones."""
    return tables.read("duplicates", paths.DUPLICATES)


def load_boxes() -> pd.DataFrame:
    """The table "boxes" of `crop`: one row per photograph, in the order of the packed crops."""
    return tables.read("boxes", paths.BOXES)


def load_folds() -> pd.DataFrame:
    """The table "folds" of `folds`: the fold of every labelled photograph."""
    return tables.read("folds", paths.FOLDS)
