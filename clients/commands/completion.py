"""The command `flowtally completion`."""

import click
from click.shell_completion import get_completion_class

from clients.terminal.explanation import explanation


@click.command(
    epilog=explanation(
        'eval "$(flowtally completion bash)"    # in ~/.bashrc',
        'eval "$(flowtally completion zsh)"     # in ~/.zshrc',
        "flowtally completion fish | source   # in ~/.config/fish/config.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes the shell complete commands and options."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    program = click.get_current_context().find_root().command
    click.echo(kind(program, {}, "flowtally", "_FLOWTALLY_COMPLETE").source())
