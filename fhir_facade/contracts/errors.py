"""What a plugin may raise, and what the facade does about it.

::

    FacadeError
    ├── ConfigError            wrong settings: every fault in one message; the command exits 2
    ├── ClaimsError
    │   ├── ClaimsUnavailable  the source is down or slow: 503 with Retry-After
    │   └── ClaimsInvalid      the source broke a promise of the contract: 500, details to the log alone
    └── LoginError
        ├── LoginDenied        the person said no, or the provider did on their behalf
        ├── LoginRejected      the answer cannot be trusted: nothing is linked
        └── IdentityUnavailable  the log-in system is down or slow: 503 with Retry-After
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from traceback import extract_tb


class FacadeError(Exception):
    """Root of every error the facade and its plugins raise on purpose."""


class ConfigError(FacadeError):
    """Settings that cannot be used.

    Args:
        faults: every fault found, each a sentence that names the key and says what to do.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[Sequence[str]]]:
        return type(self), (self.faults,)


class ClaimsError(FacadeError):
    """A claims source could not answer."""

    source: str = ""
    """Its name, for the operator's log; the facade writes it, where it knows."""


class ClaimsUnavailable(ClaimsError):
    """The source cannot answer now; asking again later may work.

    Args:
        reason: for the operator's log; never shown to an app.
        retry_after_s: seconds after which a client should try again.
    """

    def __init__(self, reason: str, *, retry_after_s: int = 30) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class ClaimsInvalid(ClaimsError):
    """The source broke a promise of the contract (a foreign member, a bad id, a cursor it does not know).

    Args:
        code: short stable code, shown to the client with the request id.
        reason: for the operator's log; never shown to an app.
    """

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self._reason = reason
        super().__init__(f"{code}: {reason}")

    def __reduce__(self) -> tuple[type[ClaimsInvalid], tuple[str, str]]:
        return type(self), (self.code, self._reason)


class LoginError(FacadeError):
    """A log-in did not end in a verified identity."""


class LoginDenied(LoginError):
    """The person cancelled, gave wrong credentials, or was refused by the log-in system."""


class LoginRejected(LoginError):
    """The answer of the log-in system cannot be trusted (signature, audience, nonce, issuer, replay)."""


class IdentityUnavailable(LoginError):
    """The log-in system cannot answer now.

    Args:
        reason: for the operator's log; never shown to the person.
        retry_after_s: seconds after which the person should try again.
    """

    def __init__(self, reason: str, *, retry_after_s: int = 30) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(reason)


def raised(error: BaseException) -> str:
    """What was raised and where, without its text: that may hold a value of somebody's record."""
    frames = extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return type(error).__name__ + place
