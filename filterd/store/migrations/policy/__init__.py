"""Revisions of ``policy.db``, oldest first."""
