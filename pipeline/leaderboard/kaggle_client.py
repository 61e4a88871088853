"""What is used of Kaggle's client, whose library has no types."""

from collections.abc import Sequence
from typing import Protocol


class Sent(Protocol):
    """kaggle.com's answer to an upload; `ref` is 0 if it failed."""

    ref: int
    message: str


class Status(Protocol):
    name: str


class Scored(Protocol):
    """A submission that kaggle.com knows."""

    ref: int
    status: Status
    public_score: str | None
    private_score: str | None
    error_description: str | None


class Client(Protocol):
    """What is used of Kaggle's client."""

    def competition_submit(self, file: str, message: str, slug: str, *, quiet: bool) -> Sent: ...

    def competition_submissions(self, slug: str) -> Sequence[Scored] | None: ...
