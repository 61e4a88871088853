import torch

from pipeline.fewshot.drawing import Hand, redrawn

STILL = Hand(rotate=0, shear=0, zoom=0, shift=0, wobble=0)


def line() -> torch.Tensor:
    picture = torch.zeros(4, 1, 28, 28)
    picture[:, :, 8:20, 13:15] = 1
    return picture


def test_a_still_hand_changes_nothing():
    told = redrawn(line(), STILL, torch.Generator().manual_seed(0))
    torch.testing.assert_close(told, line(), rtol=1e-4, atol=1e-4)


def test_every_drawing_changes_on_its_own_and_keeps_its_ink():
    told = redrawn(line(), Hand(), torch.Generator().manual_seed(0))
    assert not torch.allclose(told[0], told[1])
    ink = told.sum(dim=(1, 2, 3)) / line()[0].sum()
    assert ((ink > 0.5) & (ink < 2)).all()


def test_each_change_does_something():
    for change in ("rotate", "shear", "zoom", "shift", "wobble"):
        hand = Hand(**{**vars(STILL), change: getattr(Hand(), change)})
        told = redrawn(line(), hand, torch.Generator().manual_seed(0))
        assert (told - line()).abs().max() > 0.1, change
