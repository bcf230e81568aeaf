"""What Alembic runs to bring a ledger to another version, on the connection that is given to it."""

from __future__ import annotations

from alembic import context

from promptspec.ledger.opening import VERSION_TABLE
from promptspec.ledger.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
