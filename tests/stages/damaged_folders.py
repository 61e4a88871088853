"""Ways to damage a competition's folder, each by one function, with the right outcome."""

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

TABLES = {
    "train.csv": "Image,Id\na.jpg,w1\nb.jpg,w1\nc.jpg,w2\nd.jpg,w2\ne.jpg,new_whale\n",
    "sample_submission.csv": "Image,Id\nt.jpg,new_whale\nv.jpg,new_whale\n",
    "boxes.csv": "Image,x0,y0,x1,y1\na.jpg,1,1,20,12\nt.jpg,2,2,24,15\n",
    "viewpoints.csv": "Image,viewpoint\na.jpg,left\nb.jpg,right\nt.jpg,left\n",
}
REQUIRED = ("train.csv", "sample_submission.csv", "train", "test")
PHOTOGRAPHS = [
    *("train/a.jpg", "train/b.jpg", "train/c.jpg", "train/d.jpg", "train/e.jpg"),
    *("test/t.jpg", "test/v.jpg", "unlabelled/u.jpg"),
]
FOLDERS = ("train", "test", "unlabelled")
WIDTH, HEIGHT = 32, 24


@dataclass(frozen=True)
class Damage:
    """A change of one entry of the folder; read: whether the competition is still readable."""

    name: str
    entry: str
    change: Callable[[Path], object]
    read: bool = False


def write_competition(folder: Path) -> None:
    """A small competition without a fault, with annotations and an unlabelled photograph."""
    rng = np.random.default_rng(0)
    for name in PHOTOGRAPHS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / name), pixels)
    for name, text in TABLES.items():
        (folder / name).write_text(text)


def damages() -> list[Damage]:
    """Every single damage."""
    found = [damage for name in TABLES for damage in damage_table(name)]
    found += damage_others()
    found += [damage for name in FOLDERS for damage in damage_folder(name)]
    found += [damage for name in PHOTOGRAPHS[::3] for damage in damage_photograph(name)]
    return found


def combined(count: int, seed: int = 0) -> list[tuple[Damage, Damage]]:
    """Pairs of damages of two different entries."""
    chooser, single = random.Random(seed), damages()
    pairs = [tuple(chooser.sample(single, 2)) for _ in range(4 * count)]
    apart = [(a, b) for a, b in pairs if a.entry.split("/")[0] != b.entry.split("/")[0]]
    return apart[:count]


