"""Names, messages and pages use the words of docs/glossary.md, not those that it replaces."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT

# as a part of a name: of a module, function, class, argument, variable or attribute
BANNED = {
    *("told", "said", "says", "asked", "asking", "shown", "spoken", "heard", "silent", "looked"),
    *(
        "looks",
        "voice",
        "voices",
        "voters",
        "stranger",
        "strangers",
        "lesson",
        "lessons",
        "twin",
    ),
    *("twins", "somebody", "nobody", "pupil", "taught", "parted", "suspects", "examination"),
}
# in docstrings, messages, pages and comments of params.yaml
PHRASES = re.compile(
    r"\b(strangers?|lessons?|twin networks?|second looks?|has no say|has a say|no voice|a voice|"
    r"by lot|is told|are told|tells apart|told apart|to learn from|parted|untaught|"
    r"(is|are|was|were) asked|nobody|somebody|whose turn|pupil|"
    r"(a|one) (row|vector|weight|score|file|line|number) an? [a-z]+)\b",
    re.IGNORECASE,
)
FOLDERS = sorted(
    path.parent.relative_to(ROOT).as_posix()
    for top in ("pipeline", "stages", "commands", "benchmarks")
    for path in (ROOT / top).rglob("__init__.py")
)
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in (
        "*.md",
        "docs/**/*.md",
        "params.yaml",
        "presets/**/*.yaml",
        "Makefile",
        "dvc.yaml",
    )
    for path in ROOT.glob(pattern)
    if path.name not in ("glossary.md", "CHANGELOG.md")  # these name the words that are replaced
)
TABLE = re.compile(r"<!-- (.*?) -->.*?<!-- end of \1 -->", re.DOTALL)  # of names in a CSV
# what is left to do; a folder that has become clean must leave the list
NAMES_LEFT: set[str] = {
    "pipeline/training",
}
TEXTS_LEFT: set[str] = set()
PAGES_LEFT: set[str] = set()


def parts(name: str) -> list[str]:
    """["margin", "score"] for margin_score, MarginScore and MARGIN_SCORE."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def defined_names(tree: ast.AST) -> Iterator[str]:
    """Yield every name that a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname


def banned_names(folder: str) -> list[str]:
    """Return "file: name" for each name in a folder that has a banned part."""
    found = []
    for path in sorted((ROOT / folder).glob("*.py")):
        names = {path.stem, *defined_names(ast.parse(path.read_text()))}
        found += [f"{path.name}: {name}" for name in sorted(names) if BANNED & set(parts(name))]
    return found


def banned_phrases(folder: str) -> list[str]:
    """Return "file: phrase" for each banned phrase in a folder's strings, docstrings included."""
    found = []
    for path in sorted((ROOT / folder).glob("*.py")):
        strings = [
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        found += [
            f"{path.name}: {match[0]}" for text in strings for match in PHRASES.finditer(text)
        ]
    for path in sorted((ROOT / folder).glob("*.[jh][st]*")):
        found += [f"{path.name}: {match[0]}" for match in PHRASES.finditer(path.read_text())]
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_use_the_words_of_the_glossary(folder):
    found = banned_names(folder)
    assert bool(found) == (folder in NAMES_LEFT), found


@pytest.mark.parametrize("folder", FOLDERS)
def test_texts_use_the_words_of_the_glossary(folder):
    found = banned_phrases(folder)
    assert bool(found) == (folder in TEXTS_LEFT), found


@pytest.mark.parametrize("page", PAGES)
def test_pages_use_the_words_of_the_glossary(page):
    text = TABLE.sub("", (ROOT / page).read_text())
    found = [match[0] for match in PHRASES.finditer(text)]
    assert bool(found) == (page in PAGES_LEFT), found


def test_the_list_names_what_exists():
    assert set(FOLDERS) >= NAMES_LEFT | TEXTS_LEFT
    assert set(PAGES) >= PAGES_LEFT
