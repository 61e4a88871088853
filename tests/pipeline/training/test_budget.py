"""The budget of a training: its epochs and views, counted in the batches themselves."""

from collections import Counter

import numpy as np
import pytest

from pipeline.system.errors import UserError
from pipeline.training.budget import plan_budget
from pipeline.training.pair_batches import PairBatches
from pipeline.training.samplers import IdentityBatches

# individuals with 1, 2, 3 and 6 photographs, two photographs of new_whale
LABELS = np.repeat([0, 1, 2, 3, -1], [1, 2, 3, 6, 2])
ROWS = np.arange(len(LABELS))
BATCHES = {"identities": 2, "views": 2, "new_whale_fraction": 0.2}


def batches_of(settings, labels=LABELS):
    sampler = settings.sampler
    if sampler.kind == "pairs":
        return PairBatches(ROWS, labels, identities=sampler.identities, flip="none", seed=0)
    return IdentityBatches(np.arange(len(labels)), labels, sampler, flip="none", seed=0)


def count_seen(batches, epochs: int) -> tuple[int, Counter]:
    """All views, and those of each individual (of pairs without the negatives)."""
    views = []
    for batches.epoch in range(epochs):
        views += [view for batch in batches for view in batch]
    counted = views
    if isinstance(batches, PairBatches):
        counted = [view for at, view in enumerate(views) if at % 3 < 2]
    return len(views), Counter(view.label for view in counted if view.label >= 0)


def test_the_views_by_hand(settings_with):
    """Slots of two views: 1, 1, 2 and 3, so 7 in four batches of 4 views and one of new_whale."""
    settings = settings_with(epochs=3, sampler=BATCHES)
    budget = plan_budget(LABELS, batches_of(settings), settings)
    assert (budget.photographs, budget.individuals, budget.new_whales) == (12, 4, 2)
    assert (budget.batches, budget.epochs, budget.views) == (4, 3, 60)
    assert budget.views_per_identity == 3 * 14 / 4 and budget.fewest_views == 6
    assert budget.describe() == [
        "train: 12 photographs of 4 individuals and 2 of new_whale; 4 batches x 3 epochs, 60 views",
        "train: the mean individual is seen 10 times, the rarest 6 times",
    ]


@pytest.mark.parametrize("kind", ["identities", "pairs"])
@pytest.mark.parametrize("changes", [{}, {"power": 0.0}, {"min_views": 6}, {"identities": 3}])
def test_the_budget_is_what_the_batches_show(kind, changes, settings_with):
    """But for the slots that fill the last batch: less than one batch in an epoch."""
    settings = settings_with(epochs=4, sampler=BATCHES | {"kind": kind} | changes)
    batches = batches_of(settings)
    budget = plan_budget(LABELS, batches, settings)
    total, seen = count_seen(batches, 4)
    filled = 4 * batches.batch_views
    assert budget.views == total
    assert 0 <= sum(seen.values()) - budget.views_per_identity * 4 < filled
    assert 0 <= min(seen.values()) - budget.fewest_views < filled


@pytest.mark.parametrize("views, epochs", [(1, 1), (3, 1), (4, 2), (14, 4), (15, 5)])
def test_the_epochs_are_as_many_as_the_views_take(views, epochs, settings_with):
    """An epoch shows the mean individual 3.5 times."""
    settings = settings_with(epochs=0, views_per_identity=views, sampler=BATCHES)
    assert plan_budget(LABELS, batches_of(settings), settings).epochs == epochs


def test_the_same_views_take_as_many_epochs_whatever_the_number_of_individuals(settings_with):
    settings = settings_with(epochs=0, views_per_identity=20, sampler=BATCHES)
    for individuals in (3, 30, 300):
        labels = np.repeat(np.arange(individuals), 4)
        budget = plan_budget(labels, batches_of(settings, labels), settings)
        assert (budget.epochs, budget.views_per_identity) == (5, 20)


def test_one_individual_with_two_photographs(settings_with):
    labels = np.array([0, 0])
    settings = settings_with(epochs=0, views_per_identity=5, sampler=BATCHES)
    budget = plan_budget(labels, batches_of(settings, labels), settings)
    assert (budget.epochs, budget.views, budget.fewest_views) == (3, 6, 6)


@pytest.mark.fault(
    "params",
    "train.views_per_identity so low that all epochs train the head alone",
    "both numbers are named",
)
def test_a_budget_for_the_head_alone_is_refused(settings_with):
    settings = settings_with(epochs=0, views_per_identity=4, head_epochs=2, sampler=BATCHES)
    with pytest.raises(UserError, match="head_epochs is 2, .*views_per_identity 4 gives 2 epochs"):
        plan_budget(LABELS, batches_of(settings), settings)
