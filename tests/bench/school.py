"""A made-up day of a school's query log, as records the way the DNS process hands them to the log.

300 seats ask 3,000 times each: what the mix asks for, with few enough listed names for a school.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from data import SEED, Questions, made_up

from filterd.resolve.record import Origin, Record

SEATS, EACH = 300, 3_000
DAY_S = 8 * 3600
BATCH = 10_000  # what the DNS process writes in one transaction
_LISTED = 5_000


class School:
    """Makes ``rows`` records from ``first`` (seconds since the epoch) on, over eight hours.

    ``listed`` are the names that are blocked; what lies below one is as well.
    """

    def __init__(self, folder: Path, rows: int, first: float) -> None:
        self.listed = list(made_up(_LISTED, random.Random(SEED)))
        asked = Questions(folder, self.listed).mixed(rows)
        self._asked = [line.split()[0] for line in asked.read_text().splitlines()]
        self._first = first

    def batches(self) -> Iterator[list[Record]]:
        """Yield the day in order, as many at once as are written at once."""
        listed, dice = set(self.listed), random.Random(SEED)
        step = DAY_S / len(self._asked)
        for start in range(0, len(self._asked), BATCH):
            yield [
                _record(self._first + number * step, dice.randrange(SEATS), name, listed)
                for number, name in enumerate(self._asked[start : start + BATCH], start)
            ]

    def sought(self) -> dict[str, str]:
        """What somebody may look for in it: what is found at once, late, or not at all."""
        return {
            "a popular name": "n0.kept.example",
            "one asked for once": next(name for name in self._asked if ".new." in name),
            "a blocked one": self.listed[7],
            "a part of many": "kept",
            "none": "nowhere",
        }


def _record(at: float, seat: int, name: str, listed: set[str]) -> Record:
    rule = name.removeprefix("www.")
    why = ("allow", "default-allow", "", "", "")
    if rule in listed:
        why = ("block", "category", "adult", "names", rule)
    address = f"10.20.{seat // 200}.{seat % 200 + 1}"
    profile = f"child{seat % 10}"
    return Record(at, address, name, 1, profile, *why, "", 1, "made-up", 0, Origin.CACHE, 50)
