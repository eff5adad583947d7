"""Signed client assertions that were already used: each ``jti`` counts once until the assertion has run out."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from fhir_facade.store.tables import assertions


class Assertions:
    """Used assertions on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def use(self, app_id: str, jti_hash: str, until: int) -> bool:
        """Note the assertion; False when it was used before."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(assertions).values(app_id=app_id, jti_hash=jti_hash, until=until))
        except IntegrityError:
            return False
        return True

    def remove_older(self, before: int) -> int:
        """Forget assertions that ran out before that instant; gives how many."""
        return self._connection.execute(delete(assertions).where(assertions.c.until < before)).rowcount
