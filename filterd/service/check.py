"""``filterd check``: everything that is wrong with the configuration and its lists, at once."""

import time
from pathlib import Path

from filterd.config.document import Document, ListSource
from filterd.errors import ListError
from filterd.service.layout import Layout, layout_of
from filterd.service.listing import age
from filterd.service.manifest import ListState, load_manifest
from filterd.service.reading import look
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
        state = manifest.state_of(source) or ListState(source, listed.category)
        trouble = _trouble(layout, source, listed, state)
        if trouble:
            problems.append(f"list {source} ({listed.category}): {trouble}")
    return problems


def _trouble(layout: Layout, source: str, listed: ListSource, state: ListState) -> str:
    """Return what is wrong with one list now, and how old its copy is."""
    try:
        problem = look(layout, source, listed).facts.problem
    except ListError as error:
        problem = error.what
    if problem:
        return state.what if listed.url and state.what else problem
    fetched = state.download.fetched
    if not listed.url or not state.what:
        return ""
    old = f" (last seen to be the newest {age(time.time() - fetched)} ago)" if fetched else ""
    return f"{state.what}{old}"
