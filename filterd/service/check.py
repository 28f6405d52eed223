"""``filterd check``: everything that is wrong with the configuration and its lists, at once."""

from pathlib import Path

import filterd.lists.formats as list_formats
from filterd.config.document import Document
from filterd.errors import ListError
from filterd.service.layout import Layout, layout_of
from filterd.service.lists import read_list
from filterd.service.manifest import load_manifest
from filterd.service.starter import read_config
from filterd.store.policy import PolicyStore


def check_house(config_path: Path) -> list[str]:
    """Return one line for each problem; raises ConfigError for those of the configuration."""
    config = read_config(config_path)
    layout = layout_of(config, config_path)
    if not layout.policy_db.exists():
        return _check_lists(layout, config.policy)
    store = PolicyStore(layout.policy_db)
    problems = _check_lists(layout, store.current().document)
    if not store.has(config.policy):
        problems.append(
            f"{config_path}: the policy in it is not applied; what is stored stays in force "
            "(to put it in force: filterd policy apply)"
        )
    return problems


def _check_lists(layout: Layout, document: Document) -> list[str]:
    manifest = load_manifest(layout.manifest)
    problems = []
    for source, listed in document.lists.items():
        try:
            text = read_list(layout, source, listed)
            list_formats.parse(source, text, listed.format, listed.match)
        except ListError as error:
            known = manifest.state_of(source)
            why = known.what if listed.url and known is not None and known.what else error.what
            problems.append(f"list {source} ({listed.category}): {why}")
    return problems
