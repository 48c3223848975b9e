"""The command line: `atk-interp COMMAND`. Commands are loaded when they are called."""

from __future__ import annotations

import gc
import importlib
import io
import keyword
import sys
from typing import Any

import click

from atk_interp.cli import exits
from atk_interp.cli.output import CannotPrint, NobodyReads, complain, ensure_streams, silence

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "run": "Run pipelines from their configs or specs.",
    "plan": "Say what a run would do: rows, calls, tokens and cost; nothing is sent.",
    "render": "Print the messages that a step would send for a row; nothing is sent.",
    "runs": "List the runs of the project, the latest first.",
    "rejects": "Read the rows that a run has rejected, by reason, with every reply.",
    "retry": "Ask rejected rows again, and write the outputs anew.",
    "trace": "Tell where a row comes from: document, prompts, replies.",
    "verify": "Prove that the files of a run are what its spec, inputs and ledger give.",
    "lint": "Check specs, configs and their prompts; no model is asked.",
    "test": "Try the examples of specs; no model is asked.",
    "show": "Print the graph of a pipeline with the fields on every edge.",
    "config": "Write a config template for a pipeline.",
    "import": "Make pipelines, prompts and configs of Augmentoolkit into ours.",
    "lsp": "Serve an editor: findings while typing, completion, hover, definitions.",
    "schema": "Write the JSON Schema of specs, configs or prompts, for editors.",
    "explain": "Say what a code means, such as ATK302.",
    "list": "List the stock pipelines, kinds, replies and formats.",
    "ledger": "Look into the store of paid calls; prune, export, import.",
    "doctor": "Look whether this machine and the endpoints of a config can do a run.",
    "model": "Fetch, find or import the embedded model.",
}
"""Every command with its one-line help; the module of the same name (`import_`) holds `command`."""


class _Commands(click.Group):
    """Loads a command's module only when the command is used, so that `lint` starts without the runtime."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        own = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(f"atk_interp.cli.commands.{own}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from atk_interp.diagnostics import did_you_mean

            near = did_you_mean(args[0], COMMANDS) if args else None
            raise click.UsageError(f"there is no command `{args[0]}`" + (f"; {near}" if near else "")) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="atk-interp", prog_name="atk-interp")
def cli() -> None:
    """Synthetic training data from a YAML file.

    A pipeline is a graph of steps that reference prompt files. `lint` checks it, `run` runs it against any
    OpenAI-compatible endpoint (or a small model in this process), and the same command again resumes.

    Exit codes: 0 done; 1 findings, or a run stopped by its own rules; 2 what was asked cannot be done;
    3 a mistake of this program; 4 endpoint unavailable, or no room to write (resumable); 130 interrupted (resumable).
    """


def main() -> None:
    """The entry point. Never shows a traceback except in the log of our own mistakes."""
    gc.set_threshold(100_000, 20, 50)  # a program that starts makes no garbage, and looking for it is a tenth of a lint
    ensure_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character still shows the rest
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = exits.IMPOSSIBLE
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted", "run the same command again to go on; no paid reply is lost")
        code = exits.INTERRUPTED
    except NobodyReads:
        silence(sys.stdout)
        code = exits.OK
    except CannotPrint as error:
        silence(sys.stdout)
        complain(str(error), "what was done stands; print it elsewhere")
        code = exits.UNAVAILABLE
    except Exception as error:  # noqa: BLE001 - the last resort: our own mistake
        code = exits.report_bug(error)
    gc.freeze()  # looking for garbage once more on the way out would be a fifth of a lint
    sys.exit(code if isinstance(code, int) else exits.OK)
