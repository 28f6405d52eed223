"""Rows about a thousand regexes and rules for one record type: what they cost other names."""

from pathlib import Path

from data import Questions, write_patterns, write_typed
from lists import inside
from load import Generator
from report import OURS, Row, progress
from servers import House, Server, filterd

PATTERNS = 1_000
_SECONDS = 2
_MORE = """\
    patterns: {category: adult, file: patterns, format: pihole}
    typed: {category: adult, file: typed, format: adblock}
"""


def with_patterns(folder: Path, names: Path, upstream: int, probe: str) -> Server:
    """A second filterd with the same list and a thousand regexes."""
    files = folder / "patterns", folder / "typed"
    write_patterns(files[0], PATTERNS)
    write_typed(files[1], PATTERNS)
    return filterd(House(folder / "patterned", names, upstream, _MORE, files), probe)


def seen_names(
    plain: Server, patterned: Server, generator: Generator, questions: Questions, rounds: int
) -> list[Row]:
    """Names that were asked for before, with the regexes and without, in turn."""
    row = Row(f"names seen before, with {PATTERNS:,} regexes ÷ without", "×", "≥ .9")
    new = Row("new names, with them ÷ without", "×")
    for server in (plain, patterned):
        generator.once(server.port, questions.warm())
    asked = questions.cached(500_000)
    for _ in range(rounds):
        rates = [generator.most(one.port, asked, _SECONDS).qps for one in (patterned, plain)]
        progress(row, OURS, rates[0] / rates[1], {"answers/s": rates[0]})
    for _ in range(rounds):
        misses = questions.misses(300_000)
        rates = [generator.most(one.port, misses, _SECONDS).qps for one in (patterned, plain)]
        progress(new, OURS, rates[0] / rates[1], {"answers/s": rates[0]})
    return [row, new]


def new_name(folder: Path, rounds: int) -> list[Row]:
    """What the search itself costs a name that nobody has asked for."""
    row = Row(f"search of a new name for {PATTERNS:,} regexes", "µs", "≤ 20")
    for _ in range(rounds):
        found = inside("patterns", folder / "patterns")
        if found:
            progress(row, OURS, found["us"])
    return [row]
