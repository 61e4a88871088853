"""How well photographs of a query's individual are found: individuals first, or pairs alone.

    python -m benchmarks.photograph_ranking RUN [--ensemble best]

RUN is the folder of a finished project. Each held-out query of a known individual is searched in
its gallery, and scored by the average precision of its first 20 photographs (Where's Whale-do's
score). `individuals` ranks as the stage `submission` does with format photographs; `pairs` by the
evidence of each pair alone, fitted on the pairs of the other folds; `similarity` by the embeddings.
Prints each mean, and the gain of individuals over both with its paired interval over individuals.
"""

import contextlib
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import typer

from pipeline import params, paths
from pipeline.data import artefacts, gallery, tables
from pipeline.data.gallery import KNOWN
from pipeline.evaluation import protocol
from pipeline.evaluation.pair_model import PairModel
from pipeline.evaluation.peers import PeerModel
from pipeline.steps.score.photographs import measure_precision
from pipeline.steps.submission.load import Search
from pipeline.steps.verify.load import load_known_pairs


def main(run: Path, ensemble: str = "best") -> None:
    """Compare the rankings in the finished project RUN."""
    with contextlib.chdir(run):
        measure(ensemble, params.load())


def measure(ensemble: str, p: params.Params) -> None:
    """Print the scores and the gains."""
    folds, trained = artefacts.load_folds(), p.ensembles[ensemble].fold_list(p.folds.trained)
    queries = gallery.held_out_rows(folds, trained)
    queries = queries[queries["kind"] == KNOWN].reset_index(drop=True)
    posteriors = tables.read_parquet(paths.posteriors(ensemble))
    peers = PeerModel.from_dict(tables.read_json(paths.PEER_MODEL))
    search = partial(Search, folds, backbone=p.match.backbone)
    first = search(posteriors=posteriors, log_odds=peers.pair_log_odds)
    found = {"individuals": first.find_held_out(queries), "pairs": [], "similarity": []}
    unknown = posteriors[:0]
    for fold in trained:
        others = [other for other in p.folds.trained if other != fold]
        model = PairModel().fit(load_known_pairs(p.match.backbone, others))
        own = queries[queries["fold"] == fold]
        for name, odds in (("pairs", model.evidence), ("similarity", read_similarity)):
            found[name].append(search(posteriors=unknown, log_odds=odds).find_held_out(own))
    scores = {
        name: measure_precision(queries, pd.concat(each) if isinstance(each, list) else each, folds)
        for name, each in found.items()
    }
    print(f"{len(queries)} queries of {queries['cluster'].nunique()} individuals")
    for name, score in scores.items():
        print(f"{name}: MAP@20 {score.mean():.3f}")
    settings = p.evaluation.bootstrap, p.evaluation.seed
    for name in ("pairs", "similarity"):
        weights = np.ones(len(queries))
        both = scores[name], scores["individuals"]
        gain = protocol.paired_interval(*both, weights, queries["cluster"], *settings)
        print(
            "individuals over {}: {difference:+.3f} ({low:+.3f} to {high:+.3f})".format(
                name, **gain
            )
        )


def read_similarity(pairs: pd.DataFrame) -> np.ndarray:
    """The similarity of pairs."""
    return pairs["similarity"].to_numpy()


if __name__ == "__main__":
    typer.run(main)
