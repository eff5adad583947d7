"""Bringing a database to this release's schema, and telling whether it is there."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError

from fhir_facade.contracts.databases import told
from fhir_facade.store.engine import StoreUnavailable, open_engine


def migrate(url: str) -> None:
    """Bring the database to the newest schema; nothing happens when it is there.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    engine = open_engine(url, patient=True)
    try:
        with as_file(files("fhir_facade.store") / "migrations") as scripts, engine.begin() as connection:
            config = _config(str(scripts))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable(f"the store at {place(url)} does not answer: {told(error)}") from error
    finally:
        engine.dispose()


def schema_is_current(url: str) -> bool:
    """Whether the database has this release's schema.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            return set(MigrationContext.configure(connection).get_current_heads()) == {newest()}
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable(f"the store at {place(url)} does not answer: {told(error)}") from error
    finally:
        engine.dispose()


def place(url: str) -> str:
    """Where a database stands, without its password."""
    return make_url(url).render_as_string(hide_password=True)


def _config(scripts: str) -> Config:
    config = Config()
    config.set_main_option("script_location", scripts.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@cache
def newest() -> str:
    """The schema version of this release; its scripts are read once, for workers look at the schema again and again."""
    with as_file(files("fhir_facade.store") / "migrations") as scripts:
        return str(ScriptDirectory.from_config(_config(str(scripts))).get_current_head())
