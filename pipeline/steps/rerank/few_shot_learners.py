"""The few-shot learners of `rerank.method`, sized for a query's candidates."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pipeline.fewshot import encoders
from pipeline.fewshot.induction import Induction
from pipeline.fewshot.inner_loop import InnerLoop
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.maml import MAML
from pipeline.fewshot.matching import SHARPNESS, Matching
from pipeline.fewshot.memory import Memory
from pipeline.fewshot.meta_lstm import MetaLSTM
from pipeline.fewshot.nearest import Nearest
from pipeline.fewshot.networks import Dense
from pipeline.fewshot.prototypical import Prototypical
from pipeline.fewshot.pt_map import PTMap
from pipeline.fewshot.relation import Relation
from pipeline.fewshot.siamese import Siamese
from pipeline.params import Rerank

INNER_STEPS = 5  # of MAML and the meta-LSTM
MAML_LOOP = InnerLoop(INNER_STEPS, 0.01)  # the learning rate is per class
SLOTS, WIDTH, HEADS = 64, 40, 4  # of the external memory
SLICES = 8  # of the induction network: d x d weights each, for a few hundred training tasks
# units of the network that the meta-LSTM updates: it stores some forty numbers for each weight
META_LSTM_HIDDEN = 8


def build_learner(params: Rerank, shape: tuple[int, ...], ways: int, identities: int) -> Learner:
    """The untrained learner of `rerank.method`.

    shape : of an input: (d) for vectors, (C, H, W) for crops
    ways : candidates per task
    identities : number of all candidates' identities
    """
    hidden = params.fewshot.hidden
    on_crops = len(shape) == 3
    encoder = encoders.conv4(shape, hidden) if on_crops else encoders.residual(shape[0], hidden)
    network = Dense(shape[0], hidden)
    # the length of the vectors is the root of their dimension: products are large, and squared
    # distances, 2 (dim - product), twice as far apart
    scale = 1.0 if on_crops else SHARPNESS / encoder.dim
    learners: dict[str, Callable[[], Learner]] = {
        "euclidean": partial(Nearest, encoder, identities, "euclidean"),
        "cosine": partial(Nearest, encoder, identities, "cosine"),
        "mahalanobis": partial(Nearest, encoder, identities, "mahalanobis"),
        "prototypical": partial(Prototypical, encoder, scale / 2),
        "matching": partial(Matching, encoder, full=False),
        "matching_full": partial(Matching, encoder, full=True, scale=scale),
        "relation": partial(Relation, encoder, hidden),
        "induction": partial(Induction, encoder, SLICES),
        "siamese": partial(Siamese, encoder, "absolute", hidden),
        "maml": partial(MAML, network, replace(MAML_LOOP, second_order=True)),
        "fomaml": partial(MAML, network, MAML_LOOP),
        "meta_lstm": partial(MetaLSTM, Dense(shape[0], META_LSTM_HIDDEN), INNER_STEPS),
        "memory": partial(Memory, encoder, ways, SLOTS, WIDTH, HEADS, hidden),
        "pt_map": partial(PTMap, encoder, identities, balanced=False),
    }
    return learners[params.method]()
