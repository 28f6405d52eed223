"""Where things lie in the state folder; every process finds them through here."""

from dataclasses import dataclass
from pathlib import Path

from filterd.config.machine import Config


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one state folder (0700); ``base`` is the folder of ``config.yaml``."""

    state: Path
    base: Path

    @property
    def policy_db(self) -> Path:
        return self.state / "policy.db"

    @property
    def log_db(self) -> Path:
        return self.state / "log.db"

    @property
    def index(self) -> Path:
        """The compiled lists: one file, mapped by every process."""
        return self.state / "lists.index"

    @property
    def manifest(self) -> Path:
        """What the index was compiled from, and what was wrong with each list."""
        return self.state / "lists.json"

    @property
    def downloads(self) -> Path:
        """What came from elsewhere: the last good copy of every subscribed list, and what waits."""
        return self.state / "downloads"

    def copy_of(self, source: str) -> Path:
        """The text in force of a list that came from elsewhere."""
        return self.downloads / f"{source}.txt"

    def held_of(self, source: str) -> Path:
        """A download that waits for a guardian's answer."""
        return self.downloads / f"{source}.held"

    @property
    def read_lists(self) -> Path:
        """What was read in each list: names and lines, for the index and for explanations."""
        return self.state / "lists"

    def names_of(self, source: str) -> Path:
        """What was read in the text in force of a list."""
        return self.read_lists / f"{source}.names"

    def held_names_of(self, source: str) -> Path:
        """What was read in a download that waits for a guardian's answer."""
        return self.read_lists / f"{source}.held"

    @property
    def control(self) -> Path:
        """The DNS process's control socket."""
        return self.state / "control.sock"


def layout_of(config: Config, config_path: Path) -> Layout:
    """Return the layout of a configuration; paths in it are meant relative to its folder."""
    base = config_path.resolve().parent
    return Layout(base / config.state, base)
