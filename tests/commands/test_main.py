"""The program as a whole: its help, its errors, how fast it starts."""

import subprocess
import sys

import pytest

from commands.main import SECTIONS
from tests.conftest import ROOT

COMMANDS = {name: module for section in SECTIONS.values() for name, module in section.items()}
# libraries that take 0.1 s or more to import
HEAVY = {"cv2", "dvc", "faiss", "flask", "matplotlib", "numpy", "pandas", "pydantic", "torch"}


def test_the_help_lists_every_command_with_one_line_and_an_example(tailprint):
    lines = tailprint("--help").output.splitlines()
    for name, module in COMMANDS.items():
        (row,) = [row for row, line in enumerate(lines) if line.split()[:1] == [name]]
        summary = module.main.__doc__.splitlines()[0]
        assert lines[row].endswith(summary)
        assert lines[row + 1].strip() == module.EXAMPLES[0].partition("  #")[0].rstrip()
        assert lines[row + 1].split()[:2] == ["tailprint", name]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_its_examples(tailprint, name):
    result = tailprint(name, "--help")
    assert result.exit_code == 0
    assert all(example in result.output for example in COMMANDS[name].EXAMPLES)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_file_of_a_command_has_its_name(name):
    file = COMMANDS[name].__name__.rpartition(".")[2]
    assert file == {"import": "import_catalogue"}.get(name, name.replace("-", "_"))


def test_the_help_imports_no_heavy_library():
    """The whole help takes a fraction of a second; imports are what could slow it down."""
    code = f"import sys, commands.main; print({HEAVY} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


def test_a_user_error_is_one_line_and_exit_code_1(tailprint):
    result = tailprint("cluster-unknown", "bset")
    assert result.exit_code == 1
    assert result.output.startswith("no ensemble bset; params.yaml has")
    assert len(result.output.splitlines()) == 1


def test_a_folder_without_parameters_is_a_user_error(tailprint, project):
    (project / "params.yaml").unlink()
    result = tailprint("leaderboard")
    assert result.exit_code == 1 and result.output.startswith("there is no params.yaml: change")


def test_a_wrong_option_is_exit_code_2(tailprint):
    assert tailprint("run", "--at-once", "0").exit_code == 2
    assert tailprint("identify", "absent.jpg").exit_code == 2
    assert tailprint("verify", "params.yaml", "params.yaml", "--prior", "1").exit_code == 2
    result = tailprint("identify", "params.yaml", "--picture", "match.xyz")
    assert result.exit_code == 2 and "must end in .png or .jpg" in result.output
    for value in ("nan", "-1", "2"):
        assert tailprint("duplicate-identities", "card", "--min-posterior", value).exit_code == 2
        assert tailprint("pseudo-label", "card", "--confidence", value).exit_code == 2


@pytest.mark.fault(
    "identify",
    "--picture names the photograph itself, or a link to it",
    "refused, and the photograph stays",
)
@pytest.mark.parametrize("command", [["identify", "a.png"], ["verify", "a.png", "b.png"]])
def test_no_picture_replaces_a_photograph(tailprint, project, command):
    for name in ("a.png", "b.png"):
        (project / name).write_text(name)
    (project / "link.png").symlink_to(command[-1])
    for picture in (command[-1], "link.png"):
        result = tailprint(*command, "--picture", picture)
        assert result.exit_code == 2 and "would replace the photograph" in result.output
    assert (project / "a.png").read_text() == "a.png"


def test_a_checkout_runs_it_without_installation():
    command = [sys.executable, "-m", "commands", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("Usage: tailprint")


def test_a_shell_can_complete_commands():
    command = [sys.executable, "-m", "commands"]
    environment = {
        "_TAILPRINT_COMPLETE": "complete_bash",
        "COMP_WORDS": "tailprint ide",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["identify"]
