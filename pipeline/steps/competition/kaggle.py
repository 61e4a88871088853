"""Downloading a competition's files from kaggle.com with Kaggle's client."""

import contextlib
import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline.steps.competition import archives
from pipeline.system.errors import Faults
from pipeline.system.files import NO_SPACE

if TYPE_CHECKING:
    from kaggle.api.kaggle_api_extended import KaggleApi

COMPLETE = ".complete"  # a file with the slug of the competition that a folder holds completely

NO_TOKEN = (
    "kaggle.com requires a token, and there is none: neither ~/.kaggle/kaggle.json nor "
    "the environment variables KAGGLE_USERNAME and KAGGLE_KEY (or KAGGLE_API_TOKEN). "
    "To get one: https://www.kaggle.com/settings, API, Create New Token; save the file as "
    "~/.kaggle/kaggle.json"
)
BY_HAND = (
    ". Or download the data by hand, unpack it into competition.path and set competition.source to "
    "directory"
)


class Client(Protocol):
    """What is used of Kaggle's client; tests bring another."""

    def competition_download_files(self, competition: str, path: str, quiet: bool) -> None: ...


def download(slug: str, folder: Path, client: Client | None = None) -> Path:
    """Download the competition's archive into `folder` and unpack it; returns its root folder.

    A complete download is not repeated: delete the folder to download again. Raises Faults with a
    remedy if there is no token, if Kaggle refuses, or if the archive can't be unpacked.
    """
    complete = folder / COMPLETE
    if complete.is_file() and complete.read_text() == slug:
        print(f"competition: {slug} is in {folder} already; delete that to download it again")
        return archives.find_root(folder)
    client = client or connect(BY_HAND)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    fetch(client, slug, folder)
    root = archives.find_root(folder)
    for inner in root.iterdir():
        if inner.is_dir():
            archives.lift(inner)
    complete.write_text(slug)
    return root


def fetch(client: Client, slug: str, folder: Path) -> None:
    """Download and unpack into an empty folder."""
    try:
        client.competition_download_files(slug, path=str(folder), quiet=False)
    except Exception as error:  # the client passes on whatever its HTTP library raises
        reason = _describe_refusal(slug, folder, error)
        raise Faults(f"kaggle.com, competition {slug}", [reason]) from error
    if not list(folder.glob("*.zip")):
        raise Faults(
            f"kaggle.com, competition {slug}", [f"no archive was downloaded into {folder}"]
        )
    archives.unpack_all(folder)


def connect(hint: str = "") -> "KaggleApi":
    """Return Kaggle's client with the user's token; raises Faults without one.

    Importing the client already looks for a token, and prints and may exit without one: both are
    caught. `hint` ends the message.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            from kaggle.api.kaggle_api_extended import KaggleApi

            client = KaggleApi()
            client.authenticate()
        except (SystemExit, OSError, ValueError) as error:
            raise Faults("kaggle.com", [NO_TOKEN + hint]) from error
    return client


def _describe_refusal(slug: str, folder: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return f"the disk of {folder} is full: free some space and run again"
    return (
        f"the download failed: {error}. 401: the token is not valid (~/.kaggle/kaggle.json); "
        f"403: accept the rules at https://www.kaggle.com/c/{slug}/rules; 404: competition.slug "
        "in params.yaml is not that of a competition; otherwise download by hand and use "
        "competition.source: directory"
    )
