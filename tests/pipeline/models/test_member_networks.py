"""Networks that embed by their first weights alone."""

import torch
import torch.nn.functional as F

from pipeline.models import member_networks, stored_weights
from pipeline.params import Backbone

TINY = Backbone(timm_name="test_resnet", weights="none", overrides={})


def test_a_frozen_network_embeds_by_pooled_features(settings_with, tmp_path):
    torch.manual_seed(0)
    net = member_networks.build_frozen(TINY, settings_with(channels=4, pooling="average"))
    crops = torch.randint(256, (3, 4, 32, 64), dtype=torch.uint8)
    with torch.inference_mode():
        vectors, pooled = net.embed(crops), net.pool_maps(crops)
    assert not net.training and vectors.shape == (3, net.width)
    torch.testing.assert_close(vectors, F.normalize(pooled))
    assert all(name.startswith("backbone.") for name in net.state_dict())
    file = tmp_path / "model.safetensors"
    stored_weights.save_weights(stored_weights.to_arrays(net), file)
    frozen = settings_with(epochs=0, channels=4, pooling="average")
    again = member_networks.load_trained(TINY, frozen, file).eval()
    assert torch.equal(again.embed(crops), vectors)
