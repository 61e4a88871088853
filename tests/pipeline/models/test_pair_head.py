"""The siamese head, number by number."""

import pytest
import torch
from safetensors.torch import save_file

from pipeline.models import pair_head
from pipeline.models.pair_head import KINDS, PairHead
from tests.pipeline.models.tiny_network import net


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([[0.6, 0.8, 0.0, 0.0]]), torch.tensor([[0.0, 0.0, 0.6, -0.8]])


@pytest.mark.parametrize("kind", KINDS)
def test_both_orders_give_the_same_logit(kind, pair):
    torch.manual_seed(0)
    head = PairHead(kind, 4, 8)
    assert head(*pair).shape == (1,)
    torch.testing.assert_close(head(*pair), head(*reversed(pair)))
    assert head(*pair).item() != pytest.approx(head(pair[0], pair[0]).item())


def test_absolute_by_hand(pair):
    """Numbers are scaled by 2: |a - b| = 1.2, 1.6, 1.2, 1.6."""
    head = PairHead("absolute", 4, 8)
    head.last.weight.data = torch.tensor([[1.0, 10, 100, 1000]])
    head.last.bias.data.fill_(0.5)
    assert head(*pair).item() == pytest.approx(0.5 + 1.2 + 16 + 120 + 1600)


def test_rich_by_hand(pair):
    """With weights that select one of the four combinations, and weight 1 for each number."""
    head = PairHead("rich", 4, 1)
    head.last.weight.data.fill_(1.0)
    head.last.bias.data.fill_(0.0)
    head.each[2].weight.data.fill_(1.0)
    head.each[2].bias.data.fill_(-9.0)
    a, b = (2 * vector[0] for vector in pair)
    combinations = [a * b, a + b, (a - b).abs(), (a - b) ** 2]
    for selected, numbers in enumerate(combinations):
        head.each[0].weight.data = torch.eye(4)[selected : selected + 1]
        head.each[0].bias.data.fill_(9.0)  # away from the ReLU's kink
        assert head(*pair).item() == pytest.approx(numbers.sum().item(), abs=1e-4)


def test_concat_by_hand(pair):
    """A hidden unit that sees a's first number, in both orders: (1.2 + 0) / 2."""
    head = PairHead("concat", 4, 1)
    head.last[0].weight.data = torch.eye(8)[:1]
    head.last[0].bias.data.fill_(0.0)
    head.last[2].weight.data.fill_(1.0)
    head.last[2].bias.data.fill_(0.0)
    assert head(*pair).item() == pytest.approx(0.6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_of_pairs(kind):
    """3 queries against 5 others each: 3 x 5 logits, as pair by pair."""
    torch.manual_seed(0)
    head = PairHead(kind, 4, 8)
    first, second = torch.randn(3, 1, 4).expand(3, 5, 4), torch.randn(3, 5, 4)
    logits = head(first, second)
    assert logits.shape == (3, 5)
    torch.testing.assert_close(logits[2, 4], head(first[2, 4], second[2, 4]))


def test_a_trained_head_is_loaded_from_its_members_file(tmp_path, settings_with):
    siamese = {"weight": 1.0, "head": "concat", "hidden": 3}
    settings = settings_with(loss={"siamese": siamese})
    network = net(settings, pair_head=pair_head.build_pair_head(settings))
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(state, tmp_path / "model.safetensors")
    loaded = pair_head.load_pair_head(settings, tmp_path / "model.safetensors")
    first, second = torch.randn(2, 5, settings.embedding)
    torch.testing.assert_close(loaded(first, second), network.pair_head(first, second))


def test_without_the_siamese_loss_there_is_no_head(settings_with, tmp_path):
    assert pair_head.build_pair_head(settings_with()) is None
    with pytest.raises(ValueError, match="no siamese head: train.loss.siamese"):
        pair_head.load_pair_head(settings_with(), tmp_path / "model.safetensors")
    assert not [name for name in net(settings_with()).state_dict() if "pair_head" in name]
