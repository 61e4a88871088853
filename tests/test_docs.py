"""What README.md and docs/ name exists: files, commands, options, parameters, targets, tables."""

import re
import shlex
from collections.abc import Iterator

import pandas as pd
import pytest
from ruamel.yaml import YAML

from benchmarks import fewshot_picture
from commands.main import app
from pipeline import params
from pipeline.evaluation import ablation_study
from tests.conftest import ROOT

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
)
FOLDERS = ("pipeline", "stages", "commands", "benchmarks", "docs", "presets", "tests")
EXAMPLES = re.compile(r"\b(mine|sharpen)\b")  # names that a page proposes for something new
SUFFIXES = {"csv", "json", "yaml", "py", "md", "png", "npy", "npz", "parquet", "safetensors", "zip"}
SCHEMA = params.Params.model_json_schema()


@pytest.fixture
def generators(monkeypatch):
    """The modules in docs/ that write the references."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    import generate_commands
    import generate_params

    return generate_commands, generate_params


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


def code(page: str, python: bool = True) -> list[str]:
    """Every stretch of code of a page: in backticks, in fences, and indented lines."""
    text = text_of(page)
    if not python:
        text = re.sub(r"^```python.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    fenced = re.findall(r"^```.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    indented = re.findall(r"^    \S.*$", rest, re.MULTILINE)
    spans = re.findall(r"`([^`]+)`", rest)
    return [line for block in fenced for line in block.splitlines()] + indented + spans


def named_paths(page: str) -> Iterator[str]:
    for line in code(page):
        for path in re.findall(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./<>*-]*", line):
            if not EXAMPLES.search(path):
                yield re.sub(r"<\w+>", "*", path.rstrip("."))


def test_the_readme_is_a_front_door():
    assert 90 <= len(text_of("README.md").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page):
    missing = [path for path in named_paths(page) if not list(ROOT.glob(path))]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_modules_of_python_exist(page):
    """As in `fewshot.py`: somewhere in the project."""
    names = [name for line in code(page) for name in re.findall(r"(?<![\w/*>])\w+\.py\b", line)]
    missing = [name for name in names if not EXAMPLES.search(name) and not list(modules(name))]
    assert not missing


def modules(name: str) -> Iterator[object]:
    for folder in FOLDERS:
        yield from (ROOT / folder).rglob(name)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(page):
    """Those of docs/ are checked by `mkdocs build --strict`."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text_of(page))
    assert links and all((ROOT / link).exists() for link in links)


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_their_options_exist(page, generators):
    known = generators[0].all_commands(app)
    for line in code(page):
        for name, rest in re.findall(r"\btailprint ([a-z][a-z-]*)([^#`]*)", line):
            assert name in known, f"tailprint {name}"
            forms = {form for option in known[name].params for form in option.opts}
            options = [word for word in shlex.split(rest) if re.match(r"--?[a-z]", word)]
            assert set(options) <= forms | {"--help"}, line


@pytest.mark.parametrize("page", PAGES)
def test_programs_exist(page):
    """As in `python -m benchmarks.seeds`, or `benchmarks.seeds`."""
    for line in code(page):
        for folder, name in re.findall(r"\b(benchmarks|stages|commands)\.([a-z_]+)", line):
            assert (ROOT / folder / f"{name}.py").is_file(), line


@pytest.mark.parametrize("page", PAGES)
def test_options_of_benchmarks_exist(page):
    for line in code(page):
        for name, rest in re.findall(r"python -m benchmarks\.([a-z_]+)([^#`]*)", line):
            source = text_of(f"benchmarks/{name}.py")
            for option in re.findall(r"--([a-z-]+)", rest):
                assert re.search(rf"--{option}\b|\b{option.replace('-', '_')}:", source), line


@pytest.mark.parametrize("page", PAGES)
def test_targets_and_presets_exist(page):
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    for line in code(page):
        assert set(re.findall(r"^\s*make ([a-z][a-z-]*)", line)) <= targets, line
        for preset in re.findall(r"PRESET=([\w-]+)", line):
            assert EXAMPLES.search(preset) or (ROOT / f"presets/{preset}.yaml").is_file(), line


@pytest.mark.parametrize("page", PAGES)
def test_parameters_exist(page):
    """As in `rerank.method`, `ensembles.*.method` or `-S rerank.method=none`."""
    for line in code(page, python=False):
        for key in re.findall(r"(?<![\w./-])[a-z_]+(?:\.(?:[a-z_0-9]+|\*))+(?=$|[:=\s,)])", line):
            section, *rest = key.split(".")
            if section in SCHEMA["properties"] and rest[-1] not in SUFFIXES:
                assert has(SCHEMA["properties"][section], rest), key


def has(schema: dict, keys: list[str]) -> bool:
    """Whether a schema has a value at these keys; `*` stands for any name."""
    if "$ref" in schema:
        return has(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], keys)
    if "anyOf" in schema:
        return any(has(option, keys) for option in schema["anyOf"])
    if not keys:
        return True
    properties = schema.get("properties", {})
    free = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
    inner = list(properties.values()) if keys[0] == "*" else [properties.get(keys[0])]
    schemas = [one for one in [*inner, *free] if isinstance(one, dict)]
    return any(has(one, keys[1:]) for one in schemas)


@pytest.mark.parametrize("page", PAGES)
def test_quoted_presets_are_the_files(page):
    """A block that begins with the name of an existing preset has all of its values."""
    blocks = re.findall(
        r"^```yaml\n# (presets/\S+\.yaml)\S*\n(.*?)^```", text_of(page), re.S | re.M
    )
    yaml = YAML(typ="safe")
    for path, block in blocks:
        assert yaml.load(block) == yaml.load(text_of(path)), path


@pytest.mark.parametrize("name", ["demo", "animals"])
def test_the_tables_of_studies_are_their_csvs(name):
    rows = pd.read_csv(ROOT / f"submissions/ablations/{name}.csv")
    expected = ablation_study.format_markdown(rows)
    assert marked("docs/results/ablations.md", f"study {name}") == expected


@pytest.mark.parametrize("name", ["learners", "ablation", "study"])
def test_the_tables_of_few_shot_learners_are_their_csvs(name):
    rows = pd.read_csv(ROOT / f"benchmarks/fewshot/{name}.csv")
    learners = name == "learners"
    write = fewshot_picture.format_learners if learners else fewshot_picture.format_variants
    assert marked("docs/results/few-shot-learners.md", f"few-shot {name}") == write(rows)


def marked(page: str, name: str) -> str:
    """The text between a page's marks of that name."""
    return text_of(page).split(f"<!-- {name} -->\n")[1].split(f"\n<!-- end of {name} -->")[0]


def test_the_reference_of_parameters_is_complete(generators):
    page = generators[1].reference(ROOT / "params.yaml")
    keys = re.findall(r"^\| `([\w.<>]+)` \| `", page, re.MULTILINE)
    assert keys == list(dict.fromkeys(leaves("", YAML(typ="safe").load(text_of("params.yaml")))))


def leaves(key: str, value: object) -> Iterator[str]:
    """The dotted key of every value; of backbones and ensembles, those of the first alone."""
    free = key.endswith((".overrides", ".backbones", ".local"))
    if not isinstance(value, dict) or free:
        yield key
        return
    named = key in ("backbones", "ensembles")
    for name, inner in list(value.items())[: 1 if named else None]:
        step = "<name>" if named else name
        yield from leaves(f"{key}.{step}" if key else step, inner)


def test_the_reference_of_commands_is_complete(generators):
    page = generators[0].commands(app)
    for name in generators[0].all_commands(app):
        assert f"\n## tailprint {name}\n" in page
