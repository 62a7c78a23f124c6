"""The ledger's tables, version by version; ``sql_database.migrate`` runs them with alembic."""
