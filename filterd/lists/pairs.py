"""Pairs of tag sets, numbered as they are met.

Tag sets are integers, one bit a tag.  A name needs two of them, a *pair*: ``here`` for itself,
``down`` for what lies below it.  Both cores number their pairs here, and ask only once for each
combination they meet.
"""

NOTHING_MORE = -1


class Pairs:
    """Pairs by number and numbers by pair."""

    __slots__ = ("numbers", "pairs")

    def __init__(self) -> None:
        self.pairs: list[tuple[int, int]] = []
        self.numbers: dict[tuple[int, int], int] = {}

    def number(self, here: int, down: int) -> int:
        pair = here, down
        number = self.numbers.setdefault(pair, len(self.pairs))
        if number == len(self.pairs):
            self.pairs.append(pair)
        return number

    def union(self, one: int, other: int) -> int:
        """Return the number of what two pairs, given by number, say together."""
        here, down = self.pairs[one]
        also_here, also_down = self.pairs[other]
        return self.number(here | also_here, down | also_down)

    def under(self, own: int, parent: int) -> int:
        """Return the number of what ``own`` says on a name below one that has ``parent``.

        NOTHING_MORE when the parent says all that ``own`` says: the search for the name then ends
        at the parent with the same answer.  With several parents, ``parent`` is their ``union``.
        """
        here, down = self.pairs[own]
        inherited = self.pairs[parent][1]
        here, down = here | inherited, down | inherited
        if here == down == inherited:
            return NOTHING_MORE
        return own if not inherited else self.number(here, down)
