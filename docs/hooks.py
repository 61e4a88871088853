"""MkDocs hooks: pages generated from the code, and pictures that lie outside docs/."""

from pathlib import Path

import generate_api
import generate_commands
import generate_params
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from commands.main import app

ROOT = Path(__file__).resolve().parents[1]
ABLATIONS = "submissions/ablations"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated references and the ablations' pictures to the site."""
    pages = {
        "reference/params.md": generate_params.reference(ROOT / "params.yaml"),
        "reference/commands.md": generate_commands.commands(app),
        "reference/benchmarks.md": generate_commands.benchmarks(ROOT / "benchmarks"),
        **dict(generate_api.pages(ROOT / "pipeline")),
    }
    for address, content in pages.items():
        files.append(File.generated(config, address, content=content))
    for picture in sorted((ROOT / ABLATIONS).glob("*.png")):
        address = f"{ABLATIONS}/{picture.name}"
        files.append(File.generated(config, address, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links to the ablations' pictures at their place in the site."""
    return markdown.replace(f"../../{ABLATIONS}/", f"../{ABLATIONS}/")
