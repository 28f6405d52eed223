"""Figures of all servers, a row for each kind of work, as one Markdown table.

A ratio is taken within a round and only then its median: what else the machine does in one round
burdens both of its figures.  Whether a row is reached is read from the very words that say what to
reach, so the two cannot differ.
"""

import re
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

OURS = "filterd"
SERVERS = (OURS, "limit", "dnsmasq", "unbound")
RIVALS = SERVERS[1:]
_BOUND = re.compile(rf"([≥≤]) (\d*\.?\d+|\d[\d,]*)(?: × ({'|'.join(RIVALS)}))?")


@dataclass(frozen=True)
class Bound:
    """What our median must keep: a figure, or so many times that of ``rival``."""

    words: str
    is_most: bool
    figure: float
    rival: str

    def is_kept(self, row: "Row") -> bool | None:
        """Tell whether the row keeps it; None where that was not measured."""
        seen = ratios(row, self.rival) if self.rival else row.seen.get(OURS, [])
        if not seen:
            return None
        middle = statistics.median(seen)
        return middle <= self.figure if self.is_most else middle >= self.figure


def bounds(reach: str) -> list[Bound]:
    """Read "≥ .85 × limit, ≥ 8 × dnsmasq", or "0" for none at all; raises ValueError for what cannot be measured."""
    found = []
    for words in filter(None, reach.split(", ")):
        parts = _BOUND.fullmatch("≤ 0" if words == "0" else words)
        if parts is None:
            raise ValueError(f"to reach must be like '≤ 1.5' or '≥ 2 × dnsmasq', not {words!r}")
        figure = float(parts[2].replace(",", ""))
        found.append(Bound(words, parts[1] == "≤", figure, parts[3] or ""))
    return found


@dataclass
class Row:
    """One kind of work: a figure for each server and round.

    ``reach`` is what we want of it, as in ``bounds``.
    """

    what: str
    unit: str
    reach: str = ""
    seen: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bounds = bounds(self.reach)

    def add(self, server: str, figure: float) -> None:
        self.seen.setdefault(server, []).append(figure)


def ratios(row: Row, rival: str) -> list[float]:
    """Ours by the rival's, round by round; empty when either was not measured."""
    ours, theirs = row.seen.get(OURS, []), row.seen.get(rival, [])
    return [our / their for our, their in zip(ours, theirs, strict=False) if their]


def spread(figures: Sequence[float]) -> str:
    """The median with the least and the greatest; a dash for none."""
    if not figures:
        return "–"
    middle = number(statistics.median(figures))
    if len(figures) == 1 or min(figures) == max(figures):
        return middle
    return f"{middle} ({number(min(figures))}–{number(max(figures))})"


def number(figure: float) -> str:
    """Three digits that count, so that tables can be read."""
    size = abs(figure)
    digits = 0 if size >= 100 or figure == 0 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{figure:,.{digits}f}"


def verdict(row: Row) -> str:
    """Whether the row is reached, in words: "no" with what is not kept, where more was wanted.

    A dash where nothing is to be reached, or where it hangs on what was not measured.
    """
    kept = [bound.is_kept(row) for bound in row.bounds]
    if False in kept:
        missed = [b.words for b, is_kept in zip(row.bounds, kept, strict=True) if is_kept is False]
        return "no" if len(kept) == 1 else f"no: {', '.join(missed)}"
    return "yes" if kept and None not in kept else "–"


def table(rows: Iterable[Row]) -> str:
    """One table: figures, then ratios, then what to reach and whether it is reached."""
    shares_of = [f"÷ {rival}" for rival in RIVALS]
    heads = ["what", *SERVERS, *shares_of, "to reach", "reached"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        figures = [spread(row.seen.get(server, [])) for server in SERVERS]
        shares = [spread(ratios(row, rival)) for rival in RIVALS]
        cells = [f"{row.what}, {row.unit}", *figures, *shares, row.reach or "–", verdict(row)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def progress(row: Row, server: str, figure: float, more: Mapping[str, float] | None = None) -> None:
    """Note a figure and say so on the way, for whoever waits."""
    row.add(server, figure)
    extra = "".join(f", {what} {number(value)}" for what, value in (more or {}).items())
    print(
        f"  {row.what}, {server}: {number(figure)} {row.unit}{extra}", file=sys.stderr, flush=True
    )
