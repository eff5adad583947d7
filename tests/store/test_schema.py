"""The schema: migrations and tables say the same, old ones are told apart."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

import fhir_facade.store.developers
import fhir_facade.store.letters
import fhir_facade.store.local_accounts
import fhir_facade.store.logins
import fhir_facade.store.reviews
import fhir_facade.store.standing
import fhir_facade.store.tallies  # noqa: F401 - adds its tables to the metadata
from fhir_facade.store import migrate, schema_is_current
from fhir_facade.store.tables import metadata


def test_migrations_build_exactly_the_tables(any_url):
    url = any_url
    migrate(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_new_database_is_not_current_until_it_is_migrated(any_url):
    url = any_url
    assert not schema_is_current(url)
    migrate(url)
    assert schema_is_current(url)
    migrate(url)
    assert schema_is_current(url)


def test_an_unknown_revision_is_not_current(any_url):
    url = any_url
    migrate(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'gone'"))
    engine.dispose()
    assert not schema_is_current(url)
