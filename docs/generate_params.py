"""Write the reference of parameters: params.yaml's values and comments, the bounds of pydantic."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from pipeline.params import Params

Comments = dict[int, str]  # by line
COMMENT = re.compile(r"(?:^|(?<=\s))#\s?(.*)$")
INTRODUCTION = """# Parameters

Every value of `params.yaml`, in its order, with the demo's value and what is allowed. This page is
generated from the file's comments and from `pipeline/params/`, which checks the file before every
stage. There are no defaults in code: `params.yaml` is complete, and a [preset](../guide/presets.md)
has only what differs.

`<name>` is a name of your choice; the values shown for it are those of the first entry.
"""


def reference(path: Path = Path("params.yaml")) -> str:
    """Return the page in Markdown: one section per section of the file, one row per value."""
    text = path.read_text()
    comments = line_comments(text.splitlines())
    schema = Params.model_json_schema()
    params = YAML().load(text)
    lines = [INTRODUCTION]
    for name, section in params.items():
        child = resolve(schema["properties"][name], schema)
        description = " ".join(child.get("description", "").split())
        comment = comments.get(params.lc.key(name)[0], "")
        lines += [f"## {name}", "", description, "", f"{comment[:1].upper()}{comment[1:]}", ""]
        lines += ["| key | demo | allowed | |", "|---|---|---|---|"]
        lines += [row(*cells) for cells in leaves(name, section, child, schema, comments)]
        lines += [""]
    return "\n".join(lines)


def leaves(
    key: str, value: CommentedMap, schema: dict[str, Any], root: dict[str, Any], comments: Comments
) -> Iterator[tuple[str, str, str, str]]:
    """Yield (key, value, what is allowed, comment) for each value below `key`, in file order."""
    named = named_values(schema)
    for name, inner in list(value.items())[: 1 if named else None]:
        path = f"{key}.<name>" if named else f"{key}.{name}"
        child = resolve(named or schema["properties"][name], root)
        lines = lines_of(value, name)
        comment = " ".join(comments[line] for line in lines if line in comments)
        if not isinstance(inner, CommentedMap) or is_free_mapping(child, root):
            yield path, plain(inner), allowed(child, root), comment
            continue
        if comment and not named:
            yield path, "", "", comment
        deeper = {line: text for line, text in comments.items() if line not in lines}
        yield from leaves(path, inner, child, root, deeper)


def lines_of(mapping: CommentedMap, name: str) -> list[int]:
    """Return the line of a key, and of a value in braces all lines."""
    first, value = mapping.lc.key(name)[0], mapping[name]
    if not isinstance(value, CommentedMap) or not value.fa.flow_style() or not value:
        return [first]
    return list(range(first, max(value.lc.key(inner)[0] for inner in value) + 1))


def is_free_mapping(schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether the keys are free and the values plain, as in `ensembles.<name>.backbones`."""
    values = named_values(schema)
    return "properties" not in schema and "properties" not in resolve(values or {}, root)


def named_values(schema: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of the values of a mapping whose keys the user chooses, or None."""
    if patterns := schema.get("patternProperties"):
        return next(iter(patterns.values()))
    values = schema.get("additionalProperties")
    return values if isinstance(values, dict) else None


def resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, and of an optional value take the schema that is not null."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
            continue
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        if len(options) > 1:
            break
        schema = options[0]
    return schema


def allowed(schema: dict[str, Any], root: dict[str, Any]) -> str:
    """Return the values that a schema allows, in words."""
    schema = resolve(schema, root)
    if "anyOf" in schema:
        return " or ".join(allowed(option, root) for option in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "")
    if kind in ("number", "integer"):
        return interval(schema, "whole number" if kind == "integer" else "number")
    if kind == "array":
        return f"list: {allowed(schema['items'], root)}" if schema.get("items") else "list"
    return {"boolean": "`true`, `false`", "string": "text", "object": "mapping"}.get(kind, kind)


def interval(schema: dict[str, Any], kind: str) -> str:
    """Return the bounds of a number in words."""
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{low:g} to {high:g}" if kind == "number" else f"{kind}, {low:g} to {high:g}"
    words = [
        f"{low:g} or more" if low is not None else "",
        f"above {above:g}" if above is not None else "",
        f"at most {high:g}" if high is not None else "",
        f"below {below:g}" if below is not None else "",
    ]
    bounds = " and ".join(word for word in words if word)
    return ", ".join(
        part for part in (kind if kind != "number" else "", bounds or "number") if part
    )


def plain(value: object) -> str:
    """Return a value as params.yaml writes it."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return f"`{{{', '.join(f'{key}: {inner}' for key, inner in value.items())}}}`"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"


def row(key: str, value: str, bounds: str, comment: str) -> str:
    """Return one row of the table."""
    cells = [f"`{key}`", value, bounds, comment]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def line_comments(lines: list[str]) -> Comments:
    """Return the comment of each line with a key, with the comment lines that continue it.

    A line that is only a comment continues the one above if it is indented further than the next
    key, and otherwise belongs to the next line with a key.
    """
    found: Comments = {}
    waiting: list[str] = []
    last = None
    for number, line in enumerate(lines):
        match = COMMENT.search(line)
        before = line[: match.start()] if match else line
        if before.strip():
            own = waiting + ([match[1]] if match else [])
            if own:
                found[number] = " ".join(own)
            waiting, last = [], number
        elif match and last is not None and match.start() > indentation(lines[last]) + 8:
            found[last] = f"{found.get(last, '')} {match[1]}".strip()
        elif match:
            waiting.append(match[1])
        else:
            waiting = []
    return found


def indentation(line: str) -> int:
    """Return the number of spaces before the line's text."""
    return len(line) - len(line.lstrip())
