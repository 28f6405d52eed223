"""One walk over a name that tells whether any of thousands of texts stands in it.

The automaton of Aho and Corasick, as a flat table that native code walks: a state a sign, and no
more of it once a text was found.  Texts are those of ``lists.needed``.
"""

from array import array
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from filterd.lists.needed import SIGNS

MOST_STATES = 32_768  # 84 octets each

FOUND, _ROOT = 0, 1
# Columns of the table: any other octet, which counts as found, the signs, and a name's two ends.
_COLUMNS = {sign: column for column, sign in enumerate((*SIGNS, "^", "$"), start=1)}
END = _COLUMNS["$"]
WIDTH = len(_COLUMNS) + 1


class Walk(NamedTuple):
    """Where a walk begins, and the rows of its states, of WIDTH numbers of 16 bits each.

    In a state's row each sign has the next state; state FOUND stays FOUND.  ``columns`` has the
    column of each octet of a name; ``END`` is that of the name's end.
    """

    columns: bytes
    rows: bytes
    start: int


def walk_of(texts: Iterable[str]) -> Walk | None:
    """Return the walk that ends in FOUND for names with one of the texts, None for too many."""
    children = _tree(texts)
    if len(children) > MOST_STATES:
        return None
    rows = array("H", bytes(2 * WIDTH * len(children)))
    # Where the longest other text goes on whose beginning ends what was read.
    falls = [_ROOT] * len(children)
    for column in range(1, WIDTH):
        rows[_ROOT * WIDTH + column] = children[_ROOT].get(column, _ROOT)
    waiting = deque(state for state in children[_ROOT].values() if state != FOUND)
    while waiting:
        state = waiting.popleft()
        row = rows[falls[state] * WIDTH : (falls[state] + 1) * WIDTH]
        for column, child in children[state].items():
            fall, row[column] = row[column], child if row[column] != FOUND else FOUND
            if row[column] != FOUND:
                falls[child] = fall
                waiting.append(child)
        rows[state * WIDTH : (state + 1) * WIDTH] = row
    columns = bytes(_COLUMNS.get(chr(octet), 0) * (chr(octet) in SIGNS) for octet in range(256))
    return Walk(columns, rows.tobytes(), rows[_ROOT * WIDTH + _COLUMNS["^"]])


def _tree(texts: Iterable[str]) -> list[dict[int, int]]:
    """Return the children of each state by column; the last sign of a text leads to FOUND."""
    children: list[dict[int, int]] = [{}, {}]
    # A text that begins with a shorter one adds nothing.
    for text in sorted(texts, key=len):
        state = _ROOT
        for sign in text[:-1]:
            state = children[state].setdefault(_COLUMNS[sign], len(children))
            if state == FOUND:
                break
            if state == len(children):
                children.append({})
        else:
            children[state][_COLUMNS[text[-1]]] = FOUND
        if len(children) > MOST_STATES:
            break
    return children
