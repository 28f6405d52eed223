"""What every test folder shares: the visible reason for a skip, which in CI is a failure."""

import os
import shutil
from collections.abc import Callable

import pytest
from hypothesis import settings

from filterd.lists.core import CORE

settings.register_profile("filterd", deadline=None)
settings.load_profile("filterd")


def pytest_report_header() -> str:
    return f"filterd core: {CORE}"


@pytest.fixture(scope="session")
def need_tool() -> Callable[[str], str]:
    """Return a program's path; without it skip with a visible reason, or fail in CI."""

    def find(name: str) -> str:
        path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if path is None:
            reason = f"{name} is not installed; 'make test' installs it when run as root"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return path

    return find
