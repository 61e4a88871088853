"""torch's compiler is not imported with timm, and works afterwards."""

import subprocess
import sys

from tests.conftest import ROOT

CHECK = """
import sys
from pipeline.models import backbones
assert "torch._dynamo" not in sys.modules and "torch._dynamo.utils" not in sys.modules
import torch
from torchvision.ops import roi_align
kept = torch.compiler.disable(lambda: 5)
assert "torch._dynamo" in sys.modules, "the compiler's own marks are back"
print(kept(), roi_align.__globals__["is_compile_supported"]("cpu"))
"""


def test_the_compiler_is_imported_when_it_is_called_and_not_before():
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "5 True\n", done.stderr
