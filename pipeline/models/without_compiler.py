"""Importing timm without torch's compiler, which takes 1.1 seconds and 130 MB of every process."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch.compiler

CHECKS = "torch._dynamo.utils"


@contextmanager
def without_compiler() -> Iterator[None]:
    """Keep the compiler out of what is imported meanwhile, unless it has been imported already.

    timm 1.0.31 and torchvision 0.29.1, which it needs, import it for two things that no network
    here uses: timm marks one function of a transformer as not to be compiled, and torchvision tests
    whether a device's compiler can be used, when it pools regions (`roi_align`).
    """
    if CHECKS in sys.modules:
        yield
        return
    disable = torch.compiler.disable
    sys.modules[CHECKS] = build_stand_in()
    torch.compiler.disable = mark_nothing  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.compiler.disable = disable
        del sys.modules[CHECKS]


def build_stand_in() -> ModuleType:
    """A module that imports the compiler when its function is called."""

    def is_compile_supported(kind: str) -> bool:
        from torch._dynamo import utils

        return utils.is_compile_supported(kind)

    module = ModuleType(CHECKS)
    setattr(module, "is_compile_supported", is_compile_supported)  # noqa: B010 (mypy)
    return module


def mark_nothing(function: Callable[..., Any]) -> Callable[..., Any]:
    """`torch.compiler.disable` of a function, where nothing is compiled."""
    return function
