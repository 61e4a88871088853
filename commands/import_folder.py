"""Make a competition of a collection of photographs whose animals are known.

    python -m commands.import_folder DIR OUT                     # a sub-folder an individual
    python -m commands.import_folder list.csv OUT --path file --identity name
    python -m commands.import_folder DIR OUT --split open --new 0.1
    python -m commands.import_folder list.csv OUT --split date --date taken
    python -m commands.import_folder train.csv OUT --root train --path Image --identity Id \\
        --skip new_whale
    python -m commands.import_folder list.csv OUT --side orientation

DIR's photographs are parted into a training and a test set with a hidden solution, by the rule
behind the published figures (`pipeline/data/splits.py`: closed or open set, seed 666) or by date.
Copies of one photograph are then put on one side, except with --as-published. Put OUT (or a link
to it) at data/competition and run `make PRESET=animals-cpu`.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline import params
from pipeline.data import images, importing, splits
from pipeline.steps.dedup import dedup

LEAST_NEW = 0.01  # what a preset's prior may be, where nobody is new


def main(asked: argparse.Namespace) -> None:
    try:
        if asked.out.exists():
            raise ValueError(f"{asked.out} is there already: delete it, or name another folder")
        table = read(asked)
        test = parted(table, asked)
        if not asked.as_published:
            test = splits.together(test, copies(table))
        importing.write(table, test, asked.out, asked.seed)
    except ValueError as error:
        raise SystemExit(f"nothing was written: {error}") from None
    strangers = ~table["identity"][test].isin(set(table["identity"][~test]))
    print(
        f"{asked.out}: {(~test).sum()} training photographs of "
        f"{table['identity'][~test].nunique()} individuals, {test.sum()} to be asked, "
        f"{strangers.sum()} of them new; a preset for it says "
        f"evaluation.new_whale_prior: {max(LEAST_NEW, strangers.sum() / test.sum()):.2f}"
    )
    if "viewpoint" in table:
        counts = table["viewpoint"].replace("", "unknown").value_counts()
        print("sides: " + ", ".join(f"{count} {side}" for side, count in counts.items()))


def read(asked: argparse.Namespace) -> pd.DataFrame:
    if asked.source.is_dir():
        if asked.root:
            raise ValueError("--root is for the files of a CSV")
        if asked.side:
            raise ValueError("--side is for a column of a CSV")
        return importing.from_folders(asked.source, asked.skip)
    if not asked.source.is_file():
        raise ValueError(f"there is no folder or CSV file {asked.source}")
    root = asked.root or asked.source.parent
    columns = (asked.path, asked.identity, asked.date, asked.side)
    return importing.from_table(asked.source, root, *columns, asked.skip)


def parted(table: pd.DataFrame, asked: argparse.Namespace) -> np.ndarray:
    """True for the test."""
    if asked.split == "date":
        if "date" not in table:
            raise ValueError("--split date needs a CSV and --date, the name of its column")
        return splits.by_date(table["identity"], table["date"], asked.ratio)
    if asked.split == "open":
        return splits.open_set(table["identity"], asked.ratio, asked.new, asked.seed)
    return splits.closed(table["identity"], asked.ratio, asked.seed)


def copies(table: pd.DataFrame) -> np.ndarray:
    """Equal numbers for copies of one photograph, by the settings of params.yaml."""
    rows = [
        (str(path), path, *images.size(path), images.sha256(images.contents(path)))
        for path in tqdm(table["path"], "reading", unit="image")
    ]
    listed = pd.DataFrame(rows, columns=["image", "path", "width", "height", "sha256"])
    return dedup.group_images(listed, params.load().dedup)["group"].to_numpy()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="a folder of folders, or a CSV file")
    parser.add_argument("out", type=Path, help="the competition directory to make")
    parser.add_argument("--split", choices=["closed", "open", "date"], default="closed")
    parser.add_argument("--ratio", type=float, default=0.8, help="share that trains")
    parser.add_argument("--new", type=float, default=0.1, help="share of new individuals (open)")
    parser.add_argument("--seed", type=int, default=splits.SEED)
    parser.add_argument("--skip", default="", help="leave out this name: of unknown individuals")
    parser.add_argument("--root", type=Path, help="folder of the CSV's files, if not its own")
    parser.add_argument("--path", default="path", help="the CSV's column of files")
    parser.add_argument("--identity", default="identity", help="its column of individuals")
    parser.add_argument("--date", help="its column of dates")
    parser.add_argument("--side", help="its column of sides (left, right, ...), never compared")
    parser.add_argument("--as-published", action="store_true", help="leave copies where they fall")
    main(parser.parse_args())
