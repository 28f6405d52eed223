"""The first schema of ``log.db``."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "names",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "profiles",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("profile", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("mac", sa.Text, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("queries", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("address", "mac"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("build", sa.Text, nullable=False),
        sa.UniqueConstraint("action", "reason", "category", "source", "detail", "version", "build"),
    )
    op.create_table(
        "queries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("client", sa.Integer, nullable=False, index=True),
        sa.Column("name", sa.Integer),
        sa.Column("matched", sa.Integer),
        sa.Column("decision", sa.Integer, nullable=False),
        sa.Column("profile", sa.Integer, nullable=False, index=True),
        sa.Column("blocked", sa.Integer, nullable=False),
        sa.Column("qtype", sa.Integer, nullable=False),
        sa.Column("rcode", sa.Integer, nullable=False),
        sa.Column("origin", sa.Integer, nullable=False),
        sa.Column("took_us", sa.Integer, nullable=False),
        sa.Index("ix_queries_at", "at", "profile", "blocked"),
    )
