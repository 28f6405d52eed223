"""The base of every model: frozen, strict about keys, and all its errors at once in plain words.

Decides how pydantic's findings read; what is right for a field is decided beside the field.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from filterd.config.wrong import Wrong, nearest, one_of, shown
from filterd.errors import Problem

Path = tuple[str | int, ...]

_OURS = "filterd"
_KEY = "[key]"  # pydantic's mark for "the key itself is wrong"


class Finding(NamedTuple):
    """One problem inside a model; ``path`` is relative to it."""

    path: Path
    what: str
    right: str = ""


class Model(BaseModel):
    """Frozen, and an unknown key is an error.

    A subclass says in ``together`` what its fields must be to each other.  Building a model
    raises pydantic's ValidationError with every finding in it; ``problems_of`` reads it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def together(cls, fields: Mapping[str, Any]) -> Iterator[Finding]:
        """Yield what is wrong between fields.

        ``fields`` are the finished values, or, where some field is wrong by itself, whatever
        was written: any shape, defaults missing.  So that one run shows every problem.
        """
        del fields
        yield from ()

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            model = handler(data)
        except ValidationError as error:
            found = [_in_words(cls, each) for each in error.errors(include_url=False)]
            if isinstance(data, Mapping):
                found.extend(cls.together(data))
        else:
            found = list(cls.together(model.__dict__))
            if not found:
                return model
        raise ValidationError.from_exception_data(cls.__name__, [_detail(each) for each in found])


def problems_of(
    error: ValidationError, file: str, line_of: Callable[[Path], int | None]
) -> list[Problem]:
    """Turn what building a ``Model`` raised into problems, in the order they were found."""
    found: list[Problem] = []
    for each in error.errors(include_url=False):
        ctx = each["ctx"]
        path: Path = tuple(each["loc"])
        found.append(Problem(file, line_of(path), dotted(path), ctx["what"], ctx["right"]))
    return found


def dotted(path: Path) -> str:
    """Write a path as people say it: ``policy.profiles.sana.windows[0].start``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            key = step if re.fullmatch(r"[\w-]+", step) else shown(step)
            text += f".{key}" if text else key
    return text


def texts(value: object) -> list[str]:
    """Return the texts in a list somebody wrote, and nothing for any other shape."""
    if not isinstance(value, (list, tuple)):
        return []
    return [item for item in value if isinstance(item, str)]


def fields_of(value: object) -> Mapping[str, Any]:
    """Return the fields of a nested model, finished or as written; empty for any other shape."""
    if isinstance(value, Model):
        return value.__dict__
    return value if isinstance(value, Mapping) else {}


def _detail(found: Finding) -> InitErrorDetails:
    words = {"what": found.what, "right": found.right}
    template = "{what} ({right})" if found.right else "{what}"
    return InitErrorDetails(
        type=PydanticCustomError(_OURS, template, words), loc=found.path, input=None
    )


def _in_words(model: type[Model], error: ErrorDetails) -> Finding:
    """Say one of pydantic's errors in our words; those said by an inner model stay."""
    path: Path = tuple(error["loc"])
    kind = error["type"]
    if kind == _OURS:
        return Finding(path, error["ctx"]["what"], error["ctx"]["right"])
    if kind in {"extra_forbidden", "invalid_key"}:
        return Finding(path, "is not a setting here", _known_keys(str(path[-1]), model))
    if path and path[-1] == _KEY:
        path = path[:-1]
    if kind == "missing":
        return Finding(path, "is missing", _description(model, path))
    if kind == "value_error":
        reason = error["ctx"]["error"]
        if isinstance(reason, Wrong):
            return Finding(path, reason.what, reason.right)
    return Finding(path, *_misfit(error))


def _known_keys(key: str, model: type[Model]) -> str:
    fields: Iterable[str] = model.model_fields
    return one_of(key, list(fields))


def _description(model: type[Model], path: Path) -> str:
    field = model.model_fields.get(str(path[-1]))
    return field.description or "" if field is not None else ""


def _misfit(error: ErrorDetails) -> tuple[str, str]:
    value, kind = error["input"], error["type"]
    if value is None:
        right = _EMPTY.get(kind, "write what belongs here, or take the line out")
        return "nothing is written here", right
    if kind == "literal_error":
        options = re.findall("'([^']*)'", error["ctx"]["expected"])
        return f"{shown(value)} is not known here", one_of(str(value), options)
    if kind in _BOUNDS:
        bound = next(iter(error["ctx"].values()))
        return f"{shown(value)} is too {_BOUNDS[kind][0]}", f"{_BOUNDS[kind][1]} {bound}"
    wanted, right = _WANTED.get(kind, ("what belongs here", ""))
    return f"{shown(value)} is not {wanted}", _hint(kind, value) or right


# pydantic's type of error: what was expected, and how that is written.
_WANTED = {
    "string_type": ("text", "write one text"),
    "tuple_type": ("a list", "write [first, second], or each on its own line after a dash"),
    "dict_type": ("a group of settings", "write `key: value` lines below it"),
    "model_type": ("a group of settings", "write `key: value` lines below it"),
    "bool_type": ("true or false", "write true or false"),
    "int_type": ("a whole number", "write digits only"),
}

_EMPTY = {
    "tuple_type": "write [] for none, or take the line out",
    "dict_type": "write {} for none, or take the line out",
}

_BOUNDS = {
    "greater_than_equal": ("small", "at least"),
    "less_than_equal": ("large", "at most"),
}


def _hint(kind: str, value: object) -> str:
    """Name the exact text to write, where it can be known."""
    if kind == "bool_type" and isinstance(value, str):
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}
        word = meant.get(value.lower()) or nearest(value, ["true", "false"])
        return f"write {word} without quotes" if word else ""
    if kind == "int_type" and isinstance(value, str) and value.strip().isdecimal():
        return f"write {value.strip()} without quotes"
    if kind == "string_type" and isinstance(value, (int, float)):
        return f"write it in quotes: {shown(shown(value))}"
    if kind == "tuple_type" and isinstance(value, str):
        return f"write [{shown(value)}]"
    return ""
