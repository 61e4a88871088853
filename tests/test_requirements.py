"""The pins: requirements.lock has all of them with hashes, and `make` checks Python first."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
FILES = ("requirements.txt", "requirements-dev.txt")
LOCK = ROOT / "requirements.lock"
TRIED = [(3, 11), (3, 12), (3, 13)]  # the lock was installed, and the tests passed


def read_pins(text: str) -> list[Requirement]:
    """The requirements of a file, without hashes and comments."""
    joined = text.replace("\\\n", " ")
    lines = (re.sub(r"\s*(#|--hash=).*", "", line).strip() for line in joined.splitlines())
    return [Requirement(line) for line in lines if line]


def normalise(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


@pytest.mark.fault(
    "supply chain",
    "a pin of requirements*.txt is changed and requirements.lock is not",
    "a test names the pin",
)
@pytest.mark.parametrize("file", FILES)
def test_the_lock_has_every_pin(file):
    locked = {(normalise(pin.name), str(pin.specifier)) for pin in read_pins(LOCK.read_text())}
    pins = read_pins((ROOT / file).read_text())
    assert pins
    missing = [str(pin) for pin in pins if (normalise(pin.name), str(pin.specifier)) not in locked]
    assert not missing, f"make lock writes requirements.lock anew: it lacks {missing}"


def test_the_smaller_environment_has_the_same_torch():
    """Its other pins are those of requirements.txt, which it names; it has no CUDA."""
    text = (ROOT / "requirements-cpu.txt").read_text()
    own = read_pins("\n".join(line for line in text.splitlines() if not line.startswith("-")))
    default = {pin.name: str(pin.specifier) for pin in read_pins((ROOT / FILES[0]).read_text())}
    assert [pin.name for pin in own] == ["torch", "torchvision"]
    assert all(str(pin.specifier) == f"{default[pin.name]}+cpu" for pin in own)
    assert f"-c {FILES[0]}" in text
    (extras,) = re.findall(r"-e \.\[(.*)\]", text)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [
        Requirement(pin)
        for extra in extras.split(",")
        for pin in project["optional-dependencies"][extra]
    ]
    assert "faiss-cpu" in {pin.name for pin in named}
    assert "faiss-gpu" not in {pin.name for pin in named}
    # a package of an extra has an exact pin, with which it is installed
    assert {normalise(pin.name) for pin in named} <= {normalise(name) for name in default}


def test_every_pin_is_exact():
    for file in FILES:
        for pin in read_pins((ROOT / file).read_text()):
            assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin


@pytest.mark.fault(
    "supply chain",
    "a package's file is replaced by another one of the same version",
    "every package of the lock has hashes, and make installs none without",
)
def test_every_package_of_the_lock_has_hashes():
    entries = LOCK.read_text().replace("\\\n", " ").splitlines()
    packages = [line for line in entries if line and not line.lstrip().startswith("#")]
    assert len(packages) > 200
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", line) for line in packages)
    makefile = (ROOT / "Makefile").read_text()
    assert "--require-hashes -r requirements.lock" in makefile
    # the project itself is built by the setuptools of the lock
    assert "--no-deps --no-build-isolation --editable" in makefile
    assert any(line.startswith("setuptools==") for line in packages)


def test_the_lock_names_no_index():
    assert "://" not in LOCK.read_text()


@pytest.mark.fault(
    "supply chain",
    "make with a Python that the pins were not tried with",
    "one line names the Python, and the way out; nothing is installed",
)
@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 14)])
def test_make_refuses_another_python(tmp_path, version):
    ended = make_install(tmp_path, version)
    (line, _) = ended.stderr.splitlines()  # make adds its own
    assert (
        ended.returncode
        and "other is no Python 3.11, 3.12 or 3.13" in line
        and "make PYTHON=" in line
    )
    assert "asked for" not in ended.stdout


@pytest.mark.parametrize("version", TRIED)
def test_make_takes_a_python_that_was_tried(tmp_path, version):
    assert "asked for -m venv .venv" in make_install(tmp_path, version).stdout


def make_install(folder: Path, version: tuple[int, int]) -> subprocess.CompletedProcess:
    """`make install` where PYTHON is a program that has this version and makes no environment."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    python = folder / "other"
    pretend = f"import sys; sys.version_info = {(*version, 0)}; exec(sys.argv[1])"
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] && exec {sys.executable} -c "{pretend}" "$2"\n'
        'echo "asked for $*"; exit 1\n'
    )
    python.chmod(0o755)
    command = ["make", "install", f"PYTHON={python}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_pyproject_names_the_same_pythons():
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    minors = range(0, 30)
    allowed = [(3, minor) for minor in minors if f"3.{minor}.0" in SpecifierSet(requires)]
    assert allowed == TRIED


@pytest.mark.slow  # the tool checks what it writes with the standard's schema
@pytest.mark.fault(
    "supply chain", "which packages are installed?", "make sbom lists all, with their versions"
)
def test_the_sbom_has_every_pin(tmp_path):
    pytest.importorskip("cyclonedx_py")
    (recipe,) = re.findall(
        r"^sbom:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    recipe = recipe.replace("\\\n", " ").replace("sbom.json", str(tmp_path / "sbom.json"))
    tool, *options = recipe.replace(".venv/bin/python", sys.executable).split()
    subprocess.run([Path(sys.executable).with_name(tool), *options], cwd=ROOT, check=True)
    found = json.loads((tmp_path / "sbom.json").read_text())
    listed = {(normalise(part["name"]), part["version"]) for part in found["components"]}
    for pin in read_pins((ROOT / "requirements.txt").read_text()):
        if pin.marker is None or pin.marker.evaluate():
            assert (normalise(pin.name), str(pin.specifier)[2:]) in listed
    assert (
        found["bomFormat"] == "CycloneDX" and found["metadata"]["component"]["name"] == "tailprint"
    )
