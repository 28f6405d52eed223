"""Figures of all servers, a row for each kind of work, as one Markdown table.

A ratio is taken within a round and only then its median: what else the machine does in one round
burdens both of its figures.
"""

import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

OURS = "filterd"
SERVERS = (OURS, "limit", "dnsmasq", "unbound")
RIVALS = SERVERS[1:]


@dataclass
class Row:
    """One kind of work: a figure for each server and round; ``reach`` is what we want of it."""

    what: str
    unit: str
    reach: str = ""
    seen: dict[str, list[float]] = field(default_factory=dict)

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


def table(rows: Iterable[Row]) -> str:
    """One table: figures, then ratios, then what to reach."""
    heads = ["what", *SERVERS, *(f"÷ {rival}" for rival in RIVALS), "to reach"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        figures = [spread(row.seen.get(server, [])) for server in SERVERS]
        shares = [spread(ratios(row, rival)) for rival in RIVALS]
        cells = [f"{row.what}, {row.unit}", *figures, *shares, row.reach or "–"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def progress(row: Row, server: str, figure: float, more: Mapping[str, float] | None = None) -> None:
    """Note a figure and say so on the way, for whoever waits."""
    row.add(server, figure)
    extra = "".join(f", {what} {number(value)}" for what, value in (more or {}).items())
    print(
        f"  {row.what}, {server}: {number(figure)} {row.unit}{extra}", file=sys.stderr, flush=True
    )
