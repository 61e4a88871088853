"""The server of the review: its port, and its limits, so that no visitor can stop it."""

import errno
import logging
import os
import socket
import time
from typing import TYPE_CHECKING

from waitress import create_server
from waitress.channel import HTTPChannel

from pipeline.system.errors import UserError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from waitress.server import TcpWSGIServer

LARGEST_DECISION = 16 * 2**10  # bytes: two names of files and a word
LARGEST_BODY = 4 * LARGEST_DECISION  # the names of a group's files
LIMITS = {
    # decisions that wait share one write, so each may have a thread
    "threads": 32,
    # connections, well below the 1,024 files that a process may open; poll has no limit of its own
    "connection_limit": 500,
    "asyncore_use_poll": True,
    # seconds until a connection without a complete request is closed
    "channel_timeout": 20,
    "cleanup_interval": 2,
    "max_request_header_size": 16 * 2**10,
    "max_request_body_size": LARGEST_BODY,
}


class ImpatientChannel(HTTPChannel):
    """A connection whose request has to be complete in time; what trickles in extends nothing."""

    last_activity: float

    def handle_read(self) -> None:
        """Read what has come."""
        started = time.time() if self.request is None else self.last_activity
        super().handle_read()
        if self.request is not None:
            self.last_activity = started


def listen(host: str, port: int) -> socket.socket:
    """Bind a socket to a host's port. Raises UserError in one line if that is impossible."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(f"--host {host}: {error.strerror}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise UserError(explain(error, host, port)) from None
    return listener


def explain(error: OSError, host: str, port: int) -> str:
    """Why a port can't be used, and the way out."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use, by an earlier review maybe: choose another --port"
    if error.errno == errno.EACCES:
        return f"port {port} needs the rights of root: choose a --port from 1024 to 65535"
    return f"--host {host}: {os.strerror(error.errno or 0)}"


def create(app: "WSGIApplication", listener: socket.socket) -> "TcpWSGIServer":
    """The server for an application; its `run` serves until the process ends."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a queue is no fault
    server = create_server(app, sockets=[listener], ident=None, **LIMITS)
    server.channel_class = ImpatientChannel
    return server
