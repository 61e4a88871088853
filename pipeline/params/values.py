"""Types of single values, and the base of all sections of params.yaml.

Every number has an upper bound: far above what is of use, and far below what a library can't hold.
"""

import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

# files of the project that an ensemble of the name would overwrite, and names that Windows reserves
TAKEN = ("leaderboard", "ablations")
PORTS = (f"{port}{number}" for port in ("com", "lpt") for number in range(10))
DEVICES = ("con", "prn", "aux", "nul", *PORTS)


def check_file_name(name: str) -> str:
    """Return a name; raises ValueError if files of that name are others."""
    if name in TAKEN:
        raise ValueError(f"the name {name} is taken by the project's own files: choose another")
    if name in DEVICES:
        raise ValueError(f"no file can be called {name} on Windows: choose another name")
    return name


def check_whole(value: Any) -> Any:  # noqa: ANN401
    """Return a value; raises ValueError for 4.0 and true, which pydantic takes for 4 and 1."""
    if isinstance(value, bool | float):
        raise ValueError("is not a whole number")
    return value


def check_unique(values: list) -> list:
    """Return a list; raises ValueError if it has a value twice."""
    if len(set(values)) < len(values):
        raise ValueError("has a value twice")
    return values


def check_quoted(value: Any) -> Any:  # noqa: ANN401
    """Return a value; raises ValueError for a day without quotes, of which YAML makes a date."""
    if isinstance(value, datetime.date):
        raise ValueError(f'write a day in quotes: "{value}"')
    return value


def check_day(text: str) -> str:
    """Return a day (YYYY-MM-DD); raises ValueError for one that no calendar has."""
    datetime.date.fromisoformat(text)
    return text


def check_published_or_file(value: str) -> str:
    """Return the value; raises ValueError if it cannot name the weights of a published network."""
    if value != "pretrained" and not value.endswith((".safetensors", ".pth", ".pt", ".ckpt")):
        raise ValueError("pretrained, or a .safetensors or .pth file with a state dict")
    return value


Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e6)]
NonNegative = Annotated[float, Field(ge=0, le=1e6)]
Scale = Annotated[float, Field(gt=0, le=1000)]  # of what an exponential is taken of
Margin = Annotated[float, Field(ge=0, le=100)]
LearningRate = Annotated[float, Field(gt=0, le=10)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
CountOrOff = Annotated[int, Field(ge=0, le=1_000_000)]  # 0: off
Epochs = Annotated[int, Field(ge=1, le=10_000)]
EpochsOrOff = Annotated[int, Field(ge=0, le=10_000)]  # 0: something else says how many
Units = Annotated[int, Field(ge=1, le=4096)]  # of a hidden layer
Memory = Annotated[int, Field(ge=0, le=100_000)]  # vectors; 0: off
Fold = Annotated[int, Field(ge=0, lt=100)]
Seed = Annotated[int, Field(ge=0, le=1_000_000_000)]  # a fold is added, and it must be below 2^31
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
FileName = Annotated[Slug, AfterValidator(check_file_name)]
Whole = BeforeValidator(check_whole)
Unique = AfterValidator(check_unique)
Day = Annotated[
    str,
    BeforeValidator(check_quoted),
    Field(pattern=r"^\d{4}-\d{2}-\d{2}$"),
    AfterValidator(check_day),
]
Text = Annotated[str, Field(pattern=r"\S", max_length=1000)]
PublishedOrFile = Annotated[Text, AfterValidator(check_published_or_file)]


class Section(BaseModel):
    """A part of params.yaml: unknown keys are refused, and values do not change after loading.

    Types are strict: `true` is not 1, 1.0 not a whole number, and '5' not 5.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)
