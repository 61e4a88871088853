"""The step `encounters`: which photographs were taken at one place and time."""

import pandas as pd

from pipeline.data import encounters, occasions
from pipeline.params import Encounters


def find_encounters(images: pd.Series, taken: pd.DataFrame, settings: Encounters) -> pd.DataFrame:
    """Build the table "encounters" of the photographs `images`.

    taken : table "occasions"; a photograph that it lacks is an encounter of its own
    """
    # as objects: the columns of an empty table have another type, which holds no ""
    known = taken.set_index("image")[occasions.FIELDS].astype(object)
    rows = known.reindex(images, fill_value="").reset_index()
    numbers = encounters.group_photographs(rows, settings)
    return pd.DataFrame({"image": images.to_numpy(), "encounter": numbers})


def describe(table: pd.DataFrame, taken: pd.DataFrame) -> str:
    """One sentence about the table "encounters"; "" if nothing is known."""
    if taken.empty:
        return ""
    sizes = table["encounter"].value_counts()
    several = sizes[sizes > 1]
    return (
        f"{(taken['date'] != '').sum()} of {len(table)} photographs have a date; {several.sum()} "
        f"are in {len(several)} encounters with others, at most {sizes.max()} in one"
    )
