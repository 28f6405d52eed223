"""Text a person wrote becomes a configuration or a policy, or all its errors at once.

Reads no file and knows no time zones: text and zones come in.
"""

from collections.abc import Collection
from typing import TypeVar

from pydantic import ValidationError

from filterd.config.document import Document
from filterd.config.fields import ZONES
from filterd.config.machine import Config
from filterd.config.model import Model, problems_of
from filterd.config.yaml import read_yaml
from filterd.errors import ConfigError, Problem

M = TypeVar("M", bound=Model)


def load_config(text: str, file_name: str, zones: Collection[str]) -> Config:
    """Return the configuration in the text of ``config.yaml``.

    ``file_name`` is what messages call the file; ``zones`` are the IANA zones this machine
    knows.  Raises ConfigError with every problem, in the order of their lines.
    """
    return load_model(Config, text, file_name, zones)


def load_policy(text: str, file_name: str, zones: Collection[str]) -> Document:
    """Return the policy in the YAML that ``dump_policy`` writes; otherwise as ``load_config``."""
    return load_model(Document, text, file_name, zones)


def load_model(model: type[M], text: str, file_name: str, zones: Collection[str]) -> M:
    read = read_yaml(text, file_name)
    problems = read.problems
    if read.data is None:
        problems = [*problems, Problem(file_name, None, "", "holds no settings")]
        raise ConfigError(problems)
    try:
        loaded = model.model_validate(read.data, context={ZONES: zones})
    except ValidationError as error:
        problems = [*problems, *problems_of(error, file_name, read.line_of)]
    else:
        if not problems:
            return loaded
    raise ConfigError(sorted(problems, key=lambda problem: problem.line or 0))
