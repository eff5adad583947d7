"""Configured combinations are kept as one hashed match key each, and find exactly who carries all of them."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, select

from fhir_facade.contracts.evidence import combined
from fhir_facade.contracts.people import Address, MatchKey, Name
from fhir_facade.resources.schema import match_key
from fhir_facade.sync.combining import keys_of
from tests.resources.filled import Filler
from tests.resources.world import member, records, representative, whole

RULE = ("birth-date", "family", "ssn-last4")
SSN = MatchKey(kind="ssn-last4", value="6789")
MBI = MatchKey(kind="mbi", value="1EG4")


def look(filler: Filler, **evidence: str) -> list[str]:
    key = combined(RULE, {kind.replace("_", "-"): value for kind, value in evidence.items()})
    return list(filler.resources().match({key[0]: key[1]})) if key else []


def test_a_combination_finds_who_carries_all_of_it(filler: Filler) -> None:
    twins = [member(number, birth_date=member(1).birth_date, match_keys=(SSN, MBI)) for number in (1, 2)]
    filler.sync(whole(*(records(int(one.member_id[1:]), member=one) for one in twins)), combinations=(RULE,))
    born = str(member(1).birth_date)
    assert look(filler, birth_date=born, family="FAMILY1", ssn_last4="6789") == ["Patient/med-m1"]
    assert look(filler, birth_date=born, family="family-2", ssn_last4="6789") == ["Patient/med-m2"]
    assert look(filler, birth_date=born, family="Family1", ssn_last4="6780") == []
    assert look(filler, birth_date="1999-01-01", family="Family1", ssn_last4="6789") == []


def test_two_members_with_the_same_combination_are_both_found(filler: Filler) -> None:
    same = {"birth_date": member(1).birth_date, "names": (Name(family="Diaz", given=("Ana",)),), "match_keys": (SSN,)}
    filler.sync(whole(*(records(n, member=member(n, **same)) for n in (1, 2))), combinations=(RULE,))
    found = look(filler, birth_date=str(same["birth_date"]), family="Diaz", ssn_last4="6789")
    assert found == ["Patient/med-m1", "Patient/med-m2"]


def test_every_recorded_name_and_address_counts() -> None:
    names = (Name(family="García López", given=("Ana", "María")), Name(family="Smith", given=("Ana",)))
    one = member(1, names=names, addresses=(Address(postal_code="60601-1234"), Address(postal_code="10001")))
    found = keys_of(one, [("birth-date", "family", "postal-code")])
    values = {value for kind, value in found if kind.startswith("birth-date")}
    born = one.birth_date.isoformat()
    assert values == {f"{born}|{name}|{zip_}" for name in ("garcialopez", "smith") for zip_ in ("60601", "10001")}


@pytest.mark.parametrize("absent", [{"birth_date": None}, {"names": (Name(given=("Ana",)),)}, {"match_keys": ()}])
def test_a_record_that_lacks_a_part_carries_no_combination(absent: dict[str, object]) -> None:
    assert not {kind for kind, _ in keys_of(member(1, **({"match_keys": (SSN,)} | absent)), [RULE]) if "+" in kind}


def test_what_counts_only_together_is_not_kept_alone(filler: Filler) -> None:
    filler.sync(whole(records(1, member=member(1, match_keys=(SSN, MBI)))), combinations=(RULE,))
    assert filler.resources().match({"ssn-last4": "6789"}) == []
    assert filler.resources().match({"mbi": "1EG4"}) == ["Patient/med-m1"]


def test_a_representative_is_found_by_a_combination_too(filler: Filler) -> None:
    mother = representative(1, birth_date=member(9).birth_date, match_keys=(SSN,))
    filler.sync(whole(records(1, representatives=(mother,))), combinations=(RULE,))
    found = look(filler, birth_date=str(mother.birth_date), family="PARENT", ssn_last4="6789")
    assert found == ["RelatedPerson/med-mom"]


def test_a_combination_is_hashed_at_rest(filler: Filler) -> None:
    one = member(1, match_keys=(SSN,), names=(Name(family="Wunderlich", given=("Ana",)),))
    filler.sync(whole(records(1, member=one)), combinations=(RULE,))
    engine = create_engine(filler.url)
    with engine.connect() as connection:
        rows = connection.execute(select(match_key)).mappings().all()
    engine.dispose()
    assert [row["kind"] for row in rows] == ["+".join(RULE)]
    dumped = str([dict(row) for row in rows]).casefold()
    assert not any(value in dumped for value in ("wunderlich", "6789", one.birth_date.isoformat()))


def test_a_combination_that_is_configured_later_holds_after_the_next_sync(filler: Filler) -> None:
    one = whole(records(1, member=member(1, match_keys=(SSN,))))
    filler.sync(one)
    born = str(member(1).birth_date)
    assert look(filler, birth_date=born, family="Family1", ssn_last4="6789") == []
    filler.sync(one, combinations=(RULE,), rendering="with combinations")
    assert look(filler, birth_date=born, family="Family1", ssn_last4="6789") == ["Patient/med-m1"]
