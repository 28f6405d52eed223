"""Revisions of ``log.db``, oldest first."""
