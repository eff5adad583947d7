"""Accounts of the ``local`` log-in: where they are kept, and what the agency does with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fhir_facade.app.databases import ACCOUNT, require_current_store, store_url, write_down
from fhir_facade.contracts.accounts import Invitation, KeptAccount
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.sections import Settings
from fhir_facade.login.keys import LoginKeys
from fhir_facade.oauth.server import system_clock
from fhir_facade.state import identifier_keys
from fhir_facade.store import Store
from fhir_facade.store.local_accounts import LocalAccounts, Sealing

DAY_S = 86_400


def local_accounts(settings: Settings, store: Store) -> LocalAccounts:
    """The accounts, sealed under the key of identifiers."""
    return LocalAccounts(store, sealing_of(list(identifier_keys(settings).values())))


def sealing_of(secrets: Sequence[bytes]) -> Sealing:
    """Names and texts under the first secret; what stands under the others can still be read."""
    every = [LoginKeys(secret) for secret in secrets]

    def unseal(sealed: str) -> str | None:
        found = (keys.unseal(sealed, "local account") for keys in every)
        return next((text for text in found if text is not None), None)

    return Sealing(
        hashes=lambda name: tuple(keys.derive("local user name", name) for keys in every),
        seal=lambda text: every[0].seal(text, "local account"),
        unseal=unseal,
    )


def invite(settings: Settings, evidence: Mapping[str, str], proofing: str, ial: int, days: int) -> str:
    """The code of a new invitation.

    Args:
        settings: a config with the ``local`` log-in.
        evidence: the person's identifiers by kind, as the claims source knows them.
        proofing: how and by whom the identity was proofed.
        ial: identity assurance level that this proofing reaches, 0–3.
        days: how long the invitation may be accepted.

    Raises:
        ConfigError: the config has no local log-in, or nothing identifies the person.
    """
    accounts = _opened(settings)
    if not evidence or not proofing.strip():
        raise ConfigError(["name at least one identifier of the person, and say how the identity was proofed"])
    invitation = Invitation(evidence=evidence, proofing=proofing.strip(), ial=ial)
    write_down(settings, ACCOUNT, "invited", detail=f"a member, ial {ial},")
    return accounts.invite(invitation, system_clock() + days * DAY_S)


def reset(settings: Settings, username: str, proofing: str, days: int) -> str:
    """The code of an invitation that replaces the credentials of an account.

    Raises:
        ConfigError: the config has no local log-in, or there is no such account.
    """
    accounts = _opened(settings)
    found = _known(accounts, username)
    invitation = Invitation(
        evidence=found.account.evidence, proofing=proofing.strip(), ial=found.ial, subject=found.account.subject
    )
    write_down(settings, ACCOUNT, "invited", detail="a member, to replace password and second factor,")
    return accounts.invite(invitation, system_clock() + days * DAY_S)


def rekey(settings: Settings) -> int:
    """Seal every account under the current key; how many there were. The server may run meanwhile.

    Raises:
        ConfigError: the config has no local log-in.
    """
    accounts = _opened(settings)
    write_down(settings, "key", "rotated", detail="identifiers")
    return accounts.rekey()


def unlock(settings: Settings, username: str) -> None:
    """Let a locked account log in again.

    Raises:
        ConfigError: the config has no local log-in, or there is no such account.
    """
    accounts = _opened(settings)
    found = _known(accounts, username)
    write_down(settings, ACCOUNT, "unlocked", detail="a member")
    accounts.succeeded(found.account.subject)


def names(settings: Settings) -> list[dict[str, str]]:
    """Every account, with how its person was proofed and whether it is locked.

    Raises:
        ConfigError: the config has no local log-in.
    """
    accounts, now, rows = _opened(settings), system_clock(), []
    for name in accounts.names():
        found = accounts.details(name)
        if found:
            second = "passkey" if found.passkeys else "one-time code" if found.totp else "none"
            locked = "yes" if found.locked_until > now else "no"
            rows.append({"username": name, "second factor": second, "locked": locked, "proofing": found.proofing})
    return rows


def _opened(settings: Settings) -> LocalAccounts:
    if "local" not in settings.identity.providers:
        raise ConfigError(['the config has no local log-in; write provider = "local" under [identity]'])
    require_current_store(settings)
    return local_accounts(settings, Store(store_url(settings)))


def _known(accounts: LocalAccounts, username: str) -> KeptAccount:
    found = accounts.details(username)
    if found is None:
        raise ConfigError([f"no account {username}; see: fhir-facade accounts list"])
    return found
