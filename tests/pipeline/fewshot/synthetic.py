"""Every learner in a small size, and episodes of synthetic classes, vectors or images."""

from collections.abc import Callable

import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.induction import Induction
from pipeline.fewshot.inner_loop import InnerLoop
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

DIM, IMAGE, WAYS = 6, (1, 16, 16), 4
CLASSES, WORLDS = 5, 10  # classes of a world; worlds in training


def build_learners(shape: tuple[int, ...]) -> dict[str, Callable[[], Learner]]:
    """Constructors by name, for inputs of that shape: vectors (DIM,) or IMAGE."""
    on_images = len(shape) > 1
    network = Conv(shape, 4) if on_images else Dense(DIM, 8)
    maml_loop = InnerLoop(2, 0.025)

    def encoder() -> encoders.Encoder:
        return encoders.conv4(shape, 8) if on_images else encoders.residual(DIM, 8)

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
        "maml": lambda: MAML(network, InnerLoop(2, 0.025, second_order=True)),
        "fomaml": lambda: MAML(network, maml_loop),
        "reptile": lambda: Reptile(network, InnerLoop(3, 0.3), 6),
        "meta_lstm": lambda: MetaLSTM(network, 3),
        "memory": lambda: Memory(encoder(), WAYS, 12, 16, 2, 48),
        "pt_map": lambda: PTMap(encoder(), CLASSES * WORLDS, balanced=False),
    }


def sample_episodes(
    shape: tuple[int, ...] = (DIM,),
    tasks: int = 3,
    shots: int = 2,
    queries: int = 2,
    seed: int = 0,
    world: int = 0,
    noise: float = 0.0,
) -> Episodes:
    """Tasks whose classes lie apart: each class of a world has a random centre.

    noise: the deviation of half of a vector's components, which do not depend on the class.
    """
    generator = torch.Generator().manual_seed(1000 * world + seed)
    centres = torch.randn(CLASSES, *shape, generator=torch.Generator().manual_seed(world))
    classes = torch.stack(
        [torch.randperm(CLASSES, generator=generator)[:WAYS] for _ in range(tasks)]
    )

    def sample_inputs(count: int) -> torch.Tensor:
        centre = centres[classes].repeat_interleave(count, dim=1)
        inputs = centre + 0.3 * torch.randn(centre.shape, generator=generator)
        if noise:
            half = inputs[..., DIM // 2 :]
            half.copy_(noise * torch.randn(half.shape, generator=generator))
        return inputs

    labels = torch.arange(WAYS).repeat_interleave(shots).expand(tasks, -1)
    truth = torch.arange(WAYS).repeat_interleave(queries).expand(tasks, -1)
    support = Support(sample_inputs(shots), labels, torch.ones(labels.shape))
    return Episodes(support, sample_inputs(queries), truth, classes + world % WORLDS * CLASSES)
