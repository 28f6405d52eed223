"""The names that `make bench` works with: all made up, the same at every run, none of anybody's.

Questions lie in files, a line each, as ``load.c`` and dnsperf read them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SEED = 20261124
KEPT_NAMES = 4_000  # allowed names, asked for again and again
ZONES = ("example", "example", "com.example", "net.example", "co.uk.example")


def made_up(count: int, dice: random.Random, first: int = 0) -> Iterator[str]:
    """Yield ``count`` different names, in no order, as long as those of published lists: 19.

    Those from another ``first`` are others, when the two are at least ``count`` apart.
    """
    for number in range(first, first + count):
        yield f"{dice.getrandbits(dice.randint(4, 24)):x}x{number:x}.{dice.choice(ZONES)}"


def write_names(path: Path, count: int, first: int = 0) -> str:
    """Write a list of ``count`` names, one a line; return the last one."""
    name = ""
    with path.open("w") as file:
        for name in made_up(count, random.Random(SEED + first), first):
            file.write(f"{name}\n")
    return name


def write_for_dnsmasq(names: Path, path: Path) -> None:
    with names.open() as lines, path.open("w") as file:
        file.writelines(f"address=/{line.rstrip()}/#\n" for line in lines)


def write_for_unbound(names: Path, path: Path) -> None:
    with names.open() as lines, path.open("w") as file:
        file.write("server:\n")
        file.writelines(f'local-zone: "{line.rstrip()}." always_null\n' for line in lines)


def write_patterns(path: Path, count: int) -> None:
    """Write ``count`` regexes of the shapes that published lists have."""
    dice = random.Random(SEED + 1)
    with path.open("w") as file:
        for number in range(count):
            word = f"{dice.getrandbits(28):x}{number:x}"
            shape = dice.choice(
                (r"^{0}[0-9]+\.", r"(^|\.){0}\.[a-z]+$", "{0}.*{0}", "^(.+[_.-])?{0}[0-9]*[_.-]")
            )
            file.write(shape.format(word) + "\n")


def write_typed(path: Path, count: int) -> None:
    """Write ``count`` rules that hold for one record type only."""
    dice = random.Random(SEED + 2)
    path.write_text(
        "".join(f"||{name}^$dnstype=HTTPS\n" for name in made_up(count, dice)), encoding="utf-8"
    )


@dataclass
class Questions:
    """Writes files of questions over one list; a name is new once, in whatever file it is."""

    folder: Path
    listed: list[str]  # a sample of the list
    dice: random.Random = field(default_factory=lambda: random.Random(SEED + 3))
    _new: int = 0

    def __post_init__(self) -> None:
        self.kept = [f"n{number:x}.kept.example" for number in range(KEPT_NAMES)]
        total, self._weights = 0.0, []
        for rank in range(1, KEPT_NAMES + 1):
            total += 1 / rank
            self._weights.append(total)

    def warm(self) -> Path:
        """Every name that is kept, once for each type: fills a cache."""
        return self._write("warm", [f"{name} {kind}" for name in self.kept for kind in _TYPES])

    def cached(self, count: int) -> Path:
        """Allowed names with a popularity of 1/rank, 3 in 4 for A."""
        return self._write("cached", self._cached(count))

    def blocked(self, count: int) -> Path:
        """Listed names, every other one a name below a listed one."""
        return self._write("blocked", self._blocked(count))

    def misses(self, count: int) -> Path:
        """Names that nobody has asked for."""
        return self._write("misses", self._misses(count))

    def mixed(self, count: int) -> Path:
        """70 % as ``cached``, 25 % as ``blocked``, 5 % as ``misses``."""
        blocked, new = count // 4, count // 20
        asked = self._cached(count - blocked - new) + self._blocked(blocked) + self._misses(new)
        self.dice.shuffle(asked)
        return self._write("mixed", asked)

    def any_of(self, names: list[str], count: int = 20_000) -> Path:
        """These names, one as likely as another."""
        return self._write("any", [f"{name} A" for name in self.dice.choices(names, k=count)])

    def _cached(self, count: int) -> list[str]:
        names = self.dice.choices(self.kept, cum_weights=self._weights, k=count)
        kinds = self.dice.choices(_TYPES, (3, 1), k=count)
        return [f"{name} {kind}" for name, kind in zip(names, kinds, strict=True)]

    def _blocked(self, count: int) -> list[str]:
        names = self.dice.choices(self.listed, k=count)
        starts = self.dice.choices(("", "www."), k=count)
        return [f"{start}{name} A" for start, name in zip(starts, names, strict=True)]

    def _misses(self, count: int) -> list[str]:
        first, self._new = self._new, self._new + count
        return [f"m{number:x}.new.example A" for number in range(first, self._new)]

    def _write(self, kind: str, lines: list[str]) -> Path:
        path = self.folder / f"{kind}.q"
        path.write_text("\n".join(lines) + "\n", encoding="ascii")
        return path


_TYPES = ("A", "AAAA")
