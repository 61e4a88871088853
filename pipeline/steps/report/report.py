"""The report of one ensemble: every photograph, its answers and their best matches, in one file."""

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.params import Report
from pipeline.steps.report.attention_maps import build_attention_maps
from pipeline.steps.report.content import build_content
from pipeline.steps.report.figures import render_figures
from pipeline.steps.report.masks import list_worst_masks
from pipeline.steps.report.render import render
from pipeline.steps.report.sources import Sources


def build_report(
    sources: Sources, net: EmbeddingNet, channels: int, params: Report, seed: int
) -> str:
    """The HTML of the report.

    net, channels : the trained network of `sources.members[0]`, and the channels of its crops
    seed : of the map of the embeddings
    """
    content = build_content(sources, params, seed)
    names = sources.images["image"].tolist()
    content["attention"] = build_attention_maps(
        net, content["queries"], sources.crops, names, sources.members[0].fold, channels
    )
    sizes = sources.sizes
    photographs = dict(zip(sizes.index, sizes.itertuples(index=False, name=None), strict=True))
    content["masks"] = list_worst_masks(sources.held_out_masks, photographs)
    return render(content, render_figures(sources))
