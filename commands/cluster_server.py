"""The program's answers to DVC's processes, whose stages it has run by the workers of a cluster."""

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection, Listener

from commands.cluster import Cluster
from commands.cluster_requests import SOCKET, Request
from pipeline.system.errors import UserError


@contextlib.contextmanager
def serve(cluster: Cluster) -> Iterator[None]:
    """Answer the requests of DVC's processes that are started in here."""
    with Listener(family="AF_UNIX") as listener:  # in a folder that only this user may enter
        os.environ[SOCKET] = str(listener.address)
        threading.Thread(target=accept_all, args=(listener, cluster), daemon=True).start()
        try:
            yield
        finally:
            del os.environ[SOCKET]


def accept_all(listener: Listener, cluster: Cluster) -> None:
    """Answer every request in a thread of its own, until the listener is closed."""
    with contextlib.suppress(OSError):
        while True:
            connection = listener.accept()
            threading.Thread(target=answer, args=(connection, cluster), daemon=True).start()


def answer(connection: Connection, cluster: Cluster) -> None:
    """Run the stage of one request, and send its log and its exit code.

    A DVC that has ended takes no log: the error ends its stage, too.
    """
    with connection, contextlib.suppress(BrokenPipeError, EOFError):
        request = Request(**json.loads(connection.recv_bytes()))

        def write(text: str) -> None:
            connection.send_bytes(json.dumps({"log": text}).encode())

        try:
            code = cluster.run(request, write)
        except (UserError, OSError) as error:
            write(f"{error}\n")
            code = 1
        connection.send_bytes(json.dumps({"code": code}).encode())
