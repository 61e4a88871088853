"""The files in which a detector, or a person, has written where animals are on photographs."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.exchange import coco, coco_detections, megadetector
from pipeline.exchange.boxes import Convention
from pipeline.exchange.found_animals import THRESHOLD, Detections
from pipeline.exchange.json_file import read_json
from pipeline.system.errors import UserError


@dataclass(frozen=True)
class DetectionFiles:
    """The files in which a detector has written where the animals are.

    new, catalogue : of the new photographs and of the catalogue's
    threshold : the least confidence of a detection that counts
    boxes : what their boxes are, if that is not certain
    """

    new: Path | None = None
    catalogue: Path | None = None
    threshold: float = THRESHOLD
    boxes: Convention | None = None


def read_detections(
    path: Path, threshold: float = THRESHOLD, stated: Convention | None = None
) -> Detections:
    """Read a JSON file of MegaDetector, or of programs like it, or of COCO: by what is in it.

    threshold : the least confidence of a detection that counts
    stated : what the user says about the four numbers of boxes

    Raises UserError with all that is wrong.
    """
    content = read_json(path)
    if coco.is_coco(content):
        if stated == Convention.corners:
            raise UserError(
                f"{path.name}: is a COCO file, whose boxes are x, y, width and height: leave out "
                f"--boxes {stated}"
            )
        return coco_detections.parse_detections(path, content, threshold)
    if isinstance(content, list) and content and _is_result(content[0]):
        raise UserError(
            f"{path.name}: is a list of COCO's results, which does not name the photographs: put "
            'it into {"images": ..., "annotations": ..., "categories": ...} with those of the file '
            "that the detector was given"
        )
    return megadetector.parse_detections(path, content, threshold, stated)


def _is_result(one: object) -> bool:
    return isinstance(one, dict) and {"image_id", "bbox"} <= one.keys() and "file" not in one
