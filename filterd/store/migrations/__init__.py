"""Alembic migrations; one folder for each database, run by ``store.schema``."""
