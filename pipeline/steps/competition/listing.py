"""What every layout of a competition is translated into, before the photographs are opened."""

import logging
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.data import occasions, scenarios
from pipeline.data.scenarios import Scenarios
from pipeline.params import Columns

logger = logging.getLogger(__name__)

Polygons = dict[str, list[np.ndarray]]  # by image: n x 2 corners in pixels, one array per region


class Annotations(NamedTuple):
    """The given boxes and masks; images without one are left out.

    boxes : table "given_boxes"
    masks : files by image
    polygons : masks that are given as outlines
    """

    boxes: pd.DataFrame
    masks: dict[str, Path]
    polygons: Polygons


@dataclass(frozen=True)
class Listing:
    """The photographs that a competition lists.

    photographs : columns image, split, identity, path and listed, which tells a fault's message
        where; training images first, then the test in the order of the sample, then unlabelled ones
    columns : of the submission
    viewpoints : table "viewpoints"
    reads : files and folders that are read beside the photographs
    complete : folders of which every photograph has to be in a table, and that table
    annotate : reads the annotations, given `photographs` with width, height and orientation, and
        adds what is wrong to a list of faults
    scenarios : which photographs are searched in which
    occasions : table "occasions", as far as the layout's own tables know it
    """

    photographs: pd.DataFrame
    columns: Columns
    viewpoints: pd.DataFrame
    reads: Set[Path]
    complete: Mapping[Path, str]
    annotate: Callable[[pd.DataFrame, list[str]], Annotations]
    scenarios: Scenarios = field(default_factory=scenarios.build_empty)
    occasions: pd.DataFrame = field(default_factory=occasions.build_empty)


def build_rows(file: str, name: pd.Series, split: str, identity: pd.Series | str) -> pd.DataFrame:
    """Rows of photographs that a file lists, without their path; the index of `name` is the row."""
    listed = [f"{file}, row {row}" for row in name.index]
    return pd.DataFrame({"image": name, "split": split, "identity": identity, "listed": listed})


def keep_comparable(viewpoints: pd.DataFrame, test: pd.Series) -> pd.DataFrame:
    """Leave out viewpoints, or species, that are known of training photographs alone.

    A held-out photograph would be compared with those of its own species, and one of the test with
    all: held-out scores would promise too much.

    viewpoints : table "viewpoints"; test : the names of the test's photographs
    """
    in_test = viewpoints["image"].isin(test)
    for column in ("viewpoint", "species"):
        known = viewpoints[column] != ""
        if known.any() and not known[in_test].any():
            logger.warning("%s is not used: it is not given for the test's photographs", column)
            viewpoints = viewpoints.assign(**{column: ""})
    is_known = (viewpoints["viewpoint"] != "") | (viewpoints["species"] != "")
    return viewpoints[is_known].reset_index(drop=True)
