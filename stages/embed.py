"""Embed every photograph with one member."""

from pipeline import params, paths
from pipeline.data import artefacts
from pipeline.models import member_networks
from pipeline.steps.embed import embed
from pipeline.system.start import run


def main(backbone: str, fold: str) -> None:
    p = params.load()
    settings = p.member_train(backbone)
    model = paths.model(backbone, int(fold))
    net = member_networks.load_trained(p.backbones[backbone], settings, model)
    order = artefacts.load_boxes()["image"]
    embeddings = embed.embed(net, paths.CROPS, order, settings.channels, p.embed.flip)
    embeddings.save(paths.embeddings(backbone, int(fold)))


if __name__ == "__main__":
    run(main)