def damage_table(name: str) -> list[Damage]:
    head, *rows = TABLES[name].splitlines()
    image, *cells = rows[0].split(",")
    rest = ",".join(cells)

    def text(*lines: str, encoding: str = "utf-8") -> Callable[[Path], object]:
        return lambda path: path.write_bytes("".join(f"{x}\n" for x in lines).encode(encoding))

    def data(content: bytes) -> Callable[[Path], object]:
        return lambda path: path.write_bytes(content)

    def other_name(path: Path, to: str) -> None:
        path.rename(path.with_name(to))

    faults = {
        "empty": data(b""),
        "only line ends": data(b"\n\r\n\n"),
        "noise": data(np.random.default_rng(1).bytes(3000)),
        "zeros": data(bytes(3000)),
        "a photograph": data(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(256))),
        "a web page": text("<!DOCTYPE html>", "<html><body>Sign in</body></html>"),
        "latin-1": text(head, f"{image},{rest}", "Zo\u00eb.jpg," + rest, encoding="latin-1"),
        "no header": text(*rows),
        "the header twice": text(head, head, *rows),
        "another header": text("file,name,a,b,c", *rows),
        "a column twice": text(f"{head},{head.split(',')[1]}", *(f"{row},x" for row in rows)),
        "a row twice": text(head, *rows, rows[0]),
        "a cell too many": text(head, rows[0] + ",surplus", *rows[1:]),
        "a cell too many in every row": text(head, *(f"{row},surplus" for row in rows)),
        "a row cut off": text(head, *rows[:-1], rows[-1].split(",")[0]),
        "an open quote": text(head, '"' + rows[0], *rows[1:]),
        "an unknown photograph": text(head, *rows, f"unknown.jpg,{rest}"),
        "a path": text(head, *rows, f"../train/a.jpg,{rest}"),
        "an absolute path": text(head, *rows, f"/etc/hostname,{rest}"),
        "no file name": text(head, *rows, f",{rest}"),
        "a padded file name": text(head, f" {rows[0]}", *rows[1:]),
        "another case": text(head, rows[0].upper(), *rows[1:]),
        "a folder": lambda path: (path.unlink(), path.mkdir()),
        "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
        "a dangling link": lambda path: (path.unlink(), path.symlink_to("nowhere")),
    }
    read = {
        "a byte order mark": text(*TABLES[name].splitlines(), encoding="utf-8-sig"),
        "windows line ends": data(TABLES[name].replace("\n", "\r\n").encode()),
        "no last line end": data(TABLES[name].rstrip().encode()),
        "semicolons": data(TABLES[name].replace(",", ";").encode()),
        "utf-16": text(*TABLES[name].splitlines(), encoding="utf-16"),
        "a comma after every row": text(head, *(f"{row}," for row in rows)),
        "a comma after every line": text(f"{head},", *(f"{row}," for row in rows)),
        "rows of commas": text(head, *rows, "," * head.count(","), "," * head.count(",")),
        "blank lines": text(head, "", *rows, "", ""),
        "another column": text(f"{head},note", *(f"{row},x" for row in rows)),
        "the columns turned": text(*(",".join(x.split(",")[::-1]) for x in [head, *rows])),
    }
    if name in REQUIRED:
        faults |= {
            "missing": Path.unlink,
            "another case of its name": partial(other_name, to=name.title()),
            "still packed": partial(other_name, to=f"{name}.zip"),
            "only the header": text(head),
        }
    else:
        read |= {"missing": Path.unlink, "only the header": text(head)}
        faults["another case of its name"] = partial(other_name, to=name.title())
    if name == "train.csv":
        for word, label in {
            **{"space": "w 1", "padded": " w1", "no-break space": "w1\u00a0", "empty": ""},
            **{"invisible": "w1\u200b", "control": "w\x011", "one individual": "w1"},
        }.items():
            changed = [row.rsplit(",", 1)[0] + f",{label}" for row in rows]
            faults[f"identity: {word}"] = text(head, *changed)
        faults["identities that look alike"] = text(
            head, "a.jpg,Zo\u00eb", "b.jpg,Zoe\u0308", *rows[2:]
        )
        faults["only new individuals"] = text(head, *(f"{x[:5]},new_whale" for x in rows))
        read["identities of other scripts"] = text(head, *(f"{x[:5]},\u9be8{x[0]}" for x in rows))
    if name == "boxes.csv":
        for box in ("1,1,1,12", "9,9,2,12", "-1,0,9,9", "0,0,33,9", "0,0,nan,9", "0,0,1.5,9"):
            faults[f"box {box}"] = text(head, f"a.jpg,{box}")
        for box in ("0,0,1e1,9", "0,0,inf,9", "0,0,,9", "a,b,c,d", f"0,0,{10**30},9"):
            faults[f"box {box}"] = text(head, f"a.jpg,{box}")
    if name == "viewpoints.csv":
        faults["one word in two ways"] = text(head, "a.jpg,left", "b.jpg,LEFT")
        read["an empty viewpoint"] = text(head, "a.jpg,", "b.jpg, ")
        del faults["another case"]
    return _named(name, faults, read)


