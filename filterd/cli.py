"""The command line: ``filterd run | check | explain | bench | policy | lists | guardian ...``.

Commands import what they need when they run, so that a small one starts quickly.
"""

import gc
import sys
from collections.abc import Callable, Iterable
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

_author_option = click.option(
    "--author", default="", help="Who makes this change; default: the login name."
)
_reason_option = click.option("--reason", default="", help="Why; default: the command itself.")


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


def _echo_all(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


# Who looks names up, and who answers.
_CORES = {"native": "the compiled part", "python": "Python alone, which is slower"}


def _say_version(context: click.Context, _parameter: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001 - click's signature
    if not is_asked:
        return
    from filterd.service.core import CORE

    click.echo(f"filterd {__version__}, core: {CORE} ({_CORES[CORE]})")
    context.exit()


@click.group()
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Show the version and which core is loaded.",
)
def main() -> None:
    """A DNS filter for a home or a school lab."""


@main.command()
@_config_option
@_plainly
def run(config_path: Path) -> None:
    """Start the filter and its page; Ctrl-C ends both."""
    # Nothing that is loaded now will go away: to look for it costs a twentieth of the start.
    gc.disable()
    from filterd.service.forked import open_standard_streams
    from filterd.service.layout import layout_of
    from filterd.service.starter import read_config
    from filterd.service.supervisor import Supervisor, say

    open_standard_streams()
    config = read_config(config_path)
    sys.exit(Supervisor(config, config_path, layout_of(config, config_path), say).run())


@main.command()
@_config_option
@_plainly
def check(config_path: Path) -> None:
    """Check the configuration and every list, and name everything that is wrong."""
    from filterd.lists.core import CORE
    from filterd.service.check import check_house

    problems = check_house(config_path)
    click.echo(f"names are looked up by {_CORES[CORE]}")
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


@main.command()
@click.option(
    "--against",
    required=True,
    metavar="ADDRESS[:PORT]",
    help="The resolver to ask: one of this house, like 192.168.1.2 or 127.0.0.1:5300.",
)
@click.option("--seconds", type=click.IntRange(1, 30), default=5, show_default=True)
@_plainly
def bench(against: str, seconds: int) -> None:
    """Measure how fast a resolver of this house answers a few gentle questions."""
    from filterd.service.benching import bench_in_words

    _echo_all(bench_in_words(against, seconds))


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
@_author_option
@click.option("--reason", default="policy apply", show_default=True)
@_config_option
@_plainly
def policy_apply(file: Path | None, author: str, reason: str, config_path: Path) -> None:
    """Put the policy in FILE in force; without FILE, the one in the configuration."""
    from filterd.service.operator import apply_policy

    click.echo(apply_policy(config_path, file, author, reason))


@main.group()
def lists() -> None:
    """The lists in use: choose, show, settle, try, and carry them to another house."""


@lists.command("show")
@_config_option
@_plainly
def lists_show(config_path: Path) -> None:
    """Show every list: category, size, age, and what is wrong with it."""
    from filterd.service.listing import show_lists

    _echo_all(show_lists(config_path))


@lists.command("catalogue")
@click.option("--category", default="", help="Only those of this category.")
@_config_option
@_plainly
def lists_catalogue(category: str, config_path: Path) -> None:
    """Show the lists of other publishers that can be added by their id."""
    from filterd.service.choosing import show_catalogue

    _echo_all(show_catalogue(config_path, category))


@lists.command("add")
@click.argument("wanted", metavar="ID|URL")
@click.option("--as", "name", default="", help="What to call it; default: a name of its own.")
@click.option("--category", default="", help="The category of its names; for a URL.")
@click.option("--format", "form", default="", help="How it is written; for a URL.")
@click.option("--match", default="", help="format or subdomains; for a URL.")
@_author_option
@_reason_option
@_config_option
@_plainly
def lists_add(  # noqa: PLR0913, PLR0917 - one for each option
    wanted: str,
    name: str,
    category: str,
    form: str,
    match: str,
    author: str,
    reason: str,
    config_path: Path,
) -> None:
    """Use one more list: ID of the catalogue, or the one at URL."""
    from filterd.service.choosing import Choice, Signature, add

    written = {"category": category, "format": form, "match": match}
    settings = {key: value for key, value in written.items() if value}
    _echo_all(add(config_path, Choice(wanted, name, settings), Signature(author, reason)))


@lists.command("remove")
@click.argument("list_id", metavar="ID")
@_author_option
@_reason_option
@_config_option
@_plainly
def lists_remove(list_id: str, author: str, reason: str, config_path: Path) -> None:
    """Use the list ID no more."""
    from filterd.service.choosing import Signature, remove

    _echo_all(remove(config_path, list_id, Signature(author, reason)))


@lists.command("accept")
@click.argument("list_id", metavar="ID")
@_config_option
@_plainly
def lists_accept(list_id: str, config_path: Path) -> None:
    """Put the download of the list ID that was kept aside in force."""
    from filterd.service.listing import accept_held

    _echo_all(accept_held(config_path, list_id))


@lists.command("refuse")
@click.argument("list_id", metavar="ID")
@_config_option
@_plainly
def lists_refuse(list_id: str, config_path: Path) -> None:
    """Drop the download of the list ID that was kept aside; the text from before stays."""
    from filterd.service.listing import refuse_held

    click.echo(refuse_held(config_path, list_id))


@lists.command("pack")
@click.argument("file", type=click.Path(path_type=Path))
@_config_option
@_plainly
def lists_pack(file: Path, config_path: Path) -> None:
    """Write the texts of all lists to FILE, a tar.gz, for a house without internet."""
    from filterd.service.bundle import pack_lists

    _echo_all(pack_lists(config_path, file))


@lists.command("unpack")
@click.argument("file", type=click.Path(path_type=Path))
@_config_option
@_plainly
def lists_unpack(file: Path, config_path: Path) -> None:
    """Put the lists of FILE, made by 'lists pack', in force."""
    from filterd.service.bundle import unpack_lists

    _echo_all(unpack_lists(config_path, file))


@lists.command("try")
@click.argument("place", metavar="URL|FILE")
@click.option("--format", "form", default="auto", show_default=True, help="How it is written.")
@click.option("--match", default="format", show_default=True, help="format or subdomains.")
@click.option("--profile", default="", help="Id of the profile; default: all of them.")
@click.option("--days", type=click.IntRange(1), default=7, show_default=True)
@_config_option
@_plainly
def lists_try(  # noqa: PLR0913, PLR0917 - one for each option
    place: str, form: str, match: str, profile: str, days: int, config_path: Path
) -> None:
    """Say what a list would newly block among the names really asked for here."""
    from filterd.service.trial import Wanted, try_list

    _echo_all(try_list(config_path, Wanted(place, form, match, profile, days)))


@main.command("setup-code")
@_config_option
@_plainly
def setup_code(config_path: Path) -> None:
    """Make a new one-time code for the first set-up of the page."""
    from filterd.service.operator import new_setup_code

    click.echo(new_setup_code(config_path))


@main.command("trust-clock")
@_config_option
@_plainly
def trust_clock(config_path: Path) -> None:
    """Say that this machine's clock is right, after it was once set too far ahead."""
    from filterd.service.operator import trust_clock as trust

    click.echo(trust(config_path))


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
