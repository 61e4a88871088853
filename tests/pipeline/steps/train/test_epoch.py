"""One epoch of a training: what it changes, and the size of its crops."""

import pytest
import torch
from tqdm import tqdm

from pipeline.steps.train import epoch
from pipeline.training.session import start_session
from tests.pipeline.models.tiny_network import net


@pytest.mark.usefixtures("in_process")
def test_the_first_epochs_can_train_the_head_alone(training_set, settings_with):
    """In a frozen backbone nothing changes, batch statistics included; then everything does."""
    settings = settings_with(head_epochs=1)
    before = {name: value.clone() for name, value in net(settings).state_dict().items()}
    network = net(settings)
    session = start_session(network, training_set, settings, 0)
    with tqdm(disable=True) as progress:
        epoch.train_epoch(session, 0, 0, progress)
        changed = {n for n, v in network.state_dict().items() if not torch.equal(v, before[n])}
        assert changed and not [name for name in changed if name.startswith("backbone.")]
        epoch.train_epoch(session, 1, 0, progress)
    changed = {n for n, v in network.state_dict().items() if not torch.equal(v, before[n])}
    assert "backbone.conv1.0.weight" in changed and "backbone.bn1.running_mean" in changed


def test_a_shrunk_crop_is_the_mean_of_its_pixels():
    crops = torch.tensor([[[[10, 20], [30, 40]]]], dtype=torch.uint8)
    assert epoch.shrink(crops, 0.5).tolist() == [[[[25]]]]
    assert epoch.shrink(crops, 1.0) is crops
