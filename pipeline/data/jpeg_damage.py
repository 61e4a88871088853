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
# markers of a frame: C4, C8 and CC are others. Baseline, extended and progressive, Huffman codes
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
PLAIN_FRAMES = (0xC0, 0xC1, 0xC2)
# other messages are about what that binding can't do
WARNINGS = (
    *("Corrupt JPEG data", "Premature end", "Inconsistent progression"),
    *("Invalid", "Bogus", "Unsupported marker"),
)


def try_decoding(data: bytes) -> str | None:
    """libjpeg's complaint about a JPEG, "" if it decodes all of it without one.

    None: there is nothing to say, since it is no JPEG or the binding is missing.
    """
    if simplejpeg is None or not data.startswith(START):
        return None
    try:
        simplejpeg.decode_jpeg(
            data, "GRAY", fastdct=True, min_height=1, min_width=1, min_factor=SMALLEST
        )
    except ValueError as error:
        return str(error) or "unknown"
    return ""


def select_warning(complaint: str | None) -> str:
    """A complaint of `try_decoding`, if it is a warning of damaged data; "" otherwise."""
    return complaint if complaint and complaint.startswith(WARNINGS) else ""


def is_plain(data: bytes) -> bool:
    """Whether OpenCV decodes a JPEG as libjpeg does: 8 bits, the usual coding, nothing of EXIF.

    Reads the segments as far as the frame's (ITU-T T.81, B.2). EXIF may turn the photograph.
    """
    at = len(START)
    while data[at : at + 1] == b"\xff":
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker in FRAMES:
            return marker in PLAIN_FRAMES and data[at + 4 : at + 5] == b"\x08"
        if length < 2 or data[at + 4 : at + 8] == b"Exif":
            return False
        at += 2 + length
    return False
