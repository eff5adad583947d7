"""Identifier keys rotate while people log in: nobody notices, and the old key opens nothing in the end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

from fhir_facade.app.accounts import sealing_of
from fhir_facade.contracts.accounts import Invitation
from fhir_facade.contracts.identity import Assurance, VerifiedIdentity
from fhir_facade.contracts.sections import KeySettings
from fhir_facade.contracts.settings import Secret
from fhir_facade.login.identifiers import IdentifierHash
from fhir_facade.login.linking import Linker
from fhir_facade.settings import load
from fhir_facade.state import identifier_key, identifier_keys
from fhir_facade.store.local_accounts import LocalAccounts

OLD, NEW = b"o" * 32, b"n" * 32
NOW = 1_800_000_000


def test_accounts_are_found_before_during_and_after_they_are_rekeyed(stage) -> None:
    store = stage.logins._store
    old, both, new = (LocalAccounts(store, sealing_of(keys)) for keys in ([OLD], [NEW, OLD], [NEW]))
    names = [f"person-{number}" for number in range(20)]
    for name in names:
        made = old.accept(old.invite(Invitation(evidence={"mbi": name}), NOW + 60), name, "hash", NOW)
        old.set_totp(made.account.subject, "JBSWY3DPEHPK3PXP")
    done, failures, asked = Event(), [], 0

    def log_in(start: int) -> int:
        count = 0
        while not done.is_set() or count == 0:
            name = names[(start + count) % len(names)]
            found = both.details(name)
            if found is None or found.account.evidence != {"mbi": name} or not found.totp:
                failures.append(name)
            count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        loads = [pool.submit(log_in, start) for start in range(2)]
        assert pool.submit(both.rekey).result() == len(names)
        done.set()
        asked = sum(load.result() for load in loads)
    assert (failures, asked > 0) == ([], True)
    assert old.details(names[0]) is None
    assert new.details(names[0]).account.evidence == {"mbi": names[0]}


def test_a_link_follows_its_account_to_the_new_key(stage) -> None:
    identity = VerifiedIdentity(
        issuer="door",
        subject="maria",
        nonce="n",
        authenticated_at=datetime.now(UTC),
        assurance=Assurance(),
        evidence={"medicaid-id": "A1"},
    )
    old = IdentifierHash({"1": OLD}, "1", cost=16)
    both = IdentifierHash({"2": NEW, "1": OLD}, "2", cost=16)
    for hashing in (old, both):
        Linker(stage.members, stage.logins, hashing).link(identity, "password", NOW)
    subject = "door\x1fmaria"
    assert stage.logins.links(old("account", subject)) == []
    assert [link.reference for link in stage.logins.links(both("account", subject))] == ["Patient/m-1"]


def test_the_current_key_comes_first_and_the_oldest_stays_for_the_audit(tmp_path) -> None:
    path = tmp_path / "facade.toml"
    path.write_text(
        '[server]\nenvironment = "sandbox"\n[[claims]]\nname = "x"\nadapter = "synthetic"\nmode = "replica"\n'
        '[identity]\nprovider = "sandbox"\n'
    )
    keys = KeySettings(identifiers=Secret("a", "n" * 32), identifiers_before=(Secret("b", "o" * 32),))
    settings = replace(load(path), keys=keys)
    assert list(identifier_keys(settings).values()) == [NEW, OLD]
    assert identifier_key(settings) == OLD
