"""filterd: a DNS filter for a home or a school lab.  The floors are in docs/architecture.md."""

__version__ = "0.1.0"
