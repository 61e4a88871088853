"""Networks that timm finds by a source: `hf-hub:OWNER/NAME`, or `local-dir:FOLDER`.

What to do where the hub cannot be reached is said here, for these and for timm's own weights.
"""

from pathlib import Path

from pipeline.system.errors import UserError

HUB, FOLDER = "hf-hub:", "local-dir:"
CONFIG = "config.json"
SECONDS = 10  # to wait for the hub before a run begins


def has_source(timm_name: str) -> bool:
    """Whether the name says where the network lies, and is not one of timm's own."""
    return timm_name.startswith((HUB, FOLDER))


def check_folder(timm_name: str) -> None:
    """Raise UserError if the name is that of a folder without timm's configuration."""
    if not timm_name.startswith(FOLDER):
        return
    folder = Path(timm_name.removeprefix(FOLDER))
    if not (folder / CONFIG).is_file():
        raise UserError(f"backbones.<name>.timm_name: there is no {folder / CONFIG}")


def check_reachable(timm_name: str, repository: str | None) -> None:
    """Raise UserError if the network has to be fetched and the hub does not answer.

    repository : that of one of timm's own networks; None if it has none
    """
    if timm_name.startswith(HUB):
        repository = timm_name.removeprefix(HUB).partition("@")[0]
    if timm_name.startswith(FOLDER) or not repository:
        return
    import huggingface_hub  # only networks that are fetched need it

    if any((Path(huggingface_hub.constants.HF_HUB_CACHE) / cache_name(repository)).glob("snap*/*")):
        return
    try:
        huggingface_hub.HfApi().model_info(repository, timeout=SECONDS)
    except Exception as error:  # the hub's client raises a dozen kinds
        raise UserError(explain(timm_name, error, repository)) from None


def cache_name(repository: str) -> str:
    """The folder of a repository in the hub's cache: models--OWNER--NAME."""
    return "models--" + repository.replace("/", "--")


def explain(timm_name: str, error: Exception, repository: str | None = None) -> str:
    """Why a network cannot be had, and how to bring its files, in one line.

    repository : that of one of timm's own networks
    """
    reason = " ".join(str(error).split())[:100]
    if timm_name.startswith(FOLDER):
        return f"{timm_name} can't be loaded ({type(error).__name__}: {reason})"
    fault = f"{timm_name} cannot be fetched from the hub ({type(error).__name__}: {reason})"
    if timm_name.startswith(HUB):
        address = f"https://huggingface.co/{timm_name.removeprefix(HUB).partition('@')[0]}"
        return (
            f"{fault}. Way out: download {CONFIG} and the weights (model.safetensors, or "
            f"pytorch_model.bin) from {address}/tree/main into one folder, and set "
            "backbones.<name>.timm_name: local-dir:FOLDER"
        )
    path = f"https://huggingface.co/{repository}/resolve/main/model.safetensors"
    return (
        f"the published weights of {fault}. Ways out: download {path if repository else 'them'} "
        "elsewhere and give backbones.<name>.weights the path of that .safetensors or .pth file"
    )
