"""The animals that a detector, or a person, has found on photographs, whatever file says so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.exchange.boxes import FoundBox

THRESHOLD = 0.2  # of MegaDetector v5, by its own `typical_detection_threshold`
ANIMAL = "animal"
NO_ANIMALS = {"person", "human", "vehicle", "empty", "blank"}


@dataclass(frozen=True)
class Detections:
    """What a detector found, by photograph as its file names it.

    boxes : of animals at or above the threshold, most confident first; empty if there are none
    below : the highest confidence of an animal below the threshold, of photographs without others
    failed : why the detector could not read a photograph
    """

    boxes: dict[str, list[FoundBox]]
    below: dict[str, float]
    failed: dict[str, str]

    @property
    def names(self) -> list[str]:
        """All photographs that the file lists."""
        return [*self.boxes, *self.failed]


def collect(
    names: Iterable[str],
    found: Iterable[tuple[str, FoundBox]],
    below: Iterable[tuple[str, float]],
    failed: Mapping[str, str],
) -> Detections:
    """The detections by photograph.

    names : of the photographs without a failure; found, below : a photograph with a box, and with
    the confidence of an animal below the threshold
    """
    boxes: dict[str, list[FoundBox]] = {name: [] for name in names}
    for name, box in sorted(found, key=lambda pair: -pair[1].confidence):
        boxes[name].append(box)
    highest: dict[str, float] = {}
    for name, value in below:
        if not boxes[name]:
            highest[name] = max(value, highest.get(name, 0.0))
    return Detections(boxes, highest, dict(failed))


def is_animal(name: str, only: bool) -> bool:
    """Whether a category is of animals; only : whether the file has one that is called so."""
    return name == ANIMAL if only else name not in NO_ANIMALS
