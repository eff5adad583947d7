"""Hypothesis strategies of records: everything the contract allows, in one member's shape.

A plugin's tests, and the mapping's, draw from these. Needs ``hypothesis``, which the extra ``test`` installs.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from fhir_facade.conformance import line_strategies as lines
from fhir_facade.conformance.value_strategies import (
    amounts,
    days,
    details,
    icd,
    identifiers,
    instants,
    local_amounts,
    maybe,
    money,
    texts,
)
from fhir_facade.contracts import codes
from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Coverage, Identifier, Member, Name, Organization, Practitioner, Representative
from fhir_facade.contracts.records import (
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimStatus,
    Diagnosis,
    DiagnosisRole,
    NetworkStatus,
    OralDetails,
    OtherPayer,
    Party,
    PartyKind,
    Payee,
    PaymentStatus,
    PharmacyDetails,
    Procedure,
    ProcessNote,
    Transport,
)

MEMBER = Member(
    member_id="member-1",
    member_number=Identifier(system="https://payer.test/members", value="W1"),
    names=(Name(family="Doe", given=("Ana",)),),
    gender="female",
    last_updated=datetime(2024, 1, 1, tzinfo=UTC),
)
PAYER = Organization(organization_id="payer", name="Payer", last_updated=MEMBER.last_updated)
CLINIC = Organization(organization_id="clinic", name="Clinic", last_updated=MEMBER.last_updated, npi="1679576722")
DOCTOR = Practitioner(
    practitioner_id="doctor", name=Name(family="Roe"), last_updated=MEMBER.last_updated, npi="1245319599"
)
PARENT = Representative(
    representative_id="parent", member_id="member-1", name=Name(family="Doe"), last_updated=MEMBER.last_updated
)
COVER = Coverage(
    coverage_id="coverage-1",
    member_id="member-1",
    payor_id="payer",
    subscriber_id="S1",
    last_updated=MEMBER.last_updated,
)
AT_CLINIC, BY_DOCTOR = Party(PartyKind.ORGANIZATION, "clinic"), Party(PartyKind.PRACTITIONER, "doctor")

providers = st.sampled_from((AT_CLINIC, BY_DOCTOR))
networks = st.sampled_from((NetworkStatus.IN_NETWORK, NetworkStatus.OUT_OF_NETWORK))
taxonomies = st.sampled_from(("207Q00000X", "363L00000X", "1223G0001X"))
teams = st.lists(
    st.builds(CareTeamMember, role=st.sampled_from(CareTeamRole), provider=providers, taxonomy=maybe(taxonomies)),
    max_size=3,
).map(tuple)
payees = st.sampled_from(
    (
        Payee(kind="subscriber"),
        Payee(kind="provider", party=AT_CLINIC),
        Payee(kind="beneficiary", party=Party(PartyKind.MEMBER, "member-1")),
        Payee(kind="other", party=Party(PartyKind.REPRESENTATIVE, "parent")),
    )
)
others = st.lists(st.builds(OtherPayer, name=texts), max_size=2).map(tuple)
notes = st.lists(texts, max_size=2).map(
    lambda said: tuple(ProcessNote(number=n, text=text) for n, text in enumerate(said, 1))
)

_PRESENT = st.none() | st.sampled_from("YNUW1")
diagnosis = st.builds(
    Diagnosis, role=st.sampled_from(DiagnosisRole), code=icd, present_on_admission=_PRESENT, masked=st.just(False)
)
diagnoses = st.lists(diagnosis, max_size=5).map(tuple)
procedures = st.lists(
    st.builds(
        Procedure,
        code=st.sampled_from((Code(codes.ICD_10_PCS, "0DTJ4ZZ"), Code(codes.ICD_9_CM, "4701"))),
        principal=st.booleans(),
        performed_on=maybe(days),
    ),
    max_size=3,
).map(tuple)
drgs = st.builds(
    Code, system=st.sampled_from((codes.MS_DRG, codes.APR_DRG)), value=st.just("470"), version=st.just("41")
)

pharmacy = st.builds(
    PharmacyDetails,
    days_supply=maybe(st.integers(0, 999)),
    daw_code=maybe(st.sampled_from("0123456789")),
    fill_number=maybe(st.integers(0, 99)),
    refills_authorized=maybe(st.integers(0, 99)),
    brand_generic=maybe(st.sampled_from("12")),
    origin=maybe(st.sampled_from("012345")),
    compound_code=maybe(st.sampled_from("012")),
)
transport = st.builds(
    Transport,
    patient_weight_lb=maybe(money),
    reason=maybe(st.sampled_from("ABCDE")),
    distance_miles=maybe(money),
    round_trip_purpose=maybe(texts),
    stretcher_purpose=maybe(texts),
    pickup_location=maybe(texts),
    dropoff_location=maybe(texts),
)
oral = st.builds(
    OralDetails,
    orthodontics_months=maybe(st.integers(0, 60)),
    appliance_placed_on=maybe(days),
    prosthesis_replacement=maybe(st.booleans()),
    prior_prosthesis_on=maybe(days),
    missing_teeth=st.lists(lines.teeth, max_size=3).map(tuple),
)

_OWN: dict[ClaimKind, dict[str, st.SearchStrategy[Any]]] = {
    ClaimKind.INPATIENT: {
        "diagnoses": diagnoses,
        "procedures": procedures,
        "drg": maybe(drgs),
        "admission_type": maybe(st.sampled_from("123459")),
        "point_of_origin": maybe(st.sampled_from("1256")),
        "discharge_status": maybe(st.sampled_from(("1", "01", "30"))),
        "type_of_bill": maybe(st.sampled_from(("111", "0117"))),
        "amounts": amounts,
    },
    ClaimKind.OUTPATIENT: {
        "diagnoses": diagnoses,
        "admission_type": maybe(st.sampled_from("123459")),
        "point_of_origin": maybe(st.sampled_from("1256")),
        "amounts": amounts,
    },
    ClaimKind.PROFESSIONAL: {"diagnoses": diagnoses, "facility_id": maybe(st.just("clinic"))},
    ClaimKind.VISION: {"diagnoses": diagnoses},
    ClaimKind.PHARMACY: {"pharmacy": maybe(pharmacy)},
    ClaimKind.ORAL: {"diagnoses": diagnoses, "oral": maybe(oral), "rendering_network": networks},
}
"""What each kind has of its own."""

_COMMON: dict[str, st.SearchStrategy[Any]] = {
    "claim_number": identifiers,
    "last_updated": instants,
    "adjudicated_on": days,
    "service_start": days,
    "billing_provider": providers,
    "status": st.sampled_from(ClaimStatus),
    "other_identifiers": st.lists(identifiers, max_size=1).map(tuple),
    "received_on": maybe(days),
    "other_payers": others,
    "payee": maybe(payees),
    "care_team": teams,
    "medical_record_number": maybe(texts),
    "patient_account_number": maybe(texts),
    "totals": amounts,
    "adjustments": lines.adjustments,
    "billing_network": maybe(networks),
    "rendering_network": maybe(networks),
    "benefit_payment": maybe(st.sampled_from(NetworkStatus)),
    "payment_status": maybe(st.sampled_from(PaymentStatus)),
    "paid_on": maybe(days),
    "notes": notes,
    "details": details,
    "local_amounts": local_amounts,
}


@st.composite
def claims(draw: st.DrawFn, kind: ClaimKind | None = None) -> Claim:
    """A claim inside the contract, of ``kind`` or of any."""
    chosen = kind or draw(st.sampled_from(ClaimKind))
    facts = draw(st.fixed_dictionaries(_COMMON | _OWN[chosen]))
    start: date = facts["service_start"]
    facts["service_end"] = draw(maybe(st.integers(0, 40).map(lambda n: start + timedelta(n))))
    facts["lines"] = draw(lines.of(chosen, start))
    if chosen is ClaimKind.INPATIENT:
        facts["admitted_on"] = start
        facts["discharged_on"] = draw(maybe(st.just(start + timedelta(3))))
    if any(line.transport for line in facts["lines"]):
        facts["transport"] = draw(transport)
    _chain(draw, facts)
    facts |= {"member_id": "member-1", "payer_id": "payer", "coverage_id": "coverage-1"}
    return Claim(claim_id=f"claim-{chosen}", kind=chosen, **facts)


def _chain(draw: st.DrawFn, facts: dict[str, Any]) -> None:
    """Neighbours in the chain of adjustments; a replaced claim is cancelled."""
    other = Identifier(system="https://payer.test/other", value="neighbour")
    if draw(st.booleans()):
        facts["prior_claims"] = (other,)
    elif facts["status"] is ClaimStatus.CANCELLED:
        facts["replaced_by"] = (other,)


def around(*found: Claim) -> MemberRecords:
    """The claims with everything they name."""
    return MemberRecords(
        member=MEMBER,
        coverages=(COVER,),
        claims=found,
        organizations=(PAYER, CLINIC),
        practitioners=(DOCTOR,),
        representatives=(PARENT,),
    )
