"""The claims desk of one member: numbers claims, dates them, and fills what every claim has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fhir_facade.contracts.people import Coverage, Identifier, Member
from fhir_facade.contracts.records import (
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    NetworkStatus,
    Party,
    PartyKind,
    Payee,
    PaymentStatus,
)
from fhir_facade_claims_synthetic import cover, network, numbers
from fhir_facade_claims_synthetic.dice import Dice
from fhir_facade_claims_synthetic.money import ZERO, Price, amounts
from fhir_facade_claims_synthetic.settings import World

CLAIM_NUMBER = "https://sandbox.example.org/claim-number"


@dataclass(slots=True)
class Desk:
    """Where the claims of one member are made.

    Args:
        world: the population.
        index: the member's index.
        member: the member.
        medicaid: Medicaid spans, oldest first; a claim is adjudicated under the one in force on its first day.
        dice: the member's throws.
    """

    world: World
    index: int
    member: Member
    medicaid: Sequence[Coverage]
    dice: Dice
    issued: int = field(default=0, init=False)

    def covered(self, day: date) -> bool:
        """True where Medicaid covers ``day`` and the day is one with data."""
        return self.world.first_day <= day <= self.world.today and cover.on(self.medicaid, day) is not None

    def number(self) -> tuple[str, Identifier]:
        """The id and payer claim number of the next claim."""
        self.issued += 1
        claim_id = numbers.local_id("c", self.index, self.issued)
        return claim_id, Identifier(system=CLAIM_NUMBER, value=f"TCN{self.index:07d}{self.issued:05d}")

    def claim(self, kind: ClaimKind, first: date, lines: Sequence[ClaimLine], billing: Party, **details: Any) -> Claim:
        """A claim with everything that every claim has; ``details`` are further fields of ``Claim``."""
        claim_id, claim_number = self.number()
        cover_of_day = cover.on(self.medicaid, first) or self.medicaid[-1]
        received = self._later(details.get("service_end") or first, 1, 21)
        adjudicated = self._later(received, 3, 25)
        common: dict[str, Any] = {
            "claim_id": claim_id,
            "member_id": self.member.member_id,
            "kind": kind,
            "claim_number": claim_number,
            "last_updated": self._moment(adjudicated),
            "adjudicated_on": adjudicated,
            "received_on": received,
            "paid_on": self._later(adjudicated, 1, 9),
            "payment_status": PaymentStatus.PAID,
            "service_start": first,
            "payer_id": cover_of_day.payor_id,
            "coverage_id": cover_of_day.coverage_id,
            "billing_provider": billing,
            "lines": tuple(lines),
            "payee": Payee(kind="provider", party=billing),
            "billing_network": NetworkStatus.IN_NETWORK,
            "benefit_payment": NetworkStatus.IN_NETWORK,
        }
        if kind is not ClaimKind.PHARMACY:
            common["patient_account_number"] = f"A{self.index:07d}-{self.issued}"
            common["medical_record_number"] = f"MR{self.index:07d}"
        return Claim(**common | details)

    def price(self, low: int, high: int, *, copay: Decimal = ZERO) -> Price:
        """A price of ``low`` to ``high`` dollars, of which the payer allows a usual part."""
        submitted = self.dice.dollars(low, high)
        allowed = self.dice.share_of(submitted, 35, 90)
        return Price(submitted=submitted, allowed=allowed, copay=min(copay, allowed))

    def line(self, number: int, day: date | None, price: Price | None, **details: Any) -> ClaimLine:
        """A line; ``details`` are further fields of ``ClaimLine``."""
        priced = amounts(price) if price else {}
        return ClaimLine(number=number, service_start=day, amounts=priced, **details)

    def own(self, number: int) -> Party:
        """One of the member's own clinicians."""
        return Party(PartyKind.PRACTITIONER, network.clinician_of(self.index, number))

    def shared(self) -> Party:
        """Any clinician whom members share."""
        return Party(PartyKind.PRACTITIONER, f"prac-{self.dice.between(1, network.SHARED_PRACTITIONERS)}")

    def place(self, kind: str) -> Party:
        """A shared organization of a kind (``hosp``, ``pharm`` …)."""
        return Party(PartyKind.ORGANIZATION, self.dice.one(network.places_of(kind)))

    def practice(self) -> Party:
        """The member's own practice."""
        return Party(PartyKind.ORGANIZATION, network.practice_of(self.index))

    def _later(self, day: date, least: int, most: int) -> date:
        return max(day, min(day + timedelta(days=self.dice.between(least, most)), self.world.today))

    def _moment(self, day: date) -> datetime:
        dice = self.dice
        moment = datetime(day.year, day.month, day.day, dice.below(24), dice.below(60), dice.below(60), tzinfo=UTC)
        return moment + timedelta(milliseconds=dice.below(1000))


def team(role: CareTeamRole, provider: Party, *, responsible: bool | None = None) -> CareTeamMember:
    """A clinician in a role, with their specialty."""
    taxonomy = network.taxonomy_of(provider.party_id) if provider.kind is PartyKind.PRACTITIONER else None
    return CareTeamMember(role=role, provider=provider, taxonomy=taxonomy, responsible=responsible)
