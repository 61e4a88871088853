"""The decision that a request asks for, checked before anything is done with it."""

import json
import re
from datetime import UTC, datetime

from pipeline.review.opinions import DISPUTE
from pipeline.steps.labels.verdicts import DECISIONS
from pipeline.system.errors import UserError

KEYS = ("image_a", "image_b", "decision")
ANSWERS = tuple(word for word in DECISIONS if word != "name")  # about one pair, or one photograph
LONGEST_REVIEWER = 80
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def parse_decision(data: bytes, reviewer: str) -> dict[str, str]:
    """The row of data/review.csv for a request's JSON. Raises UserError if it makes none."""
    request = parse_object(data)
    if not isinstance(request, dict) or not all(isinstance(request.get(key), str) for key in KEYS):
        raise UserError(f"a decision has the texts {', '.join(KEYS)}")
    if request["decision"] not in ANSWERS:
        raise UserError(f"{request['decision']!r} is none of {', '.join(ANSWERS)}")
    for key in KEYS[:2]:
        check_image(request[key])
    return make_row(request["image_a"], request["image_b"], request["decision"], reviewer)


def check_image(name: str) -> None:
    """Raise UserError for a text that is the name of no image."""
    if re.search(r"[\x00-\x1f\ud800-\udfff]", name):
        raise UserError(f"there is no image {name!r}")


def make_row(image: str, other: str, decision: str, reviewer: str) -> dict[str, str]:
    """The row of data/review.csv for a decision that is made now."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    row = {"image_a": image, "image_b": other, "decision": decision}
    return row | {"who": reviewer, "when": when}


def parse_object(data: bytes, lists: int = 0) -> object:
    """Parse JSON that has no object and only so many lists inside. Raises UserError."""
    brackets = STRING.sub(b"", data)
    if brackets.count(b"{") + brackets.count(b"[") > 1 + lists:
        raise UserError("a decision is one JSON object, without lists or objects inside")
    try:
        return json.loads(data)
    except ValueError:
        raise UserError("a decision is one JSON object; this is no JSON") from None


def check_reviewer(name: str, source: str = "--who") -> str:
    """Return the name. Raises UserError if a cell of data/review.csv can't have it.

    source : where it comes from, for the message
    """
    if not name.strip() or len(name) > LONGEST_REVIEWER or not name.isprintable():
        raise UserError(
            f"{source} {name!r}: a reviewer's name is one line of 1 to {LONGEST_REVIEWER} "
            "characters"
        )
    if name == DISPUTE:
        raise UserError(f"{source} {name!r}: stands for two reviewers who disagree")
    return name
