"""A config with a combination, a synced copy, and the linker that the application uses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fhir_facade.access.scopes import Scopes
from fhir_facade.app import migrate_databases, open_parts
from fhir_facade.app.linking import linker_of
from fhir_facade.app.parts import Parts
from fhir_facade.app.syncing import sync_source
from fhir_facade.contracts.identity import Assurance, VerifiedIdentity
from fhir_facade.contracts.people import Member
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.login.linking import LinkOutcome, Person
from fhir_facade.oauth.registry import register_app
from fhir_facade.settings import load
from fhir_facade.store.grants import Grants, StoredGrant
from fhir_facade.store.logins import LinkRow, Logins
from fhir_facade_claims_synthetic import SyntheticSettings
from fhir_facade_claims_synthetic import plugin as synthetic
from fhir_facade_claims_synthetic.stories import STORIES

CONFIG = """
[server]
environment = "sandbox"
state = "{folder}/state"
[login]
match = [["birth-date", "family", "given"]]
[[claims]]
name = "medical"
adapter = "synthetic"
[claims.synthetic]
members = 25
[identity]
provider = "sandbox"
"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    folder = tmp_path_factory.mktemp("facade")
    path = folder / "facade.toml"
    path.write_text(CONFIG.format(folder=folder))
    settings = load(path)
    migrate_databases(settings)
    sync_source(settings, "medical")
    return open_parts(settings)


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Member]:
    """The records of the stories by user name; ``None`` is the older record of marge."""
    context = SourceContext(name="medical", scratch=tmp_path_factory.mktemp("scratch"))
    source = synthetic.open(SyntheticSettings(members=25), context)
    return {str(story.username): source.member(f"m{index:07d}") for index, story in enumerate(STORIES)}


def somebody(**evidence: str) -> VerifiedIdentity:
    return VerifiedIdentity(
        issuer="door",
        subject="somebody",
        nonce="n",
        authenticated_at=datetime.now(UTC),
        assurance=Assurance(),
        evidence={kind.replace("_", "-"): value for kind, value in evidence.items()},
    )


def test_a_combination_of_a_record_finds_its_member_and_no_other_day_does(parts: Parts, members) -> None:
    zoe = members["zoe"]
    name, born = zoe.names[0], zoe.birth_date
    known = {"family": name.family.upper(), "given": name.given[0]}
    found = linker_of(parts).preview(somebody(birth_date=str(born), **known))
    assert (found.outcome, found.matched) == (LinkOutcome.ONE, "birth-date+family+given")
    assert found.people == (Person(f"Patient/medical-{zoe.member_id}", f"medical-{zoe.member_id}"),)
    other_day = born.replace(year=born.year - 1)
    assert linker_of(parts).preview(somebody(birth_date=str(other_day), **known)).outcome is LinkOutcome.NONE
    assert linker_of(parts).preview(somebody(**known)).outcome is LinkOutcome.NONE


def test_an_account_of_a_merged_record_moves_to_the_one_that_stays_and_its_grants_end(parts: Parts, members) -> None:
    older, stays = members["None"], members["marge"]
    assert older.merged_into == stays.member_id
    identity = somebody(medicaid_id=next(key.value for key in stays.match_keys if key.kind == "medicaid-id"))
    linker, logins = linker_of(parts), Logins(parts.store)
    account = linker._accounts(identity)[0]
    former = f"Patient/medical-{older.member_id}"
    logins.link(LinkRow(account=account, reference=former, provider="door", evidence="before", verified_at=1))
    grant_id = granted(parts, f"medical-{older.member_id}")
    found = linker.link(identity, "door", 2)
    assert (found.outcome, found.people[0].patient) == (LinkOutcome.ONE, f"medical-{stays.member_id}")
    assert [link.reference for link in logins.links(account)] == [f"Patient/medical-{stays.member_id}"]
    with parts.store.read() as connection:
        assert Grants(connection).find(grant_id).ended_because == "member gone"


def granted(parts: Parts, patient: str) -> str:
    app = register_app(parts.store, name="An app", environment="sandbox", redirect_uris=["https://app.example/back"])
    grant = StoredGrant(
        grant_id="grant-of-the-merged",
        app_id=app.app.app_id,
        patient=patient,
        user=f"Patient/{patient}",
        scopes=Scopes.parse("patient/*.rs"),
        withheld=frozenset(),
        length="study",
        authenticated_at=1,
        created_at=1,
        until=None,
        used_at=1,
    )
    with parts.store.write() as connection:
        Grants(connection).add(grant)
    return grant.grant_id
