"""Write the report of one ensemble: data/work/report/ENSEMBLE/report.html."""

from pipeline import params, paths
from pipeline.data import tables
from pipeline.data.members import list_members
from pipeline.identify.unknown_individuals import load_groups
from pipeline.models import member_networks
from pipeline.steps.report.report import build_report
from pipeline.steps.report.sources import Sources, find_reranked_score
from pipeline.system.start import run


def main(name: str) -> None:
    p = params.load()
    recipe = p.ensembles[name]
    members = list_members(recipe, p.folds.trained)
    scores = p.rerank.first, find_reranked_score(recipe)
    sources = Sources(name, members, scores, load_groups(name, p))
    backbone = members[0].backbone
    settings = p.member_train(backbone)
    model = paths.model(*members[0])
    net = member_networks.load_trained(p.backbones[backbone], settings, model)
    html = build_report(sources, net, settings.channels, p.report, p.evaluation.seed)
    tables.replace(paths.report(name), lambda part: part.write_text(html, encoding="utf-8"))


if __name__ == "__main__":
    run(main)
