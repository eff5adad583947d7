"""One version of a claim with its lines → a record; file and content choose the profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from fhir_facade.contracts.codes import RARC, Code
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import (
    Amount,
    Amounts,
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimStatus,
    LocalAmount,
    NetworkStatus,
    OtherPayer,
    Party,
    PaymentStatus,
    PharmacyDetails,
)
from fhir_facade_claims_tmsis import codes, elements, lines
from fhir_facade_claims_tmsis.cells import Record
from fhir_facade_claims_tmsis.families import Version, number
from fhir_facade_claims_tmsis.files import KINDS
from fhir_facade_claims_tmsis.numbers import safe
from fhir_facade_claims_tmsis.providers import Providers
from fhir_facade_claims_tmsis.staging import Header
from fhir_facade_claims_tmsis.states import usps

SHOWN = frozenset("13ACZ")
"""TYPE-OF-CLAIM of claims and encounters, also denied ones: what members have a right to see."""

OTHER_PROGRAMS = frozenset("UW")
NEVER = frozenset("245BDEVXY")
"""Capitation, service tracking, supplemental payments: never claims."""

_DENIED_STATUS = frozenset({"26", "026", "87", "087", "542", "585", "654"})
_DENIED_CATEGORY, _DENIED_TYPE, _DENIED_INDICATOR = "F2", "Z", "0"
_HEADER_PAID = "1"
_INSTITUTIONAL = (ClaimKind.INPATIENT, ClaimKind.OUTPATIENT)


@dataclass(frozen=True, slots=True)
class Source:
    """A version of a claim, its lines and diagnoses, and what it needs to name others.

    Args:
        other_payers: names of the insurers that covered the member on the first day of service.
        network: network status of dental providers.
    """

    version: Version
    lines: Sequence[Record]
    diagnoses: Sequence[Record]
    providers: Providers
    base: str
    payer_id: str
    other_payers: tuple[str, ...] = ()
    network: str = NetworkStatus.IN_NETWORK.value

    @property
    def header(self) -> Record:
        """The claim header."""
        return self.version.header.record


def is_shown(header: Record, other_programs: bool) -> bool:
    """Whether the record is a claim that members see.

    Raises:
        CellFault: TYPE-OF-CLAIM is none of those that T-MSIS knows.
    """
    kind = header.need("TYPE-OF-CLAIM")
    if kind in SHOWN or (other_programs and kind in OTHER_PROGRAMS):
        return True
    if kind in NEVER | OTHER_PROGRAMS:
        return False
    raise header.fault("TYPE-OF-CLAIM is none of those that T-MSIS knows")


def service_start(source: Source) -> date:
    """First day of service.

    Raises:
        CellFault: neither the header nor a line tells one.
    """
    header = source.header
    names = ("BEGINNING-DATE-OF-SERVICE", "ADMISSION-DATE", "PRESCRIPTION-FILL-DATE")
    found = next((day for name in names if (day := header.day(name))), None)
    days = [day for line in source.lines if (day := line.day("BEGINNING-DATE-OF-SERVICE"))]
    if found is None and not days:
        raise header.fault("neither the header nor a line tells the first day of service")
    return found or min(days)


def claim(source: Source, member_id: str, coverage_id: str, start: date) -> Claim:
    """The record of a version of a claim.

    Raises:
        CellFault: an element that the record needs is unknown or cannot be read.
    """
    header, version = source.header, source.version
    kind = kind_of(source)
    inpatient, pharmacy = kind is ClaimKind.INPATIENT, kind is ClaimKind.PHARMACY
    at_header = kind in _INSTITUTIONAL and header.text("PAYMENT-LEVEL-IND") == _HEADER_PAID
    ended = version.ended.record if version.ended else header
    totals = _totals(header)
    adjudicated = _adjudicated(header)
    return Claim(
        claim_id=claim_id(version),
        member_id=member_id,
        kind=kind,
        claim_number=_icn(source, number(version.header)),
        other_identifiers=_prescriptions(source),
        last_updated=datetime.combine(max(adjudicated, ended.day("ADJUDICATION-DATE") or adjudicated), time(), UTC),
        adjudicated_on=adjudicated,
        service_start=start,
        service_end=header.day("ENDING-DATE-OF-SERVICE") or header.day("DISCHARGE-DATE"),
        admitted_on=(header.day("ADMISSION-DATE") or start) if inpatient else None,
        discharged_on=header.day("DISCHARGE-DATE") if inpatient else None,
        status=ClaimStatus.CANCELLED if version.ended else ClaimStatus.ACTIVE,
        prior_claims=(_icn(source, version.before),) if version.before else (),
        replaced_by=(_icn(source, version.after),) if version.after else (),
        payer_id=source.payer_id,
        coverage_id=coverage_id,
        billing_provider=_billing(source),
        care_team=_care_team(source),
        diagnoses=() if pharmacy else codes.diagnoses(header, source.diagnoses, inpatient),
        procedures=codes.procedures(header) if inpatient else (),
        type_of_bill=header.code("TYPE-OF-BILL"),
        admission_type=header.code("ADMISSION-TYPE"),
        discharge_status=header.code("PATIENT-STATUS"),
        drg=codes.drg(header, source.base),
        patient_account_number=header.text("PATIENT-CONTROL-NUM"),
        lines=lines.lines(source.lines, header, kind, start, source.base, with_amounts=not at_header),
        amounts=totals if at_header else {},
        totals=totals,
        local_amounts=_local_amounts(header, source.base),
        adjustments=_remarks(header),
        other_payers=_other_payers(source, totals),
        payment_status=PaymentStatus.DENIED if is_denied(header) else PaymentStatus.PAID,
        paid_on=header.day("MEDICAID-PAID-DATE") or header.day("CHECK-EFF-DATE"),
        rendering_network=NetworkStatus(source.network) if kind is ClaimKind.ORAL else None,
        pharmacy=_pharmacy(source) if pharmacy else None,
        position=header.position,
    )


def _adjudicated(header: Record) -> date:
    found = header.day("ADJUDICATION-DATE") or header.day("MEDICAID-PAID-DATE")
    if found is None:
        raise header.fault("ADJUDICATION-DATE is unknown, but every claim needs it")
    return found


def claim_id(version: Version) -> str:
    """Subject, state and claim number; a replacement that keeps its claim's number has its day added."""
    header = version.header
    again = f"-{header.record.cells.get('ADJUDICATION-DATE', '')}" if number(header) == version.before else ""
    return f"{id_of(header, number(header))}{again}"


