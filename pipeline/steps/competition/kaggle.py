"""A competition's files from kaggle.com, by Kaggle's own client."""

import contextlib
import io
import shutil
import stat
import zipfile
from pathlib import Path
from typing import Any

from pipeline.steps.competition.faults import Faults

COMPLETE = ".complete"  # the file that says which competition a folder holds, whole

NO_TOKEN = (
    "kaggle.com wants to know who asks, and there is no token: neither ~/.kaggle/kaggle.json nor "
    "the environment variables KAGGLE_USERNAME and KAGGLE_KEY (or KAGGLE_API_TOKEN). "
    "To get one: https://www.kaggle.com/settings, API, Create New Token; save the file as "
    "~/.kaggle/kaggle.json"
)
BY_HAND = (
    ". Or download the data by hand, unpack it into competition.path and set competition.source to "
    "directory"
)


def download(slug: str, folder: Path, client: Any = None) -> Path:
    """Download the competition's archive into `folder` and unpack it; returns `folder`.

    What has come once, whole, is not downloaded again: empty the folder to have it anew.

    client: has competition_download_files(slug, path, quiet); Kaggle's own unless a test brings
    another. Raises Faults with the way out where there is no token or Kaggle says no.
    """
    complete = folder / COMPLETE
    if complete.is_file() and complete.read_text() == slug:
        print(f"competition: {slug} is in {folder} already; delete that to download it again")
        return folder
    client = client or connected(BY_HAND)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    fetch(client, slug, folder)
    complete.write_text(slug)
    return folder


def fetch(client: Any, slug: str, folder: Path) -> None:
    """Download and unpack into an empty folder."""
    try:
        client.competition_download_files(slug, path=str(folder), quiet=False)
    except Exception as error:  # the client passes on whatever its HTTP library raises
        raise Faults(f"kaggle.com, competition {slug}", [_refused(slug, error)]) from error
    archives = sorted(folder.glob("*.zip"))
    if not archives:
        raise Faults(f"kaggle.com, competition {slug}", [f"no archive has come into {folder}"])
    for archive in archives:
        unpack(archive, folder)
    for inner in sorted(folder.glob("*.zip")):  # older competitions: train.zip, test.zip inside
        unpack(inner, folder / inner.stem)


def connected(otherwise: str = "") -> Any:
    """Kaggle's client with the user's token. Importing it already looks for one, prints and
    may exit where there is none, so that both are caught.

    Raises Faults where there is no token; `otherwise` ends its message.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            from kaggle.api.kaggle_api_extended import KaggleApi

            client = KaggleApi()
            client.authenticate()
        except (SystemExit, OSError, ValueError) as error:
            raise Faults("kaggle.com", [NO_TOKEN + otherwise]) from error
    return client


def _refused(slug: str, error: Exception) -> str:
    return (
        f"the download failed: {error}. 401: the token is not valid (~/.kaggle/kaggle.json); "
        f"403: accept the rules at https://www.kaggle.com/c/{slug}/rules; 404: competition.slug "
        "in params.yaml is not a competition's; otherwise download by hand and use "
        "competition.source: directory"
    )


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip file and remove it; a member that would leave `folder` is a fault, and then
    nothing is written at all.
    """
    root = folder.resolve()
    try:
        with zipfile.ZipFile(archive) as files:
            outside = [
                f"{archive.name}: {member.filename!r} would be written outside {folder}"
                for member in files.infolist()
                if stat.S_ISLNK(member.external_attr >> 16)
                or "\\" in member.filename
                or not (root / member.filename).resolve().is_relative_to(root)
            ]
            if outside:
                raise Faults(archive, outside)
            files.extractall(folder)
    except zipfile.BadZipFile as error:
        raise Faults(
            archive, [f"not a whole zip file ({error}): delete it and try again"]
        ) from None
    archive.unlink()
