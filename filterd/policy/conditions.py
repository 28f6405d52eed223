"""The lists' rules with conditions: which of them hold for a question, and what they add.

A rule that holds adds its tag to the name's; from there on everything is decided as for plain
tags.  Work is split by what it depends on.  The words that fit a name (``policy.rulebook``) are
found once per name and kept in a bounded table; whether a word holds depends on the question's
type and the client's traits (``policy.askers``) only.  Both tables die with the policy.
"""

from collections.abc import Iterable
from typing import NamedTuple

from filterd.lists.condition import Rewrite
from filterd.lists.rule import Kind, Tag, TagSet
from filterd.policy.bounded import Bounded
from filterd.policy.listed import Listed
from filterd.policy.rulebook import Rulebook, Word, rulebook_of

_NAMES = 8_192
# Of all words of all names kept, so that a name with a thousand words counts as a thousand.
_WORDS = 131_072
_OUTCOMES = 4_096


class Outcome(NamedTuple):
    """What the rules that hold add: tags, and with each rewriting source what it answers."""

    tags: TagSet
    rewrites: tuple[tuple[str, tuple[Rewrite, ...]], ...] = ()


Words = tuple[Word, ...]


class Known(NamedTuple):
    """What is kept of a name: the number of its tag set in the index, and its words."""

    base: int
    words: Words


class Conditions:
    """The rules with conditions of the lists in use, and what they made of names so far."""

    def __init__(self, listed: Listed, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self._listed = listed
        self._known: Bounded[str, Known] = Bounded(_NAMES, _WORDS, _weigh)
        self._outcomes: Bounded[tuple[Words, int, int], Outcome] = Bounded(_OUTCOMES)

    def known(self, name: str) -> Known:
        """Return the name's tag set and words; searched for once, while they are kept."""
        known = self._known.get(name)
        if known is None:
            base = self._listed.find(name)
            known = Known(base, self.words(name, base))
            self._known.put(name, known)
        return known

    def words(self, name: str, base: int) -> Words:
        """Return the words that fit the name, in the order of the lists."""
        found = {word for word, _ in self.rulebook.fitting(name, self._listed.tags(base))}
        return tuple(sorted(found, key=lambda word: word.position))

    def outcome(self, words: Words, qtype: int, traits: int) -> Outcome | None:
        """Return what of these words holds for a question, None for nothing."""
        if not words:
            return None
        key = (words, qtype, traits)
        found = self._outcomes.get(key)
        if found is None:
            found = combined(words, qtype, traits)
            self._outcomes.put(key, found)
        return found if found.tags else None

    def written(self, name: str, base: int, asked: tuple[int, int], tag: Tag) -> str:
        """Return what the rule that gave the name this tag was written for, "" when none did.

        ``asked`` is the type and the traits.
        """
        for word, text in self.rulebook.fitting(name, self._listed.tags(base)):
            if word.tag == tag and word.holds(*asked):
                return text
        return ""


def combined(words: Words, qtype: int, traits: int) -> Outcome:
    """Return what those of the words that hold say together.

    An exception from rewriting takes its source's rewrites away, all of them or the one it names,
    and says nothing else.
    """
    holding = [word for word in words if word.holds(qtype, traits)]
    tags = {word.tag for word in holding if word.tag.kind is not Kind.REWRITE and not word.rewrite}
    taken = {
        (word.tag.source, word.rewrite)
        for word in holding
        if (word.tag.kind is Kind.REWRITE) is (word.rewrite is None)
    }
    rewrites: dict[str, dict[Rewrite, None]] = {}
    for word in holding:
        source, kind = word.tag
        if kind is not Kind.REWRITE or word.rewrite is None:
            continue
        if taken.isdisjoint(((source, None), (source, word.rewrite))):
            rewrites.setdefault(source, {})[word.rewrite] = None
            tags.add(word.tag)
    return Outcome(
        frozenset(tags),
        tuple((source, tuple(found)) for source, found in rewrites.items()),
    )


def conditions_of(listed: Listed, used: Iterable[str]) -> Conditions | None:
    """Return the rules with conditions of these sources, None when they have none."""
    found = ((source, listed.conditional.get(source)) for source in used)
    rules = tuple((source, rules) for source, rules in found if rules)
    return Conditions(listed, rulebook_of(rules)) if rules else None


def _weigh(known: Known) -> int:
    return len(known.words)
