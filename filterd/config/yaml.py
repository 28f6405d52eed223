"""YAML read strictly: what is written is what is meant, and every value knows its line.

Plain 21:30, no, on, 010 and 2026-01-01 stay text, because PyYAML would make 1290, false, true,
8 and a date of them.  A key written twice is a problem, never "the last one wins".  Values are
built from PyYAML's events, with limits on size, depth and what aliases unfold to.
Source: YAML 1.1 for the syntax; YAML 1.2 §10.3 for null, booleans and whole numbers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from filterd.config.model import Path, dotted
from filterd.config.wrong import shown
from filterd.config.yamlwords import in_words
from filterd.errors import ConfigError, Problem

# libyaml is some ten times quicker; both give the same events.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Far above any real policy; what is larger was not written by a person.
LARGEST_TEXT = 4 << 20
MOST_VALUES = 200_000  # aliases unfolded: nine lines of them can stand for a billion values
DEEPEST = 32

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# Longer digits are somebody's serial number, and int() has a limit of its own.
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


@dataclass(slots=True)
class Read:
    """What was read: plain data, the line of each path (from 1), and what was wrong so far.

    Data is None, bool, int, str, list and dict; keys are always text as written.
    """

    data: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, path: Path) -> int:
        """Return the line of ``path``, or of the nearest thing around it that was written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str, file: str) -> Read:
    """Read one document; duplicate keys and the like are in ``problems``, reading goes on.

    Raises ConfigError when the text is not YAML at all, too large, or unfolds without bound.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > LARGEST_TEXT:
        raise ConfigError([Problem(file, None, "", "is larger than 4 MiB of text")])
    odd = _UNPRINTABLE.search(text)
    if odd is not None:
        what = f"has a character that no text has (U+{ord(odd[0]):04X})"
        raise ConfigError([Problem(file, text.count("\n", 0, odd.start()) + 1, "", what)])
    reader = _Reader(file, yaml.parse(text, Loader=LOADER))
    try:
        node = reader.document()
    except yaml.MarkedYAMLError as error:
        line, what, right = in_words(error, text)
        raise ConfigError([*reader.problems, Problem(file, line, "", what, right)]) from None
    read = Read(problems=reader.problems)
    read.data = _unfold(node, (), read.lines)
    return read


@dataclass(slots=True)
class _Node:
    """One value as written; entries carry their own line, since an alias shares the node."""

    value: "bool | int | str | list[_Entry] | dict[str, _Entry] | None"
    size: int = 1
    height: int = 1


_Entry = tuple[int, _Node]


def _unfold(node: _Node, path: Path, lines: dict[Path, int]) -> object:
    """Turn nodes into plain data and note the line of each path; aliases become copies."""
    value = node.value
    if isinstance(value, list):
        for at, (line, _) in enumerate(value):
            lines[*path, at] = line
        return [_unfold(item, (*path, at), lines) for at, (_, item) in enumerate(value)]
    if isinstance(value, dict):
        for key, (line, _) in value.items():
            lines[*path, key] = line
        return {key: _unfold(item, (*path, key), lines) for key, (_, item) in value.items()}
    return value


def _line(event: Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1


class _Reader:
    """Builds nodes from events, and collects what can be passed over."""

    def __init__(self, file: str, events: Iterator[Event]) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._events = events
        self._anchors: dict[str, _Node] = {}
        self._values = 0

    def document(self) -> _Node:
        """Return the one document's value; an empty stream is nothing."""
        node = _Node(None)
        is_second = False
        for event in self._events:
            if isinstance(event, (StreamStartEvent, StreamEndEvent, DocumentEndEvent)):
                continue
            if not isinstance(event, DocumentStartEvent):
                node = self._node(event, ())
            elif is_second:
                self._complain(event, (), "a second document begins here", "keep only one")
                break
            else:
                is_second = True
        return node

    def _node(self, event: Event, path: Path) -> _Node:
        if len(path) >= DEEPEST:
            raise self._stop(event, f"is nested deeper than {DEEPEST} levels")
        if isinstance(event, AliasEvent):
            node = self._aliased(event, path)
        elif isinstance(event, ScalarEvent):
            node = _Node(_plain(event.value) if event.implicit[0] else event.value)
            self._finish(event, node, path)
        elif isinstance(event, CollectionStartEvent):
            is_list = isinstance(event, SequenceStartEvent)
            node = self._sequence(path) if is_list else self._mapping(path)
            self._finish(event, node, path)
        else:
            raise self._stop(event, "cannot be read as YAML")
        if self._values > MOST_VALUES:
            raise self._stop(event, f"holds more than {MOST_VALUES} values")
        return node

    def _finish(self, event: ScalarEvent | CollectionStartEvent, node: _Node, path: Path) -> None:
        self._values += 1
        if event.tag is not None:
            self._complain(event, path, "begins with ! (a tag)", "put the text in quotes")
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _aliased(self, event: AliasEvent, path: Path) -> _Node:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            what = f"there is no finished &{event.anchor} above this *{event.anchor}"
            self._complain(event, path, what, 'put a text that begins with "*" in quotes')
            return _Node(None)
        self._values += node.size
        if len(path) + node.height > DEEPEST:
            raise self._stop(event, f"is nested deeper than {DEEPEST} levels")
        return node

    def _sequence(self, path: Path) -> _Node:
        entries: list[_Entry] = []
        for event in self._until(SequenceEndEvent):
            entries.append((_line(event), self._node(event, (*path, len(entries)))))
        return _parent(entries, [node for _, node in entries])

    def _mapping(self, path: Path) -> _Node:
        entries: dict[str, _Entry] = {}
        for event in self._until(MappingEndEvent):
            key = self._key(event, path)
            node = self._node(next(self._events), (*path, key or ""))
            if key is None:
                continue
            if key in entries:
                what = f"{shown(key)} is written twice, first in line {entries[key][0]}"
                self._complain(event, (*path, key), what, "keep one of the two")
            else:
                entries[key] = (_line(event), node)
        return _parent(entries, [node for _, node in entries.values()])

    def _key(self, event: Event, path: Path) -> str | None:
        """Return a key's text; None when it is passed over, with its value."""
        if not isinstance(event, ScalarEvent):
            self._node(event, path)
            self._complain(event, path, "a key is not a plain word", "write `key: value`")
            return None
        if event.value == "<<" and event.implicit[0]:
            what = "<< (a merge) is not read here"
            self._complain(event, path, what, "write the settings out, or use an alias: *name")
            return None
        return str(event.value)

    def _until(self, end: type[Event]) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _complain(self, event: Event, path: Path, what: str, right: str) -> None:
        self.problems.append(Problem(self._file, _line(event), dotted(path), what, right))

    def _stop(self, event: Event, what: str) -> ConfigError:
        return ConfigError([*self.problems, Problem(self._file, _line(event), "", what)])


def _parent(value: "list[_Entry] | dict[str, _Entry]", children: list[_Node]) -> _Node:
    size = 1 + sum(child.size for child in children)
    return _Node(value, size, 1 + max((child.height for child in children), default=0))


def _plain(text: str) -> bool | int | str | None:
    """Give unquoted text its meaning; all that is not null, a boolean or an integer is text."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    return int(text) if _INT.fullmatch(text) else text
