"""Whatever a plugin raises ends as an error of the contract: a command says it in one line, and goes on with others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fhir_facade.contracts.errors import ClaimsInvalid, FacadeError, raised


@contextmanager
def guarded(whose: str = "the source") -> Iterator[None]:
    """Ask a plugin something.

    Args:
        whose: who is named as having raised.

    Raises:
        FacadeError: as the plugin raised it.
        ClaimsInvalid: it raised anything else; it may even have been SystemExit.
    """
    try:
        yield
    except FacadeError:
        raise
    except (Exception, SystemExit) as error:
        raise ClaimsInvalid("source-raised", f"{whose} raised {raised(error)}") from error
