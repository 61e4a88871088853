"""What settings of local features are worth: they alone name the labelled photographs of a run.

    python -m benchmarks.local_features RUN [--queries 400] [--individuals 1000] [--seed 0]
                    [--set "keypoints.patch=1.0" --set "keypoints.patch=1.5 keypoints.size=640"]
                    [--exact]

RUN is a project in which the stages up to `folds` have run; nothing in it is changed. Each query is
compared with all other photographs of the drawn individuals but its duplicates, among them others
of its own. Prints MAP@5 of the votes, of the consistent votes, of the inliers, of the product of
votes and inliers, of that of all three (`fused`) and, if `keypoints.edge` is true, of the trailing
edges' votes; then the gain of each over the first --set, with a 95 % interval by individual. Each
--set starts from RUN's params.yaml (values are YAML), and extracts the local features of all
photographs anew. --exact also searches all descriptors of the first --set, in place of an index of
codes, which takes tens of seconds per query.
"""

import contextlib
from pathlib import Path
from typing import Annotated

import faiss
import numpy as np
import pandas as pd
import typer

from benchmarks.edits import parse_edits
from pipeline import paths
from pipeline.data import artefacts
from pipeline.data.features import Features
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import metrics, protocol
from pipeline.evaluation.ablation_study import replace_leaves
from pipeline.params import Params
from pipeline.params.merging import load_settings
from pipeline.steps.keypoints import keypoints
from pipeline.steps.match import match
from pipeline.steps.match.by_number import list_rows, locate, number_photographs
from pipeline.steps.match.queries import Galleries, Query

SAMPLES = 2000  # of the bootstrap


def main(
    run: Path,
    queries: Annotated[int, typer.Option(help="at most")] = 400,
    individuals: Annotated[int, typer.Option(help="at most; all their photographs")] = 1000,
    seed: int = 0,
    settings: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE ...")] = None,
    exact: Annotated[bool, typer.Option(help="search all descriptors, too")] = False,
) -> None:
    """Compare settings of local features on the same queries."""
    with contextlib.chdir(run):
        labels = draw_individuals(artefacts.load_folds(), individuals, seed)
        queried = draw_queries(labels, queries, seed)
        count = labels["identity"].nunique()
        print(f"{len(queried)} queries, {len(labels)} photographs, {count} individuals")
        rows = [(words, False) for words in settings or [""]]
        first = None
        for words, is_exact in [*rows, (rows[0][0], True)] if exact else rows:
            scores = score_settings(read_settings(words), labels, queried, is_exact)
            name = "exact search" if is_exact else words or "as it is"
            print(name, *format_scores(scores, first, queried["identity"]), sep="\n  ", flush=True)
            first = scores if first is None else first


def draw_individuals(folds: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """The photographs of at most `count` named individuals (columns image, identity, group)."""
    named = folds.loc[folds["identity"] != NEW_WHALE, ["image", "identity", "group"]]
    identities = np.random.default_rng(seed).permutation(np.unique(named["identity"]))[:count]
    return named[named["identity"].isin(identities)].sort_values("image", ignore_index=True)


def draw_queries(labels: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """At most `count` photographs whose individual has others that are no duplicates of them."""
    groups = labels.groupby("identity")["group"].transform("nunique")
    able = labels[groups > 1]
    return able.sample(min(count, len(able)), random_state=seed).sort_values("image")


def read_settings(words: str) -> Params:
    """The current project's settings with edits: "KEY=VALUE KEY=VALUE"."""
    edits = parse_edits(words.split())
    return Params.model_validate(replace_leaves(load_settings(Path("params.yaml")), edits))


def score_settings(
    p: Params, labels: pd.DataFrame, queried: pd.DataFrame, is_exact: bool = False
) -> pd.DataFrame:
    """Precision at 5 of each query (a row), one column per score."""
    images, boxes = artefacts.load_images(), artefacts.load_boxes()
    found = keypoints.extract(images, boxes, paths.CROPS, p.keypoints)
    galleries = Galleries(labels, {0: labels["image"]}, artefacts.load_viewpoints())
    same = labels.groupby("group")["image"].agg(list)
    queries = {
        image: Query(0, [], same[group], None)
        for image, group in queried[["image", "group"]].itertuples(index=False)
    }
    indices = build_exact_index(found, labels["image"]) if is_exact else None, None
    matches = match.match_points_and_edges(
        found, galleries, {0: queries}, p.match, p.keypoints.detector, indices
    )
    matches = match.add_pair_scores(matches, found, artefacts.load_files(), p.match)
    scores = tabulate_scores(matches[0].evidence)
    return pd.DataFrame({name: rate(scores[name], queried) for name in scores})


def build_exact_index(features: Features, images: pd.Series) -> faiss.Index:
    """An index that compares a descriptor with all of these photographs."""
    rows = list_rows(features, locate(number_photographs(features), images))
    index = faiss.IndexIDMap(faiss.IndexFlatL2(features.descriptors.shape[1]))
    index.add_with_ids(features.descriptors[rows].astype(np.float32), rows.astype(np.int64))
    return index


def tabulate_scores(evidence: pd.DataFrame) -> pd.DataFrame:
    """One row per (query, identity) and one column per score; 0 without evidence."""
    table = evidence.pivot_table(index=["query", "identity"], columns="source", values="score")
    table = table.fillna(0.0)
    votes, consistent = (
        table[name] / table.groupby("query")[name].transform("max").clip(lower=1e-9)
        for name in ("votes", "consistent_votes")
    )
    table["product"] = (votes + 0.05) * (table["inliers"] + 3)
    table["fused"] = np.sqrt((votes + 0.05) * (consistent + 0.05)) * (table["inliers"] + 3)
    table["inliers"] += 1e-3 * votes  # decides between equal ones
    kept = ["votes", "consistent_votes", "inliers", "product", "fused", "edge_votes"]
    return table[[name for name in kept if name in table]]


def rate(scores: pd.Series, queried: pd.DataFrame) -> np.ndarray:
    """Precision at 5 of each queried photograph, ranked by `scores` (by query and identity)."""
    ranked = scores.sort_values(ascending=False, kind="stable").reset_index("identity")["identity"]
    first = ranked.groupby("query").head(5)
    lists = {image: names.tolist() for image, names in first.groupby("query")}
    answers = [lists.get(image, []) for image in queried["image"]]
    return metrics.precision_at_5(queried["identity"], answers)


def format_scores(
    scores: pd.DataFrame, first: pd.DataFrame | None, clusters: pd.Series
) -> list[str]:
    """One line per score: MAP@5, and its gain over `first` with the interval."""
    lines = []
    for name in scores:
        line = f"{name:16} {scores[name].mean():.3f}"
        if first is not None and name in first:
            line += f"  {format_gain(first[name].to_numpy(), scores[name].to_numpy(), clusters)}"
        lines.append(line)
    return lines


def format_gain(first: np.ndarray, second: np.ndarray, clusters: pd.Series) -> str:
    """The gain with its 95 % interval by individual."""
    gain = protocol.paired_interval(first, second, np.ones(len(first)), clusters, SAMPLES, 0)
    return f"{gain['difference']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f})"


if __name__ == "__main__":
    typer.run(main)
