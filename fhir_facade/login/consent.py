"""What the consent page offers, and what the member's choice means for the app's scopes.

The member sees categories, not scopes. Taking a category away takes its scopes away; substance-use information stays
hidden unless the member ticks it. The page can only narrow what the app asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime

from fhir_facade.access.scopes import Scopes
from fhir_facade.login.ports import AppRequest, Decision
from fhir_facade.store.logins import VisitRow

SUBSTANCE_USE = "42CFRPart2"
"""Security label of substance-use disorder treatment (42 CFR Part 2)."""

CATEGORIES = {
    "personal": ("Patient", "RelatedPerson"),
    "coverage": ("Coverage",),
    "claims": ("ExplanationOfBenefit",),
    "sharing": ("AuditEvent",),
}
"""Category → resource types, in the order of the page. Organizations and practitioners come along with the rest."""

PERSONAL_SCOPES = ("profile",)
ADULT = 18
NO_MINIMUM: Mapping[str, int] = {}


class NothingChosen(ValueError):
    """The member allowed the app, but left nothing ticked that it could see."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the page shows.

    Args:
        categories: those the app asked for.
        claim_kinds: kinds of claims (``pharmacy`` …) where the app asked for some alone; empty for all.
        substance_use: whether sharing substance-use information may be offered.
        too_weak: those it asked for that need a log-in which is surer of who the person is.
        keeps: whether the app may come back without the member (``offline_access``).
    """

    categories: tuple[str, ...]
    claim_kinds: tuple[str, ...]
    substance_use: bool
    keeps: bool
    too_weak: tuple[str, ...] = ()


def categories_of(scopes: Scopes) -> tuple[str, ...]:
    """The categories that scopes give something of, in the order of the page."""
    return tuple(name for name, types in CATEGORIES.items() if any(_asks(scopes, kind) for kind in types))


def offer(
    request: AppRequest,
    ial: int,
    sensitive_minimum_ial: int,
    *,
    sensitive_allowed: bool = True,
    minimum_ial_for: Mapping[str, int] = NO_MINIMUM,
) -> Offer:
    """What to show for this request.

    Args:
        request: what the app asks for.
        ial: identity assurance of the log-in.
        sensitive_minimum_ial: the least that substance-use information needs.
        sensitive_allowed: whether this person may decide about it at all.
        minimum_ial_for: the least that a category needs, 0 where none is named.
    """
    asked = categories_of(request.scopes)
    offered = tuple(name for name in asked if ial >= minimum_ial_for.get(name, 0))
    kinds = sorted(
        value.rpartition("|")[2]
        for constraint in _kinds(request.scopes)
        for name, value in constraint
        if name == "type"
    )
    return Offer(
        categories=offered,
        claim_kinds=tuple(dict.fromkeys(kinds)),
        substance_use="claims" in offered and sensitive_allowed and ial >= sensitive_minimum_ial,
        keeps="offline_access" in request.scopes,
        too_weak=tuple(name for name in asked if name not in offered),
    )


def may_share_sensitive(user: str, age: int | None, minors_decide_from: int) -> bool:
    """Whether who logged in may have the member's substance-use information shared.

    A representative may not for a minor who is old enough to be treated without them, nor where the age is unknown.
    """
    if not user.startswith("RelatedPerson/"):
        return True
    return age is not None and (age < minors_decide_from or age >= ADULT)


def decide(request: AppRequest, visit: VisitRow, shown: Offer, ticked: Set[str]) -> Decision:
    """The decision that the ticked boxes stand for.

    Raises:
        NothingChosen: no category was ticked.
        ValueError: nobody has logged in on this visit.
    """
    if visit.chosen_user is None or visit.chosen_patient is None or visit.authenticated_at is None:
        msg = "the visit has no member yet"
        raise ValueError(msg)
    kept = [name for name in shown.categories if name in ticked]
    if shown.categories and not kept:
        raise NothingChosen
    share = shown.substance_use and "substance-use" in ticked
    return Decision(
        patient=visit.chosen_patient,
        user=visit.chosen_user,
        scopes=_without(request.scopes, set(kept)),
        withheld=frozenset() if share else frozenset({SUBSTANCE_USE}),
        authenticated_at=datetime.fromtimestamp(visit.authenticated_at, UTC),
        acr=visit.acr,
        ial=visit.ial,
        aal=visit.aal,
    )


def fewer(scopes: Scopes, withheld: frozenset[str], ticked: Set[str]) -> tuple[Scopes, frozenset[str]]:
    """What is left of a grant when the member leaves only these boxes ticked.

    Args:
        scopes: the grant's.
        withheld: security labels the app does not see already.
        ticked: categories that stay, and ``substance-use`` where that stays shared.

    Returns:
        Scopes and withheld labels; never more than the grant gave.

    Raises:
        NothingChosen: no category of the grant stays; that is stopping to share, which is asked for in words.
    """
    if not any(name in ticked for name in categories_of(scopes)):
        raise NothingChosen
    share = SUBSTANCE_USE not in withheld and "substance-use" in ticked
    return _without(scopes, ticked), withheld if share else withheld | {SUBSTANCE_USE}


def _without(scopes: Scopes, ticked: Set[str]) -> Scopes:
    dropped = [kind for name, types in CATEGORIES.items() if name not in ticked for kind in types]
    return scopes.without(types=dropped, plain=() if "personal" in ticked else PERSONAL_SCOPES)


def _asks(scopes: Scopes, resource_type: str) -> bool:
    return scopes.allows(resource_type, "r") or scopes.allows(resource_type, "s")


def _kinds(scopes: Scopes) -> tuple[tuple[tuple[str, str], ...], ...]:
    return scopes.constraints("ExplanationOfBenefit", "s") or scopes.constraints("ExplanationOfBenefit", "r")
