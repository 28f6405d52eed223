"""What the command line does with a state folder: policy in and out, codes, passwords."""

import getpass
from datetime import UTC, datetime
from pathlib import Path

from filterd.config.document import Document
from filterd.config.dump import dump_policy
from filterd.config.load import load_policy
from filterd.errors import FilterdError
from filterd.service.control import ask_dns
from filterd.service.layout import Layout, layout_of
from filterd.service.starter import Zones, read_config, read_text
from filterd.store.guardians import Guardians
from filterd.store.password import hash_password
from filterd.store.policy import PolicyStore, Version


class NotSetUpError(FilterdError):
    """There is no state folder yet."""


def open_layout(config_path: Path) -> Layout:
    """Return the layout of a house that has been started at least once."""
    layout = layout_of(read_config(config_path), config_path)
    if not layout.policy_db.exists():
        raise NotSetUpError(f"nothing is stored in {layout.state} yet: start 'filterd run' first")
    return layout


def export_policy(config_path: Path) -> str:
    """Return the policy in force as YAML that ``apply_policy`` takes."""
    return dump_policy(PolicyStore(open_layout(config_path).policy_db).current().document)


def apply_policy(config_path: Path, file: Path | None, author: str, reason: str) -> str:
    """Save the policy in ``file`` (or the configuration's) as the newest version."""
    layout = open_layout(config_path)
    if file is None:
        document = read_config(config_path).policy
    else:
        document = load_policy(read_text(file), str(file), Zones())
    current = PolicyStore(layout.policy_db).current()
    if document == current.document:
        return f"nothing to change: version {current.number} holds the same policy"
    number, in_force = save_version(layout, current, document, author, reason)
    when = "and in force" if in_force else "and will be in force when filterd runs"
    return f"version {number} is saved {when}"


def save_version(
    layout: Layout, current: Version, document: Document, author: str, reason: str
) -> tuple[int, bool]:
    """Save a document made from ``current``; returns its number, and whether it is in force.

    It is in force at once where filterd runs.  Without an ``author`` it is who is logged in.
    Raises Conflict when ``current`` is no longer the newest.
    """
    saved = PolicyStore(layout.policy_db).save(
        document,
        based_on=current.number,
        author=author or getpass.getuser(),
        reason=reason,
        now=_now(),
    )
    return saved.number, ask_dns(layout.control, "reload") is not None


def new_setup_code(config_path: Path) -> str:
    """Return a fresh one-time code; the former one is void."""
    guardians = Guardians(open_layout(config_path).policy_db)
    code = guardians.setup_code.create(_now())
    if code is None:
        raise FilterdError("a guardian exists already; 'filterd guardian reset NAME' helps them in")
    return code


def trust_clock(config_path: Path) -> str:
    """Take this machine's clock to be right, whatever times were stored before."""
    layout = open_layout(config_path)
    PolicyStore(layout.policy_db).trust_clock(_now())
    ask_dns(layout.control, "reload")
    return "the clock of this machine counts from now on"


def reset_guardian(config_path: Path, name: str, password: str) -> str:
    """Give a guardian a new password and end their sessions."""
    guardians = Guardians(open_layout(config_path).policy_db)
    if not guardians.change_password(name, hash_password(password)):
        raise FilterdError(f"there is no guardian named '{name}'")
    return f"{name} can sign in with the new password; all their sessions are ended"


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the command line owns its clock
