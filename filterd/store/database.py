"""A database for the page and the worker: SQLAlchemy over ``sqlite``, with honest transactions.

Python's sqlite3 begins transactions late and by guesswork, which turns "read, then write" into a
deadlock between processes.  So every transaction is begun here by hand, and one that will write
takes the write lock first (BEGIN IMMEDIATE).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from filterd.errors import StoreError
from filterd.store.sqlite import connect, describe

_BUSY_S = 15.0
_POOL = 8  # the page's threads
_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON")


class Database:
    """One database file; may be used by several threads, and is opened after a fork.

    Nothing is opened before the first use.  Raises StoreError for whatever the database reports.
    """

    def __init__(self, path: Path, pragmas: tuple[str, ...] = _PRAGMAS) -> None:
        self._path = path

        def creator() -> sqlite3.Connection:
            return connect(path, busy_s=_BUSY_S, pragmas=pragmas)

        self._engine: Engine = create_engine(
            "sqlite://", creator=creator, poolclass=QueuePool, pool_size=_POOL
        )
        event.listen(self._engine, "begin", _begin)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that sees one state of the database throughout."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction nobody else writes beside; committed at the end, or not at all."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                connection.execution_options(filterd_begin=begin)
                with connection.begin():
                    yield connection
        except DBAPIError as error:
            raise describe(self._path, error.orig or error) from error
        except SQLAlchemyError as error:
            raise StoreError(f"{self._path}: {error}") from error


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options()["filterd_begin"])
