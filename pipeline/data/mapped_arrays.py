"""Large arrays of .npz files, left on the disk: the system holds what is used, and lets it go."""

import struct
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

BLOCK = 2**20  # bytes
LENGTHS = 26  # bytes into a member's own header: the lengths of its name and of what follows
HEADER = 30  # bytes of that header before its name


def map_array(path: Path, name: str) -> np.ndarray:
    """An array of an uncompressed .npz file (np.savez), read-only.

    It is read once, which finds damage. Raises KeyError without an array of this name, ValueError
    for a compressed one, and zipfile.BadZipFile for a damaged one.
    """
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(f"{name}.npy")
        if member.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{name} in {path} is compressed")
        with archive.open(member) as file:
            npy.read_magic(file)
            shape, by_columns, dtype = npy.read_array_header_1_0(file)
            begin = file.tell()
            while file.read(BLOCK):  # at its end, the checksum is compared
                pass
    with path.open("rb") as file:
        file.seek(member.header_offset + LENGTHS)
        lengths = struct.unpack("<HH", file.read(4))
    offset = member.header_offset + HEADER + sum(lengths) + begin
    if not np.prod(shape):  # nothing can't be mapped
        return np.empty(shape, dtype)
    whole = np.memmap(path, dtype, "r", offset, shape, order="F" if by_columns else "C")
    return np.asarray(whole)
