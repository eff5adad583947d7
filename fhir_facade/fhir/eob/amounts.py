"""Money of a claim: which amounts stand where, what they add up to, and whether they agree.

Source: CARIN Blue Button, value set C4BBAdjudication and the amount definitions of the Common Payer Consumer Data Set
[20, 148]; invariants EOB-institutional-item-or-header-adjudication and adjudication-has-amount-type-slice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache

from fhir_facade.contracts.records import Amount, Amounts, Claim, ClaimLine, LocalAmount
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.guide import CARIN, THO, Guide
from fhir_facade.fhir.identity import ByIdentity
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, absent, concept, money

_HL7 = frozenset({Amount.SUBMITTED, Amount.ELIGIBLE, Amount.DEDUCTIBLE, Amount.COPAY, Amount.BENEFIT})
_SYSTEMS = {kind: f"{THO}/adjudication" if kind in _HL7 else f"{CARIN}/CodeSystem/C4BBAdjudication" for kind in Amount}
_CATEGORIES = {kind: (_SYSTEMS[kind], kind.value) for kind in Amount}
_PLACES = {kind: place for place, kind in enumerate(Amount)}


def categories(guide: Guide, amounts: Amounts) -> list[Json]:
    """One adjudication (or total) per amount, in the order of ``Amount``.

    Raises:
        Unfit: an amount is of no known kind or is not a decimal number.
    """
    return [{"category": category, "amount": _money(amounts[kind])} for kind, category in _ranked(guide, *amounts)]


@lru_cache(maxsize=4_096)
def _ranked(guide: Guide, *kinds: Amount) -> list[tuple[Amount, Json]]:
    """Kinds of amounts in the order of ``Amount``, each with its concept: sources name the same ones in every line."""
    try:
        return [(kind, guide.concept(*_CATEGORIES[kind])) for kind in sorted(kinds, key=_PLACES.__getitem__)]
    except KeyError:
        raise Unfit("an amount is of no known kind") from None


_money: ByIdentity[object, Json] = ByIdentity(lambda value: money(value, "an amount"))


def local(amounts: Sequence[LocalAmount]) -> list[Json]:
    """Amounts of the payer's own kinds, each under the payer's own category."""
    return [
        {
            "category": concept(a.category.system, a.category.value, None, a.category.display),
            "amount": _money(a.amount),
        }
        for a in amounts
    ]


def unknown_amount(guide: Guide) -> list[Json]:
    """What stands where the guide demands an amount and the source has none: submitted, and why it is absent."""
    return [{"category": guide.concept(*_CATEGORIES[Amount.SUBMITTED]), "amount": absent()}]


def counts(guide: Guide, amounts: Amounts) -> bool:
    """Whether the guide's value set knows at least one of the amounts."""
    return bool(amounts.keys() - guide.amounts_outside) if guide.amounts_outside else bool(amounts)


def at_lines(draft: Draft) -> bool:
    """Whether an institutional claim's amounts stand at its lines; never at header and lines both."""
    return any(counts(draft.guide, line.amounts) for line in draft.claim.lines)


def header(draft: Draft) -> list[Json]:
    """Header amounts of an institutional claim whose lines carry none."""
    stated = draft.claim.amounts or draft.claim.totals
    found = categories(draft.guide, stated)
    return found if counts(draft.guide, stated) else [*found, *unknown_amount(draft.guide)]


def totals(draft: Draft) -> list[Json]:
    """Claim totals [148]: as stated, else header amounts, else the sum of the lines."""
    claim = draft.claim
    stated = claim.totals or claim.amounts or draft.line_sums
    found = categories(draft.guide, stated) + local(claim.local_amounts)
    return found if counts(draft.guide, stated) else [*found, *unknown_amount(draft.guide)]


def at_line(draft: Draft, line: ClaimLine) -> list[Json]:
    """Amounts of a line whose profile demands one: those stated, else that they are unknown; none in Basis profiles."""
    if not draft.financial:
        return []
    found = categories(draft.guide, line.amounts) + local(line.local_amounts)
    return found if counts(draft.guide, line.amounts) else [*found, *unknown_amount(draft.guide)]


def added(lines: Iterable[Amounts]) -> dict[Amount, Decimal]:
    """The sum per kind of amount over the lines that state it."""
    result: dict[Amount, Decimal] = {}
    known = _money.known
    for amounts in lines:
        for kind, value in amounts.items():
            if id(value) not in known:
                _money(value)  # says so where it is no amount
            result[kind] = result[kind] + value if kind in result else value
    return result


_LIABILITY = (Amount.DEDUCTIBLE, Amount.COINSURANCE, Amount.COPAY, Amount.NONCOVERED)


def disagreements(claim: Claim, lines: Amounts) -> list[str]:
    """Where the amounts of a claim do not add up as the guide defines them; they are published as stated.

    Checked only where every part is known: totals against lines, eligible = submitted - noncovered - discount,
    member liability = deductible + coinsurance + copay + noncovered, benefit = paid to provider + paid to patient.

    Args:
        claim: the record.
        lines: the sums of the amounts of its lines.
    """
    whole = claim.totals or claim.amounts or lines
    found = []
    if whole is not lines and lines:
        found = [
            f"the lines add up to another {kind} total" for kind in lines if whole.get(kind, lines[kind]) != lines[kind]
        ]
    return found + _algebra(whole)


def _algebra(total: Amounts) -> list[str]:
    found = []
    submitted, eligible = total.get(Amount.SUBMITTED), total.get(Amount.ELIGIBLE)
    noncovered, discount = total.get(Amount.NONCOVERED), total.get(Amount.DISCOUNT)
    if None not in (submitted, eligible, noncovered, discount) and eligible != submitted - noncovered - discount:  # type: ignore[operator]
        found.append("eligible is not submitted less noncovered and discount")
    parts = [total.get(kind) for kind in _LIABILITY]
    liability = total.get(Amount.MEMBER_LIABILITY)
    if liability is not None and None not in parts and liability != sum(parts):  # type: ignore[arg-type]
        found.append("memberliability is not deductible, coinsurance, copay and noncovered together")
    paid = (total.get(Amount.PAID_TO_PROVIDER), total.get(Amount.PAID_TO_PATIENT))
    benefit = total.get(Amount.BENEFIT)
    if benefit is not None and None not in paid and benefit != sum(paid):  # type: ignore[arg-type]
        found.append("benefit is not what was paid to provider and patient together")
    return found
