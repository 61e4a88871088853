"""JPEGs that are decoded with a warning: a part of the photograph is smeared, shifted or grey.

OpenCV and Pillow pass over libjpeg's warnings. Its other binding does not: at an eighth of the size
it adds two thirds to the time of the decoding (2.9 ms beside 4.5 ms for 1050 x 700 pixels).
"""

try:
    import simplejpeg
except ImportError:  # no wheel for this platform
    simplejpeg = None

AVAILABLE = simplejpeg is not None
START = b"\xff\xd8"
SMALLEST = 8  # an eighth of both sides: all data are read, few pixels made
# other messages are about what that binding can't do
WARNINGS = (
    *("Corrupt JPEG data", "Premature end", "Inconsistent progression"),
    *("Invalid", "Bogus", "Unsupported marker"),
)


def find_warning(data: bytes) -> str:
    """What libjpeg warns of in a JPEG that OpenCV has decoded; "" for nothing, or no JPEG."""
    if simplejpeg is None or not data.startswith(START):
        return ""
    try:
        simplejpeg.decode_jpeg(
            data, "GRAY", fastdct=True, min_height=1, min_width=1, min_factor=SMALLEST
        )
    except ValueError as error:
        warning = str(error)
        return warning if warning.startswith(WARNINGS) else ""
    return ""
