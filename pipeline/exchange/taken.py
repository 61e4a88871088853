"""When a photograph was taken, by its EXIF."""

from datetime import datetime
from pathlib import Path

from PIL import Image

EXIF = 0x8769  # the block with the camera's own tags
TAGS = (0x9003, 0x9004)  # DateTimeOriginal, DateTimeDigitized
FORM = "%Y:%m:%d %H:%M:%S"


def read_taken(file: Path) -> datetime | None:
    """The camera's local time; None if it says none, or the file can't be read."""
    try:
        with Image.open(file) as image:
            exif = Image.Image.getexif(image).get_ifd(EXIF)
        texts = [str(exif[tag]).strip("\0 ")[:19] for tag in TAGS if tag in exif]
        return next(iter(datetime.strptime(text, FORM) for text in texts), None)
    except Exception:  # Pillow raises whatever comes up in a damaged block
        return None
