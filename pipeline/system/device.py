"""Which device, how many of them, and which precision.

None of it is a parameter: a change would train again.
"""

import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from pipeline.system import machine, ranks
from pipeline.system.errors import UserError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

logger = logging.getLogger(__name__)

SHARED_MEMORY = Path("/dev/shm")
BATCHES_AHEAD = 3  # of each worker: torch's two, and the one in use

TENSOR_CORES = (7, 0)  # the first compute capability that has them
DEVICES = "TAILPRINT_DEVICES"  # how many GPUs (or CPU processes) train one member; 1 unless set
AT_ONCE = "TAILPRINT_AT_ONCE"  # how many members share this machine's GPUs, each with its own
VISIBLE = "CUDA_VISIBLE_DEVICES"


def build_fabric(net: nn.Module) -> "Fabric":
    """Build a Fabric for this machine; `net` decides whether half precision is used on a CPU.

    It has one device, or as many as there are processes beside this one (see `ranks`).
    """
    from lightning_fabric import Fabric  # more than a second, which crop and rerank do not need

    if torch.cuda.is_available():
        # TF32: what stays in float32 is multiplied with 10 bits of each factor
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
    rank, precision = ranks.own_rank(), choose_precision(net)
    if rank is None:
        return Fabric(accelerator="auto", devices=1, precision=precision)
    from lightning_fabric.plugins.environments import LightningEnvironment
    from lightning_fabric.strategies import DDPStrategy

    strategy = DDPStrategy(
        # not another one that a cluster's variables suggest
        cluster_environment=LightningEnvironment(),
        # some backbones hold layers that only their classifier used
        find_unused_parameters=True,
    )
    return Fabric(accelerator="auto", devices=rank.count, precision=precision, strategy=strategy)


def find_device() -> torch.device:
    """The device of a process that computes alone: a GPU, or the CPU."""
    kind = "cuda" if torch.cuda.is_available() else "mps" if has_gpu() else "cpu"
    return torch.device(kind)


def choose_precision(net: nn.Module) -> Literal["bf16-mixed", "16-mixed", "32-true"]:
    """The precision of this machine's multiplications; sums and weights are float32.

    bf16 where that is faster; else fp16, with scaled gradients, on a GPU with tensor cores (T4,
    V100), which multiplies it several times as fast as float32.
    """
    if is_half_precision_faster(net):
        return "bf16-mixed"
    if torch.cuda.is_available() and torch.cuda.get_device_capability() >= TENSOR_CORES:
        return "16-mixed"
    return "32-true"


def scales_gradients(fabric: "Fabric") -> bool:
    """Whether gradients are scaled, as fp16 needs: a step is skipped if they are not finite."""
    return getattr(fabric.strategy.precision, "scaler", None) is not None


def count_devices() -> int:
    """How many GPUs, or CPU processes, train one member.

    Raises UserError for what is no number above 0, and for more GPUs than there are.
    """
    text = os.environ.get(DEVICES, "1")
    if not text.isdecimal() or not int(text):
        raise UserError(f"{DEVICES} is {text!r}: set it to a number of devices, 1 or more")
    count, most = int(text), count_gpus()
    if most and count > most:
        raise UserError(
            f"{DEVICES} is {count}, but the number of GPUs here is {most}: set it lower"
        )
    return count


def count_gpus() -> int:
    """How many GPUs this process may use; 0 without any."""
    return torch.cuda.device_count() if torch.cuda.is_available() else int(has_gpu())


def divide_gpus(most: int | None = None) -> list[dict[str, str]]:
    """The environment of each of the members that are to use this machine's GPUs at once.

    A member has one GPU of its own, or as many as DEVICES says. If the environment names the GPUs
    to be used, no other is given away. There are `most` members at most.
    """
    each, gpus = count_devices(), count_gpus()
    names = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    names = names or [str(number) for number in range(gpus)]
    at_once = min(gpus // each, most or gpus)
    parts = [names[at * each : (at + 1) * each] for at in range(at_once)]
    return [{VISIBLE: ",".join(part), AT_ONCE: str(at_once)} for part in parts]


def is_first_process() -> bool:
    """Whether this process may write: the only one, or the first of several devices' processes."""
    distributed = torch.distributed
    return not distributed.is_initialized() or distributed.get_rank() == 0


def is_half_precision_faster(net: nn.Module) -> bool:
    """Whether bf16 trains faster than float32.

    It does on a GPU that multiplies bf16, and on such a CPU for networks without depthwise
    convolutions, or with frozen first stages. How many times as fast as in float32 a training step
    was on one core with AMX: resnet18 1.8; tf_efficientnet_lite0 with three frozen stages 1.2 to
    1.6 (the more, the more other work wants the memory), whole 1.04; convnext_atto .86;
    mobilenetv3_small_100 .8. Decided by the machine and the network, never by measuring time, so
    that the same machine gives the same bytes.
    """
    if torch.cuda.is_available():
        return multiplies_half("cuda")
    return multiplies_half("cpu") and not has_slow_depthwise(net)


def multiplies_half(kind: str) -> bool:
    """Whether a device of this kind ("cpu", "cuda", "mps") multiplies bf16."""
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return kind == "cpu" and torch.cpu._is_avx512_bf16_supported()


def has_slow_depthwise(net: nn.Module) -> bool:
    """Whether depthwise convolutions take longer in bf16: those of the largest maps, if trained.

    Or those whose gradients are PyTorch's own, see `pipeline.models.depthwise`.
    """
    convolutions = (module for module in net.modules() if isinstance(module, nn.Conv2d))
    depthwise = [c for c in convolutions if c.groups == c.in_channels > 1]
    return any(
        conv.weight.requires_grad and (number == 0 or not getattr(conv, "trains_in_half", False))
        for number, conv in enumerate(depthwise)
    )


def has_gpu() -> bool:
    """Whether training runs on a GPU, NVIDIA's or Apple's."""
    return torch.cuda.is_available() or torch.backends.mps.is_available()


def fit_workers(workers: int, batch_bytes: int) -> int:
    """As many of these processes as have room for their batches in the machine's shared memory.

    A worker without room is killed by a bus error. 0: the stage prepares its batches itself. A
    container has 64 MB unless it is started with more.
    """
    if not batch_bytes or not SHARED_MEMORY.is_dir():
        return workers
    stages = count_members_at_once() if has_gpu() else machine.count_parallel_stages()
    free = shutil.disk_usage(SHARED_MEMORY).free // (stages * count_processes())
    fitting = min(workers, free // (BATCHES_AHEAD * batch_bytes))
    if fitting < workers:
        logger.warning(
            "%s has room for %s of %s processes that prepare batches, so training is slower: give "
            "it more (docker run --shm-size=2g)",
            *(SHARED_MEMORY, fitting, workers),
        )
    return fitting


def count_workers() -> int:
    """Processes that prepare batches; their number does not change a result.

    A GPU has all cores but one, or its part of them; a CPU's stage has as many as threads.
    """
    if not has_gpu():
        return machine.count_threads()
    return max(1, machine.count_cores() // (count_members_at_once() * count_processes()) - 1)


def count_members_at_once() -> int:
    """How many members train on this machine's GPUs now, each on its own."""
    return int(os.environ.get(AT_ONCE, "1"))


def count_processes() -> int:
    """How many processes train this member: 1, or one for each of several devices."""
    rank = ranks.own_rank()
    return rank.count if rank else 1
