"""What Alembic runs to migrate: on the open connection it was given, never from an ini file."""

from alembic import context

# render_as_batch: SQLite cannot alter a column, so Alembic copies the table.
context.configure(
    connection=context.config.attributes["connection"],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