def id_of(header: Header, icn: str) -> str:
    """The id of the claim of that number, in the file and state of ``header``."""
    state = usps(header.record.text("SUBMITTING-STATE")) or "XX"
    return f"{KINDS[header.kind]}-{state}-{safe(icn)}"


def kind_of(source: Source) -> ClaimKind:
    """The profile, by file and content."""
    subject = source.version.header.kind
    if subject in ("CIP", "CLT"):
        return ClaimKind.INPATIENT
    if subject == "CRX":
        return ClaimKind.PHARMACY
    if any(lines.is_dental(line) for line in source.lines):
        return ClaimKind.ORAL
    billed = source.header.code("TYPE-OF-BILL") or any(line.code("REVENUE-CODE") for line in source.lines)
    return ClaimKind.OUTPATIENT if billed else ClaimKind.PROFESSIONAL


def is_denied(header: Record) -> bool:
    """Denied claims are the member's too, and say so."""
    return (
        header.text("CLAIM-STATUS-CATEGORY") == _DENIED_CATEGORY
        or header.text("CLAIM-DENIED-INDICATOR") == _DENIED_INDICATOR
        or header.text("TYPE-OF-CLAIM") == _DENIED_TYPE
        or header.text("CLAIM-STATUS") in _DENIED_STATUS
    )


def _icn(source: Source, value: str) -> Identifier:
    return Identifier(system=f"{source.base}/claim", value=value)


def _prescriptions(source: Source) -> tuple[Identifier, ...]:
    numbers = dict.fromkeys(text for line in source.lines if (text := line.text("PRESCRIPTION-NUM")))
    return tuple(Identifier(system=f"{source.base}/prescription", value=value) for value in numbers)


