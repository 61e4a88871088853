"""The fit of a training set by hand, and when a training counts as not converged."""

import numpy as np
import pytest
import torch

from pipeline.training import convergence
from pipeline.training.convergence import choose_photographs, explain_shortfall, measure_fit
from pipeline.training.training_set import TrainingSet


class Net:
    """Its embeddings are given; a siamese network has a head."""

    def __init__(self, pair_head: object = None) -> None:
        self.pair_head = pair_head


@pytest.fixture
def embed(monkeypatch):
    """Let row r of the crops have `vectors[r]`."""

    def use(vectors: torch.Tensor) -> None:
        unit = torch.nn.functional.normalize(vectors.float())
        monkeypatch.setattr(
            convergence.inner_validation, "embed_rows", lambda net, views, rows: unit[rows.tolist()]
        )

    return use


def make_set(tiny, labels: list[int], groups: list[int] | None = None) -> TrainingSet:
    """Every photograph is a group of its own if none are given."""
    rows = np.arange(len(labels))
    return TrainingSet(
        tiny.crops, rows, np.array(labels), rows if groups is None else np.array(groups)
    )


PAIRS = np.repeat(np.arange(12), 2).tolist()  # 12 individuals with two photographs


def test_the_fit_is_the_fraction_with_a_nearest_photograph_of_their_own(tiny, embed):
    """Of 24 photographs, those of the first 9 individuals are equal; 3 individuals are mixed up."""
    vectors = torch.eye(12)[PAIRS]
    vectors[[18, 20, 22]] = vectors[[20, 22, 18]]
    embed(vectors)
    assert measure_fit(Net(), make_set(tiny, PAIRS), 3) == 18 / 24


def test_the_next_frame_of_a_burst_is_no_fit(tiny, embed):
    """12 individuals with two bursts of two equal frames; three of them look alike in both.

    The second burst of each other one looks like the first of the next.
    """
    labels, bursts = np.repeat(np.arange(12), 4), np.repeat(np.arange(24), 2)
    looks = np.where(labels < 3, labels, np.where(bursts == 23, 3, (bursts + 1) // 2))
    embed(torch.cat([torch.eye(12)[looks], 0.1 * torch.eye(24)[bursts]], dim=1))
    assert measure_fit(Net(), make_set(tiny, labels.tolist()), 3) == 1
    assert measure_fit(Net(), make_set(tiny, labels.tolist(), bursts.tolist()), 3) == 3 / 12


def test_an_individual_of_one_burst_is_not_measured(tiny, embed):
    """12 individuals with two photographs, of which two are of one group each: 20 are left."""
    embed(torch.eye(12)[PAIRS])
    groups = [*range(20), 20, 20, 21, 21]
    chosen = choose_photographs(make_set(tiny, PAIRS, groups))
    assert sorted(chosen["label"]) == PAIRS[:20]
    assert measure_fit(Net(), make_set(tiny, PAIRS, groups), 3) == 1
    groups[19] = groups[18]
    assert measure_fit(Net(), make_set(tiny, PAIRS, groups), 3) is None  # 18 photographs


@pytest.mark.parametrize("in_a_group", [1, 2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_the_fit_is_that_of_a_loop(seed, in_a_group, tiny, embed):
    """A group has photographs of several individuals, as an encounter may."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 9, 60)
    groups = np.arange(60) // in_a_group
    vectors = torch.from_numpy(rng.normal(size=(60, 4)))
    embed(vectors)
    unit = torch.nn.functional.normalize(vectors.float())
    known = [row for row in range(60) if labels[row] >= 0]
    several = [row for row in known if len(set(groups[labels == labels[row]])) > 1]
    hits = []
    for row in several:
        others = [other for other in several if groups[other] != groups[row]]
        nearest = max(others, key=lambda other: float(unit[row] @ unit[other]))
        hits.append(labels[nearest] == labels[row])
    training_set = make_set(tiny, labels.tolist(), groups.tolist())
    assert measure_fit(Net(), training_set, 3) == np.mean(hits)


def test_a_trained_network_of_the_tiny_set_has_too_few_photographs(tiny, training_set):
    """18 photographs; and no individual with two; and a siamese head."""
    assert measure_fit(Net(), training_set, 3) is None
    assert measure_fit(Net(), make_set(tiny, list(range(30))), 3) is None
    assert measure_fit(Net(pair_head=1), make_set(tiny, PAIRS), 3) is None


def test_individuals_are_measured_as_a_whole_up_to_a_limit(tiny, monkeypatch):
    """At most two photographs of one, at most seven of all: three individuals with two each."""
    monkeypatch.setattr(convergence, "MOST", 7)
    monkeypatch.setattr(convergence, "MOST_EACH", 2)
    labels = [0] * 9 + [1] * 5 + [2] * 2 + [3] + [4] * 3 + [-1] * 4
    chosen = choose_photographs(make_set(tiny, labels))
    counts = chosen["label"].value_counts()
    assert counts.tolist() == [2, 2, 2] and 3 not in counts
    assert [labels[row] for row in chosen["row"]] == chosen["label"].tolist()
    assert chosen.equals(choose_photographs(make_set(tiny, labels)))


def test_a_long_burst_leaves_room_for_the_other_groups(tiny, monkeypatch):
    """Four of an individual with a burst of nine and three more photographs: one of each group."""
    monkeypatch.setattr(convergence, "MOST_EACH", 4)
    chosen = choose_photographs(make_set(tiny, [0] * 12, [0] * 9 + [1, 2, 3]))
    assert sorted(chosen["group"]) == [0, 1, 2, 3]


def history(losses, inner=()):
    rows = [{"loss": loss} for loss in losses]
    for row, score in zip(rows, inner, strict=False):
        row["inner"] = score
    return rows


FALLING = [9.0, 7.0, 6.0, 5.5, 5.2, 5.1, 5.0, 4.9]


@pytest.mark.parametrize(
    "fit, losses, inner, planned, end",
    [
        (0.4, FALLING, (), 8, "train longer"),
        (0.4, [9.0], (), 1, "train longer"),
        (0.4, [9.0, 5.0, 5.1, 5.2, 5.3, 5.2, 5.3, 5.2], (), 8, "change the learning rate"),
        (0.4, FALLING, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], 8, "train longer"),
        # it does no longer get better for other photographs
        (0.4, FALLING, [0.1, 0.2, 0.3, 0.8, 0.5, 0.6, 0.7, 0.7], 8, ""),
        (0.4, FALLING, (), 20, ""),  # stopped by the inner validation
        (0.95, FALLING, (), 8, ""),
        (None, FALLING, (), 8, ""),  # nothing is known
    ],
)
def test_a_training_that_ends_too_early_is_named(fit, losses, inner, planned, end):
    reason = explain_shortfall(fit, history(losses, inner), planned)
    assert reason.endswith(end) if end else reason == ""


def test_rows_between_the_epochs_do_not_count():
    rows = [{"inner": 0.1}, *history(FALLING)]
    assert explain_shortfall(0.4, rows, 8).endswith("train longer")
