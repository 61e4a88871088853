"""Trying the networks of local features before anything runs: `match` would fail hours later."""

from pipeline.models import light_glue, local_detectors, loftr
from pipeline.params import Params


def needs_networks(p: Params) -> bool:
    """Whether local features are found or matched by a network."""
    learned = p.keypoints.detector != "sift" or p.match.pairs != "none"
    return p.keypoints.enabled and learned


def check_local_networks(p: Params) -> None:
    """Load each network once; raises UserError if its weights can't be had, or are another's."""
    if not needs_networks(p):
        return
    detector = p.keypoints.detector
    if detector != "sift":
        local_detectors.load_network(detector, p.keypoints.weights)
    if p.match.matcher == "lightglue":
        light_glue.load_network(detector, p.match.matcher_weights)
    if p.match.pairs == "loftr":
        loftr.load_network(p.match.pairs_weights)
