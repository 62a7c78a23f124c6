"""What alembic runs: the migrations, inside the transaction that ``sql_database.migrate`` has open. No logging is set up."""

from alembic import context

from pipeline.adapters.sql_database import VERSION_TABLE
from pipeline.adapters.sql_schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
