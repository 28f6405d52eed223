"""Read ``config.yaml`` from disk."""

import zoneinfo
from collections.abc import Collection, Iterator
from pathlib import Path

from filterd.config.load import load_config
from filterd.config.machine import Config
from filterd.errors import ConfigError, Problem

_LIMIT_BYTES = 4 << 20
# Lie beside the zones: copies of all, and copies with leap seconds, which no clock here counts.
_NO_ZONES = frozenset({"posix", "right", "posixrules"})


def read_config(path: Path) -> Config:
    """Return the configuration in ``path``; raises ConfigError with everything wrong in it."""
    return load_config(read_text(path), str(path), Zones())


class Zones(Collection[str]):
    """The IANA zone names that this machine knows.

    Only a name that is none makes us list the hundreds there are, to find the one that was meant.
    """

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or name.partition("/")[0] in _NO_ZONES:
            return False
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return False  # the two last for a path that climbs, and a folder of zones
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(zoneinfo.available_timezones())

    def __len__(self) -> int:
        return len(zoneinfo.available_timezones())


def read_text(path: Path) -> str:
    """Return a file a person wrote; raises ConfigError when it cannot be read as text."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LIMIT_BYTES + 1)
        if len(raw) > _LIMIT_BYTES:
            raise ConfigError([Problem(str(path), None, "", "is larger than 4 MiB")])
        return raw.decode("utf-8-sig")
    except FileNotFoundError:
        problem = Problem(str(path), None, "", "there is no such file")
    except OSError as error:
        problem = Problem(str(path), None, "", f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problem = Problem(str(path), line, "", "is not UTF-8 text", "save it as UTF-8")
    raise ConfigError([problem])
