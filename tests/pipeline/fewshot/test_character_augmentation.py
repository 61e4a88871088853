import torch

from pipeline.fewshot.character_augmentation import Distortion, distort

NONE = Distortion(rotate=0, shear=0, zoom=0, shift=0, warp=0)


def line() -> torch.Tensor:
    image = torch.zeros(4, 1, 28, 28)
    image[:, :, 8:20, 13:15] = 1
    return image


def test_limits_of_zero_change_nothing():
    distorted = distort(line(), NONE, torch.Generator().manual_seed(0))
    torch.testing.assert_close(distorted, line(), rtol=1e-4, atol=1e-4)


def test_each_image_is_changed_differently_and_keeps_its_ink():
    distorted = distort(line(), Distortion(), torch.Generator().manual_seed(0))
    assert not torch.allclose(distorted[0], distorted[1])
    ink = distorted.sum(dim=(1, 2, 3)) / line()[0].sum()
    assert ((ink > 0.5) & (ink < 2)).all()


def test_each_limit_has_an_effect():
    for change in ("rotate", "shear", "zoom", "shift", "warp"):
        limits = Distortion(**{**vars(NONE), change: getattr(Distortion(), change)})
        distorted = distort(line(), limits, torch.Generator().manual_seed(0))
        assert (distorted - line()).abs().max() > 0.1, change
