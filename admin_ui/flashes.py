"""A sentence that is shown once, on the page after a change.

It waits in the session as JSON and is translated when it is shown, in whatever language that is.
"""

from collections.abc import Mapping
from typing import Any, Literal

from flask import flash

from admin_ui.language import Ltr, Say


def flash_say(sentence: Say, tone: Literal["good", "stop"] = "good") -> None:
    """Show a sentence on the next page; its values must be texts."""
    values = {
        name: {"ltr": value.text} if isinstance(value, Ltr) else str(value)
        for name, value in sentence.values.items()
    }
    flash({"text": sentence.text, "values": values}, tone)  # type: ignore[arg-type]


def stored_flash(stored: Mapping[str, Any]) -> Say:
    """Return a sentence that waited in the session."""
    values = {
        name: Ltr(value["ltr"]) if isinstance(value, dict) else value
        for name, value in stored["values"].items()
    }
    return Say(stored["text"], values)
