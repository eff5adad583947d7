"""The facade's own tables: apps, authorizations, codes, grants, tokens, audit; migrations; small repositories.

Secrets, codes and tokens are 256-bit random values of which only the SHA-256 hash is kept. Instants are whole seconds
since 1970-01-01T00:00Z. Every repository takes the instant it acts at: the store has no clock of its own.
"""

from sqlalchemy import Connection

from fhir_facade.store.engine import Store, StoreUnavailable
from fhir_facade.store.schema import migrate, schema_is_current

__all__ = ["Connection", "Store", "StoreUnavailable", "migrate", "schema_is_current"]
