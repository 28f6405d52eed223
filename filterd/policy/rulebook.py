"""The lists' rules with conditions, ready to be looked at: which of them fit a name.

Rules that say the same under the same conditions are one *word*, so that a thousand patterns are
one thing to decide about.  A rule is looked at by name only where the index says that its source
has such a rule; patterns must be searched in every name, and ``lists.patterns`` does that.
Nothing is remembered of names (``policy.conditions``).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from filterd.errors import WireError
from filterd.lists.condition import Conditional, Rewrite
from filterd.lists.parsed import Scope
from filterd.lists.patterns import Patterns
from filterd.lists.rule import Kind, Tag, TagSet
from filterd.lists.texts import walk_of
from filterd.policy.askers import Askers
from filterd.wire import name as names
from filterd.wire.codes import CNAME, NOERROR

# How many different words one name may have to be compared with: a list of strangers decides how
# many rules it has, and a new name must not cost a child's page milliseconds.
MOST_AT_ONCE = 1_024

Rules = tuple[tuple[str, tuple[Conditional, ...]], ...]
"""Sources, each with its rules."""


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """What rules of one source say under the same conditions; the rules differ by name only.

    ``position`` is the first rule's place, ``who`` a bit of ``Askers`` or 0; ``target`` is the
    name a CNAME leads to, "" without one.
    """

    position: int
    tag: Tag
    types: frozenset[int]
    but_types: frozenset[int]
    who: int
    denyallow: frozenset[str]
    rewrite: Rewrite | None
    target: str

    def speaks_of(self, name: str, parents: Sequence[str]) -> bool:
        """Tell whether nothing in the name itself takes it out; ``parents`` begin with it.

        An alias of a name for itself is none: else a rule for a whole domain would never let its
        own target be found.
        """
        if self.target == name:
            return False
        return not self.denyallow or self.denyallow.isdisjoint(parents)

    def holds(self, qtype: int, traits: int) -> bool:
        """Tell whether the question's type and the client are among those meant."""
        if self.types and qtype not in self.types:
            return False
        return qtype not in self.but_types and self.who & traits == self.who


class _Anchored(NamedTuple):
    scope: Scope
    word: Word


class Rulebook:
    """All rules with conditions of the sources in use.

    ``left_out`` says how many rules of a source are not applied because there are more than can
    be looked at: more different clients than ``askers`` tells apart, MOST_AT_ONCE for one name and
    its parents, or more patterns than ``lists.patterns`` searches for.  A name in which ``walk``
    finds nothing fits no pattern; it is None where only a search can tell.
    """

    def __init__(self, rules: Rules) -> None:
        self.askers = Askers()
        self.left_out = Counter[str]()
        self._words: dict[tuple[object, ...], Word] = {}
        self._anchored: dict[str, list[_Anchored]] = {}
        self._by_pattern: list[Word] = []
        self._found_words: set[Word] = set()
        self._inverted: set[int] = set()
        self._texts: list[str] = []
        anchored: list[tuple[Conditional, Word]] = []
        for source, of_source in rules:
            for rule in of_source:
                word = self._word(source, rule)
                if word is None or (rule.pattern and not self._add_pattern(rule, word)):
                    self.left_out[source] += 1
                elif not rule.pattern:
                    anchored.append((rule, word))
        self._anchor(anchored)
        self._patterns = Patterns(self._texts)
        for at in self._patterns.left_out:
            self.left_out[self._by_pattern[at].tag.source] += 1
            # What is not searched for must not count as not found.
            self._inverted.discard(at)
        texts = None if self._inverted else self._patterns.needed_texts()
        self.walk = None if texts is None else walk_of(texts)

    @property
    def has_patterns(self) -> bool:
        """Tell whether any rule may fit a name whose tags say nothing of conditions."""
        return bool(self._texts)

    def _anchor(self, rules: Iterable[tuple[Conditional, Word]]) -> None:
        """File the rules for a name.  Those for parents come first: they are looked at with it."""
        for rule, word in sorted(rules, key=lambda each: each[0].name.count(".")):
            above = sum(len(self._anchored.get(each, ())) for each in names.parents(rule.name))
            if above < MOST_AT_ONCE:
                filed = _Anchored(Scope(rule.scope), word)
                self._anchored.setdefault(rule.name, []).append(filed)
            else:
                self.left_out[word.tag.source] += 1

    def _add_pattern(self, rule: Conditional, word: Word) -> bool:
        # What is not found in a name fits it: each such rule is one more thing to compare with.
        needs_room = rule.inverted or word not in self._found_words
        if needs_room and len(self._found_words) + len(self._inverted) >= MOST_AT_ONCE:
            return False
        if rule.inverted:
            self._inverted.add(len(self._texts))
        else:
            self._found_words.add(word)
        self._texts.append(rule.pattern)
        self._by_pattern.append(word)
        return True

    def _word(self, source: str, rule: Conditional) -> Word | None:
        """Return what a rule says, None when there are too many different clients already."""
        who = self.askers.bit(rule.who)
        if who is None:
            return None
        said = (rule.types, rule.but_types, who, rule.denyallow, rule.rewrite)
        word = self._words.get((source, rule.kind, *said))
        if word is None:
            tag = Tag(source, rule.kind)
            word = Word(len(self._words), tag, *said, target=alias_of(rule.rewrite))
            self._words[source, rule.kind, *said] = word
        return word

    def fitting(self, name: str, tags: TagSet) -> Iterator[tuple[Word, str]]:
        """Yield each word that fits, with what a rule that says it was written for.

        That is a name, or a pattern between slashes; ``tags`` are the name's in the index.  A word
        may come more than once.
        """
        sources = {tag.source for tag in tags if tag.kind is Kind.CONDITIONAL}
        parents = tuple(names.parents(name))
        if sources:
            for parent in parents:
                for scope, word in self._anchored.get(parent, ()):
                    is_covered = scope is not (Scope.BELOW if parent == name else Scope.EXACT)
                    if is_covered and word.tag.source in sources and word.speaks_of(name, parents):
                        yield word, parent
        if self._texts:
            for word, at in self._found(name).items():
                if word.speaks_of(name, parents):
                    yield word, f"/{self._texts[at]}/"

    def _found(self, name: str) -> dict[Word, int]:
        """Return the words of the patterns that fit, each with the place of one of them."""
        found = self._patterns.match(name)
        fits: dict[Word, int] = {}
        for at in found:
            if at not in self._inverted:
                fits.setdefault(self._by_pattern[at], at)
        for at in self._inverted.difference(found):
            fits.setdefault(self._by_pattern[at], at)
        return fits


def alias_of(rewrite: Rewrite | None) -> str:
    """Return the name that a rewrite is an alias for, "" when it is none."""
    if rewrite is None or rewrite.rcode != NOERROR or rewrite.rtype != CNAME:
        return ""
    try:
        return names.read(rewrite.rdata, 0)[0]
    except (WireError, IndexError):
        return ""


# A guardian's tap makes a new policy over the same lists, and thousands of rules take a while.
@lru_cache(maxsize=2)
def rulebook_of(rules: Rules) -> Rulebook:
    """Return the rulebook; for rules that were just read it is the one made then."""
    return Rulebook(rules)
