"""The members of a replica, for an operator's list: never reached by a request."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.resources.database import writer
from fhir_facade.resources.schema import member, source


def patients(url: URL, sources: Sequence[str], limit: int) -> Sequence[str]:
    """The first ``limit`` Patient ids, in order.

    Args:
        url: of the replica.
        sources: whose members; a copy may hold those of others, which are not served.
        limit: most ids.

    Raises:
        ClaimsUnavailable: the replica cannot be read.
    """
    served = sa.select(member.c.patient).join(source, source.c.key == member.c.source).where(source.c.name.in_(sources))
    wanted = served.distinct().order_by(member.c.patient).limit(limit)
    engine = writer(url)
    try:
        with engine.connect() as connection:
            return [str(row[0]) for row in connection.execute(wanted)]
    except SQLAlchemyError as error:
        raise ClaimsUnavailable(f"the replica cannot be read: {type(error).__name__}") from error
    finally:
        engine.dispose()
