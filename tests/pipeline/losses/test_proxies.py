"""Losses with trained vectors, against double loops."""

import math

import pytest
import torch
from pytorch_metric_learning import losses as library

from pipeline.losses.proxies import BatchAll, Centre, ProxyAnchor
from tests.pipeline.losses.synthetic import batch, cosine, identities

LABELS = torch.tensor([0, 0, 1, -1, 3, -1])


def slow_proxy_anchor(embeddings, proxies, margin, alpha, mirrors=False) -> float:
    """With mirrors, proxy i + 2 is that of i's mirror image, and the other way round."""
    pull, push, present = 0.0, 0.0, 0
    for identity, proxy in enumerate(proxies.tolist()):
        pulled, pushed = [], []
        for embedding, label in zip(embeddings.tolist(), LABELS.tolist(), strict=True):
            s = cosine(embedding, proxy)
            if label == identity:
                pulled.append(math.exp(-alpha * (s - margin)))
            elif not (mirrors and label != -1 and abs(label - identity) == 2):
                pushed.append(math.exp(alpha * (s + margin)))
        present += bool(pulled)
        pull += math.log(1 + sum(pulled))
        push += math.log(1 + sum(pushed))
    return pull / present + push / len(proxies)


@pytest.mark.parametrize("mirrors", [False, True])
def test_proxy_anchor_is_the_double_loop_and_new_whale_pushes_every_proxy(mirrors):
    loss = ProxyAnchor(5, identities(4, mirrors), margin=0.1, alpha=8.0).double()
    embeddings = batch(6, 5)
    expected = slow_proxy_anchor(embeddings, loss.proxies, 0.1, 8.0, mirrors)
    assert loss(embeddings, LABELS).item() == pytest.approx(expected)


def test_without_new_whales_proxy_anchor_is_that_of_the_library():
    ours, theirs = ProxyAnchor(5, identities(4), margin=0.1, alpha=8.0).double(), None
    theirs = library.ProxyAnchorLoss(4, 5, margin=0.1, alpha=8.0)
    theirs.proxies.data = ours.proxies.data.clone()
    known = LABELS >= 0
    embeddings = batch(6, 5)[known]
    cost = ours(embeddings, LABELS[known]).item()
    assert cost == pytest.approx(theirs(embeddings, LABELS[known]).item())


def test_centre_by_hand():
    """3 and 1 away from their centres: (9 + 1) / 2 / 2; the new_whale does not count."""
    loss = Centre(2, identities(2)).double()
    loss.centres.data = torch.tensor([[0.0, 0], [5, 5]], dtype=torch.float64)
    features = torch.tensor([[3.0, 0], [5, 4], [99, 99]], dtype=torch.float64)
    assert loss(features, torch.tensor([0, 1, -1])).item() == 2.5


def slow_batch_all(features, labels, metric, margin, compactness) -> float:
    near, far, all_squared = [], [], []
    for i in range(len(labels)):
        for j in range(i + 1, len(labels)):
            difference = [a - b for a, b in zip(features[i], features[j], strict=True)]
            both = difference + [x * x for x in difference]
            mapped = [sum(w * x for w, x in zip(row, both, strict=True)) for row in metric]
            squared = sum(x * x for x in mapped)
            all_squared.append(squared)
            if labels[i] == labels[j] != -1:
                near.append(squared)
            else:
                far.append(max(0.0, margin - math.sqrt(squared)) ** 2)
    positive = [[x for x in kind if x > 0] for kind in (near, far)]
    pairs = sum(sum(kind) / len(kind) for kind in positive if kind)
    return pairs + compactness * sum(all_squared) / len(all_squared)


@pytest.mark.parametrize("trained", [False, True])
def test_batch_all_is_the_double_loop(trained):
    loss = BatchAll(3, identities(4), margin=3.0, compactness=0.01).double()
    if trained:
        loss.metric.weight.data = batch(3, 6, seed=2)
    features = batch(6, 3)
    metric = loss.metric.weight.tolist()
    expected = slow_batch_all(features.tolist(), LABELS.tolist(), metric, 3.0, 0.01)
    assert loss(features, LABELS).item() == pytest.approx(expected, rel=1e-6)


def test_batch_all_starts_at_the_euclidean_distance():
    """Two images of one whale 3, 4 apart: 25, and 25 x compactness."""
    loss = BatchAll(2, identities(2), margin=1.0, compactness=0.1)
    cost = loss(torch.tensor([[0.0, 0], [3, 4]]), torch.tensor([1, 1]))
    assert cost.item() == pytest.approx(27.5)


@pytest.mark.parametrize("build", [Centre, BatchAll])
def test_a_single_new_whale_costs_nothing(build):
    values = dict(margin=3.0, compactness=0.1) if build is BatchAll else {}
    features = batch(1, 3).requires_grad_()
    cost = build(3, identities(2), **values).double()(features, torch.tensor([-1]))
    cost.backward()
    assert cost.item() == 0 and (features.grad == 0).all()


def test_batch_all_has_a_finite_gradient_for_equal_images():
    features = torch.ones(3, 4, requires_grad=True)
    loss = BatchAll(4, identities(2), margin=1.0, compactness=0.1)
    loss(features, torch.tensor([0, 0, 1])).backward()
    assert torch.isfinite(features.grad).all()
