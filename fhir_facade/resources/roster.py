"""The members of a replica, for an operator's list: never reached by a request."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.resources.database import writer
from fhir_facade.resources.schema import member


def patients(url: URL, limit: int) -> Sequence[str]:
    """The first ``limit`` Patient ids, in order.

    Raises:
        ClaimsUnavailable: the replica cannot be read.
    """
    wanted = sa.select(member.c.patient).distinct().order_by(member.c.patient).limit(limit)
    engine = writer(url)
    try:
        with engine.connect() as connection:
            return [str(row[0]) for row in connection.execute(wanted)]
    except SQLAlchemyError as error:
        raise ClaimsUnavailable(f"the replica cannot be read: {type(error).__name__}") from error
    finally:
        engine.dispose()
