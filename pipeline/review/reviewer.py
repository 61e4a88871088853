"""Who decides: the name of --who, or one that a person on another machine has given on the page."""

from urllib.parse import quote, unquote

from flask import Response, request

from pipeline.review.access import Access
from pipeline.review.decisions import check_reviewer, parse_object
from pipeline.system.errors import UserError

YEAR = 365 * 24 * 3600  # seconds


class Reviewers:
    """The names of reviewers, each in a cookie that no script can read.

    Whoever may use the review may give any name: it says who decided, and gives no rights.

    default : the name of a browser that has given none
    """

    def __init__(self, access: Access, default: str) -> None:
        self._cookie = f"tailprint-reviewer-{access.port}"
        self._default = default
        self._is_shared = access.token is not None

    def current(self) -> str:
        """The name of the reviewer who sends the request."""
        return self._read() or self._default

    def is_known(self) -> bool:
        """Whether a name was given, or only this machine's user can send requests."""
        return not self._is_shared or self._read() is not None

    def _read(self) -> str | None:
        try:
            return check_reviewer(unquote(request.cookies[self._cookie], errors="strict"))
        except (KeyError, ValueError):  # none, or one that this page has not written
            return None

    def rename(self) -> Response:
        """Keep the name of the request's JSON, or answer 409 with the reason why not."""
        try:
            given = parse_object(request.get_data() if request.is_json else b"")
            name = given.get("name") if isinstance(given, dict) else None
            if not isinstance(name, str):
                raise UserError("a reviewer has the text name")
            name = check_reviewer(name.strip(), "the name")
        except ValueError as error:
            return Response(str(error), 409, mimetype="text/plain")
        answer = Response(status=204)
        answer.set_cookie(self._cookie, quote(name), max_age=YEAR, httponly=True, samesite="Strict")
        return answer
