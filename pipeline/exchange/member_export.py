"""A trained member for other programs: ONNX, safetensors and a card with its held-out score.

ONNX: https://onnx.ai. The graph takes crops as they are packed and returns what is searched:
vectors of length 1, of the crop and its mirror image as `embed.flip` says.
"""

import importlib.util
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, gallery
from pipeline.data.members import Member
from pipeline.exchange.model_card import Card, Score, write_card
from pipeline.exchange.new_folder import write_folder
from pipeline.params import Params
from pipeline.system.errors import UserError, require_files

if TYPE_CHECKING:
    from pipeline.models.embedding_net import EmbeddingNet

MODEL, WEIGHTS, CARD = "model.onnx", "model.safetensors", "README.md"
NEEDED = ("onnx", "onnxscript")
INPUT, OUTPUT = "crops", "vectors"


def export(member: Member, p: Params, out: Path, version: str) -> str:
    """Write a member into the new folder `out`; returns a sentence on it.

    Raises UserError if there is no such member, if its run is not finished, or if a package that
    writes ONNX is missing.
    """
    check(member, p)
    from pipeline.models import member_networks

    backbone, settings = p.backbones[member.backbone], p.member_train(member.backbone)
    net = member_networks.load_trained(backbone, settings, paths.model(*member)).eval()
    score = score_nearest(
        gallery.held_out_rows(artefacts.load_folds(), [member.fold]), member.nearest()
    )
    size = settings.channels, p.crop.height, p.crop.width
    summary = member.training_summary()
    card = Card(member, backbone, size, p.embed.flip, summary, score, version)
    write_folder(out, partial(_write, member=member, net=net, card=card))
    return f"{MODEL}, {WEIGHTS} and {CARD}; {score.describe()}"


def check(member: Member, p: Params) -> None:
    """Raise UserError, before any work, for what would stop it."""
    if member.backbone not in p.backbones or member.fold not in p.folds.trained:
        names = ", ".join(p.backbones)
        raise UserError(
            f"there is no member {member.name}: backbones are {names}, held-out folds "
            f"{', '.join(map(str, p.folds.trained))} (params.yaml)"
        )
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"writing ONNX needs the packages {' and '.join(missing)}: pip install "
            "'tailprint[export]'"
        )
    require_files(
        [paths.model(*member), paths.neighbours(*member), paths.training_summary(*member)]
    )


def score_nearest(held_out: pd.DataFrame, nearest: pd.DataFrame) -> Score:
    """How often the nearest photograph of the gallery shows the individual of a held-out query.

    held_out : columns image, kind, truth; nearest : query, image, identity and rank from 0

    Queries of known individuals count. The member was not trained on their fold.
    """
    known = held_out[held_out["kind"] == gallery.KNOWN].set_index("image")["truth"]
    first = nearest[nearest["rank"] == nearest["rank"].min()].set_index("query")["identity"]
    right = int((first.reindex(known.index) == known).sum())
    return Score(right, len(known))


def _write(folder: Path, member: Member, net: "EmbeddingNet", card: Card) -> None:
    write_onnx(net, card.size, card.flip, folder / MODEL)
    shutil.copyfile(paths.model(*member), folder / WEIGHTS)
    (folder / CARD).write_text(write_card(card), encoding="utf-8")


def write_onnx(net: "EmbeddingNet", size: tuple[int, int, int], flip: str, path: Path) -> None:
    """Write a network in eval mode as ONNX, for any number of crops.

    size : channels, height and width of a crop; flip : as `embed.flip`
    """
    import torch

    from pipeline.exchange.embedder import Embedder

    crops = torch.zeros((2, *size), dtype=torch.uint8)
    torch.onnx.export(
        Embedder(net, flip).eval(),
        (crops,),
        path,
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes={"crops": {0: torch.export.Dim("photographs", min=1)}},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
