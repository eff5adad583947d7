"""Prescription drug events (Part D) → pharmacy records. One row is one fill."""

from __future__ import annotations

from fhir_facade.contracts.codes import NDC, Code
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import (
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Ingredient,
    Party,
    PaymentStatus,
    PharmacyDetails,
)
from fhir_facade_claims_rif import header
from fhir_facade_claims_rif.cells import Row
from fhir_facade_claims_rif.header import Source
from fhir_facade_claims_rif.professional import team
from fhir_facade_claims_rif.providers import NCPDP, UPIN, Providers
from fhir_facade_claims_rif.selection import of_claim, of_line

_NPI, _UPIN, _NCPDP, _TAX = "01", "06", "07", "11"
_COMPOUND = "2"


def claim(source: Source, coverage_id: str) -> Claim:
    """The record of a settled prescription drug event.

    Raises:
        CellFault: a column that the record needs is blank or cannot be read.
    """
    row = source.first
    filled = header.need_day(row, "SRVC_DT")
    number = row.text("RX_SRVC_RFRNC_NUM")
    return Claim(
        claim_id=f"pde-{row.need('PDE_ID')}",
        member_id=row.need("BENE_ID"),
        kind=ClaimKind.PHARMACY,
        claim_number=_identifier("RX_SRVC_RFRNC_NUM", number) if number else _identifier("PDE_ID", row.need("PDE_ID")),
        other_identifiers=header.identifiers(row, "PDE_ID"),
        last_updated=header.last_updated(row, "PD_DT", "SRVC_DT"),
        adjudicated_on=header.need_day(row, "PD_DT", "SRVC_DT"),
        paid_on=row.day("PD_DT"),
        service_start=filled,
        status=header.status(row),
        payer_id=source.payer_id,
        coverage_id=coverage_id,
        billing_provider=_pharmacy(source.providers, row) or source.providers.unnamed("Pharmacy"),
        care_team=_prescriber(source.providers, row),
        lines=(_line(source, row),),
        payment_status=PaymentStatus.PAID,
        pharmacy=_pharmacy_details(row),
        details=header.details(row, of_claim(source.kind)),
        position=row.position,
    )


def _identifier(column: str, value: str) -> Identifier:
    return Identifier(system=header.variable(column), value=value)


def _pharmacy(providers: Providers, row: Row) -> Party | None:
    number, qualifier = row.text("SRVC_PRVDR_ID"), row.padded("SRVC_PRVDR_ID_QLFYR_CD", 2)
    if number is None or qualifier == _TAX:
        return None
    if qualifier == _NPI:
        return providers.organization(number)
    return providers.organization(None, other=_other(number, qualifier))


def _prescriber(providers: Providers, row: Row) -> tuple[CareTeamMember, ...]:
    number, qualifier = row.text("PRSCRBR_ID"), row.padded("PRSCRBR_ID_QLFYR_CD", 2)
    if number is None or qualifier == _TAX:
        return ()
    is_npi = qualifier == _NPI
    prescriber = providers.practitioner(number if is_npi else None, None if is_npi else _other(number, qualifier))
    return team([(CareTeamRole.PRESCRIBING, prescriber)])


def _other(number: str, qualifier: str | None) -> Identifier:
    """A number that is no NPI. Tax numbers never come here: one may be a person's Social Security number."""
    return Identifier(system={_UPIN: UPIN, _NCPDP: NCPDP}.get(qualifier or ""), value=number)


def _pharmacy_details(row: Row) -> PharmacyDetails:
    return PharmacyDetails(
        days_supply=row.whole("DAYS_SUPLY_NUM"),
        daw_code=row.text("DAW_PROD_SLCTN_CD"),
        fill_number=row.whole("FILL_NUM"),
        brand_generic=row.text("BRND_GNRC_CD"),
        origin=row.text("RX_ORGN_CD"),
        compound_code=row.text("CMPND_CD"),
    )


def _line(source: Source, row: Row) -> ClaimLine:
    """The drug of a compound is its main ingredient, the only one that the event names.

    Drug codes that lost leading zeros get them back; all zeros, CMS's unknown drug, stay: the claim needs a code.
    """
    drug = row.padded("PROD_SRVC_ID", 11)
    code = Code(NDC, drug) if drug else None
    quantity = row.number("QTY_DSPNSD_NUM")
    compound = row.text("CMPND_CD") == _COMPOUND
    return ClaimLine(
        number=1,
        service_start=row.day("SRVC_DT"),
        drug=None if compound else code,
        ingredients=(Ingredient(drug=code, quantity=quantity),) if compound and code else (),
        quantity=quantity,
        amounts=header.line_amounts(source.kind, row),
        local_amounts=header.local_amounts(row, of_line(source.kind)),
        position=row.position,
    )
