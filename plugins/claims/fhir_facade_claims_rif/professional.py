"""Carrier and DME claims → professional records."""

from __future__ import annotations

from typing import TypedDict

from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Identifier, SourcePosition
from fhir_facade.contracts.records import (
    Amounts,
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Detail,
    LocalAmount,
    NetworkStatus,
    OtherPayer,
    Party,
    Payee,
    PaymentStatus,
)
from fhir_facade_claims_rif import codes, diagnoses, header
from fhir_facade_claims_rif.cells import Row
from fhir_facade_claims_rif.header import Source
from fhir_facade_claims_rif.payers import PRIMARY_PAYERS
from fhir_facade_claims_rif.providers import UPIN
from fhir_facade_claims_rif.selection import of_claim, of_line

_DENIED_CLAIM = frozenset("0DEFGHJKPQTUVXY")
"""CARR_CLM_PMT_DNL_CD: denied, or somebody else was found to be the payer."""

_DENIED_LINE = frozenset("BCDILMNOP")
"""LINE_PRCSG_IND_CD: the line was denied, for whatever reason."""

MODIFIERS = ("HCPCS_1ST_MDFR_CD", "HCPCS_2ND_MDFR_CD", "HCPCS_3RD_MDFR_CD", "HCPCS_4TH_MDFR_CD")


class CommonParts(TypedDict):
    """Parts of a line that carrier, DME and institutional claims share."""

    procedure: Code | None
    modifiers: tuple[Code, ...]
    amounts: Amounts
    local_amounts: tuple[LocalAmount, ...]
    details: tuple[Detail, ...]
    position: SourcePosition


def claim(source: Source, coverage_id: str) -> Claim:
    """The record of a settled carrier or DME claim.

    Raises:
        CellFault: a column that the record needs is blank or cannot be read.
    """
    row = source.first
    service = header.need_day(row, "CLM_FROM_DT")
    billing = _billing(source)
    return Claim(
        claim_id=f"{source.kind.name}-{row.need('CLM_ID')}",
        member_id=row.need("BENE_ID"),
        kind=ClaimKind.PROFESSIONAL,
        claim_number=Identifier(system=header.variable("CLM_ID"), value=row.need("CLM_ID")),
        other_identifiers=header.identifiers(row, "CARR_CLM_CNTL_NUM"),
        last_updated=header.last_updated(row, "NCH_WKLY_PROC_DT"),
        adjudicated_on=header.need_day(row, "NCH_WKLY_PROC_DT", "CLM_THRU_DT"),
        received_on=row.day("NCH_WKLY_PROC_DT"),
        service_start=service,
        service_end=row.day("CLM_THRU_DT"),
        status=header.status(row),
        payer_id=source.payer_id,
        coverage_id=coverage_id,
        billing_provider=billing,
        payee=_payee(row, billing),
        care_team=_care_team(source),
        diagnoses=diagnoses.professional(list(source.rows), service),
        other_payers=_other_payers(source),
        lines=tuple(_line(source, row) for row in source.rows),
        totals=header.totals(source),
        benefit_payment=NetworkStatus.OTHER,
        payment_status=_payment_status(row),
        local_amounts=header.local_amounts(row, of_claim(source.kind)),
        details=header.details(row, of_claim(source.kind)),
        position=row.position,
    )


def _billing(source: Source) -> Party:
    """The billing NPI, else that of the group or supplier of the first line that names one, else the clinician's."""
    found = source.providers.organization(source.first.text("CARR_CLM_BLG_NPI_NUM"))
    for row in source.rows:
        npi = row.text("ORG_NPI_NUM") or row.text("PRVDR_NPI")
        found = found or source.providers.organization(npi, row.text("PRVDR_NUM"))
    for row in source.rows:
        found = found or source.providers.practitioner(row.text("PRF_PHYSN_NPI"))
    return found or source.providers.unnamed("Provider")


def _payee(row: Row, billing: Party) -> Payee | None:
    assigned = row.text("CARR_CLM_PRVDR_ASGNMT_IND_SW")
    if assigned == "A":
        return Payee(kind="provider", party=billing)
    return Payee(kind="beneficiary") if assigned == "N" else None


def _payment_status(row: Row) -> PaymentStatus | None:
    code = row.text("CARR_CLM_PMT_DNL_CD")
    if code is None:
        return None
    return PaymentStatus.DENIED if code in _DENIED_CLAIM else PaymentStatus.PAID


def _care_team(source: Source) -> tuple[CareTeamMember, ...]:
    pairs = [(CareTeamRole.REFERRING, clinician(source, source.first, "RFR_PHYSN"))]
    pairs += [(CareTeamRole.RENDERING, clinician(source, row, "PRF_PHYSN")) for row in source.rows]
    return team(pairs)


def team(pairs: list[tuple[CareTeamRole, Party | None]]) -> tuple[CareTeamMember, ...]:
    """Each provider once per role."""
    named = dict.fromkeys((role, provider) for role, provider in pairs if provider)
    return tuple(CareTeamMember(role=role, provider=provider) for role, provider in named)


def clinician(source: Source, row: Row, stem: str) -> Party | None:
    """The clinician of the columns ``<stem>_NPI`` and ``<stem>_UPIN``."""
    upin = row.text(f"{stem}_UPIN")
    return source.providers.practitioner(row.text(f"{stem}_NPI"), Identifier(system=UPIN, value=upin) if upin else None)


def _other_payers(source: Source) -> tuple[OtherPayer, ...]:
    named = dict.fromkeys(PRIMARY_PAYERS.get(row.text("LINE_BENE_PRMRY_PYR_CD") or "") for row in source.rows)
    return tuple(OtherPayer(name=name) for name in named if name)


def _line(source: Source, row: Row) -> ClaimLine:
    start = header.need_day(row, "LINE_1ST_EXPNS_DT", "LINE_LAST_EXPNS_DT", "CLM_FROM_DT")
    place = row.padded("LINE_PLACE_OF_SRVC_CD", 2)
    if place is None:
        raise row.fault("LINE_PLACE_OF_SRVC_CD is blank, but a professional line needs it")
    return ClaimLine(
        number=header.line_number(row, "LINE_NUM"),
        service_start=start,
        service_end=row.day("LINE_LAST_EXPNS_DT"),
        place_of_service=place,
        units=row.number("LINE_SRVC_CNT"),
        denied=row.text("LINE_PRCSG_IND_CD") in _DENIED_LINE,
        benefit_payment=NetworkStatus.OTHER,
        **common(source, row),
    )


def common(source: Source, row: Row, revenue: str | None = None) -> CommonParts:
    """What lines of carrier, DME and institutional claims share."""
    chosen = of_line(source.kind)
    return {
        "procedure": codes.procedure(row.text("HCPCS_CD"), revenue),
        "modifiers": tuple([codes.modifier(value) for name in MODIFIERS if (value := row.text(name))]),
        "amounts": header.line_amounts(source.kind, row),
        "local_amounts": header.local_amounts(row, chosen),
        "details": header.details(row, chosen),
        "position": row.position,
    }
