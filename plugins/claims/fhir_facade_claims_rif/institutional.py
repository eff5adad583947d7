"""Inpatient, outpatient, nursing facility, hospice and home health claims → institutional records."""

from __future__ import annotations

from datetime import date

from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import (
    Amount,
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Detail,
    NetworkStatus,
    OtherPayer,
    PaymentStatus,
)
from fhir_facade_claims_rif import codes, diagnoses, header
from fhir_facade_claims_rif.cells import Row
from fhir_facade_claims_rif.header import Source
from fhir_facade_claims_rif.payers import PRIMARY_PAYERS
from fhir_facade_claims_rif.professional import clinician, common, team
from fhir_facade_claims_rif.selection import of_claim

_TOTAL_LINE = "0001"
_ANSI = ("REV_CNTR_1ST_ANSI_CD", "REV_CNTR_2ND_ANSI_CD", "REV_CNTR_3RD_ANSI_CD", "REV_CNTR_4TH_ANSI_CD")
_ROLES = {"AT": CareTeamRole.ATTENDING, "OP": CareTeamRole.OPERATING, "OT": CareTeamRole.OTHER_OPERATING}


def claim(source: Source, coverage_id: str) -> Claim:
    """The record of a settled institutional claim.

    Raises:
        CellFault: a column that the record needs is blank or cannot be read.
    """
    row = source.first
    start = header.need_day(row, "CLM_FROM_DT")
    end = row.day("CLM_THRU_DT")
    discharged = row.day("NCH_BENE_DSCHRG_DT")
    kind = source.kind.claim_kind or ClaimKind.INPATIENT
    inpatient = kind is ClaimKind.INPATIENT
    billing = source.providers.organization(row.text("ORG_NPI_NUM"), row.text("PRVDR_NUM"))
    return Claim(
        claim_id=f"{source.kind.name}-{row.need('CLM_ID')}",
        member_id=row.need("BENE_ID"),
        kind=kind,
        claim_number=Identifier(system=header.variable("CLM_ID"), value=row.need("CLM_ID")),
        other_identifiers=header.identifiers(row, "FI_DOC_CLM_CNTL_NUM"),
        prior_claims=_prior(row),
        last_updated=header.last_updated(row, "NCH_WKLY_PROC_DT", "FI_CLM_PROC_DT"),
        adjudicated_on=header.need_day(row, "FI_CLM_PROC_DT", "NCH_WKLY_PROC_DT", "CLM_THRU_DT"),
        received_on=row.day("NCH_WKLY_PROC_DT"),
        service_start=start,
        service_end=end,
        admitted_on=_admitted(row, start) if inpatient else None,
        discharged_on=discharged if inpatient else None,
        status=header.status(row),
        payer_id=source.payer_id,
        coverage_id=coverage_id,
        billing_provider=billing or source.providers.unnamed("Provider"),
        care_team=_care_team(source),
        diagnoses=diagnoses.institutional(row, start),
        procedures=diagnoses.procedures(row, discharged or end or start),
        other_payers=_other_payers(row),
        type_of_bill=_type_of_bill(row),
        point_of_origin=row.text("CLM_SRC_IP_ADMSN_CD"),
        admission_type=row.text("CLM_IP_ADMSN_TYPE_CD"),
        discharge_status=row.padded("PTNT_DSCHRG_STUS_CD", 2),
        drg=codes.drg(row.padded("CLM_DRG_CD", 3), discharged or end or start),
        lines=_lines(source, start, end),
        totals=header.totals(source),
        benefit_payment=NetworkStatus.OTHER,
        payment_status=_payment_status(row),
        local_amounts=header.local_amounts(row, of_claim(source.kind)),
        details=header.details(row, of_claim(source.kind)) + (() if inpatient else _rendering(source)),
        position=row.position,
    )


def _admitted(row: Row, start: date) -> date:
    """A hospice stay begins with the hospice benefit; a claim that names no admission began on its first day."""
    return row.day("CLM_ADMSN_DT") or row.day("CLM_HOSPC_START_DT_ID") or start


def _prior(row: Row) -> tuple[Identifier, ...]:
    prior = row.text("FI_ORIG_CLM_CNTL_NUM")
    if prior is None or prior == row.text("FI_DOC_CLM_CNTL_NUM"):
        return ()
    return (Identifier(system=header.variable("FI_DOC_CLM_CNTL_NUM"), value=prior),)


def _care_team(source: Source) -> tuple[CareTeamMember, ...]:
    pairs = [(role, clinician(source, source.first, f"{stem}_PHYSN")) for stem, role in _ROLES.items()]
    pairs += [(CareTeamRole.RENDERING, clinician(source, row, "RNDRNG_PHYSN")) for row in source.rows]
    return team(pairs)


def _rendering(source: Source) -> tuple[Detail, ...]:
    """Who rendered outpatient services, as numbers: the guide wants a taxonomy code beside them, and RIF has none."""
    numbers = dict.fromkeys(number for row in source.rows if (number := row.text("RNDRNG_PHYSN_NPI")))
    return tuple(Detail(category=header.category("RNDRNG_PHYSN_NPI"), text=number) for number in numbers)


def _other_payers(row: Row) -> tuple[OtherPayer, ...]:
    name = PRIMARY_PAYERS.get(row.text("NCH_PRMRY_PYR_CD") or "")
    return (OtherPayer(name=name),) if name else ()


def _type_of_bill(row: Row) -> str | None:
    parts = [row.text(name) for name in ("CLM_FAC_TYPE_CD", "CLM_SRVC_CLSFCTN_TYPE_CD", "CLM_FREQ_CD")]
    return "".join(part for part in parts if part) if all(parts) else None


def _payment_status(row: Row) -> PaymentStatus:
    unpaid = row.text("CLM_MDCR_NON_PMT_RSN_CD") is not None and header.paid_nothing(row)
    return PaymentStatus.DENIED if unpaid else PaymentStatus.PAID


def _lines(source: Source, start: date, end: date | None) -> tuple[ClaimLine, ...]:
    lines = [_line(source, row, start, end) for row in source.rows]
    kept = [line for line in lines if not _is_total(line, source)]
    return tuple(kept or lines)


def _is_total(line: ClaimLine, source: Source) -> bool:
    """Revenue code 0001 is the claim's total on paper, but some extracts put services on it: those have a procedure."""
    charge = line.amounts.get(Amount.SUBMITTED)
    total = source.first.amount("CLM_TOT_CHRG_AMT")
    return line.revenue == _TOTAL_LINE and line.procedure is None and charge == total and charge is not None


def _line(source: Source, row: Row, start: date, end: date | None) -> ClaimLine:
    """Lines without a day of their own were served within the claim's days."""
    own = row.day("REV_CNTR_DT")
    reasons = [reason for name in _ANSI if (value := row.text(name)) and (reason := codes.adjustment(value))]
    revenue = row.padded("REV_CNTR", 4)
    return ClaimLine(
        number=header.line_number(row, "CLM_LINE_NUM"),
        revenue=revenue,
        service_start=own or start,
        service_end=None if own else end,
        units=row.number("REV_CNTR_UNIT_CNT"),
        adjustments=tuple(reasons),
        benefit_payment=NetworkStatus.OTHER,
        **common(source, row, revenue),
    )