def damage_folder(name: str) -> list[Damage]:
    def add(file: str, content: bytes = b"x") -> Callable[[Path], object]:
        return lambda path: (path / file).write_bytes(content)

    def write_file(path: Path) -> None:
        shutil.rmtree(path)
        path.write_text("x")

    def link(path: Path) -> None:
        path.rename(path.with_name("elsewhere"))
        path.symlink_to("elsewhere")

    def link_to_nothing(path: Path) -> None:
        shutil.rmtree(path)
        path.symlink_to("nowhere")

    def copy_photograph(path: Path, to: str) -> None:
        shutil.copy(next(path.glob("*.jpg")), path / to)

    faults = {
        "another photograph": partial(copy_photograph, to="z.jpg"),
        "a name of another folder": partial(
            copy_photograph, to="t.jpg" if name != "test" else "a.jpg"
        ),
        "a name that is no UTF-8": partial(copy_photograph, to="\udcff.jpg"),
        "no photograph": add("y.jpg"),
    }
    read = {
        "a link to it": link,
        **{f"with {file}": add(file) for file in (".DS_Store", "Thumbs.db", "._a.jpg", "a.psd")},
        **{f"with {file}": add(file) for file in ("notes.txt", "desktop.ini", "a.mov", "a")},
        "with @eaDir": lambda path: (path / "@eaDir").mkdir(),
        "with a sub-folder": lambda path: (path / "more.jpg").mkdir(),
        "with a link": lambda path: (path / "link.jpg").symlink_to("nowhere"),
        "with a pipe": lambda path: os.mkfifo(path / "pipe.jpg"),
    }
    if name in REQUIRED:
        faults |= {
            "missing": shutil.rmtree,
            "another case of its name": lambda path: path.rename(path.with_name(name.upper())),
            "without photographs": lambda path: (shutil.rmtree(path), path.mkdir()),
            "a file": write_file,
            "a link to nothing": link_to_nothing,
        }
    else:
        read |= {
            "missing": shutil.rmtree,
            "without photographs": lambda path: (shutil.rmtree(path), path.mkdir()),
            "another photograph": faults.pop("another photograph"),
        }
        faults |= {"a file": write_file, "a link to nothing": link_to_nothing}
    return _named(name, faults, read)


def damage_photograph(name: str) -> list[Damage]:
    def cut(path: Path, fraction: float) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * fraction)])

    def encode(path: Path, ending: str, kind: type = np.uint8) -> None:
        pixels = np.arange(HEIGHT * WIDTH * 3, dtype=kind).reshape(HEIGHT, WIDTH, 3)
        path.write_bytes(cv2.imencode(ending, pixels)[1].tobytes())

    def write(content: bytes) -> Callable[[Path], object]:
        return lambda path: path.write_bytes(content)

    faults: dict[str, Callable[[Path], object]] = {
        "empty": write(b""),
        "text": write(b"no photograph"),
        "heic": write(b"\0\0\0\x18ftypheic" + bytes(100)),
        "a web page": write(b"<html></html>"),
        **{f"cut at {x}": partial(cut, fraction=x) for x in (0.02, 0.3, 0.6, 0.9)},
    }
    listed: dict[str, Callable[[Path], object]] = {
        "missing": Path.unlink,
        "another case": lambda path: path.rename(path.with_name(path.name.upper())),
        "another ending": lambda path: path.rename(path.with_suffix(".png")),
        "a folder": lambda path: (path.unlink(), path.mkdir()),
        "a link": lambda path: (
            path.rename(path.with_name(".moved")),
            path.symlink_to(".moved"),
        ),
        "a dangling link": lambda path: (path.unlink(), path.symlink_to("nowhere")),
        "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    }
    read: dict[str, Callable[[Path], object]] = {
        "png under .jpg": partial(encode, ending=".png"),
        "gif under .jpg": partial(encode, ending=".gif"),
        "16 bits": partial(encode, ending=".png", kind=np.uint16),
        "the bytes of another": lambda path: shutil.copy(path.parent.parent / "train/b.jpg", path),
    }
    if name.startswith("unlabelled"):  # what no table lists is left out, and said
        return _named(name, faults, read | listed)
    return _named(name, faults | listed, read)


def damage_others() -> list[Damage]:
    """Entries beside those that a competition needs."""

    def make_file(path: Path) -> None:
        path.write_text("x")

    return [
        Damage("masks: a file", "masks", make_file),
        Damage("masks: a link to nothing", "masks", lambda path: path.symlink_to("nowhere")),
        Damage("masks: empty", "masks", Path.mkdir, read=True),
        Damage("masks: a pipe", "masks", lambda path: (path.mkdir(), os.mkfifo(path / "a.png"))),
        Damage(
            "masks: of a system",
            "masks",
            lambda path: (path.mkdir(), (path / "Thumbs.db").touch(), (path / "._a.png").touch()),
            read=True,
        ),
        Damage("Masks: another case", "Masks", Path.mkdir),
        Damage("sides.csv: an old name", "sides.csv", make_file),
        Damage("notes.txt: another file", "notes.txt", make_file, read=True),
        Damage("Thumbs.db: of a system", "Thumbs.db", make_file, read=True),
    ]


def _named(entry: str, faults: dict, read: dict) -> list[Damage]:
    return [
        Damage(f"{entry}: {name}", entry, change, readable)
        for readable, changes in ((False, faults), (True, read))
        for name, change in changes.items()
    ]
