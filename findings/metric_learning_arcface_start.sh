#!/usr/bin/env bash
# pytorch-metric-learning 2.9.0, torch 2.14.1
#
# Expected (written down before the run): only the directions of ArcFaceLoss's class vectors count,
#   so how long they are at the start makes no difference to speak of, and the first ten steps of
#   Adam turn them by tens of degrees, as they do those of a plain linear layer.
# Behaviour: by default they are drawn with a deviation of 1 per number, so that in 256 dimensions
#   they are 16 long, and Adam's steps have one length: ten steps at 2e-3 turn them by 1 degree. The
#   network has learned random directions by heart before they have moved. With `weight_init_func`
#   they can start short: with a deviation of .01 they turn by 63 degrees. Nothing in the loss's
#   documentation says that the learning rate of these vectors depends on their start.
# Who is hurt: anyone who trains on a few thousand photographs of many individuals, where training is
#   over before the vectors have turned. ArcFace then looks worse than softmax.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pytorch-metric-learning==2.9.0 torch==2.14.1

OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import torch
from pytorch_metric_learning.losses import ArcFaceLoss
from pytorch_metric_learning.utils.common_functions import TorchInitWrapper

CLASSES, SIZE, STEPS, RATE = 100, 256, 10, 2e-3


def turn(loss, vectors):
    """Mean angle in degrees by which ten steps turn the vectors, on the same random batch."""
    torch.manual_seed(1)
    embeddings, labels = torch.randn(CLASSES, SIZE), torch.arange(CLASSES)
    before = vectors().detach().clone()
    optimizer = torch.optim.Adam(loss.parameters(), lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(embeddings, labels).backward()
        optimizer.step()
    cosine = torch.cosine_similarity(before, vectors().detach(), dim=1)
    return float(torch.rad2deg(torch.acos(cosine.clamp(-1, 1))).mean())


def arcface(**options):
    torch.manual_seed(0)
    loss = ArcFaceLoss(CLASSES, SIZE, **options)
    return turn(loss, lambda: loss.W.T)


class Softmax(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(SIZE, CLASSES)

    def forward(self, embeddings, labels):
        return torch.nn.functional.cross_entropy(self.linear(embeddings), labels)


torch.manual_seed(0)
softmax = Softmax()
short = TorchInitWrapper(torch.nn.init.normal_, std=0.01)
turned = {
    "ArcFaceLoss": arcface(),
    "ArcFaceLoss, std=0.01": arcface(weight_init_func=short),
    "torch.nn.Linear": turn(softmax, lambda: softmax.linear.weight),
}
for name, degrees in turned.items():
    print(f"{name:22} turned by {degrees:4.1f} degrees in {STEPS} steps of {RATE}")
slow = turned["ArcFaceLoss"] < 3
sys.exit(0 if slow and min(list(turned.values())[1:]) > 10 else 1)
PYTHON

# Output seen:
# ArcFaceLoss            turned by  1.1 degrees in 10 steps of 0.002
# ArcFaceLoss, std=0.01  turned by 62.7 degrees in 10 steps of 0.002
# torch.nn.Linear        turned by 29.0 degrees in 10 steps of 0.002
