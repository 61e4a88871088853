"""Who may use the review: hosts' names, the token, the header that another site can't send.

On this machine alone, the browser's own rules keep other sites out. Reachable from elsewhere, every
request needs the token: once in the URL, then in a cookie that no script can read.
"""

import hmac
import ipaddress
import re
import secrets
import socket
from dataclasses import dataclass
from typing import NoReturn

from flask import Response, abort, redirect, request

LOOPBACK = "127.0.0.1"
# another site's page can't send this header without asking first, and that is refused
HEADER = "X-Tailprint"
PARAMETER = "token"
QUESTIONS = "/questions"  # the pages beside the report
UNKNOWN = "/unknown"
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:@/?#\[\]]+)(?::(\d+))?")
HEADERS = {
    # the report is one file; its meta element says the same, but can't forbid frames
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    # a click in a frame would come from our own page, wherever the frame is
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Access:
    """Where the server listens, and the token that a request needs."""

    host: str
    port: int
    token: str | None

    @classmethod
    def to(cls, listener: socket.socket, host: str) -> "Access":
        """Access to a listening socket: with a new token unless only this machine reaches it.

        host : as the user named it
        """
        address, port = listener.getsockname()[:2]
        is_local = ipaddress.ip_address(address).is_loopback
        return cls(host, port, None if is_local else secrets.token_urlsafe(32))

    @property
    def url(self) -> str:
        """The report's URL, with the token."""
        return self.locate("/")

    def locate(self, page: str) -> str:
        """A page's URL, with the token."""
        everywhere = self.host in ("0.0.0.0", "::")
        host = socket.gethostname() if everywhere else self.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}{page}" + (
            f"?{PARAMETER}={self.token}" if self.token else ""
        )

    def is_ours(self, host: str) -> bool:
        """Whether the header Host names this server.

        Another site's name could be made to lead here; then the browser would send that name.
        """
        parts = HOST.fullmatch(host.lower())
        if not parts:
            return False
        name, port = parts[1].strip("[]"), parts[2] or "80"  # a browser leaves port 80 out
        names = {LOOPBACK, "localhost", "::1", self.host.lower()}
        if self.token:
            names |= {socket.gethostname().lower(), f"{socket.gethostname()}.local".lower()}
        is_named = name in names or (self.token is not None and is_address(name))
        return is_named and port == str(self.port)

    @property
    def cookie(self) -> str:
        """The cookie's name: those of two ports don't mix."""
        return f"tailprint-review-{self.port}"

    def has_token(self, given: str | None) -> bool:
        """Whether this is the token, in a time that tells nothing about it."""
        return hmac.compare_digest((given or "").encode(), (self.token or "").encode())


def is_address(name: str) -> bool:
    """Whether a host is named by its address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def refuse_others(access: Access) -> Response | None:
    """Abort requests of other sites, and those without the token; None lets the request pass.

    The token in the URL is answered by a cookie and the same page without it, so that it stays in
    no history and on no screen.
    """
    if not access.is_ours(request.host):
        refuse(403, "this server answers its own page only")
    if access.token and access.has_token(request.args.get(PARAMETER)):
        answer = redirect(request.path if request.path in (QUESTIONS, UNKNOWN) else "/", 303)
        # lax: a link in a mail may lead here; what changes something also needs the header
        answer.set_cookie(access.cookie, access.token, httponly=True, samesite="Lax")
        return answer  # type: ignore[return-value]
    if access.token and not access.has_token(request.cookies.get(access.cookie)):
        refuse(401, "open the address that tailprint review has printed")
    if request.method not in ("GET", "HEAD") and request.headers.get(HEADER) != "review":
        refuse(403, f"the header {HEADER} is missing")
    return None


def refuse(status: int, reason: str) -> NoReturn:
    """Abort the request with one line."""
    abort(Response(reason, status, mimetype="text/plain"))


def add_headers(response: Response) -> Response:
    """Tell the browser what no page of ours does."""
    response.headers.update(HEADERS)
    return response
