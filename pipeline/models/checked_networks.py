"""The networks of params.yaml are tried once, not before every stage: the attempt imports torch.

What has been tried is written down with everything that it depends on; a change of any of it has
the networks tried again.
"""

import json
from importlib import import_module, metadata
from pathlib import Path

from pipeline.params import Params
from pipeline.system import files

LIBRARIES = ("torch", "timm", "kornia")


def check_networks_once(p: Params, record: Path) -> None:
    """Do what `preflight.check_networks` does, unless these networks have passed it before.

    record : the file in which the networks that passed are written down

    `preflight` is imported by its name: no stage's files are stale after a change of the networks'
    code because the stage has looked at them.
    """
    networks = describe_networks(p)
    if record.is_file() and record.read_text(encoding="utf-8") == networks:
        return
    import_module("pipeline.models.preflight").check_networks(p)
    files.replace(record, lambda part: part.write_text(networks, encoding="utf-8"))


def describe_networks(p: Params) -> str:
    """All that decides whether the networks can be trained, as one line of JSON."""
    members = {name: p.member_train(name).model_dump(mode="json") for name in p.backbones}
    backbones = {name: one.model_dump(mode="json") for name, one in p.backbones.items()}
    return json.dumps(
        {
            "versions": {name: metadata.version(name) for name in LIBRARIES},
            "weights": {
                name: describe_file(Path(one.weights)) for name, one in p.backbones.items()
            },
            "backbones": backbones,
            "train": members,
            "crop": p.crop.model_dump(mode="json"),
            "local": describe_local_networks(p),
        }
    )


def describe_local_networks(p: Params) -> list:
    """What decides whether the networks of local features can be used."""
    keypoints, match = p.keypoints, p.match
    files = [keypoints.weights, match.matcher_weights, match.pairs_weights]
    words = [keypoints.enabled, keypoints.detector, match.matcher, match.pairs, *files]
    return [*words, *(describe_file(Path(file)) for file in files)]


def describe_file(path: Path) -> list[int]:
    """A file's size and time; empty if `path` is no file but a word like "imagenet"."""
    if not path.is_file():
        return []
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]
