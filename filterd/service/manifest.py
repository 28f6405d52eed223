"""What the index was compiled from: one line per list, for the page, ``check`` and the worker."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from filterd.config.document import Document
from filterd.service.files import replace_file


@dataclass(frozen=True, slots=True)
class ListState:
    """How one list fared; ``what`` is empty when all is well, ``fetched`` is epoch seconds or 0."""

    id: str
    category: str
    ok: bool
    names: int
    complaints: int
    what: str
    fetched: float = 0.0
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """``build`` names the index this belongs to, ``recipe`` what of the policy it depends on."""

    build: str
    recipe: str
    lists: tuple[ListState, ...]

    def state_of(self, source: str) -> ListState | None:
        return next((state for state in self.lists if state.id == source), None)


NO_MANIFEST = Manifest(build="", recipe="", lists=())


def recipe_of(document: Document) -> str:
    """Digest of what the index depends on: which lists there are and how they are read."""
    lists = {
        source: listed.model_dump(mode="json", exclude={"category"})
        for source, listed in document.lists.items()
    }
    return hashlib.sha256(json.dumps(lists, sort_keys=True).encode()).hexdigest()[:16]


def load_manifest(path: Path) -> Manifest:
    """Return the stored manifest, or NO_MANIFEST when there is none that can be read."""
    try:
        stored = json.loads(path.read_bytes())
        lists = tuple(ListState(**state) for state in stored["lists"])
        return Manifest(build=stored["build"], recipe=stored["recipe"], lists=lists)
    except (OSError, ValueError, KeyError, TypeError):
        return NO_MANIFEST


def save_manifest(path: Path, manifest: Manifest) -> None:
    """Replace the stored manifest whole."""
    replace_file(path, json.dumps(asdict(manifest), indent=1).encode())
