"""A compiled part, for the tests that need it: without it they are skipped, or fail where it must be."""

import os
from importlib import import_module
from typing import Any

import pytest


def built(part: str) -> Any:
    """Return the module ``part``; where it was not built, skip the test or file that asks.

    With ``FILTERD_CORE=native`` in the environment its ImportError is raised instead.
    """
    try:
        return import_module(part)
    except ImportError as error:
        if os.environ.get("FILTERD_CORE") == "native":
            raise
        pytest.skip(f"the compiled core is not here: {error}", allow_module_level=True)
