"""Score one ensemble on its held-out queries."""

import json
import sys

from pipeline import params, paths, tables
from pipeline.report import card, plots


def main(name: str) -> None:
    p = params.load()
    rankings = tables.read("rankings", paths.rankings(name))
    scores = card.score_card(rankings, p.evaluation)
    scores |= card.conflicts(tables.read("conflicts", paths.CONFLICTS), p.labels.conflicts)
    text = json.dumps(scores, indent=2) + "\n"
    folds = tables.read("folds", paths.FOLDS)
    sizes = plots.class_sizes(rankings, folds)
    tables.write_csv(sizes, paths.report(name, "class_sizes"))
    tables.write_csv(plots.outcomes(rankings), paths.report(name, "outcomes"))
    tables.replace(paths.score_card(name), lambda part: part.write_text(text))


if __name__ == "__main__":
    main(*sys.argv[1:])
