"""An application that reviews the project of `conftest.py`."""

from flask import Flask

from pipeline import paths
from pipeline.review import desk
from pipeline.review.access import LOOPBACK, Access

PORT = 8765


def make_app(host: str = LOOPBACK, token: str | None = None) -> Flask:
    access = Access(host, PORT, token)
    return desk.create_app(paths.report("best"), "somebody", "majority", access)
