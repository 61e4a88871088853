"""The program `tailprint`: all its commands."""

from typing import Any

import typer
from typer.core import TyperGroup

from commands import (
    ablate,
    answers,
    bench,
    check,
    cluster_unknown,
    compare,
    count,
    demo,
    duplicate_identities,
    dvc_deps,
    enroll,
    export,
    histories,
    identify,
    import_catalogue,
    leaderboard,
    lr_range,
    name,
    preset,
    pseudo_label,
    review,
    run,
    submit,
    verify,
)
from commands.messages import print_messages
from pipeline.system.errors import UserError, explain

SECTIONS = {
    "Name animals": {"name": name, "export": export, "histories": histories},
    "Build": {
        "demo": demo,
        "import": import_catalogue,
        "preset": preset,
        "run": run,
        "check": check,
    },
    "Ask a finished run": {
        "identify": identify,
        "verify": verify,
        "enroll": enroll,
        "review": review,
        "answers": answers,
        "count": count,
        "cluster-unknown": cluster_unknown,
        "duplicate-identities": duplicate_identities,
    },
    "Measure and improve": {
        "leaderboard": leaderboard,
        "compare": compare,
        "ablate": ablate,
        "lr-range": lr_range,
        "pseudo-label": pseudo_label,
        "submit": submit,
    },
    "Develop": {"bench": bench, "dvc-deps": dvc_deps},
}


class Program(TyperGroup):
    """Lists every command with an example, and prints a UserError in one line.

    The types of its arguments are private to Typer.
    """

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        for section, modules in SECTIONS.items():
            rows = []
            for word, module in modules.items():
                example = module.EXAMPLES[0].partition("  #")[0]
                rows += [(word, self.commands[word].get_short_help_str(99)), ("", example)]
            with formatter.section(section):
                formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> object:  # noqa: ANN401
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise SystemExit(str(error)) from None
        except FileNotFoundError as error:
            if error.filename == "params.yaml":
                raise SystemExit("there is no params.yaml: change to a project's folder") from None
            raise
        except Exception as error:
            message = explain(error)
            if message is None:
                raise
            raise SystemExit(message) from None


app = typer.Typer(
    name="tailprint",
    cls=Program,
    help="Identify individual animals from photographs.",
    epilog="tailprint COMMAND --help has the options of a command.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    callback=print_messages,
)
for modules in SECTIONS.values():
    for word, module in modules.items():
        examples = "\n".join(f"  {example}" for example in module.EXAMPLES)
        app.command(word, epilog=f"\b\nExamples:\n{examples}")(module.main)
