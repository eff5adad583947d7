"""Run by alembic: migrates over the connection it is handed."""

from __future__ import annotations

from alembic import context

from fhir_facade.resources.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="replica_version",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
