"""A policy as YAML a person would like to read, and ``load_policy`` reads back unchanged.

Only what differs from the defaults is written; times and words that YAML readers take for
something else (``no``, ``null``, ``21:30``) are quoted, so that any reader gets the same.
"""

import re
from typing import Any

import yaml

from filterd.config.document import Document

_LONGEST_INLINE = 72
_NEVER_FOLD = 1 << 20


def dump_policy(document: Document) -> str:
    """Return the document as YAML text, ending in a line break."""
    data = document.model_dump(exclude_defaults=True)
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NEVER_FOLD)


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key, short ones on one line; no anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # 07:00 would stay text in any reader and 21:30 would not; quoted they look alike.
    style = '"' if re.fullmatch(r"[0-9]{2}:[0-9]{2}", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _sequence(dumper: _Dumper, values: tuple[Any, ...]) -> yaml.SequenceNode:
    is_short = all(isinstance(value, str) for value in values) and (
        sum(len(value) + 2 for value in values) <= _LONGEST_INLINE
    )
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=is_short)


def _mapping(dumper: _Dumper, values: dict[str, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", values.items(), flow_style=False)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(tuple, _sequence)
_Dumper.add_representer(dict, _mapping)
