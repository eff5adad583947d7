"""What the facade checks itself, whatever a plugin says, and what of a request it keeps from plugins."""

from __future__ import annotations

from collections.abc import Mapping

from fhir_facade.contracts.identity import Attempt, VerifiedIdentity
from fhir_facade.login.ports import LoginChoice

CLOCK_SKEW_S = 120
MOST_EVIDENCE = 50
LONGEST_VALUE = 256


def fault_of(identity: VerifiedIdentity, attempt: Attempt, now: int) -> str | None:
    """What is wrong with an identity that the plugin takes for good; None when nothing is.

    Args:
        identity: what the plugin says.
        attempt: for which attempt it was asked.
        now: seconds since 1970.
    """
    if identity.nonce != attempt.nonce:
        return "the identity belongs to another attempt"
    if identity.authenticated_at.timestamp() > now + CLOCK_SKEW_S:
        return "the log-in lies in the future; compare the clocks"
    if not identity.issuer or not identity.subject:
        return "the identity has no issuer or no subject"
    if not _is_small(identity.evidence):
        return "the evidence is no small table of texts"
    return None


def _is_small(evidence: object) -> bool:
    """Whether a plugin's evidence is what the contract says, and no larger than identifiers are."""
    if not isinstance(evidence, Mapping) or len(evidence) > MOST_EVIDENCE:
        return False
    return all(isinstance(text, str) and len(text) <= LONGEST_VALUE for pair in evidence.items() for text in pair)


def allowed_headers(headers: Mapping[str, str], choice: LoginChoice) -> dict[str, str]:
    """Those headers of a request that the provider named."""
    return {name: value for name, value in headers.items() if name.lower() in choice.headers}
