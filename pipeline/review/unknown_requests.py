"""What a request asks of the groups of unknown individuals, checked before anything is done."""

from pipeline.review.decisions import check_image, parse_object
from pipeline.review.unknown_desk import UnknownDesk
from pipeline.system.errors import UserError

ACTIONS = ("name", "join", "separate", "undo")


def answer_change(desk: UnknownDesk, data: bytes, who: str) -> dict[str, object]:
    """Do what a request's JSON asks: `action`, `images`, and of `name` also `name` and `isSure`.

    Raises UserError if it asks nothing of the kind, and as `desk`.
    """
    request = parse_object(data, lists=1)
    if not isinstance(request, dict) or request.get("action") not in ACTIONS:
        raise UserError(f"a change has an action: {', '.join(ACTIONS)}")
    if request["action"] == "undo":
        return desk.undo(who)
    images = read_images(request.get("images"))
    if request["action"] == "join":
        return desk.join(images, who)
    if request["action"] == "separate":
        return desk.separate(images[0], who)
    name = request.get("name")
    if not isinstance(name, str):
        raise UserError("a name is a text")
    return desk.name(images, name.strip(), request.get("isSure") is True, who)


def read_images(given: object) -> list[str]:
    """The names of images, of which there is one at least."""
    if not isinstance(given, list) or not given or not all(isinstance(x, str) for x in given):
        raise UserError("a change has images, a list of texts")
    for name in given:
        check_image(name)
    return list(dict.fromkeys(given))
