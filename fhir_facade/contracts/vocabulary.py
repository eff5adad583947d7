"""The closed lists of words a claim is written in. Map ids are the Common Payer Consumer Data Set's."""

from __future__ import annotations

from enum import StrEnum


class Word(StrEnum):
    """A word of a closed list; hashed as the text it is, which every look-up in a record's mappings does."""

    __hash__ = str.__hash__


class ClaimKind(Word):
    """Which of the five CARIN profiles a claim becomes [190, 16, 15]; vision shares the professional profile."""

    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"
    PROFESSIONAL = "professional"
    VISION = "vision"
    PHARMACY = "pharmacy"
    ORAL = "oral"


class ClaimStatus(Word):
    """[140]: an adjusted, reversed or voided claim is ``cancelled``."""

    ACTIVE = "active"
    CANCELLED = "cancelled"


class Amount(Word):
    """What an amount means [20, 188]."""

    SUBMITTED = "submitted"
    ELIGIBLE = "eligible"
    """Allowed amount."""
    DEDUCTIBLE = "deductible"
    COINSURANCE = "coinsurance"
    COPAY = "copay"
    NONCOVERED = "noncovered"
    PRIOR_PAYER_PAID = "priorpayerpaid"
    BENEFIT = "benefit"
    """Paid by this payer."""
    PAID_BY_PATIENT = "paidbypatient"
    PAID_BY_PATIENT_CASH = "paidbypatientcash"
    PAID_BY_PATIENT_OTHER = "paidbypatientother"
    PAID_BY_PATIENT_HEALTH_ACCOUNT = "paidbypatienthealthaccount"
    PAID_TO_PROVIDER = "paidtoprovider"
    PAID_TO_PATIENT = "paidtopatient"
    MEMBER_LIABILITY = "memberliability"
    DISCOUNT = "discount"
    DRUG_COST = "drugcost"
    """Pharmacy: ingredient cost, dispensing fee, sales tax and administration together."""


class CareTeamRole(Word):
    """Function of a provider on the claim [165]."""

    ATTENDING = "attending"
    OPERATING = "operating"
    OTHER_OPERATING = "otheroperating"
    RENDERING = "rendering"
    PRIMARY = "primary"
    """Primary care provider [96]."""
    REFERRING = "referring"
    PRESCRIBING = "prescribing"
    SUPERVISOR = "supervisor"
    PURCHASED_SERVICE = "purchasedservice"


class DiagnosisRole(Word):
    """Role of a diagnosis [189]; ``SECONDARY`` is written as the kind's profile wants it (``other``, ``secondary``)."""

    PRINCIPAL = "principal"
    ADMITTING = "admitting"
    SECONDARY = "secondary"
    EXTERNAL_CAUSE = "externalcauseofinjury"
    REASON_FOR_VISIT = "patientreasonforvisit"


class NetworkStatus(Word):
    """[101, 142]: ``OTHER`` only for a benefit payment that is neither, or mixed."""

    IN_NETWORK = "innetwork"
    OUT_OF_NETWORK = "outofnetwork"
    OTHER = "other"


class PaymentStatus(Word):
    """[91]."""

    PAID = "paid"
    DENIED = "denied"
    PARTIALLY_PAID = "partiallypaid"


class PartyKind(Word):
    """Which record a party id names."""

    ORGANIZATION = "Organization"
    PRACTITIONER = "Practitioner"
    MEMBER = "Patient"
    REPRESENTATIVE = "RelatedPerson"
