"""Golden packets by name; see golden/*.hex: hex split by field, ``#`` begins a comment."""

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def golden() -> Callable[[str], bytes]:
    def load(name: str) -> bytes:
        text = (GOLDEN / f"{name}.hex").read_text("ascii")
        return bytes.fromhex("".join(line.partition("#")[0] for line in text.splitlines()))

    return load
