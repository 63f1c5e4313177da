"""The terminal program `flowtally`: its commands, and one place where every error ends.

A command's module is imported when the command is called or explained, so that `flowtally --help` answers
at once.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from clients.terminal.documents import print_json
from clients.terminal.options import DEFAULT_STACK, AccountOptions, quiet_option
from models.errors import FlowtallyError
from models.visible import visible

_INTERRUPTED = 130  # as shells say of a program that Ctrl-C ended

# What the list of commands says of each; a test holds it to the help of the command itself.
_COMMANDS: Mapping[str, str] = {
    "anomalies": "Show what stands out: bursts, steps, growth, silence, scans, new peers.",
    "completion": "Print what makes the shell complete commands and options.",
    "demo": "Run everything on this computer, without AWS: on the given flow files, or on made-up ones.",
    "deploy": "Deploy flowtally to AWS, or bring a deployment in line with this version.",
    "destroy": "Remove everything that was deployed, and all data.",
    "environment": "Print the settings of a machine of your own, or of a branch's computer.",
    "export": "Write days or pairs to a file: CSV, JSON, Parquet or Excel.",
    "redrive": "Start again what lies in incoming/, whether its message was lost or not.",
    "report": "Write a page that tells what to look at and why.",
    "retract": "Take the traffic of FILE out of the totals again.",
    "show": "Show a pair or a device at a glance: its days, averages, and the last days against them.",
    "status": "Show what is stored, what is waiting, what became of files, and which need somebody.",
    "top": "Show the busiest pairs, devices or networks, with averages and deviations of their days.",
    "upload": "Upload flow files: .csv and .csv.gz, and all of them below directories.",
    "verify": "Recompute statistics from the daily totals and compare.",
    "watch": "Show what is waiting, what became of files and what needs somebody, live, until Ctrl-C.",
}


def command(name: str) -> click.Command:
    """The command of this name, imported: the attribute NAME of the module `clients.commands.NAME`."""
    imported: click.Command = getattr(import_module(f"clients.commands.{name}"), name)
    return imported


class LazyGroup(click.Group):
    """A group that knows its commands by what the list says of them, and imports the one that is called."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names, and the arguments that are left for it."""
        name, listed, left = super().resolve_command(ctx, args)
        return name, command(name) if name and listed else listed, left


@click.group(
    cls=LazyGroup,
    commands={name: click.Command(name, help=text) for name, text in _COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--stack", envvar="FLOWTALLY_STACK", default=DEFAULT_STACK, show_default=True, help="Name of the stack."
)
@click.option(
    "--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="AWS region. [default: the profile's]"
)
@click.option("--profile", help="Profile of the AWS configuration. [default: what AWS_PROFILE says]")
@click.option("--endpoint-url", help="Another address than AWS's. [default: what AWS_ENDPOINT_URL says]")
@quiet_option
@click.version_option(package_name="flowtally")
@click.pass_context
def flowtally(context: click.Context, /, **given: Any) -> None:
    """Exact daily totals and running statistics of the traffic between devices.

    Branches upload CICFlowMeter CSV files; flowtally keeps, for every directed pair of addresses, the
    totals of each day, and average and standard deviation over the days.

    The options below can also stand behind the command. What a command finds is printed for people on a
    terminal, and as plain rows, one a line, for pipes and files; --json and --csv give exact values.

    \b
    Exit status:
      0    done
      1    something failed, or is not as it should be; each command says what
      2    the command line or the settings are wrong
      130  interrupted by Ctrl-C
    """
    context.obj = AccountOptions(**given)


def run(arguments: Sequence[str]) -> int:
    """Runs the program and gives its exit status; no traceback reaches the user of a known failure.

    Errors are told on standard error. With --json there is a document of them on standard output, too.
    """
    wants_json = "--json" in arguments
    try:
        status: int | None = flowtally.main(list(arguments), prog_name="flowtally", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        # It may quote a name that a pattern of the shell found.
        error.message = visible(error.message)  # type: ignore[misc]  # final to those who derive from it
        error.show()
        status = error.exit_code
        _tell_programs(wants_json, "usage", error.format_message())
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted", err=True)
        status = _INTERRUPTED
        _tell_programs(wants_json, "interrupted", "interrupted")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the exit would complain
        status = 1  # as click gives it for the same within a command
    except Exception as error:
        ours = _translated(error)
        if ours is None:
            raise
        status = ours.exit_status
        _tell_programs(wants_json, ours.code, ours.found, where=ours.where, remedy=ours.remedy)
    return status or 0


def _tell_programs(wants_json: bool, code: str, found: str, where: str = "", remedy: str = "") -> None:
    if wants_json:
        error = {"code": code, "found": found, "where": where, "remedy": remedy}
        print_json({"error": error})


def _translated(error: Exception) -> FlowtallyError | None:
    """Prints what went wrong, and gives it as an error of ours; None if it is the programmer's."""
    from clients.terminal.aws_errors import translate  # noqa: PLC0415  # for `--help` they would take too long
    from clients.terminal.console import complain  # noqa: PLC0415

    ours = translate(error)
    if ours is None:
        return None
    complain(ours)
    return ours


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # µ or Σ on a terminal without them
    status = run(sys.argv[1:])
    if status == _INTERRUPTED:  # what threads of libraries are doing is not waited for
        sys.stdout.flush()
        os._exit(status)
    sys.exit(status)