def _totals(header: Record) -> Amounts:
    found = {kind: value for name, kind in elements.TOTALS.items() if (value := header.amount(name)) is not None}
    others = [value for name in elements.OTHERS_PAID if (value := header.amount(name)) is not None]
    return found | {Amount.PRIOR_PAYER_PAID: sum(others[1:], others[0])} if others else found


def _local_amounts(header: Record, base: str) -> tuple[LocalAmount, ...]:
    found = ((name, header.amount(name)) for name in elements.LOCAL_TOTALS)
    return tuple(LocalAmount(category=codes.element(name, base), amount=value) for name, value in found if value)


def _remarks(header: Record) -> tuple[Code, ...]:
    names = (f"CLAIM-PYMT-REM-CODE-{place}" for place in range(1, 5))
    return tuple(Code(RARC, value) for name in names if (value := header.code(name)))


def _other_payers(source: Source, totals: Amounts) -> tuple[OtherPayer, ...]:
    names = ["Medicare"] if source.header.text("CROSSOVER-INDICATOR") == "1" else []
    if totals.get(Amount.PRIOR_PAYER_PAID):
        names += source.other_payers
    return tuple(OtherPayer(name=name) for name in dict.fromkeys(names))


def _billing(source: Source) -> Party:
    header, providers = source.header, source.providers
    pharmacy = "DISPENSING-PRESCRIPTION-DRUG-PROV"
    return (
        providers.organization(header.code(f"{pharmacy}-NUM"), header.code(f"{pharmacy}-NPI"))
        or providers.organization(header.code("BILLING-PROV-NUM"), header.code("BILLING-PROV-NPI-NUM"))
        or providers.unnamed()
    )


def _care_team(source: Source) -> tuple[CareTeamMember, ...]:
    """Each provider once per role, however many lines name them."""
    team: dict[tuple[CareTeamRole, str | None, str | None], CareTeamMember | None] = {}
    for record, stem, role in _mentions(source):
        number_ = record.code(f"{stem}-NUM")
        npi = record.code(f"{stem}-NPI-NUM") or record.code(f"{stem}-NPI")
        if (role, number_, npi) not in team:
            team[role, number_, npi] = _member(source, record.code(f"{stem}-TAXONOMY"), role, number_, npi)
    return tuple(dict.fromkeys(member for member in team.values() if member))


def _mentions(source: Source) -> list[tuple[Record, str, CareTeamRole]]:
    header = source.header
    found = [
        (header, "ADMITTING-PROV", CareTeamRole.ATTENDING),
        (header, "REFERRING-PROV", CareTeamRole.REFERRING),
        (header, "PRESCRIBING-PROV", CareTeamRole.PRESCRIBING),
        (header, "UNDER-SUPERVISION-OF-PROV", CareTeamRole.SUPERVISOR),
    ]
    found += [(line, "OPERATING-PROV", CareTeamRole.OPERATING) for line in source.lines]
    return found + [(line, "SERVICING-PROV", CareTeamRole.RENDERING) for line in source.lines]


def _member(
    source: Source, taxonomy: str | None, role: CareTeamRole, number_: str | None, npi: str | None
) -> CareTeamMember | None:
    provider = source.providers.practitioner(number_, npi)
    if provider is None:
        return None
    known = taxonomy or source.providers.taxonomy(number_)
    return CareTeamMember(role=role, provider=provider, taxonomy=known)


def _pharmacy(source: Source) -> PharmacyDetails:
    first = source.lines[0]
    compound = source.header.text("COMPOUND-DRUG-IND")
    return PharmacyDetails(
        days_supply=first.whole("DAYS-SUPPLY"),
        fill_number=first.whole("NEW-REFILL-IND"),
        brand_generic=first.text("BRAND-GENERIC-IND"),
        origin=source.header.text("PRESCRIPTION-ORIGIN-CODE"),
        compound_code={"0": "1", "1": "2"}.get(compound or ""),
    )
