"""The state folder: policy versions, guardians and their sessions, the query log, keys.

Two SQLite databases in WAL mode.  ``policy.db`` (``synchronous=FULL``) holds what was acknowledged
to a person and must survive ``kill -9`` and a power cut; ``log.db`` (``synchronous=NORMAL``,
``secure_delete``) holds what devices asked.  Every instant in both is a whole number of
microseconds since 1970 in UTC (``instant``).

The modules ``current``, ``folder``, ``live``, ``logwriter`` and ``sqlite`` import neither
SQLAlchemy nor Alembic: the supervisor and the DNS process use them.  Everything else here belongs
to the page and the worker.  Whatever goes wrong comes out as ``errors.StoreError``.
"""
