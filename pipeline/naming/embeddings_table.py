"""The embeddings of all photographs that `tailprint name` has compared, as one table."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import tables
from pipeline.exchange.named_folder import NamedFolder
from pipeline.naming.photographs import KIND
from pipeline.naming.settings import BACKBONE
from pipeline.naming.workspace import FOLDER, load_result, place_result
from pipeline.system.errors import UserError


def export(named: NamedFolder, out: Path) -> str:
    """Write the embeddings as parquet; returns a sentence on what it has.

    Columns: role (catalogue or new), photograph, animal (which one of several), individual (in the
    catalogue; of a new photograph "", since its name is an answer), member (the network), vector
    (float32, of length 1). Raises UserError if a photograph's embedding is missing.
    """
    table = named.compared[named.compared["digest"] != ""].drop(columns="file")
    vectors = {digest: load_vector(named.folder, digest) for digest in table["digest"].unique()}
    column = pd.Series([vectors[d] for d in table["digest"]], table.index, dtype=object)
    table = table.drop(columns="digest").assign(member=BACKBONE, vector=column)
    tables.write_parquet(table, out)
    width = len(next(iter(vectors.values()), ()))
    return f"{len(table)} embeddings with {width} numbers each"


def load_vector(out: Path, digest: str) -> np.ndarray:
    """The stored embedding of a content."""
    stored = load_result(place_result(out / FOLDER, KIND, digest))
    if stored is None:
        raise UserError(
            f"{out} lacks an embedding that its answers rest on: repeat the command tailprint name"
        )
    return stored["vector"].astype(np.float32)
