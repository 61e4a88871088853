"""Every learner, small, on vectors or on pictures."""

from collections.abc import Callable

import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.induction import Induction
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.maml import MAML
from pipeline.fewshot.matching import Matching
from pipeline.fewshot.memory import Memory
from pipeline.fewshot.meta_lstm import MetaLSTM
from pipeline.fewshot.nearest import Nearest
from pipeline.fewshot.networks import Conv, Dense
from pipeline.fewshot.prototypical import Prototypical
from pipeline.fewshot.pt_map import PTMap
from pipeline.fewshot.relation import Relation
from pipeline.fewshot.reptile import Reptile
from pipeline.fewshot.siamese import Siamese
from pipeline.fewshot.tasks import Episodes, Support

DIM, PICTURE, WAYS = 6, (1, 16, 16), 4
CLASSES, WORLDS = 5, 10  # classes of a world; worlds to learn from


def learners(shape: tuple[int, ...]) -> dict[str, Callable[[], Learner]]:
    """By name, for inputs of that shape: vectors (DIM,) or PICTURE."""
    pictures = len(shape) > 1
    network = Conv(shape, 4) if pictures else Dense(DIM, 8)

    def encoder() -> encoders.Encoder:
        return encoders.conv4(shape, 8) if pictures else encoders.vectors(DIM, 8)

    return {
        "euclidean": lambda: Nearest(encoder(), CLASSES * WORLDS, "euclidean"),
        "cosine": lambda: Nearest(encoder(), CLASSES * WORLDS, "cosine"),
        "mahalanobis": lambda: Nearest(encoder(), CLASSES * WORLDS, "mahalanobis"),
        "prototypical": lambda: Prototypical(encoder()),
        "matching": lambda: Matching(encoder(), full=False),
        "matching_full": lambda: Matching(encoder(), full=True),
        "relation": lambda: Relation(encoder(), 8),
        "induction": lambda: Induction(encoder(), 4),
        "siamese": lambda: Siamese(encoder(), "absolute", 8),
        "maml": lambda: MAML(network, 2, 0.025, 0.025, second_order=True),
        "fomaml": lambda: MAML(network, 2, 0.025, 0.025, second_order=False),
        "reptile": lambda: Reptile(network, 3, 0.3, 6),
        "meta_lstm": lambda: MetaLSTM(network, 3),
        "memory": lambda: Memory(encoder(), WAYS, 12, 16, 2, 48),
        "pt_map": lambda: PTMap(encoder(), CLASSES * WORLDS, balanced=False),
    }


def episodes(
    shape: tuple[int, ...] = (DIM,),
    tasks: int = 3,
    shots: int = 2,
    queries: int = 2,
    seed: int = 0,
    world: int = 0,
    loud: float = 0.0,
) -> Episodes:
    """Tasks whose classes lie apart: each class of a world has a random centre.

    loud: the spread of half of the numbers, of vectors, that tell nothing of the class.
    """
    generator = torch.Generator().manual_seed(1000 * world + seed)
    centres = torch.randn(CLASSES, *shape, generator=torch.Generator().manual_seed(world))
    classes = torch.stack(
        [torch.randperm(CLASSES, generator=generator)[:WAYS] for _ in range(tasks)]
    )

    def examples(each: int) -> torch.Tensor:
        own = centres[classes].repeat_interleave(each, dim=1)
        near = own + 0.3 * torch.randn(own.shape, generator=generator)
        if loud:
            half = near[..., DIM // 2 :]
            half.copy_(loud * torch.randn(half.shape, generator=generator))
        return near

    labels = torch.arange(WAYS).repeat_interleave(shots).expand(tasks, -1)
    truth = torch.arange(WAYS).repeat_interleave(queries).expand(tasks, -1)
    support = Support(examples(shots), labels, torch.ones(labels.shape))
    return Episodes(support, examples(queries), truth, classes + world % WORLDS * CLASSES)
