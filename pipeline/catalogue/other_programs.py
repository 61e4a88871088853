"""Catalogues of other programs as tables that a competition is made of."""

from pathlib import Path

import pandas as pd

from pipeline.data import identity_names, importing, viewpoints
from pipeline.data.photograph_files import LeftOut
from pipeline.exchange import catalogues
from pipeline.exchange.boxes import FoundBox

SEVERAL = "show several individuals, and a competition's photograph has one: crop them apart first"
BOX = ["x0", "y0", "x1", "y1"]  # in pixels, x1 and y1 exclusive


def read(
    location: Path,
    root: Path | None,
    identity: str,
    skip: str,
    faults: list[str],
    left_out: list[LeftOut],
) -> pd.DataFrame | None:
    """Columns path, identity, box, and date and viewpoint if any is known; None if it is ours.

    root, identity : see `catalogues.read`; skip : an individual to leave out

    Photographs of several individuals are added to `left_out`; what is wrong with names to
    `faults`. Raises UserError with all that is wrong with the file, ValueError if it has no `skip`.
    """
    table = catalogues.read(location, root, identity)
    if table is None:
        return None
    table = table.rename(columns={"name": "identity"})
    if skip and skip not in set(table["identity"]):
        raise ValueError(f"{location.name} has no identity {skip} to leave out (--skip)")
    table = table[table["identity"] != skip] if skip else table
    several = table.groupby("path", sort=False)["identity"].transform("nunique") > 1
    left_out += [LeftOut(path, SEVERAL) for path in table.loc[several, "path"].unique()]
    table = table[~several].drop_duplicates("path")
    if table.empty:
        faults.append(f"{location.name} lists no photograph of one individual")
    faults += importing.check_identities(identity_names.locate(location.name, table["identity"]))
    if "viewpoint" in table:
        faults += viewpoints.find_variants(location.name, table["viewpoint"])
    unknown = [name for name in ("date", "viewpoint") if not (table[name] != "").any()]
    identities = importing.to_numbers(table["identity"].astype(str))
    return table.assign(identity=identities).drop(columns=unknown)


def to_pixels(table: pd.DataFrame, measured: pd.DataFrame, faults: list[str]) -> pd.DataFrame:
    """The table with the columns BOX, empty (NA) for whole photographs.

    measured : columns path, width, height of readable photographs

    A turned box becomes the smallest upright one around it. Boxes outside of their photograph are
    added to `faults`.
    """
    sizes = measured.drop_duplicates("path").set_index("path")[["width", "height"]]
    cells: list[tuple[int, ...] | None] = []
    for row, path, box in table[["path", "box"]].itertuples():
        cells.append(None)
        if isinstance(box, FoundBox) and path in sizes.index:
            width, height = map(int, sizes.loc[path])
            try:
                cells[-1] = box.upright(width, height).to_pixels(width, height)
            except ValueError as error:
                faults.append(f"row {row}, {path}: {error}")
    columns = {
        name: pd.array([None if cell is None else cell[place] for cell in cells], dtype="Int64")
        for place, name in enumerate(BOX)
    }
    return table.drop(columns="box").assign(**columns)
