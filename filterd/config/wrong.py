"""What is wrong with one value, and what would be right, in plain words.

Holds the words only; which values are wrong is decided beside each type.
"""

import difflib
import json
from collections.abc import Collection

_LONGEST_SHOWN = 60
_SHORTEST_STEM = 3


class Wrong(ValueError):
    """One value is wrong.

    ``what`` follows the value's path ("config.yaml:7: policy.zone: ..."); ``right`` says what
    would be right and may be empty.  ``str()`` gives both, for a page with one field.
    """

    def __init__(self, what: str, right: str = "") -> None:
        super().__init__(f"{what} ({right})" if right else what)
        self.what = what
        self.right = right


def shown(value: object) -> str:
    """Show a value as its writer would recognise it, on one line and shortened."""
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "a group of settings"
    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > _LONGEST_SHOWN:
        return f"{text[:_LONGEST_SHOWN]}…"
    return text


def nearest(text: str, options: Collection[str]) -> str | None:
    """Return the option a mistyped ``text`` was probably meant to be, else None."""
    if len(text) > _LONGEST_SHOWN:  # difflib takes quadratic time
        return None
    folded = {option.casefold(): option for option in sorted(options, reverse=True)}
    wanted = text.casefold()
    found = difflib.get_close_matches(wanted, folded, n=1)
    if not found and len(wanted) >= _SHORTEST_STEM:  # saturday for sat, ads for ads-trackers
        found = [
            option
            for option in sorted(folded)
            if len(option) >= _SHORTEST_STEM
            and (wanted.startswith(option) or option.startswith(wanted))
        ]
    return folded[found[0]] if found else None


def one_of(text: str, options: Collection[str]) -> str:
    """Say what would be right instead of ``text``: the nearest option, or all of them."""
    near = nearest(text, options)
    if near is not None:
        return f"did you mean {near}?"
    return f"one of: {', '.join(options)}" if options else ""
