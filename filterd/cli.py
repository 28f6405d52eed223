"""The command line: ``filterd run | check | explain | policy | lists | setup-code | guardian``.

Commands import what they need when they run, so that a small one starts quickly.
"""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from filterd import __version__
from filterd.errors import ConfigError, FilterdError

_config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("config.yaml"),
    show_default=True,
    help="The configuration file.",
)


def _plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show what went wrong in words, without a traceback: 2 for the operator's file, else 1."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except ConfigError as error:
            click.echo(str(error), err=True)
            sys.exit(2)
        except FilterdError as error:
            click.echo(f"filterd: {error}", err=True)
            sys.exit(1)

    return run


@click.group()
@click.version_option(__version__, message="filterd %(version)s, core: python")
def main() -> None:
    """A DNS filter for a home or a school lab."""


@main.command()
@_config_option
@_plainly
def run(config_path: Path) -> None:
    """Start the filter and its page; Ctrl-C ends both."""
    from filterd.service.layout import layout_of
    from filterd.service.starter import read_config
    from filterd.service.supervisor import Supervisor, say

    config = read_config(config_path)
    sys.exit(Supervisor(config, config_path, layout_of(config, config_path), say).run())


@main.command()
@_config_option
@_plainly
def check(config_path: Path) -> None:
    """Check the configuration and every list, and name everything that is wrong."""
    from filterd.service.check import check_house

    problems = check_house(config_path)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)
    click.echo(f"{config_path} and its lists are fine")


@main.command()
@click.argument("name")
@click.option("--client", default="", help="IP address of the device; default: an unknown one.")
@click.option("--type", "qtype", default="A", show_default=True, help="Record type asked for.")
@click.option(
    "--at", default="", help='When: "2026-11-24 21:30" in the house\'s time; default: now.'
)
@_config_option
@_plainly
def explain(name: str, client: str, qtype: str, at: str, config_path: Path) -> None:
    """Say what would be decided about NAME, and why."""
    from filterd.service.explaining import explain_in_words

    for line in explain_in_words(config_path, name, client, qtype, at):
        click.echo(line)


@main.group()
def policy() -> None:
    """Export the policy in force, or apply a new one."""


@policy.command("export")
@_config_option
@_plainly
def policy_export(config_path: Path) -> None:
    """Print the policy in force as YAML."""
    from filterd.service.operator import export_policy

    click.echo(export_policy(config_path), nl=False)


@policy.command("apply")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--author", default="", help="Who makes this change; default: the login name.")
@click.option("--reason", default="policy apply", show_default=True)
@_config_option
@_plainly
def policy_apply(file: Path | None, author: str, reason: str, config_path: Path) -> None:
    """Put the policy in FILE in force; without FILE, the one in the configuration."""
    from filterd.service.operator import apply_policy

    click.echo(apply_policy(config_path, file, author, reason))


@main.group()
def lists() -> None:
    """The lists in use."""


@lists.command("show")
@_config_option
@_plainly
def lists_show(config_path: Path) -> None:
    """Show every list: category, size, and what is wrong with it."""
    from filterd.service.operator import show_lists

    for line in show_lists(config_path):
        click.echo(line)


@main.command("setup-code")
@_config_option
@_plainly
def setup_code(config_path: Path) -> None:
    """Make a new one-time code for the first set-up of the page."""
    from filterd.service.operator import new_setup_code

    click.echo(new_setup_code(config_path))


@main.group()
def guardian() -> None:
    """Guardians who may sign in."""


@guardian.command("reset")
@click.argument("name")
@click.password_option(help="The new password.")
@_config_option
@_plainly
def guardian_reset(name: str, password: str, config_path: Path) -> None:
    """Give the guardian NAME a new password and end all their sessions."""
    from filterd.service.operator import reset_guardian

    click.echo(reset_guardian(config_path, name, password))
