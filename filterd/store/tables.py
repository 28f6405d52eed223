"""The tables of both databases as the code uses them; ``migrations`` is how they come about.

A test holds the two together.  Instants are microseconds (``instant``), tuples are JSON arrays.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

policy_tables = MetaData()
log_tables = MetaData()

versions = Table(
    "versions",
    policy_tables,
    Column("number", Integer, primary_key=True),
    Column("document", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("undoes", Integer, ForeignKey("versions.number")),
)

# An id is never used again: the log names overrides by their id.
overrides = Table(
    "overrides",
    policy_tables,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("categories", Text, nullable=False),
    Column("names", Text, nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger),
    Column("author", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("ended_by", Text),
    sqlite_autoincrement=True,
)

guardians = Table(
    "guardians",
    policy_tables,
    Column("login", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    policy_tables,
    Column("token_hash", Text, primary_key=True),
    Column(
        "guardian",
        Text,
        ForeignKey("guardians.login", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("data", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)

attempts = Table(
    "attempts",
    policy_tables,
    Column("address", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last", BigInteger, nullable=False, index=True),
    Column("until", BigInteger, nullable=False),
)

setup_code = Table(
    "setup_code",
    policy_tables,
    Column("id", Integer, primary_key=True),
    Column("code_hash", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
)

meta = Table(
    "meta",
    policy_tables,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

names = Table(
    "names",
    log_tables,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

profiles = Table(
    "profiles",
    log_tables,
    Column("id", Integer, primary_key=True),
    Column("profile", Text, nullable=False, unique=True),
)

# One row for a device at an address; ``mac`` is empty while it is not known.
clients = Table(
    "clients",
    log_tables,
    Column("id", Integer, primary_key=True),
    Column("address", Text, nullable=False),
    Column("mac", Text, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("queries", BigInteger, nullable=False),
    UniqueConstraint("address", "mac"),
)

# Everything a verdict says that repeats from query to query.
decisions = Table(
    "decisions",
    log_tables,
    Column("id", Integer, primary_key=True),
    Column("action", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("build", Text, nullable=False),
    UniqueConstraint("action", "reason", "category", "source", "detail", "version", "build"),
)

# Numbers only.  Each index costs the writer; these three are what the page asks by.  A text is
# searched in ``names``, which is small, and then newest rows first.
queries = Table(
    "queries",
    log_tables,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("client", Integer, nullable=False, index=True),
    Column("name", Integer),
    Column("matched", Integer),
    Column("decision", Integer, nullable=False),
    Column("profile", Integer, nullable=False, index=True),
    Column("blocked", Integer, nullable=False),
    Column("qtype", Integer, nullable=False),
    Column("rcode", Integer, nullable=False),
    Column("origin", Integer, nullable=False),
    Column("took_us", Integer, nullable=False),
    Index("ix_queries_at", "at", "profile", "blocked"),
)
