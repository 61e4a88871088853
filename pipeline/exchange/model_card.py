"""The card of an exported member: what it takes, what it gives, and how good it was, held out.

Its parts follow Mitchell et al., Model Cards for Model Reporting (1810.03993).
"""

from dataclasses import dataclass
from typing import Any

from pipeline.data.members import Member
from pipeline.params import Backbone

PLANES = {
    3: "red, green, blue",
    4: "red, green, blue, the animal's mask (255 inside)",
    5: "red, green, blue, the animal's mask (255 inside), edges",
}
FLIPS = {
    "none": "the embedding of the crop",
    "average": "the sum of the embeddings of the crop and of its mirror image, of length 1",
    "both": "the embeddings of the crop and of its mirror image side by side, of length 1",
}


@dataclass(frozen=True)
class Score:
    """Of how many held-out queries of known individuals the nearest photograph was right."""

    right: int
    queries: int

    def describe(self) -> str:
        if not self.queries:
            return "no held-out photograph of a known individual: it has no score"
        return (
            f"held out, the nearest photograph shows the right individual for {self.right} of "
            f"{self.queries} ({self.right / self.queries:.3f})"
        )


@dataclass(frozen=True)
class Card:
    """What the card says; size: channels, height and width of a crop; summary: of the training."""

    member: Member
    backbone: Backbone
    size: tuple[int, int, int]
    flip: str
    summary: dict[str, Any]
    score: Score
    version: str


def write_card(card: Card) -> str:
    """The card in Markdown."""
    channels, height, width = card.size
    weights = card.backbone.weights
    trained = (
        f"{card.summary['photographs']} photographs of {card.summary['individuals']} known "
        f"individuals and {card.summary['new_whales']} of new ones, "
        f"{card.summary['epochs']} epochs"
    )
    score = card.score.describe()
    converged = card.summary.get("not_converged") or "it had converged"
    return f"""# {card.member.name}

An embedding of animals: crops of one individual get similar vectors. Exported by Tailprint
{card.version}.

| | |
|---|---|
| network | `{card.backbone.timm_name}` of timm, begun from {weights} weights |
| trained on | {trained}; fold {card.member.fold} was held out |
| training | {converged} |
| input `crops` | n x {channels} x {height} x {width}, uint8, not normalised: {PLANES[channels]} |
| output `vectors` | n x d, float32, of length 1: {FLIPS[card.flip]} |
| files | `model.onnx` is all of this; `model.safetensors` has the weights alone |

## How good it is

{score[0].upper()}{score[1:]}. These photographs were not trained on;
each was compared with the labelled photographs except its own part of the fold. It is the score of
this network alone, without local features, re-ranking or calibration, on crops that were cut as in
its own run, and on this collection: on other animals, places or cameras expect less.

## How to use it

Cut the animal out as the run did, compare vectors by their dot product (the cosine), and decide on
"none of the known individuals" by a threshold that you fit on photographs of your own: a similarity
is no probability.

## What to know

Photographs of one encounter resemble each other more than the animals do: if they are on both sides
of the comparison, the score promises too much. The licences of the first weights and of the
photographs hold for this file, too.
"""
