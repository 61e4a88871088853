"""Embed every image with one member."""

import sys

from safetensors.torch import load_file

from pipeline import params, paths
from pipeline.data import tables
from pipeline.models import embedding_net
from pipeline.steps.embed import embed


def main(backbone: str, fold: str) -> None:
    p = params.load()
    settings = p.member_train(backbone)
    net = embedding_net.for_backbone(p.backbones[backbone], settings, trained=True)
    net.load_state_dict(load_file(paths.model(backbone, int(fold))))
    order = tables.read("boxes", paths.BOXES)["image"]
    embeddings = embed.embed(net, paths.CROPS, order, settings.channels, p.embed.flip)
    embeddings.save(paths.embeddings(backbone, int(fold)))


if __name__ == "__main__":
    main(*sys.argv[1:])
