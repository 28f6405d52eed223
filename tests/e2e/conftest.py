"""One far end for the session; a house for each module that wants one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from running import House, free_port, make_house, running_nsd


@pytest.fixture(scope="session")
def upstream(
    need_tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """``127.0.0.1:PORT`` of a real authoritative server for ``example.``."""
    folder = tmp_path_factory.mktemp("nsd")
    with running_nsd(need_tool("nsd"), folder, free_port()) as port:
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def house(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running house, shared by the tests of one module."""
    house = make_house(tmp_path_factory.mktemp("house"), upstream)
    house.start()
    yield house
    house.stop()


@pytest.fixture
def new_house(upstream: str, tmp_path: Path) -> Iterator[House]:
    """A house of one's own, not started yet."""
    house = make_house(tmp_path, upstream)
    yield house
    if house.process is not None and house.process.poll() is None:
        house.stop()
