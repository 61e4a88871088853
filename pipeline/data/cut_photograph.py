"""A part of a photograph as a photograph of its own, with the date and the camera of the whole."""

from pathlib import Path

from PIL import Image

from pipeline.data import images

QUALITY = 95  # of JPEG; colours are not reduced
ORIENTATION = 0x0112  # the tag of EXIF; pixels are written upright

Cut = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels; x1 and y1 are exclusive


def cut_photograph(file: Path, cut: Cut, out: Path) -> None:
    """Write the pixels of `cut` as JPEG, with the EXIF block of the whole photograph.

    Raises UserError for a photograph that can't be read.
    """
    x0, y0, x1, y1 = cut
    with images.open_rgb(file) as rgb:
        part = Image.fromarray(rgb[y0:y1, x0:x1].copy())
    part.save(out, "JPEG", quality=QUALITY, subsampling=0, exif=read_exif(file))


def read_exif(file: Path) -> Image.Exif:
    """The EXIF block of an upright copy; empty if there is none that can be read."""
    try:
        with Image.open(file) as image:
            exif = image.getexif()
            exif.get_ifd(0x8769), exif.get_ifd(0x8825)  # read before the file is closed
    except Exception:  # the readers of damaged blocks raise whatever comes up
        return Image.Exif()
    exif.pop(ORIENTATION, None)
    return exif
